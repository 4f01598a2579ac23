/* hist.h - the dense latency histogram: record, merge, quantile.
 * Layout and error bound (1/128) as in slowdive/types.h. Not thread-safe. */
#ifndef CORE_HIST_H
#define CORE_HIST_H

#include "base/num.h"

struct hist {
    uint64_t count;
    int64_t sum, min, max; /* exact, the sum up to its limit; min and max undefined when count is 0 */
    uint32_t lo, hi;       /* buckets in use lie in [lo, hi), and so do those of min and max */
    uint32_t bucket[SD_HIST_BUCKETS];
};

void hist_clear(struct hist *h);

/* The extremes, and the buckets in use, once `ns` is counted in bucket `i`. */
static inline void hist_widen(struct hist *h, int64_t ns, uint32_t i)
{
    h->min = MIN(h->min, ns);
    h->max = MAX(h->max, ns);
    h->lo = MIN(h->lo, i);
    h->hi = MAX(h->hi, i + 1);
}

/* Any value, and a sum at its limit. */
void hist_record_any(struct hist *h, int64_t ns);

/* The usual value has a bucket of an octave and no new extreme: the few tests that it has to pass are
 * together in front, which lets it be counted in four cycles. */
static inline void hist_record(struct hist *h, int64_t ns)
{
    int64_t sum;
    if (!sd_hist_in_octave(ns) || __builtin_expect(__builtin_add_overflow(h->sum, ns, &sum), 0)) {
        hist_record_any(h, ns);
        return;
    }
    uint32_t i = sd_hist_index(ns);
    h->bucket[i]++;
    h->count++;
    h->sum = sum;
    if (__builtin_expect(ns < h->min || ns > h->max, 0))
        hist_widen(h, ns, i);
}

void hist_merge(struct hist *into, const struct hist *h);
/* Adds sparse buckets; sum, min and max are given beside them (SD_UNKNOWN: taken
 * from the buckets). */
void hist_merge_sparse(struct hist *into, const struct sd_hist *s, int64_t sum, int64_t min, int64_t max);

/* The q-quantile (0..1) by nearest rank: the middle of the bucket that holds
 * the ceil(q * count)-th value, kept within [min, max]; SD_UNKNOWN when empty. */
int64_t hist_quantile(const struct hist *h, double q);

#endif
