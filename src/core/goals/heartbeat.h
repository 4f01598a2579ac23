/* heartbeat.h - a sign of life to a receiver that complains when it stays away: who evaluates alerts may die,
 * too. */
#ifndef CORE_GOALS_HEARTBEAT_H
#define CORE_GOALS_HEARTBEAT_H

#include "core/goals/delivery.h"

/* Is one due? `last`: when the last one was answered; SD_UNKNOWN: never. A clock that was set back sends one,
 * so that it does not stay away until the old time is reached again. */
bool heartbeat_due(const struct goal_policy *p, sd_time last, sd_time at);
/* Its delivery, or false: the policy has none, or it is of the folder. Texts are in the arena. */
bool heartbeat_delivery(const struct goal_policy *p, sd_time at, struct arena *a, struct delivery *out);

#endif
