/* regress_checks.h - budgets with `regress`: whether a percentile grew since the baseline, of the total or of
 * each endpoint or host that both sides know. Pure; one thread. */
#ifndef CORE_GOALS_REGRESS_CHECKS_H
#define CORE_GOALS_REGRESS_CHECKS_H

#include "core/goals/policy_checks.h"

void regress_checks_add(const struct policy_checks *p, const struct goal_budget *b, struct check_list *out);

/* ---- words of all checks (policy_checks.c), in the arena ---- */
/* What of the signal it is about: "GET /search", "host=web1"; NULL: all of it. */
const char *check_subject(struct arena *a, const struct goal_match *m);
/* "p95 of http.latency", "mean of db.latency", "http.errors" */
const char *check_figure_words(struct arena *a, const struct goal_figure *f, const char *basis);

#endif
