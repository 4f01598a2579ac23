/* hop_latency.h - how long a request takes that makes several calls, out of the median and the 99th
 * percentile of each. Percentiles do not add: it is rare that all calls are slow at once. Pure; any thread.
 *
 * Each call is log-normal with its two percentiles, and independent. A hop is `calls` calls, `parallel`
 * of them at once: of those the slowest counts, and the rounds are one after the other. Fewer `calls` than
 * `parallel`: one round of `parallel`. The hops of a request are one
 * after the other. Distributions are added numerically (call_time.h); means are exact.
 */
#ifndef CORE_CAPACITY_HOP_LATENCY_H
#define CORE_CAPACITY_HOP_LATENCY_H

#include "base/base.h"

enum { BUDGET_HOPS_MAX = 100, HOP_CALLS_MAX = 1000, HOP_PARALLEL_MAX = 1000000 };
#define HOP_SPREAD_MAX 1e6 /* p99 / p50 */

struct hop_ask {
    const char *name;
    int64_t p50_ns, p99_ns;  /* of one call; 0 < p50 <= p99 <= p50 x HOP_SPREAD_MAX */
    int64_t calls, parallel; /* 1 to the limits above */
};

struct hop_time {
    const char *name;
    double mean_ns, p99_ns; /* of all calls of the hop */
    double share;           /* of the mean of the request */
};

struct hop_times {
    double mean_ns, p50_ns, p95_ns, p99_ns;
    double sum_of_p99_ns; /* what adding the percentiles of all steps says */
    struct hop_time *rows;
    size_t n;
    int64_t budget_ns; /* SD_UNKNOWN: none */
    bool holds;        /* p99 is within the budget, or there is none */
};

/* Names belong to `hops`. Free with hop_times_free. */
void hop_times(struct hop_times *out, const struct hop_ask *hops, size_t n, int64_t budget_ns);
void hop_times_free(struct hop_times *t);

#endif
