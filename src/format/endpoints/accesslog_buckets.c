#include "format/endpoints/accesslog_buckets.h"

enum { FEW = 32 };

/* Sorting beats walking the buckets between them. */
static size_t count_few(uint32_t *v, size_t n, struct sd_bucket *out)
{
    size_t k = 0;
    for (size_t i = 1; i < n; i++) {
        uint32_t x = v[i];
        size_t j = i;
        for (; j > 0 && v[j - 1] > x; j--)
            v[j] = v[j - 1];
        v[j] = x;
    }
    for (size_t i = 0; i < n; i++) {
        if (k && out[k - 1].index == v[i])
            out[k - 1].count++;
        else
            out[k++] = (struct sd_bucket){.index = v[i], .count = 1};
    }
    return k;
}

size_t accesslog_buckets(uint32_t *dense, uint32_t *v, size_t n, struct sd_bucket *out)
{
    uint32_t lo = SD_HIST_BUCKETS, hi = 0;
    size_t k = 0;
    if (n <= FEW)
        return count_few(v, n, out);
    for (size_t i = 0; i < n; i++) {
        dense[v[i]]++;
        lo = MIN(lo, v[i]);
        hi = MAX(hi, v[i]);
    }
    for (uint32_t at = lo; at <= hi; at++)
        if (dense[at]) {
            out[k++] = (struct sd_bucket){.index = at, .count = dense[at]};
            dense[at] = 0;
        }
    return k;
}
