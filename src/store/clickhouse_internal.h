/* clickhouse_internal.h - the parts of the store in ClickHouse. Only for src/store/clickhouse_*.c.
 *
 * One table for each tier holds rows of every kind (clickhouse_schema.c). Rows have an identity, so that a
 * put that is sent twice counts once. `history_notes` says which rows may be seen: what was moved into the
 * next tier, which imports have ended (clickhouse_sight.c). */
#ifndef STORE_CLICKHOUSE_INTERNAL_H
#define STORE_CLICKHOUSE_INTERNAL_H

#include <curl/curl.h>
#include <stdatomic.h>

#include "format/history/clickhouse_rows.h"
#include "store/store_internal.h"

enum { CLICKHOUSE_SCHEMA = 1 };

struct clickhouse {
    struct store base;
    bool tls, write, loopback_only; /* the last: plain http with a password */
    bool distributed;               /* the tables are Distributed; those of this node end in _local */
    bool has_nodes;                 /* and there is history_nodes */
    bool may_set;                   /* the user may send settings */
    bool partial;                   /* some nodes are missing, the rest is read (clickhouse_nodes.c) */
    char *address;                  /* http://HOST:PORT/ */
    char *host, *user, *password, *database, *cluster, *ca_file;
    struct history_tiers tiers;
    bool (*stop)(void *ctx);
    void *stop_ctx;
    atomic_bool interrupted;
    CURLM *multi;
    struct seen *seen; /* puts that store_follow gave */
    uint64_t calls;    /* of store_follow */
};

/* ---- asking (clickhouse_http.c) ---- */
struct clickhouse_ask {
    const char *sql;
    const char *body; /* the data of an INSERT; NULL: none */
    size_t body_len;
    int64_t wait_ns; /* 0: as long as reading may take */
    /* The bytes of the answer; false: enough of it, the rest is not read. NULL: the answer is dropped. */
    bool (*take)(void *ctx, const char *bytes, size_t n);
    void *ctx;
};
enum sd_result clickhouse_ask(struct clickhouse *c, const struct clickhouse_ask *ask, struct sd_error *err);
/* Reads the URL, the password and the options. */
enum sd_result clickhouse_connect(struct clickhouse *c, const char *url, const struct store_options *o,
                                  struct sd_error *err);
void clickhouse_disconnect(struct clickhouse *c);
bool clickhouse_ends(struct clickhouse *c); /* interrupted, or `stop` says so */
/* What tests shorten: how long one statement may take. */
extern int64_t clickhouse_put_wait_ns, clickhouse_read_wait_ns;

/* Rows of an answer in RowBinary, each taken by `row` as far as it is whole. `row` steps over one row; when
 * it sets more or bad, or returns false, the row was not taken. */
struct clickhouse_rows {
    bool (*row)(void *ctx, struct rowbinary *r, struct arena *a);
    void *ctx;
};
enum sd_result clickhouse_select(struct clickhouse *c, const char *sql, const struct clickhouse_rows *rows,
                                 struct sd_error *err);

/* ---- SQL ---- */
void sql_name(struct strbuf *out, const char *name); /* `name` */
void sql_text(struct strbuf *out, const char *text); /* 'text' */
/* `db`.`history_10s`; `local`: of this node. */
void sql_tier(struct strbuf *out, const struct clickhouse *c, size_t tier, bool local);
void sql_notes(struct strbuf *out, const struct clickhouse *c, bool local);

/* ---- tables (clickhouse_schema.c) ---- */
char *clickhouse_schema(const char *url, const struct store_options *o, struct sd_error *err);
/* Looks whether the tables are there, makes them when it may, and sets tiers and `distributed`. */
enum sd_result clickhouse_prepare(struct clickhouse *c, const struct store_options *o, struct sd_error *err);

/* ---- the nodes of a cluster (clickhouse_nodes.c) ---- */
/* Sets `cluster` and `may_set` of tables that are Distributed. */
enum sd_result clickhouse_nodes_prepare(struct clickhouse *c, struct sd_error *err);
/* Before a reading: sets `partial`, and the sentence of store_partial. */
enum sd_result clickhouse_nodes_look(struct clickhouse *c, struct sd_error *err);
void sql_cluster(struct strbuf *out, const struct clickhouse *c, const char *table);

/* ---- rights (clickhouse_right.c) ---- */
enum sd_result clickhouse_right(const char *url, const struct store_options *o, enum store_right *out,
                                struct sd_error *err);

/* ---- what may be seen (clickhouse_sight.c) ---- */
enum clickhouse_note { NOTE_MOVE = 1, NOTE_CLAIM, NOTE_IMPORT, NOTE_TIER, NOTE_SCHEMA };
/* Conditions for WHERE of the rows of each tier, good for a span. */
struct sight {
    struct strbuf where[HISTORY_TIERS_MAX];
    struct strbuf incomplete; /* "(run, put), ..." of puts of which a part is missing */
};
enum sd_result sight_load(struct clickhouse *c, sd_time from, sd_time to, bool local, struct sight *out,
                          struct sd_error *err);
void sight_free(struct sight *s);
/* " AND day >= .. AND day <= ..", those in which rows of the span can be. */
void sql_days(struct strbuf *out, sd_time from, sd_time to);

/* How rows of one tier are added up for a step: used for reading and for moving rows into the next tier. */
/* ... FROM table FINAL WHERE how AND `where` */
struct sql_rows {
    const char *table, *where; /* beginning with " AND" */
    const char *span;          /* the same, of `ended` alone; NULL: all */
    const char *step;          /* an expression of `ended` */
    bool by_host, by_source, by_run;
    bool together; /* requests of all endpoints */
    bool plain;    /* without FINAL: no row is there twice */
};
void sql_sums(struct strbuf *out, const struct sql_rows *r);
/* Of rows TOGETHER: the columns of sql_sums but map_, and dense_, the counts of the buckets from b_ on. */
void sql_dense(struct strbuf *out, const struct sql_rows *r);
void sql_gauges(struct strbuf *out, const struct sql_rows *r);
void sql_totals(struct strbuf *out, const struct sql_rows *r);
void sql_lasts(struct strbuf *out, const struct sql_rows *r);

/* ---- rows of which each counts once, without FINAL (clickhouse_once.c) ---- */
/* Conditions beginning with " AND": of the time, of the days, and what else is asked for, in which the days
 * are again. */
struct sql_where {
    const char *span, *days, *only;
};
struct once {
    struct strbuf again[HISTORY_TIERS_MAX]; /* "(run,put),...": puts of which a row is there more than once */
    bool final[HISTORY_TIERS_MAX];          /* they are too many to name them */
};
enum sd_result once_load(struct clickhouse *c, enum clickhouse_how how, const struct sql_where *of,
                         const struct sight *sight, struct once *out, struct sd_error *err);
void once_free(struct once *o);
/* What `part` writes, or two of these joined by UNION ALL. */
void sql_once(struct strbuf *out, const struct once *o, size_t tier,
              void (*part)(struct strbuf *out, const struct sql_rows *r), const struct sql_rows *r);

/* ---- requests of all endpoints (clickhouse_together.c) ---- */
/* Which rows TOGETHER of a span can stand for those of each endpoint. */
struct together {
    bool used;
    struct strbuf old[HISTORY_TIERS_MAX]; /* "run,run,...": have none for some of their requests */
    bool none[HISTORY_TIERS_MAX];         /* too many of `old` to name them */
    struct once once;
};
/* Sets `used`. `sums`: they are added up, not only looked at. */
enum sd_result together_load(struct clickhouse *c, const struct sql_where *of, const struct sight *sight,
                             bool sums, struct together *out, struct sd_error *err);
void together_free(struct together *t);
/* Do they alone stand for all requests of the tier? */
bool together_covers(const struct together *t, size_t tier);
/* SELECTs joined by UNION ALL, with the columns of sql_sums: the requests of a tier, all endpoints as one. */
void sql_together(struct strbuf *out, const struct together *t, size_t tier, const struct sql_rows *r);

/* ---- the operations of struct store_ops ---- */
enum sd_result clickhouse_put(struct store *s, const struct store_run *run, const struct store_put *put,
                              struct sd_error *err);
enum sd_result clickhouse_end(struct store *s, const struct store_run *run, struct sd_error *err);
enum sd_result clickhouse_read(struct store *s, const struct store_ask *ask,
                               bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                               struct store_answer *out, struct sd_error *err);
enum sd_result clickhouse_follow(struct store *s, uint64_t *mark, const struct store_ask *ask,
                                 bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                                 struct sd_error *err);
void clickhouse_follow_end(struct clickhouse *c);
enum sd_result clickhouse_state(struct store *s, bool verify, struct arena *a, struct store_state *out,
                                struct sd_error *err);
enum sd_result clickhouse_hosts(struct store *s, struct arena *a, struct store_state *out,
                                struct sd_error *err);
enum sd_result clickhouse_compact(struct store *s, sd_time now, struct store_compaction *out,
                                  struct sd_error *err);

#endif
