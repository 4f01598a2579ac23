/* chrome_trace.c - the CPU samples in a trace of Chrome or of a React Native application: events "Profile"
 * and "ProfileChunk" of V8, or the lists "samples" and "stackFrames". */
#include "format/profiles/profile_file.h"

#include <math.h>
#include <stdlib.h>

#include "core/profiles/profile_part.h"
#include "format/profiles/v8_nodes.h"

enum { STREAMS_MAX = 512, CHUNKS_MAX = 1 << 20 };

/* The samples of one thread: V8 numbers its nodes for itself. */
struct stream {
    uint64_t key;    /* of process and id */
    uint64_t thread; /* of process and number; 0 unknown */
    struct v8_clock clock;
};

struct chunk {
    double at;
    size_t order;
    uint64_t base; /* of its ids: the number of its stream, above all ids */
    struct json_pull nodes, samples, deltas, lines;
};

/* What an event says a thread is called. */
struct thread_name {
    uint64_t thread;
    char name[64];
};

struct trace {
    struct v8 v8;
    struct stream *streams;
    struct chunk *chunks;
    struct thread_name *names;
    size_t n_streams, n_chunks, n_names, cap_streams, cap_chunks, cap_names;
    bool listed; /* "samples" and "stackFrames", where the outermost frame is one of the program */
    struct strbuf text;
};

static struct stream *stream_of(struct trace *x, uint64_t key)
{
    for (size_t i = 0; i < x->n_streams; i++)
        if (x->streams[i].key == key)
            return &x->streams[i];
    if (x->n_streams == STREAMS_MAX) {
        x->v8.tree.full = "it has the samples of more than 512 threads";
        return &x->streams[0];
    }
    x->streams = x->n_streams == x->cap_streams
                     ? mem_grow(x->streams, x->n_streams, &x->cap_streams, sizeof *x->streams)
                     : x->streams;
    x->streams[x->n_streams] = (struct stream){.key = key};
    return &x->streams[x->n_streams++];
}

static uint64_t text_key(struct json_pull value)
{
    const char *start = value.at;
    if (!start)
        return 0;
    json_peek(&value);
    start = value.at;
    json_skip(&value);
    return str_hash(start, (size_t)(value.at - start));
}

static uint64_t thread_key(struct json_pull event)
{
    return (text_key(json_find(event, "pid")) * 31 + text_key(json_find(event, "tid"))) | 1;
}

/* An event of V8's profiler: where its lists stand. */
static void take_chunk(struct trace *x, struct json_pull event)
{
    struct json_pull args = json_find(event, "args"), ts = json_find(event, "ts");
    struct json_pull data = args.at ? json_find(args, "data") : args;
    struct json_pull cpu = data.at ? json_find(data, "cpuProfile") : data;
    if (!cpu.at)
        return;
    if (x->n_chunks == CHUNKS_MAX) {
        x->v8.tree.full = "its samples are in more than 1,048,576 parts";
        return;
    }
    uint64_t key = text_key(json_find(event, "pid")) * 31 + text_key(json_find(event, "id"));
    struct stream *s = stream_of(x, key);
    struct chunk c = {.order = x->n_chunks, .base = (uint64_t)(s - x->streams) << 44};
    c.at = ts.at ? json_number(&ts) : 0;
    c.nodes = json_find(cpu, "nodes");
    c.samples = json_find(cpu, "samples");
    c.deltas = json_find(data, "timeDeltas");
    c.lines = json_find(data, "lines");
    if (!s->thread && str_eq(strbuf_text(&x->text), "Profile")) /* later parts may come of another thread */
        s->thread = thread_key(event);
    if (!c.deltas.at)
        c.deltas = json_find(cpu, "timeDeltas");
    x->chunks = x->n_chunks == x->cap_chunks
                    ? mem_grow(x->chunks, x->n_chunks, &x->cap_chunks, sizeof *x->chunks)
                    : x->chunks;
    x->chunks[x->n_chunks++] = c;
}

static void take_name(struct trace *x, struct json_pull event)
{
    enum { NAMES_MAX = 4096 };
    struct json_pull args = json_find(event, "args"), name = args.at ? json_find(args, "name") : args;
    if (!name.at || x->n_names == NAMES_MAX)
        return;
    json_text(&name, &x->text);
    x->names = x->n_names == x->cap_names ? mem_grow(x->names, x->n_names, &x->cap_names, sizeof *x->names)
                                          : x->names;
    struct thread_name *n = &x->names[x->n_names++];
    n->thread = thread_key(event);
    snprintf(n->name, sizeof n->name, "%s", strbuf_text(&x->text));
}

static void take_events(struct trace *x, struct json_pull events)
{
    if (!json_enter(&events, '['))
        return;
    for (; json_item(&events); json_skip(&events)) {
        struct json_pull name = json_find(events, "name");
        if (!name.at)
            continue;
        json_text(&name, &x->text);
        const char *text = strbuf_text(&x->text);
        if (str_eq(text, "ProfileChunk") || str_eq(text, "CpuProfile") || str_eq(text, "Profile"))
            take_chunk(x, events);
        else if (str_eq(text, "thread_name"))
            take_name(x, events);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct chunk *x = a, *y = b;
    if (x->at < y->at || x->at > y->at)
        return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void read_chunks(struct trace *x)
{
    if (x->n_chunks)
        qsort(x->chunks, x->n_chunks, sizeof *x->chunks, by_time);
    for (size_t i = 0; i < x->n_chunks && !x->v8.tree.full; i++) {
        const struct chunk *c = &x->chunks[i];
        if (c->nodes.at)
            v8_list(&x->v8, c->nodes, c->base);
        if (!v8_samples(&x->v8, c->samples, c->deltas, c->lines, c->base, &x->streams[c->base >> 44].clock))
            x->v8.tree.full = "a sample is of a node that does not exist";
    }
}

/* ---- "samples" and "stackFrames" ---- */

static bool read_frame(struct trace *x, struct json_pull frame, uint32_t node)
{
    struct json_pull name = json_find(frame, "name");
    json_text(&name, &x->text);
    x->v8.tree.nodes[node].function =
        profile_function(x->v8.p, strbuf_text(&x->text), x->text.len, NULL, 0, NULL);
    return !x->v8.p->full;
}

/* A frame's parent may stand behind it, and either may be a number or a text. */
static uint64_t frame_id(struct json_pull j)
{
    return j.at ? json_index(&j) : UINT64_MAX;
}

static uint64_t key_id(const struct json_pull *j)
{
    struct json_pull key = json_pull(j->key - 1, j->key_len + 2);
    return json_index(&key);
}

static void read_frames(struct trace *x, struct json_pull frames)
{
    struct json_pull again = frames;
    if (!json_enter(&frames, '{'))
        return;
    for (; json_key(&frames) && !x->v8.tree.full; json_skip(&frames))
        if (!read_frame(x, frames, tree_add(&x->v8.tree, key_id(&frames))))
            x->v8.tree.full = x->v8.p->full;
    if (x->v8.tree.full || !json_enter(&again, '{'))
        return;
    for (; json_key(&again); json_skip(&again)) {
        uint32_t self = tree_find(&x->v8.tree, key_id(&again));
        uint32_t parent = tree_find(&x->v8.tree, frame_id(json_find(again, "parent")));
        if (self != UINT32_MAX && parent != UINT32_MAX)
            x->v8.tree.nodes[self].parent = parent + 1;
    }
}

static void read_listed(struct trace *x, struct json_pull samples)
{
    if (!json_enter(&samples, '['))
        return;
    for (; json_item(&samples) && !x->v8.tree.full; json_skip(&samples)) {
        uint32_t node = tree_find(&x->v8.tree, frame_id(json_find(samples, "sf")));
        struct json_pull ts = json_find(samples, "ts");
        uint64_t key = text_key(json_find(samples, "pid")) * 31 + text_key(json_find(samples, "tid"));
        struct stream *s = stream_of(x, key);
        double at = ts.at ? json_number(&ts) : 0;
        if (node == UINT32_MAX)
            x->v8.tree.full = "a sample is of a stack frame that does not exist";
        else
            v8_tick(&x->v8, &s->clock, node + 1, at - s->clock.elapsed);
    }
    if (samples.broken)
        x->v8.tree.full = "its JSON is cut or broken";
}

/* ---- the file ---- */

static void read_trace(struct trace *x, struct json_pull j)
{
    bool list = json_peek(&j) == '[';
    struct json_pull events = list ? j : json_find(j, "traceEvents");
    if (events.at)
        take_events(x, events);
    read_chunks(x);
    x->listed = !list && !x->v8.tree.full && !x->v8.tree.n;
    struct json_pull frames = x->listed ? json_find(j, "stackFrames") : (struct json_pull){0};
    struct json_pull samples = x->listed ? json_find(j, "samples") : (struct json_pull){0};
    if (frames.at && samples.at) {
        read_frames(x, frames);
        read_listed(x, samples);
    }
    if (!x->v8.tree.full && !x->v8.tree.n)
        x->v8.tree.full = "it is a trace without CPU samples; record it with the JavaScript profiler on";
}

/* The name of a stream's thread, with its number among the streams: several may be called the same. */
static uint32_t part_of(struct trace *x, size_t stream)
{
    char text[96];
    const char *name = NULL;
    for (size_t i = 0; x->streams[stream].thread && i < x->n_names; i++)
        if (x->names[i].thread == x->streams[stream].thread)
            name = x->names[i].name;
    int n = snprintf(text, sizeof text, "%s (%zu)", name && *name ? name : "thread", stream + 1);
    return profile_part(x->v8.p, PART_THREAD, strlen(PART_THREAD), text, (size_t)n);
}

/* Each stream has nodes of its own; not in a list of samples, where threads share them. */
static void mark_threads(struct trace *x)
{
    uint32_t *parts = mem_array(x->n_streams + 1, sizeof *parts);
    for (size_t i = 0; i < x->n_streams && !x->listed; i++)
        parts[i] = part_of(x, i) + 1;
    for (size_t i = 0; i < x->v8.tree.n; i++) {
        uint64_t stream = x->v8.tree.ids[i] >> 44;
        x->v8.tree.nodes[i].part = stream < x->n_streams ? parts[stream] : 0;
    }
    free(parts);
}

/* Time is chosen, the number of samples beside it. */
static void finish_types(struct trace *x)
{
    for (size_t i = 0; i < x->v8.tree.n; i++) {
        double *values = tree_values(&x->v8.tree, i), ns = values[0];
        values[0] = (double)x->v8.tree.nodes[i].samples;
        values[1] = ns;
    }
    profile_type(x->v8.p, "samples", "count");
    x->v8.p->chosen = profile_type(x->v8.p, "time", "ns");
}

struct profile *chrome_trace_read(const void *text, size_t len, struct sd_error *err)
{
    struct trace x = {.v8 = {.p = profile_new("Chrome trace", 2), .tree.n_values = 2}};
    x.v8.p->counted = true;
    read_trace(&x, json_pull(text, len));
    finish_types(&x);
    if (!x.v8.tree.full) {
        mark_threads(&x);
        tree_stacks(&x.v8.tree, x.v8.p, !x.listed);
        v8_lines_end(&x.v8);
    }
    if (!x.v8.tree.full && x.n_streams > 1) {
        char note[96];
        snprintf(note, sizeof note, "The samples of %zu threads are added up.", x.n_streams);
        profile_say(x.v8.p, note);
    }
    const char *problem = x.v8.tree.full;
    v8_free(&x.v8);
    free(x.streams);
    free(x.names);
    free(x.chunks);
    strbuf_free(&x.text);
    return profile_read_end(x.v8.p, problem, err);
}

bool chrome_trace_like(const void *head, size_t len)
{
    static const char *const object[] = {"traceEvents", NULL};
    static const char *const list[] = {"ph", "pid", "tid", "ts", NULL};
    struct json_pull j = json_pull(head, len);
    return json_names(head, len, object) || (json_names(head, len, list) && json_peek(&j) == '[');
}
