/* server.h - the figures of the database servers as a whole, for the overview. */
#ifndef VIEW_SESSIONS_SERVER_H
#define VIEW_SESSIONS_SERVER_H

#include "view/view.h"

/* Fields in a section: uptime, connections, transactions per second, hit ratio, size and growth, oldest
 * transaction, replication lag, wraparound. On screen only what is known. Of several servers
 * sums, and the worst of what has none. */
void server_fields(struct doc *d, const struct view_ctx *c, struct section *f);

#endif
