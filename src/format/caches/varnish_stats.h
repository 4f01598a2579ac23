/* varnish_stats.h - what varnishstat -j prints, in both of its forms, and a record of it. */
#ifndef FORMAT_CACHES_VARNISH_STATS_H
#define FORMAT_CACHES_VARNISH_STATS_H

#include "base/base.h"

#define VARNISH_BYTES_MAX ((size_t)16 << 20)

/* Counters of "MAIN.", SD_UNKNOWN where there are none; before Varnish 4 the names have no "MAIN.". */
#define VARNISH_COUNTS(X)                                                                                    \
    X(uptime)                                                                                                \
    X(client_req)                                                                                            \
    X(cache_hit)                                                                                             \
    X(cache_hit_grace)                                                                                       \
    X(cache_hitpass)                                                                                         \
    X(cache_hitmiss)                                                                                         \
    X(cache_miss)                                                                                            \
    X(s_pass)                                                                                                \
    X(s_pipe)                                                                                                \
    X(n_lru_nuked)                                                                                           \
    X(n_expired)                                                                                             \
    X(n_object)                                                                                              \
    X(sess_conn)                                                                                             \
    X(sess_dropped)                                                                                          \
    X(s_resp_hdrbytes)                                                                                       \
    X(s_resp_bodybytes)                                                                                      \
    X(backend_fail)                                                                                          \
    X(backend_unhealthy)                                                                                     \
    X(fetch_failed)

struct varnish_stats {
#define VARNISH_MEMBER(name) int64_t name;
    VARNISH_COUNTS(VARNISH_MEMBER)
#undef VARNISH_MEMBER
    int64_t storage_bytes, storage_space; /* of every storage but Transient, which has no limit */
    sd_time at;                           /* as it says, by the local clock; SD_UNKNOWN */
};

/* 0..100: are these the first bytes of such a document? */
int varnish_stats_sure(const char *head, size_t len);
/* False and a sentence when it is none. */
bool varnish_stats_read(struct varnish_stats *v, const char *text, size_t len, struct sd_error *err);
/* Adds the cache. `before`: the reading before, for what failed since then; NULL: none. */
void varnish_stats_add(const struct varnish_stats *v, const struct varnish_stats *before, const char *name,
                       sd_time since, const struct sd_host *h, struct sd_batch *b);

#endif
