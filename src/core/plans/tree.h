/* tree.h - an execution plan as PostgreSQL prints it, and the figures computed from it.
 *
 * A plan owns everything in it (one arena). Numbers are doubles, NAN when the plan does not contain them:
 * from version 18 rows are fractional, and averages over processes are fractional anyway. Durations end in
 * `_ns`, costs are the planner's own unit, blocks are 8 kB, `_kb` are 1024 bytes. Built and read on one
 * thread.
 *
 * The field lists below are the only place where a figure of EXPLAIN is named:
 * struct member, type and the key EXPLAIN (FORMAT JSON) uses. The decoders of all
 * formats go through them (plan_node_fields and its sisters).
 */
#ifndef CORE_PLANS_TREE_H
#define CORE_PLANS_TREE_H

#include "base/base.h"

struct plan_list {
    size_t n;
    const char **items;
};

/* Nested in FORMAT JSON, and kept as explain_sets.h says: grouping_sets, target_tables, the groups.
 *
 * T(type, member, key): TEXT, LIST, FLAG (int: 1, 0, -1 unknown), REAL, or NS (a
 * double in nanoseconds; EXPLAIN prints milliseconds). */
#define PLAN_NODE_FIELDS(T)                                                                                  \
    T(TEXT, type, "Node Type")                                                                               \
    T(TEXT, relationship, "Parent Relationship")                                                             \
    T(TEXT, subplan, "Subplan Name")                                                                         \
    T(TEXT, schema, "Schema")                                                                                \
    T(TEXT, relation, "Relation Name")                                                                       \
    T(TEXT, alias, "Alias")                                                                                  \
    T(TEXT, index, "Index Name")                                                                             \
    T(TEXT, cte, "CTE Name")                                                                                 \
    T(TEXT, function, "Function Name")                                                                       \
    T(TEXT, table_function, "Table Function Name")                                                           \
    T(TEXT, tuplestore, "Tuplestore Name")                                                                   \
    T(TEXT, join_type, "Join Type")                                                                          \
    T(TEXT, strategy, "Strategy")                                                                            \
    T(TEXT, partial_mode, "Partial Mode")                                                                    \
    T(TEXT, operation, "Operation")                                                                          \
    T(TEXT, command, "Command")                                                                              \
    T(TEXT, direction, "Scan Direction")                                                                     \
    T(TEXT, provider, "Custom Plan Provider")                                                                \
    T(FLAG, parallel_aware, "Parallel Aware")                                                                \
    T(FLAG, async_capable, "Async Capable")                                                                  \
    T(FLAG, inner_unique, "Inner Unique")                                                                    \
    T(FLAG, single_copy, "Single Copy")                                                                      \
    T(FLAG, disabled, "Disabled")                                                                            \
    T(TEXT, filter, "Filter")                                                                                \
    T(TEXT, index_cond, "Index Cond")                                                                        \
    T(TEXT, order_by, "Order By")                                                                            \
    T(TEXT, recheck_cond, "Recheck Cond")                                                                    \
    T(TEXT, hash_cond, "Hash Cond")                                                                          \
    T(TEXT, merge_cond, "Merge Cond")                                                                        \
    T(TEXT, join_filter, "Join Filter")                                                                      \
    T(TEXT, tid_cond, "TID Cond")                                                                            \
    T(TEXT, one_time_filter, "One-Time Filter")                                                              \
    T(TEXT, conflict_filter, "Conflict Filter")                                                              \
    T(TEXT, conflict_resolution, "Conflict Resolution")                                                      \
    T(LIST, conflict_arbiters, "Conflict Arbiter Indexes")                                                   \
    T(TEXT, run_condition, "Run Condition")                                                                  \
    T(TEXT, function_call, "Function Call")                                                                  \
    T(TEXT, table_function_call, "Table Function Call")                                                      \
    T(TEXT, sampling_method, "Sampling Method")                                                              \
    T(LIST, sampling_parameters, "Sampling Parameters")                                                      \
    T(TEXT, repeatable_seed, "Repeatable Seed")                                                              \
    T(TEXT, window, "Window")                                                                                \
    T(TEXT, cache_key, "Cache Key")                                                                          \
    T(TEXT, cache_mode, "Cache Mode")                                                                        \
    T(TEXT, remote_sql, "Remote SQL")                                                                        \
    T(LIST, output, "Output")                                                                                \
    T(LIST, sort_key, "Sort Key")                                                                            \
    T(LIST, presorted_key, "Presorted Key")                                                                  \
    T(LIST, group_key, "Group Key")                                                                          \
    T(LIST, grouping_sets, "Grouping Sets")                                                                  \
    T(LIST, target_tables, "Target Tables")                                                                  \
    T(TEXT, full_sort_groups, "Full-sort Groups")                                                            \
    T(TEXT, presorted_groups, "Pre-sorted Groups")                                                           \
    T(LIST, params_evaluated, "Params Evaluated")                                                            \
    T(REAL, startup_cost, "Startup Cost")                                                                    \
    T(REAL, total_cost, "Total Cost")                                                                        \
    T(REAL, plan_rows, "Plan Rows")                                                                          \
    T(REAL, plan_width, "Plan Width")                                                                        \
    T(NS, loop_startup_ns, "Actual Startup Time")                                                            \
    T(NS, loop_total_ns, "Actual Total Time")                                                                \
    T(REAL, loop_rows, "Actual Rows")                                                                        \
    T(REAL, loops, "Actual Loops")                                                                           \
    T(REAL, loop_removed_filter, "Rows Removed by Filter")                                                   \
    T(REAL, loop_removed_join, "Rows Removed by Join Filter")                                                \
    T(REAL, loop_removed_recheck, "Rows Removed by Index Recheck")                                           \
    T(REAL, loop_removed_conflict, "Rows Removed by Conflict Filter")                                        \
    T(REAL, tuples_inserted, "Tuples Inserted")                                                              \
    T(REAL, tuples_updated, "Tuples Updated")                                                                \
    T(REAL, tuples_deleted, "Tuples Deleted")                                                                \
    T(REAL, tuples_skipped, "Tuples Skipped")                                                                \
    T(REAL, conflicting_tuples, "Conflicting Tuples")                                                        \
    T(REAL, heap_fetches, "Heap Fetches")                                                                    \
    T(REAL, index_searches, "Index Searches")                                                                \
    T(REAL, exact_blocks, "Exact Heap Blocks")                                                               \
    T(REAL, lossy_blocks, "Lossy Heap Blocks")                                                               \
    T(REAL, subplans_removed, "Subplans Removed")                                                            \
    T(REAL, workers_planned, "Workers Planned")                                                              \
    T(REAL, workers_launched, "Workers Launched")                                                            \
    T(TEXT, sort_method, "Sort Method")                                                                      \
    T(TEXT, sort_space_type, "Sort Space Type")                                                              \
    T(REAL, sort_space_kb, "Sort Space Used")                                                                \
    T(REAL, hash_buckets, "Hash Buckets")                                                                    \
    T(REAL, hash_batches, "Hash Batches")                                                                    \
    T(REAL, hash_batches_planned, "Original Hash Batches")                                                   \
    T(REAL, memory_kb, "Peak Memory Usage")                                                                  \
    T(REAL, hashagg_batches, "HashAgg Batches")                                                              \
    T(REAL, planned_partitions, "Planned Partitions")                                                        \
    T(REAL, disk_kb, "Disk Usage")                                                                           \
    T(REAL, cache_hits, "Cache Hits")                                                                        \
    T(REAL, cache_misses, "Cache Misses")                                                                    \
    T(REAL, cache_evictions, "Cache Evictions")                                                              \
    T(REAL, cache_overflows, "Cache Overflows")                                                              \
    T(REAL, storage_kb, "Maximum Storage")                                                                   \
    T(TEXT, storage, "Storage")                                                                              \
    PLAN_BUFFER_FIELDS(T)                                                                                    \
    T(REAL, wal_records, "WAL Records")                                                                      \
    T(REAL, wal_fpi, "WAL FPI")                                                                              \
    T(REAL, wal_bytes, "WAL Bytes")                                                                          \
    T(REAL, wal_buffers_full, "WAL Buffers Full")

/* Inclusive, summed over loops and processes. Up to 16 the read and write time of
 * shared and local blocks came as one pair. */
#define PLAN_BUFFER_FIELDS(T)                                                                                \
    T(REAL, shared_hit, "Shared Hit Blocks")                                                                 \
    T(REAL, shared_read, "Shared Read Blocks")                                                               \
    T(REAL, shared_dirtied, "Shared Dirtied Blocks")                                                         \
    T(REAL, shared_written, "Shared Written Blocks")                                                         \
    T(REAL, local_hit, "Local Hit Blocks")                                                                   \
    T(REAL, local_read, "Local Read Blocks")                                                                 \
    T(REAL, local_dirtied, "Local Dirtied Blocks")                                                           \
    T(REAL, local_written, "Local Written Blocks")                                                           \
    T(REAL, temp_read, "Temp Read Blocks")                                                                   \
    T(REAL, temp_written, "Temp Written Blocks")                                                             \
    T(NS, io_read_ns, "I/O Read Time")                                                                       \
    T(NS, io_write_ns, "I/O Write Time")                                                                     \
    T(NS, shared_io_read_ns, "Shared I/O Read Time")                                                         \
    T(NS, shared_io_write_ns, "Shared I/O Write Time")                                                       \
    T(NS, local_io_read_ns, "Local I/O Read Time")                                                           \
    T(NS, local_io_write_ns, "Local I/O Write Time")                                                         \
    T(NS, temp_io_read_ns, "Temp I/O Read Time")                                                             \
    T(NS, temp_io_write_ns, "Temp I/O Write Time")

#define PLAN_WORKER_FIELDS(T)                                                                                \
    T(REAL, number, "Worker Number")                                                                         \
    T(NS, loop_startup_ns, "Actual Startup Time")                                                            \
    T(NS, loop_total_ns, "Actual Total Time")                                                                \
    T(REAL, loop_rows, "Actual Rows")                                                                        \
    T(REAL, loops, "Actual Loops")                                                                           \
    T(TEXT, sort_method, "Sort Method")                                                                      \
    T(TEXT, sort_space_type, "Sort Space Type")                                                              \
    T(REAL, sort_space_kb, "Sort Space Used")                                                                \
    T(REAL, hashagg_batches, "HashAgg Batches")                                                              \
    T(REAL, memory_kb, "Peak Memory Usage")                                                                  \
    T(REAL, disk_kb, "Disk Usage")                                                                           \
    T(TEXT, full_sort_groups, "Full-sort Groups")                                                            \
    T(TEXT, presorted_groups, "Pre-sorted Groups")                                                           \
    T(REAL, exact_blocks, "Exact Heap Blocks")                                                               \
    T(REAL, lossy_blocks, "Lossy Heap Blocks")                                                               \
    T(REAL, cache_hits, "Cache Hits")                                                                        \
    T(REAL, cache_misses, "Cache Misses")                                                                    \
    T(REAL, cache_evictions, "Cache Evictions")                                                              \
    T(REAL, cache_overflows, "Cache Overflows")                                                              \
    PLAN_BUFFER_FIELDS(T)                                                                                    \
    T(REAL, wal_records, "WAL Records")                                                                      \
    T(REAL, wal_fpi, "WAL FPI")                                                                              \
    T(REAL, wal_bytes, "WAL Bytes")

#define PLAN_TRIGGER_FIELDS(T)                                                                               \
    T(TEXT, name, "Trigger Name")                                                                            \
    T(TEXT, constraint, "Constraint Name")                                                                   \
    T(TEXT, relation, "Relation")                                                                            \
    T(NS, total_ns, "Time")                                                                                  \
    T(REAL, calls, "Calls")

#define PLAN_C_TEXT                  const char *
#define PLAN_C_LIST                  struct plan_list
#define PLAN_C_FLAG                  int
#define PLAN_C_REAL                  double
#define PLAN_C_NS                    double
#define PLAN_MEMBER(type, name, key) PLAN_C_##type name;

struct plan_worker {
    PLAN_WORKER_FIELDS(PLAN_MEMBER)
};

struct plan_trigger {
    PLAN_TRIGGER_FIELDS(PLAN_MEMBER)
};

struct plan_setting {
    const char *name, *value;
};

/* A figure and what part of it is the node's own (not its children's). */
struct plan_node {
    int id; /* 1.. in the order of the plan, parents first: plan->nodes[id - 1] */
    int depth;
    struct plan_node *parent, *child, *next; /* first child, next sibling */
    struct plan_node *last;                  /* last child */

    /* ---- computed by plan_time; beside what leads from node to node, as most readers want both ---- */
    /* What an index or ANALYZE is about: the relation; of a part of a distributed table or a
     * hypertable that table, NULL where the plan does not name it. */
    const char *table, *table_schema;
    bool is_part;           /* `relation` is such a part: a shard, a chunk */
    bool never_executed;    /* analyzed, and loops is 0 */
    double processes;       /* that ran the node; 1 outside of Gather */
    double total_ns;        /* wall time of all loops; NAN without timing */
    double exclusive_ns;    /* of it, the node's own */
    double exclusive_share; /* of the plan's execution, 0..1 */
    double rows;            /* over all loops and processes */
    double rows_slack;      /* rows may be off by so much: EXPLAIN rounds the mean of the loops */
    double loop_slack;      /* likewise each figure of one loop */
    double rows_plan_total; /* plan_rows x loops; NAN when not executed */
    double rows_removed;    /* by filter, join filter and recheck, over all loops */
    double estimate_factor; /* >= 1; INFINITY when one side is 0; NAN unknown */
    int estimate_direction; /* 1: more rows than planned, -1: fewer, 0: as planned or unknown */
    double cost;            /* exclusive, as part of the whole plan */
    double cost_share;      /* 0..1 */
    double own_shared_hit, own_shared_read, own_temp_read, own_temp_written; /* exclusive blocks */
    double own_io_ns; /* exclusive read and write time, per process */

    /* ---- what the plan says ---- */
    PLAN_NODE_FIELDS(PLAN_MEMBER)
    struct plan_worker *workers; /* in any order; of nodes below a Gather */
    size_t n_workers;
};

struct plan {
    struct arena *arena;
    struct plan_node **nodes; /* never empty */
    size_t n_nodes;

    double planning_ns, execution_ns;
    double planning_shared_hit, planning_shared_read, planning_memory_kb, planning_allocated_kb;
    double jit_functions, jit_ns; /* jit_ns: all phases */
    double serialization_ns, serialization_kb;
    const char *serialization_format; /* "text", "binary"; NULL */
    int64_t query_id;                 /* SD_UNKNOWN */
    const char *query;                /* the statement, if the input contains it; NULL */
    const char *parameters;           /* its parameters' values, likewise */
    sd_time at;                       /* when a log wrote it; SD_UNKNOWN */
    const char *database;             /* likewise; NULL */
    bool logged;                      /* by auto_explain: execution_ns is the duration it wrote */
    struct plan_trigger *triggers;
    size_t n_triggers;
    struct plan_setting *settings;
    size_t n_settings;
    struct plan_list notes; /* what was skipped or cut, one sentence each */

    /* ---- computed by plan_time ---- */
    bool analyzed;     /* executed: actual rows are known */
    bool timed;        /* node times are known (not with TIMING OFF) */
    double elapsed_ns; /* what the shares are of: execution, or the root's time */
    double total_cost;
    struct plan_node *worst; /* largest share of time, or of cost; NULL when all are 0 */
};

struct plan *plan_new(void);
void plan_free(struct plan *p); /* NULL is fine */
/* A new last child of `parent` (NULL: the root, once), all fields unknown. */
struct plan_node *plan_add(struct plan *p, struct plan_node *parent);
struct plan_worker *plan_add_worker(struct plan *p, struct plan_node *n);
void plan_note(struct plan *p, const char *fmt, ...) SD_PRINTF(2, 3);

/* ---- the field lists as data ---- */
enum plan_field_type { PLAN_TEXT, PLAN_LIST, PLAN_FLAG, PLAN_REAL, PLAN_NS };
struct plan_field {
    const char *key;
    enum plan_field_type type;
    size_t offset;
};
extern const struct plan_field plan_node_fields[];
extern const size_t plan_n_node_fields;
extern const struct plan_field plan_worker_fields[];
extern const size_t plan_n_worker_fields;
extern const struct plan_field plan_trigger_fields[];
extern const size_t plan_n_trigger_fields;
/* Sets all fields of a record to unknown. */
void plan_unknown(const struct plan_field *fields, size_t n, void *record);

/* ---- what nodes are ---- */
/* Is this ("Node Type" of FORMAT JSON) a node of PostgreSQL, or of an extension or relative
 * known here? */
bool plan_type_known(const char *type);
bool plan_is_scan(const struct plan_node *n); /* reads a relation */
bool plan_is_join(const struct plan_node *n);
bool plan_is_remote(const struct plan_node *n); /* a foreign server's or an extension's node */
bool plan_is_modify(const struct plan_node *n);
bool plan_is_gather(const struct plan_node *n);       /* Gather, Gather Merge */
bool plan_is_initplan(const struct plan_node *n);     /* an InitPlan or a CTE */
const char *plan_cte_name(const struct plan_node *n); /* of the root of a CTE; NULL */
/* Is `n` inside the subtree of `top` (or top itself)? */
bool plan_inside(const struct plan_node *n, const struct plan_node *top);
/* "Parallel Seq Scan", "Partial HashAggregate", "Hash Left Join": as EXPLAIN's text says. */
void plan_node_name(const struct plan_node *n, struct strbuf *out);
/* " on public.orders o", " using orders_pkey on orders": where it works; may be empty. */
void plan_node_where(const struct plan_node *n, struct strbuf *out);
/* May the node be left before its end (LIMIT, EXISTS, merge join, empty hash table above it)? Then fewer
 * rows than planned prove nothing. After plan_time. */
bool plan_cut_short(const struct plan_node *n);

/* ---- plan metrics (src/core/plans/metric.c) ----
 * X(UPPER, name, what `*` marks) */
#define PLAN_METRICS(X)                                                                                      \
    X(TIME, time, "own time of each node; * most")                                                           \
    X(ROWS, rows, "rows each node returned or removed; * most")                                              \
    X(ESTIMATE, estimate, "planned and actual rows, bars 1x to 10,000x (log); * worst")                      \
    X(BUFFERS, buffers, "own blocks hit and read; * most")                                                   \
    X(IO, io, "own time of reads and writes; * most")                                                        \
    X(COST, cost, "own cost of each node; * most")
enum plan_metric {
    PLAN_METRIC_NONE, /* none chosen: time, or cost where no time is known */
#define PLAN_METRIC_ENUM(UPPER, name, note) PLAN_METRIC_##UPPER,
    PLAN_METRICS(PLAN_METRIC_ENUM)
#undef PLAN_METRIC_ENUM
        PLAN_METRIC_END
};
const char *plan_metric_name(enum plan_metric m);     /* "rows"; "" for none */
const char *plan_metric_note(enum plan_metric m);     /* one line: what is shown, what * means */
enum plan_metric plan_metric_named(const char *name); /* PLAN_METRIC_NONE */
/* Those of which the plan has a figure above 0, as 1u << PLAN_METRIC_...; after plan_time. */
unsigned plan_metrics(const struct plan *p);
/* `wanted` when the plan has it, otherwise time, otherwise cost. */
enum plan_metric plan_metric_or(const struct plan *p, enum plan_metric wanted);
/* The node with most of it; NULL when all are 0, unknown or as estimated. */
const struct plan_node *plan_metric_worst(const struct plan *p, enum plan_metric m);

/* What a filter or the like removed of the rows of a node. Where the rounding of the figures leaves
 * room, the least that it can be. After plan_time. */
struct plan_removed {
    double gone, read, share; /* share: gone / read, 0 when nothing was read */
    bool at_least;
};
struct plan_removed plan_removed_by(const struct plan_node *n, double loop_removed);
/* Fills rows_slack and loop_slack, and takes rows from the join above where it tells them
 * (src/core/plans/rounding.c); plan_time does. */
void plan_rounding(struct plan *p);
/* Fills table, table_schema and is_part of all nodes (src/core/plans/parts.c); plan_time does. */
void plan_tables(struct plan *p);
/* Fills everything under "computed by plan_time" (src/core/plan/plan_time.c tells how). */
void plan_time(struct plan *p);

/* For a loop over all nodes, at its node `i`: fetches a later one from memory. A node is a kilobyte, and
 * processors do not guess where the next one begins. Without effect on what is computed. */
static inline void plan_fetch(const struct plan *p, size_t i, size_t from, size_t to)
{
    enum { AHEAD = 6, LINE = 64 };
    if (i + AHEAD < p->n_nodes)
        for (size_t at = from; at < to; at += LINE)
            __builtin_prefetch((const char *)p->nodes[i + AHEAD] + at);
}
/* Its place in the tree and what was computed. */
static inline void plan_fetch_head(const struct plan *p, size_t i)
{
    plan_fetch(p, i, 0, offsetof(struct plan_node, relation));
}
/* All of it. */
static inline void plan_fetch_all(const struct plan *p, size_t i)
{
    plan_fetch(p, i, 0, sizeof(struct plan_node));
}

static inline double known_or(double v, double fallback)
{
    return isnan(v) ? fallback : v;
}

#endif
