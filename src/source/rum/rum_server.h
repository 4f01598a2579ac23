/* rum_server.h - the receiver of beacons: what of HTTP it takes, and what it answers. In turns of whoever
 * waits for its descriptor (source/shared/http_server.h). What a client is and says of itself is not kept. */
#ifndef SOURCE_RUM_SERVER_H
#define SOURCE_RUM_SERVER_H

#include "core/pages/field_tally.h"

struct rum_server;

/* `target`: rum://127.0.0.1:8125, rum://[::1]:8125, rum://localhost:8125, with any path behind it. `rate`:
 * beacons a second at most. NULL and a sentence: it is no loopback address, or no port to be had. */
struct rum_server *rum_server_open(const char *target, int64_t rate, struct field_tally *tally,
                                   struct sd_error *err);
/* Could it be opened now? Nothing is received. */
bool rum_server_may_open(const char *target, struct sd_error *err);
void rum_server_close(struct rum_server *x); /* NULL is fine */
/* Ready for reading when there is something to do. */
int rum_server_fd(const struct rum_server *x);
/* Does what can be done without waiting. True: beacons came. */
bool rum_server_turn(struct rum_server *x, sd_time now);
/* Closes what has stalled; once a second is enough. */
void rum_server_sweep(struct rum_server *x, sd_time now);

#endif
