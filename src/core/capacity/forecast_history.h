/* forecast_history.h - a series as the models see it. Pure; any thread. */
#ifndef CORE_CAPACITY_FORECAST_HISTORY_H
#define CORE_CAPACITY_FORECAST_HISTORY_H

#include "core/capacity/forecast_model.h"

struct fc_history {
    double *raw;    /* scaled, gaps NAN, from the first known value on */
    double *filled; /* the same without gaps */
    size_t n;
    int power;                                /* a value is ldexp(raw, power) */
    bool never_below;                         /* no value is below 0: no forecast is */
    bool ratios;                              /* all are well above 0: logarithms can be taken */
    double low, high;                         /* of the known values */
    size_t season[FORECAST_SEASONS], seasons; /* rising; those that the history has two of */
};

/* Returns how many values are known; with none there is nothing to forecast. To be freed in any case. */
size_t fc_history_of(struct fc_history *h, const struct forecast_series *s, const struct forecast_wish *wish);
/* Its seasons alone, which follow from its length. */
void fc_history_seasons(struct fc_history *h, const struct forecast_series *s,
                        const struct forecast_wish *wish);
void fc_history_free(struct fc_history *h);

/* The slope in the long run, a step, and its standard error; 0 when it is not sure that there is one.
 *
 * Least squares of what the seasons leave. What is left of a line is alike from step to step, so its error is
 * widened by (1 + r) / (1 - r), r the correlation of neighbours, corrected for its bias in short series
 * (Kendall 1954); a random walk must not look like a trend. Where the newest half goes another way than the
 * whole, it counts. */
double fc_slope(const struct fc_history *h, double *error);

#endif
