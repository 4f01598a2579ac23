/* latency_sums.h - members of histograms, such as one for each status, to the requests of an endpoint. Pure.
 */
#ifndef FORMAT_METRICS_LATENCY_SUMS_H
#define FORMAT_METRICS_LATENCY_SUMS_H

#include "core/endpoints/buckets.h"
#include "format/metrics/latency_labels.h"
#include "format/metrics/latency_metrics.h"

/* A histogram or summary, or a counter of requests by status. */
struct latency_member {
    const struct latency_name *row;
    char *family;      /* name of the metric: the evidence */
    size_t prefix_len; /* of the family, in front of the known name */
    bool counter;
    enum latency_outcome outcome;
    struct latency_who who;
};
struct latency_delta {
    double count, total_ns; /* NAN: unknown */
    struct buckets buckets;
};

struct latency_sums;
struct latency_sums *latency_sums_new(void);
void latency_sums_free(struct latency_sums *s); /* NULL is fine */
void latency_sums_add(struct latency_sums *s, const struct latency_member *m, const struct latency_delta *d);
/* Gives what was added as one record for each endpoint, and begins anew. */
void latency_sums_give(struct latency_sums *s, sd_time from, int64_t interval_ns,
                       const struct latency_out *out);

#endif
