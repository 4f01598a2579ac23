/* shift.h - did durations or errors change between two windows, and by how much? Pure; any thread.
 *
 * Requests in a row are alike: a second of trouble makes many of them slow, and a test that takes each as one
 * more proof finds changes everywhere. So a window comes in blocks of equal time, and their counts tell how
 * much more they vary than independent requests would: by that factor each request counts less.
 *
 * A percentile q: of both windows together the slowest share of 1 - q is taken (and half, one and a half and
 * two and a half times as much, and those slower than all, or all but two, of the faster window's: tails
 * differ most in different places); how many of these are of the second window? By chance alone as many as
 * its share of the requests: the binomial distribution, of the median the normal one. p is that of the best,
 * times how many independent looks those are worth. The interval is of those factors that the second window's
 * durations can be divided by without the test noticing.
 *
 * Errors: the same question of the requests that failed. The interval of the difference of the two shares is
 * Newcombe's, of Wilson's.
 *
 * Many comparisons at once: Benjamini and Hochberg (1995). Where nothing has changed, one in a hundred such
 * lists has anything in it. */
#ifndef CORE_ENDPOINTS_SHIFT_H
#define CORE_ENDPOINTS_SHIFT_H

#include "core/hist.h"

enum { SHIFT_BLOCKS = 60 };
#define SHIFT_FALSE 0.01 /* share of lists, of things that did not change, with anything called changed */

struct shift_block {
    int64_t count, errors, timed;
    uint32_t n_buckets;
};
struct shift_sample {
    const struct shift_block *blocks; /* in order of time, all of the same length */
    size_t n_blocks;
    const struct sd_bucket *buckets; /* those of the first block, then of the next; ascending within one */
};

struct shift {
    bool known;           /* false: too few to tell; then nothing else is */
    double before, after; /* ns, or the share of errors */
    double p;             /* how likely chance alone shows so much */
};
struct shift shift_of_quantile(const struct shift_sample *before, const struct shift_sample *after, double q);
struct shift shift_of_errors(const struct shift_sample *before, const struct shift_sample *after);

/* The difference after - before lies between, with 1 - alpha. Of one that `shift_of_...` knows. */
struct shift_interval {
    double low, high;
};
struct shift_interval shift_quantile_interval(const struct shift_sample *before,
                                              const struct shift_sample *after, double q, double alpha);
struct shift_interval shift_errors_interval(const struct shift_sample *before,
                                            const struct shift_sample *after, double alpha);

/* Of n comparisons: the p up to which they are changes, so that the share of false ones among them is `share`
 * at most. It is the level of their intervals, too. Sorts p. */
double shift_level(double *p, size_t n, double share);

#endif
