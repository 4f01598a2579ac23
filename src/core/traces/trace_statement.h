/* trace_statement.h - statements of spans: whether two are the same, and how one is shown in short. */
#ifndef CORE_TRACES_TRACE_STATEMENT_H
#define CORE_TRACES_TRACE_STATEMENT_H

#include "base/base.h"

/* The same for statements that differ in constants, parameters' names and numbers, spaces, case, comments,
 * and the lengths of lists: IN (1, 2) and IN (3, 4, 5), VALUES (..), (..). Never 0. */
uint64_t statement_hash(const char *sql);
/* Did who sent it cut it? It ends with dots. */
bool statement_is_cut(const char *sql);
/* Does it only read, with nothing given to it that another call may have told? */
bool statement_is_free(const char *sql);
/* "SELECT items WHERE order_id = $1": without the list of columns, comments and line ends, cut to `max`
 * bytes; malloc'd. */
char *statement_short(const char *sql, size_t max);

#endif
