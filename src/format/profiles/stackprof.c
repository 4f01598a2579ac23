/* stackprof.c - Ruby's stackprof as JSON: stacks in "raw", or the figures of its frames alone. */
#include "format/profiles/profile_file.h"

#include <math.h>
#include <stdlib.h>

#include "core/profiles/profile_lines.h"
#include "format/json_pull.h"
#include "format/profiles/profile_tree.h"

struct stackprof {
    struct profile *p;
    struct profile_tree frames; /* as a table of the addresses */
    uint32_t *stack;
    size_t n, cap;
    struct strbuf text, file;
    double scale[2]; /* of one sample, in each sample type */
    const char *problem;
};

struct figures {
    double self, total;
    struct json_pull lines;
};

static bool refuse(struct stackprof *x, const char *problem)
{
    x->problem = x->problem ? x->problem : problem;
    return false;
}

static struct figures read_frame(struct stackprof *x, struct json_pull *j)
{
    struct figures f = {0};
    strbuf_clear(&x->text);
    strbuf_clear(&x->file);
    if (json_enter(j, '{'))
        while (json_key(j)) {
            if (json_is(j, "name"))
                json_text(j, &x->text);
            else if (json_is(j, "file"))
                json_text(j, &x->file);
            else if (json_is(j, "samples"))
                f.self = json_number(j);
            else if (json_is(j, "total_samples"))
                f.total = json_number(j);
            else {
                if (json_is(j, "lines"))
                    f.lines = *j;
                json_skip(j);
            }
        }
    return f;
}

/* "lines": {"12": [total, self]}, or the samples in it alone; `scale`: of a sample, of each type. */
static void read_lines(struct stackprof *x, uint32_t function, struct json_pull lines)
{
    if (!lines.at || !json_enter(&lines, '{'))
        return;
    while (json_key(&lines)) {
        struct json_pull key = json_pull(lines.key - 1, lines.key_len + 2);
        uint64_t number = json_index(&key);
        double figure[2] = {NAN, NAN}, self[2], total[2];
        if (json_peek(&lines) != '[')
            figure[1] = json_number(&lines);
        else if (json_enter(&lines, '['))
            for (size_t i = 0; json_item(&lines); i++) {
                double v = json_number(&lines);
                figure[MIN(i, (size_t)1)] = v;
            }
        if (!(figure[1] >= 0 && figure[1] < 9e15))
            continue;
        for (size_t t = 0; t < 2; t++) {
            self[t] = figure[1] * x->scale[t];
            total[t] = figure[0] * x->scale[t];
        }
        profile_line_add(x->p, profile_line(x->p, function, number < INT32_MAX ? (int64_t)number : 0), self,
                         total);
    }
}

static const char *kind_of(const char *name)
{
    static const char *const gc[] = {"(garbage collection)", "(marking)", "(sweeping)", NULL};
    return str_find(gc, name) >= 0 ? "gc" : NULL;
}

/* `listed`: there are no stacks, so the figures of the frames count. */
static bool read_frames(struct stackprof *x, struct json_pull frames, bool listed)
{
    if (!frames.at || !json_enter(&frames, '{'))
        return refuse(x, "it has no frames");
    while (json_key(&frames) && !x->frames.full && !x->p->full) {
        struct json_pull key = json_pull(frames.key, frames.key_len + 1);
        uint32_t node = tree_add(&x->frames, json_index(&key));
        struct figures f = read_frame(x, &frames);
        const char *name = x->text.len ? strbuf_text(&x->text) : "(unknown)";
        uint32_t function = profile_function(
            x->p, name, strlen(name), x->file.len ? strbuf_text(&x->file) : NULL, x->file.len, kind_of(name));
        x->frames.nodes[node].function = function;
        bool known = isfinite(f.self) && isfinite(f.total) && f.self >= 0 && f.self < 9e15 &&
                     f.total >= f.self && f.total < 9e15;
        if (listed && !known)
            return refuse(x, "a frame in it has no number of samples");
        if (!x->p->full)
            read_lines(x, function, f.lines);
        if (listed && !x->p->full)
            profile_add(x->p, function, (int64_t)f.self, (int64_t)f.total, &f.self, &f.total);
    }
    return frames.broken ? refuse(x, "its JSON is cut or broken") : !x->frames.full;
}

/* The time of the next `n` samples, us. */
static double time_of(struct json_pull *deltas, uint64_t n)
{
    double us = 0;
    for (uint64_t i = 0; i < n && json_item(deltas); i++) {
        double delta = json_number(deltas);
        us += isfinite(delta) && delta > 0 ? delta : 0;
    }
    return us;
}

/* Of one sample, us: what was measured between them, else the interval. */
static double mean_time(struct json_pull deltas, double interval)
{
    double us = 0, n = 0;
    if (deltas.at && json_enter(&deltas, '['))
        for (double delta; json_item(&deltas); n++) {
            delta = json_number(&deltas);
            us += isfinite(delta) && delta > 0 ? delta : 0;
        }
    return n > 0 ? us / n : isfinite(interval) && interval > 0 ? interval : 0;
}

/* "raw": number of frames, the frames, outermost first, how often, and so on. */
static bool read_raw(struct stackprof *x, struct json_pull raw, struct json_pull deltas, double interval)
{
    bool timed = deltas.at && json_enter(&deltas, '[');
    if (!json_enter(&raw, '['))
        return refuse(x, "its list of stacks is none");
    while (json_item(&raw)) {
        x->n = 0;
        for (uint64_t n = json_index(&raw); n; n--) {
            uint32_t node = json_item(&raw) ? tree_find(&x->frames, json_index(&raw)) : UINT32_MAX;
            if (node == UINT32_MAX)
                return refuse(x, "a stack in it has a frame that does not exist");
            if (x->n == PROFILE_DEPTH_MAX)
                return refuse(x, "it has a stack of more than 1,048,576 frames");
            x->stack = x->n == x->cap ? mem_grow(x->stack, x->n, &x->cap, sizeof *x->stack) : x->stack;
            x->stack[x->n++] = x->frames.nodes[node].function;
        }
        uint64_t times = json_item(&raw) ? json_index(&raw) : UINT64_MAX;
        if (times > INT32_MAX)
            return refuse(x, "a stack in it has no number of samples");
        double values[2] = {(double)times, 0};
        values[1] = 1e3 * (timed ? time_of(&deltas, times) : (double)times * interval);
        if (!profile_stack(x->p, x->stack, x->n, (int64_t)times, values))
            return false;
    }
    return !raw.broken || refuse(x, "its JSON is cut or broken");
}

static bool read_file(struct stackprof *x, struct json_pull file)
{
    struct json_pull mode = json_find(file, "mode"), every = json_find(file, "interval");
    struct json_pull raw = json_find(file, "raw"), deltas = json_find(file, "raw_timestamp_deltas");
    struct json_pull samples = json_find(file, "samples");
    double interval = every.at ? json_number(&every) : 0, n = samples.at ? json_number(&samples) : 0;
    if (mode.at)
        json_text(&mode, &x->text);
    bool cpu = str_eq(strbuf_text(&x->text), "cpu"), wall = str_eq(strbuf_text(&x->text), "wall");
    profile_type(x->p, cpu || wall || !x->text.len ? "samples" : strbuf_text(&x->text), "count");
    if (raw.at && (cpu || wall) && isfinite(interval))
        x->p->chosen = profile_type(x->p, strbuf_text(&x->text), "ns");
    x->scale[0] = 1;
    x->scale[1] = 1e3 * mean_time(wall ? deltas : (struct json_pull){0}, interval);
    if (!read_frames(x, json_find(file, "frames"), !raw.at))
        return false;
    if (raw.at)
        return read_raw(x, raw, wall ? deltas : (struct json_pull){0}, interval > 0 ? interval : 0);
    x->p->samples = isfinite(n) && n >= 0 && n < 9e15 ? (int64_t)n : 0;
    x->p->sums[0] = (double)x->p->samples;
    profile_say(x->p, "It has no stacks; record with raw: true to see who calls whom.");
    return true;
}

struct profile *stackprof_read(const void *text, size_t len, struct sd_error *err)
{
    struct stackprof x = {.p = profile_new("stackprof", 2)};
    x.p->counted = true;
    read_file(&x, json_pull(text, len));
    if (x.frames.full)
        refuse(&x, x.frames.full);
    tree_free(&x.frames);
    free(x.stack);
    strbuf_free(&x.text);
    strbuf_free(&x.file);
    return profile_read_end(x.p, x.problem, err);
}

bool stackprof_like(const void *head, size_t len)
{
    static const char *const keys[] = {"mode", "interval", "gc_samples", NULL};
    return json_names(head, len, keys);
}
