/* redis_info.h - the text of INFO, of Redis 5 and later, Valkey and what resembles them. A line that is not
 * known is passed over, one that is missing leaves its figure unknown. */
#ifndef FORMAT_CACHES_REDIS_INFO_H
#define FORMAT_CACHES_REDIS_INFO_H

#include "base/base.h"

/* A master as a sentinel lists it. */
struct redis_master {
    const char *name, *host;
    int port;
    bool ok;
};

struct redis_info {
    struct arena *arena; /* of all that follows */
    /* Counters as they are; `name`, `since` and `notes` are the caller's. */
    struct sd_cache cache;
    struct sd_cache_command *commands; /* `cache` is the caller's */
    size_t n_commands;
    bool percentiles;    /* of commands */
    const char **errors; /* "OOM" */
    int64_t *error_counts;
    size_t n_errors;
    struct redis_master *masters;
    size_t n_masters;
    const char *run_id, *mode; /* standalone, cluster, sentinel; NULL unknown */
    const char *master_host;
    int64_t master_port, uptime_ns;
    int64_t max_clients, loading;
    int64_t fields; /* that were understood; 0: this is no INFO */
};

/* False: nothing in it is understood; then it needs no free. */
bool redis_info_read(const char *text, size_t len, struct redis_info *out);
void redis_info_free(struct redis_info *i);

#endif
