/* trace_summary.h - what the traces that are kept say together of the services: who calls whom; and what to
 * do about what one of them shows. Where the time of an endpoint goes: endpoint_time.h. Main thread. */
#ifndef CORE_INSIGHT_TRACE_SUMMARY_H
#define CORE_INSIGHT_TRACE_SUMMARY_H

#include "core/model/traces.h"
#include "core/traces/trace_findings.h"

/* Calls from one service to another, or to a database or somebody outside, as the caller sees them. */
struct service_call {
    const char *caller, *callee; /* caller NULL: from outside */
    const char *system;          /* postgresql, redis; NULL: no database or store */
    bool outside;                /* no span of the callee came */
    int64_t calls, errors, timed, total_ns;
    int64_t p50_ns, p99_ns; /* SD_UNKNOWN: none ended */
};
/* From the newest `most` traces of the span, because each is made into a tree: the most time first; count.
 * Texts are the arena's. */
size_t service_calls(const struct model *m, struct span span, size_t most, struct arena *a,
                     struct service_call **out);

/* What to do about a finding, with the statement for all rows at once where there is one; NULL: nothing is
 * known. */
const char *trace_advice(struct arena *a, const struct trace_tree *t, const struct trace_finding *f);

#endif
