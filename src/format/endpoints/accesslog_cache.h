/* accesslog_cache.h - what a cache in front did with the requests of an access log.
 *
 * The column is $upstream_cache_status of nginx, or what logs it under another name. It is read where a
 * format, a key or a label names it; in a field without a name only when every line has one of nginx's words
 * there. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_CACHE_H
#define FORMAT_ENDPOINTS_ACCESSLOG_CACHE_H

#include "format/endpoints/accesslog.h"
#include "format/endpoints/accesslog_buckets.h"

enum { CACHE_PLACES = 24, CACHE_KEY_BYTES = 40 };

/* Where the column stands in a format that does not say so. */
struct cache_column {
    char key[CACHE_KEY_BYTES]; /* of a JSON object, or a name in front of the value; "": none found */
    int place;                 /* 1 + that of a field without a name; 0: none found */
    struct {
        uint16_t words, dashes, others;
    } seen[CACHE_PLACES];
    bool found;          /* one of the two */
    bool varnish;        /* the format is varnishncsa's */
    const char *product; /* whose it is otherwise; NULL: nginx's */
};

/* ACCESSLOG_NO_CACHE: it is no such word. */
enum accesslog_cache accesslog_cache_word(const char *s, size_t n);
/* Does a name say that its value is one? */
bool accesslog_cache_name(const char *key, size_t n);
/* A field of what follows a combined line: `place` counts those without a key. */
void accesslog_cache_learn(struct cache_column *c, const char *key, size_t key_len, unsigned place,
                           const char *value, size_t n);
/* Chooses by what was learned. */
void accesslog_cache_choose(struct cache_column *c);
/* ACCESSLOG_NO_CACHE: the field is not the column. */
enum accesslog_cache accesslog_cache_field(const struct cache_column *c, const char *key, size_t key_len,
                                           unsigned place, const char *value, size_t n);

/* ---- counting ---- */

/* Of one second. {0} is empty. */
struct cache_second {
    int64_t n[ACCESSLOG_CACHE_END], bytes, errors;
    uint32_t *log; /* 1 for a miss << 12 | bucket, one for each duration */
    size_t n_log, cap;
};
void accesslog_cache_count(struct cache_second *c, const struct accesslog_line *l);
/* Fills the counters and the latencies of the record, and empties `c`. The lists live in `hists` and
 * `buckets`, which has room for two of each; `counts` are empty. False: no request looked into a cache. */
bool accesslog_cache_record(struct cache_second *c, struct bucket_counts *counts, struct sd_hist hists[2],
                            struct sd_bucket *buckets, struct sd_cache *out);

/* Of one route, since the beginning. */
struct cache_route {
    int64_t hits, misses, expired, hit_timed, hit_ns, miss_timed, miss_ns;
};
void accesslog_cache_route(struct cache_route *r, const struct accesslog_line *l);

#endif
