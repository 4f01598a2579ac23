/* cost.h - the part of a plan's cost that is each node's own.
 *
 * EXPLAIN prints of each node the cost until the first row (start-up) and until the last of one run, its
 * children's included. What a node pays of it in the whole plan follows from the formulas of PostgreSQL's
 * costsize.c:
 *   - the start-up cost of a run is paid whole; of the rest (run cost) only the part that is read: a LIMIT
 *     saves run cost, and what a Sort, Hash or HashAggregate reads before its first row is not saved;
 *   - the inner side of a nested loop runs once for each outer row; what a Materialize, Sort, CTE Scan, hash
 *     join or function keeps is not computed again;
 *   - an InitPlan, a CTE and a hashed SubPlan run once; another SubPlan for each row that its node reads (in
 *     a filter) or returns;
 *   - the recursive part of a recursive union is counted ten times.
 * Own costs are never negative and add up to the cost of the root. Where a node costs less than its children
 * (a merge join that stops early, workers that share the work), the children's run costs shrink together. */
#ifndef CORE_PLANS_COST_H
#define CORE_PLANS_COST_H

#include "core/plans/tree.h"

/* Fills total_cost, and cost and cost_share of the nodes. */
void plan_cost(struct plan *p);

#endif
