/* advisor.h - what index advice asks a server: its catalog, its statements, a sample of
 * rows, and what a statement would cost with indexes that do not exist (HypoPG).
 *
 * Synchronous, on the source's worker, over a connection of the source: read-only, every
 * timeout set. Statements pass the same check as any EXPLAIN (harmless_plan) and are
 * never executed; a sample of rows passes that of EXPLAIN ANALYZE (harmless_statement).
 * Transactions are short (a waiting ALTER TABLE is let through) and rolled back. */
#ifndef SOURCE_POSTGRES_ADVISOR_H
#define SOURCE_POSTGRES_ADVISOR_H

#include "core/indexes/db_catalog.h"
#include "core/indexes/guess.h"

struct advisor;

/* Over a connection of the source that is open and outside of a transaction, for at most
 * `limit` ns: what comes later fails, and so does everything once the host wants the source
 * to stop or the request is withdrawn. Its c->timeout stays changed. The connection is the
 * caller's. Samples are small. */
struct conn;
struct postgres;
struct advisor *advisor_borrow(struct conn *c, int64_t limit, bool unattended, struct sd_error *err);
/* For a whole workload: samples are larger, and `meanwhile` (NULL: nothing) is called before
 * each statement, since all of them together take long. */
void advisor_whole(struct advisor *a, void (*meanwhile)(struct postgres *p));
bool advisor_stopped(const struct advisor *a);   /* the host wants an end, or whoever asked does */
void advisor_transaction_end(struct advisor *a); /* ROLLBACK, when there is one */
void advisor_close(struct advisor *a);           /* hypopg_reset, ROLLBACK; NULL is fine */

/* Tables, columns, statistics, indexes: of the whole database, or, with `sql`, of what
 * the statement names and the views it names are made of. NULL and a sentence. */
struct catalog *advisor_catalog(struct advisor *a, const char *sql, struct sd_error *err);

/* Statements of this database from pg_stat_statements, by total time. */
struct advisor_statement {
    int64_t query_id;
    double calls;
    char *text;
};
bool advisor_statements(struct advisor *a, size_t most, struct advisor_statement **out, size_t *n,
                        struct sd_error *err);
void advisor_statements_free(struct advisor_statement *s, size_t n);

/* At most some thousand rows of a few hundred pages: the lengths of the values of the
 * columns marked, and hashes of them where asked for; both of the expressions (SQL); whether the
 * conditions (SQL) hold. False: not allowed, or nothing came; the catalog is as before. */
enum { ADVISOR_LENGTHS = 1, ADVISOR_VALUES = 2 };
struct advisor_wanted {
    const unsigned char *columns; /* [column] ADVISOR_LENGTHS | ADVISOR_VALUES */
    const char *const *expressions, *const *conditions;
    size_t n_expressions, n_conditions;
};
bool advisor_sample(struct advisor *a, struct catalog *c, struct catalog_relation *r,
                    const struct advisor_wanted *wanted, struct sd_error *err);

/* True when HypoPG is installed here and may be used. */
bool advisor_can_prove(const struct advisor *a);
/* Why it cannot, as a half-sentence ("HypoPG is not installed"). */
const char *advisor_why_unproven(const struct advisor *a);

/* Registers a statement: gate, parameters. Its place, or SIZE_MAX and a sentence. */
size_t advisor_add(struct advisor *a, const char *sql, struct sd_error *err);
/* The tables a statement reads, views followed. Unless it is told, every hypothetical
 * index that is not asked about is dropped before its plan is made. */
void advisor_tables(struct advisor *a, size_t statement, const int64_t *oids, size_t n);
/* The statement with that table first in its FROM, for indexes that HypoPG knows only there; `sql` NULL
 * is fine: there is no such form. */
void advisor_first(struct advisor *a, size_t statement, int64_t oid, const char *sql);
/* Registers an index by the DDL of it without a name; `oid` of its table, 0 when other
 * tables have it as well (it is partitioned). `first`: it is partial, or of an expression. */
size_t advisor_index(struct advisor *a, const char *ddl, int64_t oid, bool first);
/* How large it would be, how many rows it would hold and pages its table has: HypoPG takes
 * indexes for larger than they become, and their descent for free; and how many times the
 * rows the planner expects an equality finds. Costs are corrected by what is told here. */
void advisor_expect(struct advisor *a, size_t index, double bytes, double rows, double heap_pages,
                    double found);

/* The planner's cost of a statement with exactly these hypothetical indexes, corrected by
 * advisor_expect; used[i] says whether the plan has the i-th. An index the server refuses
 * counts as not there. */
bool advisor_cost(struct advisor *a, size_t statement, const size_t *indexes, size_t n, double *cost,
                  bool *used, struct sd_error *err);
/* How the last plan of advisor_cost for a statement reads its tables; valid until the next. */
const struct guess_scan *advisor_scans(const struct advisor *a, size_t statement, size_t *n);
/* Its plan with exactly these indexes, as EXPLAIN (FORMAT JSON) prints it; caller frees; NULL. */
char *advisor_plan(struct advisor *a, size_t statement, const size_t *indexes, size_t n,
                   struct sd_error *err);
/* Rows the last plan of advisor_cost read from its first table; NAN when there is none. */
double advisor_read(const struct advisor *a);
/* Rows the planner expects of a table under a condition; NAN unknown. */
double advisor_rows(struct advisor *a, const char *schema, const char *table, const char *condition);

int64_t advisor_calls(const struct advisor *a); /* EXPLAINs so far */

#endif
