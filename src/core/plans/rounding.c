/* rounding.c - what rounded figures still tell. Before version 18 EXPLAIN prints the mean of a
 * node's loops without decimals: "rows=0 loops=13379" is anything from 0 to 6689 rows. From 18
 * on it prints two decimals. */
#include "core/plans/tree.h"

#define HALF        0.5   /* of the last digit printed, before 18 */
#define HALF_CENT   0.005 /* from 18 on */
#define WIDE_ENOUGH 0.02  /* shares closer together than this are one */

static bool is_fraction(double v)
{
    return !isnan(v) && v != floor(v);
}

/* Does a mean of the plan have decimals? Then all have. */
static bool prints_decimals(const struct plan *p)
{
    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = p->nodes[i];
        plan_fetch(p, i, offsetof(struct plan_node, loop_rows),
                   offsetof(struct plan_node, loop_removed_recheck));
        if (is_fraction(n->loop_rows) || is_fraction(n->loop_removed_filter) ||
            is_fraction(n->loop_removed_join))
            return true;
    }
    return false;
}

/* An inner join without further conditions returns a row for each row of its inner side. */
static bool returns_inner_rows(const struct plan_node *join, const struct plan_node *inner)
{
    return str_eq(join->type, "Nested Loop") && str_eq(inner->relationship, "Inner") &&
           (!join->join_type || str_eq(join->join_type, "Inner")) && !join->join_filter && !join->filter &&
           join->rows_slack == 0;
}

void plan_rounding(struct plan *p)
{
    double half = prints_decimals(p) ? HALF_CENT : HALF;
    for (size_t i = 0; i < p->n_nodes; i++) { /* parents first */
        struct plan_node *n = p->nodes[i];
        plan_fetch_head(p, i);
        plan_fetch(p, i, offsetof(struct plan_node, loops), offsetof(struct plan_node, loop_removed_filter));
        n->rows_slack = n->loops > 1 ? half * n->loops : 0;
        n->loop_slack = n->loops > 1 ? half : 0;
        if (!n->parent || n->rows_slack <= 0 || isnan(n->rows) || !returns_inner_rows(n->parent, n))
            continue;
        if (fabs(n->parent->rows - n->rows) > n->rows_slack)
            continue; /* not what it seems */
        n->rows = n->parent->rows;
        n->rows_slack = 0;
    }
}

struct plan_removed plan_removed_by(const struct plan_node *n, double loop_removed)
{
    double loops = known_or(n->loops, 0), mean = known_or(loop_removed, 0), kept = known_or(n->rows, 0);
    struct plan_removed out = {.gone = mean * loops, .read = mean * loops + kept};
    out.share = out.read > 0 ? out.gone / out.read : 0;
    double least_gone = MAX(0, mean - n->loop_slack) * loops, most_gone = (mean + n->loop_slack) * loops;
    double least_kept = MAX(0, kept - n->rows_slack), most_kept = kept + n->rows_slack;
    double least = least_gone + most_kept > 0 ? least_gone / (least_gone + most_kept) : 0;
    double most = most_gone + least_kept > 0 ? most_gone / (most_gone + least_kept) : 0;
    if (mean > 0 && most - least > WIDE_ENOUGH)
        out = (struct plan_removed){
            .gone = least_gone, .read = least_gone + most_kept, .share = least, .at_least = true};
    return out;
}
