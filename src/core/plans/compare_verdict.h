/* compare_verdict.h - what the verdict and the words share */
#ifndef CORE_PLANS_COMPARE_VERDICT_H
#define CORE_PLANS_COMPARE_VERDICT_H

#include "base/units.h"
#include "core/plans/compare_private.h"

/* Good until the fourth call after it: four calls may stand in one sentence. */
const char *compare_figure(enum unit u, double v);
/* One more sentence in the list. */
void compare_say(struct arena *a, struct plan_list *l, const char *fmt, ...) SD_PRINTF(3, 4);
/* " of orders, customers, lineitem ...": what a join joins. */
void compare_tables(const struct plan_node *top, struct strbuf *out);
bool compare_differ(double b, double a, double ratio, double least);
void compare_rank(struct plan_diff *d);

#endif
