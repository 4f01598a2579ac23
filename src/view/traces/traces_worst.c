/* What traces add to the overview. */
#include "view/shared/common.h"
#include "view/traces/trace_problems.h"
#include "view/traces/traces.h"

/* A line for an endpoint needs as much. */
#define THRESHOLDS(X)                                                                                        \
    X(MIN_TRACES, 3, "traces that have it, or")                                                              \
    X(MIN_SHARE, 0.5, "of the traces of the endpoint")                                                       \
    X(MIN_COST, 50e6, "ns in each, on average")                                                              \
    X(LINES, 5, "at most, of traces")
enum { THRESHOLDS(WORST_ENUM) T_END };
static const double LIMIT[T_END] = {THRESHOLDS(WORST_VALUE)};

static bool counts(const struct trace_problem *p)
{
    double each = (double)p->cost_ns / (double)p->traces, share = (double)p->traces / (double)p->of;
    return p->endpoint && (p->rule == TRACE_N_PLUS_ONE || p->rule == TRACE_REPEATED_N_PLUS_ONE) &&
           ((double)p->traces >= LIMIT[T_MIN_TRACES] || share >= LIMIT[T_MIN_SHARE]) &&
           each >= LIMIT[T_MIN_COST];
}

void traces_worst(const struct view_ctx *c, struct worst_list *l)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    if (!model_has(c->model, KINDS_TRACES))
        return;
    struct trace_problems all = trace_problems(c, NULL, PROBLEM_TRACES_OVERVIEW, l->d->arena);
    double seconds = common_seconds(common_covered(c));
    int lines = 0;
    for (size_t i = 0; i < all.n && lines < (int)LIMIT[T_LINES]; i++) {
        const struct trace_problem *p = &all.items[i];
        if (!counts(p))
            continue;
        lines++;
        const char *why = doc_printf(l->d, "%s a request, in %lld of %lld traces: %s",
                                     unit_format_int(UNIT_NS, p->cost_ns / p->traces, a),
                                     (long long)p->traces, (long long)p->of, p->text);
        worst_add(l, (struct worst_item){
                         .severity = SEVERITY_WARN,
                         .rank = isfinite(seconds) ? (double)p->cost_ns / 1e9 / seconds : 0,
                         .what = "N+1",
                         .subject = p->endpoint,
                         .why = why,
                         .share = NAN,
                         .dive = {.view = "trace", .arg = p->worst_trace},
                     });
    }
    if (all.failed > 0)
        worst_add(l, (struct worst_item){
                         .severity = SEVERITY_WARN,
                         .what = "failed",
                         .subject = "traces",
                         .share = (double)all.failed / (double)all.traces,
                         .why = doc_printf(l->d, "%s of %s traces have a failed span",
                                           unit_format_int(UNIT_COUNT, all.failed, a),
                                           unit_format_int(UNIT_COUNT, all.traces, b)),
                         .dive = {.view = "traces"},
                     });
}
