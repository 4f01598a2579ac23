/* guess.h - what an index could save where no planner can be asked: HypoPG is not
 * installed, or does not know the method (GIN). Always shown as unproven.
 *
 * The formulas are the planner's own (costsize.c: index_pages_fetched by Mackert and
 * Lohman, cost_bitmap_heap_scan, genericcostestimate, gincostestimate), with its default
 * constants; what they start from is the plan without the index: how each table is read,
 * how often, and what waits for it. */
#ifndef CORE_INDEXES_GUESS_H
#define CORE_INDEXES_GUESS_H

#include "core/indexes/table_use.h"

/* How a plan reads a table. */
struct guess_scan {
    char *table;       /* name without schema; owned by the creator of the list */
    double cost;       /* of one run */
    double loops;      /* runs */
    double other_rows; /* rows of the other side of the join it is one side of; NAN: none */
    char *others;      /* "|a|b|": the tables of that side; owned likewise; NULL: any */
    double limit;      /* rows that are wanted of it; NAN: all */
    double limit_cost; /* of what gives them, sorting included */
};

/* Planner cost use `t` of a statement could save by the index, at most; 0: it serves no
 * condition, join or order of it. *join: the use whose rows would lead to it one by one,
 * so that not both sides of a join are saved; SIZE_MAX. */
double index_guess(const struct statement_use *use, size_t t, const struct index_def *d,
                   const struct guess_scan *scan, size_t *join);

#endif
