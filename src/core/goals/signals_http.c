/* signals_http.c - requests as figures need them: summed by what they match, by the end of their interval. */
#include "core/goals/signals_private.h"

#include <math.h>
#include <stdlib.h>

#include "core/endpoints/buckets.h"
#include "core/endpoints/route.h"
#include "core/goals/bucket_spread.h"

enum {
    FEEDS_MAX = 100000,     /* endpoints by host and evidence that are told apart */
    INSTANCES_MAX = 200000, /* of all groups together */
    LOOK_EVERY = 65536,     /* records between two looks at the memory */
    TEXT_MOST = 1024
};
#define INTERVAL_MAX (86400 * SD_S)
static const char OTHER[] = "(other)", UNKNOWN[] = "(unknown)";

/* Where records of one endpoint, host and evidence go. */
struct target {
    struct http_group *group;
    size_t instance, part;
};
struct feed {
    struct told_endpoint *of;
    struct target *targets;
    size_t n;
    unsigned generation; /* of the groups */
};
struct told_requests {
    struct signals *s;
    struct http_group **groups;
    size_t n_groups, cap_groups;
    struct arena *arena; /* endpoints, texts */
    struct name_index feed_names, endpoint_names;
    struct feed *feeds;
    size_t cap_feeds;
    struct told_endpoint **endpoints, *other;
    size_t cap_endpoints;
    struct feed spare;
    unsigned generation;
    size_t n_instances, n_parts, since_look;
    struct seen seen;
    struct strbuf key;
    struct sd_bucket *wide; /* room for a histogram of someone else's */
};

struct told_requests *told_requests_new(struct signals *s)
{
    struct told_requests *r = mem_alloc(sizeof *r);
    r->s = s;
    r->arena = arena_new();
    r->seen = (struct seen){SD_UNKNOWN, SD_UNKNOWN};
    return r;
}

/* ---- groups ---- */

static void instance_free(struct signal_instance *x)
{
    for (size_t i = 0; i < x->n_parts; i++) {
        request_track_free(&x->parts[i].requests);
        event_track_free(&x->parts[i].events);
    }
    free(x->parts);
}

static void group_clear(struct http_group *g)
{
    for (size_t i = 0; i < g->n; i++)
        instance_free(&g->instances[i]);
    g->n = g->n_order = 0;
    name_index_clear(&g->names);
    g->cut = g->kept_from = SD_UNKNOWN;
}

static void feeds_clear(struct told_requests *r)
{
    for (size_t i = 0; i < r->feed_names.n; i++)
        free(r->feeds[i].targets);
    free(r->spare.targets);
    r->spare = (struct feed){.n = 0};
    name_index_clear(&r->feed_names);
    name_index_clear(&r->endpoint_names);
    r->other = NULL;
}

void told_requests_clear(struct told_requests *r)
{
    for (size_t i = 0; i < r->n_groups; i++)
        group_clear(r->groups[i]);
    feeds_clear(r);
    arena_free(r->arena);
    r->arena = arena_new();
    r->n_instances = r->n_parts = r->since_look = 0;
    r->seen = (struct seen){SD_UNKNOWN, SD_UNKNOWN};
}

void told_requests_free(struct told_requests *r)
{
    told_requests_clear(r);
    for (size_t i = 0; i < r->n_groups; i++) {
        name_index_free(&r->groups[i]->names);
        free(r->groups[i]->instances);
        free(r->groups[i]->order);
        free(r->groups[i]->cache);
        free(r->groups[i]);
    }
    free(r->groups);
    free(r->feeds);
    free(r->endpoints);
    free(r->wide);
    name_index_free(&r->feed_names);
    name_index_free(&r->endpoint_names);
    strbuf_free(&r->key);
    arena_free(r->arena);
    free(r);
}

struct http_group *http_group_of(struct told_requests *r, const struct goal_match *m, enum goal_per per,
                                 int64_t good_below_ns, bool make)
{
    for (size_t i = 0; i < r->n_groups; i++) {
        struct http_group *g = r->groups[i];
        if (g->per == per && g->good_below_ns == good_below_ns && same_match(&g->match, m))
            return g;
    }
    if (!make)
        return NULL;
    struct http_group *g = mem_alloc(sizeof *g);
    r->groups = mem_grow(r->groups, r->n_groups, &r->cap_groups, sizeof(struct http_group *));
    r->groups[r->n_groups++] = g;
    g->match = *m;
    g->per = per;
    g->good_below_ns = good_below_ns;
    g->cut = g->kept_from = SD_UNKNOWN;
    r->generation++;
    return g;
}

static size_t instance_of(struct told_requests *r, struct http_group *g, const char *text)
{
    if (text && r->n_instances >= INSTANCES_MAX && name_index_find(&g->names, text) == NAME_NONE) {
        signals_note(r->s, "Not all endpoints have figures of their own: there are too many.");
        text = OTHER;
    }
    uint32_t i = name_index_of(&g->names, text ? text : "");
    if (i < g->n)
        return i;
    g->instances = mem_grow(g->instances, g->n, &g->cap, sizeof *g->instances);
    g->instances[g->n++] = (struct signal_instance){.text = text, .first = INT64_MAX};
    r->n_instances++;
    return i;
}

static size_t part_of(struct told_requests *r, struct signal_instance *x, const struct told_endpoint *of,
                      int by)
{
    const struct told_endpoint *apart = by == TOLD_BY_LOG ? NULL : of;
    bool one = !apart || apart == r->other; /* else a feed is the only one of its part */
    for (size_t i = 0; one && i < x->n_parts; i++)
        if (x->parts[i].of == apart && x->parts[i].by == by)
            return i;
    x->parts = mem_grow(x->parts, x->n_parts, &x->cap_parts, sizeof *x->parts);
    x->parts[x->n_parts] = (struct told_part){.of = apart, .by = (uint8_t)by};
    r->n_parts++;
    return x->n_parts++;
}

/* ---- where a record goes ---- */

static const char *joined(struct told_requests *r, const char *method, const char *route)
{
    strbuf_clear(&r->key);
    if (method && *method)
        strbuf_printf(&r->key, "%.64s ", method);
    strbuf_printf(&r->key, "%.*s", TEXT_MOST, route ? route : UNKNOWN);
    return r->key.text;
}

static struct told_endpoint *endpoint_of(struct told_requests *r, const char *method, const char *route)
{
    char folded[ROUTE_MAX];
    if (route)
        route_fold_tag(route, folded);
    size_t known = r->endpoint_names.n;
    joined(r, method, route ? folded : NULL);
    uint32_t i = name_index_of_bytes(&r->endpoint_names, r->key.text, r->key.len, r->arena);
    if (i < known)
        return r->endpoints[i];
    r->endpoints = mem_grow(r->endpoints, i, &r->cap_endpoints, sizeof(struct told_endpoint *));
    struct told_endpoint *e = r->endpoints[i] = arena_alloc(r->arena, sizeof *e);
    e->name = arena_strdup(r->arena, joined(r, method, route));
    e->method = method && *method ? arena_strdup(r->arena, method) : NULL;
    e->route = arena_strdup(r->arena, route ? route : UNKNOWN);
    for (int by = 0; by < TOLD_BYS; by++)
        e->seen[by] = (struct seen){SD_UNKNOWN, SD_UNKNOWN};
    return e;
}

/* What it is for is judged by the names of the record itself, also where it has no place of its own. */
static void find_targets(struct told_requests *r, struct feed *f, const char *method, const char *route,
                         const char *host, int by)
{
    f->n = 0;
    f->targets = mem_realloc(f->targets, MAX(r->n_groups, 1) * sizeof *f->targets);
    for (size_t i = 0; i < r->n_groups; i++) {
        struct http_group *g = r->groups[i];
        if (!goal_match_http(&g->match, method, route, host))
            continue;
        const char *text = g->per == GOAL_PER_ENDPOINT ? f->of->name
                           : g->per == GOAL_PER_HOST   ? (host ? arena_strdup(r->arena, host) : UNKNOWN)
                                                       : NULL;
        size_t x = instance_of(r, g, text);
        f->targets[f->n++] =
            (struct target){.group = g, .instance = x, .part = part_of(r, &g->instances[x], f->of, by)};
    }
    f->targets = mem_realloc(f->targets, MAX(f->n, 1) * sizeof *f->targets);
    f->generation = r->generation;
}

static struct feed *feed_of(struct told_requests *r, const char *method, const char *route, const char *host,
                            int by)
{
    strbuf_clear(&r->key);
    strbuf_printf(&r->key, "%.64s\x1f%.*s\x1f%.256s\x1f%d", method ? method : "", TEXT_MOST,
                  route ? route : "", host ? host : "", by);
    uint32_t i = name_index_find(&r->feed_names, r->key.text);
    struct feed *f;
    if (i == NAME_NONE && (r->feed_names.n >= FEEDS_MAX || r->n_parts >= INSTANCES_MAX)) {
        signals_note(r->s, "Not all endpoints have figures of their own: there are too many.");
        if (!r->other)
            r->other = endpoint_of(r, NULL, OTHER);
        f = &r->spare;
        f->of = r->other;
        f->generation = r->generation - 1;
    } else if (i == NAME_NONE) {
        i = name_index_of_bytes(&r->feed_names, r->key.text, r->key.len, r->arena);
        if (i >= r->cap_feeds)
            r->feeds = mem_grow(r->feeds, i, &r->cap_feeds, sizeof *r->feeds);
        f = &r->feeds[i];
        *f = (struct feed){.of = endpoint_of(r, method, route), .generation = r->generation - 1};
    } else {
        f = &r->feeds[i];
    }
    if (f->generation != r->generation)
        find_targets(r, f, method, route, host, by);
    return f;
}

/* ---- records ---- */

static int told_by(const char *word)
{
    return str_eq(word, "traces") ? TOLD_BY_TRACES : str_eq(word, "metrics") ? TOLD_BY_METRICS : TOLD_BY_LOG;
}

static int64_t at_least_0(int64_t v)
{
    return v < 0 ? 0 : v; /* so is what is unknown */
}

static uint32_t count_of(int64_t v)
{
    return v < 0 ? 0 : v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

/* Good is what is not above the bucket that holds the limit. */
static void add_events(struct event_track *t, const struct http_group *g, const struct request_figures *f)
{
    int64_t total = f->slot.judged, bad = f->slot.errors;
    if (g->good_below_ns > 0) {
        uint32_t limit = sd_hist_index(g->good_below_ns);
        total = bad = 0;
        for (uint32_t i = 0; f->latency && i < f->latency->n; i++) {
            const struct sd_bucket *k = &f->latency->buckets[i];
            total += k->count;
            bad += k->index > limit ? k->count : 0;
        }
    }
    if (total)
        event_track_add(t, f->slot.end, total, bad);
}

static void add(struct told_requests *r, const struct feed *f, int by, sd_time begin,
                const struct request_figures *x)
{
    seen_add(&f->of->seen[by], begin, x->slot.end);
    seen_add(&r->seen, begin, x->slot.end);
    for (size_t i = 0; i < f->n; i++) {
        const struct target *t = &f->targets[i];
        struct signal_instance *inst = &t->group->instances[t->instance];
        inst->first = MIN(inst->first, x->slot.end);
        if (t->group->good_below_ns >= 0)
            add_events(&inst->parts[t->part].events, t->group, x);
        else
            request_track_add(&inst->parts[t->part].requests, x, t->group->durations, r->s->room);
        r->since_look++;
    }
}

static void take_http(struct told_requests *r, const struct sd_batch *b, const struct sd_http *h)
{
    int by = told_by(h->evidence);
    const char *host = signals_host_of(r->s, b, h->host);
    int64_t interval = MIN(at_least_0(h->interval_ns), INTERVAL_MAX);
    struct request_figures x = {.latency = h->latency, .min_ns = h->min_ns, .max_ns = h->max_ns};
    int64_t recorded = 0;
    for (uint32_t i = 0; h->latency && i < h->latency->n; i++)
        recorded += h->latency->buckets[i].count;
    x.slot.end = add_sat(batch_time(b), interval);
    x.slot.count = count_of(MAX(at_least_0(h->count), at_least_0(h->timed)));
    x.slot.count = MAX(x.slot.count, count_of(recorded));
    x.slot.judged = x.slot.count;
    x.slot.errors = count_of(sd_known(h->errors) ? h->errors : h->status_5xx);
    if (sd_known(h->bytes)) {
        x.slot.bytes = at_least_0(h->bytes);
        x.slot.sized = x.slot.count;
    }
    add(r, feed_of(r, h->method, h->route, host, by), by, batch_time(b), &x);
}

static void take_latency(struct told_requests *r, const struct sd_batch *b, const struct sd_latency *l)
{
    const char *host = signals_host_of(r->s, b, l->host);
    uint32_t n = l->lower_ns && l->upper_ns && l->counts ? l->lower_ns->n : 0;
    enum buckets_rule rule;
    struct buckets k = {0};
    struct sd_hist h = {.n = 0};
    if (!(l->count > 0 || n))
        return;
    if (!buckets_rule_named(l->rule, &rule))
        rule = BUCKETS_CLASSIC;
    if (!r->wide)
        r->wide = mem_array(SPREAD_ROOM, sizeof *r->wide);
    if (n && n <= SPREAD_BUCKETS && l->upper_ns->n == n && l->counts->n == n &&
        buckets_from_lists(&k, rule, l->lower_ns->items, l->upper_ns->items, l->counts->items, n))
        h = bucket_spread(&k, r->wide);
    double count = fmax(isfinite(l->count) ? l->count : 0, k.n ? buckets_total(&k) : 0);
    struct request_figures x = {.latency = &h, .min_ns = SD_UNKNOWN, .max_ns = SD_UNKNOWN};
    x.slot.end = add_sat(batch_time(b), MIN(at_least_0(l->interval_ns), INTERVAL_MAX));
    x.slot.count = count_of(real_to_int(ceil(count)));
    if (isfinite(l->errors) && l->errors >= 0) {
        x.slot.errors = count_of(real_to_int(l->errors));
        x.slot.judged = x.slot.count;
    }
    if (x.slot.count)
        add(r, feed_of(r, l->method, l->route, host, TOLD_BY_METRICS), TOLD_BY_METRICS, batch_time(b), &x);
    buckets_free(&k);
}

void told_requests_take(struct told_requests *r, const struct sd_batch *b)
{
    const struct sd_http *h;
    const struct sd_latency *l;
    if (!(batch_kinds(b) & (SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_LATENCY))))
        return;
    for (size_t i = 0; (h = batch_each(b, SD_HTTP, &i));)
        take_http(r, b, h);
    for (size_t i = 0; (l = batch_each(b, SD_LATENCY, &i));)
        take_latency(r, b, l);
}

/* ---- what is kept ---- */

static size_t group_bytes(const struct http_group *g)
{
    size_t sum = g->cap * sizeof *g->instances;
    for (size_t i = 0; i < g->n; i++) {
        const struct signal_instance *x = &g->instances[i];
        sum += x->cap_parts * sizeof *x->parts;
        for (size_t k = 0; k < x->n_parts; k++)
            sum += request_track_bytes(&x->parts[k].requests) + event_track_bytes(&x->parts[k].events);
    }
    return sum;
}

size_t told_requests_bytes(const struct told_requests *r)
{
    size_t sum = r->cap_feeds * sizeof *r->feeds + arena_bytes(r->arena);
    for (size_t i = 0; i < r->n_groups; i++)
        sum += group_bytes(r->groups[i]);
    for (size_t i = 0; i < r->feed_names.n; i++)
        sum += r->feeds[i].n * sizeof(struct target);
    return sum;
}

static void group_drop(struct told_requests *r, struct http_group *g, sd_time until)
{
    g->kept_from = MAX(g->kept_from, until);
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < g->instances[i].n_parts; k++) {
            request_track_drop(&g->instances[i].parts[k].requests, until, r->s->room);
            event_track_drop(&g->instances[i].parts[k].events, until);
        }
}

static void group_coarsen(struct told_requests *r, struct http_group *g, sd_time until)
{
    g->kept_from = MAX(g->kept_from, until);
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < g->instances[i].n_parts; k++)
            request_track_coarsen(&g->instances[i].parts[k].requests, until, WHOLE_STEP, r->s->room);
}

static sd_time group_first(const struct http_group *g)
{
    sd_time first = INT64_MAX;
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < g->instances[i].n_parts; k++) {
            const struct told_part *p = &g->instances[i].parts[k];
            if (p->requests.n)
                first = MIN(first, p->requests.slots[0].end);
            if (p->events.n)
                first = MIN(first, p->events.slots[0].at);
        }
    return first;
}

/* The group that takes most gives its older half. */
static bool give_some(struct told_requests *r)
{
    struct http_group *most = NULL;
    size_t bytes = 0;
    for (size_t i = 0; i < r->n_groups; i++) {
        size_t b = group_bytes(r->groups[i]);
        if (b > bytes) {
            bytes = b;
            most = r->groups[i];
        }
    }
    sd_time first = most ? group_first(most) : INT64_MAX;
    if (first >= r->seen.last)
        return false;
    sd_time until = first + (sd_time)(((uint64_t)r->seen.last - (uint64_t)first) / 2);
    most->cut = MAX(most->cut, until);
    group_drop(r, most, until);
    signals_note(r->s, "The oldest requests were left out of the figures: there was no memory for all.");
    return group_bytes(most) < bytes;
}

void told_requests_keep(struct told_requests *r, sd_time last)
{
    enum { TIMES = 64 };
    for (size_t i = 0; i < r->n_groups; i++) {
        struct http_group *g = r->groups[i];
        int64_t span = add_sat(g->window_ns, r->s->limits.keep_ns);
        sd_time until = add_sat(last, -span);
        if (r->s->limits.keep_ns == INT64_MAX ||
            (sd_known(g->kept_from) && add_sat(until, -g->kept_from) <= g->window_ns / 4))
            continue;
        if (g->months)
            group_coarsen(r, g, until);
        else
            group_drop(r, g, until);
    }
    if (r->since_look < LOOK_EVERY)
        return;
    r->since_look = 0;
    for (int i = 0; i < TIMES && told_requests_bytes(r) > r->s->limits.max_bytes && give_some(r); i++)
        ;
}

struct seen told_requests_seen(const struct told_requests *r)
{
    return r->seen;
}

/* ---- asked ---- */

/* Does a better witness of the same endpoint speak of this time? */
static bool told_better(const struct told_part *p, sd_time from, sd_time to)
{
    for (int by = 0; p->of && by < p->by; by++)
        if (sd_known(p->of->seen[by].first) && p->of->seen[by].first < to && p->of->seen[by].last > from)
            return true;
    return false;
}

void http_sum(struct told_requests *r, struct http_group *g, size_t instance, sd_time from, sd_time to,
              struct request_sum *sum, struct hist *h)
{
    *sum = (struct request_sum){.last = SD_UNKNOWN};
    if (h)
        hist_clear(h);
    for (size_t i = 0; instance < g->n && i < g->instances[instance].n_parts; i++) {
        struct told_part *p = &g->instances[instance].parts[i];
        if (!told_better(p, from, to))
            request_track_sum(&p->requests, from, to, sum, h, r->s->room);
    }
}

int64_t http_count(struct told_requests *r, struct http_group *g, sd_time from, sd_time to, bool traced)
{
    struct request_sum sum = {.last = SD_UNKNOWN};
    for (size_t i = 0; g->n && i < g->instances[0].n_parts; i++) {
        struct told_part *p = &g->instances[0].parts[i];
        if (traced ? p->by == TOLD_BY_TRACES : p->by != TOLD_BY_TRACES && !told_better(p, from, to))
            request_track_sum(&p->requests, from, to, &sum, NULL, r->s->room);
    }
    return sum.count;
}

struct event_sum http_events(struct http_group *g, sd_time from, sd_time to)
{
    struct event_sum sum = {.last = SD_UNKNOWN};
    for (size_t i = 0; g->n && i < g->instances[0].n_parts; i++) {
        struct told_part *p = &g->instances[0].parts[i];
        if (told_better(p, from, to))
            continue;
        struct event_sum x = event_track_sum(&p->events, from, to);
        sum.a = add_sat(sum.a, x.a);
        sum.b = add_sat(sum.b, x.b);
        sum.last = MAX(sum.last, x.last);
    }
    return sum;
}

struct named {
    const char *text;
    uint32_t i;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->text, ((const struct named *)b)->text);
}

const uint32_t *http_order(struct http_group *g)
{
    if (g->n_order == g->n)
        return g->order;
    struct named *x = mem_array(g->n, sizeof *x);
    for (size_t i = 0; i < g->n; i++)
        x[i] = (struct named){g->instances[i].text ? g->instances[i].text : "", (uint32_t)i};
    qsort(x, g->n, sizeof *x, by_text);
    g->order = mem_realloc(g->order, g->n * sizeof *g->order);
    for (size_t i = 0; i < g->n; i++)
        g->order[i] = x[i].i;
    g->n_order = g->n;
    free(x);
    return g->order;
}
