/* call_time.h - distributions of positive times that can be added. Pure; any thread.
 *
 * A distribution is the values at fixed probabilities, which are equally spaced as those of a normal
 * distribution: dense at both ends. Between them it is taken as uniform. For a sum P(X + Y <= t) is the mean
 * of P(X <= t - y) over the pieces of Y; the values of the sum are found by bisection. Tested against
 * simulations: the percentiles of sums of hundreds of calls are within 0.5 %.
 */
#ifndef CORE_CAPACITY_CALL_TIME_H
#define CORE_CAPACITY_CALL_TIME_H

#include "base/base.h"

enum { CALL_TIME_PIECES = 400 };

struct call_time {
    double edge[CALL_TIME_PIECES + 1]; /* rising; the unit is the caller's */
};

/* The slowest of `parallel` log-normal times with that median and standard deviation of the logarithm. */
void call_time_slowest(struct call_time *out, double median, double sigma, int64_t parallel);
double call_time_slowest_mean(double median, double sigma, int64_t parallel);
/* Of two independent times; `out` may be one of them. */
void call_time_add(struct call_time *out, const struct call_time *a, const struct call_time *b);
/* Of n >= 1 independent times that are alike. */
void call_time_repeat(struct call_time *out, const struct call_time *of, int64_t n);
double call_time_percentile(const struct call_time *t, double share);

#endif
