/* endpoint_time.h - where the time of an endpoint's requests goes, by the traces that are kept of it. */
#ifndef CORE_INSIGHT_ENDPOINT_TIME_H
#define CORE_INSIGHT_ENDPOINT_TIME_H

#include "core/model/traces.h"
#include "core/traces/trace_parts.h"

enum { TIME_TRACES = 100, TIME_SERVICES = 16 }; /* read for it: the newest; services told apart */

struct service_time {
    const char *service; /* good until the next model_apply */
    double ns;
};
struct endpoint_time {
    size_t traces;                               /* read; 0: there are none */
    double total_ns;                             /* mean of a request's duration */
    double parts[TRACE_PARTS_N];                 /* of its critical path, mean of a request */
    struct service_time services[TIME_SERVICES]; /* own time of services on it, mean of a request */
    size_t n_services;
};
void endpoint_time_of(const struct model *m, const struct endpoint *e, struct span span,
                      struct endpoint_time *out);

#endif
