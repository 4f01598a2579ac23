/* row_keeper.h - who keeps dead rows from being removed, in words.
 *
 * VACUUM removes a row only when no snapshot can see it: the oldest transaction of the database, a prepared
 * transaction, a replication slot with an xmin, or a query of a standby with hot_standby_feedback decides. */
#ifndef CORE_PLANS_ROW_KEEPER_H
#define CORE_PLANS_ROW_KEEPER_H

#include "base/base.h"
#include "slowdive/types.h"

/* May it be who keeps the dead rows of this database? A session is only when its transaction is open for a
 * second: shorter ones come and go. VACUUM itself keeps none. */
bool row_keeper_possible(const struct sd_activity *a, const char *database, sd_time now);
/* "the transaction of pid 4711 (role app, application worker), idle in transaction"; "prepared transaction
 * 'x' (role app)", "replication slot x (not in use)", "a query of standby x". */
void row_keeper_words(const struct sd_activity *a, struct strbuf *out);
/* What releases the rows: of a sentence that row_keeper_words made. */
const char *row_keeper_cure(const char *who);

#endif
