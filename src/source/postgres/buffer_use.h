/* buffer_use.h - what shared buffers hold, by the extension pg_buffercache, where it is. */
#ifndef SOURCE_POSTGRES_BUFFER_USE_H
#define SOURCE_POSTGRES_BUFFER_USE_H

#include "source/postgres/internal.h"

/* Reads it when it is due: at most each minute, for never more than 1 % of the server's time. */
enum sd_result buffer_use_collect(struct postgres *p, struct sd_error *err);
void buffer_use_free(struct postgres *p);
int64_t buffer_use_bytes(const struct postgres *p); /* SD_UNKNOWN: not known */
/* With its indexes and TOAST; SD_UNKNOWN: not known, or beyond the 200 that hold the most. */
int64_t buffer_use_of_table(const struct postgres *p, const char *schema, const char *table);
/* Why it is not known, a sentence; NULL: it is. */
const char *buffer_use_why(const struct postgres *p);
/* The statements, for the tests: what there is to read it with, and the two that do. Callers free the second.
 */
const char *buffer_use_find_sql(void);
char *buffer_use_sql(const char *function, bool summary);
char *buffer_use_tables_sql(const char *function);

#endif
