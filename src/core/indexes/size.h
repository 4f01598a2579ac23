/* size.h - how large a new index would be.
 *
 * A B-tree as CREATE INDEX builds it (nbtsort.c, nbtdedup.c of PostgreSQL 13 to 18):
 * tuples of 8 bytes and the values, aligned to 8, 4 bytes of line pointer each; equal
 * keys share posting lists of 6 bytes a row and at most 812 bytes, unless a key's equal
 * values may differ in their bytes or columns are INCLUDEd; leaves are filled to 90 %,
 * inner pages to 70 %. How many different keys there are comes from pg_stats, from
 * extended statistics, or, for several columns, from a sample of rows. */
#ifndef CORE_INDEXES_SIZE_H
#define CORE_INDEXES_SIZE_H

#include "core/indexes/definition.h"

/* Bytes; NAN when the table was never analysed. */
double index_size(const struct index_def *d);
/* Different keys of the index, within its predicate; NAN unknown. */
double index_size_distinct(const struct index_def *d);
/* Bytes of WAL and pages a write adds, as a share of what the table's own row costs:
 * (8 + keys) / (27 + row), by pganalyze. */
double index_size_write_overhead(const struct index_def *d);
/* Is every row's size and every distinct count known by more than a guess? */
bool index_size_sure(const struct index_def *d);

#endif
