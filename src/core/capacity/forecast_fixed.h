/* forecast_fixed.h - the methods whose forecast and intervals are formulas of the contract: naive, snaive,
 * drift, ses. Pure; any thread.
 *
 *   naive   the last value; sigma^2 the mean of the squared steps; sd at step h: sigma sqrt(h)
 *   snaive  the value a season before; sigma of the differences over one; sd: sigma sqrt(seasons begun)
 *   drift   the last value and h times the mean step; sd: sigma sqrt(h (1 + h / (n - 1)))
 *   ses     the level; sigma of the one-step errors; sd: sigma sqrt(1 + (h - 1) alpha^2)
 *
 * A gap is passed over: steps to and from it are in no sum, a level stays as it was. */
#ifndef CORE_CAPACITY_FORECAST_FIXED_H
#define CORE_CAPACITY_FORECAST_FIXED_H

#include "core/capacity/forecast_past.h"

struct fc_fixed {
    enum forecast_method method;
    const double *y; /* gaps NAN, the first is known */
    size_t n, season;
    size_t behind; /* steps since the last known value */
    double level, slope, alpha, sse, sigma;
};

bool fc_is_fixed(enum forecast_method m);
/* Of the first n values. season: of snaive, n more at least. alpha: of ses; NAN: chosen. */
void fc_fixed_of(struct fc_fixed *f, enum forecast_method method, const double *y, size_t n, size_t season,
                 double alpha);
double fc_fixed_mean(const struct fc_fixed *f, size_t lead); /* from 1 */
double fc_fixed_sd(const struct fc_fixed *f, size_t lead);
void fc_fixed_tell(const struct fc_fixed *f, struct fc_figures *figures);

#endif
