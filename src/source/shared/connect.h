/* connect.h - a socket that is connected, or why not: for sources that speak to a server by their own bytes.
 *
 * On the worker's thread. Nothing blocks longer than its deadline, a name that no resolver answers for least
 * of all; a look-up that goes on is left behind on a thread of its own, which frees what it used. */
#ifndef SOURCE_SHARED_CONNECT_H
#define SOURCE_SHARED_CONNECT_H

#include "base/base.h"
#include "slowdive/source.h"

struct connect_to {
    const char *path; /* of a Unix socket; NULL: the next two */
    const char *host;
    int port;
    const char *name; /* in sentences: "cannot connect to NAME: ..." */
};
/* Non-blocking, in *fd, or -1. SD_NODATA: it is to stop. */
enum sd_result connect_socket(struct sd_source *s, const struct connect_to *to, sd_time deadline, int *fd,
                              struct sd_error *err);
/* Waits whatever else the host wants meanwhile: 1 ready, 0 deadline, -1 it is to stop or was withdrawn. */
int connect_wait(struct sd_source *s, int fd, int events, sd_time deadline);

/* A server that has not answered for so long is shown as such, long before the connection is given up. */
#define CONNECT_SLOW_NS (2 * SD_S)
void connect_slow(struct sd_source *s, const char *name);

#endif
