/* pretty.h - a statement laid out for reading, and which parts of it stand out. The text may be incomplete or
 * invalid: it is split into tokens, not parsed. Pure; any thread. */
#ifndef CORE_SQL_PRETTY_H
#define CORE_SQL_PRETTY_H

#include "core/doc.h"

/* A line for each clause, subqueries indented; a short statement stays on its line. Nothing but space between
 * tokens is changed. Caller frees. */
char *sql_pretty(const char *sql);
/* Keywords, constants, comments. */
size_t sql_spans(const char *sql, struct text_span *out, size_t max);
/* Both, for sections, columns and passages. */
extern const struct text_language sql_language;

#endif
