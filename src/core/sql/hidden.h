/* hidden.h - a cache of statements with their literals hidden: parsing one costs about 50 us, and the same
 * statements arrive ten times per second. One thread for each instance. */
#ifndef CORE_SQL_HIDDEN_H
#define CORE_SQL_HIDDEN_H

#include "base/base.h"

struct sql_hidden;
struct sql_hidden *sql_hidden_new(void);
void sql_hidden_free(struct sql_hidden *h); /* NULL is fine */
/* What sql_hide_literals makes of `sql`; good until the next call. NULL gives NULL. */
const char *sql_hidden_text(struct sql_hidden *h, const char *sql);

#endif
