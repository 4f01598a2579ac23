/* plan_suggest.c - the indexes suggested beside a plan. */
#include "view/plan_private.h"

#define H COLUMN_HIDDEN
enum { S_ddl, S_table, S_columns, S_why, S_saves_ns, S_saves_share, S_unproven, S_node, S_END };
static const struct column name_column[] = {{.key = "name", .title = "Column"}};
const struct column plan_suggestion_columns[PLAN_SUGGESTION_COLUMNS] = {
    [S_ddl] = {.key = "ddl", .title = "Statement (y copies it; slowdive never runs it)", .flags = COLUMN_GROW, .width = 40, .help = "the statement that creates the index"},
    [S_table] = {.key = "table", .title = "Table", .flags = H, .priority = 4, .width = 12, .help = "the table, with its schema"},
    [S_columns] = {.key = "columns", .title = "Columns", .flags = H, .priority = 5, .width = 12, .help = "key columns in their order"},
    [S_why] = {.key = "why", .title = "Why", .flags = H, .priority = 9, .width = 30, .help = "why this index"},
    [S_saves_ns] = {.key = "saves_at_most_ns", .title = "Saves <=", .unit = UNIT_NS, .flags = H, .priority = 2, .width = 8, .help = "time it can save at most"},
    [S_saves_share] = {.key = "saves_at_most_share", .title = "of all", .unit = UNIT_SHARE, .flags = H, .priority = 1, .width = 7, .help = "that, as share of the execution (or of the cost)"},
    [S_unproven] = {.key = "unproven", .title = "Unproven", .flags = H, .priority = 9, .help = "existing indexes are not known: it may be there already"},
    [S_node] = {.key = "node", .title = "#", .flags = H, .priority = 9, .help = "number of the scan it is for"},
};
_Static_assert(S_END == PLAN_SUGGESTION_COLUMNS, "view/plan_private.h says how many there are");

const char *plan_advice_of(struct doc *d, const struct plan_finding *f, const struct advice_list *suggestions)
{
    const struct advice *a = strcmp(f->rule->name, "seq_scan_filter") == 0 ? advise_for(suggestions, f->node) : NULL;
    if (a && a->ddl)
        return doc_printf(d, "%s Create it: %s", f->advice, a->ddl);
    if (a)
        return doc_printf(d, "No plain index is suggested. %s", a->why);
    return doc_text(d, f->advice);
}

void plan_suggestion_rows(struct doc *d, struct table *t, const struct advice_list *l)
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
        row->cells[S_saves_ns] = plan_whole(a->saves_ns);
        row->cells[S_saves_share] = cell_real(a->saves_share);
        row->cells[S_unproven] = cell_bool(a->unproven);
        row->cells[S_node] = cell_int(a->node->id);
    }
}

void plan_suggest(struct doc *d, const struct advice_list *l)
{
    struct section *s = doc_table(d, "suggestions", "Missing index", plan_suggestion_columns, PLAN_SUGGESTION_COLUMNS);
    s->empty = doc_text(d, l->n ? doc_printf(d, "No index is suggested. %s: %s", plan_short_name(d, l->items[0].node), l->items[0].why)
                                : "No index is suggested: no sequential scan with a filter.");
    plan_suggestion_rows(d, &s->table, l);
    if (l->n && l->items[0].ddl)
        s->note = doc_text(d, l->items[0].why);
}
