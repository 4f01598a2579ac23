#include "core/index_waste.h"

#include <stdlib.h>

#include "core/index_def.h"

const char *waste_name(enum waste_kind k)
{
    static const char *const names[] = {"unused", "duplicate", "prefix", "invalid"};
    return names[k];
}

static bool must_stay(const struct catalog_index *ix)
{
    return ix->is_unique || ix->is_constraint || ix->is_replica_identity || ix->is_clustered_on;
}

/* The part of a definition that says what the index holds. */
static const char *what(const struct catalog_index *ix)
{
    const char *s = ix->definition ? strstr(ix->definition, " USING ") : NULL;
    return s ? s : "";
}

/* Of two that are the same the unique one stays, then the one that is used, the older. */
static bool rather(const struct catalog_index *a, const struct catalog_index *b)
{
    if (must_stay(a) != must_stay(b))
        return must_stay(a);
    if (a->scans != b->scans)
        return a->scans > b->scans;
    return a < b;
}

static const struct catalog_index *keeper_of(const struct catalog_relation *r, const struct catalog_index *ix,
                                             enum waste_kind *kind)
{
    struct index_def mine, other;
    bool known = index_def_existing(r, ix, &mine);
    for (size_t i = 0; i < r->n_indexes; i++) {
        const struct catalog_index *o = &r->indexes[i];
        if (o == ix || !o->is_valid || strcmp(o->method, ix->method) != 0)
            continue;
        if (*what(ix) && !strcmp(what(o), what(ix))) {
            if (!rather(o, ix))
                continue;
            *kind = WASTE_DUPLICATE;
            return o;
        }
        if (!known || !index_def_existing(r, o, &other) || !index_def_covers(&other, &mine))
            continue;
        if (index_def_same(&other, &mine) && !rather(o, ix))
            continue;
        *kind = index_def_same(&other, &mine) ? WASTE_DUPLICATE : WASTE_PREFIX;
        return o;
    }
    return NULL;
}

static int largest_first(const void *a, const void *b)
{
    const struct waste *x = a, *y = b;
    return (x->index->size_bytes < y->index->size_bytes) - (x->index->size_bytes > y->index->size_bytes);
}

void index_waste(const struct catalog *c, struct waste_list *out)
{
    *out = (struct waste_list){0};
    for (size_t i = 0; i < c->n; i++) {
        const struct catalog_relation *r = c->relations[i];
        for (size_t k = 0; k < r->n_indexes; k++) {
            const struct catalog_index *ix = &r->indexes[k];
            struct waste w = {.rel = r, .index = ix};
            if (must_stay(ix) || r->kind == 'p')
                continue;
            w.keeper = ix->is_valid ? keeper_of(r, ix, &w.kind) : NULL;
            if (!ix->is_valid)
                w.kind = WASTE_INVALID;
            else if (!w.keeper && ix->scans == 0 && ix->size_bytes >= WASTE_MIN_BYTES)
                w.kind = WASTE_UNUSED;
            else if (!w.keeper)
                continue;
            out->items = mem_grow(out->items, out->n, &out->cap, sizeof *out->items);
            out->items[out->n++] = w;
        }
    }
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, largest_first);
}

void index_waste_free(struct waste_list *l)
{
    free(l->items);
    *l = (struct waste_list){0};
}
