/* pg_watch.h - the PostgreSQL source under observation at a private server, and clients of that server. */
#ifndef TESTS_PG_WATCH_H
#define TESTS_PG_WATCH_H

#include <libpq-fe.h>

#include "core/batch.h"
#include "rt/rt.h"
#include "tests/lib/private_pg.h"

extern struct private_pg pg;
extern bool pg_here;
extern int pg_version; /* 15 */

/* Setup and teardown of a program: the server with the databases shop, bare, elsewhere, private, full_up and
 * some roles. Without PostgreSQL all is well, and NEED_SERVER skips. */
int pg_watch_server(void **state);
int pg_watch_no_server(void **state);
#define NEED_SERVER() PRIVATE_PG_NEEDED(pg, pg_here)
/* Teardown of a test: one that has failed has left open what it had. */
int pg_close_all(void **state);

/* The first line of what psql prints; the caller frees. */
char *pg_sql(const char *database, const char *text);
void pg_run_sql(const char *database, const char *text);

/* ---- one instance under observation ---- */
struct pg_watch {
    struct rt *rt;
    const struct sd_batch **batches;
    size_t n, cap;
    char status[2000]; /* the newest state and sentence */
    int64_t state;
};

void pg_watch_start_as(struct pg_watch *w, const char *target, const char *option, const char *value);
void pg_watch_start(struct pg_watch *w, const char *role, const char *database);
void pg_watch_stop(struct pg_watch *w);
/* Waits until `done` says so; false after `seconds`. */
bool pg_until(struct pg_watch *w, bool (*done)(struct pg_watch *w, void *ctx), void *ctx, int seconds);
void pg_expect_status(struct pg_watch *w, const char *text, int seconds);

/* The newest with that text, application, name; NULL and NAN: none. */
const struct sd_statement *pg_statement(const struct pg_watch *w, const char *text);
const struct sd_activity *pg_session(const struct pg_watch *w, const char *application,
                                     const char *wait_type);
double pg_metric(const struct pg_watch *w, const char *name, const char *labels);

/* To wait for: ctx is a text. */
bool pg_says(struct pg_watch *w, void *text);
bool pg_has_statement(struct pg_watch *w, void *text);
bool pg_has_metric(struct pg_watch *w, void *name);
/* ctx is a struct pg_who. */
struct pg_who {
    const char *application, *wait_type;
};
bool pg_has_session(struct pg_watch *w, void *ctx);
bool pg_has_linked_session(struct pg_watch *w, void *ctx);

/* ---- a client that does things ---- */
PGconn *pg_client(const char *role, const char *database, const char *application);
void pg_client_run(PGconn *c, const char *text);

#endif
