/* goal_progress.h - how far a target of the policy is, month by month: the KPI over a whole calendar month
 * (UTC), by the exact figures of goals.
 *   progress_share = (baseline - value) / (baseline - target)
 * Pure; main thread, as the model. Unknown is NAN. */
#ifndef CORE_INSIGHT_GOAL_PROGRESS_H
#define CORE_INSIGHT_GOAL_PROGRESS_H

#include "core/goals/signals.h"
#include "core/model/model.h"

enum progress_status { PROGRESS_UNKNOWN, PROGRESS_MET, PROGRESS_ON_TRACK, PROGRESS_BEHIND };
const char *progress_status_name(enum progress_status s); /* "unknown", "met", "on track", "behind" */

struct goal_progress {
    double value;    /* of the month */
    int64_t samples; /* requests, calls or samples it is of; 0: none */
    double progress_share;
    enum progress_status status; /* met: the target is reached; on track: the month's plan is */
};

/* [first moment, first moment of the next month) */
struct span progress_month(int year, int month);
/* A KPI over (from, to], of several instances the worst; NAN: the data does not tell. *samples: what it is
 * of. */
double progress_value(struct signals *s, const struct goal_kpi *k, struct span span, int64_t *samples);
/* Of a month that has not begun at `now` nothing is known. */
/* signals NULL: no value is known. */
void goal_progress(struct signals *s, const struct goal_policy *p, const struct goal_target *t,
                   const struct goal_month *month, sd_time now, struct goal_progress *out);

#endif
