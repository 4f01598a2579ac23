/* two_samples.h - by how much two samples of measurements differ, and how sure that is. Pure; any thread.
 *
 * The difference is the shift of one sample that makes the two alike: the median of all differences between a
 * value of one and a value of the other (Hodges and Lehmann 1963). Its interval holds those shifts that the
 * rank sum test (Mann and Whitney 1947) with its correction for ties does not reject. No distribution is
 * assumed, and a few runs that are far off move neither. */
#ifndef CORE_GOALS_TWO_SAMPLES_H
#define CORE_GOALS_TWO_SAMPLES_H

#include "base/base.h"

struct two_samples {
    double before, after; /* medians; of an even number the mean of the middle two */
    double difference;    /* after less before */
    double low, high;     /* low <= difference <= high */
    double confidence;    /* of that interval: less than what was asked for when there are too few values */
};

/* Neither sample is empty, all values are finite. `confidence` of the interval, of both sides: 0.95. */
struct two_samples two_samples(const double *before, size_t n_before, const double *after, size_t n_after,
                               double confidence);
/* Of an even number the mean of the middle two; NAN: there are none. Values that are not finite are left out.
 */
double sample_median(const double *values, size_t n);

#endif
