/* unused_space.h - what a table or a B-tree would take newly written, by its statistics: an estimate. Pure.
 *
 * A table as VACUUM FULL writes it (heapam of PostgreSQL 12 to 18): 23 bytes a row and a bit for each column
 * when some are null, values in order with their alignment, aligned to 8, a line pointer of 4 bytes; pages of
 * 8,192 with 24 of header, filled to the fillfactor. Widths are avg_width of pg_stats, of what is stored:
 * large values that lie in TOAST count as their pointers. A B-tree as CREATE INDEX builds it (size.h). */
#ifndef CORE_INDEXES_UNUSED_SPACE_H
#define CORE_INDEXES_UNUSED_SPACE_H

#include "core/indexes/db_catalog.h"

/* `needed` NAN: not known, and `why` says why, in a sentence of static text. */
struct space_estimate {
    double needed; /* bytes */
    double error; /* share of the needed that it may be wrong by, as measured on tables of different shapes */
    const char *why;
};

/* fillfactor: in percent, 0: the default. */
struct space_estimate space_of_table(const struct catalog_relation *r, int fillfactor);
/* entries: rows the index holds, as its own statistics say; NAN: as the table. */
struct space_estimate space_of_index(const struct catalog_relation *r, const struct catalog_index *x,
                                     double entries, int fillfactor);

#endif
