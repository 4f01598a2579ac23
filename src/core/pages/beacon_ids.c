#include "core/pages/beacon_ids.h"

#include <stdlib.h>

enum { FIRST_SIZE = 256 };

static uint64_t mix(uint64_t h)
{
    h = (h ^ h >> 32) * 0x9fb21c651e98df25u;
    return h ^ h >> 29;
}

uint64_t beacon_ids_hash(const struct beacon_ids *x, unsigned metric, const char *id)
{
    size_t n = strlen(id);
    uint64_t h = mix(x->seed ^ (n << 8 | metric));
    for (uint64_t part; n; id += MIN(n, sizeof part), n -= MIN(n, sizeof part)) {
        part = 0;
        memcpy(&part, id, MIN(n, sizeof part));
        h = mix((h + x->seed) ^ part * 0x9e3779b97f4a7c15u);
    }
    return h;
}

/* The slot of that hash, or the free one where it belongs. */
static struct beacon_seen *find(struct beacon_seen *slots, uint32_t size, uint64_t hash)
{
    uint32_t i = (uint32_t)hash & (size - 1);
    while (slots[i].used && slots[i].hash != hash)
        i = (i + 1) & (size - 1);
    return &slots[i];
}

static void grow(struct beacon_ids *x)
{
    uint32_t size = x->young.size ? x->young.size * 2 : FIRST_SIZE;
    struct beacon_seen *slots = mem_array(size, sizeof *slots);
    for (uint32_t i = 0; i < x->young.size; i++)
        if (x->young.slots[i].used)
            *find(slots, size, x->young.slots[i].hash) = x->young.slots[i];
    free(x->young.slots);
    x->young.slots = slots;
    x->young.size = size;
}

static void next_generation(struct beacon_ids *x)
{
    x->forgotten += x->old.n;
    free(x->old.slots);
    x->old.slots = x->young.slots;
    x->old.n = x->young.n;
    x->old.size = x->young.size;
    x->young.slots = NULL;
    x->young.n = x->young.size = 0;
}

struct beacon_seen *beacon_ids_at(struct beacon_ids *x, uint64_t hash, bool *fresh)
{
    struct beacon_seen *slot = x->young.size ? find(x->young.slots, x->young.size, hash) : NULL;
    *fresh = false;
    if (slot && slot->used)
        return slot;
    slot = x->old.size ? find(x->old.slots, x->old.size, hash) : NULL;
    if (slot && slot->used)
        return slot;
    if (x->young.n >= x->most)
        next_generation(x);
    if (x->young.n * 2 >= x->young.size)
        grow(x);
    *fresh = true;
    slot = find(x->young.slots, x->young.size, hash);
    *slot = (struct beacon_seen){.hash = hash, .used = 1};
    x->young.n++;
    return slot;
}

size_t beacon_ids_bytes(const struct beacon_ids *x)
{
    return ((size_t)x->young.size + x->old.size) * sizeof(struct beacon_seen);
}

void beacon_ids_free(struct beacon_ids *x)
{
    free(x->young.slots);
    free(x->old.slots);
    x->young.slots = x->old.slots = NULL;
}
