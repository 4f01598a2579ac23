/* forecast_mix.h - several models, weighed by how well each did in the backtest. Pure; any thread. */
#ifndef CORE_CAPACITY_FORECAST_MIX_H
#define CORE_CAPACITY_FORECAST_MIX_H

#include "core/capacity/forecast_past.h"

/* Means ahead: up to `leads` as the models say; beyond, the last season of it again, and the slope: added,
 * and, by how much the season grows with the level, as a share of it. */
struct fc_ahead {
    double *near;
    size_t leads, season;      /* season 1: none; at most `leads` */
    double slope, slope_error; /* a step */
    double level;              /* mean of the last season of `near` */
    double grows;              /* 0: the season stays as high as it is; 1: it grows as the level does */
};
double fc_ahead_at(const struct fc_ahead *a, size_t lead); /* from 1 */

/* Fills past->path, if there are origins, and ahead->near (the caller frees it) of `leads` steps. False: none
 * of the method's models can be with this history. */
bool fc_mix(const struct fc_history *h, enum forecast_method method, struct fc_past *past,
            struct fc_ahead *ahead, size_t leads, struct fc_figures *figures);

#endif
