/* redis_dial.h - a socket that is connected, or why not. For redis_conn.c and redis_dial.c. */
#ifndef SOURCE_REDIS_REDIS_DIAL_H
#define SOURCE_REDIS_REDIS_DIAL_H

#include "source/redis/redis_conn.h"

/* Waits whatever else the host wants meanwhile: 1 ready, 0 deadline, -1 it is to stop or was withdrawn. */
int redis_wait(struct sd_source *s, int fd, int events, sd_time deadline);
/* Non-blocking, in *fd. */
enum sd_result redis_dial(struct sd_source *s, const struct redis_address *to, sd_time deadline, int *fd,
                          struct sd_error *err);

#endif
