/* rewrites.c - how the statement itself should be written, beside a plan. */
#include "view/plans/parts.h"
#include "view/shared/common.h"

#include <stdlib.h>

#include "core/rewrite/rules.h"
#include "core/sql/lex.h"

#define H COLUMN_HIDDEN
enum {
    R_severity,
    R_title,
    R_rule,
    R_node,
    R_where,
    R_evidence,
    R_saves_ns,
    R_saves_share,
    R_advice,
    R_before,
    R_after,
    R_statement,
    R_caveat,
    R_check,
    R_END
};
const struct column plan_rewrite_columns[PLAN_REWRITE_COLUMNS] = {
    [R_severity] =
        {.key = "severity", .title = "Severity", .flags = H, .priority = 9, .help = "info, warn or bad"},
    [R_title] = {.key = "title",
                 .title = "Rewrite",
                 .flags = COLUMN_NO_JSON,
                 .width = 20,
                 .help = "title of the rule"},
    [R_rule] = {.key = "rule",
                .title = "Rule",
                .flags = H,
                .priority = 9,
                .help = "name of the rule; slowdive manual rewrites lists them"},
    [R_node] = {.key = "node",
                .title = "#",
                .priority = 1,
                .width = 3,
                .help = "number of the node; unknown: the whole plan"},
    [R_where] = {.key = "where",
                 .title = "Where",
                 .flags = COLUMN_NO_JSON,
                 .priority = 3,
                 .width = 12,
                 .help = "the node's table or type"},
    [R_evidence] =
        {.key = "evidence", .title = "Evidence", .flags = COLUMN_GROW, .width = 20, .help = "the figures"},
    [R_saves_ns] = {.key = "saves_at_most_ns",
                    .title = "Saves <=",
                    .unit = UNIT_NS,
                    .priority = 1,
                    .width = 8,
                    .help = "maximum time it can save"},
    [R_saves_share] = {.key = "saves_at_most_share",
                       .title = "of all",
                       .unit = UNIT_SHARE,
                       .width = 7,
                       .help = "the same as share of the execution (or of the cost)"},
    [R_advice] =
        {.key = "advice", .title = "Advice", .flags = H, .priority = 9, .width = 30, .help = "what to do"},
    [R_before] = {.language = &sql_language,
                  .key = "before",
                  .title = "Before",
                  .flags = H,
                  .priority = 9,
                  .width = 30,
                  .help = "the part of the statement that changes"},
    [R_after] = {.language = &sql_language,
                 .key = "after",
                 .title = "After",
                 .flags = H,
                 .priority = 9,
                 .width = 30,
                 .help = "the new text of that part; unknown: it depends on more than the statement"},
    [R_statement] = {.language = &sql_language,
                     .key = "statement",
                     .title = "Statement",
                     .flags = H,
                     .priority = 9,
                     .width = 30,
                     .help = "the whole statement rewritten; unknown: only the part can be given"},
    [R_caveat] = {.key = "caveat",
                  .title = "Caveat",
                  .flags = H,
                  .priority = 9,
                  .width = 30,
                  .help = "when the rows differ; unknown: they are always the same, NULLs included"},
    [R_check] = {.key = "check",
                 .title = "Check",
                 .flags = H,
                 .priority = 9,
                 .width = 30,
                 .help = "how to see that it helped"},
};
_Static_assert(R_END == PLAN_REWRITE_COLUMNS, "view/plans/parts.h says how many there are");

static bool is_word(const struct sql_token *t, const char *word)
{
    return t->kind == SQL_WORD && t->len == strlen(word) && strncasecmp(t->text, word, t->len) == 0;
}

/* A statement on one line gets a line for each clause. */
const char *plan_sql_lines(struct doc *d, const char *sql)
{
    static const char *const clauses[] = {"FROM",  "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT",
                                          "UNION", "LEFT",  "JOIN",  "SET",    NULL};
    struct strbuf b = {0};
    struct sql_token t;
    int depth = 0;
    bool left = false;
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p = t.text + t.len) {
        depth += (t.kind == SQL_OTHER && *t.text == '(') - (t.kind == SQL_OTHER && *t.text == ')');
        for (size_t i = 0; depth == 0 && clauses[i] && t.kind == SQL_WORD; i++) {
            if (!is_word(&t, clauses[i]) || !b.len || (left && is_word(&t, "JOIN")))
                continue;
            while (b.len && b.text[b.len - 1] == ' ')
                b.text[--b.len] = '\0';
            strbuf_char(&b, '\n');
        }
        if (t.kind == SQL_WORD)
            left = is_word(&t, "LEFT");
        strbuf_add(&b, t.text, t.len);
    }
    const char *s = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return s;
}

static void print_rewrite(struct doc *d, const struct rewrite *it, size_t i, struct mixed_text *out)
{
    const char *where = plan_short_name(d, it->node);
    strbuf_printf(&out->b, "%s%zu. %s (%s): %s.\n   %s", i ? "\n\n" : "", i + 1, it->rule->title, where,
                  it->evidence, it->advice);
    if (it->before && it->after) {
        strbuf_str(&out->b, "\n   instead of  ");
        mixed_add(out, &sql_language, it->before);
        strbuf_str(&out->b, "\n   write       ");
        mixed_add(out, &sql_language, it->after);
    }
    if (it->caveat)
        strbuf_printf(&out->b, "\n   But: %s", it->caveat);
    else if (it->after)
        strbuf_str(&out->b, "\n   The rows are the same, NULLs included.");
    if (it->statement) {
        strbuf_str(&out->b, "\n\n");
        mixed_add(out, &sql_language, doc_printf(d, "%s;", plan_sql_lines(d, it->statement)));
    }
}

void plan_rewrite_rows(struct doc *d, struct table *t, const struct rewrite_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct rewrite *it = &l->items[i];
        struct row *row = doc_row(d, t);
        row->severity = it->severity;
        row->cells[R_severity] = cell_text(severity_name(it->severity));
        row->cells[R_title] = cell_text(it->rule->title);
        row->cells[R_rule] = cell_text(it->rule->name);
        row->cells[R_node] = it->node ? cell_int(it->node->id) : cell_unknown();
        row->cells[R_where] = cell_text(plan_short_name(d, it->node));
        row->cells[R_evidence] = cell_text(doc_text(d, it->evidence));
        row->cells[R_saves_ns] = plan_whole(it->saves_ns);
        row->cells[R_saves_share] = cell_real(it->saves_share);
        row->cells[R_advice] = cell_text(doc_text(d, it->advice));
        row->cells[R_before] = cell_text(doc_text(d, it->before));
        row->cells[R_after] = cell_text(doc_text(d, it->after));
        row->cells[R_statement] = cell_text(doc_text(d, it->statement));
        row->cells[R_caveat] = cell_text(doc_text(d, it->caveat));
        row->cells[R_check] = cell_text(doc_text(d, it->check));
        row->copy = it->statement ? statement_line(d, it->statement)
                                  : doc_text(d, it->after ? it->after : it->advice);
    }
}

void plan_rewrites_read(struct plan *p, const struct plan_source *src, struct rewrite_list *out)
{
    struct rewrite_input in = {.sql = src->query ? src->query : p->query,
                               .plan = p,
                               .facts = &src->facts,
                               .show_literals = src->show_literals || src->own_query,
                               .mean_ns = src->mean_ns};
    rewrites(&in, out);
    bool advised = false;
    for (size_t i = 0; i < src->n_advice; i++)
        advised = advised || src->advice[i]->ddl;
    size_t n = 0;
    for (size_t i = 0; i < out->n;
         i++) /* where only an index on the expression helps, the server has proven one */
        if (out->items[i].after || !advised || strcmp(out->items[i].rule->name, "function_on_column") != 0)
            out->items[n++] = out->items[i];
    out->n = n;
}

void plan_rewrites(struct doc *d, struct plan *p, const struct plan_source *src, bool in_short)
{
    struct rewrite_list l;
    plan_rewrites_read(p, src, &l);
    if (l.n) {
        struct section *s =
            doc_table(d, "rewrites", "Rewrite the statement", plan_rewrite_columns, PLAN_REWRITE_COLUMNS);
        s->note = "copy gives the rewritten statement";
        plan_rewrite_rows(d, &s->table, &l);
        struct mixed_text text = {.n = 0};
        for (size_t i = 0; i < l.n && (!in_short || i == 0); i++)
            print_rewrite(d, &l.items[i], i, &text);
        struct section *how = doc_section(d, SECTION_TEXT, NULL, "Rewritten statement");
        how->text = mixed_done(d, &text);
        how->weight = in_short ? 0 : 1;
    }
    rewrites_free(&l);
}
