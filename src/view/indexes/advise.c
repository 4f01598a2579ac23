/* The indexes to have: what each is for, what it costs, and which could go. */
#include "view/indexes/advise.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "core/plans/advice.h"
#include "core/sql/statement.h"
#include "view/action.h"
#include "view/shared/common.h"

enum {
    I_TABLE,
    I_HOLDS,
    I_COLUMNS,
    I_INCLUDE,
    I_WHERE,
    I_SAVES,
    I_SHARE,
    I_SIZE,
    I_QUERIES_N,
    I_METHOD,
    I_BUILD,
    I_OVERHEAD,
    I_WRITES,
    I_QUERIES,
    I_PROVEN,
    I_UNPROVEN,
    I_LOCK,
    I_DDL,
    I_END
};

static const struct column INDEX_COLUMNS[I_END] = {
    [I_TABLE] = {.key = "table",
                 .title = "Table",
                 .flags = COLUMN_LEFT | COLUMN_ASCENDING,
                 .help = "table, with its schema"},
    [I_HOLDS] = {.key = "definition",
                 .title = "Columns",
                 .flags = COLUMN_LEFT | COLUMN_GROW,
                 .width = 24,
                 .help = "what it holds: keys, INCLUDE, condition"},
    [I_COLUMNS] = {.key = "columns",
                   .title = "Keys",
                   .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                   .priority = 9,
                   .help = "its keys in their order: names of columns, or expressions"},
    [I_INCLUDE] = {.key = "include",
                   .title = "Include",
                   .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                   .priority = 9,
                   .help = "names of the columns it only carries; null: none"},
    [I_WHERE] = {.key = "predicate",
                 .title = "Where",
                 .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                 .priority = 9,
                 .help = "the condition of a partial index; null: of the whole table"},
    [I_SAVES] = {.key = "saves_cost",
                 .title = "Saves",
                 .unit = UNIT_COST,
                 .help = "planner cost the workload would lose without it, weighted"},
    [I_SHARE] = {.key = "saves_share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .priority = 1,
                 .help = "the same as a share of the workload's cost without advice"},
    [I_SIZE] = {.key = "size_bytes",
                .title = "Size",
                .unit = UNIT_BYTES,
                .help = "size once built, by slowdive's own B-tree model; null: of gin, gist and spgist it "
                        "is not predicted"},
    [I_QUERIES_N] = {.key = "n_queries",
                     .title = "Queries",
                     .unit = UNIT_COUNT,
                     .priority = 2,
                     .help = "statements that get cheaper by it"},
    [I_METHOD] = {.key = "method",
                  .title = "Method",
                  .flags = COLUMN_LEFT,
                  .priority = 4,
                  .help = "btree, hash, brin, gin, gist, spgist"},
    [I_BUILD] = {.key = "build",
                 .title = "Build",
                 .flags = COLUMN_LEFT,
                 .priority = 3,
                 .help = "how long building it takes: seconds, minutes, hours"},
    [I_OVERHEAD] = {.key = "write_overhead",
                    .title = "Writes",
                    .unit = UNIT_SHARE,
                    .priority = 3,
                    .help = "bytes it adds to a written row, as a share of the row: (8 + keys) / (27 + row)"},
    [I_WRITES] =
        {.key = "writes",
         .title = "Written",
         .unit = UNIT_COUNT,
         .flags = COLUMN_HIDDEN,
         .priority = 9,
         .help =
             "rows inserted, deleted or updated since the statistics were reset; each insert and each update "
             "that is not HOT writes to it"},
    [I_QUERIES] = {.key = "queries",
                   .title = "Queries",
                   .flags = COLUMN_HIDDEN,
                   .priority = 9,
                   .help = "what it is for: query_id, cost_before, cost_after"},
    [I_PROVEN] = {.key = "proven",
                  .title = "Proven",
                  .flags = COLUMN_HIDDEN,
                  .priority = 9,
                  .help = "the planner itself chose it (HypoPG); false: an estimate of slowdive's own"},
    [I_UNPROVEN] = {.key = "unproven",
                    .title = "Unproven",
                    .flags = COLUMN_HIDDEN,
                    .priority = 9,
                    .help = "the planner could not be asked about it: the opposite of proven"},
    [I_LOCK] = {.key = "lock",
                .title = "Lock",
                .flags = COLUMN_HIDDEN,
                .priority = 9,
                .help = "what building it waits for"},
    [I_DDL] = {.language = &sql_language,
               .key = "ddl",
               .title = "DDL",
               .flags = COLUMN_HIDDEN | COLUMN_LEFT,
               .priority = 9,
               .help = "the statement to run; slowdive never runs it"},
};

enum { Q_ID, Q_WEIGHT, Q_BEFORE, Q_AFTER, Q_SHARE, Q_TEXT, Q_PROBLEM, Q_END };
static const struct column QUERY_COLUMNS[Q_END] = {
    [Q_ID] = {.key = "query_id",
              .title = "Query",
              .flags = COLUMN_LEFT | COLUMN_ASCENDING,
              .help = "the server's query identifier, or the file it is in"},
    [Q_WEIGHT] = {.key = "weight",
                  .title = "Weight",
                  .unit = UNIT_COUNT,
                  .priority = 2,
                  .help = "how often it counts: calls, occurrences, weights.tsv"},
    [Q_BEFORE] = {.key = "cost_before",
                  .title = "Before",
                  .unit = UNIT_COST,
                  .help = "planner cost of one call"},
    [Q_AFTER] = {.key = "cost_after",
                 .title = "After",
                 .unit = UNIT_COST,
                 .help = "the same with the indexes"},
    [Q_SHARE] =
        {.key = "cost_share", .title = "Left", .unit = UNIT_SHARE, .priority = 1, .help = "after / before"},
    [Q_TEXT] = {.language = &sql_language,
                .key = "text",
                .title = "Statement",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .priority = 3,
                .width = 24,
                .help = "statement, on one line"},
    [Q_PROBLEM] = {.key = "problem",
                   .title = "Problem",
                   .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                   .priority = 9,
                   .help = "why it was left out"},
};

static const struct column NAME_COLUMN[] = {{.key = "name", .title = "Column"}};

static const struct column FOR_COLUMNS[] = {
    {.key = "query_id", .title = "Query", .flags = COLUMN_LEFT, .help = "which statement"},
    {.key = "cost_before",
     .title = "Before",
     .unit = UNIT_COST,
     .help = "planner cost of one call without any of the suggested indexes"},
    {.key = "cost_after", .title = "After", .unit = UNIT_COST, .help = "with all of them"},
};

enum { W_INDEX, W_TABLE, W_KIND, W_KEEPER, W_SIZE, W_SCANS, W_SINCE, W_DDL, W_END };
static const struct column WASTE_COLUMNS[W_END] = {
    [W_INDEX] =
        {.key = "index", .title = "Index", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 20, .help = "name"},
    [W_TABLE] = {.key = "table", .title = "Table", .flags = COLUMN_LEFT, .priority = 1, .help = "its table"},
    [W_KIND] = {.key = "reason",
                .title = "Reason",
                .flags = COLUMN_LEFT,
                .help = "unused, duplicate, prefix (of a wider one), invalid"},
    [W_KEEPER] = {.key = "kept",
                  .title = "Kept",
                  .flags = COLUMN_LEFT,
                  .priority = 2,
                  .help = "the index that does its work"},
    [W_SIZE] = {.key = "size_bytes", .title = "Size", .unit = UNIT_BYTES, .help = "size"},
    [W_SCANS] = {.key = "scans",
                 .title = "Scans",
                 .unit = UNIT_COUNT,
                 .priority = 3,
                 .help = "scans since the statistics were reset"},
    [W_SINCE] = {.key = "since",
                 .title = "Since",
                 .unit = UNIT_TIME,
                 .priority = 3,
                 .help = "when the statistics were reset; null: never"},
    [W_DDL] = {.language = &sql_language,
               .key = "ddl",
               .title = "DDL",
               .flags = COLUMN_HIDDEN | COLUMN_LEFT,
               .priority = 9,
               .help = "the statement that would drop it; slowdive never runs it"},
};

/* What a document is made of. */
struct making {
    struct doc *doc;
    const struct advice_entry *e;
    struct view_ctx ctx; /* whether literals may be shown; the model, where there is one */
};

static const char *qualified(struct doc *d, const char *schema, const char *name)
{
    struct strbuf b = {0};
    sql_quote(schema ? schema : "", &b);
    strbuf_char(&b, '.');
    sql_quote(name ? name : "", &b);
    const char *s = doc_text(d, b.text);
    strbuf_free(&b);
    return s;
}

static struct cell flag(int64_t v)
{
    return sd_known(v) ? cell_bool(v != 0) : cell_unknown();
}

/* ---- indexes ---- */

static const char *build_class(int64_t ns)
{
    return !sd_known(ns) ? NULL : ns < 60 * SD_S ? "seconds" : ns < 3600 * SD_S ? "minutes" : "hours";
}

static struct cell names(struct doc *d, const struct sd_texts *list)
{
    struct table *t = list ? doc_list(d, NAME_COLUMN, 1) : NULL;
    for (uint32_t i = 0; t && i < list->n; i++)
        doc_row(d, t)->cells[0] = cell_text(doc_text(d, list->items[i]));
    return cell_list(t);
}

/* A partitioned table takes no index concurrently. */
static const char *lock_note(const struct sd_workload_index *x)
{
    return x->partitioned > 0
               ? "SHARE: writes wait until it is built on every partition; without that: CREATE INDEX ... ON "
                 "ONLY "
                 "the table, CREATE INDEX CONCURRENTLY on each partition, then ALTER INDEX ... ATTACH "
                 "PARTITION"
               : "SHARE UPDATE EXCLUSIVE: reads and writes go on; it waits for transactions that are older";
}

/* The statements it is for. */
static struct table *list_statements(struct making *m, const struct sd_workload_index *x)
{
    struct table *list = doc_list(m->doc, FOR_COLUMNS, ARRAY_LEN(FOR_COLUMNS));
    uint32_t at = 0;
    for (size_t q = 0; x->statements && q < m->e->n_statements && at < x->statements->n; q++) {
        const struct sd_workload_statement *s = m->e->statements[q];
        if (s->number != x->statements->items[at]) /* both are in the order of numbers */
            continue;
        at++;
        struct cell *v = doc_row(m->doc, list)->cells;
        v[0] = cell_text(doc_text(m->doc, s->id));
        v[1] = cell_real(s->cost_before);
        v[2] = cell_real(s->cost_after);
    }
    return list;
}

static void add_index(struct making *m, struct table *t, const struct sd_workload_index *x,
                      struct strbuf *ddl)
{
    struct doc *d = m->doc;
    double before = m->e->whole->cost_before;
    struct table *list = list_statements(m, x);
    struct row *row = doc_row(d, t);
    struct cell *v = row->cells;
    v[I_TABLE] = cell_text(qualified(d, x->schema, x->table));
    v[I_HOLDS] = cell_text(doc_text(d, x->holds));
    v[I_COLUMNS] = names(d, x->keys);
    v[I_INCLUDE] = names(d, x->include);
    v[I_WHERE] = cell_text(doc_text(d, x->predicate));
    v[I_SAVES] = cell_real(x->saves_cost);
    v[I_SHARE] = cell_real(before > 0 ? x->saves_cost / before : NAN);
    v[I_SIZE] = cell_int(x->size_bytes);
    v[I_QUERIES_N] = cell_int((int64_t)list->n_rows);
    v[I_METHOD] = cell_text(doc_text(d, x->method));
    v[I_BUILD] = cell_text(build_class(x->build_ns));
    v[I_OVERHEAD] = cell_real(x->write_overhead);
    v[I_WRITES] = cell_int(x->writes);
    v[I_QUERIES] = cell_list(list);
    v[I_PROVEN] = flag(x->proven);
    v[I_UNPROVEN] = flag(sd_known(x->proven) ? x->proven == 0 : SD_UNKNOWN);
    v[I_LOCK] = cell_text(lock_note(x));
    if (!x->ddl || !sql_builds_index(x->ddl))
        return;
    v[I_DDL] = cell_text(doc_text(d, x->ddl));
    row->copy = doc_text(d, x->ddl);
    strbuf_printf(ddl, "%s;\n", x->ddl);
}

static const char *proof(struct making *m)
{
    const struct sd_workload *w = m->e->whole;
    const char *unsized = NULL;
    for (size_t i = 0; i < m->e->n_indexes && !unsized; i++)
        if (!sd_known(m->e->indexes[i]->size_bytes))
            unsized = m->e->indexes[i]->method;
    if (w->proven <= 0)
        return doc_printf(m->doc, "unproven: %s%s%s%s",
                          w->unproven ? w->unproven : "the planner was not asked",
                          unsized ? "; the size of a " : "", unsized ? unsized : "",
                          unsized ? " index is not predicted" : "");
    return unsized ? doc_printf(m->doc,
                                "proven with HypoPG; %s unproven: HypoPG does not know it; the size of a %s "
                                "index is not predicted",
                                unsized, unsized)
                   : "proven with HypoPG";
}

static void add_indexes(struct making *m)
{
    struct doc *d = m->doc;
    struct section *sec = doc_table(d, "indexes", "Indexes to create", INDEX_COLUMNS, I_END);
    struct strbuf ddl = {0};
    d->focus = (int)d->n_sections - 1;
    sec->weight = 2;
    sec->empty = "No index is suggested: none would make these statements noticeably cheaper.";
    for (size_t i = 0; i < m->e->n_indexes; i++)
        add_index(m, &sec->table, m->e->indexes[i], &ddl);
    if (m->e->n_indexes) {
        sec->note = proof(m);
        struct section *text = doc_section(d, SECTION_TEXT, NULL, "To run, outside of a transaction");
        text->text = doc_text(d, ddl.text);
        text->language = &sql_language;
    }
    strbuf_free(&ddl);
}

/* ---- statements ---- */

/* On one line, literals hidden unless they were given or may be shown. */
static const char *shown(struct making *m, const char *sql)
{
    char *text = mem_strdup(common_sql(m->doc, &m->ctx, sql, false));
    for (char *s = text; s && *s; s++)
        if (*s == '\n' || *s == '\t' || *s == '\r')
            *s = ' ';
    const char *own = doc_text(m->doc, text);
    free(text);
    return own;
}

/* To the query itself, where the console knows it. */
static struct dive to_query(struct making *m, const struct sd_workload_statement *s)
{
    const struct sd_workload *w = m->e->whole;
    if (!m->ctx.model || w->given > 0 || !w->database || !s->id)
        return (struct dive){0};
    const char *key = doc_printf(m->doc, "%s/%s", w->database, s->id);
    return model_find_query(m->ctx.model, key) ? (struct dive){.view = "query", .arg = key}
                                               : (struct dive){0};
}

static void add_queries(struct making *m)
{
    struct doc *d = m->doc;
    struct section *sec = doc_table(d, "queries", "Statements", QUERY_COLUMNS, Q_END);
    sec->weight = 1;
    sec->empty = "There is no statement to advise on.";
    size_t left_out = 0;
    for (size_t q = 0; q < m->e->n_statements; q++) {
        const struct sd_workload_statement *s = m->e->statements[q];
        struct row *row = doc_row(d, &sec->table);
        struct cell *v = row->cells;
        row->dive = to_query(m, s);
        v[Q_ID] = cell_text(doc_text(d, s->id));
        v[Q_WEIGHT] = cell_real(s->weight);
        v[Q_TEXT] = cell_text(shown(m, s->text));
        v[Q_PROBLEM] = cell_text(doc_text(d, s->problem));
        v[Q_BEFORE] = cell_real(s->cost_before);
        v[Q_AFTER] = cell_real(s->cost_after);
        v[Q_SHARE] = cell_real(s->cost_before > 0 ? s->cost_after / s->cost_before : NAN);
        left_out += s->problem != NULL;
    }
    if (left_out)
        sec->note = doc_printf(d, "%zu left out: --format json says why", left_out);
}

/* ---- indexes to drop ---- */

static void add_waste_row(struct making *m, struct table *t, const struct sd_workload_waste *w)
{
    struct doc *d = m->doc;
    struct row *row = doc_row(d, t);
    struct cell *v = row->cells;
    v[W_INDEX] = cell_text(doc_text(d, w->name));
    v[W_TABLE] = cell_text(qualified(d, w->schema, w->table));
    v[W_KIND] = cell_text(doc_text(d, w->reason));
    v[W_KEEPER] = cell_text(doc_text(d, w->kept));
    v[W_SIZE] = cell_int(w->size_bytes);
    v[W_SCANS] = cell_int(w->idx_scan);
    v[W_SINCE] = cell_int(m->e->whole->since);
    char *drop = mem_printf("DROP INDEX CONCURRENTLY %s", qualified(d, w->schema, w->name));
    char *line = sql_one_line(drop);
    v[W_DDL] = cell_text(doc_text(d, line));
    row->copy = doc_text(d, line);
    free(line);
    free(drop);
}

static void add_waste(struct making *m, bool unused)
{
    struct doc *d = m->doc;
    struct section *sec =
        doc_table(d, unused ? "unused" : "redundant",
                  unused ? "Indexes nothing uses" : "Indexes another one replaces", WASTE_COLUMNS, W_END);
    const struct sd_workload *whole = m->e->whole;
    char when[CLOCK_TEXT_MAX];
    sec->empty = unused ? "None. Unique indexes, constraints and those below 1 MB are never listed."
                        : "None. Unique indexes and constraints are never listed.";
    if (unused && sd_known(whole->since))
        sec->note = doc_printf(d, "counted since %s%s", clock_rfc3339(whole->since, when),
                               whole->has_replicas > 0 ? "; scans on replicas are not counted here" : "");
    else if (unused && whole->has_replicas > 0)
        sec->note = "scans on replicas are not counted here";
    for (size_t i = 0; i < m->e->n_waste; i++)
        if (str_eq(m->e->waste[i]->reason, "unused") == unused)
            add_waste_row(m, &sec->table, m->e->waste[i]);
}

/* ---- in words ---- */

static void say_costs(const struct advice_entry *e, struct strbuf *b)
{
    char before[UNIT_TEXT_MAX], after[UNIT_TEXT_MAX], size[UNIT_TEXT_MAX], share[UNIT_TEXT_MAX];
    const struct sd_workload *w = e->whole;
    unit_format(UNIT_COST, w->cost_before, before);
    if (isnan(w->cost_before)) {
        strbuf_str(b, "No statement reads a table that can have an index: there is nothing to advise.");
        return;
    }
    if (!e->n_indexes) {
        strbuf_printf(b, "The workload's cost is %s; no index would lower it noticeably.", before);
        return;
    }
    strbuf_printf(b, "%zu index%s of %s bring the workload from cost %s to %s: %s of what it was.",
                  e->n_indexes, e->n_indexes == 1 ? "" : "es",
                  unit_format_int(UNIT_BYTES, w->size_bytes, size), before,
                  unit_format(UNIT_COST, w->cost_after, after),
                  unit_format(UNIT_SHARE, w->cost_after / w->cost_before, share));
}

static void say_next(const struct sd_workload *w, struct strbuf *b)
{
    char size[UNIT_TEXT_MAX], share[UNIT_TEXT_MAX];
    if (sd_known(w->next_bytes))
        strbuf_printf(b, " The next step is at a budget of %s: %s, to %s.",
                      unit_format_int(UNIT_BYTES, w->next_bytes, size), w->next_index ? w->next_index : "?",
                      unit_format(UNIT_SHARE, w->next_cost / w->cost_before, share));
}

static const char *summary(struct making *m)
{
    const struct sd_workload *w = m->e->whole;
    char took[UNIT_TEXT_MAX];
    struct strbuf b = {0};
    say_costs(m->e, &b);
    say_next(w, &b);
    strbuf_str(&b, w->proven > 0 ? "\nProven by the planner with HypoPG" : "\nUnproven: ");
    if (w->proven <= 0)
        strbuf_printf(&b, "%s; the costs with indexes are slowdive's own estimates",
                      w->unproven ? w->unproven : "the planner was not asked");
    strbuf_printf(&b, ", %lld plans asked for in %s%s.", (long long)MAX(w->calls, 0),
                  unit_format_int(UNIT_NS, w->elapsed_ns, took),
                  w->cut_short > 0 ? "; the search was cut short, more time could find better" : "");
    for (uint32_t i = 0; w->notes && i < w->notes->n; i++)
        strbuf_printf(&b, "\n%s", w->notes->items[i] ? w->notes->items[i] : "");
    const char *s = doc_text(m->doc, b.text);
    strbuf_free(&b);
    return s;
}

/* ---- the document ---- */

static void add_envelope(struct making *m)
{
    struct doc *d = m->doc;
    const struct sd_workload *w = m->e->whole;
    int64_t budget = sd_known(w->budget_bytes) ? w->budget_bytes : NUM_MAX;
    doc_field(d, "database", UNIT_NONE, cell_text(doc_text(d, w->database)));
    doc_field(d, "workload", UNIT_NONE, cell_text(doc_text(d, w->name)));
    doc_field(d, "cost_before", UNIT_COST, cell_real(w->cost_before));
    doc_field(d, "cost_after", UNIT_COST, cell_real(w->cost_after));
    doc_field(d, "size_bytes", UNIT_BYTES, cell_int(w->size_bytes));
    doc_field(d, "budget_bytes", UNIT_BYTES, cell_int(budget));
    doc_field(d, "next_budget_bytes", UNIT_BYTES, cell_int(w->next_bytes));
    doc_field(d, "next_cost", UNIT_COST, cell_real(w->next_cost));
    doc_field(d, "proven", UNIT_NONE, flag(w->proven));
    doc_field(d, "cut_short", UNIT_NONE, flag(w->cut_short));
    doc_field(d, "what_if_calls", UNIT_COUNT, cell_int(w->calls));
    doc_field(d, "elapsed_ns", UNIT_NS, cell_int(w->elapsed_ns));
}

static void make(struct doc *d, const struct advice_entry *e, const struct view_ctx *c)
{
    struct making m = {.doc = d, .e = e, .ctx = *c};
    m.ctx.show_literals = c->show_literals || e->whole->given > 0;
    add_envelope(&m);
    doc_section(d, SECTION_TEXT, NULL, "Index advice")->text = summary(&m);
    add_indexes(&m);
    add_queries(&m);
    add_waste(&m, true);
    add_waste(&m, false);
    advise_add_rewrites(d, e);
}

struct doc *advise_reply(const struct sd_batch *reply, bool show_literals, struct sd_error *err)
{
    size_t i = 0, k = 0;
    const struct sd_workload *whole = batch_each(reply, SD_WORKLOAD, &i);
    const struct sd_failure *failure = batch_each(reply, SD_FAILURE, &k);
    if (!whole) {
        fail(err, "%s", failure && failure->text ? failure->text : "the server gave no advice");
        return NULL;
    }
    struct doc *d = doc_new("advise", "Index advice");
    struct advice_entry e;
    model_advice_of(reply, whole, d->arena, &e);
    make(d, &e, &(struct view_ctx){.show_literals = show_literals});
    return d;
}

/* ---- the view ---- */

static const char *none(struct doc *d, const struct view_ctx *c)
{
    const char *key = view_key(c, d, "find-index");
    if (c->arg)
        d->missing = doc_printf(d, "There is no index advice for %s", c->arg);
    return doc_printf(d, "There is no index advice%s%s yet.%s%s%s", c->arg ? " for " : "",
                      c->arg ? c->arg : "", key ? " " : "", key ? key : "",
                      key ? " searches for the indexes that the statements of a database miss."
                          : " slowdive advise postgres://USER@HOST/DATABASE searches for it.");
}

static struct doc *build(const struct view_ctx *c)
{
    struct doc *d = doc_new("advise", "Index advice");
    const struct advice_entry *e = model_advice(c->model, c->arg, c->now);
    if (e && e->failed)
        doc_section(d, SECTION_TEXT, NULL, "The last search")->text =
            doc_text(d, e->failed->text ? e->failed->text : "It gave nothing, and no reason.");
    if (e && e->whole) {
        d->title = doc_printf(d, "Index advice for %s", e->name);
        make(d, e, c);
    } else if (!e) {
        doc_section(d, SECTION_TEXT, NULL, "Index advice")->text = none(d, c);
    }
    return d;
}

static const char *subject(const struct model *m, size_t i)
{
    const struct advice_entry *e = model_advice_nth(m, i);
    return e ? e->name : NULL;
}

static const struct column ALSO[] = {
    {.key = "database", .title = "Database", .help = "name of the database"},
    {.key = "workload",
     .title = "Workload",
     .help = "where the statements are from: pg_stat_statements, or a file"},
    {.key = "cost_before", .title = "Before", .help = "planner's cost of all statements, weighted"},
    {.key = "cost_after", .title = "After", .help = "the same with the indexes"},
    {.key = "size_bytes", .title = "Size", .help = "what the indexes take"},
    {.key = "budget_bytes", .title = "Budget", .help = "what they may take; without one, the largest number"},
    {.key = "next_budget_bytes",
     .title = "Next",
     .help = "the budget from which on there is a better choice; null: none"},
    {.key = "next_cost", .title = "Next cost", .help = "the cost with that"},
    {.key = "proven", .title = "Proven", .help = "whether the planner was asked (HypoPG)"},
    {.key = "cut_short", .title = "Cut short", .help = "whether more time could find better"},
    {.key = "what_if_calls", .title = "Plans", .help = "plans that were asked for"},
    {.key = "elapsed_ns", .title = "Took", .help = "time the search took"},
    {.key = "queries",
     .title = "Queries",
     .help = "the statements: query_id, weight, cost_before, cost_after, cost_share, text, problem"},
    {.key = "unused", .title = "Unused", .help = "indexes nothing uses, with the statement that drops each"},
    {.key = "redundant", .title = "Redundant", .help = "likewise those another one replaces"},
    {.key = "rewrites",
     .title = "Rewrites",
     .help = "statements no index helps, and how to write them; absent: there are none"},
};

const struct view advise_view = {
    .name = "advise",
    .aliases = "missing",
    .place = PLACE_DB,
    .title = "Index advice",
    .summary = "the indexes that the statements of a database miss, and those it could do without",
    .about = "database",
    .subject = subject,
    .needs = SD_KIND_BIT(SD_WORKLOAD),
    .made_of = SD_KIND_BIT(SD_WORKLOAD) | SD_KIND_BIT(SD_FAILURE),
    .build = build,
    .actions = advise_actions,
    .columns = INDEX_COLUMNS,
    .n_columns = I_END,
    .rows = "indexes",
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
