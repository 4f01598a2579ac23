/* trace_summary.h - what the traces that are kept say together: of an endpoint, where its time goes; of the
 * services, who calls whom.
 *
 * Both look at the newest `most` traces of the span, because each is made into a tree. Main thread; texts are
 * the arena's. */
#ifndef CORE_INSIGHT_TRACE_SUMMARY_H
#define CORE_INSIGHT_TRACE_SUMMARY_H

#include "core/model/traces.h"
#include "core/traces/trace_findings.h"
#include "core/traces/trace_parts.h"

/* Of requests to one endpoint: each server's span of it, the first in its trace. */
struct endpoint_parts {
    int64_t traces;                 /* that were looked at */
    int64_t total_ns;               /* of the requests */
    int64_t part_ns[TRACE_PARTS_N]; /* sum to it */
    int64_t calls[TRACE_PARTS_N];   /* spans of each part in the branches of the requests: how many calls */
};
void endpoint_parts_of(const struct model *m, const char *endpoint, struct span span, size_t most,
                       struct endpoint_parts *out);

/* Calls from one service to another, or to a database or somebody outside, as the caller sees them. */
struct service_call {
    const char *caller, *callee; /* caller NULL: from outside */
    const char *system;          /* postgresql, redis; NULL: no database or store */
    bool outside;                /* no span of the callee came */
    int64_t calls, errors, timed, total_ns;
    int64_t p50_ns, p99_ns; /* SD_UNKNOWN: none ended */
};
/* The most time first; count. */
size_t service_calls(const struct model *m, struct span span, size_t most, struct arena *a,
                     struct service_call **out);

/* What to do about a finding, with the statement for all rows at once where there is one; NULL: nothing is
 * known. */
const char *trace_advice(struct arena *a, const struct trace_tree *t, const struct trace_finding *f);

#endif
