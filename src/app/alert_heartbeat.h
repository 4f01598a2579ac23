/* alert_heartbeat.h - the sign of life that goes with an evaluation: when the last one went is a file beside
 * the state of the alerts, guarded by the same lock. */
#ifndef APP_ALERT_HEARTBEAT_H
#define APP_ALERT_HEARTBEAT_H

#include "core/goals/alert_log.h"

struct heartbeat {
    struct arena *arena;
    char *path;
    struct delivery delivery;
};
/* Is one due at that moment? Then it is to be sent and ended. */
bool heartbeat_begin(struct heartbeat *h, const struct goal_policy *p, const char *folder, sd_time at);
/* Notes that it went; false, and a notice in the log: it did not, and is due again at the next evaluation. */
bool heartbeat_end(struct heartbeat *h, const struct delivery_answer *answer, struct alert_log *log);

#endif
