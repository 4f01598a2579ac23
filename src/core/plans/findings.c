#include "core/plans/findings.h"

#include <stdlib.h>

#include "core/plans/finder.h"

/* ---- facts ---- */

const struct sd_table *plan_facts_table(const struct plan_facts *facts, const struct plan_node *n)
{
    const struct sd_table *only = NULL;
    for (size_t i = 0; facts && i < facts->n_tables && n->relation; i++) {
        const struct sd_table *t = facts->tables[i];
        if (!str_eq(t->name, n->relation) || (n->schema && t->schema && !str_eq(t->schema, n->schema)))
            continue;
        if (only) /* two schemas have it and the plan does not say which */
            return NULL;
        only = t;
    }
    return only;
}

/* A page costs 1, a row 0.01 and a condition 0.0025 by default: with rows of at most
 * 1 kB no table has fewer rows than this per unit of a scan's cost. */
#define ROWS_PER_COST 6.0

bool plan_scanned(const struct plan *p, const struct plan_node *n, const struct plan_facts *facts,
                  struct plan_scanned *out)
{
    if (p->analyzed) {
        if (n->never_executed || isnan(n->rows))
            return false;
        *out = (struct plan_scanned){.read = n->rows + known_or(n->loop_removed_filter, 0) * n->loops,
                                     .kept = n->rows};
        return true;
    }
    const struct sd_table *t = plan_facts_table(facts, n);
    if (isnan(n->plan_rows))
        return false;
    out->kept = n->plan_rows;
    out->lower_bound = false;
    double divisor = 1;
    for (const struct plan_node *up = n; up && n->parallel_aware == 1; up = up->parent) {
        if (plan_is_gather(up) && up->workers_planned > 0) {
            /* The planner's parallel divisor: the leader helps less the more workers there are. */
            divisor = up->workers_planned + MAX(0, 1 - 0.3 * up->workers_planned);
            break;
        }
    }
    out->kept *= divisor;
    if (t && t->rows > 0) {
        out->read = t->rows;
        return true;
    }
    if (isnan(n->total_cost) || n->total_cost >= 1e9) /* 1e10: a scan switched off */
        return false;
    double cost = n->total_cost; /* without its SubPlans */
    for (const struct plan_node *c = n->child; c && !isnan(n->cost); c = c->next)
        cost = MIN(cost, n->cost);
    out->read = MAX(out->kept, cost * ROWS_PER_COST);
    out->lower_bound = true;
    return true;
}

#define NONE NAN
/* Limits grade `measure`; a finding also has to pass every floor. */
const struct plan_rule plan_rules[] = {
    {.name = "seq_scan_filter",
     .title = "Sequential scan for few rows",
     .technique = "index",
     .measure = "rows removed / rows read",
     .info = 0.667,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .find = rule_seq_scan_filter,
     .own_part = true,
     .source = "Pg::Explain Hinter 2.8 (2/3); pev2 (90 %)",
     .help = "The whole table is read although the filter keeps few rows; an index would read only those."},
    {.name = "blocks_per_row",
     .title = "Many blocks for few rows",
     .technique = "upkeep",
     .measure = "own blocks / rows read (at least one a run)",
     .info = NONE,
     .warn = 50,
     .bad = 1000,
     .floor_ns = 1e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "blocks",
     .find = rule_blocks_per_row,
     .own_part = true,
     .source = "own; no published number",
     .help =
         "Dead rows, or empty pages, are read before the rows that match; queue tables are known for it."},
    {.name = "dead_rows",
     .title = "More dead rows than live ones",
     .technique = "upkeep",
     .measure = "dead rows / live rows",
     .info = NONE,
     .warn = 1,
     .bad = 10,
     .floor_ns = 1e6,
     .floor_share = 0.20,
     .floor_amount = 10000,
     .floor_of = "dead rows",
     .find = rule_dead_rows,
     .own_part = true,
     .looks_back = true,
     .source = "own; autovacuum's default starts at a fifth",
     .help = "Every scan reads the dead rows too, until VACUUM removes them. Only a server can report this."},
    {.name = "stale_statistics",
     .title = "Statistics out of date",
     .technique = "upkeep",
     .measure = "rows changed since ANALYZE / (50 + 10 % of the rows)",
     .info = NONE,
     .warn = 1,
     .bad = 10,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "rows changed",
     .find = rule_stale_statistics,
     .looks_back = true,
     .source =
         "PostgreSQL: autovacuum_analyze_threshold and _scale_factor; the estimate must be off by 3 times",
     .help = "The planner uses statistics that no longer describe the table. Only a server can report this."},
    {.name = "bad_estimate",
     .title = "Wrong row estimate",
     .technique = "upkeep",
     .measure = "larger / smaller of planned and actual rows",
     .info = 10,
     .warn = 100,
     .bad = 1000,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 100,
     .floor_of = "difference of planned and actual rows, over all loops",
     .find = rule_bad_estimate,
     .looks_back = true,
     .source = "pev2, pgAdmin",
     .help = "The planner chose the joins and the memory for a wrong number of rows."},
    {.name = "sort_disk",
     .title = "Sort on disk",
     .technique = "settings",
     .measure = "bytes on disk",
     .info = NONE,
     .warn = 1,
     .bad = 1e8,
     .floor_ns = 2e6,
     .floor_share = 0.05,
     .floor_amount = 262144,
     .floor_of = "bytes on disk",
     .find = rule_sort_disk,
     .own_part = true,
     .source = "Pg::Explain",
     .help = "The rows did not fit in work_mem and were sorted in temporary files."},
    {.name = "spill_known",
     .title = "Sorts or hashes on disk",
     .technique = "settings",
     .measure = "temporary bytes written a call",
     .info = NONE,
     .warn = 1,
     .bad = 1e8,
     .floor_ns = 2e6,
     .floor_share = 0.05,
     .floor_amount = 262144,
     .floor_of = "bytes written a call",
     .find = rule_spill_known,
     .whole_plan = true,
     .source = "pg_stat_statements",
     .help = "The plan was not executed, but the statement's statistics count temporary files: rows did not "
             "fit in work_mem."},
    {.name = "hash_batches",
     .title = "Hash in several batches",
     .technique = "settings",
     .measure = "batches",
     .info = NONE,
     .warn = 2,
     .bad = 64,
     .floor_ns = 2e6,
     .floor_share = 0.05,
     .floor_amount = 262144,
     .floor_of = "bytes spilled",
     .find = rule_hash_batches,
     .source = "pev2, pganalyze",
     .help = "The hash table did not fit in work_mem and was processed in batches with temporary files."},
    {.name = "index_filter",
     .title = "Index finds too many rows",
     .technique = "index",
     .measure = "rows removed by filter / rows found",
     .info = NONE,
     .warn = 0.50,
     .bad = 0.90,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .find = rule_index_filter,
     .own_part = true,
     .source = "pev2 (rows removed); pganalyze names it without a number",
     .help = "The index serves only part of the condition; the rest is checked row by row in the table."},
    {.name = "order_index",
     .title = "Index serves only the order",
     .technique = "index",
     .measure = "rows removed / rows read",
     .info = NONE,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 1e6,
     .floor_share = 0.30,
     .floor_amount = 5000,
     .floor_of = "rows removed",
     .find = rule_order_index,
     .own_part = true,
     .source = "pganalyze, no number",
     .help = "For ORDER BY with LIMIT the planner reads an index in order, and the filter removes most of "
             "the rows."},
    {.name = "join_filter",
     .title = "Join compares too many pairs",
     .technique = "index",
     .measure = "pairs removed / pairs compared",
     .info = NONE,
     .warn = 0.50,
     .bad = 0.90,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 100000,
     .floor_of = "pairs removed",
     .find = rule_join_filter,
     .source = "pev2 (rows removed); pganalyze (OR across tables)",
     .help = "A join without an equality, or with an OR across tables, compares every pair of rows."},
    {.name = "or_join",
     .title = "OR across tables",
     .technique = "rewrite",
     .measure = "1 when it is there",
     .info = NONE,
     .warn = 1,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.30,
     .floor_amount = 1000,
     .floor_of = "rows",
     .find = rule_or_join,
     .own_part = true,
     .source = "pganalyze",
     .help = "A hash join or an index cannot be used for an OR across two tables."},
    {.name = "nested_loop",
     .title = "Nested loop runs too often",
     .technique = "rewrite",
     .measure = "inner runs / planned runs",
     .info = NONE,
     .warn = 10,
     .bad = 100,
     .floor_ns = 10e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "inner runs",
     .find = rule_nested_loop,
     .source = "pganalyze, no number",
     .help = "The outer side returned many more rows than planned, and the inner side ran once for each of "
             "them."},
    {.name = "heap_fetches",
     .title = "Index-only scan visits the table",
     .technique = "upkeep",
     .measure = "heap fetches / rows",
     .info = NONE,
     .warn = 0.40,
     .bad = 0.90,
     .floor_ns = 2e6,
     .floor_share = 0.10,
     .floor_amount = 1000,
     .floor_of = "heap fetches",
     .find = rule_heap_fetches,
     .own_part = true,
     .source = "pev2",
     .help = "Rows on pages that are not marked all-visible must be read from the table."},
    {.name = "lossy_bitmap",
     .title = "Bitmap larger than work_mem",
     .technique = "settings",
     .measure = "lossy blocks / blocks",
     .info = NONE,
     .warn = 0.01,
     .bad = 0.50,
     .floor_ns = 5e6,
     .floor_share = 0.05,
     .floor_amount = 500,
     .floor_of = "lossy blocks",
     .find = rule_lossy_bitmap,
     .own_part = true,
     .source = "pganalyze",
     .help = "The bitmap did not fit in work_mem: it keeps whole blocks (lossy), and every row in them is "
             "checked again."},
    {.name = "large_offset",
     .title = "Large OFFSET",
     .technique = "rewrite",
     .measure = "rows computed / rows returned",
     .info = NONE,
     .warn = 10,
     .bad = 1000,
     .floor_ns = 1e6,
     .floor_share = 0.30,
     .floor_amount = 1000,
     .floor_of = "rows skipped",
     .find = rule_large_offset,
     .source = "pganalyze, no number",
     .help = "The rows before the requested page are computed and discarded."},
    {.name = "temp_io",
     .title = "Temporary files",
     .technique = "settings",
     .measure = "bytes written",
     .info = NONE,
     .warn = 1048576,
     .bad = 1e9,
     .floor_ns = 2e6,
     .floor_share = 0.05,
     .floor_amount = 1048576,
     .floor_of = "bytes",
     .find = rule_temp_io,
     .own_part = true,
     .source = "pganalyze",
     .help = "The stored rows did not fit in work_mem."},
    {.name = "workers_short",
     .title = "Workers missing",
     .technique = "settings",
     .measure = "workers not started / planned",
     .info = 0.01,
     .warn = 0.5,
     .bad = NONE,
     .floor_ns = 10e6,
     .floor_share = 0.10,
     .floor_amount = 1,
     .floor_of = "workers",
     .find = rule_workers_short,
     .source = "pev2",
     .help = "Fewer parallel workers than planned could be started."},
    {.name = "jit_share",
     .title = "JIT compilation costs more than it saves",
     .technique = "settings",
     .measure = "JIT time / execution",
     .info = NONE,
     .warn = 0.30,
     .bad = 0.60,
     .floor_ns = 10e6,
     .floor_share = 0,
     .floor_amount = 10e6,
     .floor_of = "ns",
     .find = rule_jit_share,
     .whole_plan = true,
     .source = "own; no published number",
     .help = "JIT compilation is useful for long queries only."},
    {.name = "trigger_time",
     .title = "Triggers",
     .technique = "rewrite",
     .measure = "trigger time / execution",
     .info = NONE,
     .warn = 0.10,
     .bad = 0.50,
     .floor_ns = 5e6,
     .floor_share = 0.10,
     .floor_amount = 5e6,
     .floor_of = "ns",
     .find = rule_trigger_time,
     .whole_plan = true,
     .source = "own; no published number",
     .help = "Triggers and foreign key checks run per row."},
    {.name = "foreign_key",
     .title = "Foreign key without an index",
     .technique = "index",
     .measure = "2 for DELETE, 1 for UPDATE of the key",
     .info = 1,
     .warn = 2,
     .bad = NONE,
     .floor_ns = 0,
     .floor_share = 0,
     .floor_amount = 1,
     .floor_of = "keys",
     .find = rule_foreign_key,
     .source = "PostgreSQL: ddl-constraints (foreign keys); tables from 128 kB",
     .help = "For each row deleted the referencing table is read whole, unless an index begins with its "
             "columns. Only a server can report this."},
    {.name = "planning_time",
     .title = "Planning longer than execution",
     .technique = "settings",
     .measure = "planning / execution",
     .info = NONE,
     .warn = 1,
     .bad = NONE,
     .floor_ns = 20e6,
     .floor_share = 0.5,
     .floor_amount = 20e6,
     .floor_of = "ns",
     .find = rule_planning_time,
     .whole_plan = true,
     .source = "own; no published number",
     .help = "A prepared statement does not have to be planned for each execution."},
    {.name = "subplan_loops",
     .title = "Subquery runs for every row",
     .technique = "rewrite",
     .measure = "runs of the subquery",
     .info = NONE,
     .warn = 1000,
     .bad = 100000,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "runs",
     .find = rule_subplan_loops,
     .source = "own; no published number",
     .help = "A subquery that depends on the outer row runs again for each outer row."},
    {.name = "late_filter",
     .title = "Rows computed and then removed",
     .technique = "rewrite",
     .measure = "rows removed / rows computed",
     .info = NONE,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .find = rule_late_filter,
     .source = "pev2 (rows removed, 90 %)",
     .help = "A CTE, function or subquery computes all its rows before the condition is applied."},
    {.name = "cross_join",
     .title = "Join without a condition",
     .technique = "rewrite",
     .measure = "rows returned by the join",
     .info = NONE,
     .warn = 100000,
     .bad = 1e7,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 100000,
     .floor_of = "rows",
     .find = rule_cross_join,
     .source = "own; no published number",
     .help = "Two tables are joined without any condition between them."},
    {.name = "empty_partitions",
     .title = "Partitions without matching rows are read",
     .technique = "rewrite",
     .measure = "partitions without a row / partitions read",
     .info = NONE,
     .warn = 0.80,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.10,
     .floor_amount = 10,
     .floor_of = "partitions without a row",
     .find = rule_empty_partitions,
     .source = "own; no published number",
     .help = "The planner could not tell which partitions hold the rows, and read them all."},
    {.name = "memoize_evictions",
     .title = "Memoize cache too small",
     .technique = "settings",
     .measure = "results evicted / lookups",
     .info = NONE,
     .warn = 0.10,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "lookups",
     .find = rule_memoize_evictions,
     .source = "own; no published number",
     .help = "Memoize caches results of the inner side. Results that do not fit are computed again."},
    {.name = "index_searches",
     .title = "Many searches in one index scan",
     .technique = "index",
     .measure = "descents a run",
     .info = 100,
     .warn = 10000,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_amount = 1000,
     .floor_of = "descents",
     .find = rule_index_searches,
     .own_part = true,
     .source = "own; Index Searches is told from PostgreSQL 18",
     .help = "Each value of a list, or of a skipped first column, needs a separate search of the index."},
    {.name = "io_wait",
     .title = "Waiting for I/O",
     .technique = "settings",
     .measure = "I/O time / execution",
     .info = 0.50,
     .warn = 0.90,
     .bad = NONE,
     .floor_ns = 100e6,
     .floor_share = 0.50,
     .floor_amount = 100e6,
     .floor_of = "ns",
     .find = rule_io_wait,
     .whole_plan = true,
     .source = "own; no published number",
     .help = "Most of the time was spent reading and writing blocks."},
    {.name = "serialization",
     .title = "Result expensive to send",
     .technique = "rewrite",
     .measure = "serialization / execution",
     .info = NONE,
     .warn = 0.30,
     .bad = NONE,
     .floor_ns = 50e6,
     .floor_share = 0.30,
     .floor_amount = 50e6,
     .floor_of = "ns",
     .find = rule_serialization,
     .whole_plan = true,
     .source = "own; EXPLAIN (SERIALIZE) of PostgreSQL 17",
     .help = "Values are decompressed and converted to text or bytes for the client."},
    {.name = "disabled_node",
     .title = "Disabled plan node is used",
     .technique = "settings",
     .measure = "1 when it is there",
     .info = 1,
     .warn = NONE,
     .bad = NONE,
     .floor_ns = 0,
     .floor_share = 0,
     .floor_amount = 1,
     .floor_of = "nodes",
     .find = rule_disabled_node,
     .source = "PostgreSQL: disable_cost, Disabled (18)",
     .help = "An enable_... setting is off, so this is not the plan of normal operation."},
    /* last: these speak only where no other rule did */
    {.name = "block_ranges",
     .title = "BRIN index gives too many blocks",
     .technique = "index",
     .measure = "rows removed by recheck / rows read",
     .info = NONE,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .find = rule_block_ranges,
     .own_part = true,
     .source = "own, as for sequential scans",
     .help = "A BRIN index gives ranges of blocks; every row in them is checked again."},
    {.name = "index_walk",
     .title = "Index read from end to end",
     .technique = "index",
     .measure = "rows read",
     .info = 10000,
     .warn = 1000000,
     .bad = NONE,
     .floor_ns = 10e6,
     .floor_share = 0.30,
     .floor_amount = 10000,
     .floor_of = "rows",
     .find = rule_index_walk,
     .own_part = true,
     .looks_back = true,
     .source = "own; no published number",
     .help =
         "The index has no condition: it serves only the order, and every row is looked up in the table."},
    {.name = "or_subquery",
     .title = "OR with a subquery",
     .technique = "rewrite",
     .measure = "1 when it is there",
     .info = NONE,
     .warn = 1,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.30,
     .floor_amount = 1000,
     .floor_of = "rows",
     .find = rule_or_subquery,
     .own_part = true,
     .source = "own; no published number",
     .help = "An index cannot serve an OR of which one side is a subquery."},
    {.name = "waited",
     .title = "Waited for a lock",
     .measure = "own time / rows written or locked, ns",
     .info = NONE,
     .warn = 10e6,
     .bad = 1e9,
     .floor_ns = 20e6,
     .floor_share = 0.30,
     .floor_amount = 10e6,
     .floor_of = "ns a row",
     .find = rule_waited,
     .own_part = true,
     .source = "own; no published number",
     .help = "Writing or locking a row takes microseconds, unless another transaction has locked it."},
    {.name = "guessed_rows",
     .title = "Number of rows is a guess",
     .technique = "upkeep",
     .measure = "1 when it is there",
     .info = 1,
     .warn = NONE,
     .bad = NONE,
     .floor_ns = 0,
     .floor_share = 0.30,
     .floor_amount = 1000,
     .floor_of = "rows of the table",
     .find = rule_guessed_rows,
     .own_part = true,
     .source = "PostgreSQL: selfuncs.h, DEFAULT_INEQ_SEL",
     .help = "Without statistics the planner takes a fixed share of the rows: a third, a half, 0.5 %."},
    {.name = "inner_runs",
     .title = "Inner side adds up",
     .technique = "index",
     .measure = "runs of the inner side",
     .info = 1000,
     .warn = 100000,
     .bad = NONE,
     .floor_ns = 50e6,
     .floor_share = 0.40,
     .floor_amount = 1000,
     .floor_of = "runs",
     .find = rule_inner_runs,
     .looks_back = true,
     .source = "own; no published number",
     .help =
         "Each run of the inner side is short and they are as many as planned, but together they take most."},
    {.name = "hot_part",
     .title = "Most of the time in one part",
     .measure = "own time / execution",
     .info = 0.50,
     .warn = 0.90,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.50,
     .floor_amount = 0,
     .find = rule_hot_part,
     .own_part = true,
     .looks_back = true,
     .source = "pev2 (10/40/90 %), floor our own",
     .help = "A CTE, InitPlan, function, foreign or custom scan takes most of a short execution."},
    {.name = "costly_node",
     .title = "Most of the cost",
     .measure = "own cost / plan's cost",
     .info = 0.40,
     .warn = 0.90,
     .bad = NONE,
     .floor_ns = 0,
     .floor_share = 0.40,
     .floor_amount = 100000,
     .floor_of = "cost",
     .find = rule_costly_node,
     .own_part = true,
     .looks_back = true,
     .source = "pev2 (10/40/90 %), floor our own",
     .help = "One node of a plan that was not executed is expected to take most of a large cost."},
    {.name = "hot_node",
     .title = "Most of the time",
     .measure = "own time / execution",
     .info = 0.40,
     .warn = 0.90,
     .bad = NONE,
     .floor_ns = 100e6,
     .floor_share = 0.40,
     .floor_amount = 0,
     .find = rule_hot_node,
     .own_part = true,
     .looks_back = true,
     .source = "pev2 (10/40/90 %), floor our own",
     .help = "One node takes most of an execution, and no other rule explains it."},
};
const size_t plan_n_rules = ARRAY_LEN(plan_rules);

static int by_saving(const void *a, const void *b)
{
    const struct plan_finding *x = a, *y = b;
    double sx = known_or(x->saves_share, 0), sy = known_or(y->saves_share, 0);
    /* A tenth of a percent is no difference to rank by: then the graver one. */
    if (fabs(sx - sy) > 0.001)
        return sx < sy ? 1 : -1;
    if (x->severity != y->severity)
        return x->severity < y->severity ? 1 : -1;
    int ix = x->node ? x->node->id : 0, iy = y->node ? y->node->id : 0;
    if (ix != iy)
        return ix - iy;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

/* Time that lies in a node and in what it runs itself. */
static double *times_below(const struct plan *p)
{
    double *below = arena_alloc(p->arena, p->n_nodes * sizeof *below);
    for (size_t i = p->n_nodes; i-- > 0;) {
        const struct plan_node *n = p->nodes[i];
        below[i] = known_or(n->exclusive_ns, 0);
        for (const struct plan_node *c = n->child; c; c = c->next)
            below[i] += plan_is_initplan(c) ? 0 : below[c->id - 1];
    }
    return below;
}

/* What each node itself takes, beside each other: of most rules it decides alone, and a node is a kilobyte.
 */
static struct saving *own_parts(const struct plan_finder *f)
{
    const struct plan *p = f->plan;
    struct saving *own = arena_alloc(p->arena, p->n_nodes * sizeof *own);
    for (size_t i = 0; i < p->n_nodes; i++) {
        plan_fetch_head(p, i);
        own[i] = own_part(f, p->nodes[i], 1);
    }
    return own;
}

/* The rules [from, to) at one node after the other. */
static void find_at_nodes(struct plan_finder *f, const struct saving *own, size_t from, size_t to)
{
    for (size_t i = 0; i < f->plan->n_nodes; i++) {
        if (to - from > 1)
            plan_fetch_all(f->plan, i);
        else
            plan_fetch_head(f->plan, i);
        if (f->plan->nodes[i]->never_executed)
            continue;
        for (size_t r = from; r < to; r++) {
            f->rule = &plan_rules[r];
            if (!f->rule->whole_plan && !(f->rule->own_part && below_floors(f, own[i])))
                f->rule->find(f, f->plan->nodes[i]);
        }
    }
}

/* The findings from `first` on in the order of their rules, those of a rule as they are. */
static void order_by_rule(struct plan_findings *out, size_t first, size_t from, size_t to)
{
    size_t n = out->n - first, done = 0;
    struct plan_finding *sorted = mem_array(n, sizeof *sorted);
    for (size_t r = from; r < to && done < n; r++)
        for (size_t i = first; i < out->n; i++)
            if (out->items[i].rule == &plan_rules[r])
                sorted[done++] = out->items[i];
    if (done)
        memcpy(out->items + first, sorted, done * sizeof *sorted);
    free(sorted);
}

void plan_findings(struct plan *p, const struct plan_facts *facts, struct plan_findings *out)
{
    *out = (struct plan_findings){0};
    struct plan_finder f = {.plan = p, .facts = facts, .out = out, .below = times_below(p)};
    struct saving *own = own_parts(&f);
    for (size_t from = 0, to; from < plan_n_rules; from = to) {
        size_t first = out->n;
        /* Rules that do not look at what was found before are done together. */
        for (to = from + 1; to < plan_n_rules && !plan_rules[from].looks_back && !plan_rules[to].looks_back;)
            to++;
        for (size_t r = from; r < to; r++)
            if (plan_rules[r].whole_plan) {
                f.rule = &plan_rules[r];
                f.rule->find(&f, NULL);
            }
        find_at_nodes(&f, own, from, to);
        order_by_rule(out, first, from, to);
    }
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_saving);
    if (out->n >
        PLAN_FINDINGS_MAX) { /* thousands of partitions all estimated wrong: the rest says the same */
        plan_note(p, "%zu more findings of less importance are left out.", out->n - PLAN_FINDINGS_MAX);
        out->n = PLAN_FINDINGS_MAX;
    }
}

void plan_findings_free(struct plan_findings *f)
{
    free(f->items);
    *f = (struct plan_findings){0};
}
