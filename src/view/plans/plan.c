#include "view/plans/parts.h"

#include <stdlib.h>

#include "core/sql/statement.h"
#include "format/plans/explain_input.h"
#include "view/shared/common.h"
#include "base/num.h"

#define H           COLUMN_HIDDEN
#define ABOUT_LINES 24

enum {
    F_severity,
    F_title,
    F_rule,
    F_node,
    F_where,
    F_evidence,
    F_saves_ns,
    F_saves_share,
    F_advice,
    F_check,
    F_clause,
    F_kept_by
};
static const struct column finding_columns[] = {
    [F_severity] =
        {.key = "severity", .title = "Severity", .flags = H, .priority = 9, .help = "info, warn or bad"},
    [F_title] = {.key = "title",
                 .title = "Finding",
                 .flags = COLUMN_NO_JSON,
                 .width = 20,
                 .help = "title of the rule"},
    [F_rule] = {.key = "rule", .title = "Rule", .flags = H, .priority = 9, .help = "name of the rule"},
    [F_node] = {.key = "node",
                .title = "#",
                .priority = 1,
                .width = 3,
                .help = "number of the node; unknown: the whole plan"},
    [F_where] = {.key = "where",
                 .title = "Where",
                 .flags = COLUMN_NO_JSON,
                 .priority = 3,
                 .width = 12,
                 .help = "the node's table or type"},
    [F_evidence] =
        {.key = "evidence", .title = "Evidence", .flags = COLUMN_GROW, .width = 20, .help = "the figures"},
    [F_saves_ns] = {.key = "saves_at_most_ns",
                    .title = "Saves <=",
                    .unit = UNIT_NS,
                    .priority = 1,
                    .width = 8,
                    .help = "maximum time it can save"},
    [F_saves_share] = {.key = "saves_at_most_share",
                       .title = "of all",
                       .unit = UNIT_SHARE,
                       .width = 7,
                       .help = "the same as share of the execution (or of the cost)"},
    [F_advice] =
        {.key = "advice", .title = "Advice", .flags = H, .priority = 9, .width = 30, .help = "what to do"},
    [F_check] = {.key = "check",
                 .title = "Check",
                 .flags = H,
                 .priority = 9,
                 .width = 30,
                 .help = "how to see that it helped"},
    [F_clause] = {.language = &sql_language,
                  .key = "clause",
                  .title = "Written as",
                  .flags = H,
                  .priority = 9,
                  .width = 30,
                  .help = "the part of the statement it is about; unknown when that is not sure"},
    [F_kept_by] = {.key = "kept_by",
                   .title = "Kept by",
                   .flags = H,
                   .priority = 9,
                   .width = 30,
                   .help =
                       "who keeps the dead rows it is about: a transaction, a slot; unknown: nobody seen"},
};

enum {
    P_plan,
    P_at,
    P_statement,
    P_parameters,
    P_execution,
    P_planning,
    P_cost,
    P_findings_total,
    P_findings,
    P_suggestions,
    P_rewrites,
    P_nodes,
    P_notes
};
static const struct column plans_columns[] = {
    [P_plan] =
        {.key = "plan", .title = "#", .flags = COLUMN_ASCENDING, .width = 4, .help = "position in the input"},
    [P_at] = {.key = "at",
              .title = "At",
              .unit = UNIT_TIME,
              .flags = H,
              .priority = 9,
              .width = 12,
              .help = "time of the log entry"},
    [P_statement] = {.language = &sql_language,
                     .key = "statement",
                     .title = "Statement",
                     .flags = COLUMN_GROW,
                     .width = 20,
                     .help = "the statement, if the input contains it"},
    [P_parameters] = {.key = "parameters",
                      .title = "Parameters",
                      .flags = H,
                      .priority = 9,
                      .width = 12,
                      .help = "values of its parameters, if the input contains them"},
    [P_execution] = {.key = "execution_ns",
                     .title = "Time",
                     .unit = UNIT_NS,
                     .width = 8,
                     .help = "execution time, or the duration in the log"},
    [P_planning] = {.key = "planning_ns",
                    .title = "Planning",
                    .unit = UNIT_NS,
                    .flags = H,
                    .priority = 9,
                    .width = 8,
                    .help = "planning time"},
    [P_cost] = {.key = "total_cost",
                .title = "Cost",
                .unit = UNIT_COST,
                .priority = 1,
                .width = 8,
                .help = "planner's total cost"},
    [P_findings_total] = {.key = "findings_total",
                          .title = "Findings",
                          .unit = UNIT_COUNT,
                          .priority = 1,
                          .width = 8,
                          .help = "number of findings"},
    [P_findings] =
        {.key = "findings", .title = "Findings", .flags = H, .priority = 9, .help = "as above, of this plan"},
    [P_suggestions] = {.key = "suggestions",
                       .title = "Suggestions",
                       .flags = H,
                       .priority = 9,
                       .help = "as above, of this plan"},
    [P_rewrites] =
        {.key = "rewrites", .title = "Rewrites", .flags = H, .priority = 9, .help = "as above, of this plan"},
    [P_nodes] = {.key = "nodes",
                 .title = "Nodes",
                 .flags = H,
                 .priority = 9,
                 .help = "as above, of this plan; unknown when the input has very many"},
    [P_notes] = {.key = "notes",
                 .title = "Notes",
                 .flags = H,
                 .priority = 9,
                 .help = "what was cut or skipped in this plan"},
};

struct cell plan_whole(double v)
{
    return isnan(v) ? cell_unknown() : cell_int(real_to_int(v));
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

const char *plan_shown_expression(struct doc *d, const struct plan_source *src, const char *sql)
{
    if (!sql || src->show_literals)
        return doc_text(d, sql);
    char *hidden = sql_hide_expression(sql);
    const char *s = doc_text(d, hidden);
    free(hidden);
    return s;
}

const char *plan_line(struct doc *d, const char *text)
{
    char *line = mem_strdup(text);
    for (char *p = line; p && *p; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    const char *s = doc_text(d, line);
    free(line);
    return s;
}

const char *plan_short_name(struct doc *d, const struct plan_node *n)
{
    if (!n)
        return "whole plan";
    struct strbuf b = {0};
    if (n->relation || n->cte) {
        strbuf_str(&b, n->relation ? n->relation : n->cte);
    } else {
        plan_node_name(n, &b);
    }
    const char *s = plan_line(d, strbuf_text(&b));
    strbuf_free(&b);
    return s;
}

static void finding_rows(struct doc *d, struct table *t, const struct plan_findings *f,
                         const struct plan_advice *suggestions, const struct plan_about *about,
                         struct strbuf *todo)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct plan_finding *it = &f->items[i];
        struct row *row = doc_row(d, t);
        const char *advice = plan_line(d, plan_advice_of(d, it, suggestions));
        const char *evidence = plan_line(d, it->evidence), *where = plan_short_name(d, it->node);
        row->severity = it->severity;
        row->cells[F_severity] = cell_text(severity_name(it->severity));
        row->cells[F_title] = cell_text(it->rule->title);
        row->cells[F_rule] = cell_text(it->rule->name);
        row->cells[F_node] = it->node ? cell_int(it->node->id) : cell_unknown();
        row->cells[F_where] = cell_text(where);
        row->cells[F_evidence] = cell_text(evidence);
        row->cells[F_saves_ns] = plan_whole(it->saves_ns);
        row->cells[F_saves_share] = cell_real(it->saves_share);
        row->cells[F_advice] = cell_text(advice);
        row->cells[F_check] = cell_text(doc_text(d, it->check));
        row->cells[F_clause] = about ? cell_text(plan_about_clause(about, i)) : cell_unknown();
        row->cells[F_kept_by] = it->kept_by ? cell_text(plan_line(d, it->kept_by)) : cell_unknown();
        row->number = i + 1;
        row->copy = doc_printf(d, "%s (%s): %s. %s", it->rule->title, where, evidence, advice);
        if (it->node)
            strbuf_printf(todo, "%s%zu. %s (node %d, %s): %s.\n   %s\n   Check: %s", todo->len ? "\n" : "",
                          i + 1, it->rule->title, it->node->id, where, evidence, advice, it->check);
        else
            strbuf_printf(todo, "%s%zu. %s: %s.\n   %s\n   Check: %s", todo->len ? "\n" : "", i + 1,
                          it->rule->title, evidence, advice, it->check);
    }
}

#define NAMED_AT_MOST 4 /* no more than four nodes have over a fifth */

/* No finding: it is fine only where no node takes much. */
static const char *no_findings(struct doc *d, const struct plan *p, const struct plan_findings *f)
{
    const struct plan_node *large[NAMED_AT_MOST];
    size_t n = plan_unexplained(p, f, large, NAMED_AT_MOST);
    struct strbuf b = {0};
    if (p->notes.n)
        return "No findings in the part that could be read; the notes say what is missing.";
    if (!n)
        return "No findings: no rule reached its limit.";
    for (size_t i = 0; i < n; i++) {
        char share[UNIT_TEXT_MAX];
        unit_format(UNIT_SHARE, p->timed ? large[i]->exclusive_share : large[i]->cost_share, share);
        strbuf_str(&b, i ? ", " : "");
        plan_node_name(large[i], &b);
        plan_node_where(large[i], &b);
        strbuf_printf(&b, " (node %d) %s", large[i]->id, share);
    }
    const char *s = plan_line(d, doc_printf(d, "No rule reached its limit. Most of the %s: %s.",
                                            p->timed ? "time" : "cost", strbuf_text(&b)));
    strbuf_free(&b);
    return s;
}

static void findings(struct doc *d, struct plan *p, const struct plan_findings *f,
                     const struct plan_advice *suggestions, struct plan_about *about, bool in_short)
{
    struct section *s = doc_table(d, "findings", "Findings", finding_columns, ARRAY_LEN(finding_columns));
    s->note =
        doc_text(d, p->timed      ? "the largest possible saving first"
                    : p->analyzed ? "from the planner's costs; the statement was executed without timing"
                    : p->logged   ? "from the planner's costs; the log has no node times"
                                  : "from the planner's costs; the statement was not executed");
    s->empty = doc_text(d, no_findings(d, p, f));
    struct strbuf todo = {0};
    plan_advice_text(suggestions, &todo);
    finding_rows(d, &s->table, f, suggestions, about, &todo);
    plan_about_findings(s, about);
    if (todo.len && !in_short) {
        struct section *text = doc_section(d, SECTION_TEXT, NULL, "What to do");
        text->text = doc_text(d, strbuf_text(&todo));
        text->weight = 1;
    }
    strbuf_free(&todo);
}

static void statement(struct doc *d, const struct plan *p, const struct plan_source *src)
{
    const char *query = src->query ? src->query : p->query;
    if (!query)
        return;
    struct section *s = doc_section(d, SECTION_TEXT, "query", "Query");
    common_statement(d, s, plan_shown(d, src, query));
    s->weight = 1;
}

void plan_sections(struct doc *d, struct plan *p, const struct plan_source *src, size_t max_nodes)
{
    struct plan_findings f;
    struct plan_advice l;
    struct plan_facts facts = src->facts;
    facts.query = src->query ? src->query : p->query;
    plan_findings(p, &facts, &f);
    plan_advise(p, src, src->query, &l);
    struct plan_about *about = plan_about_new(d, p, src, &f, &l);
    int first = (int)d->n_sections;
    if (l.n) { /* where there is an index to copy, `y` copies it at once */
        plan_suggest(d, &l);
        findings(d, p, &f, &l, about, max_nodes > 0);
    } else {
        findings(d, p, &f, &l, about, max_nodes > 0);
        plan_suggest(d, &l);
    }
    plan_rewrites(d, p, src, max_nodes > 0);
    d->focus = first;
    plan_tree(d, p, src, &f, max_nodes);
    plan_about_nodes(&d->sections[d->n_sections - 1], about);
    if (!max_nodes) {
        d->sections[d->n_sections - 1].about_lines = ABOUT_LINES;
        statement(d, p, src);
        plan_about_text(d, about);
    }
    plan_about_mark(d, about);
    plan_about_done(about);
    plan_findings_free(&f);
    plan_advise_free(&l);
}

static void summary(struct doc *d, struct plan *p, const struct plan_source *src)
{
    doc_field(d, "origin", UNIT_NONE, cell_text(doc_text(d, src->origin)));
    doc_field(d, "taken_at", UNIT_TIME, cell_int(src->at == SD_UNKNOWN ? p->at : src->at));
    doc_field(d, "query_id", UNIT_NONE, cell_text(common_id(d, p->query_id)));
    doc_field(d, "analyzed", UNIT_NONE, cell_bool(p->analyzed));
    doc_field(d, "generic", UNIT_NONE, src->generic < 0 ? cell_unknown() : cell_bool(src->generic));
    doc_field(d, "execution_ns", UNIT_NS, plan_whole(p->elapsed_ns));
    doc_field(d, "planning_ns", UNIT_NS, plan_whole(p->planning_ns));
    doc_field(d, "jit_ns", UNIT_NS, plan_whole(p->jit_ns));
    doc_field(d, "total_cost", UNIT_COST, cell_real(p->total_cost));
    doc_field(d, "nodes_total", UNIT_COUNT, cell_int((int64_t)p->n_nodes));
    struct section *s = doc_section(d, SECTION_FIELDS, NULL, "Plan");
    if (src->refused) {
        section_field(d, s, NULL, "Last try", UNIT_NONE, cell_text(doc_text(d, src->refused)));
        s->fields.items[s->fields.n - 1].severity = SEVERITY_WARN;
        doc_field(d, "refused", UNIT_NONE, cell_text(doc_text(d, src->refused)));
        s->min_height = 3;
    }
    if (p->timed) {
        section_field(d, s, NULL, "Execution", UNIT_NS, plan_whole(p->elapsed_ns));
        if (!isnan(p->planning_ns))
            section_field(d, s, NULL, "Planning", UNIT_NS, plan_whole(p->planning_ns));
    } else if (p->logged && !isnan(p->elapsed_ns)) {
        section_field(d, s, NULL, "Execution", UNIT_NS, plan_whole(p->elapsed_ns));
        section_field(
            d, s, NULL, "Nodes", UNIT_NONE,
            cell_text("not timed (auto_explain.log_analyze is off): figures are planner estimates"));
    } else {
        section_field(d, s, NULL, "Execution", UNIT_NONE,
                      cell_text(p->analyzed ? "executed without timing"
                                            : "not executed: figures are planner estimates"));
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
        doc_row(d, notes)->cells[0] =
            cell_text("The plan was executed with TIMING OFF: shares are of the planner's cost.");
    return notes;
}

/* `all`: what else stood in the input; NULL. */
static void rest(struct doc *d, struct plan *p, const struct explain *all)
{
    struct table *notes = notes_of(d, p);
    for (size_t k = 0; all && k < all->n_plans; k++)
        for (size_t i = 0; all->plans[k] != p && i < all->plans[k]->notes.n; i++)
            doc_row(d, notes)->cells[0] =
                cell_text(doc_printf(d, "Plan %zu: %s", k + 1, all->plans[k]->notes.items[i]));
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
    rest(d, p, all);
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
        struct plan_advice l;
        plan_findings(p, &src->facts, &f);
        plan_advise(p, src, NULL, &l);
        struct row *row = doc_row(d, t);
        struct table *found = doc_list(d, finding_columns, ARRAY_LEN(finding_columns));
        struct table *indexes = doc_list(d, plan_suggestion_columns, PLAN_SUGGESTION_COLUMNS), *tree = NULL;
        struct strbuf todo = {0};
        finding_rows(d, found, &f, &l, NULL, &todo);
        strbuf_free(&todo);
        plan_suggestion_rows(d, indexes, &l);
        if (nodes <= ALL_NODES_MAX) {
            tree = doc_list(d, p->timed ? plan_columns : plan_columns_cost, PLAN_COLUMNS);
            plan_node_rows(d, tree, p, src, &f, NULL);
        }
        struct table *rewritten = doc_list(d, plan_rewrite_columns, PLAN_REWRITE_COLUMNS);
        struct rewrite_list rewrites_found;
        struct plan_source own = *src; /* the statement is each plan's own */
        own.query = p->query;
        plan_rewrites_read(p, &own, &rewrites_found);
        plan_rewrite_rows(d, rewritten, &rewrites_found);
        rewrites_free(&rewrites_found);
        row->cells[P_plan] = cell_int((int64_t)i + 1);
        row->cells[P_at] = cell_int(p->at);
        row->cells[P_statement] = cell_text(doc_text(d, p->query));
        row->cells[P_parameters] = cell_text(doc_text(d, p->parameters));
        row->cells[P_execution] = plan_whole(p->elapsed_ns);
        row->cells[P_planning] = plan_whole(p->planning_ns);
        row->cells[P_cost] = cell_real(p->total_cost);
        row->cells[P_findings_total] = cell_int((int64_t)f.n);
        row->cells[P_findings] = cell_list(found);
        row->cells[P_suggestions] = cell_list(indexes);
        row->cells[P_rewrites] = cell_list(rewritten);
        row->cells[P_nodes] = cell_list(tree);
        row->cells[P_notes] = cell_list(notes_of(d, p));
        plan_findings_free(&f);
        plan_advise_free(&l);
    }
}

static void drop_explain(void *e)
{
    explain_free(e);
    free(e);
}

struct doc *plan_explain(const char *text, size_t len, const char *name, struct sd_error *err)
{
    struct explain *e = mem_alloc(sizeof *e);
    if (!explain_read(text, len, e, err)) {
        free(e);
        return NULL;
    }
    struct plan_source src = {
        .origin = name, .at = SD_UNKNOWN, .generic = -1, .show_literals = true, .plan_lasts = true};
    size_t slowest = 0;
    for (size_t i = 1; i < e->n_plans; i++) {
        const struct plan *a = e->plans[i], *b = e->plans[slowest];
        bool timed = a->elapsed_ns > 0 || b->elapsed_ns > 0;
        if (timed ? a->elapsed_ns > (isnan(b->elapsed_ns) ? 0 : b->elapsed_ns)
                  : a->total_cost > b->total_cost)
            slowest = i;
    }
    struct doc *d = one_of(e, e->plans[slowest], &src);
    d->view = "explain";
    if (e->n_plans > 1) {
        doc_field(d, "plan", UNIT_NONE, cell_int((int64_t)slowest + 1));
        struct section *s =
            doc_table(d, "plans", "Plans in this input", plans_columns, ARRAY_LEN(plans_columns));
        s->note = doc_printf(d, "shown above: the slowest, number %zu", slowest + 1);
        list_plans(d, e, &src, &s->table);
    }
    doc_own(d, e, drop_explain);
    return d;
}
