#include "core/goals/two_samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

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
    qsort(sorted, m, sizeof *sorted, real_ascending);
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

/* ---- normal scores ---- */

/* Both samples, and what a place in their common order counts. */
struct scores {
    const double *before, *after;
    size_t n, m;
    double *of; /* of half a place: of[2 * place] */
    struct placed *all;
};
struct placed {
    double value;
    bool after;
};

static int by_value(const void *a, const void *b)
{
    return real_ascending(&((const struct placed *)a)->value, &((const struct placed *)b)->value);
}

static void scores_init(struct scores *s)
{
    size_t all = s->n + s->m;
    s->of = mem_array(2 * all + 1, sizeof *s->of);
    s->all = mem_array(all, sizeof *s->all);
    for (size_t half = 2; half <= 2 * all; half++) {
        double p = (double)half / 2 / (double)(all + 1);
        s->of[half] = copysign(normal_quantile(fabs(2 * p - 1)), p - 0.5);
    }
}

/* How many standard deviations the sum of scores of `after`, moved back by `shift`, lies above what chance
 * gives. Equal values share the place in their middle. */
static double excess(const struct scores *s, double shift)
{
    size_t n = s->n + s->m;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < s->n; i++)
        s->all[i] = (struct placed){.value = s->before[i]};
    for (size_t i = 0; i < s->m; i++)
        s->all[s->n + i] = (struct placed){.value = s->after[i] - shift, .after = true};
    qsort(s->all, n, sizeof *s->all, by_value);
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && s->all[k].value == s->all[i].value; k++)
            ;
        double score = s->of[i + 1 + k];
        squares += score * score * (double)(k - i);
        for (size_t j = i; j < k; j++)
            sum += s->all[j].after ? score : 0;
    }
    double variance = (double)s->n * (double)s->m / ((double)n * (double)(n - 1)) * squares;
    return variance > 0 ? sum / sqrt(variance) : 0;
}

/* The test changes where the shift passes one of the sorted differences. Of those that are rejected from
 * below (sign 1) or above (-1) the outermost are left out: how many. */
static size_t left_out(const struct scores *s, const double *d, size_t n, double z, int sign)
{
    size_t low = 0, high = n / 2; /* before d[low] it is rejected, behind d[high] it is not */
    while (low < high) {
        size_t k = (low + high) / 2;
        size_t i = sign > 0 ? k : n - 1 - k, next = sign > 0 ? i + 1 : i - 1;
        double shift = next < n ? (d[i] + d[next]) / 2 : d[i];
        if (sign * excess(s, shift) > z)
            low = k + 1;
        else
            high = k;
    }
    return MIN(low, (n - 1) / 2);
}

/* ---- the interval ---- */

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
    double *d = mem_array(n_before * n_after, sizeof *d), z = normal_quantile(confidence);
    struct scores s = {.before = before, .after = after, .n = n_before, .m = n_after};
    for (size_t i = 0; i < n_before; i++)
        for (size_t k = 0; k < n_after; k++)
            d[n++] = after[k] - before[i];
    qsort(d, n, sizeof *d, real_ascending);
    scores_init(&s);
    struct two_samples t = {.before = sample_median(before, n_before),
                            .after = sample_median(after, n_after),
                            .difference = middle(d, n),
                            .low = d[left_out(&s, d, n, z, 1)],
                            .high = d[n - 1 - left_out(&s, d, n, z, -1)],
                            .confidence =
                                fmin(confidence, most_confidence((double)n_before, (double)n_after))};
    free(s.of);
    free(s.all);
    free(d);
    return t;
}
