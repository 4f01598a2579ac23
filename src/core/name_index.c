/* name_index.c - a hash table with open addressing. */
#include "core/name_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

struct name_slot {
    uint64_t hash;
    uint32_t number; /* one more than it; 0: free */
};

/* The slot of a name, or the free one where it would be. */
static struct name_slot *slot_of(const struct name_index *x, const char *name, size_t n, uint64_t hash)
{
    size_t i = hash & (x->cap_slots - 1);
    for (; x->slots[i].number; i = (i + 1) & (x->cap_slots - 1)) {
        const char *has = x->names[x->slots[i].number - 1];
        if (x->slots[i].hash == hash && strncmp(has, name, n) == 0 && !has[n])
            break;
    }
    return &x->slots[i];
}

static void grow(struct name_index *x)
{
    struct name_index more = {.names = x->names, .cap_slots = x->cap_slots ? x->cap_slots * 2 : 64};
    more.slots = mem_array(more.cap_slots, sizeof *more.slots);
    for (size_t i = 0; i < x->cap_slots; i++) {
        size_t k = x->slots[i].hash & (more.cap_slots - 1);
        while (x->slots[i].number && more.slots[k].number)
            k = (k + 1) & (more.cap_slots - 1);
        if (x->slots[i].number)
            more.slots[k] = x->slots[i];
    }
    free(x->slots);
    x->slots = more.slots;
    x->cap_slots = more.cap_slots;
}

void name_index_reserve(struct name_index *x, size_t n)
{
    size_t cap = 64;
    while (cap < 2 * (n + 1))
        cap *= 2;
    if (x->cap_slots)
        return;
    x->slots = mem_array(cap, sizeof *x->slots);
    x->cap_slots = cap;
}

static uint32_t number_of(struct name_index *x, const char *name, size_t n, struct arena *copies)
{
    if (2 * (x->n + 1) > x->cap_slots)
        grow(x);
    uint64_t hash = hash_words(name, n);
    struct name_slot *s = slot_of(x, name, n, hash);
    if (!s->number) {
        x->names = mem_grow(x->names, x->n, &x->cap_names, sizeof *x->names);
        x->names[x->n++] = copies ? arena_strndup(copies, name, n) : name;
        *s = (struct name_slot){.hash = hash, .number = (uint32_t)x->n};
    }
    return s->number - 1;
}

uint32_t name_index_of(struct name_index *x, const char *name)
{
    return number_of(x, name, strlen(name), NULL);
}

uint32_t name_index_of_bytes(struct name_index *x, const char *bytes, size_t n, struct arena *copies)
{
    return number_of(x, bytes, strnlen(bytes, n), copies);
}

uint32_t name_index_find(const struct name_index *x, const char *name)
{
    size_t n = strlen(name);
    const struct name_slot *s = x->cap_slots ? slot_of(x, name, n, hash_words(name, n)) : NULL;
    return s && s->number ? s->number - 1 : NAME_NONE;
}

void name_index_clear(struct name_index *x)
{
    if (x->cap_slots)
        memset(x->slots, 0, x->cap_slots * sizeof *x->slots);
    x->n = 0;
}

void name_index_free(struct name_index *x)
{
    free(x->names);
    free(x->slots);
    *x = (struct name_index){0};
}
