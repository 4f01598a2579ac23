#include "core/goals/signals.h"

#include <math.h>
#include <stdlib.h>

#include "core/goals/signals_private.h"

#define TIME_MAX ((sd_time)8000000000000000000)
#define LEAP     (86400 * SD_S)
#define ALL_TIME (INT64_MAX / 2)
enum { LEAPS = 8, SLO_DRAWN = 4 };

const struct signals_limits SIGNALS_DEFAULTS = {.keep_ns = 0, .max_bytes = (size_t)128 << 20};

/* Values of a group that were asked last. */
struct value_cache {
    uint64_t version;
    enum goal_signal signal;
    double quantile;
    sd_time at;
    int64_t window_ns;
    bool live;
    size_t n;
    struct signal_value items[];
};

static bool of_requests(enum goal_signal s)
{
    return s <= GOAL_HTTP_BYTES;
}

static struct http_group *want_requests(struct signals *s, const struct goal_figure *f, int64_t window_ns,
                                        enum goal_per per)
{
    struct http_group *g = http_group_of(s->requests, &f->match, per, -1, true);
    g->durations |= f->signal == GOAL_HTTP_LATENCY;
    g->window_ns = MAX(g->window_ns, window_ns);
    return g;
}

static void want(struct signals *s, const struct goal_figure *f, int64_t window_ns, bool months)
{
    int64_t all = months ? ALL_TIME : window_ns;
    if (of_requests(f->signal)) {
        want_requests(s, f, window_ns, f->per)->months |= months;
    } else if (f->signal == GOAL_METRIC) {
        told_metrics_want(s->metrics, f, all);
    } else if (f->signal == GOAL_DB_LATENCY || f->signal == GOAL_DB_CALLS) {
        told_statements_want(s->statements, f, all);
        told_calls_want(s->calls, f, window_ns, months);
        if (f->signal == GOAL_DB_CALLS)
            want_requests(s, f, window_ns, GOAL_TOTAL)->months |= months;
    }
}

/* ---- the store ---- */

struct signals *signals_new(const struct goal_policy *p, const struct signals_limits *limits)
{
    struct signals *s = mem_alloc(sizeof *s);
    s->policy = p;
    s->limits = limits ? *limits : SIGNALS_DEFAULTS;
    s->arena = arena_new();
    s->room = mem_alloc(sizeof *s->room);
    hist_clear(s->room);
    s->requests = told_requests_new(s);
    s->metrics = told_metrics_new(s);
    s->statements = told_statements_new(s);
    s->calls = told_calls_new(s);
    s->pages = told_pages_new(s);
    s->seen = (struct seen){SD_UNKNOWN, SD_UNKNOWN};
    s->last = SD_UNKNOWN;
    for (size_t i = 0; i < p->n_kpis; i++)
        signals_want(s, &p->kpis[i].figure, p->kpis[i].figure.window_ns);
    for (size_t i = 0; i < p->n_budgets; i++)
        signals_want(s, &p->budgets[i].figure, p->budgets[i].figure.window_ns);
    for (size_t i = 0; i < p->n_targets; i++) {
        const struct goal_kpi *k = policy_kpi(p, p->targets[i].kpi);
        if (k) /* its months are figures of a whole month each */
            want(s, &k->figure, k->figure.window_ns, true);
    }
    for (size_t i = 0; i < p->n_slos; i++) {
        const struct goal_slo *o = &p->slos[i];
        struct http_group *g =
            http_group_of(s->requests, &o->figure.match, GOAL_TOTAL,
                          o->figure.signal == GOAL_HTTP_LATENCY ? MAX(o->good_below_ns, 1) : 0, true);
        g->window_ns = MAX(g->window_ns, o->window_ns);
        if (o->figure.signal == GOAL_HTTP_LATENCY && o->n_pairs) /* what proves its burn */
            want_requests(s, &o->figure, mul_sat(o->pairs[0].long_ns, SLO_DRAWN), GOAL_TOTAL);
        for (size_t k = 0; k < o->n_pairs; k++)
            g->window_ns = MAX(g->window_ns, o->pairs[k].long_ns);
    }
    return s;
}

void signals_free(struct signals *s)
{
    if (!s)
        return;
    told_requests_free(s->requests);
    told_metrics_free(s->metrics);
    told_statements_free(s->statements);
    told_calls_free(s->calls);
    told_pages_free(s->pages);
    name_index_free(&s->origins);
    free(s->origin_hosts);
    free(s->room);
    arena_free(s->arena);
    free(s);
}

void signals_want(struct signals *s, const struct goal_figure *f, int64_t window_ns)
{
    want(s, f, window_ns, false);
}

void signals_clear(struct signals *s)
{
    told_requests_clear(s->requests);
    told_metrics_clear(s->metrics);
    told_statements_clear(s->statements);
    told_calls_clear(s->calls);
    told_pages_clear(s->pages);
    name_index_clear(&s->origins);
    s->seen = (struct seen){SD_UNKNOWN, SD_UNKNOWN};
    s->last = SD_UNKNOWN;
    s->leaps = 0;
    s->n_notes = 0;
    s->version++;
}

void signals_set_live(struct signals *s, bool live)
{
    s->live = live;
}

void signals_set_host(struct signals *s, const char *host)
{
    s->host = arena_strdup(s->arena, host);
}

void signals_note(struct signals *s, const char *sentence)
{
    for (size_t i = 0; i < s->n_notes; i++)
        if (str_eq(s->notes[i], sentence))
            return;
    if (s->n_notes < ARRAY_LEN(s->notes))
        s->notes[s->n_notes++] = sentence;
}

size_t signals_notes(const struct signals *s, const char *out[], size_t max)
{
    size_t n = MIN(s->n_notes, max);
    for (size_t i = 0; i < n; i++)
        out[i] = s->notes[i];
    return n;
}

/* ---- whose records these are ---- */

static void take_states(struct signals *s, const struct sd_batch *b)
{
    const struct sd_status *r;
    for (size_t i = 0; (r = batch_each(b, SD_STATUS, &i));) {
        if (!r->host || !batch_origin(b))
            continue;
        size_t known = s->origins.n;
        uint32_t o = name_index_of_bytes(&s->origins, batch_origin(b), strlen(batch_origin(b)), s->arena);
        if (o == known) {
            s->origin_hosts = mem_grow(s->origin_hosts, o, &s->cap_hosts, sizeof *s->origin_hosts);
            s->origin_hosts[o] = NULL;
        }
        if (!str_eq(s->origin_hosts[o], r->host))
            s->origin_hosts[o] = arena_strdup(s->arena, r->host);
    }
}

const char *signals_host_of(const struct signals *s, const struct sd_batch *b, const char *named)
{
    if (named && *named)
        return named;
    if (batch_machine(b))
        return batch_machine(b);
    uint32_t o = batch_origin(b) ? name_index_find(&s->origins, batch_origin(b)) : NAME_NONE;
    return o != NAME_NONE && s->origin_hosts[o] ? s->origin_hosts[o] : s->host;
}

bool same_match(const struct goal_match *a, const struct goal_match *b)
{
    bool same = str_eq(a->method, b->method) && str_eq(a->route, b->route) && str_eq(a->host, b->host) &&
                str_eq(a->alert, b->alert) && str_eq(a->instance, b->instance) &&
                str_eq(a->severity, b->severity) && a->n_labels == b->n_labels;
    for (size_t i = 0; same && i < a->n_labels; i++)
        same = str_eq(a->labels[i].name, b->labels[i].name) &&
               str_eq(a->labels[i].pattern, b->labels[i].pattern);
    return same;
}

/* ---- time ---- */

void seen_add(struct seen *s, sd_time from, sd_time to)
{
    s->first = sd_known(s->first) ? MIN(s->first, from) : from;
    s->last = MAX(s->last, to); /* unknown is the smallest */
}

static void note_time(struct signals *s, const struct sd_batch *b)
{
    const struct sd_http *h;
    const struct sd_latency *l;
    const struct sd_spans *p;
    sd_time from = batch_time(b), to = batch_time(b);
    for (size_t i = 0; (p = batch_each(b, SD_SPANS, &i));)
        for (size_t k = 0; p->start && k < p->start->n; k++)
            if (p->start->items[k] >= batch_time(b) - LEAP && p->start->items[k] < from)
                from = p->start->items[k];
    for (size_t i = 0; (h = batch_each(b, SD_HTTP, &i));)
        if (h->interval_ns > 0 && h->interval_ns <= LEAP)
            to = MAX(to, batch_time(b) + h->interval_ns);
    for (size_t i = 0; (l = batch_each(b, SD_LATENCY, &i));)
        if (l->interval_ns > 0 && l->interval_ns <= LEAP)
            to = MAX(to, batch_time(b) + l->interval_ns);
    seen_add(&s->seen, from, to);
    sd_time begun = batch_time(b); /* nobody asks for a moment before it, but for one before its end */
    if (sd_known(s->last) && begun > s->last && begun - s->last > LEAP && ++s->leaps < LEAPS)
        return;
    if (begun > s->last) {
        s->last = begun;
        s->leaps = 0;
    }
}

void signals_take(struct signals *s, const struct sd_batch *b)
{
    sd_kinds data = batch_kinds(b) & ~(SD_KIND_BIT(SD_STATUS) | SD_KIND_BIT(SD_INTAKE));
    if (batch_time(b) > TIME_MAX || batch_time(b) < -TIME_MAX)
        return;
    take_states(s, b);
    if (!data)
        return;
    s->version++;
    told_requests_take(s->requests, b);
    told_metrics_take(s->metrics, b);
    told_statements_take(s->statements, b);
    told_calls_take(s->calls, b);
    told_pages_take(s->pages, b);
    note_time(s, b);
    told_requests_keep(s->requests, s->last);
    told_metrics_keep(s->metrics, s->last);
    told_statements_keep(s->statements, s->last);
    told_calls_keep(s->calls, s->last);
}

sd_time signals_first(const struct signals *s)
{
    return s->seen.first;
}

sd_time signals_last(const struct signals *s)
{
    return s->seen.last;
}

uint64_t signals_version(const struct signals *s)
{
    return s->version;
}

size_t signals_bytes(const struct signals *s)
{
    return told_requests_bytes(s->requests) + told_metrics_bytes(s->metrics) +
           told_statements_bytes(s->statements) + told_calls_bytes(s->calls);
}

/* ---- figures of requests ---- */

static double share(int64_t a, int64_t b)
{
    return b > 0 ? (double)a / (double)b : (double)NAN;
}

static struct signal_value request_value(const struct signals *s, const struct goal_figure *f,
                                         const struct request_sum *sum, const struct hist *h,
                                         int64_t window_ns)
{
    struct signal_value v = {
        .unit = goal_signal_unit(f->signal), .basis = "count", .samples = sum->count, .at = sum->last};
    int64_t ns;
    switch (f->signal) {
    case GOAL_HTTP_LATENCY:
        ns = hist_quantile(h, f->quantile);
        v.value = sd_known(ns) ? (double)ns : (double)NAN;
        v.samples = (int64_t)MIN(h->count, (uint64_t)INT64_MAX);
        v.basis = "histogram";
        break;
    case GOAL_HTTP_ERRORS:
        v.value = share(sum->errors, sum->judged);
        v.samples = sum->judged;
        break;
    case GOAL_HTTP_BYTES:
        v.value = share(sum->bytes, sum->sized);
        v.samples = sum->sized;
        break;
    default:
        v.value = (sum->count || s->live) && window_ns > 0 ? (double)sum->count / ((double)window_ns / 1e9)
                                                           : (double)NAN;
    }
    return v;
}

static struct signal_value value_of(struct signals *s, struct http_group *g, size_t instance,
                                    const struct goal_figure *f, sd_time at, int64_t window_ns,
                                    struct hist *h)
{
    struct request_sum sum;
    bool durations = f->signal == GOAL_HTTP_LATENCY;
    http_sum(s->requests, g, instance, add_sat(at, -window_ns), at, &sum, durations ? h : NULL);
    struct signal_value v = request_value(s, f, &sum, h, window_ns);
    v.instance = instance < g->n ? g->instances[instance].text : NULL;
    return v;
}

static bool is_cached(const struct signals *s, const struct value_cache *c, const struct goal_figure *f,
                      sd_time at, int64_t window_ns)
{
    return c && c->version == s->version && c->signal == f->signal && c->at == at &&
           c->window_ns == window_ns && c->live == s->live &&
           (f->signal != GOAL_HTTP_LATENCY || !(c->quantile < f->quantile || c->quantile > f->quantile));
}

static void cache_values(struct signals *s, struct http_group *g, const struct goal_figure *f, sd_time at,
                         int64_t window_ns)
{
    if (is_cached(s, g->cache, f, at, window_ns))
        return;
    struct hist *h = mem_alloc(sizeof *h);
    struct value_cache *c = g->cache = mem_realloc(g->cache, sizeof *c + MAX(g->n, 1) * sizeof *c->items);
    *c = (struct value_cache){.version = s->version,
                              .signal = f->signal,
                              .quantile = f->quantile,
                              .at = at,
                              .window_ns = window_ns,
                              .live = s->live};
    hist_clear(h);
    const uint32_t *order = g->per == GOAL_TOTAL ? NULL : http_order(g);
    for (size_t i = 0; i < (order ? g->n : 1); i++)
        if (!order || g->instances[order[i]].first <= at)
            c->items[c->n++] = value_of(s, g, order ? order[i] : 0, f, at, window_ns, h);
    free(h);
}

static size_t request_values(struct signals *s, const struct goal_figure *f, sd_time at, int64_t window_ns,
                             struct signal_value *out, size_t max)
{
    struct http_group *g = http_group_of(s->requests, &f->match, f->per, -1, false);
    if (!g) {
        *out = (struct signal_value){
            .value = (double)NAN, .unit = goal_signal_unit(f->signal), .at = SD_UNKNOWN};
        return f->per == GOAL_TOTAL;
    }
    cache_values(s, g, f, at, window_ns);
    size_t n = MIN(g->cache->n, max);
    memcpy(out, g->cache->items, n * sizeof *out);
    return n;
}

size_t signals_values(struct signals *s, const struct goal_figure *f, sd_time at, int64_t window_ns,
                      struct signal_value *out, size_t max)
{
    if (!max)
        return 0;
    if (of_requests(f->signal))
        return request_values(s, f, at, window_ns, out, max);
    if (f->signal == GOAL_METRIC)
        return told_metrics_values(s->metrics, f, at, window_ns, out, max);
    if (f->signal != GOAL_DB_LATENCY && f->signal != GOAL_DB_CALLS)
        return told_pages_values(s->pages, f, at, out, max);
    *out = statement_value(s, f, at, window_ns);
    return 1;
}

size_t signals_most(struct signals *s, const struct goal_figure *f)
{
    if (f->signal == GOAL_METRIC)
        return told_metrics_most(s->metrics, f);
    if (f->signal >= GOAL_BUNDLE_JS)
        return told_pages_most(s->pages);
    struct http_group *g = of_requests(f->signal) && f->per != GOAL_TOTAL
                               ? http_group_of(s->requests, &f->match, f->per, -1, false)
                               : NULL;
    return g ? g->n : 1;
}

unsigned signals_witnesses(struct signals *s, const struct goal_figure *f)
{
    unsigned out = f->signal == GOAL_HTTP_LATENCY;
    for (int by = 0; f->signal == GOAL_DB_LATENCY && by < CALLS_BYS; by++)
        out |= told_calls_has(s->calls, &f->match, (enum call_by)by) ? 1u << by : 0;
    return out;
}

bool signals_durations(struct signals *s, const struct goal_figure *f, const char *instance, unsigned witness,
                       sd_time at, int64_t window_ns, struct hist *out)
{
    struct request_sum sum;
    sd_time from = add_sat(at, -window_ns);
    hist_clear(out);
    for (int by = 0; f->signal == GOAL_DB_LATENCY && by < CALLS_BYS; by++)
        if (witness == 1u << by)
            return told_calls_sum(s->calls, &f->match, (enum call_by)by, from, at, &sum, out);
    struct http_group *g =
        f->signal == GOAL_HTTP_LATENCY
            ? http_group_of(s->requests, &f->match, instance ? f->per : GOAL_TOTAL, -1, false)
            : NULL;
    uint32_t i = g && instance ? name_index_find(&g->names, instance) : 0;
    if (g && i < g->n)
        http_sum(s->requests, g, i, from, at, &sum, out);
    return out->count > 0;
}

/* ---- events of objectives ---- */

void signals_events(struct signals *s, const struct goal_slo *o, sd_time at, int64_t window_ns,
                    struct signal_events *out)
{
    struct http_group *g =
        http_group_of(s->requests, &o->figure.match, GOAL_TOTAL,
                      o->figure.signal == GOAL_HTTP_LATENCY ? MAX(o->good_below_ns, 1) : 0, false);
    sd_time from = add_sat(at, -window_ns);
    struct seen seen = told_requests_seen(s->requests);
    *out = (struct signal_events){.from = at, .to = at};
    if (!g)
        return;
    struct event_sum x = http_events(g, from, at);
    out->total = x.a;
    out->bad = x.b;
    if (!sd_known(seen.first))
        return;
    from = MAX(MAX(from, seen.first), g->cut);
    sd_time to = MIN(at, seen.last);
    if (from < to) {
        out->from = from;
        out->to = to;
    }
}
