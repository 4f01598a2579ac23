/* folded.c - folded stacks: a line for each stack, `frame;frame;innermost COUNT`, outermost frame first. */
#include "format/profiles/profile_file.h"

#include <stdlib.h>

/* A frame of a line: its function, its node in the tree, where it ends in the line. */
struct folded_frame {
    uint32_t function, node, start, end;
    uint64_t hash;
};

/* Lines that follow each other mostly begin alike, and what is alike need not be looked up again. */
struct folded {
    struct profile *p;
    struct folded_frame *frames;
    size_t n, cap;
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
    f->frames[f->n++] = (struct folded_frame){.start = (uint32_t)start,
                                              .end = (uint32_t)end,
                                              .hash = profile_name_hash(f->line + start, end - start)};
    profile_fetch(f->p, f->frames[f->n - 1].hash, 0);
}

/* The nodes of the frames from `from` on. Below one that had to be made there is none yet: the numbers of the
 * others are known, and what they write waits for memory together, too. */
static void find_nodes(struct folded *f, size_t from)
{
    struct profile *p = f->p;
    uint32_t above = from ? f->frames[from - 1].node : 0;
    size_t i = from, made = p->n_nodes;
    for (; i < f->n && above != PROFILE_NO_NODE && (p->n_nodes == made || !made); i++)
        above = f->frames[i].node = profile_below(p, above, f->frames[i].function);
    for (size_t k = i; k < f->n && above != PROFILE_NO_NODE; k++)
        profile_fetch_below(p, (uint32_t)(p->n_nodes - 1 + k - i), f->frames[k].function);
    for (; i < f->n; i++)
        above = f->frames[i].node =
            above == PROFILE_NO_NODE ? above : profile_below_new(p, above, f->frames[i].function);
}

/* The frames from `from` on are new: their functions and nodes. Of many functions each look-up waits for
 * memory several times, so all of a line wait together. */
static void find_frames(struct folded *f, size_t from)
{
    for (int step = 1; step < 3; step++)
        for (size_t i = from; i < f->n; i++)
            profile_fetch(f->p, f->frames[i].hash, step);
    for (size_t i = from; i < f->n; i++) {
        struct folded_frame *x = &f->frames[i];
        const char *name = f->line + x->start;
        size_t len = x->end - x->start;
        x->function = profile_hashed_function(f->p, name, len, x->hash, kind_of(name, len));
    }
    find_nodes(f, from);
}

/* A line whose last frame has no node, because there are too many. */
static bool without_node(struct folded *f, int64_t samples, double value)
{
    uint32_t *functions = mem_array(f->n, sizeof *functions);
    for (size_t i = 0; i < f->n; i++)
        functions[i] = f->frames[i].function;
    bool done = profile_stack(f->p, functions, f->n, samples, &value);
    free(functions);
    return done;
}

/* Keeps the frames that the line has in common with the one before; where the next one starts. */
static size_t keep_common(struct folded *f, const char *line, size_t len)
{
    size_t same = 0, most = MIN(len, f->len);
    for (uint64_t a, b; same + sizeof a <= most; same += sizeof a) {
        memcpy(&a, line + same, sizeof a);
        memcpy(&b, f->line + same, sizeof b);
        if (a != b)
            break;
    }
    while (same < most && line[same] == f->line[same])
        same++;
    size_t n = f->n;
    while (n && (f->frames[n - 1].end >= same || line[f->frames[n - 1].end] != ';'))
        n--;
    f->n = n;
    f->line = line;
    f->len = len;
    return n ? f->frames[n - 1].end + (size_t)1 : 0;
}

static bool take_line(struct folded *f, const char *line, size_t len)
{
    double value;
    if (!cut_value(line, &len, &value) || !isfinite(value)) {
        f->p->skipped++;
        return true;
    }
    size_t start = keep_common(f, line, len), from = f->n;
    for (; start <= len && f->n <= PROFILE_DEPTH_MAX; start++) {
        const char *semicolon = start < len ? memchr(line + start, ';', len - start) : NULL;
        size_t end = semicolon ? (size_t)(semicolon - line) : len;
        if (end > start)
            frame_add(f, start, end);
        start = end;
    }
    find_frames(f, from);
    bool whole = value < 9e15 && (double)(int64_t)value == value;
    f->p->counted &= whole;
    int64_t samples = whole ? (int64_t)value : 0;
    uint32_t node = f->n ? f->frames[f->n - 1].node : 0;
    return node == PROFILE_NO_NODE ? without_node(f, samples, value)
                                   : profile_ends(f->p, node, f->n, samples, &value);
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
    profile_bound(f.p, len);
    profile_type(f.p, "samples", "count");
    for (size_t at = 0, n; at < len; at += n + 1) {
        n = line_length(text + at, len - at);
        if (n && text[at] != '#' && text[at] != '\r' && !take_line(&f, text + at, n))
            break;
    }
    free(f.frames);
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
