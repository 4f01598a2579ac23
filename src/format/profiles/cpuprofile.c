/* cpuprofile.c - V8's .cpuprofile and .heapprofile, as Node, Deno, Chrome and VS Code write them. */
#include "format/profiles/profile_file.h"

#include <math.h>

#include "base/num.h"
#include "format/profiles/v8_nodes.h"

struct fields {
    struct json_pull nodes, head, samples, times, start, end;
    bool absolute; /* "timestamps", as old files have them */
};

static struct fields find_fields(const void *text, size_t len)
{
    struct json_pull j = json_pull(text, len);
    struct fields f = {0};
    if (json_enter(&j, '{'))
        while (json_key(&j)) {
            if (json_is(&j, "nodes"))
                f.nodes = j;
            else if (json_is(&j, "head"))
                f.head = j;
            else if (json_is(&j, "samples"))
                f.samples = j;
            else if (json_is(&j, "timeDeltas") || json_is(&j, "timestamps"))
                f.times = j;
            else if (json_is(&j, "startTime"))
                f.start = j;
            else if (json_is(&j, "endTime"))
                f.end = j;
            f.absolute |= json_is(&j, "timestamps");
            json_skip(&j);
        }
    if (j.broken)
        f.nodes = f.head = (struct json_pull){0};
    return f;
}

static double number_at(struct json_pull j)
{
    return j.at ? json_number(&j) : (double)NAN;
}

/* The nodes of either form; false: there are none. */
static bool read_nodes(struct v8 *x, const struct fields *f)
{
    if (f->nodes.at)
        v8_list(x, f->nodes, 0);
    else if (f->head.at)
        v8_nested(x, f->head);
    if (!x->tree.full && !x->tree.n)
        x->tree.full = "it has no nodes, or its JSON is cut or broken";
    return !x->tree.full;
}

/* What each node was hit is counted anew from the samples where they are. */
static bool read_samples(struct v8 *x, const struct fields *f)
{
    struct v8_clock clock = {0};
    double start = number_at(f->start), end = number_at(f->end);
    double us = f->head.at ? 1e6 : 1; /* old files have seconds */
    x->absolute = f->absolute;
    for (size_t i = 0; i < x->tree.n && f->samples.at; i++)
        x->tree.nodes[i].samples = 0;
    if (!v8_samples(x, f->samples, f->times, (struct json_pull){0}, 0, &clock))
        x->tree.full = "a sample is of a node that does not exist";
    if (end > start)
        x->p->duration_ns = real_to_int((end - start) * us * 1e3);
    return !x->tree.full;
}

struct profile *cpuprofile_read(const void *text, size_t len, struct sd_error *err)
{
    struct fields f = find_fields(text, len);
    struct v8 x = {.p = profile_new("V8 CPU profile", 2), .tree.n_values = 2};
    bool timed = f.samples.at && f.times.at;
    x.p->counted = true;
    if (read_nodes(&x, &f) && read_samples(&x, &f)) {
        for (size_t i = 0; i < x.tree.n; i++) { /* the chosen type last */
            double *values = tree_values(&x.tree, i), ns = values[0];
            values[0] = (double)x.tree.nodes[i].samples;
            values[1] = ns;
        }
        profile_type(x.p, "samples", "count");
        if (timed)
            x.p->chosen = profile_type(x.p, "time", "ns");
        tree_stacks(&x.tree, x.p, true);
        v8_lines_end(&x);
    }
    const char *problem = x.tree.full;
    v8_free(&x);
    return profile_read_end(x.p, problem, err);
}

struct profile *heapprofile_read(const void *text, size_t len, struct sd_error *err)
{
    struct fields f = find_fields(text, len);
    struct v8 x = {.p = profile_new("V8 heap profile", 1), .tree.n_values = 1};
    x.p->samples = SD_UNKNOWN;
    profile_type(x.p, "inuse_space", "bytes");
    if (read_nodes(&x, &f)) {
        for (size_t i = 0; i < x.tree.n; i++)
            x.tree.nodes[i].samples = 0;
        tree_stacks(&x.tree, x.p, true);
    }
    const char *problem = x.tree.full;
    v8_free(&x);
    return profile_read_end(x.p, problem, err);
}

bool cpuprofile_like(const void *head, size_t len)
{
    static const char *const now[] = {"nodes", "callFrame", "functionName", NULL};
    static const char *const old[] = {"head", "functionName", "hitCount", NULL};
    return !heapprofile_like(head, len) && (json_names(head, len, now) || json_names(head, len, old)) &&
           !chrome_trace_like(head, len);
}

bool heapprofile_like(const void *head, size_t len)
{
    static const char *const keys[] = {"head", "functionName", "selfSize", NULL};
    return json_names(head, len, keys);
}
