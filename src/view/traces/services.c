/* Which service calls which, and what that takes. */
#include <stdlib.h>

#include "core/traces/service_calls.h"
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
    [S_p50_ns] =
        {.key = "p50_ns", .title = "P50", .unit = UNIT_NS, .priority = 4, .help = "exact, by nearest rank"},
    [S_p99_ns] = {.key = "p99_ns", .title = "P99", .unit = UNIT_NS, .help = "exact, by nearest rank"},
    [S_total_ns] =
        {.key = "total_ns", .title = "Total", .unit = UNIT_NS, .priority = 1, .help = "of all calls"},
};

enum { WATCHED = 3000 }; /* traces in the console, where it is made each second */

/* Those of the traces of the span, and the time from the first to the end of the last. */
static struct service_calls read_calls(const struct view_ctx *c, struct span *seen)
{
    size_t n;
    struct service_calls calls = {.n = 0};
    struct trace_entry *e = trace_entries(c->model, c->span, &n);
    *seen = (struct span){INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < MIN(n, c->key ? (size_t)WATCHED : n); i++) { /* the newest first */
        const struct trace *t = model_trace(c->model, e[i].id);
        if (!t)
            continue;
        struct trace_tree *tree = trace_tree_new(t);
        service_calls_add(&calls, tree);
        trace_tree_free(tree);
        if (!sd_known(e[i].start) || (e[i].notes & TRACE_ABSURD_TIMES))
            continue;
        seen->from = MIN(seen->from, e[i].start);
        seen->to = MAX(seen->to, add_sat(e[i].start, sd_known(e[i].duration_ns) ? e[i].duration_ns : 0));
    }
    free(e);
    service_calls_finish(&calls);
    return calls;
}

static void call_row(struct doc *d, struct table *t, const struct service_call *x, double seconds)
{
    struct row *r = doc_row(d, t);
    double errors = (double)x->errors / (double)x->count;
    r->cells[S_caller] = cell_text(doc_text(d, x->caller));
    r->cells[S_callee] = cell_text(doc_text(d, x->callee));
    r->cells[S_kind] = cell_text(callee_kind_name(x->kind));
    r->cells[S_count] = cell_int(x->count);
    r->cells[S_rate_per_s] = cell_real((double)x->count / seconds);
    r->cells[S_error_share] = cell_real(errors);
    r->cells[S_errors] = cell_int(x->errors);
    r->cells[S_p50_ns] = cell_int(service_call_quantile(x, 0.5));
    r->cells[S_p99_ns] = cell_int(service_call_quantile(x, 0.99));
    r->cells[S_total_ns] = cell_int(x->n_durations ? x->total_ns : SD_UNKNOWN);
    r->severity = errors >= 0.05 ? SEVERITY_BAD : x->errors ? SEVERITY_WARN : SEVERITY_NONE;
    r->copy = doc_text(d, x->callee);
}

static struct doc *build_services(const struct view_ctx *c)
{
    struct doc *d = doc_new("services", "Services");
    struct span seen;
    common_envelope(d, c, common_span(c));
    struct service_calls calls = read_calls(c, &seen);
    double seconds = seen.to > seen.from ? common_seconds(seen) : (double)NAN;
    bool all = calls.traces < WATCHED || !c->key;
    if (all && !span_is_all(c->span) && isfinite(common_seconds(common_covered(c))))
        seconds = common_seconds(common_covered(c));
    struct section *s = doc_table(d, "rows", "Who calls whom", COLUMNS, S_COLUMNS);
    for (size_t i = 0; i < calls.n; i++)
        call_row(d, &s->table, &calls.items[i], seconds);
    s->table.sort_column = S_total_ns;
    s->table.sort_reverse = true;
    s->weight = 1;
    s->empty = common_empty(d, c, KINDS_TRACES);
    s->note = common_note(
        d, c, &(struct note){.kinds = KINDS_TRACES, .n = calls.traces, .what = "traces", .last = SD_UNKNOWN});
    if (!all)
        s->note = doc_printf(d, "%s; the newest ones", s->note ? s->note : "");
    if (calls.left_out)
        s->note = doc_printf(d, "%s; %lld calls of more pairs left out", s->note ? s->note : "",
                             (long long)calls.left_out);
    service_calls_free(&calls);
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
