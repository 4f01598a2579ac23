/* conn_private.h - between the files of conn only */
#ifndef SOURCE_POSTGRES_CONN_PRIVATE_H
#define SOURCE_POSTGRES_CONN_PRIVATE_H

#include "source/postgres/internal.h"
#include "source/postgres/relay.h"

/* libpq's messages span lines: one line, without its indented hints, the rest joined by "; "
 * (one for each address tried). */
void conn_one_line(const char *message, char *out, size_t size);
/* Waits for the descriptor whatever the host wants meanwhile: a query under way must
 * end before `run` may return. 1 ready, 0 deadline, -1 the instance is to stop. */
int conn_wait_fd(struct conn *c, int fd, int events, sd_time deadline);
/* The same until libpq can go on. The deadline and the wish to stop come first: a server that
 * never pauses does not put them off. */
int conn_wait_socket(struct conn *c, int events, sd_time deadline);

#endif
