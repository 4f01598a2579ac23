/* policy_checks.h - KPIs with a target, budgets and regressions of a policy as checks. Hops are checked by
 * view/goals/hop_checks.h, which measures as the view endpoint does. Pure; one thread. */
#ifndef CORE_GOALS_POLICY_CHECKS_H
#define CORE_GOALS_POLICY_CHECKS_H

#include "core/goals/check_list.h"
#include "core/goals/signals.h"

struct policy_checks {
    const struct goal_policy *policy;
    struct signals *now;
    struct signals *before; /* of --baseline; NULL: there is none */
    sd_time at;             /* the end of every window; SD_UNKNOWN: there is no data */
    sd_time standing;       /* the same of builds and reports, the newest of which stand until the next */
    int64_t window_ns;      /* 0: as each figure says */
};

/* A check for each KPI with a target that stands in the file, and for each of its instances; for each budget
 * with a max; for each with regress, which is about all data of both sides. */
void policy_checks_add(const struct policy_checks *p, struct check_list *out);
/* How many it would add at least: 0, and there is nothing to check. */
size_t policy_checks_count(const struct goal_policy *p);

/* "120 ms", "12.3 %": a value in a unit of signals. Returns buf. */
char *goal_value_text(const char *unit, double value, char buf[64]);

#endif
