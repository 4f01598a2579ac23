/* accesslog_wrap.c - what containers, the journal and syslog put around a line. */
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
    if (!p || end - p < 8 || (memcmp(p, "stdout ", 7) != 0 && memcmp(p, "stderr ", 7) != 0))
        return NULL;
    const char *tag = p + 7; /* F, P, or F:..., as newer versions may have it */
    if (*tag != 'F' && *tag != 'P')
        return NULL;
    return skip_word(tag, end);
}

/* "Mar 12 09:15:01 " or "Mar  2 ..." */
static const char *skip_stamp(const char *s, const char *end)
{
    if (end - s < 17 || s[3] != ' ' || s[6] != ' ' || s[9] != ':' || s[12] != ':' || s[15] != ' ' ||
        !is_digit(s[5]) || !is_digit(s[7]))
        return NULL;
    return s + 16;
}

/* "<190>Mar 12 09:15:01 host nginx[7]: ", "<190>1 2026-03-12T... host app 7 - - ": syslog and journald. *time
 * is where its time begins; NULL: it has none that tells the year. */
static const char *skip_syslog(const char *s, const char *end, const char **time)
{
    *time = NULL;
    if (s < end && *s == '<') {
        const char *close = memchr(s, '>', (size_t)MIN(end - s, 5));
        if (!close)
            return NULL;
        s = close + 1;
        if (end - s > 2 && *s == '1' && s[1] == ' ') {
            *time = s + 2;
            s = skip_iso(s + 2, end);
            for (int i = 0; s && i < 4; i++) /* host, program, process, message */
                s = skip_word(s, end);
            if (s && s < end && *s == '[') /* data */
                s = memchr(s, ']', (size_t)(end - s));
            s = s ? skip_word(s, end) : NULL;
            return s && s < end ? s : NULL;
        }
    }
    const char *p = skip_stamp(s, end);
    if (!p) {
        p = skip_iso(s, end);
        *time = s;
    }
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

/* Past what stands before the line, and its time. */
static const char *skip_prefix(enum accesslog_wrap w, const char *s, const char *end, const char **time)
{
    *time = s;
    switch (w) {
    case WRAP_CRI:
        return skip_cri(s, end);
    case WRAP_SYSLOG:
        return skip_syslog(s, end, time);
    case WRAP_STAMP:
        return skip_iso(s, end);
    case WRAP_NAME:
        *time = NULL;
        return skip_name(s, end);
    default:
        return NULL;
    }
}

/* ---- JSON around a line ---- */

/* The string under a key of the outermost object, raw; NULL: there is none. */
static const char *text_of(const char *line, const char *end, const char *key, size_t *n)
{
    size_t len = strlen(key);
    for (const char *p = line; (p = memmem(p, (size_t)(end - p), key, len)); p += len) {
        const char *s = p + len, *stop;
        while (s < end && (*s == ' ' || *s == ':'))
            s++;
        if (s == end || *s != '"' || s == p + len)
            continue;
        for (stop = ++s; stop < end && *stop != '"';)
            stop += *stop == '\\' && stop + 1 < end ? 2 : 1;
        *n = (size_t)(stop - s);
        return stop < end ? s : NULL;
    }
    return NULL;
}

static const char DOCKER[] = "\"log\"", JOURNAL[] = "\"MESSAGE\"", MOMENT[] = "__REALTIME_TIMESTAMP";

static bool starts(const char *line, size_t len, const char *word)
{
    return len >= strlen(word) && !memcmp(line, word, strlen(word));
}

/* A line of journalctl -o export: NAME=VALUE, NAME alone, or nothing between two entries. */
static bool is_export(const char *line, size_t len)
{
    size_t n = 0;
    while (n < len && ((line[n] >= 'A' && line[n] <= 'Z') || is_digit(line[n]) || line[n] == '_'))
        n++;
    return n > 2 && n < len && line[n] == '=';
}

enum accesslog_wrap accesslog_wrap_of(const char *line, size_t len)
{
    const char *end = line + len, *time;
    size_t n;
    if (len && *line == '{') {
        if (memmem(line, len, MOMENT, sizeof MOMENT - 1) && text_of(line, end, JOURNAL, &n))
            return WRAP_JOURNAL_JSON;
        return text_of(line, end, DOCKER, &n) ? WRAP_DOCKER : WRAP_NONE;
    }
    if (is_export(line, len))
        return WRAP_JOURNAL;
    for (enum accesslog_wrap w = WRAP_CRI; w <= WRAP_NAME; w++)
        if (skip_prefix(w, line, end, &time))
            return w;
    return WRAP_NONE;
}

const char *accesslog_wrap_said(enum accesslog_wrap w)
{
    static const char *const SAID[] = {
        [WRAP_DOCKER] = "The lines are taken out of Docker's json-file log",
        [WRAP_JOURNAL_JSON] = "The lines are taken out of the journal's JSON",
        [WRAP_JOURNAL] = "The lines are taken out of the journal's export",
        [WRAP_CRI] = "The lines are taken out of a container runtime's log (CRI)",
        [WRAP_SYSLOG] = "What syslog puts before the lines is taken off",
        [WRAP_STAMP] = "The time that stands before each line is taken off",
        [WRAP_NAME] = "The container's name is taken off each line",
    };
    return SAID[w];
}

/* ---- taking it off ---- */

/* Docker cuts lines at 16 KiB: what has no line end goes on in the next entry. */
enum { DOCKER_CUT = 16000, PARTS_MAX = 1 << 20 };

static bool add_part(struct wrapper *w, struct strbuf *part, const char *s, size_t n)
{
    if (part->len + n > PARTS_MAX)
        strbuf_clear(part);
    else
        strbuf_add(part, s, n);
    (void)w;
    return false;
}

/* What came before in parts, with the last one; the line itself when there was none. */
static void join(struct wrapper *w, struct strbuf *part, const char **line, size_t *len)
{
    if (!part->len)
        return;
    strbuf_add(part, *line, *len);
    strbuf_clear(&w->line);
    strbuf_add(&w->line, part->text, part->len);
    strbuf_clear(part);
    *line = strbuf_text(&w->line);
    *len = w->line.len;
}

static bool unwrap_json(struct wrapper *w, const char *key, const char *moment, const char **line,
                        size_t *len)
{
    size_t n, time_len;
    const char *end = *line + *len, *s = text_of(*line, end, key, &n);
    if (!s)
        return true; /* not one of them: as it stands */
    const char *time = text_of(*line, end, moment, &time_len);
    w->time = time;
    w->time_len = time ? time_len : 0;
    bool error = text_of(*line, end, "\"stream\"", &time_len) && memmem(*line, *len, "\"stderr\"", 8);
    accesslog_unescape(s, n, &w->line);
    bool ends = false;
    while (w->line.len && (w->line.text[w->line.len - 1] == '\n' || w->line.text[w->line.len - 1] == '\r')) {
        w->line.text[--w->line.len] = 0;
        ends = true;
    }
    struct strbuf *part = &w->part[error];
    if (!ends && *key == DOCKER[0] && key[1] == 'l' && (part->len || w->line.len >= DOCKER_CUT) &&
        w->line.len >= DOCKER_CUT)
        return add_part(w, part, w->line.text, w->line.len);
    if (part->len) {
        struct strbuf last = w->line;
        w->line = (struct strbuf){0};
        *line = strbuf_text(&last);
        *len = last.len;
        join(w, part, line, len);
        strbuf_free(&last);
        return true;
    }
    *line = strbuf_text(&w->line);
    *len = w->line.len;
    return true;
}

/* NAME=VALUE: the time comes before the message. A message with control characters is NAME, then its length
 * in 8 bytes, then the text. */
static bool unwrap_export(struct wrapper *w, const char **line, size_t *len)
{
    static const char MESSAGE[] = "MESSAGE=", TIME[] = "__REALTIME_TIMESTAMP=";
    if (w->message_comes) {
        w->message_comes = false;
        if (*len <= 8)
            return false;
        *line += 8;
        *len -= 8;
        return true;
    }
    if (starts(*line, *len, MESSAGE)) {
        *line += sizeof MESSAGE - 1;
        *len -= sizeof MESSAGE - 1;
        w->time = strbuf_text(&w->moment);
        w->time_len = w->moment.len;
        return *len > 0;
    }
    if (starts(*line, *len, TIME) && *len < 60) {
        strbuf_clear(&w->moment);
        strbuf_add(&w->moment, *line + sizeof TIME - 1, *len - (sizeof TIME - 1));
    }
    w->message_comes = *len == 7 && !memcmp(*line, MESSAGE, 7);
    return false;
}

static bool unwrap_prefix(struct wrapper *w, enum accesslog_wrap wrap, const char **line, size_t *len)
{
    const char *time, *end = *line + *len, *inner = skip_prefix(wrap, *line, end, &time);
    if (!inner)
        return true;
    if (time) {
        const char *stop = memchr(time, ' ', (size_t)(inner - time));
        w->time = time;
        w->time_len = (size_t)((stop ? stop : inner) - time);
    }
    bool error = wrap == WRAP_CRI && memmem(*line, (size_t)(inner - *line), " stderr ", 8);
    bool cut = wrap == WRAP_CRI && inner - *line > 2 && inner[-2] == 'P' && inner[-1] == ' ';
    *len = (size_t)(end - inner);
    *line = inner;
    if (cut)
        return add_part(w, &w->part[error], inner, *len);
    join(w, &w->part[error], line, len);
    return true;
}

bool accesslog_unwrap(struct wrapper *w, const char **line, size_t *len)
{
    w->time = NULL;
    for (size_t i = 0; i < ARRAY_LEN(w->wrap) && w->wrap[i]; i++) {
        bool whole = w->wrap[i] == WRAP_DOCKER ? unwrap_json(w, DOCKER, "\"time\"", line, len)
                     : w->wrap[i] == WRAP_JOURNAL_JSON
                         ? unwrap_json(w, JOURNAL, "\"__REALTIME_TIMESTAMP\"", line, len)
                     : w->wrap[i] == WRAP_JOURNAL ? unwrap_export(w, line, len)
                                                  : unwrap_prefix(w, w->wrap[i], line, len);
        if (!whole)
            return false;
    }
    return true;
}

void accesslog_wrapper_reset(struct wrapper *w)
{
    strbuf_clear(&w->moment);
    strbuf_clear(&w->part[0]);
    strbuf_clear(&w->part[1]);
    w->message_comes = false;
}

void accesslog_wrapper_free(struct wrapper *w)
{
    strbuf_free(&w->line);
    strbuf_free(&w->moment);
    strbuf_free(&w->part[0]);
    strbuf_free(&w->part[1]);
}
