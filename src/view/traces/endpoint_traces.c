/* What traces tell of an endpoint, for its view. */
#include <stdlib.h>

#include "view/shared/common.h"
#include "view/traces/trace_lookup.h"
#include "view/traces/trace_problems.h"
#include "view/traces/traces.h"

enum { P_text, P_share, P_traces, P_cost_ns, P_each_ns, P_kind, P_advice, P_trace_id, P_COLUMNS };
static const struct column PROBLEMS[P_COLUMNS] = {
    [P_text] = {.key = "text",
                .title = "Finding",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 30,
                .help = "of the trace where it costs most"},
    [P_share] = {.key = "share",
                 .title = "Traces",
                 .unit = UNIT_SHARE,
                 .help = "of the traces of the endpoint, how many have it"},
    [P_traces] = {.key = "traces",
                  .title = "Count",
                  .unit = UNIT_COUNT,
                  .priority = 4,
                  .help = "the same as a number"},
    [P_cost_ns] =
        {.key = "cost_ns", .title = "Costs", .unit = UNIT_NS, .priority = 2, .help = "of all of them"},
    [P_each_ns] = {.key = "mean_cost_ns",
                   .title = "Each",
                   .unit = UNIT_NS,
                   .help = "of a trace that has it, on average"},
    [P_kind] = {.key = "kind",
                .title = "Kind",
                .flags = COLUMN_LEFT,
                .priority = 3,
                .help = "as in the view traces"},
    [P_advice] = {.key = "advice", .title = "What to do", .flags = COLUMN_HIDDEN, .help = "a sentence; null"},
    [P_trace_id] = {.key = "trace_id",
                    .title = "Trace",
                    .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                    .help = "where it costs most"},
};

static void problems_section(struct doc *d, const struct view_ctx *c, const char *endpoint)
{
    struct trace_problems p = trace_problems(c, endpoint, PROBLEM_TRACES, d->arena);
    if (!p.traces)
        return;
    struct section *s = doc_table(d, "trace_findings", "What its traces show", PROBLEMS, P_COLUMNS);
    for (size_t i = 0; i < p.n; i++) {
        const struct trace_problem *x = &p.items[i];
        struct row *r = doc_row(d, &s->table);
        r->cells[P_text] = cell_text(x->text);
        r->cells[P_share] = cell_real((double)x->traces / (double)p.traces);
        r->cells[P_traces] = cell_int(x->traces);
        r->cells[P_cost_ns] = cell_int(x->cost_ns);
        r->cells[P_each_ns] = cell_int(x->cost_ns / x->traces);
        r->cells[P_kind] = cell_text(trace_rule_name(x->rule));
        r->cells[P_advice] = cell_text(x->advice);
        r->cells[P_trace_id] = cell_text(x->worst_trace);
        r->severity = SEVERITY_WARN;
        r->dive = (struct dive){.view = "trace", .arg = x->worst_trace};
    }
    s->table.sort_column = P_cost_ns;
    s->table.sort_reverse = true;
    s->weight = 1;
    s->min_height = 3;
    s->kinds = KINDS_TRACES;
    s->empty = "No finding in these traces.";
    s->note = p.in_all > p.traces
                  ? doc_printf(d, "newest %lld of %lld traces", (long long)p.traces, (long long)p.in_all)
                  : doc_printf(d, "%lld trace%s", (long long)p.traces, p.traces == 1 ? "" : "s");
}

/* ---- the slowest requests ---- */

enum { EXEMPLARS_MAX = 10, X_COLUMNS = 7 };
enum { X_at, X_duration_ns, X_status, X_path, X_trace_id, X_evidence, X_request_id };
static const struct column EXEMPLARS[X_COLUMNS] = {
    [X_at] = {.key = "at", .title = "Ended", .unit = UNIT_TIME, .priority = 1, .help = "when it ended"},
    [X_duration_ns] = {.key = "duration_ns", .title = "Duration", .unit = UNIT_NS, .help = "of the request"},
    [X_status] = {.key = "status", .title = "Status", .priority = 2, .help = "of the answer"},
    [X_path] = {.key = "path",
                .title = "Request",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 16,
                .help = "what was asked for, or the operation of the trace"},
    [X_trace_id] = {.key = "trace_id",
                    .title = "Trace",
                    .flags = COLUMN_LEFT,
                    .width = 16,
                    .help = "Enter opens it; null: the request has none"},
    [X_evidence] = {.key = "evidence",
                    .title = "Known from",
                    .flags = COLUMN_LEFT,
                    .priority = 3,
                    .help = "traces, access log, histogram"},
    [X_request_id] = {.key = "request_id",
                      .title = "Request id",
                      .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                      .help = "as the log has it"},
};

struct slow_request {
    sd_time at;
    int64_t duration_ns, status;
    const char *path, *trace_id, *request_id, *evidence;
};

static int slowest_first(const void *a, const void *b)
{
    const struct slow_request *x = a, *y = b;
    return x->duration_ns > y->duration_ns ? -1 : x->duration_ns < y->duration_ns;
}

static void add_request(struct slow_request *list, size_t *n, size_t cap, struct slow_request r)
{
    for (size_t i = 0; i < *n; i++) /* a trace that a log names is one request */
        if (r.trace_id && str_eq(list[i].trace_id, r.trace_id))
            return;
    if (*n < cap)
        list[(*n)++] = r;
}

static size_t traces_of(const struct view_ctx *c, const char *endpoint, struct slow_request *out, size_t max)
{
    size_t n, found = 0;
    const struct endpoint *of = model_find_endpoint(c->model, endpoint);
    struct trace_entry *e = trace_entries(c->model, c->span, &n);
    for (size_t i = 0; i < n; i++) {
        if (!(of ? endpoint_is_called(of, e[i].endpoint) : str_eq(e[i].endpoint, endpoint)) ||
            !sd_known(e[i].duration_ns))
            continue;
        struct slow_request r = {.at = sd_known(e[i].start) ? add_sat(e[i].start, e[i].duration_ns)
                                                            : SD_UNKNOWN,
                                 .duration_ns = e[i].duration_ns,
                                 .status = SD_UNKNOWN,
                                 .path = e[i].name,
                                 .trace_id = e[i].id,
                                 .evidence = "traces"};
        size_t at = found < max ? found++ : max;
        for (size_t k = 0; at == max && k < max; k++) /* full: in place of the fastest */
            if (out[k].duration_ns < r.duration_ns && (at == max || out[k].duration_ns < out[at].duration_ns))
                at = k;
        if (at < max)
            out[at] = r;
    }
    free(e);
    return found;
}

static void exemplars_section(struct doc *d, const struct view_ctx *c, const char *endpoint)
{
    struct slow_request list[3 * EXEMPLARS_MAX];
    struct record_entry e[2 * EXEMPLARS_MAX];
    size_t n = traces_of(c, endpoint, list, EXEMPLARS_MAX);
    size_t logged = model_exemplars(c->model, endpoint, c->span, e, ARRAY_LEN(e));
    for (size_t i = 0; i < logged; i++) {
        const struct sd_exemplar *x = e[i].r;
        add_request(list, &n, ARRAY_LEN(list),
                    (struct slow_request){.at = x->at,
                                          .duration_ns = x->duration_ns,
                                          .status = x->status,
                                          .path = x->path,
                                          .trace_id = x->trace_id,
                                          .request_id = x->request_id,
                                          .evidence = x->evidence});
    }
    if (!n)
        return;
    qsort(list, n, sizeof *list, slowest_first);
    struct section *s = doc_table(d, "exemplars", "Its slowest requests", EXEMPLARS, X_COLUMNS);
    for (size_t i = 0; i < MIN(n, (size_t)EXEMPLARS_MAX); i++) {
        struct row *r = doc_row(d, &s->table);
        const char *id = doc_text(d, list[i].trace_id);
        r->cells[X_at] = cell_int(list[i].at);
        r->cells[X_duration_ns] = cell_int(list[i].duration_ns);
        r->cells[X_status] = cell_int(list[i].status);
        r->cells[X_path] = cell_text(doc_text(d, list[i].path));
        r->cells[X_trace_id] = cell_text(id);
        r->cells[X_request_id] = cell_text(doc_text(d, list[i].request_id));
        r->cells[X_evidence] = cell_text(doc_text(d, list[i].evidence));
        if (id)
            r->dive = (struct dive){.view = "trace", .arg = id};
        r->copy = id;
    }
    s->table.sort_column = X_duration_ns;
    s->table.sort_reverse = true;
    s->weight = 1;
    s->min_height = 3;
    s->kinds = KINDS_TRACES | SD_KIND_BIT(SD_EXEMPLAR);
}

void endpoint_traces_sections(struct doc *d, const struct view_ctx *c, const char *endpoint)
{
    if (model_has(c->model, KINDS_TRACES | SD_KIND_BIT(SD_EXEMPLAR))) {
        problems_section(d, c, endpoint);
        exemplars_section(d, c, endpoint);
    }
}
