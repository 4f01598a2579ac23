#include "core/indexes/waste.h"

#include <stdlib.h>

#include "core/indexes/redundant.h"

const char *waste_name(enum waste_kind k)
{
    static const char *const names[] = {"unused", "duplicate", "prefix", "invalid"};
    return names[k];
}

static bool must_stay(const struct catalog_index *ix)
{
    return ix->is_unique || ix->is_constraint || ix->is_replica_identity || ix->is_clustered_on;
}

static struct sd_index record_of(const struct catalog_index *ix)
{
    return (struct sd_index){.name = ix->name,
                             .definition = ix->definition,
                             .is_unique = ix->is_unique,
                             .is_constraint = must_stay(ix),
                             .is_valid = ix->is_valid,
                             .idx_scan = ix->scans};
}

static const struct catalog_index *keeper_of(const struct catalog_relation *r, const struct catalog_index *ix,
                                             enum waste_kind *kind)
{
    struct sd_index mine = record_of(ix);
    for (size_t i = 0; i < r->n_indexes; i++) {
        const struct catalog_index *o = &r->indexes[i];
        struct sd_index other = record_of(o);
        enum redundancy how = o == ix ? REDUNDANT_NO : redundant_index(&mine, &other);
        if (how == REDUNDANT_NO)
            continue;
        *kind = how == REDUNDANT_DUPLICATE ? WASTE_DUPLICATE : WASTE_PREFIX;
        return o;
    }
    return NULL;
}

/* The one that stays when all that are needless are gone. */
static const struct catalog_index *last_keeper(const struct catalog_relation *r,
                                               const struct catalog_index *ix, enum waste_kind *kind)
{
    const struct catalog_index *keeper = keeper_of(r, ix, kind), *next = keeper;
    enum waste_kind ignored;
    for (int i = 0; i < 8 && next; i++) {
        keeper = next;
        next = keeper_of(r, keeper, &ignored);
    }
    return keeper;
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
            w.keeper = ix->is_valid ? last_keeper(r, ix, &w.kind) : NULL;
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
