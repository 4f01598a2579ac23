/* regress.h - did a percentile of latencies grow between two lots of requests? Pure; any thread.
 *
 * Two questions are asked of the merged histograms, whose buckets are ties: do the lots differ at all (Mann
 * and Whitney 1947, variance corrected for ties, either way), and is the ratio of the percentiles surely
 * above or below 1. The second is the interval of the ratio by inverting a test: 1 lies below its lower end
 * when of the slowest 1 - q of both lots together more than its share belongs to the second.
 *
 * Requests in a row are alike (a slow minute, a cold cache), and then tests that take each for itself cry too
 * often. So both lots come in blocks of equal time: where blocks vary clearly more than requests drawn singly
 * would, the variances grow by as much, neighbours that are alike included (as in
 * core/loads/quantile_test.h). Where they do not, p is that of Mann and Whitney to the digit. */
#ifndef CORE_GOALS_REGRESS_H
#define CORE_GOALS_REGRESS_H

#include "core/hist.h"

enum { REGRESS_BLOCKS = 40 };     /* a side, at most; fewer than 10 with requests: not reckoned with */
#define REGRESS_P       0.001     /* the lots differ below it */
#define REGRESS_RATIO_P (1 - .95) /* and the interval of the ratio is one of 95 % */

struct regress {
    uint64_t n_before, n_after;
    int64_t before_ns, after_ns; /* the percentile, by nearest rank */
    double change_share;         /* after / before - 1; NAN: before is 0 */
    double p_value;              /* of Mann and Whitney, both ways */
    double p_ratio;              /* how likely chance shows percentiles so different, both ways */
    bool slower;                 /* the second lot is, by the second question */
    bool in_a_row;               /* blocks vary: p_value reckons with it */
};

/* Blocks in the order of time, those without requests too; q in 0..1. False: a side has no request. */
bool regress_of(const struct hist *before, size_t n_before, const struct hist *after, size_t n_after,
                double q, struct regress *out);
/* Did it surely change, in that direction: p < 0.001 and the interval of the ratio on one side of 1? */
bool regress_surely(const struct regress *r, bool slower);

#endif
