/* quantile_test.h - does a percentile of latencies differ between two runs, when latencies in a row are
 * alike? The method is described in load_compare.h. Pure; any thread. */
#ifndef CORE_LOADS_QUANTILE_TEST_H
#define CORE_LOADS_QUANTILE_TEST_H

#include "base/base.h"

enum { QUANTILE_BLOCKS = 40 };

/* Logarithms of latencies, ascending: of the run, and of each of its blocks of equal time. */
struct quantile_side {
    double *all;
    size_t n;
    double *block[QUANTILE_BLOCKS];
    size_t block_n[QUANTILE_BLOCKS];
};

/* Of `n` latencies and the number of the block each is in (0..QUANTILE_BLOCKS - 1). `step` is what they were
 * rounded to (1: not at all), `salt` is another number for each side. */
struct quantile_side *quantile_side_new(const int64_t *latency_ns, const uint8_t *block, size_t n,
                                        int64_t step, uint64_t salt);
void quantile_side_free(struct quantile_side *s); /* NULL is fine */
/* The power of ten that all are multiples of, at most a millisecond; 1 when there is none. */
int64_t quantile_step(const int64_t *latency_ns, size_t n);

struct quantile_shift {
    double p;                  /* how likely chance alone shows so much, either way */
    double ratio_lo, ratio_hi; /* of the second side's percentile to the first's, with 1 - alpha; 0 and
                               INFINITY: no limit was found */
};
/* Both sides have latencies. */
struct quantile_shift quantile_shift_of(const struct quantile_side *a, const struct quantile_side *b,
                                        double q, double alpha);

#endif
