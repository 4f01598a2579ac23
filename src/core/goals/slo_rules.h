/* slo_rules.h - objectives as a rule file of Prometheus: recording rules for the share of bad events in every
 * window, and the alerts of the pairs. Pure; any thread.
 *
 * What is measured there is named as the client libraries name it, with the labels of a policy's `match`:
 *
 *   http.errors    bad: http_requests_total{code=~"5.."}   total: http_requests_total
 *   http.latency   total: http_request_duration_seconds_count
 *                  good: http_request_duration_seconds_bucket{le="GOOD_BELOW"}: it has to be a bound of the
 *                  histogram
 *   match          method -> method, route -> route, host -> instance, labels.KEY -> KEY
 *   a query        of sloth: as it stands, {{.window}} filled in
 *
 * The share over a long window is of its own events, not a mean of shares over short ones: traffic counts. */
#ifndef CORE_GOALS_SLO_RULES_H
#define CORE_GOALS_SLO_RULES_H

#include "core/goals/policy.h"

/* YAML, one group for each objective; without objectives a file without groups. */
void slo_rules_prometheus(const struct goal_policy *p, struct strbuf *out);

#endif
