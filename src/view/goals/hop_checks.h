/* hop_checks.h - budgets of hops as checks: measured as the view endpoint shows them. */
#ifndef VIEW_GOALS_HOP_CHECKS_H
#define VIEW_GOALS_HOP_CHECKS_H

#include "core/goals/check_list.h"
#include "core/goals/policy.h"
#include "view/view.h"

/* A check for each plan, and for each of its hops, "PLAN/HOP". Where several endpoints fit a plan, each check
 * is about the one that takes the most. */
void hop_checks_add(const struct view_ctx *c, const struct goal_policy *p, struct check_list *out);

#endif
