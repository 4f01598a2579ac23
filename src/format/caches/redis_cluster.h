/* redis_cluster.h - where the nodes of a cluster are, and the replicas of a sentinel's master; the latencies
 * of commands. */
#ifndef FORMAT_CACHES_REDIS_CLUSTER_H
#define FORMAT_CACHES_REDIS_CLUSTER_H

#include "format/caches/redis_info.h"
#include "format/caches/redis_reply.h"

struct redis_place {
    char host[256]; /* "": the one that was asked */
    int port;
    bool replica;
    int64_t slots; /* of a master */
};

/* CLUSTER SLOTS: each node once, masters first. -1: it is no such reply. */
int64_t redis_cluster_read(const struct redis_reply *reply, struct redis_place *out, size_t max);
/* SENTINEL REPLICAS (or SLAVES) NAME: those that are not down. -1: it is no such reply. */
int64_t redis_replicas_read(const struct redis_reply *reply, struct redis_place *out, size_t max);
/* LATENCY HISTOGRAM: percentiles of the commands that have none yet. */
void redis_histogram_read(const struct redis_reply *reply, struct redis_info *info);
/* LATENCY LATEST: [event, time, latest, max] each. Calls for each that is as it should be; ns. */
void redis_latest_read(const struct redis_reply *reply,
                       void (*each)(void *ctx, const char *event, sd_time at, int64_t latest_ns,
                                    int64_t max_ns),
                       void *ctx);

#endif
