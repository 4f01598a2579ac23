/* advice.h - index suggestions from a plan without a server: they are not tested with a planner, so each is
 * unproven and gives its evidence.
 *
 * A sequential scan whose filter keeps little (columns compared for equality first: =, IN,
 * IS NULL, a join; then one range; expressions, trigrams, jsonb, full text, ranges and
 * geometry); rows sorted for a LIMIT; an index that is read from end to end; an index whose rows the filter
 * removes; a table read whole to join few rows. Nothing for a small table, a filter that keeps much, one
 * whose parts an index cannot serve, or where an index serves it already: then `why` says so. */
#ifndef CORE_PLANS_ADVICE_H
#define CORE_PLANS_ADVICE_H

#include "core/plans/tree.h"
#include "core/plans/findings.h"

#define ADVISE_SELECTIVITY 0.10   /* suggest when at most this share of the rows is kept */
#define ADVISE_WALKED      0.34   /* the same of an index read from end to end: each row costs more */
#define ADVISE_MIN_ROWS    1000.0 /* and the table has at least so many rows */
#define ADVISE_MIN_BYTES   131072 /* and this size, when known */
#define ADVISE_MIN_SHARE   0.05   /* and the scan takes this share of the time (or cost) */
#define ADVISE_MIN_NS      1e6    /* and so much time, where times are known */
#define ADVISE_LOOKUP_ROWS 100.0  /* rows of a scan for each that a join looks up, at least */
#define ADVISE_MAX_COLUMNS 4

struct advice {
    const struct plan_node *node; /* the scan */
    const char *ddl;              /* CREATE INDEX CONCURRENTLY ...; NULL: none suggested */
    const char *schema;           /* NULL: unknown */
    const char *table;
    const char *columns;                   /* comma separated, as in the DDL; NULL */
    const char *names[ADVISE_MAX_COLUMNS]; /* the same, unquoted, without what follows a key */
    size_t n_names;
    const char *why;    /* one sentence: why this one, or why none */
    double saves_ns;    /* at most; NAN unknown */
    double saves_share; /* of the execution, or of the plan's cost */
    bool unproven;      /* always: no planner was asked */
    const char *method; /* btree, gin; with ddl */
};

struct advice_list {
    struct advice *items; /* in the order of saving; texts in the plan's arena */
    size_t n, cap;
};
/* `query` (NULL: unknown) tells casts the user wrote from those the server added. */
void advise_plan(struct plan *p, const struct plan_facts *facts, const char *query, struct advice_list *out);
void advise_free(struct advice_list *l);
/* Suggestion or refusal for one node; NULL. */
const struct advice *advise_for(const struct advice_list *l, const struct plan_node *n);

#endif
