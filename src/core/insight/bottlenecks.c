#include "core/insight/bottlenecks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/units.h"
#include "core/sql/statement.h"

enum { LINKS_MAX = 16, REQUESTS_ROOM = 64 };

const char *bottleneck_kind_name(enum bottleneck_kind k)
{
    static const char *const NAMES[BOTTLENECK_KINDS_N] = {
#define KIND_NAME(UPPER, name) [BOTTLENECK_##UPPER] = (name),
        BOTTLENECK_KINDS(KIND_NAME)
#undef KIND_NAME
    };
    return NAMES[k];
}

const char *bottleneck_confidence_name(enum bottleneck_confidence c)
{
    static const char *const NAMES[] = {"unknown", "estimated", "proven"};
    return NAMES[c];
}

static struct bottleneck blank(enum bottleneck_kind kind)
{
    const double no = (double)NAN;
    return (struct bottleneck){.kind = kind,
                               .impact_ns_per_s = no,
                               .impact_share = no,
                               .affected_per_s = no,
                               .current_ns = no,
                               .expected_ns = no,
                               .saving_share = no,
                               .effort_hours = no,
                               .saves_cost_per_month = no,
                               .saves_wait_hours_per_month = no,
                               .roi = no,
                               .payback_months = no,
                               .samples = SD_UNKNOWN,
                               .target_ns = no};
}

static struct bottleneck *append(struct bottlenecks *b, const struct bottleneck *x)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : REQUESTS_ROOM;
        b->items = mem_realloc(b->items, b->cap * sizeof *b->items);
    }
    b->items[b->n] = *x;
    return &b->items[b->n++];
}

/* ---- endpoints ---- */

double bottleneck_target(const struct goal_policy *p, const char *method, const char *route)
{
    for (size_t i = 0; p && i < p->n_kpis; i++) {
        const struct goal_kpi *k = &p->kpis[i];
        if (k->figure.signal == GOAL_HTTP_LATENCY && isfinite(k->target) &&
            goal_match_http(&k->figure.match, method, route, NULL))
            return k->target;
    }
    return (double)BOTTLENECK_TARGET_NS;
}

/* Of a histogram whose values are all on one side the sum is exact. */
struct bottleneck_excess bottleneck_excess(const struct hist *h, double target_ns)
{
    struct bottleneck_excess x = {0, 0};
    if (!h->count || (double)h->max <= target_ns)
        return x;
    if ((double)h->min > target_ns)
        return (struct bottleneck_excess){(double)h->sum - (double)h->count * target_ns, (int64_t)h->count};
    for (uint32_t i = h->lo; i < h->hi; i++) {
        if (!h->bucket[i])
            continue;
        double low = (double)sd_hist_lower(i),
               high = i + 1 < SD_HIST_BUCKETS ? (double)sd_hist_lower(i + 1) - 1 : low;
        double value = fmin(fmax((low + high) / 2, (double)h->min), (double)h->max);
        if (value > target_ns) {
            x.ns += h->bucket[i] * (value - target_ns);
            x.above += h->bucket[i];
        }
    }
    return x;
}

static double mean_of(int64_t total_ns, int64_t n)
{
    return n > 0 && sd_known(total_ns) ? (double)total_ns / (double)n : (double)NAN;
}

static const char *say(struct arena *a, enum unit u, double v)
{
    char text[UNIT_TEXT_MAX];
    return arena_strdup(a, unit_format(u, v, text));
}

static void endpoint_found(struct bottlenecks *b, const struct bottleneck_ask *ask, const struct endpoint *e,
                           const struct endpoint_stats *s)
{
    struct arena *a = b->arena;
    struct bottleneck x = blank(BOTTLENECK_ENDPOINT);
    x.name = x.subject = x.select = arena_strdup(a, endpoint_name(e));
    x.method = arena_strdup(a, endpoint_method(e));
    x.route = arena_strdup(a, endpoint_route(e));
    x.view = "endpoint";
    x.samples = s->timed;
    x.origin = arena_strdup(a, evidence_name(s->evidence));
    x.target_ns = bottleneck_target(ask->policy, x.method, x.route);
    if (s->timed > 0) {
        struct bottleneck_excess over = bottleneck_excess(&s->latency, x.target_ns);
        x.impact_ns_per_s = over.ns / b->seconds;
        x.affected_per_s = (double)over.above / b->seconds;
        x.current_ns = mean_of(s->total_ns, s->timed);
        x.text = arena_printf(a, "%s of %s requests took longer than %s, the mean is %s",
                              say(a, UNIT_COUNT, (double)over.above), say(a, UNIT_COUNT, (double)s->timed),
                              say(a, UNIT_NS, x.target_ns), say(a, UNIT_NS, x.current_ns));
        b->impact_ns_per_s += x.impact_ns_per_s;
        b->busy_ns_per_s += (double)s->total_ns / b->seconds;
    } else {
        x.text = "its requests have no durations: an access log with request times tells";
    }
    b->requests = add_sat(b->requests, MAX(s->count, 0));
    append(b, &x);
}

static void endpoints_find(struct bottlenecks *b, const struct bottleneck_ask *ask)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    for (size_t i = 0; i < model_endpoints(ask->model); i++) {
        const struct endpoint *e = model_endpoint(ask->model, i);
        if (endpoint_stats_ended(e, ask->from, ask->to, s))
            endpoint_found(b, ask, e, s);
    }
    free(s);
}

/* ---- statements ---- */

struct found_saving {
    struct bottleneck_saving s;
    bool proven;
};

static bool share_of(double before, double after, double *share)
{
    *share = before > 0 && after >= 0 ? fmax(0, 1 - after / before) : (double)NAN;
    return isfinite(*share);
}

static bool of_advice(const struct bottleneck_ask *ask, struct arena *a, const struct query *q,
                      struct found_saving *f)
{
    struct plan_entry e;
    if (!model_plan(ask->model, query_key(q), ask->to, &e))
        return false;
    for (size_t i = 0; i < e.n_advice; i++) {
        const struct sd_advice *r = e.advice[i];
        if (!r->ddl || !share_of(r->cost_before, r->cost_after, &f->s.share))
            continue;
        f->proven = r->proven == 1;
        f->s.technique = "index";
        f->s.approach = sql_builds_index(r->ddl)
                            ? arena_strdup(a, r->ddl)
                            : arena_printf(a, "an index on %s", r->table ? r->table : "its table");
        f->s.trade_off = r->write_overhead > 0 ? arena_printf(a, "each written row of %s grows by %s",
                                                              r->table ? r->table : "the table",
                                                              say(a, UNIT_SHARE, r->write_overhead))
                                               : NULL;
        return true;
    }
    return false;
}

static const struct sd_workload_statement *statement_of(const struct advice_entry *w, const struct query *q)
{
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)query_id(q));
    for (size_t i = 0; i < w->n_statements; i++) {
        const struct sd_workload_statement *s = w->statements[i];
        if (str_eq(s->database, query_database(q)) && sd_known(query_id(q)) && str_eq(s->id, id))
            return s;
    }
    return NULL;
}

/* Of the answer to `advise`: the indexes of the whole workload, or how the statement should be written. */
static bool of_workload(const struct bottleneck_ask *ask, struct arena *a, const struct query *q,
                        struct found_saving *f)
{
    const struct advice_entry *w;
    for (size_t i = 0; (w = model_advice_nth(ask->model, i)); i++) {
        const struct sd_workload_statement *s = w->whole ? statement_of(w, q) : NULL;
        if (!s)
            continue;
        if (share_of(s->cost_before, s->cost_after, &f->s.share) && f->s.share > 0) {
            f->proven = w->whole->proven == 1;
            f->s.technique = "index";
            f->s.approach = "the indexes that slowdive advise lists";
            return true;
        }
        for (size_t k = 0; k < w->n_rewrites; k++) {
            const struct sd_workload_rewrite *r = w->rewrites[k];
            if (r->number != s->number || !(r->saves_share > 0))
                continue;
            f->s = (struct bottleneck_saving){.share = fmin(r->saves_share, 1),
                                              .technique = "rewrite",
                                              .approach = arena_strdup(a, r->advice),
                                              .trade_off = arena_strdup(a, r->caveat)};
            return true;
        }
    }
    return false;
}

/* Who was seen to run it; else who did first, as the tags in its text say. */
static const char *within_of(const struct bottleneck_ask *ask, struct arena *a, const struct query *q)
{
    struct link l[LINKS_MAX];
    size_t n = query_links(ask->model, q, (struct span){ask->from, ask->to}, l, LINKS_MAX);
    for (size_t i = 0; i < n; i++)
        if (l[i].endpoint)
            return arena_strdup(a, endpoint_name(l[i].endpoint));
    for (size_t i = 0; i < model_endpoints(ask->model); i++)
        if (query_first_called_by(q, model_endpoint(ask->model, i)))
            return arena_strdup(a, endpoint_name(model_endpoint(ask->model, i)));
    return NULL;
}

static void query_found(struct bottlenecks *b, const struct bottleneck_ask *ask, const struct query *q,
                        int64_t calls, int64_t total_ns)
{
    struct arena *a = b->arena;
    struct found_saving f = {.s = {.share = (double)NAN}};
    struct bottleneck x = blank(BOTTLENECK_QUERY);
    struct query_stats s;
    query_stats(q, SPAN_ALL, &s);
    x.name = x.select = arena_strdup(a, query_key(q));
    const char *shown =
        query_text(q) && ask->show_sql ? ask->show_sql(ask->ctx, query_text(q)) : query_text(q);
    x.subject = shown ? arena_strdup(a, shown) : x.name;
    x.view = "query";
    x.samples = calls;
    x.origin = arena_strdup(a, s.evidence);
    x.within = within_of(ask, a, q);
    x.affected_per_s = (double)calls / b->seconds;
    x.current_ns = mean_of(total_ns, calls);
    bool saves = of_advice(ask, a, q, &f) || of_workload(ask, a, q, &f) ||
                 (ask->estimate && ask->estimate(ask->ctx, a, q, &f.s));
    const char *figures = arena_printf(a, "%s of a mean %s", say(a, UNIT_PER_S, x.affected_per_s),
                                       say(a, UNIT_NS, x.current_ns));
    if (saves) {
        x.confidence = f.proven ? BOTTLENECK_PROVEN : BOTTLENECK_ESTIMATED;
        x.saving_share = f.s.share;
        x.expected_ns = x.current_ns * (1 - f.s.share);
        x.impact_ns_per_s = (double)total_ns / b->seconds * f.s.share;
        x.technique = f.s.technique;
        x.approach = f.s.approach;
        x.trade_off = f.s.trade_off;
        x.text = arena_printf(a, "%s; %s of its time can be saved", figures, say(a, UNIT_SHARE, f.s.share));
    } else {
        x.text = arena_printf(a, "%s; what could be saved is not known: its plan tells", figures);
    }
    append(b, &x);
}

static void queries_find(struct bottlenecks *b, const struct bottleneck_ask *ask)
{
    for (size_t i = 0; i < model_queries(ask->model); i++) {
        const struct query *q = model_query(ask->model, i);
        int64_t calls, total_ns;
        if (query_grown(q, ask->from, ask->to, &calls, &total_ns) && calls > 0)
            query_found(b, ask, q, calls, total_ns);
    }
}

void bottlenecks_find(const struct bottleneck_ask *ask, struct bottlenecks *out)
{
    *out = (struct bottlenecks){.arena = arena_new()};
    out->seconds = ((double)ask->to - (double)ask->from) / 1e9;
    if (!(out->seconds > 0))
        return;
    endpoints_find(out, ask);
    queries_find(out, ask);
}

void bottleneck_more(struct bottlenecks *b, const struct bottleneck *item)
{
    struct arena *a = b->arena;
    struct bottleneck x = blank(item->kind);
    x.name = arena_strdup(a, item->name);
    x.subject = arena_strdup(a, item->subject);
    x.within = arena_strdup(a, item->within);
    x.text = arena_strdup(a, item->text);
    x.impact_ns_per_s = item->impact_ns_per_s;
    x.affected_per_s = item->affected_per_s;
    x.current_ns = item->current_ns;
    x.expected_ns = item->expected_ns;
    x.saving_share = item->saving_share;
    x.technique = arena_strdup(a, item->technique);
    x.approach = arena_strdup(a, item->approach);
    x.trade_off = arena_strdup(a, item->trade_off);
    x.confidence = item->confidence;
    x.view = item->view;
    x.select = arena_strdup(a, item->select);
    x.samples = item->samples;
    x.origin = arena_strdup(a, item->origin);
    append(b, &x);
}

/* ---- money and order ---- */

/* The cause of an endpoint is the statement in it that saves most. */
static void find_causes(struct bottlenecks *b)
{
    const struct bottleneck **known = mem_array(b->n + 1, sizeof *known);
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct bottleneck *q = &b->items[i];
        if (q->kind == BOTTLENECK_QUERY && q->technique && q->within && q->impact_ns_per_s > 0)
            known[n++] = q;
    }
    for (size_t i = 0; n && i < b->n; i++) {
        struct bottleneck *e = &b->items[i];
        const struct bottleneck *cause = NULL;
        for (size_t k = 0; e->kind == BOTTLENECK_ENDPOINT && k < n; k++)
            if (str_eq(known[k]->within, e->name) &&
                (!cause || known[k]->impact_ns_per_s > cause->impact_ns_per_s))
                cause = known[k];
        if (!cause)
            continue;
        e->technique = cause->technique;
        e->approach = arena_printf(b->arena, "see %s", cause->name);
        e->confidence = BOTTLENECK_ESTIMATED;
    }
    free(known);
}

static void reckon(struct bottleneck *x, const struct bottlenecks *b, const struct goal_policy *p)
{
    double all = b->impact_ns_per_s > 0 ? b->impact_ns_per_s : b->busy_ns_per_s;
    x->impact_share = all > 0 ? x->impact_ns_per_s / all : (double)NAN;
    x->effort_hours = p ? policy_effort(p, x->technique) : (double)NAN;
    x->saves_wait_hours_per_month = x->impact_ns_per_s / 1e9 * BOTTLENECK_MONTH_S / 3600;
    if (!p || !p->costs.given)
        return;
    x->saves_cost_per_month =
        b->busy_ns_per_s > 0 ? p->costs.month * x->impact_ns_per_s / b->busy_ns_per_s : (double)NAN;
    double waits = p->costs.wait_hour > 0 ? x->saves_wait_hours_per_month * p->costs.wait_hour : 0;
    double gain = x->saves_cost_per_month + waits, effort = x->effort_hours * p->costs.hour;
    x->roi = effort > 0 ? (12 * gain - effort) / effort : (double)NAN;
    x->payback_months = gain > 0 ? effort / gain : (double)NAN;
}

static int by_impact(const void *a, const void *b)
{
    const struct bottleneck *x = a, *y = b;
    bool knows_x = isfinite(x->impact_ns_per_s), knows_y = isfinite(y->impact_ns_per_s);
    if (knows_x != knows_y)
        return knows_x ? -1 : 1;
    if (knows_x && x->impact_ns_per_s != y->impact_ns_per_s)
        return x->impact_ns_per_s > y->impact_ns_per_s ? -1 : 1;
    int by_name = strcmp(x->subject, y->subject);
    return by_name ? by_name : strcmp(x->name, y->name);
}

void bottlenecks_done(struct bottlenecks *b, const struct goal_policy *p)
{
    find_causes(b);
    for (size_t i = 0; i < b->n; i++)
        reckon(&b->items[i], b, p);
    if (b->n)
        qsort(b->items, b->n, sizeof *b->items, by_impact);
}

void bottlenecks_free(struct bottlenecks *b)
{
    free(b->items);
    arena_free(b->arena);
    *b = (struct bottlenecks){.arena = NULL};
}
