/* node_tree.c - the nodes of a plan as rows. */
#include "view/plans/parts.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "core/sql/statement.h"

#define CONDITION_MAX 70 /* columns */

/* X(key, title, unit, flags with times, flags with costs only, priority, width, help) */
#define H COLUMN_HIDDEN
#define NODE_COLUMNS(X)                                                                                      \
    X(id, "#", UNIT_NONE, COLUMN_ASCENDING, COLUMN_ASCENDING, 2, 3,                                          \
      "number of the node, in the order of the plan")                                                        \
    X(label, "Node", UNIT_NONE, COLUMN_TREE | COLUMN_GROW | COLUMN_NO_JSON,                                  \
      COLUMN_TREE | COLUMN_GROW | COLUMN_NO_JSON, 0, 30,                                                     \
      "what the node does; * marks the worst by the plan metric")                                            \
    X(parent, "Parent", UNIT_NONE, H, H, 9, 4, "number of the parent node")                                  \
    X(type, "Type", UNIT_NONE, H, H, 9, 14, "node type as EXPLAIN names it")                                 \
    X(relation, "Relation", UNIT_NONE, H, H, 9, 14, "table it reads or writes")                              \
    X(exclusive_share, "Share", UNIT_SHARE, COLUMN_BAR, H, 0, 6, "own time as share of the execution")       \
    X(rows_share, "Rows of all", UNIT_SHARE, H | COLUMN_BAR, H | COLUMN_BAR, 7, 6,                           \
      "rows returned or removed here, as share of all nodes'; without ANALYZE: rows expected")               \
    X(buffers_share, "Blocks of all", UNIT_SHARE, H | COLUMN_BAR, H | COLUMN_BAR, 7, 6,                      \
      "own blocks hit and read, as share of the plan's")                                                     \
    X(io_share, "I/O of all", UNIT_SHARE, H | COLUMN_BAR, H | COLUMN_BAR, 7, 6,                              \
      "own read and write time, as share of the execution")                                                  \
    X(exclusive_ns, "Own time", UNIT_NS, 0, H, 1, 8,                                                         \
      "time of the node without its children, over all loops")                                               \
    X(total_ns, "Total", UNIT_NS, H, H, 5, 8, "time with its children, over all loops")                      \
    X(cost_share, "Share", UNIT_SHARE, H | COLUMN_BAR, COLUMN_BAR, 0, 6, "own cost as share of the plan's")  \
    X(cost_total, "Cost", UNIT_COST, H, 0, 1, 8, "planner's cost of one run, with its children")             \
    X(rows_actual, "Rows", UNIT_COUNT, 0, H, 1, 8, "rows, over all loops")                                   \
    X(rows_plan_total, "Planned", UNIT_COUNT, 0, H, 2, 8, "rows expected, over all loops")                   \
    X(rows_plan, "Rows", UNIT_COUNT, H, 0, 1, 8, "rows expected of one loop")                                \
    X(estimate_factor, "Wrong by", UNIT_FACTOR, 0, H, 3, 8,                                                  \
      "larger / smaller of planned and actual rows; unknown when one is 0")                                  \
    X(loops, "Loops", UNIT_COUNT, 0, H, 4, 6, "number of runs, over all processes")                          \
    X(rows_removed, "Removed", UNIT_COUNT, 0, H, 5, 8, "rows removed by filters, over all loops")            \
    X(shared_hit, "Hit", UNIT_BLOCKS, H, H, 6, 7, "own blocks found in shared buffers")                      \
    X(shared_read, "Read", UNIT_BLOCKS, H, H, 6, 7, "own blocks read")                                       \
    X(temp_read, "Temp read", UNIT_BLOCKS, H, H, 7, 7, "own temporary blocks read")                          \
    X(temp_written, "Temp", UNIT_BLOCKS, H, H, 6, 7, "own temporary blocks written")                         \
    X(io_ns, "I/O", UNIT_NS, H, H, 6, 8, "own block read and write time, per process")                       \
    X(processes, "Processes", UNIT_NONE, H, H, 8, 4, "processes that ran it")                                \
    X(never_executed, "Never run", UNIT_NONE, H, H, 9, 5, "it was planned but never executed")               \
    X(condition, "Condition", UNIT_NONE, H, H, 9, 20, "its conditions, as EXPLAIN prints them")

#define COLUMN_ENUM(key, title, unit, timed, cost, priority, width, help) NODE_##key,
enum { NODE_COLUMNS(COLUMN_ENUM) N_NODE_COLUMNS };
#define COLUMN_TIMED(k, t, u, timed, cost, p, w, h)                                                          \
    {.key = #k, .title = t, .unit = u, .flags = timed, .priority = p, .width = w, .help = h},
#define COLUMN_COST(k, t, u, timed, cost, p, w, h)                                                           \
    {.key = #k, .title = t, .unit = u, .flags = cost, .priority = p, .width = w, .help = h},
const struct column plan_columns[PLAN_COLUMNS] = {NODE_COLUMNS(COLUMN_TIMED)};
_Static_assert(N_NODE_COLUMNS == PLAN_COLUMNS, "view/plans/plan.h says how many there are");
const struct column plan_columns_cost[PLAN_COLUMNS] = {NODE_COLUMNS(COLUMN_COST)};

/* What is shown for a metric that is not the plan's first: the share (or the factor) of
 * each node, and the figures it is made of. */
static const char *const SHOWN[PLAN_METRIC_END][12] = {
    [PLAN_METRIC_ROWS] = {"id", "label", "rows_share", "rows_actual", "rows_plan_total", "rows_plan",
                          "rows_removed", "loops", "exclusive_ns"},
    [PLAN_METRIC_ESTIMATE] = {"id", "label", "estimate_factor", "rows_actual", "rows_plan_total", "loops",
                              "exclusive_ns"},
    [PLAN_METRIC_BUFFERS] = {"id", "label", "buffers_share", "shared_hit", "shared_read", "temp_written",
                             "exclusive_ns", "rows_actual"},
    [PLAN_METRIC_IO] = {"id", "label", "io_share", "io_ns", "shared_read", "temp_read", "temp_written",
                        "exclusive_ns"},
    [PLAN_METRIC_COST] = {"id", "label", "cost_share", "cost_total", "rows_plan", "exclusive_ns",
                          "rows_actual"},
};

static bool is_shown(enum plan_metric m, const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(SHOWN[m]) && SHOWN[m][i]; i++)
        if (!strcmp(SHOWN[m][i], key))
            return true;
    return false;
}

static const struct column *columns_for(struct doc *d, const struct plan *p, enum plan_metric m)
{
    if (m == PLAN_METRIC_TIME)
        return plan_columns;
    if (m == PLAN_METRIC_COST && !p->timed)
        return plan_columns_cost;
    struct column *c = arena_copy(d->arena, plan_columns, sizeof plan_columns);
    for (size_t i = 0; i < N_NODE_COLUMNS; i++) {
        bool rows_of_one = i == NODE_rows_plan && p->analyzed && m != PLAN_METRIC_COST;
        c[i].flags = is_shown(m, c[i].key) && !rows_of_one ? c[i].flags & ~(unsigned)H : c[i].flags | H;
        if (c[i].flags & COLUMN_BAR)
            c[i].priority = 0;
    }
    if (m == PLAN_METRIC_ESTIMATE) {
        c[NODE_estimate_factor].flags |= COLUMN_BAR | COLUMN_LOG;
        c[NODE_estimate_factor].priority = 0;
    }
    if (p->analyzed && m == PLAN_METRIC_COST)
        c[NODE_rows_plan].title = "Planned";
    return c;
}

/* "by grouping sets (a, b), (a), ()" */
static void grouping_sets(struct doc *d, const struct plan_source *src, const struct plan_list *sets,
                          struct strbuf *b)
{
    bool any = false;
    for (size_t i = 0; i < sets->n; i++) {
        const char *keys = strstr(sets->items[i], "Key: ");
        if (!keys || str_starts(sets->items[i], "Sort Key: "))
            continue;
        keys += strlen("Key: ");
        strbuf_printf(b, any ? ", " : b->len ? ", by grouping sets " : "by grouping sets ");
        strbuf_printf(b, str_eq(keys, "()") ? "%s" : "(%s)", plan_shown_expression(d, src, keys));
        any = true;
    }
}

/* An expression as it is shown, behind `before`. */
static void add_expression(struct doc *d, const struct plan_source *src, struct strbuf *b, const char *before,
                           const char *name, const char *expression)
{
    strbuf_str(b, before);
    strbuf_str(b, name);
    strbuf_str(b, src->show_literals ? expression : plan_shown_expression(d, src, expression));
}

/* All conditions of a node in one line; empty: it has none. */
static void plan_conditions(struct doc *d, const struct plan_source *src, const struct plan_node *n,
                            struct strbuf *b)
{
    const struct {
        const char *name, *text;
    } all[] = {{.name = "index cond ", .text = n->index_cond},
               {.name = "hash cond ", .text = n->hash_cond},
               {.name = "merge cond ", .text = n->merge_cond},
               {.name = "tid cond ", .text = n->tid_cond},
               {.name = "filter ", .text = n->filter},
               {.name = "join filter ", .text = n->join_filter},
               {.name = "recheck ", .text = n->index_cond || n->filter ? NULL : n->recheck_cond},
               {.name = "when ", .text = n->one_time_filter}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].text)
            add_expression(d, src, b, b->len ? ", " : "", all[i].name, all[i].text);
    const struct plan_list *keys = n->sort_key.n ? &n->sort_key : &n->group_key;
    if (n->grouping_sets.n && !n->sort_key.n) {
        grouping_sets(d, src, &n->grouping_sets, b);
        keys = &n->sort_key;
    }
    for (size_t i = 0; i < keys->n; i++)
        add_expression(d, src, b, b->len ? ", " : "", i ? "" : "by ", keys->items[i]);
}

static void label(const struct plan_node *worst, const struct plan_node *n, const struct strbuf *condition,
                  struct strbuf *b)
{
    if (n == worst)
        strbuf_str(b, "* ");
    if (n->subplan) {
        strbuf_str(b, n->subplan);
        strbuf_str(b, ": ");
    }
    plan_node_name(n, b);
    plan_node_where(n, b);
    if (n->never_executed)
        strbuf_str(b, " (never executed)");
    if (n->workers_planned > 0 && n->workers_launched >= 0)
        strbuf_printf(b, " (%.0f of %.0f workers)", n->workers_launched, n->workers_planned);
    if (condition->len) { /* the whole of it is in the column "condition" */
        strbuf_str(b, "  ");
        if (utf8_append(b, condition->text, CONDITION_MAX) == CONDITION_MAX)
            strbuf_str(b, " ...");
    }
}

static const char *kept_text(struct doc *d, const struct strbuf *b)
{
    return arena_copy(d->arena, strbuf_text(b), b->len + 1);
}

static enum severity node_severity(const struct plan_findings *f, const struct plan_node *n)
{
    enum severity most = SEVERITY_NONE;
    for (size_t i = 0; i < f->n; i++)
        if (f->items[i].node == n)
            most = MAX(most, f->items[i].severity);
    return most;
}

/* The node and all above it: a compact tree keeps what has findings or takes most. */
static void keep_node(bool *kept, const struct plan_node *n, size_t *left)
{
    for (; n && *left && !kept[n->id - 1]; n = n->parent) {
        kept[n->id - 1] = true;
        --*left;
    }
}

static bool *choose_nodes(const struct plan *p, const struct plan_findings *f, const struct plan_node *worst,
                          size_t max_nodes, size_t *omitted)
{
    bool *kept = mem_array(p->n_nodes, sizeof *kept);
    *omitted = 0;
    if (!max_nodes || p->n_nodes <= max_nodes) {
        memset(kept, true, p->n_nodes);
        return kept;
    }
    size_t left = max_nodes;
    keep_node(kept, p->nodes[0], &left);
    keep_node(kept, worst, &left);
    for (size_t i = 0; i < f->n; i++)
        keep_node(kept, f->items[i].node, &left);
    for (size_t i = 0; i < p->n_nodes && left; i++)
        if (!kept[i] && (!p->nodes[i]->parent || kept[p->nodes[i]->parent->id - 1]))
            keep_node(kept, p->nodes[i], &left);
    for (size_t i = 0; i < p->n_nodes; i++)
        *omitted += !kept[i];
    return kept;
}

/* What a node has to do with: rows it gave and rows it threw away. */
static double rows_handled(const struct plan *p, const struct plan_node *n)
{
    return p->analyzed ? known_or(n->rows, 0) + known_or(n->rows_removed, 0) : known_or(n->plan_rows, 0);
}

static double blocks(const struct plan_node *n)
{
    return n->own_shared_hit + known_or(n->own_shared_read, 0);
}

static struct cell share_of(double part, double all)
{
    return all > 0 ? cell_real(MIN(1, part / all)) : cell_unknown();
}

void plan_node_rows(struct doc *d, struct table *t, const struct plan *p, const struct plan_source *src,
                    const struct plan_findings *f, const bool *kept)
{
    double all_rows = 0, all_blocks = 0;
    struct strbuf condition = {0}, name = {0};
    bool lasts = src->kept || src->plan_lasts;
    doc_room(d, t, p->n_nodes);
    const struct plan_node *worst = plan_metric_worst(p, plan_metric_or(p, src->metric));
    for (size_t i = 0; i < p->n_nodes; i++) {
        plan_fetch_head(p, i);
        all_rows += rows_handled(p, p->nodes[i]);
        all_blocks += known_or(blocks(p->nodes[i]), 0);
    }
    for (size_t i = 0; i < p->n_nodes; i++) {
        plan_fetch_all(p, i);
        if (kept && !kept[i])
            continue;
        const struct plan_node *n = p->nodes[i];
        struct row *row = doc_row(d, t);
        struct cell *c = row->cells;
        strbuf_clear(&condition);
        strbuf_clear(&name);
        plan_conditions(d, src, n, &condition);
        label(worst, n, &condition, &name);
        row->depth = n->depth;
        row->severity = node_severity(f, n);
        row->worst = n == worst;
        row->number = (size_t)n->id;
        c[NODE_id] = cell_int(n->id);
        c[NODE_label] = cell_text(kept_text(d, &name));
        c[NODE_parent] = n->parent ? cell_int(n->parent->id) : cell_unknown();
        c[NODE_type] = cell_text(lasts ? n->type : doc_text(d, n->type));
        c[NODE_relation] = cell_text(lasts ? n->relation : doc_text(d, n->relation));
        c[NODE_exclusive_share] = cell_real(n->exclusive_share);
        c[NODE_rows_share] = share_of(rows_handled(p, n), all_rows);
        c[NODE_buffers_share] = share_of(blocks(n), all_blocks);
        c[NODE_io_share] = share_of(n->own_io_ns, p->elapsed_ns);
        c[NODE_exclusive_ns] = plan_whole(n->exclusive_ns);
        c[NODE_total_ns] = plan_whole(n->total_ns);
        c[NODE_cost_share] = cell_real(n->cost_share);
        c[NODE_cost_total] = cell_real(n->total_cost);
        c[NODE_rows_actual] = plan_whole(n->rows);
        c[NODE_rows_plan] = plan_whole(n->plan_rows);
        c[NODE_rows_plan_total] = plan_whole(n->rows_plan_total);
        c[NODE_estimate_factor] = cell_real(n->estimate_factor);
        c[NODE_loops] = plan_whole(n->loops);
        c[NODE_rows_removed] = plan_whole(n->rows_removed);
        c[NODE_shared_hit] = plan_whole(n->own_shared_hit);
        c[NODE_shared_read] = plan_whole(n->own_shared_read);
        c[NODE_temp_read] = plan_whole(n->own_temp_read);
        c[NODE_temp_written] = plan_whole(n->own_temp_written);
        c[NODE_io_ns] = plan_whole(n->own_io_ns);
        c[NODE_processes] = p->analyzed ? plan_whole(n->processes) : cell_unknown();
        c[NODE_never_executed] = p->analyzed ? cell_bool(n->never_executed) : cell_unknown();
        c[NODE_condition] = condition.len ? cell_text(kept_text(d, &condition)) : cell_unknown();
    }
    strbuf_free(&condition);
    strbuf_free(&name);
}

void plan_tree(struct doc *d, struct plan *p, const struct plan_source *src, const struct plan_findings *f,
               size_t max_nodes)
{
    size_t omitted;
    enum plan_metric m = plan_metric_or(p, src->metric);
    bool *kept = choose_nodes(p, f, plan_metric_worst(p, m), max_nodes, &omitted);
    d->metrics = plan_metrics(p);
    d->metric = (int)m;
    struct section *s = doc_section(d, SECTION_TREE, "nodes", "Plan");
    s->weight = 3;
    s->min_height = 5;
    s->note = omitted                             ? doc_printf(d, "%zu more nodes in the view plan", omitted)
              : p->timed || m != PLAN_METRIC_COST ? doc_text(d, plan_metric_note(m))
              : p->analyzed                       ? doc_text(d, "costs only: executed without timing; * most")
              : p->logged ? doc_text(d, "costs only: the log has no node times; * most")
                          : doc_text(d, "costs only: not executed; * most");
    if (src->metric_key && (d->metrics & (d->metrics - 1))) /* there is another */
        s->note = doc_printf(d, "%s%s%s: next metric", s->note ? s->note : "", s->note ? "; " : "",
                             src->metric_key);
    s->table.columns = columns_for(d, p, m);
    s->table.n_columns = N_NODE_COLUMNS;
    s->table.sort_column = -1;
    plan_node_rows(d, &s->table, p, src, f, kept);
    free(kept);
}
