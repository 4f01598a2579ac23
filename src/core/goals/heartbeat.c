#include "core/goals/heartbeat.h"

#include <math.h>

#include "base/clock.h"
#include "base/num.h"

#define AHEAD_MIN (300 * SD_S) /* Alertmanager: how long one lives at least */

static const struct goal_receiver *receiver_of(const struct goal_policy *p)
{
    return p->of_folder || !p->heartbeat.to ? NULL : policy_receiver(p, p->heartbeat.to);
}

bool heartbeat_due(const struct goal_policy *p, sd_time last, sd_time at)
{
    return receiver_of(p) && (!sd_known(last) || at < last || at - last >= p->heartbeat.every_ns);
}

bool heartbeat_delivery(const struct goal_policy *p, sd_time at, struct arena *a, struct delivery *out)
{
    static const struct delivery_instance alive = {
        .value = NAN, .firing = true, .fired_at = SD_UNKNOWN, .resolved_at = SD_UNKNOWN};
    const struct goal_receiver *to = receiver_of(p);
    char text[CLOCK_TEXT_MAX];
    if (!to)
        return false;
    const char *incident = arena_printf(a, "heartbeat@%s", clock_rfc3339(at, text));
    *out = (struct delivery){
        .incident = incident,
        .key = arena_printf(a, "%s/0/%s/firing", incident, to->name),
        .alert = "heartbeat",
        .kind = DELIVERY_FIRING,
        .receiver = to,
        .unit = "",
        .threshold = NAN,
        .window_ns = SD_UNKNOWN,
        .at = at,
        .opened_at = at,
        .ends_at = add_sat(at, MAX(AHEAD_MIN, mul_sat(2, p->heartbeat.every_ns))),
        .reason = "slowdive evaluates its alerts",
        .instances = &alive,
        .n_instances = 1,
        .attempts = 1,
    };
    return true;
}
