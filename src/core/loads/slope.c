#include "core/loads/slope.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

/* More is not believed of a series: no length could prove a slope. */
#define CORRELATION_MAX 0.95

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, real_ascending);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Student's t at 99.5 % (Cornish and Fisher's expansion, below 1 % off from 3 degrees on). */
static double student(double df)
{
    static const double FEW[] = {63.66, 63.66, 9.925, 5.841, 4.604};
    const double z = 2.5758293035489;
    if (df < 5) {
        size_t i = df < 1 ? 1 : (size_t)df;
        double part = df < 1 ? 0 : df - (double)i;
        double next = i < 4 ? FEW[i + 1] : 4.032;
        return FEW[i] + (next - FEW[i]) * part;
    }
    double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    return z + (z3 + z) / (4 * df) + (5 * z5 + 16 * z3 + 3 * z) / (96 * df * df) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * df * df * df);
}

static double sen(const double *x, const double *y, size_t n)
{
    double *pairs = mem_array(n * (n - 1) / 2, sizeof *pairs);
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (x[j] > x[i])
                pairs[k++] = (y[j] - y[i]) / (x[j] - x[i]);
    double m = k ? median(pairs, k) : 0;
    free(pairs);
    return m;
}

/* Of the residuals, whose mean is 0. */
static double correlation(const double *e, size_t n)
{
    double sum = 0, neighbours = 0;
    for (size_t i = 0; i < n; i++)
        sum += e[i] * e[i];
    for (size_t i = 1; i < n; i++)
        neighbours += e[i] * e[i - 1];
    if (!(sum > 0))
        return 0;
    double r = neighbours / sum;
    r = ((double)n * r + 2) / ((double)n - 4); /* by the mean and the slope that were taken out */
    return fmin(fmax(r, 0), CORRELATION_MAX);
}

static void fit(const double *x, const double *y, size_t n, struct slope *out)
{
    double *e = mem_array(n, sizeof *e), mean_x = 0, mean_e = 0, sxx = 0, see = 0;
    out->slope = sen(x, y, n);
    for (size_t i = 0; i < n; i++) {
        mean_x += x[i] / (double)n;
        e[i] = y[i] - out->slope * x[i];
    }
    double base = median(e, n);
    for (size_t i = 0; i < n; i++) {
        e[i] = y[i] - out->slope * x[i] - base;
        mean_e += e[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        e[i] -= mean_e;
        see += e[i] * e[i];
        sxx += (x[i] - mean_x) * (x[i] - mean_x);
    }
    double r = correlation(e, n), inflation = (1 + r) / (1 - r);
    double df = fmax((double)n / inflation - 2, 2);
    double error = sxx > 0 ? sqrt(see / (double)(n - 2) / sxx * inflation) : 0;
    out->lo = out->slope - student(df) * error;
    out->hi = out->slope + student(df) * error;
    out->start = base + out->slope * x[0];
    out->end = base + out->slope * x[n - 1];
    free(e);
}

bool slope_fit(const double *x, const double *y, size_t n, struct slope *out)
{
    if (n < SLOPE_POINTS_MIN)
        return false;
    if (n <= SLOPE_POINTS_MAX) {
        fit(x, y, n, out);
        return true;
    }
    size_t each = (n + SLOPE_POINTS_MAX - 1) / SLOPE_POINTS_MAX, m = n / each;
    double *mx = mem_array(m, sizeof *mx), *my = mem_array(m, sizeof *my);
    for (size_t i = 0; i < m * each; i++) {
        mx[i / each] += x[i] / (double)each;
        my[i / each] += y[i] / (double)each;
    }
    fit(mx, my, m, out);
    free(mx);
    free(my);
    return true;
}
