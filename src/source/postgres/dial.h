/* dial.h - the steps of connecting that may block, on threads of their own: libpq looks names up
 * (DNS, NSS, LDAP, a service file) inside PQconnectStart and PQconnectPoll, and nothing can
 * interrupt that. Who has no more time leaves the step behind; it ends by itself. */
#ifndef SOURCE_POSTGRES_DIAL_H
#define SOURCE_POSTGRES_DIAL_H

#include <libpq-fe.h>

struct dial;

/* Begins to connect to `target`, to `database` unless that is NULL. NULL: no thread, errno. */
struct dial *dial_start(const char *target, const char *database);
/* One PQconnectPoll; `pg` belongs to the step until dial_end. */
struct dial *dial_poll(PGconn *pg);
/* Becomes readable when the step is done. */
int dial_fd(const struct dial *d);
/* Waits for the step and frees it; what it came to. */
PGconn *dial_end(struct dial *d, PostgresPollingStatusType *state);
/* Frees it, and the connection with it, now or when the step is done. */
void dial_leave(struct dial *d);
/* PQcancel, which connects anew and blocks; nobody waits for it. */
void dial_cancel(PGconn *pg);

#endif
