/* compare.h - two plans of one statement, side by side.
 *
 * Nodes are matched by what they work on. First the leaves: the scan of orders before and
 * after is one node, whatever it scans with. Then every node above by the set of matched
 * leaves below it: the nodes over one set form a chain from top to bottom, and the two
 * chains are aligned by the kind of operation (join, sort, aggregate ...) with the largest
 * sum of likenesses. So another join order, another join method, a Sort or Gather more or
 * less do not tear apart what stayed. A join of other tables than before is another node.
 *
 * No node is matched twice; identical plans match wholly; diff(a, b) is the mirror of
 * diff(b, a). Time is linear in the nodes, but for chains: bounded. Pure; any thread. */
#ifndef CORE_PLANS_COMPARE_H
#define CORE_PLANS_COMPARE_H

#include "core/plans/tree.h"

enum plan_diff_kind {
    PLAN_DIFF_SAME,
    PLAN_DIFF_CHANGED,
    PLAN_DIFF_ADDED,
    PLAN_DIFF_REMOVED,
    PLAN_DIFF_KINDS
};
const char *plan_diff_kind_name(enum plan_diff_kind k); /* "same", "changed", "added", "removed" */

/* A pair, or what only one plan has. */
struct plan_diff_node {
    enum plan_diff_kind kind;
    const struct plan_node *before, *after; /* one of them NULL when added or removed */
    int depth;                              /* in the tree of both plans together */
    const char *const *changes;             /* "filter is now the index condition"; empty when same */
    size_t n_changes;
    double effect_ns; /* own time after - before (what is absent takes 0); NAN unless both plans are timed */
    double effect_cost; /* the same of the own cost */
};

struct plan_diff_change {
    const struct plan_diff_node *node; /* NULL: the whole plan */
    const char *text;                  /* "Seq Scan -> Index Scan on orders (orders_status_idx): ..." */
    double effect_ns, effect_cost;     /* as above */
};

enum plan_diff_measure { PLAN_DIFF_TIME, PLAN_DIFF_COST, PLAN_DIFF_NOTHING };

struct plan_diff {
    struct arena *arena; /* owns everything but the plans, which must outlive it */
    const struct plan *before, *after;
    const struct plan_diff_node *nodes; /* the tree of both, parents first */
    size_t n_nodes;
    size_t count[PLAN_DIFF_KINDS];
    const struct plan_diff_change *changes; /* the largest effect first */
    size_t n_changes;
    enum plan_diff_measure measure; /* what `factor` compares */
    double factor;                  /* before / after: 4 is four times faster (or cheaper); NAN unknown */
    const char *verdict;            /* one sentence */
    struct plan_list notes;         /* what to keep in mind, a sentence each */
};

void plan_diff(const struct plan *before, const struct plan *after, struct plan_diff *out);
void plan_diff_free(struct plan_diff *d); /* {0} is fine */

/* "Seq Scan -> Index Scan using orders_status_idx on orders": what the pair is. */
void plan_diff_label(const struct plan_diff_node *n, struct strbuf *out);

/* Are they one plan but for their figures: the same nodes, relations, indexes and keys in
 * the same order? Constants in conditions are not compared. */
bool plan_diff_same_shape(const struct plan *a, const struct plan *b);

/* Blocks of shared buffers the whole plan touched, hit and read; NAN when not known. */
double plan_diff_blocks(const struct plan *p, double *read);
double plan_diff_temp_written(const struct plan *p); /* NAN when not known */
double plan_diff_workers(const struct plan *p);      /* launched (or planned) below its Gathers; 0: serial */

#endif
