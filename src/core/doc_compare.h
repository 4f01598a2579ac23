/* doc_compare.h - a printed doc beside the same view of a baseline.
 *
 * On the thread of both docs, before the rows are sorted or limited for printing. */
#ifndef CORE_DOC_COMPARE_H
#define CORE_DOC_COMPARE_H

#include "core/doc.h"

/* Adds to the rows of each table of `now` the figures that the same row has in `before`: a column
 * baseline_KEY for each column of numbers, and for the column the table is sorted by also how much it
 * changed. A row is the same when it is about the same thing (table_identity). The numbers of fields get a
 * field baseline_KEY. Rows that only the baseline has are listed in a table of their own, "baseline_only".
 * What is not in the baseline is unknown there. Trees and drawings stay as they are.
 *
 * Copies what it needs: `before` may be freed after it. Rows given by number become built ones. */
void doc_compare(struct doc *now, struct doc *before);

#endif
