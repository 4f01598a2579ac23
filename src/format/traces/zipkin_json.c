/* zipkin_json.c - gone through twice: for which spans have a time, then for the spans. */
#include "format/traces/zipkin_json.h"

#include <stdlib.h>
#include <string.h>

#include "core/name_index.h"
#include "format/traces/span_resource.h"
#include "format/traces/trace_json.h"

enum { NEST_MAX = 3 };

/* Where the values of a span are; .at NULL: not there. */
struct places {
    struct json_pull trace, id, parent, name, kind, timestamp, duration, local, remote, tags, annotations,
        shared, v1;
};

struct reader {
    struct span_draft *d;
    const struct span_sink *sink;
    struct span_resource resource;
    struct strbuf a, b, trace, id, parent, name, endpoint, last_endpoint;
    struct arena *arena;
    struct name_index seen; /* "trace id half" of all spans */
    bool *timed;            /* of each of these: a report has a time */
    size_t cap_timed;
    bool first_pass, found, v1, ended, has_service;
};

/* Goes past the span. */
static void find_places(struct json_pull *j, struct places *p)
{
    const struct {
        const char *key;
        size_t n;
        struct json_pull *place;
    } KEYS[] = {{"traceId", 7, &p->trace},
                {"id", 2, &p->id},
                {"parentId", 8, &p->parent},
                {"name", 4, &p->name},
                {"kind", 4, &p->kind},
                {"timestamp", 9, &p->timestamp},
                {"duration", 8, &p->duration},
                {"localEndpoint", 13, &p->local},
                {"tags", 4, &p->tags},
                {"remoteEndpoint", 14, &p->remote},
                {"shared", 6, &p->shared},
                {"annotations", 11, &p->annotations},
                {"binaryAnnotations", 17, &p->v1}};
    *p = (struct places){.trace = {0}};
    if (!json_enter(j, '{'))
        return;
    while (json_key(j)) {
        for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
            if (KEYS[i].n == j->key_len && memcmp(j->key, KEYS[i].key, KEYS[i].n) == 0) {
                *KEYS[i].place = *j;
                break;
            }
        json_skip(j);
    }
}

/* A text, copied; .at NULL: not there. */
static struct span_text text_of(struct json_pull j, struct strbuf *out)
{
    struct strbuf scratch = {0};
    struct span_text t = j.at ? trace_json_text(&j, &scratch) : (struct span_text){0};
    strbuf_clear(out);
    if (t.at)
        strbuf_add(out, t.at, t.n);
    strbuf_free(&scratch);
    return (struct span_text){.at = t.at ? strbuf_text(out) : NULL, .n = out->len};
}

static int64_t us_of(struct json_pull j)
{
    int64_t us;
    return j.at && trace_json_int(&j, &us) ? trace_us(us) : SD_UNKNOWN;
}

static uint32_t number_of(struct reader *r, struct places *p, bool shared)
{
    text_of(p->trace, &r->trace);
    text_of(p->id, &r->id);
    strbuf_clear(&r->a);
    strbuf_printf(&r->a, "%.100s %.100s %d", strbuf_text(&r->trace), strbuf_text(&r->id), shared);
    return name_index_of_bytes(&r->seen, r->a.text, r->a.len, r->arena);
}

static bool is_shared(const struct places *p)
{
    struct json_pull j = p->shared;
    return j.at && json_peek(&j) == 't';
}

/* Annotations of v1 say at which endpoint they were made. */
static bool is_v1(const struct places *p)
{
    struct json_pull j = p->annotations;
    if (p->v1.at)
        return true;
    return j.at && json_peek(&j) == '[' && json_enter(&j, '[') && json_item(&j) && json_peek(&j) == '{' &&
           json_find(j, "endpoint").at;
}

static void note_span(struct reader *r, struct places *p)
{
    size_t n = number_of(r, p, is_shared(p));
    r->v1 |= is_v1(p);
    r->found |= p->trace.at && p->id.at;
    while (r->cap_timed <= n) {
        size_t had = r->cap_timed;
        r->timed = mem_grow(r->timed, r->cap_timed, &r->cap_timed, sizeof *r->timed);
        memset(r->timed + had, 0, (r->cap_timed - had) * sizeof *r->timed);
    }
    r->timed[n] |= sd_known(us_of(p->timestamp));
}

/* ---- what a span has ---- */

static int kind_of(struct span_text t)
{
    return span_text_is(t, "SERVER")     ? 2
           : span_text_is(t, "CLIENT")   ? 3
           : span_text_is(t, "PRODUCER") ? 4
           : span_text_is(t, "CONSUMER") ? 5
                                         : 0;
}

static void use_endpoint(struct reader *r, struct json_pull local)
{
    static const char *const KEYS[] = {"ipv4", "ipv6", "port"};
    struct json_pull end = local;
    if (local.at)
        json_skip(&end);
    strbuf_clear(&r->endpoint);
    if (local.at)
        strbuf_add(&r->endpoint, local.at, (size_t)(end.at - local.at));
    if (r->has_service && str_eq(strbuf_text(&r->endpoint), strbuf_text(&r->last_endpoint)))
        return;
    strbuf_clear(&r->last_endpoint);
    strbuf_add(&r->last_endpoint, strbuf_text(&r->endpoint), r->endpoint.len);
    r->has_service = true;
    span_resource_clear(&r->resource);
    bool object = local.at && json_peek(&local) == '{';
    for (size_t i = 0; object && i < ARRAY_LEN(KEYS); i++) {
        struct json_pull j = json_find(local, KEYS[i]);
        if (j.at)
            span_resource_add(&r->resource, span_text(KEYS[i]), trace_json_value(&j, &r->a));
    }
    struct json_pull name = object ? json_find(local, "serviceName") : (struct json_pull){0};
    span_draft_service(r->d, text_of(name, &r->a), span_resource_text(&r->resource));
}

static void add_remote(struct reader *r, struct json_pull remote)
{
    static const struct {
        const char *key, *name;
    } KEYS[] = {{"serviceName", "peer.service"},
                {"ipv4", "net.peer.ip"},
                {"ipv6", "net.peer.ip"},
                {"port", "net.peer.port"}};
    if (!remote.at || json_peek(&remote) != '{')
        return;
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        struct json_pull j = json_find(remote, KEYS[i].key);
        if (j.at)
            span_draft_attribute(r->d, span_text(KEYS[i].name), trace_json_value(&j, &r->a));
    }
}

static void add_tags(struct reader *r, struct json_pull j)
{
    if (!j.at || json_peek(&j) != '{' || !json_enter(&j, '{'))
        return;
    while (json_key(&j)) {
        strbuf_clear(&r->b);
        strbuf_add(&r->b, j.key, j.key_len);
        bool error = json_is(&j, "error");
        struct span_text v = trace_json_value(&j, &r->a);
        if (error && !span_text_is(v, "false"))
            span_draft_failed(r->d);
        if (!error || (v.n && !span_text_is(v, "true") && !span_text_is(v, "false")))
            span_draft_attribute(r->d, (struct span_text){.at = strbuf_text(&r->b), .n = r->b.len}, v);
    }
}

static void add_annotations(struct reader *r, struct json_pull j)
{
    if (!j.at || json_peek(&j) != '[' || !json_enter(&j, '['))
        return;
    for (; json_item(&j); json_skip(&j)) {
        if (json_peek(&j) != '{')
            continue;
        struct json_pull at = json_find(j, "timestamp"), value = json_find(j, "value");
        int64_t t = us_of(at);
        if (value.at)
            span_draft_event(r->d, t, text_of(value, &r->a), (struct span_text){0});
    }
}

static void read_span(struct reader *r, struct places *p)
{
    bool shared = is_shared(p);
    uint32_t n = number_of(r, p, shared);
    int64_t start = us_of(p->timestamp);
    if (!sd_known(start) && n < r->cap_timed && r->timed[n])
        return;
    use_endpoint(r, p->local);
    struct span_head h = {.trace = text_of(p->trace, &r->trace),
                          .id = text_of(p->id, &r->id),
                          .parent = text_of(p->parent, &r->parent),
                          .name = text_of(p->name, &r->name),
                          .kind = kind_of(text_of(p->kind, &r->a)),
                          .start = start,
                          .duration = us_of(p->duration)};
    if (shared && h.id.n) {
        strbuf_clear(&r->parent);
        strbuf_add(&r->parent, h.id.at, h.id.n);
        strbuf_str(&r->id, "-server");
        h.parent = (struct span_text){.at = strbuf_text(&r->parent), .n = r->parent.len};
        h.id = (struct span_text){.at = strbuf_text(&r->id), .n = r->id.len};
    }
    span_draft_begin(r->d, &h);
    add_tags(r, p->tags);
    add_remote(r, p->remote);
    add_annotations(r, p->annotations);
    span_draft_end(r->d);
    r->ended = !span_draft_room(r->d, r->sink);
}

/* The spans of a list, and past it. */
static void read_value(struct reader *r, struct json_pull *j, int nest)
{
    struct places p;
    char c = json_peek(j);
    if (c == '{') {
        find_places(j, &p);
        if (r->first_pass)
            note_span(r, &p);
        else
            read_span(r, &p);
    } else if (c == '[' && nest < NEST_MAX) {
        json_enter(j, '[');
        r->found |= nest == 0 && json_peek(j) == ']';
        while (!r->ended && json_item(j))
            read_value(r, j, nest + 1);
    } else {
        json_skip(j);
    }
}

bool zipkin_json_spans(const char *text, size_t len, struct span_draft *d, const struct span_sink *sink,
                       struct sd_error *err)
{
    struct reader r = {.d = d, .sink = sink, .arena = arena_new(), .first_pass = true};
    struct json_pull j = json_pull(text, len);
    read_value(&r, &j, 0);
    r.first_pass = false;
    bool good = r.found && !r.v1;
    j = json_pull(text, len);
    if (good)
        read_value(&r, &j, 0);
    else if (r.v1)
        fail(err, "it is of Zipkin's old format v1 (binaryAnnotations), which is not read; ask Zipkin for "
                  "/api/v2/traces");
    else
        fail(err, "no spans of Zipkin are in it");
    free(r.timed);
    name_index_free(&r.seen);
    span_resource_free(&r.resource);
    struct strbuf *const TEXTS[] = {&r.a,      &r.b,    &r.trace,    &r.id,
                                    &r.parent, &r.name, &r.endpoint, &r.last_endpoint};
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++)
        strbuf_free(TEXTS[i]);
    arena_free(r.arena);
    return good;
}
