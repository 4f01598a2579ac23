/* why.h - what an index does for a statement, in one sentence without constants. */
#ifndef CORE_INDEXES_WHY_H
#define CORE_INDEXES_WHY_H

#include "core/indexes/table_use.h"

/* Appends "Finds the rows by a and the range of b, in the order asked for." */
void index_why(const struct statement_use *u, const struct index_def *d, struct strbuf *out);

#endif
