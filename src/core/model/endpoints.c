/* endpoints.c - requests by endpoint: deltas into slots. Asking for them is in endpoint_ask.c. */
#include "core/model/endpoint_tracks.h"

#include <math.h>

enum { NAME_BYTES = 1024 };
#define INTERVAL_MAX (86400 * SD_S)

/* A record as a slot's figures; the buckets stay where they are. */
static struct endpoint_slot figures_of(const struct sd_http *r, sd_time at)
{
    struct endpoint_slot f = {
        .count = zero_if_unknown(r->count),
        .bytes = zero_if_unknown(r->bytes),
        .status = {zero_if_unknown(r->status_1xx), zero_if_unknown(r->status_2xx),
                   zero_if_unknown(r->status_3xx), zero_if_unknown(r->status_4xx),
                   zero_if_unknown(r->status_5xx)},
        .min_ns = r->min_ns,
        .max_ns = r->max_ns,
        .queue_ns = sd_known(r->queue_ns) ? zero_if_unknown(r->queue_ns) : SD_UNKNOWN,
        .upstream_ns = sd_known(r->upstream_ns) ? zero_if_unknown(r->upstream_ns) : SD_UNKNOWN,
        .first = sd_known(r->first_at) ? r->first_at : at,
        .last = sd_known(r->last_at) ? r->last_at : at,
    };
    f.errors = sd_known(r->errors) ? zero_if_unknown(r->errors) : f.status[4];
    int64_t recorded = 0, sum = 0;
    for (uint32_t i = 0; r->latency && i < r->latency->n; i++) {
        struct sd_bucket k = r->latency->buckets[i];
        recorded += k.count;
        sum = add_sat(sum, mul_sat(sd_hist_lower(k.index), k.count));
    }
    f.timed = sd_known(r->timed) ? zero_if_unknown(r->timed) : recorded;
    f.total_ns = sd_known(r->total_ns) ? zero_if_unknown(r->total_ns) : sum;
    f.upgraded = zero_if_unknown(r->upgraded);
    f.upgraded_ns = zero_if_unknown(r->upgraded_ns);
    f.count = MAX(f.count, f.timed);
    return f;
}

/* What stands for the requests of many routes. */
static bool is_rest(const char *name)
{
    return !strcmp(name, "(other)") || !strcmp(name, "(not found)");
}

static void remember(struct part *p, struct endpoint *e)
{
    struct endpoints *x = p->state;
    HASH_ADD_KEYPTR(hh, x->hash, e->name, strlen(e->name), e);
    x->items = model_grow(p, x->items, x->n, &x->cap, sizeof *x->items);
    x->items[x->n++] = e;
}

/* The endpoint that this is in other words, "GET /orders/{id}" for "GET /orders/:id", if there is one that
 * other evidence told of. One without such figures only: a log that has both names means two. */
static struct endpoint *in_other_words(struct part *p, const struct name *folded, const char *name, size_t n,
                                       enum evidence by)
{
    struct endpoints *x = p->state;
    struct endpoint *e = folded ? folded->endpoint : NULL;
    if (!e || e->folded_name != folded || e->tracks[by])
        return NULL;
    struct endpoint_alias *a = model_take(p, sizeof *a + n + 1);
    x->bytes += sizeof *a + n + 1;
    a->of = e;
    memcpy(a->name, name, n);
    HASH_ADD_KEYPTR(hh, x->aliases, a->name, n, a);
    return e;
}

static struct endpoint *endpoint_new(struct part *p, const char *name, size_t n, size_t prefix)
{
    struct endpoints *x = p->state;
    struct endpoint *e = model_take(p, sizeof *e);
    x->bytes += sizeof *e;
    e->model = p->model;
    e->name = model_strdup(p, name, n);
    e->method = prefix ? model_strdup(p, name, prefix - 1) : NULL;
    e->route = e->name + prefix;
    remember(p, e);
    return e;
}

/* "GET /orders/:id"; *prefix: bytes before the route. */
static size_t name_of(const char *method, const char *route, char name[NAME_BYTES], size_t *prefix)
{
    *prefix = 0;
    if (method && *method) {
        *prefix = MIN(strlen(method), (size_t)64);
        memcpy(name, method, *prefix);
        name[(*prefix)++] = ' ';
    }
    if (!route)
        route = "(unknown)";
    size_t n = MIN(strlen(route), NAME_BYTES - *prefix - 1);
    memcpy(name + *prefix, route, n);
    name[*prefix + n] = 0;
    return *prefix + n;
}

static struct endpoint *known_by(const struct endpoints *x, const char *name, size_t n)
{
    struct endpoint *e;
    struct endpoint_alias *alias = NULL;
    HASH_FIND(hh, x->hash, name, n, e);
    if (!e)
        HASH_FIND(hh, x->aliases, name, n, alias);
    return alias ? alias->of : e;
}

static struct endpoint *endpoint_of(struct part *p, const char *method, const char *route, enum evidence by);

static struct endpoint *the_others(struct part *p, enum evidence by)
{
    struct endpoints *x = p->state;
    return x->other ? x->other : (x->other = endpoint_of(p, NULL, "(other)", by));
}

static struct endpoint *endpoint_of(struct part *p, const char *method, const char *route, enum evidence by)
{
    struct endpoints *x = p->state;
    char name[NAME_BYTES];
    size_t prefix, n = name_of(method, route, name, &prefix);
    struct endpoint *e = known_by(x, name, n);
    if (e)
        return e;
    /* The rest of the share is for their history. */
    bool rest = is_rest(name), full = !rest && x->n && (x->n >= p->most || x->bytes >= p->share / 4 * 3);
    if (full && x->n_told[by] == x->n_folded) /* none is left that it might be in other words */
        return the_others(p, by);
    char *words = prefix && !rest ? mem_strndup(name, prefix - 1) : NULL;
    struct name *folded = rest ? NULL : link_endpoint_route(p, words, name + prefix);
    free(words);
    if ((e = in_other_words(p, folded, name, n, by)))
        return e;
    if (full)
        return the_others(p, by);
    e = endpoint_new(p, name, n, prefix);
    if (!rest) {
        e->folded_name = folded;
        x->n_folded += folded != NULL;
        e->folded_route = e->method ? link_endpoint_route(p, NULL, e->route) : folded;
        if (e->folded_name && !e->folded_name->endpoint)
            e->folded_name->endpoint = e;
        if (e->folded_route && !e->folded_route->endpoint)
            e->folded_route->endpoint = e;
    }
    return e;
}

struct endpoint *endpoint_seen(struct model *m, const char *method, const char *route, enum evidence by)
{
    return endpoint_of(&m->parts[DOMAIN_endpoints], method, route, by);
}

static struct track *track_of(struct part *p, struct endpoint *e, enum evidence by)
{
    struct endpoints *x = p->state;
    struct track *t = e->tracks[by];
    if (t)
        return t;
    x->bytes += sizeof *t;
    x->n_told[by] += e->folded_name != NULL;
    return e->tracks[by] = track_new(p);
}

enum evidence evidence_of(const char *word)
{
    return str_eq(word, "traces")    ? EVIDENCE_TRACES
           : str_eq(word, "metrics") ? EVIDENCE_METRICS
                                     : EVIDENCE_LOG;
}

static void add(struct part *p, struct endpoint *e, enum evidence by, sd_time at, int64_t interval,
                const struct endpoint_slot *f, const struct sd_hist *h)
{
    struct endpoints *x = p->state;
    x->bytes += track_add(p, track_of(p, e, by), at, MIN(interval, INTERVAL_MAX), f, h);
}

static void http_add(struct part *p, sd_time at, const struct sd_http *r)
{
    enum evidence by = evidence_of(r->evidence);
    struct endpoint *e = endpoint_of(p, r->method, r->route, by);
    struct endpoint_slot f = figures_of(r, at);
    add(p, e, by, at, r->interval_ns, &f, r->latency);
}

static void latency_add(struct part *p, sd_time at, const struct sd_latency *r)
{
    struct wide_room *room = mem_alloc(sizeof *room);
    struct wide w = wide_of(r, room);
    if (w.count > 0) {
        struct endpoint *e = endpoint_of(p, r->method, r->route, EVIDENCE_METRICS);
        struct endpoint_slot f = {.wide = &w};
        endpoint_slot_start(&f);
        f.count = real_to_int(ceil(w.count));
        f.first = at;
        f.last = add_sat(at, MIN(zero_if_unknown(r->interval_ns), INTERVAL_MAX));
        add(p, e, EVIDENCE_METRICS, at, r->interval_ns, &f, NULL);
    }
    free(room);
}

static void endpoints_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    const struct sd_http *r;
    const struct sd_latency *l;
    (void)o;
    for (size_t i = 0; (r = batch_each(b, SD_HTTP, &i));)
        http_add(p, batch_time(b), r);
    for (size_t i = 0; (l = batch_each(b, SD_LATENCY, &i));)
        latency_add(p, batch_time(b), l);
}

static sd_time later(const struct sd_batch *b, sd_time to, int64_t interval)
{
    return interval > 0 && interval < 3600 * SD_S ? MAX(to, batch_time(b) + interval) : to;
}

static sd_time endpoints_until(const struct sd_batch *b)
{
    const struct sd_http *r;
    const struct sd_latency *l;
    sd_time to = batch_time(b);
    for (size_t i = 0; (r = batch_each(b, SD_HTTP, &i));)
        to = later(b, to, r->interval_ns);
    for (size_t i = 0; (l = batch_each(b, SD_LATENCY, &i));)
        to = later(b, to, l->interval_ns);
    return to;
}

/* Every track there is: NULL after the last. `i` begins at 0. */
static struct track *each_track(const struct endpoints *x, size_t *i)
{
    for (; *i < x->n * EVIDENCES; ++*i) {
        struct track *t = x->items[*i / EVIDENCES]->tracks[*i % EVIDENCES];
        if (t) {
            ++*i;
            return t;
        }
    }
    return NULL;
}

static void endpoints_drop(struct part *p, sd_time before)
{
    struct track *t;
    for (size_t i = 0; (t = each_track(p->state, &i));)
        slots_drop(p, &t->slots, before, &endpoint_slot_ops);
}

static void endpoints_thin(struct part *p, sd_time before, int64_t width)
{
    struct track *t;
    for (size_t i = 0; (t = each_track(p->state, &i));)
        slots_thin(p, &t->slots, before, width, &endpoint_slot_ops);
}

static bool endpoints_less(struct part *p, size_t want)
{
    struct track *t;
    const struct slots *largest = NULL;
    for (size_t i = 0; (t = each_track(p->state, &i));)
        largest = slots_larger(largest, &t->slots);
    return slots_less(p, largest, want, endpoints_thin, endpoints_drop);
}

static void endpoints_clear(struct part *p)
{
    struct endpoints *x = p->state;
    struct endpoint_alias *a, *next;
    struct track *t;
    HASH_ITER(hh, x->aliases, a, next)
    {
        HASH_DEL(x->aliases, a);
        model_give(p, a, sizeof *a + strlen(a->name) + 1);
    }
    HASH_CLEAR(hh, x->hash);
    for (size_t i = 0; (t = each_track(x, &i));)
        track_free(p, t);
    for (size_t i = 0; i < x->n; i++) {
        struct endpoint *e = x->items[i];
        model_strfree(p, e->name);
        model_strfree(p, e->method);
        model_give(p, e, sizeof *e);
    }
    model_resize(p, x->items, x->cap, 0, sizeof *x->items);
}

const struct domain endpoints_domain = {
    .name = "endpoints",
    .kinds = SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_LATENCY),
    .is_data = true,
    .state_size = sizeof(struct endpoints),
    .apply = endpoints_apply,
    .until = endpoints_until,
    .drop = endpoints_drop,
    .less = endpoints_less,
    .clear = endpoints_clear,
};
