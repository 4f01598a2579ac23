/* explain_write.c - the layout follows PostgreSQL's explain.c: a node's own lines stand
 * two columns right of its name, its children's arrows beside them. */
#include "format/plans/explain_write.h"

#include <stdlib.h>

#include "base/decimal.h"
#include "core/sql/statement.h"
#include "format/plans/explain_quote.h"

enum { STEP = 2, ARROW = 4, /* "->  " */ INDENT_MAX = 4000 };

struct writer {
    const struct plan *plan;
    bool verbose;   /* the plan tells what VERBOSE adds */
    bool fractions; /* of rows, from 18 on: it tells of every node whether it is disabled */
    bool hide;
    struct strbuf *out;
};

static void indent(struct writer *w, int columns)
{
    strbuf_pad(w->out, ' ', (size_t)MIN(columns, INDENT_MAX));
}

/* One line, whatever stands in the text. */
static void put(struct writer *w, const char *s)
{
    for (size_t n = strcspn(s, "\n\r"); n || *s; n = strcspn(s, "\n\r")) {
        strbuf_add(w->out, s, n);
        if (s[n])
            strbuf_char(w->out, ' ');
        s += n + (s[n] != 0);
    }
}

static void expression(struct writer *w, const char *s)
{
    char *hidden = w->hide ? sql_hide_expression(s) : NULL;
    put(w, hidden ? hidden : s);
    free(hidden);
}

static void name(struct writer *w, const char *s)
{
    explain_quote(s, w->out);
}

/* Whole when it is whole: 18 tells rows with two digits, averages have more. */
static void amount(struct writer *w, double v)
{
    strbuf_fixed(w->out, v, v == floor(v) && v < 1e15 ? 0 : 2);
}

static void ms(struct writer *w, double ns)
{
    strbuf_fixed(w->out, ns / 1e6, 3);
}

/* ---- lines of a node ---- */

static void head(struct writer *w, int at, const char *label)
{
    indent(w, at);
    strbuf_str(w->out, label);
    strbuf_str(w->out, ": ");
}

static void text_line(struct writer *w, int at, const char *label, const char *s)
{
    if (!s)
        return;
    head(w, at, label);
    expression(w, s);
    strbuf_char(w->out, '\n');
}

static void list_line(struct writer *w, int at, const char *label, const struct plan_list *l)
{
    if (!l->n)
        return;
    head(w, at, label);
    for (size_t i = 0; i < l->n; i++) {
        strbuf_str(w->out, i ? ", " : "");
        expression(w, l->items[i]);
    }
    strbuf_char(w->out, '\n');
}

static void figure_line(struct writer *w, int at, const char *label, double v)
{
    if (!(v > 0))
        return;
    head(w, at, label);
    amount(w, v);
    strbuf_char(w->out, '\n');
}

struct pair { /* "hit=12" */
    const char *label;
    double v;
};

/* "shared hit=1 read=2, temp written=3": what is 0 or unknown is left out. */
static void group(struct writer *w, int at, const char *line, const char *const *heads,
                  const struct pair *pairs, size_t n_groups, size_t of_each, bool times, bool *begun)
{
    for (size_t g = 0; g < n_groups; g++) {
        bool first = true;
        for (size_t i = g * of_each; i < (g + 1) * of_each; i++) {
            if (!(pairs[i].v > 0))
                continue;
            if (!*begun) {
                indent(w, at);
                strbuf_str(w->out, line);
            }
            if (first)
                strbuf_str(w->out, *begun ? ", " : "");
            if (first)
                strbuf_str(w->out, heads[g]);
            if (!first || *heads[g])
                strbuf_char(w->out, ' ');
            *begun = true;
            first = false;
            strbuf_str(w->out, pairs[i].label);
            strbuf_char(w->out, '=');
            if (times)
                ms(w, pairs[i].v);
            else
                amount(w, pairs[i].v);
        }
    }
}

static void buffers(struct writer *w, int at, const struct pair *pairs)
{
    static const char *const heads[] = {"shared", "local", "temp"};
    bool begun = false;
    group(w, at, "Buffers: ", heads, pairs, 3, 4, false, &begun);
    if (begun)
        strbuf_char(w->out, '\n');
}

/* Members that nodes and workers have. */
#define BLOCKS(n)                                                                                            \
    ((const struct pair[12]){{"hit", (n)->shared_hit},                                                       \
                             {"read", (n)->shared_read},                                                     \
                             {"dirtied", (n)->shared_dirtied},                                               \
                             {"written", (n)->shared_written},                                               \
                             {"hit", (n)->local_hit},                                                        \
                             {"read", (n)->local_read},                                                      \
                             {"dirtied", (n)->local_dirtied},                                                \
                             {"written", (n)->local_written},                                                \
                             {"read", (n)->temp_read},                                                       \
                             {"written", (n)->temp_written}})
#define IO_TIMES(n)                                                                                          \
    ((const struct pair[8]){{"read", (n)->io_read_ns},                                                       \
                            {"write", (n)->io_write_ns},                                                     \
                            {"read", (n)->shared_io_read_ns},                                                \
                            {"write", (n)->shared_io_write_ns},                                              \
                            {"read", (n)->local_io_read_ns},                                                 \
                            {"write", (n)->local_io_write_ns},                                               \
                            {"read", (n)->temp_io_read_ns},                                                  \
                            {"write", (n)->temp_io_write_ns}})

static void io(struct writer *w, int at, const struct pair *pairs)
{
    /* Up to 14 one pair of all blocks; 15 "shared/local" beside "temp" (16 "shared", under the same keys). */
    const char *heads[] = {pairs[6].v >= 0 ? "shared/local" : "", "shared", "local", "temp"};
    bool begun = false;
    group(w, at, "I/O Timings: ", heads, pairs, 4, 2, true, &begun);
    if (begun)
        strbuf_char(w->out, '\n');
}

/* The same of a node and of a worker. */
struct sorted {
    const char *method, *space_type;
    double space_kb;
};

static void sort_line(struct writer *w, int at, const struct sorted *s)
{
    if (!s->method)
        return;
    indent(w, at);
    strbuf_str(w->out, "Sort Method: ");
    put(w, s->method);
    if (s->space_type) {
        strbuf_printf(w->out, "  %s: ", str_eq(s->space_type, "Disk") ? "Disk" : "Memory");
        if (s->space_kb >= 0)
            amount(w, s->space_kb);
        else
            strbuf_char(w->out, '?');
        strbuf_str(w->out, "kB");
    }
    strbuf_char(w->out, '\n');
}

static void item(struct writer *w, int at, bool *begun, const char *label, double v, const char *unit)
{
    if (isnan(v))
        return;
    if (*begun)
        strbuf_str(w->out, "  ");
    else
        indent(w, at);
    *begun = true;
    strbuf_str(w->out, label);
    strbuf_str(w->out, ": ");
    amount(w, v);
    strbuf_str(w->out, unit);
}

/* "Buckets: 1024  Batches: 2 (originally 1)  Memory Usage: 40kB" and its kin. */
static void memory_line(struct writer *w, int at, const struct plan_node *n)
{
    bool begun = false;
    item(w, at, &begun, "Planned Partitions", n->planned_partitions > 0 ? n->planned_partitions : NAN, "");
    item(w, at, &begun, "Buckets", n->hash_buckets, "");
    item(w, at, &begun, "Batches", isnan(n->hash_batches) ? n->hashagg_batches : n->hash_batches, "");
    if (begun && n->hash_batches_planned >= 0 && n->hash_batches_planned != n->hash_batches) {
        strbuf_str(w->out, " (originally ");
        amount(w, n->hash_batches_planned);
        strbuf_char(w->out, ')');
    }
    item(w, at, &begun, "Hits", n->cache_hits, "");
    item(w, at, &begun, "Misses", n->cache_misses, "");
    item(w, at, &begun, "Evictions", n->cache_evictions, "");
    item(w, at, &begun, "Overflows", n->cache_overflows, "");
    item(w, at, &begun, "Memory Usage", n->memory_kb, "kB");
    item(w, at, &begun, "Disk Usage", n->disk_kb > 0 ? n->disk_kb : NAN, "kB");
    if (begun)
        strbuf_char(w->out, '\n');
}

static void groups_lines(struct writer *w, int at, const char *full, const char *presorted)
{
    text_line(w, at, "Full-sort Groups", full);
    text_line(w, at, "Pre-sorted Groups", presorted);
}

static void heap_blocks(struct writer *w, int at, double exact, double lossy)
{
    if (exact > 0 || lossy > 0) {
        indent(w, at);
        strbuf_str(w->out, "Heap Blocks:");
        if (exact > 0)
            strbuf_printf(w->out, " exact=%.0f", exact);
        if (lossy > 0)
            strbuf_printf(w->out, " lossy=%.0f", lossy);
        strbuf_char(w->out, '\n');
    }
}

static void actual(struct writer *w, double startup, double total, double rows, double loops)
{
    strbuf_str(w->out, "actual ");
    if (!isnan(total)) {
        strbuf_str(w->out, "time=");
        ms(w, isnan(startup) ? 0 : startup);
        strbuf_str(w->out, "..");
        ms(w, total);
        strbuf_char(w->out, ' ');
    }
    strbuf_str(w->out, "rows=");
    if (w->fractions)
        strbuf_fixed(w->out, isnan(rows) ? 0 : rows, 2);
    else
        amount(w, isnan(rows) ? 0 : rows);
    if (!isnan(loops)) {
        strbuf_str(w->out, " loops=");
        amount(w, loops);
    }
}

static void worker_lines(struct writer *w, int at, const struct plan_worker *k)
{
    bool begun = false;
    if (!isnan(k->loops)) {
        actual(w, k->loop_startup_ns, k->loop_total_ns, k->loop_rows, k->loops);
        strbuf_char(w->out, '\n');
    }
    if (!k->full_sort_groups && !k->presorted_groups)
        sort_line(w, at,
                  &(struct sorted){.method = k->sort_method,
                                   .space_type = k->sort_space_type,
                                   .space_kb = k->sort_space_kb});
    groups_lines(w, at, k->full_sort_groups, k->presorted_groups);
    item(w, at, &begun, "Batches", k->hashagg_batches, "");
    item(w, at, &begun, "Hits", k->cache_hits, "");
    item(w, at, &begun, "Misses", k->cache_misses, "");
    item(w, at, &begun, "Evictions", k->cache_evictions, "");
    item(w, at, &begun, "Overflows", k->cache_overflows, "");
    item(w, at, &begun, "Memory Usage", k->memory_kb, "kB");
    item(w, at, &begun, "Disk Usage", k->disk_kb > 0 ? k->disk_kb : NAN, "kB");
    if (begun)
        strbuf_char(w->out, '\n');
    heap_blocks(w, at, k->exact_blocks, k->lossy_blocks);
    buffers(w, at, BLOCKS(k));
    io(w, at, IO_TIMES(k));
}

/* The first line stands behind the worker's name; a worker without any is not told. */
static void worker(struct writer *w, int at, const struct plan_worker *k)
{
    struct strbuf lines = {0}, *out = w->out;
    if (isnan(k->number))
        return;
    w->out = &lines;
    worker_lines(w, at + STEP, k);
    w->out = out;
    if (lines.len) {
        indent(w, at);
        strbuf_printf(out, "Worker %.0f:  %s", k->number, lines.text + strspn(lines.text, " "));
    }
    strbuf_free(&lines);
}

static void sampling_line(struct writer *w, int at, const struct plan_node *n)
{
    if (!n->sampling_method)
        return;
    indent(w, at);
    strbuf_str(w->out, "Sampling: ");
    put(w, n->sampling_method);
    strbuf_str(w->out, " (");
    for (size_t i = 0; i < n->sampling_parameters.n; i++) {
        strbuf_str(w->out, i ? ", " : "");
        expression(w, n->sampling_parameters.items[i]);
    }
    strbuf_char(w->out, ')');
    if (n->repeatable_seed) {
        strbuf_str(w->out, " REPEATABLE (");
        expression(w, n->repeatable_seed);
        strbuf_char(w->out, ')');
    }
    strbuf_char(w->out, '\n');
}

/* " on s.t a", as the server quotes it. */
static void target(struct writer *w, const char *schema, const char *relation, const char *alias)
{
    strbuf_str(w->out, " on ");
    if (schema && *schema) {
        name(w, schema);
        strbuf_char(w->out, '.');
    }
    name(w, relation);
    if (alias && *alias && !str_eq(alias, relation)) {
        strbuf_char(w->out, ' ');
        name(w, alias);
    }
}

/* What INSERT, UPDATE, DELETE and MERGE tell beside where they write. */
static void writes(struct writer *w, int at, const struct plan_node *n)
{
    for (size_t i = 0; i + 3 <= n->target_tables.n; i += 3) {
        const char *const *names = n->target_tables.items + i;
        indent(w, at);
        strbuf_str(w->out, n->operation ? n->operation : "Write");
        target(w, names[0], names[1], names[2]);
        strbuf_char(w->out, '\n');
    }
    text_line(w, at, "Conflict Resolution", n->conflict_resolution);
    list_line(w, at, "Conflict Arbiter Indexes", &n->conflict_arbiters);
    text_line(w, at, "Conflict Filter", n->conflict_filter);
    figure_line(w, at, "Rows Removed by Conflict Filter", n->loop_removed_conflict);
    if (n->conflicting_tuples >= 0) {
        indent(w, at);
        strbuf_printf(w->out, "Tuples Inserted: %.0f\n", known_or(n->tuples_inserted, 0));
        indent(w, at);
        strbuf_printf(w->out, "Conflicting Tuples: %.0f\n", n->conflicting_tuples);
        return;
    }
    const struct pair merged[] = {{"inserted", n->tuples_inserted},
                                  {"updated", n->tuples_updated},
                                  {"deleted", n->tuples_deleted},
                                  {"skipped", n->tuples_skipped}};
    static const char *const heads[] = {""};
    bool begun = false;
    group(w, at, "Tuples: ", heads, merged, 1, ARRAY_LEN(merged), false, &begun);
    if (begun)
        strbuf_char(w->out, '\n');
}

/* How the rows are found and which of them are removed. */
static void conditions(struct writer *w, int at, const struct plan_node *n)
{
    if (!n->full_sort_groups && !n->presorted_groups)
        sort_line(w, at,
                  &(struct sorted){.method = n->sort_method,
                                   .space_type = n->sort_space_type,
                                   .space_kb = n->sort_space_kb});
    groups_lines(w, at, n->full_sort_groups, n->presorted_groups);
    sampling_line(w, at, n);
    text_line(w, at, "Hash Cond", n->hash_cond);
    text_line(w, at, "Merge Cond", n->merge_cond);
    text_line(w, at, "Index Cond", n->index_cond);
    text_line(w, at, "Recheck Cond", n->recheck_cond);
    figure_line(w, at, "Rows Removed by Index Recheck", n->loop_removed_recheck);
    text_line(w, at, "TID Cond", n->tid_cond);
    text_line(w, at, "Order By", n->order_by);
    text_line(w, at, "Run Condition", n->run_condition);
    text_line(w, at, "One-Time Filter", n->one_time_filter);
    text_line(w, at, "Join Filter", n->join_filter);
    figure_line(w, at, "Rows Removed by Join Filter", n->loop_removed_join);
    text_line(w, at, "Filter", n->filter);
    figure_line(w, at, "Rows Removed by Filter", n->loop_removed_filter);
    if (!isnan(n->heap_fetches)) { /* said also when it is 0 */
        indent(w, at);
        strbuf_printf(w->out, "Heap Fetches: %.0f\n", n->heap_fetches);
    }
}

static void workers_line(struct writer *w, int at, const struct plan_node *n)
{
    figure_line(w, at, "Workers Planned", n->workers_planned);
    if (n->workers_planned > 0 && n->workers_launched >= 0) {
        indent(w, at);
        strbuf_printf(w->out, "Workers Launched: %.0f\n", n->workers_launched);
    }
}

static void wal_line(struct writer *w, int at, const struct plan_node *n)
{
    if (n->wal_records > 0 || n->wal_bytes > 0) {
        indent(w, at);
        strbuf_printf(w->out, "WAL: records=%.0f", isnan(n->wal_records) ? 0 : n->wal_records);
        if (n->wal_fpi > 0)
            strbuf_printf(w->out, " fpi=%.0f", n->wal_fpi);
        if (n->wal_bytes > 0)
            strbuf_printf(w->out, " bytes=%.0f", n->wal_bytes);
        if (n->wal_buffers_full > 0)
            strbuf_printf(w->out, " buffers full=%.0f", n->wal_buffers_full);
        strbuf_char(w->out, '\n');
    }
}

/* What follows a Sort Key of grouping sets stands below it. */
static void sets_lines(struct writer *w, int at, const struct plan_list *sets)
{
    bool below = false;
    for (size_t i = 0; i < sets->n; i++) {
        bool sort = str_starts(sets->items[i], "Sort Key: ");
        below = below && !sort;
        indent(w, at + (below ? STEP : 0));
        expression(w, sets->items[i]);
        strbuf_char(w->out, '\n');
        below = below || sort;
    }
}

static void details(struct writer *w, int at, const struct plan_node *n)
{
    if (n->disabled == 1) {
        indent(w, at);
        strbuf_str(w->out, "Disabled: true\n");
    }
    list_line(w, at, "Output", &n->output);
    if (n->inner_unique == 1 && w->verbose) {
        indent(w, at);
        strbuf_str(w->out, "Inner Unique: true\n");
    }
    writes(w, at, n);
    text_line(w, at, "Function Call", n->function_call);
    text_line(w, at, "Table Function Call", n->table_function_call);
    if (n->grouping_sets.n)
        sets_lines(w, at, &n->grouping_sets);
    else
        list_line(w, at, "Group Key", &n->group_key);
    list_line(w, at, "Sort Key", &n->sort_key);
    list_line(w, at, "Presorted Key", &n->presorted_key);
    list_line(w, at, "Params Evaluated", &n->params_evaluated);
    text_line(w, at, "Cache Key", n->cache_key);
    text_line(w, at, "Cache Mode", n->cache_mode);
    text_line(w, at, "Window", n->window);
    conditions(w, at, n);
    if (!isnan(n->index_searches)) { /* said also when it is 0 */
        indent(w, at);
        strbuf_printf(w->out, "Index Searches: %.0f\n", n->index_searches);
    }
    heap_blocks(w, at, n->exact_blocks, n->lossy_blocks);
    workers_line(w, at, n);
    if (n->single_copy == 1) {
        indent(w, at);
        strbuf_str(w->out, "Single Copy: true\n");
    }
    memory_line(w, at, n);
    if (n->storage_kb >= 0) {
        indent(w, at);
        strbuf_str(w->out, "Storage: ");
        put(w, n->storage ? n->storage : "Memory");
        strbuf_printf(w->out, "  Maximum Storage: %.0fkB\n", n->storage_kb);
    }
    text_line(w, at, "Remote SQL", n->remote_sql);
    buffers(w, at, BLOCKS(n));
    io(w, at, IO_TIMES(n));
    wal_line(w, at, n);
    for (size_t i = 0; i < n->n_workers; i++)
        worker(w, at, &n->workers[i]);
    figure_line(w, at, "Subplans Removed", n->subplans_removed);
}

/* ---- nodes ---- */

/* " using i on s.t a", quoted as the server does; plan_node_where is for people. */
static void where(struct writer *w, const struct plan_node *n)
{
    const char *what = n->relation         ? n->relation
                       : n->cte            ? n->cte
                       : n->function       ? n->function
                       : n->table_function ? n->table_function
                                           : n->tuplestore;
    bool bitmap = str_eq(n->type, "Bitmap Index Scan");
    if (n->index && !bitmap) {
        strbuf_str(w->out, " using ");
        name(w, n->index);
    } else if (n->index) {
        strbuf_str(w->out, " on ");
        name(w, n->index);
    }
    if (what && !(n->index && bitmap)) {
        target(w, n->relation || n->function ? n->schema : NULL, what, NULL);
    }
    if (n->alias && !str_eq(n->alias, what) && !bitmap) {
        strbuf_str(w->out, what ? " " : " on ");
        name(w, n->alias);
    }
}

static void node_line(struct writer *w, const struct plan_node *n)
{
    struct strbuf b = {0};
    plan_node_name(n, &b);
    put(w, strbuf_text(&b));
    strbuf_free(&b);
    where(w, n);
    if (!isnan(n->total_cost)) {
        strbuf_str(w->out, "  (cost=");
        strbuf_fixed(w->out, isnan(n->startup_cost) ? 0 : n->startup_cost, 2);
        strbuf_str(w->out, "..");
        strbuf_fixed(w->out, n->total_cost, 2);
        strbuf_str(w->out, " rows=");
        amount(w, isnan(n->plan_rows) ? 0 : n->plan_rows);
        strbuf_str(w->out, " width=");
        strbuf_fixed(w->out, isnan(n->plan_width) ? 0 : n->plan_width, 0);
        strbuf_char(w->out, ')');
    }
    bool part = isnan(n->loop_rows) && isnan(n->total_cost); /* of another server: part_time */
    if (!part && (n->loops > 0 || (isnan(n->loops) && !isnan(n->loop_rows)))) {
        strbuf_str(w->out, " (");
        actual(w, n->loop_startup_ns, n->loop_total_ns, n->loop_rows, n->loops);
        strbuf_char(w->out, ')');
    } else if (!part && n->loops == 0) {
        strbuf_str(w->out, " (never executed)");
    }
    strbuf_char(w->out, '\n');
}

/* Citus: a node without figures has only the time its plan took on the other server. */
static void part_time(struct writer *w, int at, const struct plan_node *n)
{
    if (!isnan(n->loop_rows) || !isnan(n->total_cost) || isnan(n->loop_total_ns))
        return;
    indent(w, at);
    strbuf_str(w->out,
               str_starts(n->type, "Distributed Subplan") ? "Subplan Duration: " : "Execution Time: ");
    ms(w, n->loop_total_ns);
    strbuf_str(w->out, " ms\n");
}

/* How far left a node's name stands: each child's arrow stands STEP right of its parent's
 * name, a subquery's root once more, below its heading. */
static void write_node(struct writer *w, const struct plan_node *n, int *left)
{
    int at = 0;
    if (n->parent) {
        at = left[n->parent->id - 1] + STEP;
        if (n->subplan) {
            indent(w, at);
            put(w, n->subplan);
            strbuf_char(w->out, '\n');
            at += STEP;
        }
        indent(w, at);
        strbuf_str(w->out, "->  ");
        at += ARROW;
    }
    left[n->id - 1] = at;
    node_line(w, n);
    part_time(w, at + STEP, n);
    details(w, at + STEP, n);
}

static void time_line(struct writer *w, const char *label, double ns)
{
    if (isnan(ns))
        return;
    strbuf_printf(w->out, "%s: ", label);
    ms(w, ns);
    strbuf_str(w->out, " ms\n");
}

static void whole(struct writer *w)
{
    const struct plan *p = w->plan;
    if (p->n_settings) {
        strbuf_str(w->out, "Settings: ");
        for (size_t i = 0; i < p->n_settings; i++) {
            strbuf_str(w->out, i ? ", " : "");
            put(w, p->settings[i].name);
            strbuf_str(w->out, " = '");
            put(w, p->settings[i].value);
            strbuf_char(w->out, '\'');
        }
        strbuf_char(w->out, '\n');
    }
    if (p->query_id != SD_UNKNOWN)
        strbuf_printf(w->out, "Query Identifier: %lld\n", (long long)p->query_id);
    if (p->planning_shared_hit > 0 || p->planning_shared_read > 0 || p->planning_memory_kb >= 0) {
        strbuf_str(w->out, "Planning:\n");
        buffers(w, STEP,
                (const struct pair[12]){{"hit", p->planning_shared_hit}, {"read", p->planning_shared_read}});
        if (p->planning_memory_kb >= 0) {
            indent(w, STEP);
            strbuf_printf(w->out, "Memory: used=%.0fkB", p->planning_memory_kb);
            if (p->planning_allocated_kb >= 0)
                strbuf_printf(w->out, "  allocated=%.0fkB", p->planning_allocated_kb);
            strbuf_char(w->out, '\n');
        }
    }
    time_line(w, "Planning Time", p->planning_ns);
    for (size_t i = 0; i < p->n_triggers; i++) {
        const struct plan_trigger *t = &p->triggers[i];
        strbuf_str(w->out, t->constraint ? "Trigger for constraint " : "Trigger ");
        put(w, t->constraint ? t->constraint : t->name ? t->name : "?");
        if (t->relation) {
            strbuf_str(w->out, " on ");
            put(w, t->relation);
        }
        strbuf_str(w->out, ": ");
        if (!isnan(t->total_ns)) {
            strbuf_str(w->out, "time=");
            ms(w, t->total_ns);
            strbuf_char(w->out, ' ');
        }
        strbuf_printf(w->out, "calls=%.0f\n", isnan(t->calls) ? 0 : t->calls);
    }
    if (!isnan(p->jit_functions) || !isnan(p->jit_ns)) {
        strbuf_str(w->out, "JIT:\n");
        if (!isnan(p->jit_functions))
            strbuf_printf(w->out, "  Functions: %.0f\n", p->jit_functions);
        if (!isnan(p->jit_ns)) {
            strbuf_str(w->out, "  Timing: Total ");
            ms(w, p->jit_ns);
            strbuf_str(w->out, " ms\n");
        }
    }
    if (!isnan(p->serialization_ns)) {
        strbuf_str(w->out, "Serialization: time=");
        ms(w, p->serialization_ns);
        strbuf_str(w->out, " ms");
        if (p->serialization_kb >= 0)
            strbuf_printf(w->out, "  output=%.0fkB", p->serialization_kb);
        if (p->serialization_format) {
            strbuf_str(w->out, "  format=");
            put(w, p->serialization_format);
        }
        strbuf_char(w->out, '\n');
    }
    if (!p->logged) /* of a log it is the duration: not EXPLAIN's */
        time_line(w, "Execution Time", p->execution_ns);
}

void explain_write(const struct plan *p, bool hide, struct strbuf *out)
{
    struct writer w = {.plan = p, .hide = hide, .out = out};
    int *left = mem_array(p->n_nodes + 1, sizeof *left);
    for (size_t i = 0; i < p->n_nodes; i++) {
        w.verbose = w.verbose || p->nodes[i]->output.n > 0;
        w.fractions = w.fractions || p->nodes[i]->disabled >= 0;
    }
    for (size_t i = 0; i < p->n_nodes; i++) { /* in the order of the plan, parents first */
        plan_fetch_all(p, i);
        write_node(&w, p->nodes[i], left);
    }
    whole(&w);
    free(left);
}
