/* compare_private.h - what the files of the comparison share.
 *
 *   compare.c        matching, and the tree of both plans together
 *   compare_words.c  what changed and what came of it, in words */
#ifndef CORE_PLANS_COMPARE_PRIVATE_H
#define CORE_PLANS_COMPARE_PRIVATE_H

#include "core/plans/compare.h"

/* One of the two plans. Arrays by id - 1. */
struct diff_side {
    const struct plan *p;
    const struct plan_node **partner; /* in the other plan; NULL */
    uint64_t *set;                    /* of the matched leaves below; 0: none */
    bool *leaf;
    bool *bitmap; /* belongs to the Bitmap Heap Scan above it */
};

bool diff_is_subplan(const struct plan_node *n);   /* root of an InitPlan, CTE or SubPlan */
const char *diff_alias(const struct plan_node *n); /* text leaves it out where it is the table's name */
bool diff_same_keys(const struct plan_node *a, const struct plan_node *b); /* sort, group */

/* Fills kind, changes and effects of a pair. */
void diff_describe(struct plan_diff *d, const struct diff_side *before, const struct diff_side *after,
                   struct plan_diff_node *n);
/* Fills changes, measure, factor, verdict and notes. */
void diff_conclude(struct plan_diff *d);

#endif
