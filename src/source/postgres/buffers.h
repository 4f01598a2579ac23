/* buffers.h - the shared buffers as a cache. */
#ifndef SOURCE_POSTGRES_BUFFERS_H
#define SOURCE_POSTGRES_BUFFERS_H

#include "source/postgres/internal.h"

/* Takes in the figures of the server, which are read anyway. */
void buffers_count(struct postgres *p, const struct sd_server *server);
/* Of pg_stat_io: blocks put out of shared buffers; SD_UNKNOWN: an older server. */
void buffers_evicted(struct postgres *p, int64_t evictions);
void buffers_add(struct postgres *p, struct sd_batch *b);
/* A table as a part of it. */
void buffers_add_table(struct postgres *p, struct sd_batch *b, sd_time at, const struct sd_table *t);

#endif
