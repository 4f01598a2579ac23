/* forecast_regress.c - regression on the values one season and a few steps before. */
#include "core/capacity/forecast_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAGS = 24 };
#define PENALTY .01 /* of the mean of the diagonal */

struct lags {
    size_t at[LAGS], n;
};

static void lag_add(struct lags *l, size_t lag)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i] == lag)
            return;
    if (lag && l->n < LAGS)
        l->at[l->n++] = lag;
}

/* Ridge regression of z on its lags, each row weighing the same; coefficients into c. */
static bool ridge(const double *z, size_t from, size_t n, const struct lags *l, double *c)
{
    double a[LAGS * LAGS] = {0}, scale = 0;
    memset(c, 0, LAGS * sizeof *c);
    for (size_t t = from; t < n; t++) {
        for (size_t i = 0; i < l->n; i++) {
            double zi = z[t - l->at[i]];
            c[i] += zi * z[t];
            for (size_t j = 0; j <= i; j++)
                a[i * l->n + j] += zi * z[t - l->at[j]];
        }
    }
    for (size_t i = 0; i < l->n; i++)
        scale += a[i * l->n + i] / (double)l->n;
    if (!(scale > 0))
        return false;
    for (size_t i = 0; i < l->n; i++)
        a[i * l->n + i] += PENALTY * scale;
    return fc_solve(a, c, l->n);
}

/* Which earlier values of z a value is told from. What the history is too short for is left out, the furthest
 * first: four rows for each figure. Returns the furthest; 0: none. */
static size_t lags_of(struct lags *l, const struct fc_data *d, size_t m, size_t fit)
{
    l->n = 0;
    for (size_t i = 1; i <= (d->seasons ? 3 : 12); i++)
        lag_add(l, i);
    for (size_t s = 0; s < d->seasons; s++)
        for (size_t k = 0; k < 3; k++)
            lag_add(l, d->season[s] + k - 1);
    if (d->seasons)
        lag_add(l, 2 * d->season[0]);
    for (;;) {
        size_t longest = 0, kept = 0;
        for (size_t i = 0; i < l->n; i++)
            longest = MAX(longest, l->at[i]);
        if (!l->n || longest + m + 4 * l->n <= fit)
            return longest;
        for (size_t i = 0; i < l->n; i++)
            if (l->at[i] < longest)
                l->at[kept++] = l->at[i];
        l->n = kept;
    }
}

/* z is the series minus itself m steps before, or minus its mean (m 0); forecasts add up from there. */
static bool regress(const struct fc_data *d, size_t m, size_t fit, const struct fc_origins *o, double *paths)
{
    struct lags l;
    size_t longest = lags_of(&l, d, m, fit), end = o->at[o->count - 1];
    if (!longest)
        return false;
    double *z = mem_array(end + o->leads, sizeof *z), *y = mem_array(end + o->leads, sizeof *y);
    double c[LAGS], mean = 0;
    memcpy(y, d->y, end * sizeof *y);
    for (size_t t = 0; !m && t < fit; t++)
        mean += y[t] / (double)fit;
    for (size_t t = m; t < end; t++)
        z[t] = y[t] - (m ? y[t - m] : mean);
    bool known = ridge(z, m + longest, fit, &l, c);
    for (size_t k = o->count; known && k-- > 0;) { /* the last first: what it writes is after the others */
        for (size_t t = o->at[k]; t < o->at[k] + o->leads; t++) {
            z[t] = 0;
            for (size_t i = 0; i < l.n; i++)
                z[t] += c[i] * z[t - l.at[i]];
            y[t] = z[t] + (m ? y[t - m] : mean);
            paths[k * o->leads + t - o->at[k]] = y[t];
        }
    }
    free(z);
    free(y);
    return known;
}

bool fc_autoregression(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                       struct fc_figures *figures)
{
    (void)figures;
    return regress(d, 0, fit, o, paths);
}

bool fc_difference_one(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                       struct fc_figures *figures)
{
    (void)figures;
    return regress(d, 1, fit, o, paths);
}

bool fc_difference_long(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                        struct fc_figures *figures)
{
    (void)figures;
    return d->seasons && regress(d, d->season[d->seasons - 1], fit, o, paths);
}

bool fc_difference_short(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                         struct fc_figures *figures)
{
    (void)figures;
    return d->seasons > 1 && regress(d, d->season[0], fit, o, paths);
}
