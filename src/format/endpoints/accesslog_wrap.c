/* accesslog_wrap.c - what containers and syslog put around a line. */
#include "format/endpoints/accesslog_internal.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_word(const char *s, const char *end)
{
    while (s < end && *s != ' ')
        s++;
    return s < end ? s + 1 : s;
}

/* 2026-03-12T09:15:01.123456Z and a blank. */
static const char *skip_iso(const char *s, const char *end)
{
    sd_time t;
    const char *stop = skip_word(s, end);
    return stop - s > 20 && accesslog_time_iso(s, (size_t)(stop - s) - 1, &t) ? stop : NULL;
}

/* "2026-03-12T09:15:01.1Z stdout F ": containerd and CRI-O. */
static const char *skip_cri(const char *s, const char *end)
{
    const char *p = skip_iso(s, end);
    if (!p || end - p < 9 || (memcmp(p, "stdout ", 7) != 0 && memcmp(p, "stderr ", 7) != 0) || p[8] != ' ')
        return NULL;
    return p + 9;
}

/* "Mar 12 09:15:01 " or "Mar  2 ..." */
static const char *skip_stamp(const char *s, const char *end)
{
    if (end - s < 17 || s[3] != ' ' || s[6] != ' ' || s[9] != ':' || s[12] != ':' || s[15] != ' ' ||
        !is_digit(s[5]) || !is_digit(s[7]))
        return NULL;
    return s + 16;
}

/* "<190>Mar 12 09:15:01 host nginx[7]: ", "<190>1 2026-03-12T... host app 7 - - ": syslog and journald. */
static const char *skip_syslog(const char *s, const char *end)
{
    if (s < end && *s == '<') {
        const char *close = memchr(s, '>', (size_t)MIN(end - s, 5));
        if (!close)
            return NULL;
        s = close + 1;
        if (end - s > 2 && *s == '1' && s[1] == ' ') {
            s = skip_iso(s + 2, end);
            for (int i = 0; s && i < 5; i++) /* host, program, process, message, data */
                s = skip_word(s, end);
            return s && s < end ? s : NULL;
        }
    }
    const char *p = skip_stamp(s, end);
    if (!p)
        p = skip_iso(s, end);
    if (!p)
        return NULL;
    for (int i = 0; i < 2; i++) { /* the host may be left out */
        const char *stop = skip_word(p, end);
        if (stop - p > 2 && stop[-2] == ':' && stop[-1] == ' ')
            return stop;
        p = stop;
    }
    return NULL;
}

/* "web-1  | ": docker compose; "[pod/web/nginx] ": kubectl logs --prefix. */
static const char *skip_name(const char *s, const char *end)
{
    const char *p = s;
    if (end - s > 5 && !memcmp(s, "[pod/", 5)) {
        p = memchr(s, ']', (size_t)MIN(end - s, 200));
        return p && p + 1 < end && p[1] == ' ' ? p + 2 : NULL;
    }
    while (p < end && p - s < 80 && *p > ' ' && *p != '"' && *p != '{')
        p++;
    if (p == s)
        return NULL;
    while (p < end && *p == ' ')
        p++;
    return end - p > 2 && *p == '|' && p[1] == ' ' ? p + 2 : NULL;
}

static const char *skip_prefix(enum accesslog_wrap w, const char *s, const char *end)
{
    switch (w) {
    case WRAP_CRI:
        return skip_cri(s, end);
    case WRAP_SYSLOG:
        return skip_syslog(s, end);
    case WRAP_NAME:
        return skip_name(s, end);
    default:
        return NULL;
    }
}

static const char DOCKER[] = "{\"log\":";

enum accesslog_wrap accesslog_wrap_of(const char *line, size_t len)
{
    const char *end = line + len;
    if (len > sizeof DOCKER && !memcmp(line, DOCKER, sizeof DOCKER - 1))
        return WRAP_DOCKER;
    for (enum accesslog_wrap w = WRAP_CRI; w <= WRAP_NAME; w++)
        if (skip_prefix(w, line, end))
            return w;
    return WRAP_NONE;
}

/* The text under "log", a JSON string, without its line end. */
static bool unwrap_docker(const char *line, size_t len, struct strbuf *b)
{
    const char *s = line + sizeof DOCKER - 1, *end = line + len, *stop;
    if (len < sizeof DOCKER || memcmp(line, DOCKER, sizeof DOCKER - 1) != 0)
        return false;
    while (s < end && *s == ' ')
        s++;
    if (s == end || *s++ != '"')
        return false;
    for (stop = s; stop < end && *stop != '"';)
        stop += *stop == '\\' && stop + 1 < end ? 2 : 1;
    if (stop >= end)
        return false;
    accesslog_unescape(s, (size_t)(stop - s), b);
    while (b->len && (b->text[b->len - 1] == '\n' || b->text[b->len - 1] == '\r'))
        b->text[--b->len] = 0;
    return true;
}

bool accesslog_unwrap(struct accesslog_format *f, const char **line, size_t *len)
{
    if (f->wrap == WRAP_DOCKER) {
        if (!unwrap_docker(*line, *len, &f->unwrapped))
            return false;
        *line = strbuf_text(&f->unwrapped);
        *len = f->unwrapped.len;
        return true;
    }
    const char *end = *line + *len, *inner = skip_prefix(f->wrap, *line, end);
    if (!inner)
        return false;
    *len = (size_t)(end - inner);
    *line = inner;
    return true;
}
