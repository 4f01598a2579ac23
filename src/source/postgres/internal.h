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
#include "core/sql/statement.h"
#include "source/postgres/shape.h"

/* First bytes of every statement of ours, so that we can leave ourselves out; conn.c sends it
 * behind the first word (sql_tag_own). */
#define OWN_TAG SQL_OWN_TAG " "
/* SQL, true of the text of a statement of ours. The longest first word is DEALLOCATE. */
#define OWN_TEXT(text) "pg_catalog.strpos(pg_catalog.left(" text ", 25), '" SQL_OWN_TAG "') > 0"

/* WITH item: foreign keys whose referencing columns no index begins with, by the referenced table. A DELETE
 * there reads all of the referencing table for each row; one of less than 128 kB does not matter. */
#define UNINDEXED_KEYS                                                                                       \
    "unindexed AS MATERIALIZED (SELECT k.confrelid, pg_catalog.string_agg(pg_catalog.format("                \
    "'%I.%I (%s) references (%s)', kn.nspname, kc.relname, (SELECT pg_catalog.string_agg("                   \
    "pg_catalog.quote_ident(a.attname), ', ' ORDER BY o) FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY "  \
    "u(n, o) JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n), "                \
    "(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY o) "                     \
    "FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY u(n, o) JOIN pg_catalog.pg_attribute a "              \
    "ON a.attrelid = k.confrelid AND a.attnum = u.n)), E'\n' ORDER BY kc.relpages DESC, k.oid) AS keys "     \
    "FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class kc ON kc.oid = k.conrelid "                    \
    "JOIN pg_catalog.pg_namespace kn ON kn.oid = kc.relnamespace WHERE k.contype = 'f' "                     \
    "AND k.conparentid = 0 AND (kc.relpages >= 16 OR kc.relkind = 'p') AND NOT EXISTS (SELECT 1 "            \
    "FROM pg_catalog.pg_index x WHERE x.indrelid = k.conrelid AND x.indisvalid AND x.indpred IS NULL "       \
    "AND x.indnkeyatts >= pg_catalog.array_length(k.conkey, 1) AND "                                         \
    "(x.indkey::pg_catalog.int2[])[0:pg_catalog.array_length(k.conkey, 1) - 1] "                             \
    "OPERATOR(pg_catalog.@>) k.conkey) GROUP BY k.confrelid) "

/* FROM item: the function below the view pg_stat_activity, whose columns have the same names. The view joins
 * two tables for the names of all sessions; to plan that takes longer than the rest of most statements, and a
 * view is planned anew each time where nothing can be prepared: behind a pooler. */
#define ACTIVITY "pg_catalog.pg_stat_get_activity(NULL)"

struct postgres_options {
    int64_t interval;         /* ns, between statements and database figures */
    double sample_hz;         /* of sessions; 0: never */
    int64_t top;              /* statements, by total time */
    int64_t timeout;          /* ns, statement_timeout */
    int64_t catalog_interval; /* ns, between listings of tables and indexes; 0: never */
    bool no_password;         /* send none: the server was not named by the user */
    const char *plan_role;    /* whom a role with rights plans as; NULL: the default, "": itself */
    int64_t answer_max;       /* bytes; 0: ANSWER_MAX */
};

/* What one answer may come to, in bytes: its rows in memory to half of it, one row to a quarter. */
#define ANSWER_MAX ((int64_t)64 << 20)

struct postgres;
struct relay;

/* ---- conn.c ----
 * The server session may be one that a pooler (pgbouncer, pgcat, Odyssey, RDS Proxy) gives
 * to the application next. Nothing of ours outlives a transaction on it: settings are
 * local, statements unnamed (conn_known.c has those of a session that is ours alone), every
 * transaction read-only. */
struct conn {
    PGconn *pg;
    struct postgres *p;
    struct relay *relay; /* between pg and the server, once that is connected */
    char sqlstate[6];    /* of the last failed statement; "" when the connection failed */
    char farewell[200];  /* why the server ended the connection, when it said so; "" */
    int64_t timeout;   /* ns, statement_timeout outside of conn_begin: the options', or what was set since */
    const char *path;  /* search_path outside of conn_begin; NULL: the session's own */
    char encoding[32]; /* client_encoding of our transactions */
    bool in_transaction;            /* between conn_begin and conn_end */
    int backend;                    /* the server process of the last transaction; 0: there was none */
    bool pooled;                    /* a pooler stands between: it is not the one connected to */
    bool open;                      /* the transaction is a pipeline without its end: behind a pooler */
    bool moved;                     /* its transactions came to several server processes */
    bool is_console;                /* it is a pooler's admin console: only conn_simple works */
    char no_file[240];              /* why the password file was not used; "" */
    char broken[200];               /* why nothing more is said to the server; "" */
    struct known_statements *known; /* what the server keeps prepared (conn_known.c); NULL */
    struct shape shape;             /* of the answer that is waited for */
    int64_t counted;                /* bytes received before this answer */
    int64_t row_at;                 /* bytes received before the row that is waited for */
    int64_t rows;                   /* bytes of the rows of this answer */
    int64_t beside;                 /* bytes that belonged to no answer, more than usual */
};

/* Connects (to `database`, or NULL: the target's own). Closes nothing on failure; conn_close is
 * due in any case. */
enum sd_result conn_open(struct conn *c, struct postgres *p, const char *database, struct sd_error *err);
/* Waits a moment for an answer under way where a pooler stands between, or may. */
void conn_close(struct conn *c);
/* May the connection be cut in the middle of an answer? Not where a pooler stands between, or
 * may: it would end the server session, and with it what the application keeps there. */
bool conn_may_cut(const struct conn *c);
/* BEGIN READ ONLY with every setting local to it, in one round trip; search_path stays the
 * session's own. What follows until conn_end is part of it. Behind a pooler, which may refuse
 * BEGIN, it is a pipeline that is not ended: SAVEPOINT and conn_simple do not work there,
 * and after a statement that failed only conn_end. */
enum sd_result conn_begin(struct conn *c, int64_t statement_timeout, struct sd_error *err);
/* ROLLBACK, unless a statement is under way; outside of a transaction nothing. */
void conn_end(struct conn *c);
/* One statement through the extended protocol with text parameters: part of the
 * transaction begun, otherwise in one of its own with the same settings and c->path, in the
 * same round trip. SD_OK and *out (caller clears); SD_UNSUPPORTED with the server's
 * sentence when the statement failed; SD_RETRY when the connection did. */
enum sd_result conn_query(struct conn *c, const char *sql, int n, const char *const *values, bool binary,
                          PGresult **out, struct sd_error *err);
/* conn_query in two parts, for a statement that takes long, within conn_begin: conn_start hands
 * it to the server, conn_finish waits for the answer (not at all when conn_busy says there is one). */
enum sd_result conn_start(struct conn *c, const char *sql, struct sd_error *err);
enum sd_result conn_finish(struct conn *c, PGresult **out, struct sd_error *err);
/* The same through the simple protocol, which would run several statements: only
 * for text the server has accepted as one by conn_parse, within conn_begin. Results are text. */
enum sd_result conn_simple(struct conn *c, const char *sql, PGresult **out, struct sd_error *err);
/* Has the server parse one statement, within conn_begin, with the types of its parameters
 * (0: the server is to infer it). It is the unnamed one, gone with the next. */
enum sd_result conn_parse(struct conn *c, const char *sql, int n, const Oid *types, struct sd_error *err);
/* n statements at once, within conn_begin: the server continues with the next even if this process ends;
 * after an error the rest is skipped. Results are text; the caller clears out[0..n). */
enum sd_result conn_sequence(struct conn *c, const char *const *sql, int n, PGresult **out,
                             struct sd_error *err);
/* True while the server holds the connection open; reads what it sent meanwhile. */
bool conn_alive(struct conn *c, struct sd_error *err);
/* For waiting in between conn_start and conn_finish. The socket to wait for; reads what it has, a
 * piece at a time (false: conn_finish says how the connection ended); is an answer still to come? */
int conn_socket(const struct conn *c);
bool conn_read(struct conn *c);
bool conn_busy(struct conn *c);

/* ---- target.c ---- */
/* Is `target` something libpq understands, and as it was meant? The sentence repeats no
 * part of it. Contacts nothing. */
bool target_check(const char *target, struct sd_error *err);
/* The same target so that libpq sends no password, neither its own nor of PGPASSWORD or
 * ~/.pgpass. Caller frees. */
char *target_without_password(const char *target);
/* The same target so that libpq reads no password file. Caller frees. */
char *target_without_file(const char *target);
/* False and a sentence when the password file that libpq would read could be another's: it is
 * judged like the configuration (base/trust.h), and nobody else may read it. */
bool target_password_file(const char *target, struct sd_error *why);
/* `text` without what is secret in `target` and of the connection (NULL: none). Caller frees. */
char *target_hide(const char *target, const PGconn *pg, const char *text);

/* Fields of a binary result; SD_UNKNOWN, NAN and "" when the field is null or not there. No other
 * file looks into a result (tests/check-layers), so that no answer of a server is a crash. */
int64_t conn_int(const PGresult *r, int row, int col);
double conn_real(const PGresult *r, int row, int col);
int64_t conn_ms(const PGresult *r, int row, int col);        /* double of milliseconds -> ns */
sd_time conn_time(const PGresult *r, int row, int col);      /* timestamptz */
const char *conn_text(const PGresult *r, int row, int col);  /* never NULL */
const char *conn_maybe(const PGresult *r, int row, int col); /* NULL when the field is null */
bool conn_is_null(const PGresult *r, int row, int col);

/* One more item of an array literal, `{"a",NULL`; the closing brace is the caller's. */
void conn_array_item(struct strbuf *b, const char *s);

/* ---- statements.c: pg_stat_statements ---- */
struct statements;
void statements_free(struct statements *st); /* NULL is fine */
/* Publishes what changed since the last call. What keeps it from working is put
 * into `problem` (caller's, at least 400 bytes; "" when all is well). */
enum sd_result statements_collect(struct postgres *p, char *problem, size_t size, struct sd_error *err);
/* Where the texts of the view cannot be read: takes those that sessions show. */
enum sd_result statements_sampled(struct postgres *p, struct sd_error *err);
/* The whole text of a statement seen before; NULL. */
const char *statements_text(const struct postgres *p, int64_t query_id);
/* The query_id of the one in this database with this fingerprint, rather one with so many parameters,
 * which lists of values may differ in; SD_UNKNOWN. */
int64_t statements_find(const struct postgres *p, int64_t dbid, const char *fingerprint, int parameters);

/* Pure: the statement that reads `schema`.pg_stat_statements with these columns
 * (comma separated, as the view has them). Caller frees. NULL when they make no sense. */
char *statements_sql(const char *schema, const char *columns, bool has_info, bool io_timed);

/* ---- activity.c: pg_stat_activity ---- */
enum sd_result activity_collect(struct postgres *p, struct sd_error *err);
/* "GET /orders/:id" of a statement's tags. Caller frees; NULL: they name none. */
char *activity_route(const struct sql_tags *tags);
/* Pure: the statement for a view with these columns. Without `blockers` nobody is blocked by anybody, and an
 * idle session that blocks others is not there. Caller frees. */
char *activity_sql(const char *columns, bool blockers);

/* ---- session_statement.c: before 14, which have no query_id in pg_stat_activity ---- */
struct session_texts;
void session_texts_free(struct session_texts *t); /* NULL is fine */
/* The query_id of the statement that a session of the database runs; SD_UNKNOWN. */
int64_t session_statement(struct postgres *p, int64_t dbid, const char *query);

/* ---- locks.c: what goes with a sample of sessions ---- */
struct locks {
    PGresult *waits, *vacuums; /* NULL: not asked */
    bool has_waitstart;        /* waits says since when, except in the first moment of a wait */
    sd_time at;                /* when they were read */
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

/* ---- holders.c: prepared transactions, replication slots, standbys ---- */
/* Into p->holders; asks nothing where server_state_keeps says that there is none. */
enum sd_result holders_read(struct postgres *p, struct sd_error *err);
void holders_add(struct postgres *p, struct sd_batch *b); /* as records SD_ACTIVITY */
void holders_free(struct postgres *p);
const char *holders_sql(void); /* pure */
/* In words who keeps dead rows of the database now, and since when; caller frees, NULL: none was seen. */
char *holders_oldest(struct postgres *p, const char *database, sd_time *since);

/* ---- database.c: pg_stat_database, locks, connections ---- */
/* When the statement counters began; a later time than the last one is an event. SD_UNKNOWN: not told. */
void database_note_statements(struct postgres *p, sd_time reset);
/* Tells that event. */
void database_statements_reset(struct postgres *p, sd_time at);
enum sd_result database_collect(struct postgres *p, struct sd_error *err);
char *database_sql(void); /* pure; caller frees */

/* ---- settings.c: as metrics postgresql.setting, labels "name=NAME,value=VALUE" ---- */
enum sd_result settings_collect(struct postgres *p, struct sd_error *err);
const char *settings_sql(void); /* pure */

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
/* PREPARE name for a statement of n parameters, within conn_begin: types that the
 * server cannot infer are tried. The text has passed sql_may_explain. It outlives the
 * transaction: only where the session is ours alone. */
enum sd_result explain_prepare(struct conn *c, const char *name, const char *sql, int n,
                               struct sd_error *err);

/* Its plan without values, as a prepared statement would get it, by EXPLAIN with `options`;
 * within conn_begin, and nothing outlives it. Caller frees *body. */
enum sd_result explain_generic(struct conn *c, const char *sql, int n, const char *options, char **body,
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
/* The same for planning it, which runs functions that are not VOLATILE on constants, and more: can they
 * change anything that a rollback does not undo? Every statement passes through here before it is planned,
 * within the same transaction. A role whose rights reach outside of the database, and a plan that is
 * unattended (nobody has just asked for it), go through nothing of the user's own. The former gives its
 * rights away, where it can: the rest of the transaction has another role then. *pass (NULL: not wanted) is
 * for harmless_again. */
struct harmless_pass {
    char role[64];  /* of the transaction; "": its own */
    char state[80]; /* of the catalog when the check was made */
};
enum sd_result harmless_plan(struct conn *c, const char *sql, bool unattended, struct harmless_pass *pass,
                             struct sd_error *why);
/* The state of the catalog now, within a transaction: a check under a different state is not valid. */
enum sd_result harmless_state(struct conn *c, char state[static 80], struct sd_error *why);
/* Sets the role of the transaction; "": its own. */
enum sd_result harmless_role(struct conn *c, const char *role, struct sd_error *why);

/* ---- pg_examine.c: for sd_source_ops.examine ---- */
void postgres_look(struct postgres *p, sd_check_tell *told, void *ctx); /* of a server that is open */
void postgres_not_opened(enum sd_result result, const struct sd_error *err, sd_check_tell *told, void *ctx);

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
void explain_advice(struct postgres *p, struct conn *c, const struct sd_plan *plan, bool unattended,
                    struct sd_batch *reply);

/* ---- workload_advice.c ---- */
/* The indexes a whole workload misses. Meanwhile sampling goes on. */
enum sd_result advise_request(struct postgres *p, const struct sd_job_advise *job, struct sd_batch *reply,
                              struct sd_error *err);

/* ---- pooler.c: the pooler between, and its admin console ---- */
struct pooler {
    bool looked;   /* for its console, once */
    char name[80]; /* "PgBouncer 1.18.0"; "": not known */
    char mode[16]; /* session, transaction, statement; "": not known */
};
struct postgres;
bool pooler_is_console(const PGconn *pg);
/* ", through PgBouncer 1.18.0 in transaction mode"; nothing without a pooler. */
void pooler_describe(const struct postgres *p, struct strbuf *out);
/* Publishes the pools and their counters: of the console connected to, or of the one beside
 * the pooled database, which is looked for once. */
enum sd_result pooler_collect(struct postgres *p, struct sd_error *err);

/* ---- buffers.c: running totals, kept over lost connections ---- */
struct buffers {
    bool known;
    int64_t size;  /* shared_buffers, bytes */
    sd_time since; /* of the first reading */
    sd_time started;
    int64_t hits, reads, evictions;
    int64_t last_hits, last_reads, last_evictions; /* as the server had them */
};

/* ---- postgres.c ---- */
struct postgres {
    struct sd_source *s;
    const struct postgres_options *o;
    struct conn main;
    struct conn console; /* of the pooler between; pg NULL: none */
    struct pooler pooler;
    bool request_waiting; /* the host wants run to return soon */

    /* facts of the session, read once */
    int version;
    bool sees_all;                 /* may read other roles' texts */
    bool io_timed;                 /* track_io_timing */
    bool tracks;                   /* track_activities */
    bool has_query_ids;            /* sessions carry the query_id of their statement */
    bool has_query_column;         /* pg_stat_activity has query_id, 14 and later */
    int64_t query_size;            /* track_activity_query_size, bytes */
    bool preload_known, preloaded; /* is pg_stat_statements in shared_preload_libraries? */
    char *database, *role;

    bool has_waitstart, has_last_scan; /* columns that newer servers have */
    bool many_tables;                  /* more than are listed */

    struct buffers buffers;
    struct buffer_use *buffer_use; /* NULL: not asked for yet */
    struct statements *statements;
    struct session_texts *session_texts;
    struct server_state *state; /* NULL: not asked what there is */
    PGresult *holders;          /* NULL: none */
    char *activity_sql;         /* its statement; NULL: not made yet */
    char *blocked_sql;          /* the same, with who blocks whom */
    bool lock_waits;            /* a session of the last sample waited for a lock */
    int64_t activity_period;    /* ns the next sample stands for */
    int64_t catalog_every;      /* ns between listings, by what they cost */
    sd_time next_activity, next_figures, next_catalog, next_size, last_activity;
    char *noted;              /* the last sentence told */
    int64_t own_transactions; /* that the server has counted for us; one thread has all connections */

    /* What a restart, a failover or a reset changes; kept over lost connections. SD_UNKNOWN: not read yet */
    struct {
        sd_time started, reset, statements_reset;
        int64_t in_recovery;
        char address[64]; /* "127.0.0.1 port 5432" */
    } server;

    /* busy_lock's: the socket the worker waits on, for interrupt */
    int busy_fd;
    bool busy;
};

void postgres_busy(struct postgres *p, int fd); /* fd < 0: not waiting */
/* For what takes long on a connection of its own: when the next sample is due, and taking it. */
sd_time postgres_due(const struct postgres *p);
enum sd_result postgres_sample(struct postgres *p, sd_time now, struct sd_error *err);

#endif
