/* key_sample.h - keys, bytes and ends of life per prefix, from a sample of a server's keys. Pure.
 *
 * Two phases. First, keys are listed in the order of the server's hash table, which is random, until enough
 * are known: the share of a prefix among those listed, times the number of all keys, is its number of keys.
 * Its interval is Wilson's, made smaller by what is listed already; when all were listed, there is none.
 * Second, of the keys of each prefix the first ones listed, which are a random sample of it, are looked at:
 * size, type, end. Each prefix is a stratum, so a rare prefix is known as well as a frequent one: more keys
 * are looked at where sizes differ more. Bytes are keys times the mean size; the two errors are added up.
 * Sizes are heavy-tailed: where the largest key that was looked at is much of the whole, the upper end allows
 * for 3/n of the keys being as large, unseen (the rule of three). */
#ifndef CORE_CACHES_KEY_SAMPLE_H
#define CORE_CACHES_KEY_SAMPLE_H

#include "core/caches/key_prefix.h"

enum { KEY_SAMPLE_DBS = 16, KEY_TTL_STEPS = 9, KEY_TYPES = 8, KEY_BIGGEST = 3 };
extern const int64_t KEY_TTL_UPTO[KEY_TTL_STEPS]; /* ns; the last is any */
extern const char *const KEY_TYPE_NAMES[KEY_TYPES + 1];

/* What is known of a key that was looked at; SD_UNKNOWN. */
struct key_detail {
    int64_t bytes, ttl_ns, idle_ns, frequency; /* ttl_ns 0: no end */
    size_t type;                               /* of KEY_TYPE_NAMES; KEY_TYPES: another */
};

struct key_sample;
struct key_sample *key_sample_new(void);
void key_sample_free(struct key_sample *s); /* NULL is fine */

/* The numbers of prefixes are those of key_prefix.h. */
void key_sample_merge(void *sample, uint32_t from, uint32_t into);
void key_sample_size(struct key_sample *s, size_t db, int64_t keys); /* of the database */
void key_sample_listed(struct key_sample *s, size_t db, uint32_t prefix);
void key_sample_whole(struct key_sample *s, size_t db); /* all keys of it were listed */
/* Should a key of the prefix be looked at? */
bool key_sample_wants(const struct key_sample *s, uint32_t prefix);
void key_sample_add(struct key_sample *s, uint32_t prefix, const char *key, size_t n,
                    const struct key_detail *d);
int64_t key_sample_n(const struct key_sample *s); /* keys listed */

struct key_interval {
    double value, low, high;
    bool exact;
};

struct key_biggest {
    char key[256];
    size_t n;
    struct key_detail detail;
};

struct key_sample_result {
    struct key_interval keys, bytes;
    int64_t looked_at, with_ttl, ttl_p50_ns, idle_p50_ns;
    int64_t ttl_counts[KEY_TTL_STEPS];
    unsigned types;                    /* bits */
    const struct key_biggest *biggest; /* KEY_BIGGEST, largest first; n 0: none */
};
/* False: no key of the prefix was listed. */
bool key_sample_read(const struct key_sample *s, uint32_t prefix, struct key_sample_result *out);
double key_sample_mean_bytes(const struct key_sample *s, uint32_t prefix); /* NAN */
/* Are the numbers of keys of all prefixes with at least `share` of the keys known within `error`? */
bool key_sample_enough(const struct key_sample *s, double share, double error);

#endif
