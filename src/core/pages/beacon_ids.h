/* beacon_ids.h - which beacons were seen, and what they said: two generations of a hash table. When the newer
 * one is full the older one is forgotten. Not thread-safe. */
#ifndef CORE_PAGES_BEACON_IDS_H
#define CORE_PAGES_BEACON_IDS_H

#include "base/base.h"

/* What is needed to take a value out again. */
struct beacon_seen {
    uint64_t hash;
    double value;
    uint32_t target;
    uint16_t key[5];
    uint16_t day; /* since 1970-01-01; 0: not counted by day */
    uint8_t metric, used;
};

struct beacon_ids {
    struct {
        struct beacon_seen *slots;
        uint32_t n, size; /* size: a power of two, or 0 */
    } young, old;
    uint32_t most; /* of one generation */
    uint64_t seed;
    int64_t forgotten;
};

uint64_t beacon_ids_hash(const struct beacon_ids *x, unsigned metric, const char *id);
/* Valid until the next call. *fresh: it was not seen before, and is to be filled in; its hash is set. */
struct beacon_seen *beacon_ids_at(struct beacon_ids *x, uint64_t hash, bool *fresh);
size_t beacon_ids_bytes(const struct beacon_ids *x);
void beacon_ids_free(struct beacon_ids *x);

#endif
