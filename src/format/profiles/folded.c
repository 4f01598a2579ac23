/* folded.c - folded stacks: a line for each stack, `frame;frame;innermost COUNT`, outermost frame first. */
#include "format/profiles/profile_file.h"

#include <stdlib.h>

/* The frames of a line, and where each ends in it: lines that follow each other mostly begin alike, and what
 * is alike need not be looked up again. */
struct folded {
    struct profile *p;
    uint32_t *frames;
    uint32_t *ends;
    size_t n, cap, cap_ends;
    const char *line; /* these are of */
    size_t len;
};

/* The number after the last space; false: there is none. */
static bool cut_value(const char *line, size_t *len, double *value)
{
    char number[32];
    size_t end = *len;
    while (end && (line[end - 1] == ' ' || line[end - 1] == '\t' || line[end - 1] == '\r'))
        end--;
    size_t at = end;
    while (at && (line[at - 1] == '.' || (line[at - 1] >= '0' && line[at - 1] <= '9')))
        at--;
    if (at == end || !at || end - at >= sizeof number || (line[at - 1] != ' ' && line[at - 1] != '\t'))
        return false;
    memcpy(number, line + at, end - at);
    number[end - at] = 0;
    char *rest;
    *value = strtod(number, &rest);
    *len = --at;
    return !*rest && at;
}

/* What stackcollapse-perf and async-profiler put behind a name. */
static const char *kind_of(const char *name, size_t len)
{
    if (len < 4 || name[len - 4] != '_' || name[len - 3] != '[' || name[len - 1] != ']')
        return NULL;
    switch (name[len - 2]) {
    case 'k':
        return "kernel";
    case 'j':
        return "jit";
    case '0':
        return "interpreted";
    default:
        return NULL;
    }
}

static void frame_add(struct folded *f, size_t start, size_t end)
{
    f->frames = f->n == f->cap ? mem_grow(f->frames, f->n, &f->cap, sizeof *f->frames) : f->frames;
    f->ends = f->n == f->cap_ends ? mem_grow(f->ends, f->n, &f->cap_ends, sizeof *f->ends) : f->ends;
    f->frames[f->n] =
        profile_function(f->p, f->line + start, end - start, NULL, 0, kind_of(f->line + start, end - start));
    f->ends[f->n++] = (uint32_t)end;
}

/* Keeps the frames that the line has in common with the one before; where the next one starts. */
static size_t keep_common(struct folded *f, const char *line, size_t len)
{
    size_t same = 0, most = MIN(len, f->len);
    while (same < most && line[same] == f->line[same])
        same++;
    size_t n = 0;
    while (n < f->n && f->ends[n] < same && line[f->ends[n]] == ';')
        n++;
    f->n = n;
    f->line = line;
    f->len = len;
    return n ? f->ends[n - 1] + (size_t)1 : 0;
}

static bool take_line(struct folded *f, const char *line, size_t len)
{
    double value;
    if (!cut_value(line, &len, &value) || !isfinite(value)) {
        f->p->skipped++;
        return true;
    }
    size_t start = keep_common(f, line, len);
    for (; start <= len && f->n <= PROFILE_DEPTH_MAX; start++) {
        const char *semicolon = start < len ? memchr(line + start, ';', len - start) : NULL;
        size_t end = semicolon ? (size_t)(semicolon - line) : len;
        if (end > start)
            frame_add(f, start, end);
        start = end;
    }
    bool whole = value < 9e15 && (double)(int64_t)value == value;
    f->p->counted &= whole;
    return profile_stack(f->p, f->frames, f->n, whole ? (int64_t)value : 0, &value);
}

static size_t line_length(const char *text, size_t len)
{
    const char *end = memchr(text, '\n', len);
    return end ? (size_t)(end - text) : len;
}

struct profile *folded_read(const void *bytes, size_t len, struct sd_error *err)
{
    const char *text = bytes;
    struct folded f = {.p = profile_new("folded stacks", 1)};
    f.p->counted = true;
    profile_type(f.p, "samples", "count");
    for (size_t at = 0, n; at < len; at += n + 1) {
        n = line_length(text + at, len - at);
        if (n && text[at] != '#' && text[at] != '\r' && !take_line(&f, text + at, n))
            break;
    }
    free(f.frames);
    free(f.ends);
    if (f.p->full)
        sd_fail(err, SD_CONFIG, "it has %s", f.p->full);
    else if (!f.p->stacks)
        sd_fail(err, SD_CONFIG, "it has no line of folded stacks: frame;frame COUNT");
    if (f.p->full || !f.p->stacks) {
        profile_free(f.p);
        return NULL;
    }
    if (!f.p->counted)
        profile_say(f.p,
                    "Some counts have fractions or are too large: they are values, not numbers of samples.");
    return f.p;
}

/* Three of four whole lines have a count, and half of those at least two frames. Lines of logs have quotes
 * before a number. */
bool folded_like(const void *bytes, size_t len)
{
    const char *head = bytes;
    size_t lines = 0, deep = 0, bad = 0;
    for (size_t at = 0, n; at < len; at += n + 1) {
        double value;
        n = line_length(head + at, len - at);
        size_t rest = n;
        if (!n || head[at] == '#' || head[at] == '\r')
            continue;
        if (memchr(head + at, 0, n))
            return false;
        bool whole = at + n < len, counted = cut_value(head + at, &rest, &value);
        bool framed = memchr(head + at, ';', rest) && head[at + rest - 1] != '"';
        if (!whole && (lines || bad))
            break; /* may be cut */
        if (!whole && n > 1000 && framed)
            return true; /* one long line */
        lines += counted;
        bad += !counted;
        deep += counted && framed;
    }
    return lines && deep * 2 >= lines && bad * 3 <= lines;
}
