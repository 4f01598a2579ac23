#include "view/plan.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "core/advise.h"
#include "core/sql.h"
#include "format/explain.h"
#include "view/common.h"

#define CONDITION_MAX 70 /* columns */

/* X(key, title, unit, flags with times, flags with costs only, priority, width, help) */
#define H COLUMN_HIDDEN
#define NODE_COLUMNS(X)                                                                                       \
    X(id, "#", UNIT_NONE, COLUMN_ASCENDING, COLUMN_ASCENDING, 2, 3, "number of the node, in the order of the plan") \
    X(label, "Node", UNIT_NONE, COLUMN_TREE | COLUMN_GROW | COLUMN_NO_JSON, COLUMN_TREE | COLUMN_GROW | COLUMN_NO_JSON, 0, 30, \
      "what the node does; * marks the one that takes most")                                                  \
    X(parent, "Parent", UNIT_NONE, H, H, 9, 4, "number of the parent node")                                   \
    X(type, "Type", UNIT_NONE, H, H, 9, 14, "node type as EXPLAIN names it")                                  \
    X(relation, "Relation", UNIT_NONE, H, H, 9, 14, "table it reads or writes")                               \
    X(exclusive_share, "Share", UNIT_SHARE, COLUMN_BAR, H, 0, 14, "own time as share of the execution")       \
    X(rows_share, "Rows of all", UNIT_SHARE, H | COLUMN_BAR, H | COLUMN_BAR, 7, 14, "rows given or thrown away here, as share of all nodes'; without ANALYZE: rows expected") \
    X(buffers_share, "Blocks of all", UNIT_SHARE, H | COLUMN_BAR, H | COLUMN_BAR, 7, 14, "own blocks hit and read, as share of the plan's") \
    X(io_share, "I/O of all", UNIT_SHARE, H | COLUMN_BAR, H | COLUMN_BAR, 7, 14, "own read and write time, as share of the execution") \
    X(exclusive_ns, "Own time", UNIT_NS, 0, H, 1, 8, "time of the node without its children, over all loops") \
    X(total_ns, "Total", UNIT_NS, H, H, 5, 8, "time with its children, over all loops")                       \
    X(cost_share, "Share", UNIT_SHARE, H | COLUMN_BAR, COLUMN_BAR, 0, 14, "own cost as share of the plan's")               \
    X(cost_total, "Cost", UNIT_COST, H, 0, 1, 8, "planner's cost of one run, with its children")              \
    X(rows_actual, "Rows", UNIT_COUNT, 0, H, 1, 8, "rows, over all loops")                                    \
    X(rows_plan_total, "Planned", UNIT_COUNT, 0, H, 2, 8, "rows expected, over all loops")                    \
    X(rows_plan, "Rows", UNIT_COUNT, H, 0, 1, 8, "rows expected of one loop")                                 \
    X(estimate_factor, "Wrong by", UNIT_FACTOR, 0, H, 3, 8, "larger / smaller of planned and actual rows; unknown when one is 0") \
    X(loops, "Loops", UNIT_COUNT, 0, H, 4, 6, "times it was run, over all processes")                         \
    X(rows_removed, "Removed", UNIT_COUNT, 0, H, 5, 8, "rows read and thrown away by filters, over all loops") \
    X(shared_hit, "Hit", UNIT_BLOCKS, H, H, 6, 7, "own blocks found in shared buffers")                       \
    X(shared_read, "Read", UNIT_BLOCKS, H, H, 6, 7, "own blocks read")                                        \
    X(temp_read, "Temp read", UNIT_BLOCKS, H, H, 7, 7, "own temporary blocks read")                           \
    X(temp_written, "Temp", UNIT_BLOCKS, H, H, 6, 7, "own temporary blocks written")                          \
    X(io_ns, "I/O", UNIT_NS, H, H, 6, 8, "own block read and write time, per process")                        \
    X(processes, "Processes", UNIT_NONE, H, H, 8, 4, "processes that ran it")                                 \
    X(never_executed, "Never run", UNIT_NONE, H, H, 9, 5, "it was planned and never executed")                \
    X(condition, "Condition", UNIT_NONE, H, H, 9, 20, "its conditions, as EXPLAIN prints them")

#define COLUMN_ENUM(key, title, unit, timed, cost, priority, width, help) NODE_##key,
enum { NODE_COLUMNS(COLUMN_ENUM) N_NODE_COLUMNS };
#define COLUMN_TIMED(key, title, unit, timed, cost, priority, width, help) {#key, title, unit, timed, priority, width, help},
#define COLUMN_COST(key, title, unit, timed, cost, priority, width, help) {#key, title, unit, cost, priority, width, help},
const struct column plan_columns[PLAN_COLUMNS] = {NODE_COLUMNS(COLUMN_TIMED)};
_Static_assert(N_NODE_COLUMNS == PLAN_COLUMNS, "view/plan.h says how many there are");
static const struct column node_columns_cost[] = {NODE_COLUMNS(COLUMN_COST)};

enum { F_severity, F_title, F_rule, F_node, F_where, F_evidence, F_saves_ns, F_saves_share, F_advice, F_check };
static const struct column finding_columns[] = {
    [F_severity] = {.key = "severity", .title = "Severity", .flags = H, .priority = 9, .help = "info, warn or bad"},
    [F_title] = {.key = "title", .title = "Finding", .flags = COLUMN_NO_JSON, .width = 20, .help = "the rule, in words"},
    [F_rule] = {.key = "rule", .title = "Rule", .flags = H, .priority = 9, .help = "name of the rule"},
    [F_node] = {.key = "node", .title = "#", .priority = 1, .width = 3, .help = "number of the node; unknown: the whole plan"},
    [F_where] = {.key = "where", .title = "Where", .flags = COLUMN_NO_JSON, .priority = 3, .width = 12, .help = "the node's table or type"},
    [F_evidence] = {.key = "evidence", .title = "Evidence", .flags = COLUMN_GROW, .width = 20, .help = "the figures"},
    [F_saves_ns] = {.key = "saves_at_most_ns", .title = "Saves <=", .unit = UNIT_NS, .priority = 1, .width = 8, .help = "time it can save at most"},
    [F_saves_share] = {.key = "saves_at_most_share", .title = "of all", .unit = UNIT_SHARE, .width = 7, .help = "that, as share of the execution (or of the cost)"},
    [F_advice] = {.key = "advice", .title = "Advice", .flags = H, .priority = 9, .width = 30, .help = "what to do"},
    [F_check] = {.key = "check", .title = "Check", .flags = H, .priority = 9, .width = 30, .help = "how to see that it helped"},
};

enum { S_ddl, S_table, S_columns, S_why, S_saves_ns, S_saves_share, S_unproven, S_node };
static const struct column name_column[] = {{.key = "name", .title = "Column"}};
static const struct column suggestion_columns[] = {
    [S_ddl] = {.key = "ddl", .title = "Statement (y copies it; slowdive never runs it)", .flags = COLUMN_GROW, .width = 40, .help = "the statement that creates the index"},
    [S_table] = {.key = "table", .title = "Table", .flags = H, .priority = 4, .width = 12, .help = "the table, with its schema"},
    [S_columns] = {.key = "columns", .title = "Columns", .flags = H, .priority = 5, .width = 12, .help = "key columns in their order"},
    [S_why] = {.key = "why", .title = "Why", .flags = H, .priority = 9, .width = 30, .help = "why this index"},
    [S_saves_ns] = {.key = "saves_at_most_ns", .title = "Saves <=", .unit = UNIT_NS, .flags = H, .priority = 2, .width = 8, .help = "time it can save at most"},
    [S_saves_share] = {.key = "saves_at_most_share", .title = "of all", .unit = UNIT_SHARE, .flags = H, .priority = 1, .width = 7, .help = "that, as share of the execution (or of the cost)"},
    [S_unproven] = {.key = "unproven", .title = "Unproven", .flags = H, .priority = 9, .help = "existing indexes are not known: it may be there already"},
    [S_node] = {.key = "node", .title = "#", .flags = H, .priority = 9, .help = "number of the scan it is for"},
};

enum { P_plan, P_at, P_statement, P_parameters, P_execution, P_planning, P_cost, P_findings_total, P_findings, P_suggestions, P_nodes, P_notes };
static const struct column plans_columns[] = {
    [P_plan] = {.key = "plan", .title = "#", .flags = COLUMN_ASCENDING, .width = 4, .help = "position in the input"},
    [P_at] = {.key = "at", .title = "At", .unit = UNIT_TIME, .flags = H, .priority = 9, .width = 12, .help = "when the log wrote it"},
    [P_statement] = {.key = "statement", .title = "Statement", .flags = COLUMN_GROW, .width = 20, .help = "the statement, when the input tells it"},
    [P_parameters] = {.key = "parameters", .title = "Parameters", .flags = H, .priority = 9, .width = 12, .help = "values of its parameters, when the input tells them"},
    [P_execution] = {.key = "execution_ns", .title = "Time", .unit = UNIT_NS, .width = 8, .help = "execution time, or the duration the log wrote"},
    [P_planning] = {.key = "planning_ns", .title = "Planning", .unit = UNIT_NS, .flags = H, .priority = 9, .width = 8, .help = "planning time"},
    [P_cost] = {.key = "total_cost", .title = "Cost", .unit = UNIT_COST, .priority = 1, .width = 8, .help = "planner's total cost"},
    [P_findings_total] = {.key = "findings_total", .title = "Findings", .unit = UNIT_COUNT, .priority = 1, .width = 8, .help = "number of findings"},
    [P_findings] = {.key = "findings", .title = "Findings", .flags = H, .priority = 9, .help = "as above, of this plan"},
    [P_suggestions] = {.key = "suggestions", .title = "Suggestions", .flags = H, .priority = 9, .help = "as above, of this plan"},
    [P_nodes] = {.key = "nodes", .title = "Nodes", .flags = H, .priority = 9, .help = "as above, of this plan; unknown when the input has very many"},
    [P_notes] = {.key = "notes", .title = "Notes", .flags = H, .priority = 9, .help = "what was cut or skipped in this plan"},
};

/* Whole units; what no integer can hold is unknown. */
static struct cell whole(double v)
{
    return isnan(v) || fabs(v) > 9e18 ? cell_unknown() : cell_int((int64_t)llround(v));
}

const char *plan_shown(struct doc *d, const struct plan_source *src, const char *sql)
{
    if (!sql || src->show_literals)
        return doc_text(d, sql);
    char *hidden = sql_hide_literals(sql);
    const char *s = doc_text(d, hidden);
    free(hidden);
    return s;
}

/* All conditions of a node, each with its name. */
static const char *conditions(struct doc *d, const struct plan_source *src, const struct plan_node *n)
{
    const struct {
        const char *name, *text;
    } all[] = {{"index cond", n->index_cond}, {"hash cond", n->hash_cond},   {"merge cond", n->merge_cond},
               {"tid cond", n->tid_cond},     {"filter", n->filter},         {"join filter", n->join_filter},
               {"recheck", n->index_cond || n->filter ? NULL : n->recheck_cond}, {"when", n->one_time_filter}};
    struct strbuf b = {0};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].text)
            strbuf_printf(&b, "%s%s %s", b.len ? ", " : "", all[i].name, plan_shown(d, src, all[i].text));
    const struct plan_list *keys = n->sort_key.n ? &n->sort_key : &n->group_key;
    for (size_t i = 0; i < keys->n; i++)
        strbuf_printf(&b, "%s%s", i ? ", " : b.len ? ", by " : "by ", plan_shown(d, src, keys->items[i]));
    const char *s = b.len ? doc_text(d, b.text) : NULL;
    strbuf_free(&b);
    return s;
}

static const char *label(struct doc *d, const struct plan *p, const struct plan_node *n, const char *condition)
{
    struct strbuf b = {0};
    if (n == p->worst)
        strbuf_str(&b, "* ");
    if (n->subplan)
        strbuf_printf(&b, "%s: ", n->subplan);
    plan_node_name(n, &b);
    plan_node_where(n, &b);
    if (n->never_executed)
        strbuf_str(&b, " (never executed)");
    if (n->workers_planned > 0 && n->workers_launched >= 0)
        strbuf_printf(&b, " (%.0f of %.0f workers)", n->workers_launched, n->workers_planned);
    if (condition) { /* the whole of it is in the column "condition" */
        strbuf_str(&b, "  ");
        if (utf8_append(&b, condition, CONDITION_MAX) == CONDITION_MAX)
            strbuf_str(&b, " ...");
    }
    const char *s = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return s;
}

static const char *short_name(struct doc *d, const struct plan_node *n)
{
    if (!n)
        return "whole plan";
    struct strbuf b = {0};
    if (n->relation || n->cte) {
        strbuf_str(&b, n->relation ? n->relation : n->cte);
    } else {
        plan_node_name(n, &b);
    }
    const char *s = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return s;
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
static void keep(bool *kept, const struct plan_node *n, size_t *left)
{
    for (; n && *left && !kept[n->id - 1]; n = n->parent) {
        kept[n->id - 1] = true;
        --*left;
    }
}

static bool *choose_nodes(const struct plan *p, const struct plan_findings *f, size_t max_nodes, size_t *omitted)
{
    bool *kept = mem_array(p->n_nodes, sizeof *kept);
    *omitted = 0;
    if (!max_nodes || p->n_nodes <= max_nodes) {
        memset(kept, true, p->n_nodes);
        return kept;
    }
    size_t left = max_nodes;
    keep(kept, p->nodes[0], &left);
    keep(kept, p->worst, &left);
    for (size_t i = 0; i < f->n; i++)
        keep(kept, f->items[i].node, &left);
    for (size_t i = 0; i < p->n_nodes && left; i++)
        if (!kept[i] && (!p->nodes[i]->parent || kept[p->nodes[i]->parent->id - 1]))
            keep(kept, p->nodes[i], &left);
    for (size_t i = 0; i < p->n_nodes; i++)
        *omitted += !kept[i];
    return kept;
}

static double known_or(double v, double fallback)
{
    return isnan(v) ? fallback : v;
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

/* kept NULL: all of them. */
static void node_rows(struct doc *d, struct table *t, const struct plan *p, const struct plan_source *src,
                      const struct plan_findings *f, const bool *kept)
{
    double all_rows = 0, all_blocks = 0;
    for (size_t i = 0; i < p->n_nodes; i++) {
        all_rows += rows_handled(p, p->nodes[i]);
        all_blocks += known_or(blocks(p->nodes[i]), 0);
    }
    for (size_t i = 0; i < p->n_nodes; i++) {
        if (kept && !kept[i])
            continue;
        const struct plan_node *n = p->nodes[i];
        struct row *row = doc_row(d, t);
        struct cell *c = row->cells;
        const char *condition = conditions(d, src, n);
        row->depth = n->depth;
        row->severity = node_severity(f, n);
        c[NODE_id] = cell_int(n->id);
        c[NODE_label] = cell_text(label(d, p, n, condition));
        c[NODE_parent] = n->parent ? cell_int(n->parent->id) : cell_unknown();
        c[NODE_type] = cell_text(doc_text(d, n->type));
        c[NODE_relation] = cell_text(doc_text(d, n->relation));
        c[NODE_exclusive_share] = cell_real(n->exclusive_share);
        c[NODE_rows_share] = share_of(rows_handled(p, n), all_rows);
        c[NODE_buffers_share] = share_of(blocks(n), all_blocks);
        c[NODE_io_share] = share_of(n->own_io_ns, p->elapsed_ns);
        c[NODE_exclusive_ns] = whole(n->exclusive_ns);
        c[NODE_total_ns] = whole(n->total_ns);
        c[NODE_cost_share] = cell_real(n->cost_share);
        c[NODE_cost_total] = cell_real(n->total_cost);
        c[NODE_rows_actual] = whole(n->rows);
        c[NODE_rows_plan] = whole(n->plan_rows);
        c[NODE_rows_plan_total] = whole(n->rows_plan_total);
        c[NODE_estimate_factor] = cell_real(n->estimate_factor);
        c[NODE_loops] = whole(n->loops);
        c[NODE_rows_removed] = whole(n->rows_removed);
        c[NODE_shared_hit] = whole(n->own_shared_hit);
        c[NODE_shared_read] = whole(n->own_shared_read);
        c[NODE_temp_read] = whole(n->own_temp_read);
        c[NODE_temp_written] = whole(n->own_temp_written);
        c[NODE_io_ns] = whole(n->own_io_ns);
        c[NODE_processes] = p->analyzed ? whole(n->processes) : cell_unknown();
        c[NODE_never_executed] = p->analyzed ? cell_bool(n->never_executed) : cell_unknown();
        c[NODE_condition] = cell_text(condition);
    }
}

static void tree(struct doc *d, struct plan *p, const struct plan_source *src, const struct plan_findings *f,
                 size_t max_nodes)
{
    size_t omitted;
    bool *kept = choose_nodes(p, f, max_nodes, &omitted);
    struct section *s = doc_section(d, SECTION_TREE, "nodes", "Plan");
    s->weight = 3;
    s->min_height = 5;
    s->note = omitted ? doc_printf(d, "%zu more nodes in the plan's own view", omitted)
              : p->timed ? doc_text(d, "own time of each node; * takes most")
              : p->logged ? doc_text(d, "costs only: the log has no time of any node; * costs most")
                          : doc_text(d, "costs only: the statement was not executed; * costs most");
    s->table.columns = p->timed ? plan_columns : node_columns_cost;
    s->table.n_columns = N_NODE_COLUMNS;
    s->table.sort_column = -1;
    node_rows(d, &s->table, p, src, f, kept);
    free(kept);
}

static const char *advice_of(struct doc *d, const struct plan_finding *f, const struct advice_list *suggestions)
{
    const struct advice *a = strcmp(f->rule->name, "seq_scan_filter") == 0 ? advise_for(suggestions, f->node) : NULL;
    if (a && a->ddl)
        return doc_printf(d, "%s Create it: %s", f->advice, a->ddl);
    if (a)
        return doc_printf(d, "No plain index is suggested. %s", a->why);
    return doc_text(d, f->advice);
}

static void finding_rows(struct doc *d, struct table *t, const struct plan_findings *f,
                         const struct advice_list *suggestions, struct strbuf *todo)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct plan_finding *it = &f->items[i];
        struct row *row = doc_row(d, t);
        const char *advice = advice_of(d, it, suggestions), *where = short_name(d, it->node);
        row->severity = it->severity;
        row->cells[F_severity] = cell_text(severity_name(it->severity));
        row->cells[F_title] = cell_text(it->rule->title);
        row->cells[F_rule] = cell_text(it->rule->name);
        row->cells[F_node] = it->node ? cell_int(it->node->id) : cell_unknown();
        row->cells[F_where] = cell_text(where);
        row->cells[F_evidence] = cell_text(doc_text(d, it->evidence));
        row->cells[F_saves_ns] = whole(it->saves_ns);
        row->cells[F_saves_share] = cell_real(it->saves_share);
        row->cells[F_advice] = cell_text(advice);
        row->cells[F_check] = cell_text(doc_text(d, it->check));
        row->copy = doc_printf(d, "%s (%s): %s. %s", it->rule->title, where, it->evidence, advice);
        if (it->node)
            strbuf_printf(todo, "%s%zu. %s (node %d, %s): %s.\n   %s\n   Then: %s", i ? "\n" : "", i + 1, it->rule->title,
                          it->node->id, where, it->evidence, advice, it->check);
        else
            strbuf_printf(todo, "%s%zu. %s: %s.\n   %s\n   Then: %s", i ? "\n" : "", i + 1, it->rule->title,
                          it->evidence, advice, it->check);
    }
}

static void findings(struct doc *d, struct plan *p, const struct plan_findings *f,
                     const struct advice_list *suggestions, bool in_short)
{
    struct section *s = doc_table(d, "findings", "Findings", finding_columns, ARRAY_LEN(finding_columns));
    s->note = doc_text(d, p->timed ? "the largest possible saving first"
                          : p->logged ? "from the planner's costs; the log has no time of any node"
                                      : "from the planner's costs; the statement was not executed");
    s->empty = doc_text(d, "Nothing stands out: no rule found anything worth a word.");
    struct strbuf todo = {0};
    finding_rows(d, &s->table, f, suggestions, &todo);
    if (f->n && !in_short) {
        struct section *text = doc_section(d, SECTION_TEXT, NULL, "What to do");
        text->text = doc_text(d, strbuf_text(&todo));
        text->weight = 1;
    }
    strbuf_free(&todo);
}

static void suggestion_rows(struct doc *d, struct table *t, const struct advice_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct advice *a = &l->items[i];
        if (!a->ddl)
            continue;
        struct table *names = doc_list(d, name_column, 1);
        for (size_t k = 0; k < a->n_names; k++)
            doc_row(d, names)->cells[0] = cell_text(doc_text(d, a->names[k]));
        struct row *row = doc_row(d, t);
        row->severity = SEVERITY_GOOD;
        row->copy = doc_printf(d, "%s;", a->ddl);
        row->cells[S_ddl] = cell_text(doc_text(d, a->ddl));
        row->cells[S_table] = cell_text(a->schema ? doc_printf(d, "%s.%s", a->schema, a->table) : doc_text(d, a->table));
        row->cells[S_columns] = cell_list(names);
        row->cells[S_why] = cell_text(doc_text(d, a->why));
        row->cells[S_saves_ns] = whole(a->saves_ns);
        row->cells[S_saves_share] = cell_real(a->saves_share);
        row->cells[S_unproven] = cell_bool(a->unproven);
        row->cells[S_node] = cell_int(a->node->id);
    }
}

static void suggest(struct doc *d, const struct advice_list *l)
{
    struct section *s = doc_table(d, "suggestions", "Missing index", suggestion_columns, ARRAY_LEN(suggestion_columns));
    s->empty = doc_text(d, l->n ? doc_printf(d, "No index is suggested. %s: %s", short_name(d, l->items[0].node), l->items[0].why)
                                : "No index is suggested: no sequential scan with a filter.");
    suggestion_rows(d, &s->table, l);
    if (l->n && l->items[0].ddl)
        s->note = doc_text(d, l->items[0].why);
}

void plan_sections(struct doc *d, struct plan *p, const struct plan_source *src, size_t max_nodes)
{
    struct plan_findings f;
    struct advice_list l;
    plan_findings(p, &src->facts, &f);
    advise_plan(p, &src->facts, src->query ? src->query : p->query, &l);
    int first = (int)d->n_sections;
    if (l.n && l.items[0].ddl) { /* where there is an index to copy, `y` copies it at once */
        suggest(d, &l);
        findings(d, p, &f, &l, max_nodes > 0);
    } else {
        findings(d, p, &f, &l, max_nodes > 0);
        suggest(d, &l);
    }
    d->focus = first;
    tree(d, p, src, &f, max_nodes);
    plan_findings_free(&f);
    advise_free(&l);
}

static void summary(struct doc *d, struct plan *p, const struct plan_source *src)
{
    doc_field(d, "origin", UNIT_NONE, cell_text(doc_text(d, src->origin)));
    doc_field(d, "taken_at", UNIT_TIME, cell_int(src->at == SD_UNKNOWN ? p->at : src->at));
    doc_field(d, "query_id", UNIT_NONE, cell_text(common_id(d, p->query_id)));
    doc_field(d, "analyzed", UNIT_NONE, cell_bool(p->analyzed));
    doc_field(d, "generic", UNIT_NONE, src->generic < 0 ? cell_unknown() : cell_bool(src->generic));
    doc_field(d, "execution_ns", UNIT_NS, whole(p->elapsed_ns));
    doc_field(d, "planning_ns", UNIT_NS, whole(p->planning_ns));
    doc_field(d, "jit_ns", UNIT_NS, whole(p->jit_ns));
    doc_field(d, "total_cost", UNIT_COST, cell_real(p->total_cost));
    doc_field(d, "nodes_total", UNIT_COUNT, cell_int((int64_t)p->n_nodes));
    struct section *s = doc_section(d, SECTION_FIELDS, NULL, "Plan");
    if (p->timed) {
        section_field(d, s, NULL, "Execution", UNIT_NS, whole(p->elapsed_ns));
        if (!isnan(p->planning_ns))
            section_field(d, s, NULL, "Planning", UNIT_NS, whole(p->planning_ns));
    } else if (p->logged && !isnan(p->elapsed_ns)) {
        section_field(d, s, NULL, "Execution", UNIT_NS, whole(p->elapsed_ns));
        section_field(d, s, NULL, "Nodes", UNIT_NONE, cell_text("not timed (auto_explain.log_analyze is off): figures are the planner's"));
    } else {
        section_field(d, s, NULL, "Execution", UNIT_NONE,
                      cell_text(p->analyzed ? "executed without timing" : "not executed: figures are the planner's"));
    }
    section_field(d, s, NULL, "Cost", UNIT_COST, cell_real(p->total_cost));
    if (src->generic == 1)
        section_field(d, s, NULL, "Kind", UNIT_NONE, cell_text("generic: planned without parameter values"));
    if (p->worst) {
        char share[UNIT_TEXT_MAX];
        unit_format(UNIT_SHARE, p->timed ? p->worst->exclusive_share : p->worst->cost_share, share);
        struct strbuf b = {0};
        plan_node_name(p->worst, &b);
        plan_node_where(p->worst, &b);
        section_field(d, s, NULL, p->timed ? "Most time" : "Most cost", UNIT_NONE,
                      cell_text(doc_printf(d, "%s (node %d), %s", strbuf_text(&b), p->worst->id, share)));
        strbuf_free(&b);
    }
}

static const struct column note_column[] = {{.key = "note", .title = "Note", .flags = COLUMN_GROW}};

static struct table *notes_of(struct doc *d, const struct plan *p)
{
    struct table *notes = doc_list(d, note_column, 1);
    for (size_t i = 0; i < p->notes.n; i++)
        doc_row(d, notes)->cells[0] = cell_text(doc_text(d, p->notes.items[i]));
    if (p->analyzed && !p->timed)
        doc_row(d, notes)->cells[0] = cell_text("The plan was made with TIMING OFF: shares are of the planner's cost.");
    return notes;
}

/* `all`: what else stood in the input; NULL. */
static void rest(struct doc *d, struct plan *p, const struct plan_source *src, const struct explain *all)
{
    const char *query = src->query ? src->query : p->query;
    if (query) {
        struct section *s = doc_section(d, SECTION_TEXT, "query", "Query");
        s->text = plan_shown(d, src, query);
        s->weight = 1;
    }
    struct table *notes = notes_of(d, p);
    for (size_t k = 0; all && k < all->n_plans; k++)
        for (size_t i = 0; all->plans[k] != p && i < all->plans[k]->notes.n; i++)
            doc_row(d, notes)->cells[0] = cell_text(doc_printf(d, "Plan %zu: %s", k + 1, all->plans[k]->notes.items[i]));
    doc_field(d, "notes", UNIT_NONE, cell_list(notes));
    if (notes->n_rows) {
        struct strbuf b = {0};
        for (size_t i = 0; i < notes->n_rows; i++)
            strbuf_printf(&b, "%s%s", i ? "\n" : "", notes->rows[i].cells[0].s);
        doc_section(d, SECTION_TEXT, NULL, "Notes")->text = doc_text(d, strbuf_text(&b));
        strbuf_free(&b);
    }
}

static struct doc *one_of(const struct explain *all, struct plan *p, const struct plan_source *src)
{
    struct doc *d = doc_new("plan", "Plan");
    summary(d, p, src);
    plan_sections(d, p, src, 0);
    rest(d, p, src, all);
    /* With nothing to copy and nothing found the keys go to the tree. */
    for (size_t i = 0; i < d->n_sections && !d->sections[d->focus].table.n_rows; i++)
        if (d->sections[i].kind == SECTION_TREE)
            d->focus = (int)i;
    return d;
}

struct doc *plan_doc(struct plan *p, const struct plan_source *src)
{
    return one_of(NULL, p, src);
}

/* ---- a file ---- */

#define ALL_NODES_MAX 20000 /* of all plans together; with more, only the slowest plan's are listed */

static void list_plans(struct doc *d, const struct explain *e, const struct plan_source *src, struct table *t)
{
    size_t nodes = 0;
    for (size_t i = 0; i < e->n_plans; i++)
        nodes += e->plans[i]->n_nodes;
    for (size_t i = 0; i < e->n_plans; i++) {
        struct plan *p = e->plans[i];
        struct plan_findings f;
        struct advice_list l;
        plan_findings(p, &src->facts, &f);
        advise_plan(p, &src->facts, p->query, &l);
        struct row *row = doc_row(d, t);
        struct table *found = doc_list(d, finding_columns, ARRAY_LEN(finding_columns));
        struct table *indexes = doc_list(d, suggestion_columns, ARRAY_LEN(suggestion_columns)), *tree = NULL;
        struct strbuf todo = {0};
        finding_rows(d, found, &f, &l, &todo);
        strbuf_free(&todo);
        suggestion_rows(d, indexes, &l);
        if (nodes <= ALL_NODES_MAX) {
            tree = doc_list(d, p->timed ? plan_columns : node_columns_cost, N_NODE_COLUMNS);
            node_rows(d, tree, p, src, &f, NULL);
        }
        row->cells[P_plan] = cell_int((int64_t)i + 1);
        row->cells[P_at] = cell_int(p->at);
        row->cells[P_statement] = cell_text(doc_text(d, p->query));
        row->cells[P_parameters] = cell_text(doc_text(d, p->parameters));
        row->cells[P_execution] = whole(p->elapsed_ns);
        row->cells[P_planning] = whole(p->planning_ns);
        row->cells[P_cost] = cell_real(p->total_cost);
        row->cells[P_findings_total] = cell_int((int64_t)f.n);
        row->cells[P_findings] = cell_list(found);
        row->cells[P_suggestions] = cell_list(indexes);
        row->cells[P_nodes] = cell_list(tree);
        row->cells[P_notes] = cell_list(notes_of(d, p));
        plan_findings_free(&f);
        advise_free(&l);
    }
}

struct doc *plan_explain(const char *text, size_t len, const char *name, struct sd_error *err)
{
    struct explain e;
    if (!explain_read(text, len, &e, err))
        return NULL;
    struct plan_source src = {.origin = name, .at = SD_UNKNOWN, .generic = -1, .show_literals = true};
    size_t slowest = 0;
    for (size_t i = 1; i < e.n_plans; i++) {
        const struct plan *a = e.plans[i], *b = e.plans[slowest];
        bool timed = a->elapsed_ns > 0 || b->elapsed_ns > 0;
        if (timed ? a->elapsed_ns > (isnan(b->elapsed_ns) ? 0 : b->elapsed_ns) : a->total_cost > b->total_cost)
            slowest = i;
    }
    struct doc *d = one_of(&e, e.plans[slowest], &src);
    d->view = "explain";
    if (e.n_plans > 1) {
        doc_field(d, "plan", UNIT_NONE, cell_int((int64_t)slowest + 1));
        struct section *s = doc_table(d, "plans", "Plans in this input", plans_columns, ARRAY_LEN(plans_columns));
        s->note = doc_printf(d, "above: the slowest, number %zu", slowest + 1);
        list_plans(d, &e, &src, &s->table);
    }
    explain_free(&e);
    return d;
}
