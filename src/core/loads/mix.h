/* mix.h - one of several by weight. */
#ifndef CORE_LOADS_MIX_H
#define CORE_LOADS_MIX_H

#include "base/base.h"

struct load_mix {
    double *sums; /* of the weights up to each */
    size_t n;
};
/* `weight` points to the first weight, each further one is `stride` bytes on. Free `sums`. */
static inline struct load_mix load_mix_of(const double *weight, size_t n, size_t stride)
{
    struct load_mix m = {.sums = mem_array(n ? n : 1, sizeof(double)), .n = n};
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += *(const double *)(const void *)((const char *)weight + i * stride);
        m.sums[i] = sum;
    }
    return m;
}

/* u is evenly in (0, 1). One of weight 0 is never chosen. */
static inline uint32_t load_mix_pick(const struct load_mix *m, double u)
{
    double at = u * m->sums[m->n - 1];
    size_t lo = 0, hi = m->n - 1;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (m->sums[mid] > at)
            hi = mid;
        else
            lo = mid + 1;
    }
    return (uint32_t)lo;
}

#endif
