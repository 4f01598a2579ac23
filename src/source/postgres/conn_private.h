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
/* PQsendQuery, with the tag of ours where every server keeps it. */
bool conn_send_simple(struct conn *c, const char *sql);

/* ---- conn_known.c: statements that come again and again ----
 * The server parses and plans them once: that takes it ten times as long as to run them. Only where the
 * session is ours alone: what is prepared outlives the transaction, and behind a pooler the next may have
 * another session. */
struct known {
    char *text;
    char name[16]; /* of the prepared statement */
    bool prepared; /* the server has it */
    bool plain;    /* it is not prepared any more */
};
/* The one with this text; NULL: it is to be sent as it is, for the first time, or always. */
struct known *known_statement(struct conn *c, const char *sql);
/* A statement was refused with c->sqlstate, k (NULL: sent as it is) the last of its message. True when the
 * reason is that it was prepared: then it is not the next time. */
bool known_forgotten(struct conn *c, struct known *k);
void known_free(struct conn *c);

#endif
