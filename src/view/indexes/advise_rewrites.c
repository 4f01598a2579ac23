/* Statements that should be written differently, since no index helps them. */
#include "view/indexes/advise.h"

#include "view/shared/common.h"

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
                 .title = "Rewrite",
                 .flags = COLUMN_NO_JSON,
                 .width = 24,
                 .help = "what the rule finds"},
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
    [R_before] = {.language = &sql_language,
                  .key = "before",
                  .title = "Before",
                  .flags = H,
                  .priority = 9,
                  .help = "the part that changes"},
    [R_after] = {.language = &sql_language,
                 .key = "after",
                 .title = "After",
                 .flags = COLUMN_GROW,
                 .width = 30,
                 .help = "the part rewritten; unknown: it depends on more than the statement"},
    [R_statement] = {.language = &sql_language,
                     .key = "statement",
                     .title = "Rewritten",
                     .flags = H,
                     .priority = 9,
                     .help = "the whole statement rewritten; unknown: only the part can be given"},
    [R_caveat] = {.key = "caveat",
                  .title = "Caveat",
                  .flags = H,
                  .priority = 9,
                  .help = "when the rows differ; unknown: they are the same, also with NULLs"},
    [R_check] =
        {.key = "check", .title = "Check", .flags = H, .priority = 9, .help = "how to see that it helped"},
};
const size_t advise_n_rewrite_columns = R_END;

static enum severity severity_of(const char *name)
{
    for (enum severity s = SEVERITY_INFO; s <= SEVERITY_BAD; s++)
        if (str_eq(severity_name(s), name))
            return s;
    return SEVERITY_NONE;
}

static const char *id_of(const struct advice_entry *e, int64_t number)
{
    for (size_t i = 0; i < e->n_statements; i++)
        if (e->statements[i]->number == number)
            return e->statements[i]->id;
    return NULL;
}

void advise_add_rewrites(struct doc *d, const struct advice_entry *e)
{
    if (!e->n_rewrites)
        return;
    struct section *s = doc_table(d, "rewrites", "Statements to rewrite", advise_rewrite_columns, R_END);
    s->note = "no index helps these statements as written; --format json has the full text";
    for (size_t i = 0; i < e->n_rewrites; i++) {
        const struct sd_workload_rewrite *r = e->rewrites[i];
        struct row *row = doc_row(d, &s->table);
        row->severity = severity_of(r->severity);
        row->copy = statement_line(d, r->statement);
        row->cells[R_id] = cell_text(doc_text(d, id_of(e, r->number)));
        row->cells[R_title] = cell_text(doc_text(d, r->title));
        row->cells[R_rule] = cell_text(doc_text(d, r->rule));
        row->cells[R_severity] = cell_text(doc_text(d, r->severity));
        row->cells[R_evidence] = cell_text(doc_text(d, r->evidence));
        row->cells[R_share] = cell_real(r->saves_share);
        row->cells[R_advice] = cell_text(doc_text(d, r->advice));
        row->cells[R_before] = cell_text(doc_text(d, r->before));
        row->cells[R_after] = cell_text(doc_text(d, r->after));
        row->cells[R_statement] = cell_text(doc_text(d, r->statement));
        row->cells[R_caveat] = cell_text(doc_text(d, r->caveat));
        row->cells[R_check] = cell_text(doc_text(d, r->check));
    }
}
