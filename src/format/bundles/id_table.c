#include "format/bundles/id_table.h"

#include <stdlib.h>

void id_table_free(struct id_table *t)
{
    free(t->places);
    *t = (struct id_table){0};
}

static struct id_place *place(const struct id_table *t, uint64_t key)
{
    size_t mask = t->size - 1, i = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & mask;
    while (t->places[i].value && t->places[i].key != key)
        i = (i + 1) & mask;
    return &t->places[i];
}

uint32_t id_table_get(const struct id_table *t, uint64_t key)
{
    return t->size ? place(t, key)->value - 1 : ID_NONE;
}

static void grow(struct id_table *t)
{
    struct id_table bigger = {.n = t->n, .size = t->size ? 2 * t->size : 64};
    bigger.places = mem_array(bigger.size, sizeof *bigger.places);
    for (size_t i = 0; i < t->size; i++)
        if (t->places[i].value)
            *place(&bigger, t->places[i].key) = t->places[i];
    free(t->places);
    *t = bigger;
}

void id_table_put(struct id_table *t, uint64_t key, uint32_t value)
{
    if (2 * (t->n + 1) > t->size)
        grow(t);
    struct id_place *p = place(t, key);
    t->n += p->value == 0;
    *p = (struct id_place){.key = key, .value = value + 1};
}
