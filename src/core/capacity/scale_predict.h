/* scale_predict.h - the predictive policy: what will be, out of three signals, and never less than the
 * reactive policy has. Pure; any thread.
 *
 * - season: what the same time of the day, of the week or of another period that is found had before, at the
 * level of today (scale_season.h);
 * - events: traffic expected times the factor within them;
 * - derivative: demand that leaves what was expected, and how fast it does so, carried on until instances
 *   that are started now serve.
 * The season is sized for how far demand was off before, at most as the target is; when that would have cost
 * much more than the reactive policy in the last days, there is less room for noise. The largest of the three
 * over the next `lead` is wanted. As the reactive policy is replayed beside it, and no less is ever wanted
 * than it wants, at no step fewer instances run: a season that fails costs, but breaks nothing that would
 * have held.
 */
#ifndef CORE_CAPACITY_SCALE_PREDICT_H
#define CORE_CAPACITY_SCALE_PREDICT_H

#include "core/capacity/scale.h"

/* For each step of the evaluated part, which begins at `first` >= 1: how many are wanted and why. Decides
 * step t by rate[0 .. t-1], the reactive policy's `reactive[0 .. t]` and the events only. */
void scale_predict(const struct scale_trace *t, const struct scale_policy *p, size_t first,
                   const int64_t *reactive, int64_t *wanted, enum scale_reason *reasons);

#endif
