#include "core/insight/host_outliers.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

#define RATIO_LEAST  1.5
#define Z_LEAST      3.5
#define ERROR_RATIO  2.0
#define ERROR_SIGMAS 4.0
#define RATE_RATIO   3.0
#define MAD_TO_SIGMA 1.4826

/* Sorts. NAN: there are none. */
static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, real_ascending);
    return !n ? (double)NAN : n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

typedef double figure_of(const struct host_figures *h); /* NAN: it is not judged by it */

static double p95_of(const struct host_figures *h)
{
    return h->timed >= OUTLIER_TAIL_LEAST * 20 ? h->p95_ns : (double)NAN;
}

static double p99_of(const struct host_figures *h)
{
    return h->timed >= OUTLIER_TAIL_LEAST * 100 ? h->p99_ns : (double)NAN;
}

static double errors_of(const struct host_figures *h)
{
    return h->requests >= OUTLIER_EVENTS_LEAST ? h->error_share : (double)NAN;
}

/* One that has stopped has no requests: it is late, which the view says by itself. */
static double rate_of(const struct host_figures *h)
{
    return h->requests >= OUTLIER_EVENTS_LEAST ? h->rate : (double)NAN;
}

/* The known values; the median of them into *m. Count. */
static size_t known(const struct host_figures *h, size_t n, figure_of *of, double *v, double *m)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(of(&h[i])))
            v[k++] = of(&h[i]);
    *m = median(v, k);
    return k;
}

static void mark(struct host_outlier *o, enum outlier_by by, double value, double m)
{
    if (o->by == OUTLIER_NOT)
        *o = (struct host_outlier){.by = by, .times = m > 0 ? value / m : (double)INFINITY};
}

static void by_percentile(const struct host_figures *h, size_t n, figure_of *of, enum outlier_by by,
                          double *v, struct host_outlier *out)
{
    double m;
    size_t k = known(h, n, of, v, &m);
    if (k < OUTLIER_HOSTS_LEAST || !(m > 0))
        return;
    for (size_t i = 0; i < k; i++)
        v[i] = fabs(log(fmax(v[i], 1) / m));
    double sigma = MAD_TO_SIGMA * median(v, k);
    for (size_t i = 0; i < n; i++) {
        double x = of(&h[i]);
        if (x > RATIO_LEAST * m && log(x / m) > Z_LEAST * sigma)
            mark(&out[i], by, x, m);
    }
}

static void by_errors(const struct host_figures *h, size_t n, double *v, struct host_outlier *out)
{
    double m;
    if (known(h, n, errors_of, v, &m) < OUTLIER_HOSTS_LEAST)
        return;
    for (size_t i = 0; i < n; i++) {
        double x = errors_of(&h[i]), all = (double)h[i].requests, bad = x * all;
        double sigma = sqrt(fmax(all * m * (1 - m), 1));
        if (bad >= OUTLIER_ERRORS_LEAST - 0.5 && x > ERROR_RATIO * m && bad - all * m > ERROR_SIGMAS * sigma)
            mark(&out[i], OUTLIER_ERRORS, x, m);
    }
}

static void by_rate(const struct host_figures *h, size_t n, double *v, struct host_outlier *out)
{
    double m;
    if (known(h, n, rate_of, v, &m) < OUTLIER_HOSTS_LEAST)
        return;
    for (size_t i = 0; i < n; i++) {
        double x = rate_of(&h[i]);
        if (x < m / RATE_RATIO || x > m * RATE_RATIO)
            mark(&out[i], OUTLIER_RATE, x, m);
    }
}

void host_outliers(const struct host_figures *h, size_t n, struct host_outlier *out)
{
    double *v = mem_array(n + 1, sizeof *v);
    for (size_t i = 0; i < n; i++)
        out[i] = (struct host_outlier){.by = OUTLIER_NOT, .times = (double)NAN};
    by_percentile(h, n, p99_of, OUTLIER_P99, v, out);
    by_percentile(h, n, p95_of, OUTLIER_P95, v, out);
    by_errors(h, n, v, out);
    by_rate(h, n, v, out);
    free(v);
}
