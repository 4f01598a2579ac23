#include "core/goals/two_samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int smallest_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(const double *sorted, size_t n)
{
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double sample_median(const double *values, size_t n)
{
    double *sorted = mem_array(n + 1, sizeof *sorted);
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i]))
            sorted[m++] = values[i];
    qsort(sorted, m, sizeof *sorted, smallest_first);
    double median = m ? middle(sorted, m) : (double)NAN;
    free(sorted);
    return median;
}

/* Values so far from 0 that a normally distributed one is between -z and z with that probability. Bisection:
 * it is needed a few times, and erf is in the C library, its inverse is not. */
static double normal_quantile(double confidence)
{
    double low = 0, high = 40;
    for (int i = 0; i < 100; i++) {
        double z = (low + high) / 2;
        if (erf(z / sqrt(2)) < confidence)
            low = z;
        else
            high = z;
    }
    return low;
}

/* Sum of t^3 - t over the groups of equal values in both samples together. */
static double ties_of(const double *a, size_t n, const double *b, size_t m)
{
    double *all = mem_array(n + m, sizeof *all), ties = 0;
    memcpy(all, a, n * sizeof *all);
    memcpy(all + n, b, m * sizeof *all);
    qsort(all, n + m, sizeof *all, smallest_first);
    for (size_t i = 0, k; i < n + m; i = k) {
        for (k = i + 1; k < n + m && all[k] == all[i]; k++)
            ;
        double t = (double)(k - i);
        ties += t * t * t - t;
    }
    free(all);
    return ties;
}

/* The most that an interval can have: all differences are in it, unless one sample lies wholly above the
 * other, for which there are two of all ways to divide the values. */
static double most_confidence(double a, double b)
{
    return fmax(0, 1 - 2 * exp(lgamma(a + 1) + lgamma(b + 1) - lgamma(a + b + 1)));
}

struct two_samples two_samples(const double *before, size_t n_before, const double *after, size_t n_after,
                               double confidence)
{
    size_t n = 0;
    double a = (double)n_before, b = (double)n_after, both = a + b;
    double *d = mem_array(n_before * n_after, sizeof *d);
    for (size_t i = 0; i < n_before; i++)
        for (size_t k = 0; k < n_after; k++)
            d[n++] = after[k] - before[i];
    qsort(d, n, sizeof *d, smallest_first);
    double variance =
        a * b / 12 * (both + 1 - ties_of(before, n_before, after, n_after) / (both * (both - 1)));
    /* Half a rank is the correction for continuity. */
    double out = a * b / 2 - normal_quantile(confidence) * sqrt(fmax(variance, 0)) - 0.5;
    size_t k = out > 0 ? (size_t)out : 0;
    struct two_samples s = {.before = sample_median(before, n_before),
                            .after = sample_median(after, n_after),
                            .difference = middle(d, n),
                            .low = d[MIN(k, (n - 1) / 2)],
                            .high = d[n - 1 - MIN(k, (n - 1) / 2)],
                            .confidence = fmin(confidence, most_confidence(a, b))};
    free(d);
    return s;
}
