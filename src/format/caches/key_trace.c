#include "format/caches/key_trace.h"

#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static void unread(struct key_trace_counts *c, const char *line, size_t n, const char *why)
{
    if (!c->unread++) {
        size_t k = MIN(n, sizeof c->sample - 1);
        for (size_t i = 0; i < k; i++)
            c->sample[i] = line[i] >= 0x20 && line[i] < 0x7f ? line[i] : '?';
        c->sample[k] = 0;
        snprintf(c->reason, sizeof c->reason, "%s", why);
    }
}

/* Digits only, at most 2^40. -1: they are not. */
static int64_t number(const char *s, size_t n)
{
    int64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = MIN(v * 10 + (s[i] - '0'), (int64_t)1 << 40);
    }
    return n ? v : -1;
}

static bool looks_like_number(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr("0123456789.+-eE", s[i]) || !s[i])
            return false;
    return n > 0;
}

static void take_line(const char *line, size_t n, key_trace_fn *fn, void *ctx, struct key_trace_counts *c)
{
    while (n && (line[n - 1] == '\r' || is_space(line[n - 1])))
        n--;
    while (n && is_space(*line)) {
        line++;
        n--;
    }
    if (!n || *line == '#')
        return;
    c->lines++;
    if (memchr(line, 0, n)) {
        unread(c, line, n, "A line holds a zero byte: this is not a text.");
        return;
    }
    size_t last = n;
    while (last && !is_space(line[last - 1]))
        last--;
    size_t key = last;
    while (key && is_space(line[key - 1]))
        key--;
    int64_t bytes = key ? number(line + last, n - last) : -1;
    if (bytes < 0 && key && looks_like_number(line + last, n - last)) {
        unread(c, line, n, "The size behind the key is no whole number of bytes.");
        return;
    }
    c->sized += bytes >= 0;
    fn(ctx, line, bytes < 0 ? n : key, bytes);
}

size_t key_trace_read(const char *text, size_t n, bool end, key_trace_fn *fn, void *ctx,
                      struct key_trace_counts *counts)
{
    size_t at = 0;
    while (at < n) {
        const char *stop = memchr(text + at, '\n', n - at);
        size_t len = stop ? (size_t)(stop - text) - at : n - at;
        if (!stop && !end && len <= KEY_TRACE_LINE_MAX)
            break;
        if (len > KEY_TRACE_LINE_MAX) {
            counts->lines++;
            unread(counts, text + at, len, "A line is longer than 64 KiB.");
            if (!stop)
                return n; /* its rest is taken for a line of its own */
        } else {
            take_line(text + at, len, fn, ctx, counts);
        }
        at += len + (stop != NULL);
    }
    return at;
}
