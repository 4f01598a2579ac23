/* caches.h - what views ask of the caches in the model. On the model's thread. */
#ifndef CORE_MODEL_CACHES_H
#define CORE_MODEL_CACHES_H

#include "core/model/model.h"

/* The counters of struct sd_cache, which become growth in a span. */
#define CACHE_COUNTERS(X)                                                                                    \
    X(hits)                                                                                                  \
    X(misses)                                                                                                \
    X(bypassed)                                                                                              \
    X(stale)                                                                                                 \
    X(misses_cold)                                                                                           \
    X(misses_expired)                                                                                        \
    X(misses_evicted)                                                                                        \
    X(misses_invalidated)                                                                                    \
    X(evictions)                                                                                             \
    X(evicted_unread)                                                                                        \
    X(expired)                                                                                               \
    X(writes)                                                                                                \
    X(requests)                                                                                              \
    X(errors)                                                                                                \
    X(bytes_out)                                                                                             \
    X(connections)                                                                                           \
    X(rejected)                                                                                              \
    X(busy_ns)

/* A cache in a span. Counters grow from the moment at or before the beginning of the span, or from the first
 * one of the cache; a restart, a reset of the counters or a fall of one is bridged: what was counted since
 * then is added. With one reading only they are what the cache counted since `r.since`: then `whole`. */
struct cache_entry {
    struct sd_cache r;       /* the newest at or before `at`; counters are growth, hists absent. Texts are the
                                model's,       until the next model_apply */
    struct hist *hit, *miss; /* latencies in the span; NULL: none known. The caller's, for cache_entry_free */
    const char *origin;
    sd_time at, from; /* of the newest reading, and where growth begins; SD_UNKNOWN: the start of counting */
    bool whole;
    int64_t resets; /* of its counters, since it is watched */
};
/* By layer, from the browser to the database, then in the order of sight; count, at most max. Free each. */
size_t model_caches(const struct model *m, struct span span, sd_time at, struct cache_entry *out, size_t max);
void cache_entry_free(struct cache_entry *e);
/* Lookups that hit, of all lookups; NAN when there was none. */
double cache_hit_ratio(const struct sd_cache *r);
/* 0 browser, 1 cdn, 2 proxy, 3 application, 4 database; 5: none of these. */
size_t cache_layer_rank(const char *layer);

/* A cache over time, in n equal steps; NAN: unknown there. */
struct cache_point {
    double hit_ratio, lookups_per_s, misses_per_s, evictions_per_s, bytes_used;
};
void model_cache_series(const struct model *m, const char *origin, const char *name, struct span span,
                        size_t n, struct cache_point *out);

/* The newest records of one of the kinds CACHE_PREFIX, CACHE_KEY, CACHE_COMMAND, CACHE_SLOW, CACHE_CURVE
 * and ASSET_POLICY, of all sources. */
size_t model_cache_records(const struct model *m, enum sd_kind kind, struct span span, sd_time at,
                           struct record_entry *out, size_t max);

#endif
