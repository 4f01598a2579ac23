/* Which service calls which, and what that takes. */
#include <stdlib.h>

#include "core/insight/trace_summary.h"
#include "view/shared/common.h"
#include "view/traces/trace_lookup.h"
#include "view/traces/traces.h"

enum {
    S_caller,
    S_callee,
    S_kind,
    S_count,
    S_rate_per_s,
    S_error_share,
    S_errors,
    S_p50_ns,
    S_p99_ns,
    S_total_ns,
    S_COLUMNS
};
static const struct column COLUMNS[S_COLUMNS] = {
    [S_caller] = {.key = "caller",
                  .title = "Caller",
                  .flags = COLUMN_LEFT,
                  .unknown = "(outside)",
                  .help = "the service that calls; null: it is not traced"},
    [S_callee] = {.key = "callee",
                  .title = "Calls",
                  .flags = COLUMN_LEFT | COLUMN_GROW,
                  .width = 16,
                  .help = "the service, database or host that is called"},
    [S_kind] = {.key = "kind",
                .title = "Kind",
                .flags = COLUMN_LEFT,
                .priority = 2,
                .help = "service, database, cache, external"},
    [S_count] =
        {.key = "count", .title = "Count", .unit = UNIT_COUNT, .priority = 3, .help = "calls in the traces"},
    [S_rate_per_s] = {.key = "rate_per_s",
                      .title = "Rate",
                      .unit = UNIT_PER_S,
                      .help = "calls per second in the traces, which may be a sample of all requests; null: "
                              "the traces have no length"},
    [S_error_share] = {.key = "error_share",
                       .title = "Errors",
                       .unit = UNIT_SHARE,
                       .help = "of the calls, whose span failed"},
    [S_errors] = {.key = "errors",
                  .title = "Failed",
                  .unit = UNIT_COUNT,
                  .flags = COLUMN_HIDDEN,
                  .help = "the same as a number"},
    [S_p50_ns] = {.key = "p50_ns",
                  .title = "P50",
                  .unit = UNIT_NS,
                  .priority = 4,
                  .help = "of the calls as the caller sees them, within 1 %"},
    [S_p99_ns] = {.key = "p99_ns",
                  .title = "P99",
                  .unit = UNIT_NS,
                  .help = "of the calls as the caller sees them, within 1 %"},
    [S_total_ns] =
        {.key = "total_ns", .title = "Total", .unit = UNIT_NS, .priority = 1, .help = "of all calls"},
};

enum { WATCHED = 3000 }; /* traces in the console, where it is made each second */

/* "service" of what is traced itself. */
static const char *kind_of(const struct service_call *x)
{
    if (x->system)
        return db_system_is_store(x->system) ? "cache" : "database";
    return x->outside ? "external" : "service";
}

static void call_row(struct doc *d, struct table *t, const struct service_call *x, double seconds)
{
    struct row *r = doc_row(d, t);
    double errors = (double)x->errors / (double)x->calls;
    r->cells[S_caller] = cell_text(x->caller);
    r->cells[S_callee] = cell_text(x->callee);
    r->cells[S_kind] = cell_text(kind_of(x));
    r->cells[S_count] = cell_int(x->calls);
    r->cells[S_rate_per_s] = cell_real((double)x->calls / seconds);
    r->cells[S_error_share] = cell_real(errors);
    r->cells[S_errors] = cell_int(x->errors);
    r->cells[S_p50_ns] = cell_int(x->p50_ns);
    r->cells[S_p99_ns] = cell_int(x->p99_ns);
    r->cells[S_total_ns] = cell_int(x->timed ? x->total_ns : SD_UNKNOWN);
    r->severity = errors >= 0.05 ? SEVERITY_BAD : x->errors ? SEVERITY_WARN : SEVERITY_NONE;
    r->copy = x->callee;
}

/* From the beginning of the first of the traces that are looked at to the end of the last; how many. */
static size_t looked_at(const struct view_ctx *c, size_t most, double *seconds)
{
    size_t n;
    struct trace_entry *e = trace_entries(c->model, c->span, &n);
    struct span seen = {INT64_MAX, INT64_MIN};
    size_t looked = MIN(n, most);
    for (size_t i = 0; i < looked; i++) { /* the newest first */
        if (!sd_known(e[i].start) || (e[i].notes & TRACE_ABSURD_TIMES))
            continue;
        seen.from = MIN(seen.from, e[i].start);
        seen.to = MAX(seen.to, add_sat(e[i].start, sd_known(e[i].duration_ns) ? e[i].duration_ns : 0));
    }
    free(e);
    *seconds = seen.to > seen.from ? common_seconds(seen) : (double)NAN;
    if (looked == n && !span_is_all(c->span) && isfinite(common_seconds(common_covered(c))))
        *seconds = common_seconds(common_covered(c));
    return looked;
}

static struct doc *build_services(const struct view_ctx *c)
{
    struct doc *d = doc_new("services", "Services");
    size_t most = c->key ? (size_t)WATCHED : (size_t)ENTRIES_MOST;
    struct service_call *calls;
    double seconds;
    common_envelope(d, c, common_span(c));
    size_t traces = looked_at(c, most, &seconds),
           n = service_calls(c->model, c->span, most, d->arena, &calls);
    struct section *s = doc_table(d, "rows", "Who calls whom", COLUMNS, S_COLUMNS);
    for (size_t i = 0; i < n; i++)
        call_row(d, &s->table, &calls[i], seconds);
    s->table.sort_column = S_total_ns;
    s->table.sort_reverse = true;
    s->weight = 1;
    s->empty = common_empty(d, c, KINDS_TRACES);
    s->note = common_note(d, c,
                          &(struct note){.kinds = KINDS_TRACES,
                                         .n = (int64_t)traces,
                                         .what = traces == most ? "newest traces" : "traces",
                                         .last = SD_UNKNOWN});
    return d;
}

const struct view services_view = {
    .name = "services",
    .place = PLACE_WEB,
    .title = "Services",
    .summary = "which service calls which, how often, how fast, and how many calls fail, from traces",
    .needs = KINDS_TRACES,
    .build = build_services,
    .columns = COLUMNS,
    .n_columns = S_COLUMNS,
};
