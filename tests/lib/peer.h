/* peer.h - a hostile server: what the other end of a connection can do to a source. */
#ifndef TESTS_LIB_PEER_H
#define TESTS_LIB_PEER_H

#include <stdbool.h>
#include <stddef.h>

enum peer_script {
    PEER_NONE,        /* not started at all: for tables of tests */
    PEER_REFUSES,     /* nobody listens on the port */
    PEER_NO_ANSWER,   /* connect hangs: the backlog is full */
    PEER_MUTE,        /* accepts, reads, never says a word */
    PEER_DRIPS,       /* a byte of `reply` every 5 ms, over and over */
    PEER_GARBAGE,     /* random bytes, as fast as they are taken */
    PEER_DISCONNECTS, /* at once */
    PEER_CUTS,        /* after the client's first bytes: half of `reply`, then closed */
    PEER_GREETS,      /* after the client's first bytes: all of `reply`, then mute */
};

struct peer;
/* Listens on 127.0.0.1. `reply` is kept by the caller. NULL when it cannot. */
struct peer *peer_start(enum peer_script script, const void *reply, size_t len);
int peer_port(const struct peer *p);
void peer_stop(struct peer *p); /* closes everything, joins its thread */

#endif
