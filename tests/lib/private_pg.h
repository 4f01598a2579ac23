/* private_pg.h - a PostgreSQL server for one test program, by contrib/private-postgres.
 *
 * Shells out, so that unit tests link without libpq. The server ends with
 * private_pg_stop, or by itself soon after the test program has ended. */
#ifndef TESTS_PRIVATE_PG_H
#define TESTS_PRIVATE_PG_H

#include <stdbool.h>

struct private_pg {
    char dir[256]; /* a temporary folder */
    char url[256]; /* postgresql://postgres@127.0.0.1:PORT/postgres */
    char port[16];
    char why[512]; /* after a failed start */
};

/* False when there is no server here: skip with `why`. */
bool private_pg_start(struct private_pg *pg);
void private_pg_halt(struct private_pg *pg);   /* stops the server, keeps the data */
bool private_pg_resume(struct private_pg *pg); /* on the same port */
void private_pg_stop(struct private_pg *pg);   /* and removes the folder */
/* The teardown of a test: ends all sessions but slowdive's at the server started last, so that no lock of a
 * test that failed holds up the next. */
int private_pg_end_sessions(void **state);

/* At the start of a test: skips it where no server could be started. */
#define PRIVATE_PG_NEEDED(pg, have)                                                                          \
    do {                                                                                                     \
        (void)state;                                                                                         \
        if (!(have)) {                                                                                       \
            print_message("no server: %s\n", (pg).why);                                                      \
            skip();                                                                                          \
        }                                                                                                    \
    } while (0)

/* Runs statements with psql in `database` (NULL: postgres) as a superuser and
 * returns its output (unaligned, tuples only; caller frees); NULL and a line on
 * stderr when one fails. */
char *private_pg_sql(const struct private_pg *pg, const char *database, const char *sql);

#endif
