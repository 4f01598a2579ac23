/* hist.h - the dense latency histogram: record, merge, quantile.
 * Layout and error bound (1/128) as in slowdive/types.h. Not thread-safe. */
#ifndef CORE_HIST_H
#define CORE_HIST_H

#include "base/num.h"

struct hist {
    uint64_t count;
    int64_t sum, min, max; /* exact, the sum up to its limit; min and max undefined when count is 0 */
    uint32_t lo, hi;       /* buckets in use lie in [lo, hi) */
    uint32_t bucket[SD_HIST_BUCKETS];
};

void hist_clear(struct hist *h);

static inline void hist_record(struct hist *h, int64_t ns)
{
    uint32_t i = sd_hist_index(ns);
    h->bucket[i]++;
    h->count++;
    h->sum = add_sat(h->sum, ns);
    if (ns < h->min)
        h->min = ns;
    if (ns > h->max)
        h->max = ns;
    if (i < h->lo)
        h->lo = i;
    if (i >= h->hi)
        h->hi = i + 1;
}

void hist_merge(struct hist *into, const struct hist *h);
/* Adds sparse buckets; sum, min and max are given beside them (SD_UNKNOWN: taken
 * from the buckets). */
void hist_merge_sparse(struct hist *into, const struct sd_hist *s, int64_t sum, int64_t min, int64_t max);

/* The q-quantile (0..1) by nearest rank: the middle of the bucket that holds
 * the ceil(q * count)-th value, kept within [min, max]; SD_UNKNOWN when empty. */
int64_t hist_quantile(const struct hist *h, double q);

#endif
