/* servers.h - database servers as a whole: figures, replication, progress, parameters. */
#ifndef VIEW_SERVERS_SERVERS_H
#define VIEW_SERVERS_SERVERS_H

#include "view/view.h"

extern const struct view server_view, replication_view, progress_view, parameters_view, bloat_view,
    history_view;

extern const struct view_action *const server_actions[];

enum { SERVERS_SHOWN = 16 };

/* One server: its figures now, and those of the beginning of the window. */
struct server_facts {
    const struct sd_server *s, *before; /* before NULL: read once only */
    sd_time at;
    double seconds; /* between both; NAN */
    const char *origin;
};
/* Those that are still read. */
size_t servers_find(const struct view_ctx *c, struct server_facts *out, size_t max);
/* Growth of a counter per second; NAN when it is unknown, was read once, or was reset. */
double server_rate(const struct server_facts *f, int64_t now, int64_t before);
#define SERVER_RATE(f, field) server_rate((f), (f)->s->field, (f)->before ? (f)->before->field : SD_UNKNOWN)
/* Growth within the window; SD_UNKNOWN as above. */
#define SERVER_GROWTH(f, field)                                                                              \
    ((f)->before && (f)->before->field >= 0 && (f)->s->field >= (f)->before->field                           \
         ? (f)->s->field - (f)->before->field                                                                \
         : SD_UNKNOWN)
/* Transactions per second without slowdive's own. */
double server_transactions(const struct server_facts *f);
/* Time until writes are refused when no row is frozen and transactions go on at this rate; NAN unknown.
 * `left` transactions. */
double server_wraparound_ns(const struct server_facts *f);
/* The same until autovacuum freezes rows whatever else is set; 0: it does so now. */
double server_freeze_ns(const struct server_facts *f);

/* Is what the source last brought of now? Of a server that is gone nothing is. */
bool server_is_gone(const struct view_ctx *c, const char *origin);

#endif
