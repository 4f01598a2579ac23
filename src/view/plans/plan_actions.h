/* plan_actions.h - what can be done about a query: plan, diff, analyze, metric. */
#ifndef VIEW_PLANS_PLAN_ACTIONS_H
#define VIEW_PLANS_PLAN_ACTIONS_H

#include "view/action.h"

extern const struct view_action *const plan_actions[];

/* "shop/77": the query of the selected row, or the one the screen is about; NULL. */
const char *plan_query_here(const struct action_ctx *c);

/* The choice of what a plan is weighed by: an enum plan_metric. */
#define PLAN_METRIC_CHOICE "plan-metric"

#endif
