/* forecast_past.h - what was forecast from origins of the past, what came, and the intervals that follow from
 * it. Pure; any thread.
 *
 * An interval that a model claims for itself is too narrow: it knows nothing of the model being wrong. So the
 * errors of a backtest are taken as they were. Neighbouring leads are put together until there are enough of
 * them; they are taken as they are or relative to the forecast, whichever would have served better (interval
 * score: Gneiting and Raftery, 2007); and they are widened for how few origins there were. */
#ifndef CORE_CAPACITY_FORECAST_PAST_H
#define CORE_CAPACITY_FORECAST_PAST_H

#include "core/capacity/forecast_history.h"

#define FORECAST_Z80 1.281552
#define FORECAST_Z95 1.959964

enum { FC_ORIGINS = 10, FC_LEADS = 2048, FC_BINS = 40 };
#define FC_WIDEN 1.5 /* by this, a number of origins, of the width */

/* What was forecast and how far it was off (came - forecast), at origin k and lead h (from 0) in [k * leads +
 * h]; NAN where what came is a gap or not yet known. */
struct fc_past {
    size_t at[FC_ORIGINS];
    size_t count;         /* 0: the history is too short */
    size_t judged, leads; /* the first ones decide which model is good; all of them, how the errors grow */
    double *path, *off;
};
void fc_past_plan(struct fc_past *p, const struct fc_history *h, size_t horizon);
void fc_past_compare(struct fc_past *p, const struct fc_history *h); /* `off` of `path` */
void fc_past_free(struct fc_past *p);
/* Of |off| of the judged leads; NAN: of nothing. newer_more: the newest origin counts about three times as
 * much as the oldest, because what has changed since then has changed for what comes, too. */
double fc_past_mean(const struct fc_past *p, bool newer_more);

/* Half the width of the intervals by lead. Beyond the leads of the backtest it grows on as it did in it. */
struct fc_spread {
    size_t bins;
    double lead[FC_BINS], half_80[FC_BINS], half_95[FC_BINS];
    double leads;  /* as far as there were errors */
    bool relative; /* to the forecast, or to `least` if that is more */
    double least;
    double growth; /* exponent of the lead, 0..1/2 */
};
/* in_80 and in_95: the shares of what came within intervals that were made without it; NAN with under 3
 * origins. p->count > 0. */
void fc_spread_of(struct fc_spread *s, const struct fc_past *p, bool never_below, double *in_80,
                  double *in_95);
/* lead from 1. */
void fc_spread_at(const struct fc_spread *s, double mean, size_t lead, double *half_80, double *half_95);

/* The score of an interval for 1 - alpha: its width, and what missed it, 2 / alpha times. Less is better. */
double fc_interval_score(double lo, double hi, double came, double alpha);

#endif
