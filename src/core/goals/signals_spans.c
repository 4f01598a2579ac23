/* signals_spans.c - statements of traces: each at the moment it ends, for every request that encloses it.
 *
 * The requests are the spans of servers above a statement. Spans of one trace come in several batches, in any
 * order: the newest are remembered by their ids, and a statement counts at once for those above it that are
 * known, and waits for the first one that is not. Nobody asks for requests when no figure is about a route;
 * then nothing is remembered. */
#include "core/goals/signals_calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/endpoints/route.h"
#include "core/schema.h"

enum {
    SLOTS = 1 << 17,      /* of one half of the memory of spans: spans in SLOTS / 2 of them */
    WAITING_MOST = 65536, /* of one half of the statements that wait */
    ENDPOINTS_MOST = 10000,
    ABOVE_MOST = 8, /* requests that enclose one statement */
    DEEPEST = 256,
    SERVER = 2 /* span_kind */
};
#define END_MAX ((sd_time)8000000000000000000)

struct seen_span {
    uint64_t key, parent; /* 0: a free place; a root */
    uint32_t endpoint;    /* NAME_NONE: it is no request */
};
struct seen_endpoint {
    uint32_t *groups; /* that its requests are in, whatever the host */
    size_t n;
};
/* A statement, and the span above it that has not come yet. */
struct waiting {
    uint64_t missing; /* 0: it waits no more */
    sd_time end;
    int64_t ns;
    const char *host;
    uint32_t next;              /* of those with alike keys; 0: none, else its number + 1 */
    uint32_t given[ABOVE_MOST]; /* endpoints that it counts for */
    uint32_t n_given;
};
struct waiting_half {
    struct waiting *items; /* NULL: none */
    uint32_t *heads;       /* of SLOTS keys */
    size_t n;
};
struct told_spans {
    struct told_calls *c;
    struct arena *arena;
    struct name_index names, hosts; /* "GET /orders/:id" */
    struct seen_endpoint *endpoints;
    size_t cap_endpoints;
    struct seen_span *half[2]; /* the younger first; NULL: nothing is remembered yet */
    size_t n_young;
    struct waiting_half waiting[2];
    bool any; /* statement was there */
    uint64_t stamp;
    struct strbuf key;
};

struct told_spans *told_spans_new(struct told_calls *c)
{
    struct told_spans *t = mem_alloc(sizeof *t);
    t->c = c;
    t->arena = arena_new();
    return t;
}

static void waiting_free(struct waiting_half *h)
{
    free(h->items);
    free(h->heads);
    *h = (struct waiting_half){.n = 0};
}

void told_spans_clear(struct told_spans *t)
{
    for (size_t i = 0; i < t->names.n; i++)
        free(t->endpoints[i].groups);
    name_index_clear(&t->names);
    name_index_clear(&t->hosts);
    for (int i = 0; i < 2; i++) {
        free(t->half[i]);
        t->half[i] = NULL;
        waiting_free(&t->waiting[i]);
    }
    t->n_young = 0;
    t->any = false;
    arena_free(t->arena);
    t->arena = arena_new();
}

void told_spans_free(struct told_spans *t)
{
    told_spans_clear(t);
    name_index_free(&t->names);
    name_index_free(&t->hosts);
    free(t->endpoints);
    strbuf_free(&t->key);
    arena_free(t->arena);
    free(t);
}

size_t told_spans_bytes(const struct told_spans *t)
{
    size_t sum = arena_bytes(t->arena);
    for (int i = 0; i < 2; i++) {
        sum += t->half[i] ? SLOTS * sizeof **t->half : 0;
        sum += t->waiting[i].items ? WAITING_MOST * sizeof(struct waiting) + SLOTS * sizeof(uint32_t) : 0;
    }
    return sum;
}

/* ---- columns ---- */

static sd_time end_of(const struct sd_spans *r, size_t i)
{
    sd_time start = list_int(r->start, i), end = add_sat(start, MAX(list_int(r->duration, i), 0));
    return sd_known(start) && end >= 0 && end <= END_MAX ? end : SD_UNKNOWN;
}

/* ---- spans by their ids ---- */

static uint64_t key_of(const char *trace, const char *id)
{
    if (!trace || !id || !*id)
        return 0;
    uint64_t key = str_hash(trace, strlen(trace)) * 0x9e3779b97f4a7c15u ^ str_hash(id, strlen(id));
    return key ? key : 1;
}

static struct seen_span *place_of(struct seen_span *half, uint64_t key)
{
    size_t i = (size_t)((key * 0x9e3779b97f4a7c15u) >> 40) % SLOTS;
    while (half[i].key && half[i].key != key)
        i = (i + 1) % SLOTS;
    return &half[i];
}

static const struct seen_span *find_span(const struct told_spans *t, uint64_t key)
{
    for (int i = 0; i < 2 && key; i++) {
        const struct seen_span *s = t->half[i] ? place_of(t->half[i], key) : NULL;
        if (s && s->key)
            return s;
    }
    return NULL;
}

static void remember(struct told_spans *t, const struct seen_span *s)
{
    if (t->n_young >= SLOTS / 2) { /* the older half is forgotten */
        free(t->half[1]);
        t->half[1] = t->half[0];
        t->half[0] = NULL;
        t->n_young = 0;
    }
    if (!t->half[0])
        t->half[0] = mem_array(SLOTS, sizeof **t->half);
    struct seen_span *at = place_of(t->half[0], s->key);
    t->n_young += !at->key;
    *at = *s;
}

/* ---- requests ---- */

static void find_groups(struct told_spans *t, struct seen_endpoint *e, const char *method, const char *route)
{
    e->groups = mem_array(t->c->n, sizeof *e->groups);
    for (size_t i = 0; i < t->c->n; i++) {
        struct goal_match anywhere = t->c->groups[i].match;
        anywhere.host = NULL;
        if (t->c->groups[i].of_requests && goal_match_http(&anywhere, method, route, NULL))
            e->groups[e->n++] = (uint32_t)i;
    }
}

/* As format/traces/span_rates.c names what it makes of the same spans. */
static uint32_t endpoint_of(struct told_spans *t, const char *method, const char *tag, const char *path)
{
    char route[ROUTE_MAX];
    if (!method || (!tag && !path))
        return NAME_NONE;
    if (tag)
        route_fold_tag(tag, route);
    else
        route_fold(NULL, path, strlen(path), route);
    strbuf_clear(&t->key);
    strbuf_printf(&t->key, "%.20s %s", method, route);
    uint32_t i = name_index_find(&t->names, t->key.text);
    if (i != NAME_NONE || t->names.n >= ENDPOINTS_MOST)
        return i;
    i = name_index_of_bytes(&t->names, t->key.text, t->key.len, t->arena);
    if (i >= t->cap_endpoints)
        t->endpoints = mem_grow(t->endpoints, i, &t->cap_endpoints, sizeof *t->endpoints);
    char cut[24];
    snprintf(cut, sizeof cut, "%.20s", method);
    t->endpoints[i] = (struct seen_endpoint){0};
    find_groups(t, &t->endpoints[i], cut, route);
    return i;
}

/* What attributes tell of a request; the newer name first. */
enum { METHOD, ROUTE, PATH, ROLES };
static const struct {
    const char *key;
    uint8_t role, rank;
} KEYS[] = {{"http.request.method", METHOD, 2}, {"http.method", METHOD, 1},
            {"http.route", ROUTE, 1},           {"url.path", PATH, 3},
            {"http.target", PATH, 2},           {"http.path", PATH, 1}};

/* *at: the next attribute, which are in the order of their spans. */
static uint32_t request_of(struct told_spans *t, const struct sd_spans *r, size_t span, size_t *at)
{
    const char *values[ROLES] = {NULL};
    uint8_t ranks[ROLES] = {0};
    for (; *at < (r->of_span ? r->of_span->n : 0) && r->of_span->items[*at] <= (int64_t)span; ++*at) {
        const char *key = list_text(r->keys, list_int(r->of_key, *at));
        for (size_t k = 0; key && r->of_span->items[*at] == (int64_t)span && k < ARRAY_LEN(KEYS); k++)
            if (KEYS[k].rank > ranks[KEYS[k].role] && str_eq(key, KEYS[k].key)) {
                ranks[KEYS[k].role] = KEYS[k].rank;
                values[KEYS[k].role] = list_text(r->of_value, (int64_t)*at);
            }
    }
    return list_int(r->span_kind, span) == SERVER
               ? endpoint_of(t, values[METHOD], values[ROUTE], values[PATH])
               : NAME_NONE;
}

/* ---- statements ---- */

static struct request_figures figures_of(sd_time end, int64_t ns, struct sd_bucket *room, struct sd_hist *h)
{
    *room = (struct sd_bucket){.index = sd_hist_index(ns), .count = 1};
    *h = (struct sd_hist){.n = 1, .buckets = room};
    return (struct request_figures){
        .slot = {.end = end, .count = 1}, .latency = h, .min_ns = ns, .max_ns = ns};
}

static void mark(struct told_spans *t, uint32_t endpoint)
{
    const struct seen_endpoint *e = &t->endpoints[endpoint];
    for (size_t i = 0; i < e->n; i++)
        t->c->groups[e->groups[i]].stamp = t->stamp;
}

/* To the groups of one more request above; those that have it are marked. */
static void give(struct told_spans *t, struct waiting *w, uint32_t endpoint)
{
    struct sd_bucket room;
    struct sd_hist h;
    struct request_figures x = figures_of(w->end, w->ns, &room, &h);
    const struct seen_endpoint *e = &t->endpoints[endpoint];
    for (size_t i = 0; i < e->n; i++) {
        struct call_group *g = &t->c->groups[e->groups[i]];
        if (g->stamp != t->stamp && call_group_has_host(g, w->host))
            told_calls_add(t->c, g, CALLS_BY_SPANS, &x);
        g->stamp = t->stamp;
    }
    if (w->n_given < ABOVE_MOST)
        w->given[w->n_given++] = endpoint;
}

static void wait_for(struct told_spans *t, struct waiting w)
{
    struct waiting_half *young = &t->waiting[0];
    if (young->n >= WAITING_MOST) { /* the older half waits no more */
        waiting_free(&t->waiting[1]);
        t->waiting[1] = *young;
        *young = (struct waiting_half){.n = 0};
    }
    if (!young->items) {
        young->items = mem_array(WAITING_MOST, sizeof *young->items);
        young->heads = mem_array(SLOTS, sizeof *young->heads);
    }
    uint32_t *head = &young->heads[w.missing % SLOTS];
    w.next = *head;
    young->items[young->n++] = w;
    *head = (uint32_t)young->n;
}

/* From the span that was missing up to the root, or to the next one that is. */
static void climb(struct told_spans *t, struct waiting w)
{
    t->stamp++;
    for (uint32_t i = 0; i < w.n_given; i++)
        mark(t, w.given[i]);
    for (int deep = 0; w.missing && deep < DEEPEST; deep++) {
        const struct seen_span *s = find_span(t, w.missing);
        if (!s) {
            wait_for(t, w);
            return;
        }
        if (s->endpoint != NAME_NONE)
            give(t, &w, s->endpoint);
        w.missing = s->parent;
    }
}

static void wake(struct told_spans *t, uint64_t key)
{
    for (int i = 0; i < 2; i++) {
        struct waiting_half *h = &t->waiting[i];
        struct waiting *items = h->items; /* climbing may make the younger half the older */
        for (uint32_t k = items ? h->heads[key % SLOTS] : 0; k;) {
            struct waiting *w = &items[k - 1];
            k = w->next;
            if (w->missing != key)
                continue;
            struct waiting copy = *w;
            w->missing = 0;
            climb(t, copy);
            if (h->items != items)
                return; /* a half was given up: what it waited for is late by tens of thousands */
        }
    }
}

static void remember_all(struct told_spans *t, const struct sd_spans *r)
{
    size_t at = 0;
    for (size_t i = 0; i < (r->trace ? r->trace->n : 0); i++) {
        const char *trace = list_text(r->traces, list_int(r->trace, i));
        struct seen_span s = {.key = key_of(trace, list_text(r->id, (int64_t)i)),
                              .parent = key_of(trace, list_text(r->parent, (int64_t)i))};
        s.endpoint = request_of(t, r, i, &at);
        if (!s.key)
            continue;
        remember(t, &s);
        wake(t, s.key);
    }
}

static void take_statement(struct told_spans *t, const struct sd_spans *r, size_t i, const char *host)
{
    sd_time end = end_of(r, i);
    int64_t ns = list_int(r->duration, i);
    const char *text = list_text(r->statements, list_int(r->statement, i));
    if (!text || !*text || !sd_known(end) || ns < 0)
        return;
    struct sd_bucket room;
    struct sd_hist h;
    struct request_figures x = figures_of(end, ns, &room, &h);
    t->any = true;
    for (size_t g = 0; g < t->c->n; g++)
        if (!t->c->groups[g].of_requests && call_group_has_host(&t->c->groups[g], host))
            told_calls_add(t->c, &t->c->groups[g], CALLS_BY_SPANS, &x);
    const char *trace = list_text(r->traces, list_int(r->trace, i));
    if (t->c->of_requests)
        climb(t, (struct waiting){.missing = key_of(trace, list_text(r->parent, (int64_t)i)),
                                  .end = end,
                                  .ns = ns,
                                  .host = host});
}

/* Hosts are few: one copy of each. */
static const char *kept_host(struct told_spans *t, const char *host)
{
    if (!host)
        return NULL;
    uint32_t i = name_index_of_bytes(&t->hosts, host, strlen(host), t->arena);
    return t->hosts.names[i];
}

void told_spans_take(struct told_spans *t, const struct sd_batch *b)
{
    const struct sd_spans *r;
    const char *host = kept_host(t, signals_host_of(t->c->s, b, NULL));
    for (size_t k = 0; (r = batch_each(b, SD_SPANS, &k));) {
        if (t->c->of_requests)
            remember_all(t, r);
        for (size_t i = 0; i < (r->trace ? r->trace->n : 0); i++)
            take_statement(t, r, i, host);
    }
}

/* ---- asked ---- */

bool told_spans_any(const struct told_spans *t)
{
    return t->any;
}
