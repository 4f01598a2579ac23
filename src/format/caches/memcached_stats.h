/* memcached_stats.h - what memcached answers to its stats commands, and records of it. */
#ifndef FORMAT_CACHES_MEMCACHED_STATS_H
#define FORMAT_CACHES_MEMCACHED_STATS_H

#include "base/base.h"

/* Lines of "stats" that are read: integers, SD_UNKNOWN where the server has none. */
#define MEMCACHED_COUNTS(X)                                                                                  \
    X(uptime)                                                                                                \
    X(time)                                                                                                  \
    X(curr_connections)                                                                                      \
    X(total_connections)                                                                                     \
    X(rejected_connections)                                                                                  \
    X(cmd_get)                                                                                               \
    X(cmd_set)                                                                                               \
    X(cmd_touch)                                                                                             \
    X(get_hits)                                                                                              \
    X(get_misses)                                                                                            \
    X(get_expired)                                                                                           \
    X(get_flushed)                                                                                           \
    X(delete_hits)                                                                                           \
    X(delete_misses)                                                                                         \
    X(incr_hits)                                                                                             \
    X(incr_misses)                                                                                           \
    X(decr_hits)                                                                                             \
    X(decr_misses)                                                                                           \
    X(bytes_written)                                                                                         \
    X(limit_maxbytes)                                                                                        \
    X(bytes)                                                                                                 \
    X(curr_items)                                                                                            \
    X(evictions)                                                                                             \
    X(evicted_unfetched)                                                                                     \
    X(reclaimed)                                                                                             \
    X(crawler_reclaimed)                                                                                     \
    X(store_no_memory)

/* A slab class. */
#define MEMCACHED_SLAB_COUNTS(X)                                                                             \
    X(chunk_size)                                                                                            \
    X(used_chunks)                                                                                           \
    X(get_hits)                                                                                              \
    X(cmd_set)                                                                                               \
    X(delete_hits)                                                                                           \
    X(number)                                                                                                \
    X(mem_requested)                                                                                         \
    X(evicted)

enum { MEMCACHED_SLABS = 256 };

struct memcached_slab {
    int64_t class_;
#define MEMCACHED_MEMBER(name) int64_t name;
    MEMCACHED_SLAB_COUNTS(MEMCACHED_MEMBER)
};

struct memcached_stats {
    MEMCACHED_COUNTS(MEMCACHED_MEMBER)
#undef MEMCACHED_MEMBER
    int64_t cpu_ns;
    char version[32];
    bool evicts;    /* it makes room by evicting */
    bool detail_on; /* it counts by prefix */
    char delimiter[8];
    struct memcached_slab slabs[MEMCACHED_SLABS];
    size_t n_slabs;
};

void memcached_stats_clear(struct memcached_stats *m);
/* Takes in the answer to one of stats, stats items, stats slabs and stats settings. False and a sentence: it
 * is none of these. */
bool memcached_stats_read(struct memcached_stats *m, const char *answer, size_t len, struct sd_error *err);
/* Adds the cache and its slabs. `detail`: its prefixes are known. */
void memcached_stats_add(const struct memcached_stats *m, const char *name, bool detail,
                         const struct sd_host *h, struct sd_batch *b);

/* The counts of a prefix, of "stats detail dump". */
struct memcached_prefix {
    char *name;
    int64_t gets, hits, sets, deletes;
};
struct memcached_prefixes {
    struct memcached_prefix *items; /* by name */
    size_t n, cap;
};
bool memcached_prefixes_read(struct memcached_prefixes *p, const char *answer, size_t len,
                             struct sd_error *err);
void memcached_prefixes_free(struct memcached_prefixes *p);
/* Adds what was counted after `before`, in `watched_ns`; of very many prefixes those that were asked for
 * most. */
void memcached_prefixes_add(const struct memcached_prefixes *p, const struct memcached_prefixes *before,
                            const struct memcached_stats *m, const char *cache, int64_t watched_ns,
                            const struct sd_host *h, struct sd_batch *b);

#endif
