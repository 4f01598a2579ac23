/* session_marks.h - how long a session waits for a lock or is idle in its transaction, and from when on
 * that is marked: one scale for every view. */
#ifndef VIEW_SESSIONS_SESSION_MARKS_H
#define VIEW_SESSIONS_SESSION_MARKS_H

#include "core/doc.h"
#include "slowdive/types.h"

/* How long it has waited for a lock that others hold. Before PostgreSQL 14 no server says since when: then
 * it is the time since its statement began, the most that it can be. SD_UNKNOWN: it is not blocked. */
int64_t session_waits_ns(const struct sd_activity *a, sd_time at);
/* How long it has been idle inside of a transaction; SD_UNKNOWN: it is not. */
int64_t session_idle_ns(const struct sd_activity *a, sd_time at);

/* NONE below a second: every row lock makes somebody wait for a moment. */
enum severity session_wait_severity(int64_t ns);
enum severity session_idle_severity(int64_t ns);

#endif
