/* cache_names.h - the table of metrics by which caches are known. */
#ifndef FORMAT_METRICS_CACHE_NAMES_H
#define FORMAT_METRICS_CACHE_NAMES_H

#include "base/base.h"

/* What a series counts in struct sd_cache. X(NAME, member) */
#define CACHE_FIGURES(X)                                                                                     \
    X(HITS, hits)                                                                                            \
    X(MISSES, misses)                                                                                        \
    X(BYPASSED, bypassed)                                                                                    \
    X(STALE, stale)                                                                                          \
    X(EXPIRED_MISSES, misses_expired)                                                                        \
    X(EVICTIONS, evictions)                                                                                  \
    X(EXPIRED, expired)                                                                                      \
    X(WRITES, writes)                                                                                        \
    X(REQUESTS, requests)                                                                                    \
    X(BYTES_OUT, bytes_out)                                                                                  \
    X(CONNECTIONS, connections)                                                                              \
    X(REJECTED, rejected)                                                                                    \
    X(BUSY, busy_ns)                                                                                         \
    X(ENTRIES, entries)                                                                                      \
    X(ENTRIES_WITH_TTL, entries_with_ttl)                                                                    \
    X(BYTES_USED, bytes_used)                                                                                \
    X(BYTES_MAX, bytes_max)                                                                                  \
    X(BYTES_RSS, bytes_rss)                                                                                  \
    X(CLIENTS, clients)                                                                                      \
    X(CLIENTS_BLOCKED, clients_blocked)                                                                      \
    X(REPLICAS, replicas)                                                                                    \
    X(FORK, fork_ns)

enum cache_figure {
    FIGURE_NONE,
#define CACHE_FIGURE_ENUM(NAME, member) FIGURE_##NAME,
    CACHE_FIGURES(CACHE_FIGURE_ENUM)
#undef CACHE_FIGURE_ENUM
        FIGURE_LOOKUPS, /* hits and misses: with one of them, the other */
    FIGURE_SINCE,       /* start of the server */
    FIGURE_UP,          /* or how long it has run */
    FIGURE_INFO         /* its labels say what it is */
};

/* X(NAME, name, layer, labels that divide its caches, has its own process_start_time_seconds, only with
 * lookups) */
#define CACHE_PRODUCTS_LIST(X)                                                                               \
    X(HAPROXY, "haproxy", "proxy", "proxy frontend backend", false, true)                                    \
    X(ENVOY, "envoy", "proxy", "cache_label", false, false)                                                  \
    X(NGINX, "nginx", "proxy", "cache_zone zone", false, false)                                              \
    X(VARNISH, "varnish", "proxy", NULL, false, false)                                                       \
    X(SQUID, "squid", "proxy", NULL, false, false)                                                           \
    X(REDIS, "redis", "application", NULL, false, false)                                                     \
    X(MEMCACHED, "memcached", "application", NULL, false, false)                                             \
    X(MICROMETER, "micrometer", "application", "cache name", true, false)                                    \
    X(CAFFEINE, "caffeine", "application", "cache name", true, false)                                        \
    X(GUAVA, "guava", "application", "cache name", true, false)                                              \
    X(POSTGRESQL, "postgresql", "database", NULL, false, false)                                              \
    X(MYSQL, "mysql", "database", NULL, false, false)

enum cache_product_id {
#define CACHE_PRODUCT_ENUM(NAME, name, layer, labels, own, used) PRODUCT_##NAME,
    CACHE_PRODUCTS_LIST(CACHE_PRODUCT_ENUM)
#undef CACHE_PRODUCT_ENUM
};

struct cache_product {
    const char *name, *layer, *labels;
    bool own_process, used_only;
};

/* A metric, or those of its series with these values of one or two labels. */
struct SD_DESIGNATED cache_name {
    const char *name;
    enum cache_product_id product;
    enum cache_figure figure, also;
    const char *label, *value, *and_label, *and_value;
};

extern const struct cache_product CACHE_PRODUCTS[];
extern const struct cache_name CACHE_NAMES[]; /* sorted by name */
extern const size_t CACHE_NAMES_N;

#endif
