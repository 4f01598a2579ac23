#include "format/caches/monitor_feed.h"

#include <stdlib.h>
#include <string.h>

/* ---- a command ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

/* "1700000000.123456 " */
static const char *read_time(const char *p, const char *end, sd_time *at)
{
    int64_t s = 0, us = 0;
    int digits = 0;
    for (; p < end && *p >= '0' && *p <= '9' && digits < 12; p++, digits++)
        s = s * 10 + (*p - '0');
    if (!digits || p == end || *p++ != '.')
        return NULL;
    for (digits = 0; p < end && *p >= '0' && *p <= '9' && digits < 6; p++, digits++)
        us = us * 10 + (*p - '0');
    if (digits != 6 || s > 9000000000 || p == end || *p++ != ' ')
        return NULL;
    *at = s * SD_S + us * SD_US;
    return p;
}

/* "[0 127.0.0.1:5000] ", or without it, as old servers write. */
static const char *read_client(const char *p, const char *end, char **to, struct monitor_item *out)
{
    if (p == end || *p != '[')
        return p;
    for (p++; p < end && *p >= '0' && *p <= '9' && out->db < 100000; p++)
        out->db = out->db * 10 + (*p - '0');
    const char *stop = memchr(p, ']', (size_t)(end - p));
    while (stop && stop + 1 < end && stop[1] != ' ') /* [::1]:5000 has one of its own */
        stop = memchr(stop + 1, ']', (size_t)(end - stop - 1));
    if (!stop || *p != ' ' || end - stop < 2 || stop - p > 300)
        return NULL;
    out->client = *to;
    memcpy(*to, p + 1, (size_t)(stop - p - 1));
    *to += stop - p - 1;
    *(*to)++ = 0;
    return stop + 2;
}

/* One of `"a \"b\" \x00"`; the escapes are sdscatrepr's. NULL: it has no end. */
static const char *read_argument(const char *p, const char *end, char **to)
{
    static const char LETTERS[] = "nrtab";
    if (p == end || *p++ != '"')
        return NULL;
    for (; p < end && *p != '"'; p++) {
        if (*p != '\\') {
            *(*to)++ = *p;
            continue;
        }
        if (++p == end)
            return NULL;
        if (*p == 'x' && end - p > 2 && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
            *(*to)++ = (char)(hex(p[1]) * 16 + hex(p[2]));
            p += 2;
            continue;
        }
        const char *at = memchr(LETTERS, *p, sizeof LETTERS - 1);
        *(*to)++ = at ? "\n\r\t\a\b"[at - LETTERS] : *p;
    }
    return p < end ? p + 1 : NULL;
}

static bool read_command(struct monitor_feed *f, const char *line, size_t n, struct monitor_item *out)
{
    const char *end = line + n, *p = read_time(line, end, &out->at);
    char *to = f->text;
    if (!p || !(p = read_client(p, end, &to, out)))
        return false;
    while (p < end && out->n < MONITOR_ARGUMENTS) {
        char *from = to;
        const char *next = read_argument(p, end, &to);
        if (!next)
            break; /* cut */
        out->arguments[out->n] = from;
        out->lengths[out->n++] = (size_t)(to - from);
        *to++ = 0;
        p = next + (next < end && *next == ' ');
    }
    out->cut |= p < end;
    out->what = MONITOR_COMMAND;
    return out->n > 0;
}

/* ---- a notification: an array of strings ---- */

static const char *after(const char *text, const char *begin)
{
    return str_starts(text, begin) ? text + strlen(begin) : NULL;
}

/* "__keyevent@0__:expired" and the key, or "__keyspace@0__:KEY" and the event. */
static void read_event(struct monitor_feed *f, struct monitor_item *out)
{
    size_t last = f->parts - 1;
    const char *event = after(f->part[last - 1], "__keyevent@"),
               *space = after(f->part[last - 1], "__keyspace@");
    const char *p = event ? event : space;
    if (!p || !str_starts(f->part[0], f->parts == 4 ? "pmessage" : "message"))
        return;
    for (; *p >= '0' && *p <= '9' && out->db < 100000; p++)
        out->db = out->db * 10 + (*p - '0');
    if (!(p = after(p, "__:")))
        return;
    size_t key = event ? last : last - 1, skip = event ? 0 : (size_t)(p - f->part[key]);
    if (f->lens[key] >= sizeof f->part[0])
        return; /* not all of the key is here */
    out->what = MONITOR_EVENT;
    out->event = event ? p : f->part[last];
    out->n = 1;
    out->arguments[0] = f->part[key] + skip;
    out->lengths[0] = f->lens[key] - skip;
}

static void keep(struct monitor_feed *f, const char *bytes, size_t n)
{
    size_t room = sizeof f->part[0] - 1 - f->part_len;
    if (f->parts >= ARRAY_LEN(f->part))
        return;
    n = MIN(n, room);
    memcpy(f->part[f->parts] + f->part_len, bytes, n);
    f->part_len += n;
}

/* A line of a string, which may hold line ends itself. */
static void read_part(struct monitor_feed *f, const char *line, size_t n, size_t whole,
                      struct monitor_item *out)
{
    size_t need = (size_t)f->bytes;
    if (f->got) /* the end of the line before is part of it */
        keep(f, "\n", 1);
    keep(f, line, MIN(n, need - MIN(f->got, need)));
    f->got += whole + 1;
    if (f->got < need + 1)
        return;
    if (f->parts < ARRAY_LEN(f->part)) {
        f->part_len = MIN(f->part_len, need);
        f->part[f->parts][f->part_len] = 0;
        f->lens[f->parts] = need;
        f->parts++;
    }
    f->bytes = -1;
    if (--f->left == 0 && (f->parts == 3 || f->parts == 4))
        read_event(f, out);
}

static int64_t number(const char *s, size_t n)
{
    int64_t v = 0;
    for (size_t i = 0; i < n && s[i] >= '0' && s[i] <= '9' && v < (1 << 30); i++)
        v = v * 10 + (s[i] - '0');
    return v;
}

void monitor_feed_line(struct monitor_feed *f, const char *line, size_t n, size_t whole,
                       struct monitor_item *out)
{
    out->what = MONITOR_NOTHING;
    out->at = SD_UNKNOWN;
    out->db = 0;
    out->client = "";
    out->n = 0;
    out->cut = whole > n + 1;
    out->event = NULL;
    n = MIN(n, (size_t)MONITOR_TEXT);
    if (f->left && f->bytes >= 0) {
        read_part(f, line, n, whole, out);
    } else if (f->left) {
        f->bytes = n && *line == '$' ? number(line + 1, n - 1) : -1;
        f->got = f->part_len = 0;
        f->left -= f->bytes < 0; /* a number */
    } else if (n && (*line == '*' || *line == '>')) {
        f->left = MIN(number(line + 1, n - 1), 16);
        f->bytes = -1;
        f->parts = 0;
    } else if (n && *line >= '0' && *line <= '9') {
        f->lines++;
        if (!read_command(f, line, n, out)) {
            out->what = MONITOR_NOTHING;
            f->unread++;
        }
    }
}
