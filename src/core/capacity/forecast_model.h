/* forecast_model.h - what the models of `forecast` are to each other. Pure; any thread.
 *
 * A model is fitted on the first `fit` values and then followed to each origin without being fitted again: so
 * a backtest costs one fit, and no origin is forecast by figures that were chosen on what follows it. Values
 * are finite and gaps filled (forecast_series.h); none has an effect of its own here.
 *
 * A model that cannot be (too short a history) says so; its paths are then not to be used. */
#ifndef CORE_CAPACITY_FORECAST_MODEL_H
#define CORE_CAPACITY_FORECAST_MODEL_H

#include "core/capacity/forecast.h"

/* Seasons are in steps, rising, each 2 at least and at most half of the first `fit` values. */
struct fc_data {
    const double *y;
    size_t n;
    size_t season[FORECAST_SEASONS];
    size_t seasons;
};

/* Where forecasts begin: the first `at` values are known. Rising. Each has `leads` steps. */
struct fc_origins {
    const size_t *at;
    size_t count, leads;
};

/* What a model was fitted to; for people. `power` says how a figure goes with the scale of the values: 0 not
 * at all, 1 as they do, 2 as their squares. f may be NULL. */
struct fc_figures {
    struct forecast_figure at[32];
    int power[32];
    size_t n;
};
void fc_figure(struct fc_figures *f, const char *name, double value, int power);

/* paths: count * leads, those of the first origin first. fit <= at[0]. figures may be NULL. */
typedef bool fc_model(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                      struct fc_figures *figures);

fc_model fc_naive, fc_seasonal_naive,
    fc_day_naive;          /* the last value; of the longest season; of the shortest */
fc_model fc_season_median; /* of the same step of up to five of the longest season */
fc_model fc_drift;
fc_model fc_smooth, fc_smooth_trend;      /* level and seasons, errors that carry over; with a damped trend */
fc_model fc_holt, fc_damped;              /* no seasons: a trend, a damped one */
fc_model fc_holt_winters, fc_two_seasons; /* a trend and the shortest season; and all seasons */
fc_model fc_profile_level, fc_theta, fc_line; /* pattern set aside: level, level and half the slope, line */
/* Regression on earlier values of the differences over the longest season, the shortest, one step; of the
 * values themselves. */
fc_model fc_difference_long, fc_difference_short, fc_difference_one, fc_autoregression;

/* The smallest f within the box lo..hi, from x, by Nelder and Mead (1965) with at most `most` looks. n <= 8.
 */
typedef double fc_cost(const double *x, void *of);
double fc_minimise(fc_cost *f, void *of, size_t n, const double *lo, const double *hi, double *x,
                   size_t most);

/* Solves the symmetric, positive definite a x = b (n x n, by rows) in place of b, after Cholesky; a is lost.
 * False when it is not positive definite. */
bool fc_solve(double *a, double *b, size_t n);

/* The seasonal pattern of the first n values: effect[s][i], i < season[s], those of each season with mean 0.
 */
struct fc_profile {
    double *effect[FORECAST_SEASONS];
    size_t season[FORECAST_SEASONS];
    size_t seasons;
};
void fc_profile_of(struct fc_profile *p, const double *y, size_t n, const size_t *season, size_t seasons);
void fc_profile_free(struct fc_profile *p);
static inline double fc_profile_at(const struct fc_profile *p, size_t t)
{
    double sum = 0;
    for (size_t s = 0; s < p->seasons; s++)
        sum += p->effect[s][t % p->season[s]];
    return sum;
}

#endif
