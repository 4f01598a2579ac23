#include "view/sessions/session_marks.h"

#include "view/shared/common.h"

/* The server itself logs a wait from deadlock_timeout on, by default 1 s. */
static const int64_t WAIT_INFO_NS = 1 * SD_S, WAIT_WARN_NS = 5 * SD_S, WAIT_BAD_NS = 30 * SD_S;
static const int64_t IDLE_WARN_NS = 60 * SD_S, IDLE_BAD_NS = 300 * SD_S;

int64_t session_waits_ns(const struct sd_activity *a, sd_time at)
{
    if (!a->blocked_by || !*a->blocked_by)
        return SD_UNKNOWN;
    return common_age(at, a->wait_start > 0 ? a->wait_start : a->query_start);
}

int64_t session_idle_ns(const struct sd_activity *a, sd_time at)
{
    return a->state && str_starts(a->state, "idle in transaction") ? common_age(at, a->state_change)
                                                                   : SD_UNKNOWN;
}

enum severity session_wait_severity(int64_t ns)
{
    return ns >= WAIT_BAD_NS    ? SEVERITY_BAD
           : ns >= WAIT_WARN_NS ? SEVERITY_WARN
           : ns >= WAIT_INFO_NS ? SEVERITY_INFO
                                : SEVERITY_NONE;
}

enum severity session_idle_severity(int64_t ns)
{
    return ns >= IDLE_BAD_NS ? SEVERITY_BAD : ns >= IDLE_WARN_NS ? SEVERITY_WARN : SEVERITY_NONE;
}
