/* miss_curve.h - the miss-ratio curve of an LRU cache, from the lookups of a sample of the keys (SHARDS:
 * Waldspurger et al., FAST 2015). Pure, not thread-safe.
 *
 * A key is followed when its hash is below a threshold: all lookups of it or none. The number of other
 * followed keys since its last lookup, divided by the share of keys that is followed, estimates its reuse
 * distance; the lookup is a hit in every cache that holds so many. The threshold begins at the given rate and
 * falls when there are too many keys to follow (fixed size), so memory is bounded. The estimate is of all
 * lookups seen, also those of keys that are not followed (the correction of SHARDS-adj): a hot key that is or
 * is not among the followed then moves the curve little. The error is estimated from the spread between 16
 * groups of the followed keys; while all keys are followed it is 0. */
#ifndef CORE_CACHES_MISS_CURVE_H
#define CORE_CACHES_MISS_CURVE_H

#include "base/base.h"
#include "slowdive/types.h"

enum { MISS_CURVE_POINTS = 64 };

struct miss_curve_point {
    double size; /* keys or bytes */
    double miss_ratio;
};

struct miss_curve_result {
    struct miss_curve_point points[MISS_CURVE_POINTS]; /* at least 8; sizes ascend, ratios do not rise */
    size_t n;
    int64_t lookups; /* it is made from */
    double sampled;  /* share of the keys that is followed */
    double error;    /* mean absolute error expected, over the points */
    double whole;    /* size of all keys seen */
};

struct miss_curve;
/* rate: in (0, 1]; most: keys followed at the same time, at least 64. */
struct miss_curve *miss_curve_new(double rate, size_t most);
void miss_curve_free(struct miss_curve *m); /* NULL is fine */

/* A well mixed hash of a key, for miss_curve_lookup. */
uint64_t key_hash(const char *key, size_t n);
void miss_curve_lookup(struct miss_curve *m, uint64_t hash, int64_t bytes);
bool miss_curve_follows(const struct miss_curve *m, uint64_t hash);

enum miss_curve_unit { MISS_CURVE_KEYS, MISS_CURVE_BYTES };
/* False: too few lookups. */
bool miss_curve_read(const struct miss_curve *m, enum miss_curve_unit unit, struct miss_curve_result *out);
/* The record of it; `cache` and `now` are the caller's. */
struct miss_curve_record {
    struct sd_cache_curve r;
    struct sd_reals sizes, ratios;
    double size[MISS_CURVE_POINTS], ratio[MISS_CURVE_POINTS];
};
/* False: too few lookups. */
bool miss_curve_record(const struct miss_curve *m, enum miss_curve_unit unit, struct miss_curve_record *out);
/* The expected share of misses of an LRU cache of that size. */
double miss_curve_at(const struct miss_curve *m, enum miss_curve_unit unit, double size);
size_t miss_curve_bytes(const struct miss_curve *m);

#endif
