/* advisor_search.h - the search for the indexes of some statements: what each does with
 * its tables, the candidates, what the planner makes of them (or an own guess where it
 * cannot be asked), and the choice among them.
 *
 * workload_advice.c searches for a whole workload, explain_advice.c for a statement whose
 * plan was asked for. */
#ifndef SOURCE_POSTGRES_ADVISOR_SEARCH_H
#define SOURCE_POSTGRES_ADVISOR_SEARCH_H

#include "core/indexes/choice.h"
#include "source/postgres/advisor.h"

struct advisor_search {
    /* given; both stay the caller's */
    struct advisor *advisor;
    struct catalog *catalog;
    /* found */
    struct choice choice;       /* its places in `statements` are this search's numbers */
    struct statement_use *uses; /* per statement */
    char **problems;            /* per statement: why it could not be planned; NULL */
    bool reads_nothing;         /* the last statement that was not added: for want of a table */
    /* private */
    size_t *handles; /* the advisor's, per statement */
    size_t cap, n_expected;
    struct advisor_share { /* of the rows of a table that a condition keeps */
        const struct catalog_relation *rel;
        const char *condition;
        double share;
    } * shares;
    size_t n_shares, cap_shares;
    struct advisor_share *found; /* rows an equality on an expression finds, by those the planner expects */
    size_t n_found, cap_found;
};

/* Registers a statement. Its number, or SIZE_MAX and a sentence. */
size_t advisor_search_add(struct advisor_search *s, const char *sql, double weight, struct sd_error *err);
/* Makes its candidates; unless it has but a filter that keeps so much of its table that
 * no index is worth it: then gives that share of the rows, otherwise 0. */
double advisor_search_candidates(struct advisor_search *s, size_t statement);
/* Chooses within `budget` bytes (INFINITY: any). The number of plans bounds the search; `deadline`
 * of clock_mono ends one that has run away. False when no statement could be planned. */
bool advisor_search_run(struct advisor_search *s, double budget, int64_t deadline);
/* How far a search came that the clock ended, as a sentence in the arena; NULL: it was not. */
const char *advisor_search_cut(const struct advisor_search *s, struct arena *arena);
/* A statement's plan with the chosen indexes, as JSON; caller frees; NULL: none. */
char *advisor_search_plan(struct advisor_search *s, size_t statement);
void advisor_search_free(struct advisor_search *s);

#endif
