/* rules.h - suggestions how to rewrite a statement, where no index helps.
 *
 * One table, `rewrite_rules`, holds every rule with its limits and floors: what is
 * reported and the manual are made from it. The form of the SQL alone is not enough: each rule needs a figure
 * of the plan (executed, or the planner's) above its limit and floors, so that a good plan gives no
 * suggestion. A rewrite either gives the same rows, NULLs included (then `caveat` is NULL), or its caveat
 * says where it does not. Main thread, or one thread at a time. */
#ifndef CORE_REWRITE_RULES_H
#define CORE_REWRITE_RULES_H

#include "core/indexes/db_catalog.h"
#include "core/plans/tree.h"
#include "core/plans/findings.h"

struct rewriter;
struct rewrite_rule {
    const char *name;       /* JSON: "offset_paging" */
    const char *title;      /* "OFFSET skips many rows" */
    const char *measure;    /* what the limits are of */
    double info, warn, bad; /* NAN: never of that severity */
    double floor_ns;        /* could save at least this much, where times are known ... */
    double floor_share;     /* ... and this share of the time, or of the plan's cost, */
    double floor_cost;      /* ... or this much of the planner's cost, where they are not */
    double floor_amount;    /* further floor; `floor_of` says of what; 0: none */
    const char *floor_of;
    const char *to;                   /* what it is rewritten to: "WHERE (sort columns) > (...) LIMIT n" */
    const char *help;                 /* why it matters; one sentence */
    const char *same;                 /* whether the rows stay the same; one sentence */
    void (*find)(struct rewriter *r); /* NULL: not from a plan (n_plus_one.h) */
};
extern const struct rewrite_rule rewrite_rules[];
extern const size_t rewrite_n_rules;

struct rewrite {
    const struct rewrite_rule *rule;
    enum severity severity;
    const struct plan_node *node; /* NULL: the whole plan */
    const char *evidence;         /* figures */
    const char *advice;           /* one sentence */
    const char *before, *after;   /* the changed part; NULL */
    const char *statement;        /* all of it, rewritten; NULL when only the part can be given */
    const char *caveat;           /* where it is not the same; NULL: it is */
    const char *check;            /* how to see that it helped */
    double saves_ns;              /* at most; NAN unknown */
    double saves_share;           /* of the execution, or of the plan's cost */
};

struct rewrite_input {
    const char *sql;                /* the statement */
    struct plan *plan;              /* its plan, after plan_time */
    const struct plan_facts *facts; /* NULL: nothing known */
    const struct catalog *catalog;  /* NULL: unknown; tells types, NULLs and widths */
    bool show_literals;             /* off: constants of the statement are parameters in what is written */
    double mean_ns;                 /* of the statement, where the plan was not executed; NAN or 0 unknown */
};

#define REWRITES_MAX 20

struct rewrite_list {
    struct arena *arena;   /* of the texts */
    struct rewrite *items; /* the largest saving first */
    size_t n, cap;
};
/* None when the statement does not parse. */
void rewrites(const struct rewrite_input *in, struct rewrite_list *out);
void rewrites_free(struct rewrite_list *l);

/* The statement for many keys at once: `id = $1` becomes `id = ANY($1)`. False: it has no
 * equality of a column with a parameter or constant. `statement` NULL: the rest of it
 * (a limit for each key) must change in a way that is not known here. */
struct rewrite_batch {
    const char *before, *after, *statement; /* in the arena */
    const char *column;
};
bool rewrite_batch(struct arena *a, const char *sql, struct rewrite_batch *out);

#endif
