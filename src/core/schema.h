/* schema.h - the description of every record kind, made from the list macros of
 * slowdive/types.h. Recording, JSON input, copying and the manual use it. */
#ifndef CORE_SCHEMA_H
#define CORE_SCHEMA_H

#include <math.h>

#include "base/base.h"

const struct sd_schema *schema_of(enum sd_kind kind);   /* NULL when unknown */
const struct sd_schema *schema_named(const char *name); /* "http", ...; NULL */
/* Sets every field of a record to unknown. */
void schema_clear(const struct sd_schema *sc, void *record);
/* Deep copies: bytes a record needs with its text, lists and histograms, and the copy into
 * `to` (that many bytes, aligned for an int64_t). Buckets of a histogram are cut to what
 * is ascending, in range and not empty. */
size_t schema_need(const struct sd_schema *sc, const void *record);
void *schema_copy(const struct sd_schema *sc, const void *record, void *to);
/* Are all fields the same, lists and texts item by item? Histograms are compared by where they lie. */
bool schema_same(const struct sd_schema *sc, const void *a, const void *b);
const char *schema_state_name(enum sd_state state); /* "backing off" */

/* An item of a list that may be missing or shorter: SD_UNKNOWN, NAN, NULL. */
static inline int64_t list_int(const struct sd_ints *l, size_t i)
{
    return l && i < l->n ? l->items[i] : SD_UNKNOWN;
}

static inline double list_real(const struct sd_reals *l, size_t i)
{
    return l && i < l->n ? l->items[i] : (double)NAN;
}

static inline const char *list_text(const struct sd_texts *l, size_t i)
{
    return l && i < l->n ? l->items[i] : NULL;
}

#endif
