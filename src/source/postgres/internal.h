/* internal.h - what the files of the PostgreSQL source share.
 *
 * One worker thread, one connection for sampling, and a short-lived one for each
 * EXPLAIN. Everything here belongs to the worker, except what says otherwise.
 *
 * Every call to the server is non-blocking under a deadline. A result of
 * SD_NODATA means: the instance is to stop, give up quietly. */
#ifndef SOURCE_POSTGRES_INTERNAL_H
#define SOURCE_POSTGRES_INTERNAL_H

#include <libpq-fe.h>

#include "base/base.h"

/* First bytes of every statement of ours, so that we can leave ourselves out. */
#define OWN_TAG "/* slowdive */ "

struct postgres_options {
    int64_t interval;         /* ns, between statements and database figures */
    double sample_hz;         /* of sessions; 0: never */
    int64_t top;              /* statements, by total time */
    int64_t timeout;          /* ns, statement_timeout */
    int64_t catalog_interval; /* ns, between listings of tables and indexes; 0: never */
};

struct postgres;

/* ---- conn.c ---- */
struct conn {
    PGconn *pg;
    struct postgres *p;
    char sqlstate[6];   /* of the last failed statement; "" when the connection failed */
    char farewell[200]; /* why the server ended the connection, when it said so; "" */
};

/* Connects (to `database`, or NULL: the target's own) and makes the session safe:
 * read-only, every timeout set. Closes nothing on failure. */
enum sd_result conn_open(struct conn *c, struct postgres *p, const char *database, struct sd_error *err);
void conn_close(struct conn *c);
/* One statement through the extended protocol with text parameters. SD_OK and *out
 * (caller clears); SD_UNSUPPORTED with the server's sentence when the statement
 * failed; SD_RETRY when the connection did. */
enum sd_result conn_query(struct conn *c, const char *sql, int n, const char *const *values, bool binary,
                          PGresult **out, struct sd_error *err);
/* conn_query in two parts, for a statement that takes long: conn_start hands it to the server,
 * conn_finish waits for the answer (not at all when PQisBusy says there is one). */
enum sd_result conn_start(struct conn *c, const char *sql, struct sd_error *err);
enum sd_result conn_finish(struct conn *c, PGresult **out, struct sd_error *err);
/* The same through the simple protocol, which would run several statements: only
 * for text the server has accepted as one by conn_prepare. Results are text. */
enum sd_result conn_simple(struct conn *c, const char *sql, PGresult **out, struct sd_error *err);
/* The same for a statement prepared before by conn_prepare. Results are binary. */
enum sd_result conn_prepare(struct conn *c, const char *name, const char *sql, struct sd_error *err);
enum sd_result conn_prepared(struct conn *c, const char *name, int n, const char *const *values,
                             PGresult **out, struct sd_error *err);
/* True while the server holds the connection open; reads what it sent meanwhile. */
bool conn_alive(struct conn *c, struct sd_error *err);
/* Is `target` something libpq understands? */
bool conn_check(const char *target, struct sd_error *err);

/* Fields of a binary result; SD_UNKNOWN, NAN and NULL when the field is null. */
int64_t conn_int(const PGresult *r, int row, int col);
double conn_real(const PGresult *r, int row, int col);
int64_t conn_ms(const PGresult *r, int row, int col);   /* double of milliseconds -> ns */
sd_time conn_time(const PGresult *r, int row, int col); /* timestamptz */
const char *conn_text(const PGresult *r, int row, int col);

/* One more item of an array literal, `{"a",NULL`; the closing brace is the caller's. */
void conn_array_item(struct strbuf *b, const char *s);

/* ---- statements.c: pg_stat_statements ---- */
struct statements;
void statements_free(struct statements *st); /* NULL is fine */
/* Publishes what changed since the last call. What keeps it from working is put
 * into `problem` (caller's, at least 400 bytes; "" when all is well). */
enum sd_result statements_collect(struct postgres *p, char *problem, size_t size, struct sd_error *err);
/* The whole text of a statement seen before; NULL. */
const char *statements_text(const struct postgres *p, int64_t query_id);

/* Pure: the statement that reads `schema`.pg_stat_statements with these columns
 * (comma separated, as the view has them). Caller frees. NULL when they make no sense. */
char *statements_sql(const char *schema, const char *columns, bool has_info, bool io_timed);

/* ---- activity.c: pg_stat_activity ---- */
enum sd_result activity_collect(struct postgres *p, struct sd_error *err);
/* Pure: the statement for a view with these columns. Caller frees. */
char *activity_sql(const char *columns);

/* ---- locks.c: what goes with a sample of sessions ---- */
struct locks {
    PGresult *waits, *vacuums; /* NULL: not asked */
};
enum sd_result locks_read(struct postgres *p, bool waiting, bool vacuum, struct locks *out,
                          struct sd_error *err);
void locks_free(struct locks *l);
/* Fills in what concerns the session a; *lock and *phase are the caller's to free. */
void locks_fill(const struct locks *l, struct sd_activity *a, char **lock, char **phase);
/* Pure: the statements (has_waitstart: pg_locks has the column, 14 and later); words for a
 * lock, `key` of an advisory one. Caller frees. */
char *locks_sql(bool has_waitstart);
char *vacuums_sql(void);
char *locks_describe(const char *type, const char *relation, const char *key);

/* ---- holders.c: prepared transactions, replication slots, standbys ---- */
enum sd_result holders_read(struct postgres *p, struct sd_error *err); /* into p->holders */
void holders_add(struct postgres *p, struct sd_batch *b);              /* as records SD_ACTIVITY */
void holders_free(struct postgres *p);
const char *holders_sql(void); /* pure */

/* ---- database.c: pg_stat_database, locks, connections ---- */
enum sd_result database_collect(struct postgres *p, struct sd_error *err);
char *database_sql(void); /* pure; caller frees */

/* ---- catalog.c: tables and indexes of the connected database ---- */
enum { CATALOG_TABLES_MAX = 1000 }; /* the largest; and their indexes */
enum sd_result catalog_collect(struct postgres *p, struct sd_error *err);
/* Pure: the statements (has_last_scan: pg_stat_all_indexes has last_idx_scan, 16 and later). */
const char *catalog_tables_sql(void);
const char *catalog_indexes_sql(bool has_last_scan);

/* ---- explain.c ---- */
enum sd_result explain_request(struct postgres *p, const struct sd_job_explain *job, struct sd_batch *reply,
                               struct sd_error *err);
/* Pure: "interval $1" becomes "$1::interval", for typed constants whose value is a
 * parameter. Caller frees. */
char *explain_rewrite(const char *sql);
/* PREPARE name for a statement of n parameters, within a transaction: types that the
 * server cannot infer are tried. The text has passed sql_may_explain. */
enum sd_result explain_prepare(struct conn *c, const char *name, const char *sql, int n,
                               struct sd_error *err);

/* The statement of a job: the one given, or the whole text of the same query_id
 * when the given one was cut at track_activity_query_size. */
const char *explain_statement(const struct postgres *p, const char *query, int64_t query_id, bool *cut);
/* May `text` be sent at all? `gate` is sql_may_explain, or a stricter one. */
bool explain_allowed(const struct postgres *p, const char *text, bool cut,
                     bool (*gate)(const char *sql, struct sd_error *why), struct sd_error *why);
/* Adds to the server's sentence what the user can do about it. */
void explain_advise(const struct postgres *p, const struct conn *c, struct sd_error *err);
/* The tables of a plan with their sizes and indexes, into the reply. Sets search_path. */
void explain_facts(struct postgres *p, struct conn *c, const char *database, const char *body,
                   struct sd_batch *reply);

/* ---- analyze.c ---- */
/* Executes a statement under EXPLAIN ANALYZE. Meanwhile sampling goes on. */
enum sd_result analyze_request(struct postgres *p, const struct sd_job_analyze *job, struct sd_batch *reply,
                               struct sd_error *err);
/* Executes nothing: the plan, or one whose `failed` says why it would be refused. */
enum sd_result analyze_check(struct postgres *p, const struct sd_job_analyze *job, struct sd_batch *reply,
                             struct sd_error *err);

/* ---- harmless.c ---- */
/* Can executing this statement act on anything? Within a transaction of c, whose search_path
 * is the one the statement will be read with. SD_OK: it cannot. SD_UNSUPPORTED: a sentence says
 * what stands against it. Otherwise as conn_query. */
enum sd_result harmless_statement(struct conn *c, const char *sql, struct sd_error *why);
/* The same for planning it, which runs functions that are not VOLATILE on constants: can they
 * act on anything that a rollback does not undo? */
enum sd_result harmless_plan(struct conn *c, const char *sql, struct sd_error *why);

/* ---- signal.c ---- */
struct signal_order {
    bool terminate; /* the session, not only its statement */
    int64_t pid;
    sd_time backend_start, query_start;
};
/* Cancels a statement or ends a session, when it is still the one meant; the reply says
 * in one event what came of it. */
enum sd_result signal_request(struct postgres *p, const struct signal_order *order, struct sd_batch *reply,
                              struct sd_error *err);

/* ---- explain_advice.c ---- */
/* Adds the indexes the plan's statement misses, or why there is none, to the reply. The
 * connection is outside of a transaction, and is closed after this: settings and
 * prepared statements stay behind. Takes two seconds at most. */
void explain_advice(struct postgres *p, struct conn *c, const struct sd_plan *plan, struct sd_batch *reply);

/* ---- postgres.c ---- */
struct postgres {
    struct sd_source *s;
    const struct postgres_options *o;
    struct conn main;
    bool request_waiting; /* the host wants run to return soon */

    /* facts of the session, read once */
    int version;
    bool sees_all;                 /* may read other roles' texts */
    bool io_timed;                 /* track_io_timing */
    bool tracks;                   /* track_activities */
    bool has_query_ids;            /* sessions carry the query_id of their statement */
    int64_t query_size;            /* track_activity_query_size, bytes */
    bool preload_known, preloaded; /* is pg_stat_statements in shared_preload_libraries? */
    char *database, *role;

    bool has_waitstart, has_last_scan; /* columns that newer servers have */
    bool many_tables;                  /* more than are listed */

    struct statements *statements;
    PGresult *holders;                   /* NULL: none */
    bool activity_ready, database_ready; /* their statements are prepared */
    int64_t activity_period;             /* ns the next sample stands for */
    int64_t catalog_every;               /* ns between listings, by what they cost */
    sd_time next_activity, next_figures, next_catalog, last_activity;
    char *noted; /* the last sentence told */

    /* busy_lock's: the socket the worker waits on, for interrupt */
    int busy_fd;
    bool busy;
};

void postgres_busy(struct postgres *p, int fd); /* fd < 0: not waiting */
/* For what takes long on a connection of its own: when the next sample is due, and taking it. */
sd_time postgres_due(const struct postgres *p);
enum sd_result postgres_sample(struct postgres *p, sd_time now, struct sd_error *err);

#endif
