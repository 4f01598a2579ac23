#include "app/advise_rewrite.h"

#include <math.h>
#include <stdlib.h>

#include "core/rewrite/rules.h"
#include "core/schema.h"
#include "format/plans/explain_input.h"

#define H COLUMN_HIDDEN
enum {
    R_id,
    R_title,
    R_rule,
    R_severity,
    R_evidence,
    R_share,
    R_advice,
    R_before,
    R_after,
    R_statement,
    R_caveat,
    R_check,
    R_END
};
const struct column advise_rewrite_columns[] = {
    [R_id] = {.key = "query_id",
              .title = "Statement",
              .flags = COLUMN_LEFT,
              .width = 12,
              .help = "its query_id, or the file it is in"},
    [R_title] = {.key = "title",
                 .title = "Write it differently",
                 .flags = COLUMN_NO_JSON,
                 .width = 24,
                 .help = "the rule, in words"},
    [R_rule] = {.key = "rule",
                .title = "Rule",
                .flags = H,
                .priority = 9,
                .help = "name of the rule; slowdive manual rewrites lists them"},
    [R_severity] =
        {.key = "severity", .title = "Severity", .flags = H, .priority = 9, .help = "info, warn or bad"},
    [R_evidence] = {.key = "evidence",
                    .title = "Evidence",
                    .priority = 2,
                    .width = 20,
                    .help = "the planner's figures, with the indexes advised"},
    [R_share] = {.key = "saves_at_most_share",
                 .title = "of its cost",
                 .unit = UNIT_SHARE,
                 .priority = 1,
                 .help = "share of the statement's cost it can save at most"},
    [R_advice] = {.key = "advice", .title = "Advice", .flags = H, .priority = 9, .help = "what to do"},
    [R_before] =
        {.key = "before", .title = "Before", .flags = H, .priority = 9, .help = "the part that changes"},
    [R_after] = {.key = "after",
                 .title = "After",
                 .flags = COLUMN_GROW,
                 .width = 30,
                 .help = "what it becomes; unknown: it depends on more than the statement"},
    [R_statement] = {.key = "statement",
                     .title = "Rewritten",
                     .flags = H,
                     .priority = 9,
                     .help = "the whole statement rewritten; unknown: only the part can be given"},
    [R_caveat] = {.key = "caveat",
                  .title = "Caveat",
                  .flags = H,
                  .priority = 9,
                  .help = "where the rows are not the same; unknown: they are, NULLs included"},
    [R_check] =
        {.key = "check", .title = "Check", .flags = H, .priority = 9, .help = "how to see that it helped"},
};
const size_t advise_n_rewrite_columns = R_END;

static void facts(struct advise_rewrites *a)
{
    a->arena = arena_new();
    a->tables = arena_alloc(a->arena, (a->catalog->n + 1) * sizeof *a->tables);
    for (size_t i = 0; i < a->catalog->n; i++) {
        const struct catalog_relation *r = a->catalog->relations[i];
        struct sd_table *t = arena_alloc(a->arena, sizeof *t);
        schema_clear(schema_of(SD_TABLE), t);
        t->schema = r->schema;
        t->name = r->name;
        t->rows = r->rows;
        t->size_bytes = r->size_bytes;
        a->tables[a->n_tables++] = t;
    }
}

void advise_rewrites_of(struct advise_rewrites *a, const char *id, const char *sql, const char *plan)
{
    struct explain e;
    struct sd_error ignored;
    struct rewrite_list l;
    if (!plan || !explain_read(plan, strlen(plan), &e, &ignored))
        return;
    if (!a->arena)
        facts(a);
    struct plan_facts known = {.tables = a->tables, .n_tables = a->n_tables};
    struct rewrite_input in = {.sql = sql,
                               .plan = e.plans[0],
                               .facts = &known,
                               .catalog = a->catalog,
                               .show_literals = a->show_literals,
                               .mean_ns = NAN};
    rewrites(&in, &l);
    size_t n = 0;
    for (size_t i = 0; i < l.n;
         i++) /* where only an index on the expression helps, that is advised already */
        if (l.items[i].after)
            l.items[n++] = l.items[i];
    l.n = n;
    if (l.n && !a->place) {
        struct section *s =
            doc_table(a->doc, "rewrites", "Statements to write differently", advise_rewrite_columns, R_END);
        s->note = "no index helps these as they are; --format json has all of the text";
        a->place = a->doc->n_sections;
    }
    for (size_t i = 0; i < l.n; i++) {
        const struct rewrite *it = &l.items[i];
        struct doc *d = a->doc;
        struct row *row = doc_row(d, &d->sections[a->place - 1].table);
        row->severity = it->severity;
        row->cells[R_id] = cell_text(doc_text(d, id));
        row->cells[R_title] = cell_text(it->rule->title);
        row->cells[R_rule] = cell_text(it->rule->name);
        row->cells[R_severity] = cell_text(severity_name(it->severity));
        row->cells[R_evidence] = cell_text(doc_text(d, it->evidence));
        row->cells[R_share] = cell_real(it->saves_share);
        row->cells[R_advice] = cell_text(doc_text(d, it->advice));
        row->cells[R_before] = cell_text(doc_text(d, it->before));
        row->cells[R_after] = cell_text(doc_text(d, it->after));
        row->cells[R_statement] = cell_text(doc_text(d, it->statement));
        row->cells[R_caveat] = cell_text(doc_text(d, it->caveat));
        row->cells[R_check] = cell_text(doc_text(d, it->check));
    }
    rewrites_free(&l);
    explain_free(&e);
}

void advise_rewrites_done(struct advise_rewrites *a)
{
    arena_free(a->arena);
    a->arena = NULL;
}
