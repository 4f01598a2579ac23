#include "core/bundles/name_index.h"

#include <stdlib.h>
#include <string.h>

struct name_slot {
    uint64_t hash;
    uint32_t number; /* one more than it; 0: free */
};

/* The slot of a name, or the free one where it would be. */
static struct name_slot *slot_of(const struct name_index *x, const char *name, uint64_t hash)
{
    size_t i = hash & (x->cap_slots - 1);
    while (x->slots[i].number &&
           (x->slots[i].hash != hash || strcmp(x->names[x->slots[i].number - 1], name) != 0))
        i = (i + 1) & (x->cap_slots - 1);
    return &x->slots[i];
}

static void grow(struct name_index *x)
{
    struct name_index more = {.names = x->names, .cap_slots = x->cap_slots ? x->cap_slots * 2 : 64};
    more.slots = mem_array(more.cap_slots, sizeof *more.slots);
    for (size_t i = 0; i < x->cap_slots; i++)
        if (x->slots[i].number)
            *slot_of(&more, x->names[x->slots[i].number - 1], x->slots[i].hash) = x->slots[i];
    free(x->slots);
    x->slots = more.slots;
    x->cap_slots = more.cap_slots;
}

static uint64_t hash_of(const char *name)
{
    uint64_t h = str_hash(name, strlen(name));
    return h ^ h >> 29;
}

uint32_t name_index_of(struct name_index *x, const char *name)
{
    if (2 * (x->n + 1) > x->cap_slots)
        grow(x);
    struct name_slot *s = slot_of(x, name, hash_of(name));
    if (!s->number) {
        x->names = mem_grow(x->names, x->n, &x->cap_names, sizeof *x->names);
        x->names[x->n++] = name;
        *s = (struct name_slot){.hash = hash_of(name), .number = (uint32_t)x->n};
    }
    return s->number - 1;
}

uint32_t name_index_find(const struct name_index *x, const char *name)
{
    const struct name_slot *s = x->cap_slots ? slot_of(x, name, hash_of(name)) : NULL;
    return s && s->number ? s->number - 1 : NAME_NONE;
}

void name_index_free(struct name_index *x)
{
    free(x->names);
    free(x->slots);
    *x = (struct name_index){0};
}
