/* index_guess.h - what an index could save where no planner can be asked: HypoPG is not
 * installed, or does not know the method (GIN). Rough, and always shown as unproven. */
#ifndef CORE_INDEX_GUESS_H
#define CORE_INDEX_GUESS_H

#include "core/table_use.h"

/* Planner cost a use of a table could save by the index, at most; 0: it serves no
 * constant condition of it. Only conditions count, no joins and orders. `cost` is the
 * statement's, which a scan of the whole table must be a part of. */
double index_guess(const struct table_use *u, const struct index_def *d, double cost);

#endif
