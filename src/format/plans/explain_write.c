/* explain_write.c - the layout follows PostgreSQL's explain.c: a node's own lines stand
 * two columns right of its name, its children's arrows beside them. */
#include "format/plans/explain_write.h"

#include <stdlib.h>

#include "core/sql/statement.h"

enum { STEP = 2, ARROW = 4, /* "->  " */ INDENT_MAX = 4000 };

struct writer {
    const struct plan *plan;
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
    for (; *s; s++)
        strbuf_char(w->out, *s == '\n' || *s == '\r' ? ' ' : *s);
}

static void expression(struct writer *w, const char *s)
{
    char *hidden = w->hide ? sql_hide_expression(s) : NULL;
    put(w, hidden ? hidden : s);
    free(hidden);
}

/* As quote_identifier does, without its list of keywords. */
static void name(struct writer *w, const char *s)
{
    bool plain = *s && !(*s >= '0' && *s <= '9');
    for (const char *c = s; *c && plain; c++)
        plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_' || *c == '$' ||
                (unsigned char)*c >= 0x80;
    if (plain) {
        put(w, s);
        return;
    }
    strbuf_char(w->out, '"');
    for (; *s; s++) {
        if (*s == '"')
            strbuf_char(w->out, '"');
        strbuf_char(w->out, *s == '\n' || *s == '\r' ? ' ' : *s);
    }
    strbuf_char(w->out, '"');
}

/* Whole when it is whole: 18 tells rows with two digits, averages have more. */
static void amount(struct writer *w, double v)
{
    if (v == floor(v) && v < 1e15)
        strbuf_printf(w->out, "%.0f", v);
    else
        strbuf_printf(w->out, "%.2f", v);
}

static void ms(struct writer *w, double ns)
{
    strbuf_printf(w->out, "%.3f", ns / 1e6);
}

/* ---- lines of a node ---- */

static void text_line(struct writer *w, int at, const char *label, const char *s)
{
    if (!s)
        return;
    indent(w, at);
    strbuf_printf(w->out, "%s: ", label);
    expression(w, s);
    strbuf_char(w->out, '\n');
}

static void list_line(struct writer *w, int at, const char *label, const struct plan_list *l)
{
    if (!l->n)
        return;
    indent(w, at);
    strbuf_printf(w->out, "%s: ", label);
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
    indent(w, at);
    strbuf_printf(w->out, "%s: ", label);
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
                strbuf_printf(w->out, "%s%s%s", *begun ? ", " : "", heads[g], *heads[g] ? " " : "");
            else
                strbuf_char(w->out, ' ');
            *begun = true;
            first = false;
            strbuf_printf(w->out, "%s=", pairs[i].label);
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

static void io(struct writer *w, int at, const struct plan_node *n)
{
    /* Up to 14 one pair of all blocks; 15 and 16 "shared/local" beside "temp". */
    const char *heads[] = {n->temp_io_read_ns >= 0 ? "shared/local" : "", "shared", "local", "temp"};
    const struct pair pairs[] = {
        {.label = "read", .v = n->io_read_ns},        {.label = "write", .v = n->io_write_ns},
        {.label = "read", .v = n->shared_io_read_ns}, {.label = "write", .v = n->shared_io_write_ns},
        {.label = "read", .v = n->local_io_read_ns},  {.label = "write", .v = n->local_io_write_ns},
        {.label = "read", .v = n->temp_io_read_ns},   {.label = "write", .v = n->temp_io_write_ns}};
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
    strbuf_printf(w->out, "%s: ", label);
    amount(w, v);
    strbuf_str(w->out, unit);
}

/* "Buckets: 1024  Batches: 2 (originally 1)  Memory Usage: 40kB" and its kin. */
static void memory_line(struct writer *w, int at, const struct plan_node *n)
{
    bool begun = false;
    item(w, at, &begun, "Planned Partitions", n->planned_partitions, "");
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
    item(w, at, &begun, "Disk Usage", n->disk_kb, "kB");
    if (begun)
        strbuf_char(w->out, '\n');
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
    amount(w, isnan(rows) ? 0 : rows);
    if (!isnan(loops)) {
        strbuf_str(w->out, " loops=");
        amount(w, loops);
    }
}

static void worker(struct writer *w, int at, const struct plan_worker *k)
{
    if (isnan(k->number))
        return;
    indent(w, at);
    strbuf_printf(w->out, "Worker %.0f:", k->number);
    if (!isnan(k->loops)) {
        strbuf_str(w->out, "  ");
        actual(w, k->loop_startup_ns, k->loop_total_ns, k->loop_rows, k->loops);
    }
    strbuf_char(w->out, '\n');
    bool begun = false;
    const struct pair pairs[12] = {{"hit", k->shared_hit},
                                   {"read", k->shared_read},
                                   {"", 0},
                                   {"", 0},
                                   {"", 0},
                                   {"", 0},
                                   {"", 0},
                                   {"", 0},
                                   {"read", k->temp_read},
                                   {"written", k->temp_written}};
    at += STEP;
    sort_line(w, at,
              &(struct sorted){
                  .method = k->sort_method, .space_type = k->sort_space_type, .space_kb = k->sort_space_kb});
    item(w, at, &begun, "Batches", k->hashagg_batches, "");
    item(w, at, &begun, "Memory Usage", k->memory_kb, "kB");
    item(w, at, &begun, "Disk Usage", k->disk_kb, "kB");
    if (begun)
        strbuf_char(w->out, '\n');
    buffers(w, at, pairs);
}

/* How the rows are found and which of them are removed. */
static void conditions(struct writer *w, int at, const struct plan_node *n)
{
    sort_line(w, at,
              &(struct sorted){
                  .method = n->sort_method, .space_type = n->sort_space_type, .space_kb = n->sort_space_kb});
    text_line(w, at, "Hash Cond", n->hash_cond);
    text_line(w, at, "Merge Cond", n->merge_cond);
    text_line(w, at, "Index Cond", n->index_cond);
    text_line(w, at, "Recheck Cond", n->recheck_cond);
    figure_line(w, at, "Rows Removed by Index Recheck", n->loop_removed_recheck);
    text_line(w, at, "TID Cond", n->tid_cond);
    text_line(w, at, "Order By", n->order_by);
    text_line(w, at, "Conflict Filter", n->conflict_filter);
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

static void heap_blocks(struct writer *w, int at, const struct plan_node *n)
{
    if (n->exact_blocks > 0 || n->lossy_blocks > 0) {
        indent(w, at);
        strbuf_str(w->out, "Heap Blocks:");
        if (n->exact_blocks > 0)
            strbuf_printf(w->out, " exact=%.0f", n->exact_blocks);
        if (n->lossy_blocks > 0)
            strbuf_printf(w->out, " lossy=%.0f", n->lossy_blocks);
        strbuf_char(w->out, '\n');
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

static void node_buffers(struct writer *w, int at, const struct plan_node *n)
{
    buffers(w, at,
            (const struct pair[12]){{"hit", n->shared_hit},
                                    {"read", n->shared_read},
                                    {"dirtied", n->shared_dirtied},
                                    {"written", n->shared_written},
                                    {"hit", n->local_hit},
                                    {"read", n->local_read},
                                    {"dirtied", n->local_dirtied},
                                    {"written", n->local_written},
                                    {"read", n->temp_read},
                                    {"written", n->temp_written}});
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
        strbuf_char(w->out, '\n');
    }
}

static void details(struct writer *w, int at, const struct plan_node *n)
{
    if (n->disabled == 1) {
        indent(w, at);
        strbuf_str(w->out, "Disabled: true\n");
    }
    list_line(w, at, "Output", &n->output);
    if (n->inner_unique == 1) {
        indent(w, at);
        strbuf_str(w->out, "Inner Unique: true\n");
    }
    text_line(w, at, "Function Call", n->function_call);
    list_line(w, at, "Group Key", &n->group_key);
    list_line(w, at, "Sort Key", &n->sort_key);
    list_line(w, at, "Presorted Key", &n->presorted_key);
    list_line(w, at, "Params Evaluated", &n->params_evaluated);
    text_line(w, at, "Cache Key", n->cache_key);
    text_line(w, at, "Cache Mode", n->cache_mode);
    conditions(w, at, n);
    figure_line(w, at, "Index Searches", n->index_searches);
    heap_blocks(w, at, n);
    figure_line(w, at, "Subplans Removed", n->subplans_removed);
    workers_line(w, at, n);
    if (n->single_copy == 1) {
        indent(w, at);
        strbuf_str(w->out, "Single Copy: true\n");
    }
    memory_line(w, at, n);
    if (n->storage_kb >= 0) {
        indent(w, at);
        strbuf_printf(w->out, "Storage: Memory  Maximum Storage: %.0fkB\n", n->storage_kb);
    }
    text_line(w, at, "Remote SQL", n->remote_sql);
    node_buffers(w, at, n);
    io(w, at, n);
    wal_line(w, at, n);
    for (size_t i = 0; i < n->n_workers; i++)
        worker(w, at, &n->workers[i]);
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
        strbuf_str(w->out, " on ");
        if (n->schema && n->relation) {
            name(w, n->schema);
            strbuf_char(w->out, '.');
        }
        name(w, what);
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
        strbuf_printf(w->out, "  (cost=%.2f..%.2f rows=", isnan(n->startup_cost) ? 0 : n->startup_cost,
                      n->total_cost);
        amount(w, isnan(n->plan_rows) ? 0 : n->plan_rows);
        strbuf_printf(w->out, " width=%.0f)", isnan(n->plan_width) ? 0 : n->plan_width);
    }
    bool part = isnan(n->loop_rows) && isnan(n->total_cost); /* of another server: part_time */
    if (!part && (n->loops > 0 || (isnan(n->loops) && !isnan(n->loop_rows)))) {
        strbuf_str(w->out, isnan(n->total_cost) ? "  (" : " (");
        actual(w, n->loop_startup_ns, n->loop_total_ns, n->loop_rows, n->loops);
        strbuf_char(w->out, ')');
    } else if (!part && n->loops == 0) {
        strbuf_str(w->out, isnan(n->total_cost) ? "  (never executed)" : " (never executed)");
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
            strbuf_printf(w->out, "Memory: used=%.0fkB\n", p->planning_memory_kb);
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
        strbuf_str(w->out, " ms\n");
    }
    if (!p->logged) /* of a log it is the duration: not EXPLAIN's */
        time_line(w, "Execution Time", p->execution_ns);
}

void explain_write(const struct plan *p, bool hide, struct strbuf *out)
{
    struct writer w = {.plan = p, .hide = hide, .out = out};
    int *left = mem_array(p->n_nodes + 1, sizeof *left);
    for (size_t i = 0; i < p->n_nodes; i++) /* in the order of the plan, parents first */
        write_node(&w, p->nodes[i], left);
    whole(&w);
    free(left);
}
