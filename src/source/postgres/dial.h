/* dial.h - the steps of connecting, on threads of their own, since they may block: libpq looks names up
 * (DNS, NSS, LDAP, a service file) inside PQconnectStart and, for the next host, PQconnectPoll, where it also
 * waits until a server that asks for passwords without end has taken them all. Nothing can
 * interrupt that. Who has no more time leaves the step behind; it ends by itself, or when the relay closes.
 */
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
