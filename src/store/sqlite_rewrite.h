/* sqlite_rewrite.h - writes chunks anew in other steps. Only for sqlite_compact.c. */
#ifndef STORE_SQLITE_REWRITE_H
#define STORE_SQLITE_REWRITE_H

#include "store/sqlite_internal.h"

enum { REWRITE_BYTES_MAX = 16 << 20, REWRITE_CHUNKS_MAX = 24 };

/* What is common to the chunks. */
struct rewrite {
    int64_t owner;
    enum sd_kind kind;
    int64_t step;
    sd_time block;
    sd_time until;   /* rows that end at or before it leave; NUM_MIN: none do, the chunks become one */
    int64_t to_step; /* where they go; 0: nowhere */
};
/* In a transaction that writes. How many rows left. `first` and `last`: of the rows in them. */
int64_t rewrite_chunks(struct sqlite_store *s, const struct rewrite *what, const int64_t *ids, size_t n,
                       sd_time first, sd_time last);

#endif
