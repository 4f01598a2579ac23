/* alert_test.h - a test of the way to the receivers: what would be sent at every step of an alert's
 * escalation, marked as a test, with incidents and keys of its own. */
#ifndef CORE_GOALS_ALERT_TEST_H
#define CORE_GOALS_ALERT_TEST_H

#include "core/goals/alerting.h"

struct alert_test {
    struct delivery *deliveries; /* in the order of steps; PagerDuty's is opened and closed again */
    int64_t *after_ns;           /* of each: when its step would be due */
    size_t n;
};
/* Of the alert of that name; NULL: for each escalation in use, its first alert. False and one sentence: there
 * is nothing to be sent. All of it is in the arena or the policy's. */
bool alert_test_make(const struct goal_policy *p, const char *alert, sd_time at, struct arena *a,
                     struct alert_test *out, struct sd_error *err);

#endif
