/* Endpoints: what costs most first, by percentiles. */
#include "view/endpoints/endpoints.h"

#include "view/endpoints/db_share.h"
#include "view/shared/common.h"
#include "view/shared/waits.h"
#include "base/num.h"
#include "core/table.h"

#include <stdlib.h>

enum {
    E_METHOD,
    E_ROUTE,
    E_COUNT,
    E_RATE,
    E_ERRORS,
    E_MEAN,
    E_P50,
    E_P90,
    E_P95,
    E_P99,
    E_P999,
    E_MAX,
    E_TOTAL,
    E_SHARE,
    E_DB,
    E_WAITS,
    E_BYTES,
    E_1XX,
    E_2XX,
    E_3XX,
    E_4XX,
    E_5XX,
    E_TIMED,
    E_FIRST,
    E_LAST,
    E_EVIDENCE,
    E_ERROR,
    E_COLUMNS
};

static const struct column COLUMNS[E_COLUMNS] = {
    [E_METHOD] = {.key = "method",
                  .title = "Method",
                  .flags = COLUMN_LEFT | COLUMN_ASCENDING,
                  .priority = 1,
                  .width = 6,
                  .help = "HTTP method; null when the input has none"},
    [E_ROUTE] = {.key = "route",
                 .title = "Route",
                 .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_ASCENDING,
                 .width = 18,
                 .help = "path with variable segments folded to :id"},
    [E_COUNT] = {.key = "count", .title = "Count", .unit = UNIT_COUNT, .priority = 3, .help = "requests"},
    [E_RATE] = {.key = "rate_per_s",
                .title = "Rate",
                .unit = UNIT_PER_S,
                .priority = 2,
                .help = "requests per second over the window from..to"},
    [E_ERRORS] = {.key = "error_share",
                  .title = "Errors",
                  .unit = UNIT_SHARE,
                  .priority = 1,
                  .help = "share of requests answered with status >= 500"},
    [E_MEAN] = {.key = "mean_ns",
                .title = "Mean",
                .unit = UNIT_NS,
                .flags = COLUMN_HIDDEN,
                .priority = 8,
                .help = "mean duration"},
    [E_P50] = {.key = "p50_ns",
               .title = "P50",
               .unit = UNIT_NS,
               .priority = 1,
               .help = "median duration (nearest rank, error at most 1/128)"},
    [E_P90] = {.key = "p90_ns",
               .title = "P90",
               .unit = UNIT_NS,
               .priority = 6,
               .help = "90th percentile of the duration"},
    [E_P95] = {.key = "p95_ns",
               .title = "P95",
               .unit = UNIT_NS,
               .priority = 5,
               .help = "95th percentile of the duration"},
    [E_P99] = {.key = "p99_ns", .title = "P99", .unit = UNIT_NS, .help = "99th percentile of the duration"},
    [E_P999] = {.key = "p999_ns",
                .title = "P99.9",
                .unit = UNIT_NS,
                .priority = 7,
                .help = "99.9th percentile of the duration"},
    [E_MAX] = {.key = "max_ns", .title = "Max", .unit = UNIT_NS, .priority = 6, .help = "longest duration"},
    [E_TOTAL] = {.key = "total_ns",
                 .title = "Total",
                 .unit = UNIT_NS,
                 .priority = 4,
                 .help = "sum of the durations; of an endpoint that only upgrades connections (status 101) "
                         "how long they were "
                         "open, which is in no percentile and no share"},
    [E_SHARE] =
        {.key = "share",
         .title = "Share",
         .unit = UNIT_SHARE,
         .flags = COLUMN_BAR,
         .priority = 1,
         .help = "share of all endpoints' total duration; of the requests when the input has no durations"},
    [E_DB] = {.key = "db_share",
              .title = "In DB",
              .unit = UNIT_SHARE,
              .priority = 3,
              .help = "share of its time in the database, by sampled sessions with its tags; null when that "
                      "is not known"},
    [E_WAITS] = {.key = "waits",
                 .title = "DB waits on",
                 .flags = COLUMN_LEFT,
                 .priority = 6,
                 .help = "what its statements wait on: wait, share, seconds"},
    [E_BYTES] = {.key = "bytes",
                 .title = "Bytes",
                 .unit = UNIT_BYTES,
                 .flags = COLUMN_HIDDEN,
                 .priority = 9,
                 .help = "bytes sent in bodies"},
    [E_1XX] = {.key = "status_1xx",
               .title = "1xx",
               .unit = UNIT_COUNT,
               .flags = COLUMN_HIDDEN,
               .priority = 9,
               .help = "requests answered with status 100-199"},
    [E_2XX] = {.key = "status_2xx",
               .title = "2xx",
               .unit = UNIT_COUNT,
               .flags = COLUMN_HIDDEN,
               .priority = 9,
               .help = "requests answered with status 200-299"},
    [E_3XX] = {.key = "status_3xx",
               .title = "3xx",
               .unit = UNIT_COUNT,
               .flags = COLUMN_HIDDEN,
               .priority = 9,
               .help = "requests answered with status 300-399"},
    [E_4XX] = {.key = "status_4xx",
               .title = "4xx",
               .unit = UNIT_COUNT,
               .flags = COLUMN_HIDDEN,
               .priority = 9,
               .help = "requests answered with status 400-499"},
    [E_5XX] = {.key = "status_5xx",
               .title = "5xx",
               .unit = UNIT_COUNT,
               .flags = COLUMN_HIDDEN,
               .priority = 9,
               .help = "requests answered with status 500-599"},
    [E_TIMED] = {.key = "timed",
                 .title = "Timed",
                 .unit = UNIT_COUNT,
                 .flags = COLUMN_HIDDEN,
                 .priority = 9,
                 .help =
                     "requests with a known duration; of an endpoint that only upgrades connections, these"},
    [E_FIRST] = {.key = "first_at",
                 .title = "First",
                 .unit = UNIT_TIME,
                 .flags = COLUMN_HIDDEN,
                 .priority = 9,
                 .help = "end of the first request"},
    [E_LAST] = {.key = "last_at",
                .title = "Last",
                .unit = UNIT_TIME,
                .flags = COLUMN_HIDDEN,
                .priority = 9,
                .help = "end of the last request"},
    [E_EVIDENCE] = {.key = "evidence",
                    .title = "Known from",
                    .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                    .priority = 9,
                    .help = "what the figures are of: access_log, metrics or traces: the first of these that "
                            "tells of it in the window; the same request is in one of them only"},
    [E_ERROR] = {.key = "error_bound",
                 .title = "Error",
                 .unit = UNIT_SHARE,
                 .flags = COLUMN_HIDDEN,
                 .priority = 9,
                 .help =
                     "by how much of itself a percentile may be wrong: 1/128; of histograms of others the "
                     "width of the bucket that it lies in; null when that is not known"},
};

static const double ERROR_WARN = 0.01, ERROR_BAD = 0.05; /* shares */
enum { ERRORS_LEAST = 3, REQUESTS_LEAST = 5 };           /* fewer say nothing about a share */

enum severity endpoints_error_severity(int64_t errors, int64_t count)
{
    double share = count > 0 ? (double)errors / (double)count : 0;
    if (share < ERROR_WARN || count < REQUESTS_LEAST)
        return SEVERITY_NONE;
    return errors < ERRORS_LEAST ? SEVERITY_INFO : share >= ERROR_BAD ? SEVERITY_BAD : SEVERITY_WARN;
}

static int64_t timed(const struct endpoint_stats *s, int64_t v)
{
    return s->timed ? v : SD_UNKNOWN;
}

void endpoints_totals(const struct view_ctx *c, struct endpoint_stats *all)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    memset(all, 0, sizeof *all);
    hist_clear(&all->latency);
    all->first = all->last = all->queue_ns = all->upstream_ns = all->errors = SD_UNKNOWN;
    for (size_t i = 0; i < model_endpoints(c->model); i++) {
        endpoint_stats(model_endpoint(c->model, i), c->span, s);
        if (!s->count)
            continue;
        all->count = add_known(all->count, s->count);
        all->errors = add_known(all->errors, s->errors);
        all->bytes = add_known(all->bytes, s->bytes);
        all->timed = add_sat(all->timed, s->timed);
        all->total_ns = add_known(all->total_ns, s->total_ns);
        all->upgraded = add_sat(all->upgraded, s->upgraded);
        for (int k = 0; k < 5; k++)
            all->status[k] = add_known(all->status[k], s->status[k]);
        if (s->first != SD_UNKNOWN && (all->first == SD_UNKNOWN || s->first < all->first))
            all->first = s->first;
        if (s->last != SD_UNKNOWN && (all->last == SD_UNKNOWN || s->last > all->last))
            all->last = s->last;
        hist_merge(&all->latency, &s->latency);
    }
    free(s);
}

struct span endpoints_span(const struct view_ctx *c, const struct endpoint_stats *all)
{
    return span_is_all(c->span) ? (struct span){all->first, all->last} : common_covered(c);
}

double endpoints_share(const struct endpoint_stats *s, const struct endpoint_stats *all)
{
    if (all->timed)
        return num_ratio(s->total_ns, all->total_ns);
    return num_ratio(s->count, all->count);
}

static void fill_endpoint(struct row *r, struct doc *d, const struct endpoint *e,
                          const struct endpoint_stats *s, const struct endpoint_stats *all, double seconds,
                          const struct db_share *db)
{
    struct cell *v = r->cells;
    v[E_METHOD] = cell_text(doc_text(d, endpoint_method(e)));
    v[E_ROUTE] = cell_text(doc_text(d, endpoint_route(e)));
    v[E_COUNT] = cell_int(s->count);
    v[E_RATE] = cell_real((double)s->count / seconds);
    v[E_ERRORS] = cell_real(num_ratio(s->errors, s->count));
    v[E_MEAN] = cell_real(num_ratio(s->total_ns, s->timed));
    v[E_P50] = cell_int(endpoint_quantile(s, 0.5));
    v[E_P90] = cell_int(endpoint_quantile(s, 0.9));
    v[E_P95] = cell_int(endpoint_quantile(s, 0.95));
    v[E_P99] = cell_int(endpoint_quantile(s, 0.99));
    v[E_P999] = cell_int(endpoint_quantile(s, 0.999));
    v[E_MAX] = cell_int(endpoint_slowest(s));
    v[E_TOTAL] = cell_int(timed(s, s->total_ns));
    v[E_SHARE] = cell_real(endpoints_share(s, all));
    v[E_DB] = cell_real(db->share);
    v[E_WAITS] = waits_list(d, &db->waits);
    v[E_BYTES] = cell_int(s->bytes);
    for (int k = 0; k < 5; k++)
        v[E_1XX + k] = cell_int(s->status[k]);
    v[E_TIMED] = cell_int(s->timed ? s->timed : s->upgraded);
    v[E_FIRST] = cell_int(s->first);
    v[E_LAST] = cell_int(s->last);
    v[E_EVIDENCE] = cell_text(evidence_name(s->evidence));
    v[E_ERROR] = cell_real(endpoint_error_bound(s));
    r->dive = (struct dive){.view = "endpoint", .arg = doc_text(d, endpoint_name(e))};
    r->severity = endpoints_error_severity(s->errors, s->count);
}

/* Once the rows are sorted: how long connections were open has no rank. */
static void add_upgraded(struct row *r, const struct view_ctx *c, struct endpoint_stats *s)
{
    const struct endpoint *e = model_find_endpoint(c->model, r->dive.arg);
    if (e)
        endpoint_stats(e, c->span, s);
    if (e && s->upgraded && !s->timed)
        r->cells[E_TOTAL] = cell_int(s->upgraded_ns);
}

const char *endpoints_reading(struct doc *d, const struct view_ctx *c, const struct endpoint_stats *s,
                              const char *note)
{
    const char *assumed = common_reading(d, c, KINDS_HTTP);
    if (assumed)
        return doc_printf(d, "%s. %s", note, assumed);
    if (s->count && !s->timed && !s->upgraded)
        return doc_printf(d, "%s. %s", note, ENDPOINTS_UNTIMED);
    return note;
}

static struct doc *build_endpoints(const struct view_ctx *c)
{
    struct doc *d = doc_new("endpoints", "Endpoints");
    struct endpoint_stats *all = mem_alloc(sizeof *all), *s = mem_alloc(sizeof *s);
    endpoints_totals(c, all);
    struct span span = endpoints_span(c, all);
    common_envelope(d, c, span);
    struct section *sec = doc_table(d, "rows", "Endpoints", COLUMNS, E_COLUMNS);
    sec->weight = 1;
    for (size_t i = 0; i < model_endpoints(c->model); i++) {
        const struct endpoint *e = model_endpoint(c->model, i);
        endpoint_stats(e, c->span, s);
        if (!s->count)
            continue;
        struct db_share db = db_share_of(c, e);
        fill_endpoint(doc_row(d, &sec->table), d, e, s, all, common_seconds(span), &db);
    }
    table_sort(&sec->table, all->timed ? E_TOTAL : E_COUNT, true);
    for (size_t i = 0; all->upgraded && i < sec->table.n_rows; i++)
        add_upgraded(&sec->table.rows[i], c, s);
    sec->note = common_note(
        d, c, &(struct note){KINDS_HTTP, all->count, "requests", .span = span, .last = all->last});
    sec->note = endpoints_reading(d, c, all, sec->note);
    sec->empty = common_empty(d, c, KINDS_HTTP);
    free(all);
    free(s);
    return d;
}

const struct view endpoints_view = {
    .name = "endpoints",
    .aliases = "routes p99 slow",
    .place = PLACE_WEB,
    .title = "Endpoints",
    .summary = "every endpoint with its percentiles, errors and share of the time; largest share first",
    .lists = "endpoint",
    .linked = endpoints_linked,
    .needs = KINDS_HTTP,
    .verb_unread = SD_KIND_BIT(SD_HTTP_PART) | SD_KIND_BIT(SD_EXEMPLAR),
    .verb_spans = KINDS_ACTIVITY, /* db_share.h: of the time that was sampled */
    .build = build_endpoints,
    .worst = endpoints_worst,
    .figures = endpoints_figures,
    .columns = COLUMNS,
    .n_columns = E_COLUMNS,
};
