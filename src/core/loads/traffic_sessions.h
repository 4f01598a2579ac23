/* traffic_sessions.h - the sessions of production traffic: who is under way, think times, lengths, and some
 * of them as they were. See traffic.h. One thread. */
#ifndef CORE_LOADS_TRAFFIC_SESSIONS_H
#define CORE_LOADS_TRAFFIC_SESSIONS_H

#include "core/loads/traffic.h"

struct sessions;
struct sessions *sessions_new(int64_t gap_ns, bool sequences, size_t open_max);
void sessions_free(struct sessions *s);
void sessions_add(struct sessions *s, const struct traffic_request *r);
/* Closes all and fills sessions, think, session_length, sequences and closed_early, and `users` with the sum
 * of what sessions lasted, in ns, each with a mean think time behind it. */
void sessions_finish(struct sessions *s, struct traffic_summary *out);

#endif
