/* One endpoint: percentiles over time, latency heat map, the queries it runs. */
#include "view/endpoints/endpoint_cache.h"
#include "view/endpoints/endpoint.h"
#include "view/endpoints/endpoint_time.h"

#include "core/insight/attribution.h"
#include "core/model/histories.h"
#include "view/shared/common.h"
#include "view/shared/waits.h"
#include "view/endpoints/db_share.h"
#include "view/endpoints/endpoints.h"
#include "view/endpoints/statuses.h"
#include "view/metrics/gc_section.h"
#include "view/queries/links.h"
#include "view/queries/n_plus_one.h"
#include "view/traces/traces.h"
#include "base/num.h"
#include "core/drawing.h"

#include <math.h>
#include <stdlib.h>

static const struct column QUERIES[] = {
    {.key = "text",
     .language = &sql_language,
     .title = "Query",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 20,
     .help = "statement, on one line"},
    {.key = "share",
     .title = "Share",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .help = "share of the endpoint's sampled time in the database; null when it was not seen running"},
    {.key = "calls_per_request",
     .title = "A request",
     .unit = UNIT_COUNT,
     .width = 9,
     .help =
         "calls in each request of the endpoint; null when its calls cannot be told from those of others"},
    {.key = "mean_ns",
     .title = "Mean",
     .unit = UNIT_NS,
     .priority = 1,
     .help = "mean duration of a call, all routes together"},
    {.key = "calls",
     .title = "Calls",
     .unit = UNIT_COUNT,
     .priority = 2,
     .help = "calls in the span, all routes together"},
    {.key = "weight_s",
     .title = "Seconds",
     .unit = UNIT_LOAD,
     .flags = COLUMN_HIDDEN,
     .priority = 3,
     .help = "seconds of session time sampled"},
    {.key = "evidence",
     .title = "Known from",
     .flags = COLUMN_LEFT,
     .priority = 3,
     .help = "how the link was found"},
    {.key = "query_id",
     .title = "Query ID",
     .flags = COLUMN_HIDDEN | COLUMN_LEFT,
     .priority = 4,
     .help = "the server's query identifier"},
};

enum { HEAT_ROWS = 12, HEAT_SPREAD = 4 };

static const struct endpoint *chosen(const struct view_ctx *c)
{
    if (c->arg)
        return model_find_endpoint(c->model, c->arg);
    const struct endpoint *worst = NULL;
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    int64_t most = -1;
    for (size_t i = 0; i < model_endpoints(c->model); i++) {
        endpoint_stats(model_endpoint(c->model, i), c->span, s);
        int64_t cost = s->timed ? s->total_ns : s->count ? 0 : -1;
        if (cost > most) {
            most = cost;
            worst = model_endpoint(c->model, i);
        }
    }
    free(s);
    return worst;
}

static void figures(struct doc *d, const struct endpoint_stats *s, double seconds, double share,
                    const struct db_share *db)
{
    bool timed = s->timed > 0;
    struct section *f = doc_section(d, SECTION_FIELDS, "summary", "Figures");
    section_field(d, f, "count", "Requests", UNIT_COUNT, cell_int(s->count));
    section_field(d, f, "rate_per_s", "Rate", UNIT_PER_S, cell_real((double)s->count / seconds));
    section_field(d, f, "error_share", "Errors (5xx)", UNIT_SHARE, cell_real(num_ratio(s->errors, s->count)));
    section_field(d, f, "share", "Share of all", UNIT_SHARE, cell_real(share));
    static const struct {
        double q;
        const char *key, *label;
    } quantiles[] = {{.q = 0.5, .key = "p50_ns", .label = "P50"},
                     {.q = 0.9, .key = "p90_ns", .label = "P90"},
                     {.q = 0.95, .key = "p95_ns", .label = "P95"},
                     {.q = 0.99, .key = "p99_ns", .label = "P99"},
                     {.q = 0.999, .key = "p999_ns", .label = "P99.9"}};
    for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
        section_field(d, f, quantiles[i].key, quantiles[i].label, UNIT_NS,
                      cell_int(endpoint_quantile(s, quantiles[i].q)));
    section_field(d, f, "max_ns", "Max", UNIT_NS, cell_int(endpoint_slowest(s)));
    section_field(d, f, "mean_ns", "Mean", UNIT_NS, cell_real(num_ratio(s->total_ns, s->timed)));
    section_field(d, f, "total_ns", "Total", UNIT_NS, cell_int(timed ? s->total_ns : SD_UNKNOWN));
    static const char *const keys[] = {"status_1xx", "status_2xx", "status_3xx", "status_4xx", "status_5xx"};
    static const char *const labels[] = {"Status 1xx", "Status 2xx", "Status 3xx", "Status 4xx",
                                         "Status 5xx"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) /* on screen only what there is */
        section_field(d, f, keys[i], s->status[i] > 0 ? labels[i] : NULL, UNIT_COUNT, cell_int(s->status[i]));
    section_field(d, f, "bytes", "Bytes sent", UNIT_BYTES, cell_int(s->bytes));
    section_field(d, f, "db_share", isfinite(db->share) ? "In the database" : NULL, UNIT_SHARE,
                  cell_real(db->share));
}

static double known(int64_t v)
{
    return v == SD_UNKNOWN ? NAN : (double)v;
}

static void over_time(struct doc *d, const struct view_ctx *c, const struct endpoint *e, struct span span,
                      const struct endpoint_stats *of, const char *note)
{
    static const double quantiles[] = {0.99, 0.95, 0.5};
    static const char *const names[] = {"p99_ns", "p95_ns", "p50_ns"};
    size_t n = common_points(c, span);
    struct endpoint_point *p = mem_array(n, sizeof *p);
    struct section *s = common_graph(d, "percentiles", "Percentiles over time", UNIT_NS, span, n);
    endpoint_series(e, span, n, p);
    for (size_t l = 0; l < ARRAY_LEN(names); l++) {
        struct graph_line *line = doc_line(d, &s->graph, names[l]);
        double *v = line->values;
        line->whole = known(endpoint_quantile(of, quantiles[l]));
        for (size_t i = 0; i < n; i++)
            v[i] = known(l == 0 ? p[i].p99 : l == 1 ? p[i].p95 : p[i].p50);
    }
    s->note = note;
    s->dive = (struct dive){.view = "endpoint", .arg = doc_text(d, endpoint_name(e))};
    s->empty = doc_text(d, ENDPOINTS_UNTIMED ".");
    s->weight = 2;
    s->min_height = 4;
    if (c->live)
        section_end_at(s, common_settled(c, of->last));
    free(p);
}

/* Where the scale begins: the fastest hundredth of what took any time. A log in milliseconds has zeros,
 * which no such scale reaches; they count in the lowest row. */
static double fastest(const struct hist *h)
{
    uint64_t timed = 0, so_far = 0;
    uint32_t first = sd_hist_index(SD_US);
    for (uint32_t i = MAX(first, h->lo); i < h->hi; i++)
        timed += h->bucket[i];
    for (uint32_t i = MAX(first, h->lo); i < h->hi; i++) {
        so_far += h->bucket[i];
        if (so_far * 100 > timed)
            return (double)MAX(sd_hist_lower(i), SD_US);
    }
    return (double)SD_US;
}

static void heat(struct doc *d, const struct view_ctx *c, const struct endpoint *e, struct span span,
                 const struct endpoint_stats *of)
{
    const struct hist *h = &of->latency;
    struct section *s = doc_section(d, SECTION_HEATMAP, "heatmap", "Latency heat map");
    s->weight = 2;
    s->min_height = 4;
    s->empty = doc_text(d, ENDPOINTS_UNTIMED ".");
    const char *modes = endpoint_modes(d, of);
    s->note = modes ? doc_printf(d, "logarithmic scale; %s", modes) : h->count ? "logarithmic scale" : NULL;
    s->dive = (struct dive){.view = "endpoint", .arg = doc_text(d, endpoint_name(e))};
    struct heatmap *m = &s->heatmap;
    *m = (struct heatmap){.from = span.from, .to = span.to, .unit = UNIT_NS};
    if (!h->count)
        return;
    /* Log scale from the fastest up to the slowest; durations all alike lie in its middle. Its ends are
     * round, so that one request more or less does not move every cell. */
    double lo = fastest(h), hi = (double)MAX(h->max, 2 * SD_US) * 1.01;
    lo = exp2(floor(log2(lo)));
    hi = exp2(ceil(log2(hi)));
    if (hi < lo * HEAT_SPREAD) {
        double middle = sqrt(lo * hi);
        lo = middle / sqrt(HEAT_SPREAD);
        hi = middle * sqrt(HEAT_SPREAD);
    }
    m->rows = HEAT_ROWS;
    m->columns = common_points(c, span);
    m->lower = arena_alloc(d->arena, (m->rows + 1) * sizeof *m->lower);
    m->counts = arena_alloc(d->arena, m->rows * m->columns * sizeof *m->counts);
    for (size_t y = 1; y <= m->rows; y++)
        m->lower[y] = real_to_int(floor(lo * pow(hi / lo, (double)y / (double)m->rows)));
    m->lower[0] = 0;
    m->lower[m->rows] = INT64_MAX;
    endpoint_heat(e, span, m->columns, m->rows, m->lower, m->counts);
    m->lower[m->rows] = real_to_int(floor(hi));
    if (h->min >= real_to_int(floor(lo))) /* otherwise the faster ones are in the lowest row, from 0 */
        m->lower[0] = real_to_int(floor(lo));
    for (size_t i = 0; i < m->rows * m->columns; i++)
        m->max = MAX(m->max, m->counts[i]);
    m->max = m->max > 1 ? (uint32_t)MIN(exp2(ceil(log2(m->max))), UINT32_MAX) : m->max;
}

enum { R_TEXT, R_SHARE, R_EACH, R_MEAN, R_CALLS, R_WEIGHT, R_EVIDENCE, R_ID };

static void query_row(struct doc *d, const struct view_ctx *c, struct table *t, const struct query *q,
                      double share, double weight, const char *evidence, const struct attribution *a)
{
    struct query_stats st;
    struct row *r = doc_row(d, t);
    query_stats(q, c->span, &st);
    r->cells[R_TEXT] = cell_text(common_sql(d, c, query_text(q), true));
    r->cells[R_SHARE] = cell_real(share);
    r->cells[R_EACH] = cell_real(a ? round(a->calls_per_request * 10) / 10 : NAN);
    r->cells[R_MEAN] = cell_real(st.known ? st.mean_ns : NAN);
    r->cells[R_CALLS] = cell_int(st.known ? st.calls : SD_UNKNOWN);
    r->cells[R_WEIGHT] = cell_real(weight);
    r->cells[R_EVIDENCE] = cell_text(doc_text(d, evidence));
    r->cells[R_ID] = cell_text(common_id(d, query_id(q)));
    r->dive = (struct dive){.view = "query", .arg = doc_text(d, query_key(q))};
}

/* Of the attributed statements, the one and whether its calls are more than a guess. */
static const struct attribution *attributed(const struct attribution *a, size_t n, const struct query *q)
{
    for (size_t i = 0; i < n; i++)
        if (a[i].query == q && a[i].at_least > 0)
            return &a[i];
    return NULL;
}

static bool counted_by_server(const struct view_ctx *c, const struct link *l, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct query_stats st;
        query_stats(l[i].query, c->span, &st);
        if (st.known && !st.logged)
            return true;
    }
    return false;
}

static void queries(struct doc *d, const struct view_ctx *c, const struct endpoint *e)
{
    struct link links[LINKS_MAX];
    struct attribution of[LINKS_MAX];
    size_t n = endpoint_links(c->model, e, c->span, links, ARRAY_LEN(links));
    size_t n_of = attribution_of_endpoint(c->model, e, common_covered(c), of, ARRAY_LEN(of));
    struct section *s = doc_table(d, "queries", "Its queries", QUERIES, ARRAY_LEN(QUERIES));
    s->weight = 2;
    s->min_height = 3;
    s->kinds = KINDS_SQL;
    struct db_share share = db_share_of(c, e);
    const char *words = db_share_words(d, &share);
    /* Without a window the requests are those of the log, the calls all that the server counted. */
    s->note = !span_is_all(c->span) || !counted_by_server(c, links, n)
                  ? words
                  : doc_printf(d, "calls and means since the server's reset%s%s", words ? "; " : "",
                               words ? words : "");
    s->empty = doc_text(d, "No query of this endpoint has been seen. Add its PostgreSQL as a source, and tag "
                           "statements with sqlcommenter (route='/orders/:id').");
    for (size_t i = 0; i < n; i++)
        query_row(d, c, &s->table, links[i].query, links[i].share, links[i].weight, links[i].evidence,
                  attributed(of, n_of, links[i].query));
    for (size_t i = 0; i < n_of; i++) { /* too short to be seen running */
        bool linked = false;
        for (size_t k = 0; k < n && !linked; k++)
            linked = links[k].query == of[i].query;
        if (!linked && of[i].at_least > 0)
            query_row(d, c, &s->table, of[i].query, NAN, NAN, of[i].evidence, &of[i]);
    }
}

/* Of a history only this one may have been read: then nobody knows what share of all it is. */
static bool others_are_known(const struct view_ctx *c, const struct endpoint *e)
{
    struct history_entry h[1];
    bool other = !model_histories(c->model, h, 1);
    for (size_t i = 0; !other && i < model_endpoints(c->model); i++)
        other = !str_eq(endpoint_route(model_endpoint(c->model, i)), endpoint_route(e));
    return other;
}

static struct doc *build_endpoint(const struct view_ctx *c)
{
    const struct endpoint *e = chosen(c);
    struct doc *d = doc_new("endpoint", e ? endpoint_name(e) : c->arg ? c->arg : "Endpoint");
    struct endpoint_stats *s = mem_alloc(sizeof *s), *all = mem_alloc(sizeof *all);
    endpoints_totals(c, all);
    struct span span = endpoints_span(c, all); /* the same as in the list, so that rates agree */
    struct span drawn = common_drawn(c, span_is_all(c->span) ? span : c->span);
    common_envelope(d, c, span);
    doc_field(d, "endpoint", UNIT_NONE, cell_text(e ? endpoint_name(e) : c->arg));
    doc_field(d, "method", UNIT_NONE, cell_text(e ? endpoint_method(e) : NULL));
    doc_field(d, "route", UNIT_NONE, cell_text(e ? endpoint_route(e) : NULL));
    if (e) {
        endpoint_stats(e, c->span, s);
        doc_field(d, "evidence", UNIT_NONE, cell_text(evidence_name(s->evidence)));
        doc_field(d, "error_bound", UNIT_SHARE, cell_real(endpoint_error_bound(s)));
        const char *note = common_note(
            d, c, &(struct note){KINDS_HTTP, s->count, "requests", .span = span, .last = s->last});
        note = endpoints_reading(d, c, s, note);
        over_time(d, c, e, drawn, s, note);
        queries(d, c, e);
        d->focus = 1;
        endpoint_traces_sections(d, c, endpoint_name(e));
        endpoint_time_sections(d, c, e, s);
        endpoint_modes_section(d, s);
        endpoint_parts_section(d, c, e, s);
        endpoint_evidence_section(d, c, e, s);
        gc_section(d, c, e);
        endpoint_cache_section(d, c, e);
        n_plus_one_section(d, c, NULL, e);
        waits_section(d, c, NULL, e);
        heat(d, c, e, drawn, s);
        statuses_graph(d, e, drawn, common_points(c, drawn));
        struct db_share db = db_share_of(c, e);
        double share = others_are_known(c, e) ? endpoints_share(s, all) : (double)NAN;
        figures(d, s, common_seconds(span), share, &db);
    } else {
        struct section *t = doc_section(d, SECTION_TEXT, NULL, "Endpoint");
        t->text =
            c->arg
                ? doc_printf(
                      d, "No endpoint called \"%s\" has been seen. The view endpoints lists all endpoints.",
                      c->arg)
                : common_empty(d, c, KINDS_HTTP);
        d->missing = c->arg ? t->text : NULL;
    }
    free(s);
    free(all);
    return d;
}

static const struct column ALSO[] = {
    {.key = "endpoint", .title = "Endpoint", .help = "method and route: what --select takes"},
    {.key = "method", .title = "Method", .help = "of the requests; null when the log has none"},
    {.key = "route", .title = "Route", .help = "path with variable segments folded"},
    {.key = "percentiles", .title = "Percentiles", .help = "over time: points of at, p99_ns, p95_ns, p50_ns"},
    {.key = "heatmap",
     .title = "Latency",
     .help = "from, to, columns, rows, lower_ns, and counts: a row of counts for each latency, the fastest "
             "first"},
    {.key = "evidence",
     .title = "Known from",
     .help =
         "what the figures are of: access_log, metrics or traces: the first that tells of it in the window"},
    {.key = "error_bound",
     .title = "Error",
     .unit = UNIT_SHARE,
     .help = "by how much of itself a percentile may be wrong; null when that is not known"},
    {.key = "evidence_rows",
     .title = "What tells of it",
     .help =
         "when more than one does: evidence, shown, count, error_share, p50_ns, p95_ns, p99_ns, error_bound"},
    {.key = "modes",
     .title = "Kinds of durations",
     .help =
         "share, ns; absent: they are of one kind. Peaks of the histogram on a logarithmic scale that are "
         "a factor of 3 or more apart, with 5 % of the requests on each side of a valley that is half as "
         "high as the lower one at most, and lower than chance makes it"},
    {.key = "exemplars",
     .title = "Its slowest requests",
     .help = "duration_ns, at, status, path, trace_id, request_id, evidence"},
    {.key = "parts",
     .title = "Parts",
     .help =
         "its requests by status, method, upstream, host and service: by, key, share, count, error_share, "
         "p50_ns, p99_ns, time_share, evidence"},
    {.key = "time",
     .title = "Where its time goes",
     .help = "part, mean_ns, share, evidence. Of traces own, database, cache, services, external and queue: "
             "of the critical path of its newest 100; of a log with the times of the server behind: queue, "
             "upstream, proxy"},
    {.key = "hops",
     .title = "Budget",
     .help = "of the policy file, when there is one for it: hop, max_ns, measured_ns, left_ns, evidence"},
    {.key = "hops_budget_ns", .title = "Budget", .unit = UNIT_NS, .help = "what a request may take in all"},
    {.key = "hops_planned_ns", .title = "Planned", .unit = UNIT_NS, .help = "the sum of its hops"},
    {.key = "hops_left_ns", .title = "Left", .unit = UNIT_NS, .help = "the budget less that"},
    {.key = "summary", .title = "At a glance", .help = "the figures of the view endpoints"},
    {.key = "cache",
     .title = "Cache",
     .help =
         "the caches in front of it: cache, hit_ratio, hits, misses, hit_mean_ns, miss_mean_ns; absent: no "
         "source tells of one"},
    {.key = "gc",
     .title = "Garbage collection",
     .help = "over the latency of the same moments, as in the view runtime; absent: no program tells of it"},
    {.key = "waits", .title = "Waits", .help = "as in the view query, of all statements of the endpoint"},
    {.key = "statuses", .title = "Status codes", .help = "as in the view statuses"},
    {.key = "n_plus_one", .title = "N+1", .help = "as in the view query"},
    {.key = "trace_findings",
     .title = "What its traces show",
     .help = "findings that are alike together, the costliest first: text, share (of its traces), traces, "
             "cost_ns, mean_cost_ns, kind, advice, trace_id (where it costs most); absent: it has no traces"},
};

const struct view endpoint_view = {
    .name = "endpoint",
    .place = PLACE_WEB,
    .title = "Endpoint",
    .summary = "one endpoint: percentiles over time, latency heat map, its queries, status codes",
    .about = "endpoint",
    .subject = common_endpoint,
    .needs = KINDS_HTTP,
    .build = build_endpoint,
    .links = (const char *const[]){"statuses", NULL},
    .columns = QUERIES,
    .n_columns = ARRAY_LEN(QUERIES),
    .rows = "queries",
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
