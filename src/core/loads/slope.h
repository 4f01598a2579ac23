/* slope.h - does a series grow? The slope is Theil's and Sen's (the median of the slopes of all pairs), so
 * that a few wild values do not matter. Its interval comes from the residuals, with the variance inflated by
 * (1 + r) / (1 - r), r their correlation with the one before (corrected for its bias in short series,
 * Marriott and Pope 1954), and Student's t of as many degrees of freedom as are left. Pure. */
#ifndef CORE_LOADS_SLOPE_H
#define CORE_LOADS_SLOPE_H

#include "base/base.h"

struct slope {
    double slope, lo, hi; /* of y by x; 99 % */
    double start, end;    /* of the line at the first and the last x */
};
enum { SLOPE_POINTS_MIN = 5, SLOPE_POINTS_MAX = 500 };

/* x rises. False: fewer points than SLOPE_POINTS_MIN. More than SLOPE_POINTS_MAX are averaged by neighbours.
 */
bool slope_fit(const double *x, const double *y, size_t n, struct slope *out);

#endif
