/* rows.h - rows of credentials that requests of the open model take and give back: the one that was free
 * longest first. Without credentials there is always one, -1. */
#ifndef CORE_LOADS_ROWS_H
#define CORE_LOADS_ROWS_H

#include "base/base.h"

struct load_rows {
    size_t *row; /* a ring */
    size_t n, first, n_free;
};
static inline struct load_rows load_rows_of(size_t n) /* free `row` */
{
    struct load_rows r = {.row = n ? mem_array(n, sizeof(size_t)) : NULL, .n = n, .n_free = n};
    for (size_t i = 0; i < n; i++)
        r.row[i] = i;
    return r;
}
static inline bool load_rows_free(const struct load_rows *r)
{
    return !r->n || r->n_free;
}
static inline int64_t load_rows_take(struct load_rows *r)
{
    if (!r->n)
        return -1;
    size_t row = r->row[r->first];
    r->first = (r->first + 1) % r->n;
    r->n_free--;
    return (int64_t)row;
}
static inline void load_rows_give(struct load_rows *r, int64_t row)
{
    if (row < 0)
        return;
    r->row[(r->first + r->n_free) % r->n] = (size_t)row;
    r->n_free++;
}

#endif
