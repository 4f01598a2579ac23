/* first_table.h - the same statement with another table first in its FROM.
 *
 * HypoPG 1.3 matches a partial index or one of an expression only where its table is the first of the
 * statement's range table: the planner is asked about the statement in that form. */
#ifndef CORE_SQL_FIRST_TABLE_H
#define CORE_SQL_FIRST_TABLE_H

#include "base/base.h"

/* FROM items change places, joins their sides (LEFT becomes RIGHT): the same rows, SELECT * in another
 * order of columns. Caller frees. NULL: it is the first already, is not in the FROM itself, or cannot be
 * moved (LATERAL, a function, a CTE of that name, no plain SELECT). */
char *sql_first_table(const char *sql, const char *schema, const char *name);

#endif
