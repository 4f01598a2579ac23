/* shape.h - how the fields of a kind that is kept add up: for the fold, and for stores that add up
 * themselves.
 *
 * Pure; what it gives is constant. */
#ifndef CORE_HISTORY_SHAPE_H
#define CORE_HISTORY_SHAPE_H

#include "core/history/history.h"

enum history_role {
    ROLE_NONE, /* of a sum: does not add up, unknown in a row */
    ROLE_KEY,  /* says what the row is of */
    ROLE_OWN,  /* stays as it is in the record that is kept */
    ROLE_ADD,  /* counts */
    ROLE_MIN,
    ROLE_MAX,
    ROLE_LENGTH,  /* of the interval */
    ROLE_BUCKETS, /* a histogram */
};
enum { HISTORY_FIELDS_MAX = 96 };

struct history_shape {
    const struct history_kind *kind;
    const struct sd_schema *schema;
    const struct sd_field *length, *host, *total; /* NULL: it has none */
    unsigned char roles[HISTORY_FIELDS_MAX];      /* enum history_role */
};
/* False: nothing of the kind is kept. */
bool history_shape(enum sd_kind kind, struct history_shape *out);
void history_shape_key(const struct history_shape *s, const void *record, struct strbuf *out);

static inline int64_t *history_field(void *record, const struct sd_field *f)
{
    return (int64_t *)(void *)((char *)record + f->offset);
}
static inline int64_t history_int(const void *record, const struct sd_field *f)
{
    return *(const int64_t *)(const void *)((const char *)record + f->offset);
}

#endif
