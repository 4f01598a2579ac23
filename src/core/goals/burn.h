/* burn.h - objectives: how much of the error budget is left, and how fast it burns. Pure; one thread.
 *
 * burn of a window = (bad / total) / (1 - objective); 1 spends the budget in exactly the objective's window.
 * A pair fires when it is above the factor over the long window, which says that it matters, and over the
 * short one, which ends the alert soon after the trouble, and the long one has enough events (Google SRE
 * workbook, "Alerting on SLOs"). */
#ifndef CORE_GOALS_BURN_H
#define CORE_GOALS_BURN_H

#include "core/goals/signals.h"

#define BURN_STATUSES(X) X(UNKNOWN, "unknown") X(OK, "ok") X(BURNING, "burning") X(SPENT, "spent")
enum burn_status {
#define BURN_STATUS_ENUM(UPPER, name) BURN_##UPPER,
    BURN_STATUSES(BURN_STATUS_ENUM)
#undef BURN_STATUS_ENUM
};
const char *burn_status_name(enum burn_status s); /* "ok" */

enum burn_reason { BURN_NO_REASON, BURN_FEW_EVENTS, BURN_RECOVERED };
struct burn_pair {
    double burn_long, burn_short; /* NAN: no events */
    int64_t total_long;
    bool firing;
    enum burn_reason reason; /* why it does not fire though its long window is above */
};
/* Nothing for BURN_NO_REASON: ""; "short window has recovered", "42 of 100 events". */
void burn_reason_text(const struct goal_slo *o, const struct burn_pair *p, char out[64]);

struct burn {
    int64_t total, bad;
    double bad_share, budget_left, burn; /* of the whole window; NAN: no events */
    double covered_share;                /* of the window there is data of */
    int64_t exhausted_in_ns;             /* SD_UNKNOWN: not at this pace */
    enum burn_status status;
};
/* bad / total / (1 - objective); NAN: no events. */
double burn_rate(const struct goal_slo *o, int64_t total, int64_t bad);
/* Of one pair; for alerts, which need no more. */
struct burn_pair burn_of_pair(struct signals *s, const struct goal_slo *o, const struct goal_pair *p,
                              sd_time at);
/* The whole, with o->n_pairs pairs. */
struct burn burn_of(struct signals *s, const struct goal_slo *o, sd_time at, struct burn_pair *pairs);

#endif
