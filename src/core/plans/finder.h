/* finder.h - what the rules about plans share. A rule looks at one node, or with n NULL at
 * the whole plan, and adds a finding when its limits and floors are passed. */
#ifndef CORE_PLANS_FINDER_H
#define CORE_PLANS_FINDER_H

#include "core/plans/figures.h"
#include "core/plans/findings.h"

#define BLOCK           8192.0
#define WORK_MEM_MAX_KB (1024.0 * 1024) /* never advise more than 1 GiB for one sort or hash */

struct plan_finder {
    struct plan *plan;
    const struct plan_facts *facts;
    const struct plan_rule *rule;
    struct plan_findings *out;
    double *below; /* by id - 1: time of the node and of what is below it, without InitPlans and CTEs */
};

/* Figures for sentences, in the plan's arena. */
static inline const char *count(struct plan_finder *f, double v)
{
    return figure_count(f->plan->arena, v);
}
/* "1 row", "9 k rows" */
static inline const char *rows_text(struct plan_finder *f, double v)
{
    return arena_printf(f->plan->arena, "%s %s", count(f, v), v >= 0.5 && v < 1.5 ? "row" : "rows");
}
static inline const char *time_text(struct plan_finder *f, double ns)
{
    return figure_time(f->plan->arena, ns);
}
static inline const char *share_text(struct plan_finder *f, double share)
{
    return figure_share(f->plan->arena, share);
}
static inline const char *bytes(struct plan_finder *f, double v)
{
    return figure_bytes(f->plan->arena, v);
}
#define SAY(...) arena_printf(f->plan->arena, __VA_ARGS__)

struct saving of_time(const struct plan_finder *f, double ns);
/* `part` of what the node itself takes: of its time, or without times of its cost. */
struct saving own_part(const struct plan_finder *f, const struct plan_node *n, double part);
/* Is that less than the floors of the rule? */
bool below_floors(const struct plan_finder *f, struct saving s);
/* The new finding when it passes its limits and floors; NULL otherwise. */
struct plan_finding *found(struct plan_finder *f, const struct plan_node *n, double measure, struct saving s,
                           double amount);
/* What the node reads: "schema.table", a CTE, an index; or "this node". */
const char *where(struct plan_finder *f, const struct plan_node *n);

/* In words the fixed share of rows that the planner takes where it has no statistics; NULL: it has, or it is
 * not known. */
const char *planner_guess(struct plan_finder *f, const struct plan_node *n);
#define ADVICE_FOR_A_GUESS                                                                                   \
    "There may be far fewer rows or far more: compare the column itself, whose statistics and index can be " \
    "used, or let ANALYZE look at the expression (CREATE STATISTICS, PostgreSQL 14)."
/* Does a bitmap scan read the blocks that a BRIN index gave? They are lossy by design. */
bool plan_reads_block_ranges(const struct plan_node *n);

void rule_seq_scan_filter(struct plan_finder *f, const struct plan_node *n);
void rule_index_filter(struct plan_finder *f, const struct plan_node *n);
void rule_order_index(struct plan_finder *f, const struct plan_node *n);
void rule_heap_fetches(struct plan_finder *f, const struct plan_node *n);
void rule_lossy_bitmap(struct plan_finder *f, const struct plan_node *n);
void rule_empty_partitions(struct plan_finder *f, const struct plan_node *n);
void rule_index_searches(struct plan_finder *f, const struct plan_node *n);
void rule_large_offset(struct plan_finder *f, const struct plan_node *n);
void rule_late_filter(struct plan_finder *f, const struct plan_node *n);
void rule_disabled_node(struct plan_finder *f, const struct plan_node *n);
void rule_sort_disk(struct plan_finder *f, const struct plan_node *n);
void rule_spill_known(struct plan_finder *f, const struct plan_node *n);
void rule_hash_batches(struct plan_finder *f, const struct plan_node *n);
void rule_temp_io(struct plan_finder *f, const struct plan_node *n);
void rule_memoize_evictions(struct plan_finder *f, const struct plan_node *n);
void rule_stale_statistics(struct plan_finder *f, const struct plan_node *n);
void rule_bad_estimate(struct plan_finder *f, const struct plan_node *n);
void rule_join_filter(struct plan_finder *f, const struct plan_node *n);
void rule_nested_loop(struct plan_finder *f, const struct plan_node *n);
void rule_or_join(struct plan_finder *f, const struct plan_node *n);
void rule_subplan_loops(struct plan_finder *f, const struct plan_node *n);
void rule_cross_join(struct plan_finder *f, const struct plan_node *n);
void rule_workers_short(struct plan_finder *f, const struct plan_node *n);
void rule_foreign_key(struct plan_finder *f, const struct plan_node *n);
void rule_guessed_rows(struct plan_finder *f, const struct plan_node *n);
void rule_blocks_per_row(struct plan_finder *f, const struct plan_node *n);
void rule_dead_rows(struct plan_finder *f, const struct plan_node *n);
void rule_waited(struct plan_finder *f, const struct plan_node *n);
void rule_inner_runs(struct plan_finder *f, const struct plan_node *n);
void rule_index_walk(struct plan_finder *f, const struct plan_node *n);
void rule_or_subquery(struct plan_finder *f, const struct plan_node *n);
void rule_block_ranges(struct plan_finder *f, const struct plan_node *n);
void rule_hot_part(struct plan_finder *f, const struct plan_node *n);
void rule_hot_node(struct plan_finder *f, const struct plan_node *n);
void rule_costly_node(struct plan_finder *f, const struct plan_node *n);
void rule_io_wait(struct plan_finder *f, const struct plan_node *n);
void rule_serialization(struct plan_finder *f, const struct plan_node *n);
void rule_jit_share(struct plan_finder *f, const struct plan_node *n);
void rule_trigger_time(struct plan_finder *f, const struct plan_node *n);
void rule_planning_time(struct plan_finder *f, const struct plan_node *n);

#endif
