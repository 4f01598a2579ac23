/* advisor_private.h - between the files of the advisor only */
#ifndef SOURCE_POSTGRES_ADVISOR_PRIVATE_H
#define SOURCE_POSTGRES_ADVISOR_PRIVATE_H

#include <cjson/cJSON.h>

#include "source/postgres/advisor.h"
#include "base/clock.h"
#include "core/plans/advice.h"
#include "core/sql/statement.h"
#include "source/postgres/internal.h"

struct statement {
    char *explain; /* what is sent; NULL: `generic` is planned */
    char *generic; /* its text, of so many parameters: PREPARE would outlive us */
    int n_parameters;
    bool prepared; /* through PREPARE: its plan must be made anew each time */
    char *sql;     /* what was checked */
    struct harmless_pass pass;
    bool simple;     /* GENERIC_PLAN wants the simple protocol */
    int64_t *tables; /* oids; NULL: not known */
    size_t n_tables;
    struct first_form {
        int64_t table;
        char *sql;
        size_t handle; /* of the statement it became; SIZE_MAX: not yet, or refused */
        bool tried;
    } * first; /* with another table first in its FROM */
    size_t n_first, cap_first;
    struct guess_scan *scans; /* of its last plan */
    size_t n_scans, cap_scans;
    double cost, read; /* of the last plan; NAN: there is none */
};

struct candidate {
    char *ddl;
    int64_t table;
    int64_t oid;                    /* while it is there; 0 */
    bool first;                     /* HypoPG knows it only where its table is the first */
    bool refused, wanted, accepted; /* the server took it once */
    double hypo_pages;              /* as HypoPG has it, while it is there */
    double bytes, rows, heap_pages; /* as expected; NAN: nothing is corrected */
    double found;                   /* so many times the rows the planner expects; 1 */
};

struct advisor {
    struct conn *conn; /* the caller's */
    int64_t deadline;  /* of clock_mono; 0: none */
    double sample_pages;
    void (*meanwhile)(struct postgres *p); /* NULL: nothing */
    bool in_transaction;
    bool unattended;    /* nobody has just asked */
    char state[80];     /* of the catalog, in this transaction; "": not read yet */
    char role[64];      /* of the transaction; "": our own */
    bool prepares;      /* there are prepared statements of ours */
    int64_t since;      /* of the transaction, mono */
    char *hypopg;       /* quoted schema; NULL: not installed, or not to be used */
    char *session_path; /* search_path of the session: statements are planned with it. What we ask of the
                         * catalog outside of that is read with pg_catalog alone */
    const char *callers_path; /* of the connection, before */
    bool pooled;              /* it is installed, but a pooler stands between */
    struct statement *statements;
    size_t n_statements, cap_statements;
    struct candidate *candidates;
    size_t n_candidates, cap_candidates;
    int64_t calls;
    double random_page_cost, cpu_operator_cost;
    double read;    /* rows of the last plan's first scan */
    bool keep_plan; /* the next plan is wanted as text */
    char *plan;
};

/* ---- reading the plan ---- */

struct reading {
    struct advisor *a;
    const size_t *indexes;
    size_t n;
    bool *used;
};

/* What to add to the cost of a node, of one run. */
struct fix {
    double startup, total;
    double found; /* of a bitmap of an index on an expression: what the heap is read for */
};

/* ---- how a plan reads its tables ---- */

struct context {
    double loops, other_rows, limit, limit_cost;
    const char *others; /* tables of the other side of the join */
    double gather;      /* what a Gather above costs with all below; NAN: there is none */
};

/* Statements of ours, in a transaction that is begun when there is none; false and a sentence. */
bool advisor_transaction(struct advisor *a, struct sd_error *err);
/* One statement of ours; its result is binary, the caller clears it. */
bool advisor_ask(struct advisor *a, const char *sql, int n, const char *const *values, PGresult **r,
                 struct sd_error *err);
/* Takes what harmless_statement and the like said. */
bool advisor_checked(struct advisor *a, enum sd_result result, struct sd_error *err);

double advisor_number(const cJSON *node, const char *key);
/* `loops`: how often the node runs, by the planner's own expectation. A child that must
 * end before its parent gives a row counts into the parent's start: LIMIT does not save
 * it. cJSON bounds the depth. */
struct fix advisor_read_node(struct reading *r, const cJSON *node, double loops);
void advisor_read_scans(struct statement *st, const cJSON *node, struct context in);
void advisor_free_scans(struct statement *st);

#endif
