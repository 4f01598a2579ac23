/* usl.h - the Universal Scalability Law (Gunther 1993): X(N) = gamma N / (1 + alpha (N - 1) + beta N (N -
 * 1)). gamma is the throughput of one, alpha what has to be done one after the other, beta what each has to
 * agree on with each. Pure; any thread.
 *
 * Fitted by least squares on the throughput with alpha, beta >= 0: Levenberg and Marquardt's method from
 * several starts, one of them the weighted linear fit of N / X. Gunther's own transform through the first
 * point weighs that point alone and gives clearly other coefficients.
 */
#ifndef CORE_CAPACITY_USL_H
#define CORE_CAPACITY_USL_H

#include "base/base.h"

enum { USL_POINTS_MIN = 4, USL_POINTS_FEW = 6, USL_POINTS_MAX = 100000 };
#define USL_LOAD_MAX 1e12

struct usl_point {
    double load;       /* above 0, at most USL_LOAD_MAX */
    double throughput; /* at least 0, finite */
};

/* NAN: there is none. */
struct usl_fit {
    size_t points;
    double gamma, alpha, beta;
    double residual_se;      /* sqrt(sum of squares / (points - 3)) */
    double r_squared;        /* 1 - sum of squares / that about the mean */
    double peak_load;        /* sqrt((1 - alpha) / beta) */
    double peak_throughput;  /* there */
    double limit_throughput; /* gamma / alpha, what it tends to without beta */
    double optimal_load;     /* 1 / alpha */
    double load_max;         /* of the points */
    bool extrapolated;       /* no point at or beyond half of the peak load */
    bool few_points;         /* under USL_POINTS_FEW */
    bool poor_fit;           /* r_squared below 0.9 */
};

/* False and a sentence: fewer than USL_POINTS_MIN points, none above 0, or all at one load. */
bool usl_fit(struct usl_fit *out, const struct usl_point *p, size_t n, struct sd_error *err);
double usl_throughput(const struct usl_fit *f, double load);

#endif
