/* choice.h - which of many candidate indexes to have, for a whole workload within
 * a budget of bytes.
 *
 * The planner is asked through a callback, as rarely as can be: a plan that uses the
 * indexes U out of those offered C costs the same for every set between U and C, and
 * bounds the cost of every set that holds U (from above) or that C holds (from below).
 * First each statement shows what it would use; those, their merges and their narrow
 * forms make the pool; a greedy choice by gain per byte is then improved by exchanges
 * until nothing more is gained or so many plans were asked for. The bound is a number of
 * plans, so that a busy machine finds the same indexes as an idle one; the clock only ends a
 * search that has run away. */
#ifndef CORE_INDEXES_CHOICE_H
#define CORE_INDEXES_CHOICE_H

#include "core/indexes/candidate.h"

#define CHOICE_KEEP_TOTAL                                                                                    \
    0.003 /* an index stays when without it the total is worse by this share of the cost before */
#define CHOICE_KEEP_QUERY 0.10  /* or a statement by this share of its own */
#define CHOICE_KEEP_COST  15    /* in any case it must save some statement so much: a few pages */
#define CHOICE_WIDE_TOTAL 0.001 /* further columns, likewise */
#define CHOICE_WIDE_QUERY 0.03
/* An index whose keys another one has already only carries more columns (or fewer rows):
 * that must save this share of the total, and halve a statement that costs so much. */
#define CHOICE_DOUBLE_TOTAL 0.10
#define CHOICE_DOUBLE_COST  100

/* Plans a search may ask for: some hundred, and some dozen for each statement. */
#define CHOICE_CALLS               600
#define CHOICE_CALLS_PER_STATEMENT 50
#define CHOICE_CALLS_MOST          16000

struct choice_statement {
    const struct statement_use *use;
    double weight;
    struct candidate_list own; /* its candidates */
    double before, after;      /* planner's cost without and with the chosen; NAN: not planned */
    void *priv;
};

struct choice {
    /* given */
    struct choice_statement *statements;
    size_t n_statements;
    double budget;     /* bytes; INFINITY */
    int64_t deadline;  /* of now(); after it bounds are used, and the search was cut short */
    size_t calls_most; /* plans to ask for; then bounds are used; 0: any */
    double keep; /* an index that saves less of the total, as a share, is left out; 0: CHOICE_KEEP_... */
    int64_t (*now)(void);
    bool (*cost)(void *ctx, size_t statement, const struct index_def *const *set, size_t n, double *cost,
                 bool *used);
    /* Before sizes are taken: samples, shares of predicates. NULL: none. */
    void (*prepare)(void *ctx, struct candidate_list *pool);
    void *ctx;
    /* found */
    struct candidate_list pool;
    double *sizes;  /* per pool */
    size_t *chosen; /* places in the pool, the largest gain first */
    double *gains;  /* per chosen: how much worse the total is without it */
    size_t n_chosen;
    double before, after, size;
    double next_size, next_after; /* the next step needs so many bytes in all; NAN: there is none */
    size_t next;                  /* its place in the pool */
    size_t calls;                 /* plans asked for */
    bool cut_short;               /* the time was up before the calls were */
    bool (*stop)(void *ctx);      /* given; NULL: never. True ends the search at once, nothing is found */
    struct choice_cache *cache;
};

/* False: the callback failed for every statement. */
bool index_choice(struct choice *c);
/* The cost of a statement with the chosen set, without one of them (SIZE_MAX: with all). */
double index_choice_cost(struct choice *c, size_t statement, size_t without);
void index_choice_free(struct choice *c); /* what was found */

#endif
