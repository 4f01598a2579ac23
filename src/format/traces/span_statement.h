/* span_statement.h - what a span says of a statement or command, as it may be shown and counted: without its
 * constants. A cache, bounded: parsing a statement costs 50 us, and the same ones come again. One thread. */
#ifndef FORMAT_TRACES_SPAN_STATEMENT_H
#define FORMAT_TRACES_SPAN_STATEMENT_H

#include "base/base.h"

struct span_statement;
struct span_statement *span_statement_new(void);
void span_statement_free(struct span_statement *x); /* NULL is fine */
/* SQL without constants and without the comments that hold tags; of a store's command ("GET user:17:cart")
 * the command and of its first key the parts that do not vary; of a command that is JSON (MongoDB,
 * Elasticsearch) its keys. `system`: "redis"; "": unknown. Good until the next call. */
const char *span_statement_shown(struct span_statement *x, const char *text, const char *system);

#endif
