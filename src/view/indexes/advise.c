/* The indexes to have: what each is for, what it costs, and which could go. */
#include "view/indexes/advise.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/sql/statement.h"
#include "core/plans/advice.h"
#include "core/indexes/size.h"
#include "base/num.h"

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
    I_LOCK,
    I_DDL,
    I_END
};

const struct column advise_index_columns[I_END] = {
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
                .help =
                    "size once built, by slowdive's own B-tree model; null: a GIN index's is not predicted"},
    [I_QUERIES_N] = {.key = "n_queries",
                     .title = "Queries",
                     .unit = UNIT_COUNT,
                     .priority = 2,
                     .help = "statements that get cheaper by it"},
    [I_METHOD] =
        {.key = "method", .title = "Method", .flags = COLUMN_LEFT, .priority = 4, .help = "btree, brin, gin"},
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
         .help = "rows inserted, deleted or updated since the statistics began; each insert and each update "
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
    [I_LOCK] = {.key = "lock",
                .title = "Lock",
                .flags = COLUMN_HIDDEN,
                .priority = 9,
                .help = "what building it waits for"},
    [I_DDL] = {.key = "ddl",
               .title = "DDL",
               .flags = COLUMN_HIDDEN | COLUMN_LEFT,
               .priority = 9,
               .help = "the statement to run; slowdive never runs it"},
};
const size_t advise_n_index_columns = I_END;

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
    [Q_TEXT] = {.key = "text",
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
                 .help = "scans since the statistics began"},
    [W_SINCE] = {.key = "since",
                 .title = "Since",
                 .unit = UNIT_TIME,
                 .priority = 3,
                 .help = "when the statistics began; null: as long as the server keeps them"},
    [W_DDL] = {.key = "ddl",
               .title = "DDL",
               .flags = COLUMN_HIDDEN | COLUMN_LEFT,
               .priority = 9,
               .help = "the statement that would drop it; slowdive never runs it"},
};

static const char *qualified(struct doc *d, const char *schema, const char *name)
{
    struct strbuf b = {0};
    sql_quote(schema, &b);
    strbuf_char(&b, '.');
    sql_quote(name, &b);
    const char *s = doc_text(d, b.text);
    strbuf_free(&b);
    return s;
}

static int64_t whole(double v)
{
    return v >= 0 ? real_to_int(v) : SD_UNKNOWN;
}

/* Sorting and writing some 50 MB a second, reading the table some 100. */
static const char *build_class(const struct index_def *d, double size)
{
    double seconds = (isnan(d->rel->pages) ? 0 : d->rel->pages * 8192) / 100e6 + size / 50e6;
    return seconds < 60 ? "seconds" : seconds < 3600 ? "minutes" : "hours";
}

static double writes_of(const struct catalog_relation *r)
{
    double updates = r->updates - (isnan(r->hot_updates) ? 0 : r->hot_updates);
    return r->inserts + updates;
}

static const char *holds(struct doc *d, const struct index_def *def)
{
    struct strbuf b = {0};
    index_def_columns(def, &b);
    if (def->predicate)
        strbuf_printf(&b, " WHERE %s", def->predicate);
    const char *s = doc_text(d, b.text);
    strbuf_free(&b);
    return s;
}

static struct cell keys(struct doc *d, const struct index_def *def)
{
    struct table *names = doc_list(d, NAME_COLUMN, 1);
    for (size_t i = 0; i < def->n_keys; i++) {
        const struct index_key *k = &def->keys[i];
        const char *name = k->column >= 0 ? def->rel->columns[k->column].name : k->expr;
        doc_row(d, names)->cells[0] = cell_text(doc_text(d, name));
    }
    return cell_list(names);
}

static struct cell included(struct doc *d, const struct index_def *def)
{
    struct table *names = doc_list(d, NAME_COLUMN, 1);
    for (size_t i = 0; i < def->n_include; i++)
        doc_row(d, names)->cells[0] = cell_text(doc_text(d, def->rel->columns[def->include[i]].name));
    return def->n_include ? cell_list(names) : cell_unknown();
}

/* A partitioned table takes no index concurrently. */
static const char *lock_note(const struct index_def *def)
{
    return def->rel->kind == 'p'
               ? "SHARE: writes wait until it is built on every partition; without that: CREATE INDEX ... ON "
                 "ONLY "
                 "the table, CREATE INDEX CONCURRENTLY on each partition, then ALTER INDEX ... ATTACH "
                 "PARTITION"
               : "SHARE UPDATE EXCLUSIVE: reads and writes go on; it waits for transactions that are older";
}

static void add_indexes(struct doc *d, const struct advise_report *r)
{
    struct choice *c = r->choice;
    struct section *sec = doc_table(d, "indexes", "Indexes to create", advise_index_columns, I_END);
    sec->weight = 2;
    sec->empty = "No index is suggested: none would make these statements noticeably cheaper.";
    char **names = mem_array(c->n_chosen + 1, sizeof *names);
    struct strbuf ddl_all = {0};
    for (size_t i = 0; i < c->n_chosen; i++) {
        const struct index_def *def = &c->pool.items[c->chosen[i]];
        double size = c->sizes[c->chosen[i]];
        names[i] = index_def_name(def, r->catalog, (const char *const *)names, i);
        struct strbuf ddl = {0};
        index_def_ddl(def, names[i], &ddl);
        struct table *list = doc_list(d, FOR_COLUMNS, ARRAY_LEN(FOR_COLUMNS));
        for (size_t q = 0; q < r->n_statements; q++) {
            const struct advise_statement *s = &r->statements[q];
            if (s->place == SIZE_MAX || isnan(c->statements[s->place].after))
                continue;
            double after = c->statements[s->place].after;
            if (index_choice_cost(c, s->place, i) < after * 1.001 + 1e-6)
                continue;
            struct cell *v = doc_row(d, list)->cells;
            v[0] = cell_text(doc_text(d, s->id));
            v[1] = cell_real(c->statements[s->place].before);
            v[2] = cell_real(after);
        }
        struct row *row = doc_row(d, &sec->table);
        struct cell *v = row->cells;
        v[I_TABLE] = cell_text(qualified(d, def->rel->schema, def->rel->name));
        v[I_HOLDS] = cell_text(holds(d, def));
        v[I_COLUMNS] = keys(d, def);
        v[I_INCLUDE] = included(d, def);
        v[I_WHERE] = cell_text(doc_text(d, def->predicate));
        v[I_SAVES] = cell_real(c->gains[i]);
        v[I_SHARE] = cell_real(c->before > 0 ? c->gains[i] / c->before : NAN);
        v[I_SIZE] = cell_int(def->method == INDEX_GIN ? SD_UNKNOWN : whole(size));
        v[I_QUERIES_N] = cell_int((int64_t)list->n_rows);
        v[I_METHOD] = cell_text(index_method_name(def->method));
        v[I_BUILD] = cell_text(build_class(def, size));
        v[I_OVERHEAD] = cell_real(index_size_write_overhead(def));
        v[I_WRITES] = cell_int(whole(writes_of(def->rel)));
        v[I_QUERIES] = cell_list(list);
        v[I_PROVEN] = cell_bool(r->proven && def->method != INDEX_GIN);
        v[I_LOCK] = cell_text(lock_note(def));
        if (sql_creates_index(ddl.text)) {
            v[I_DDL] = cell_text(doc_text(d, ddl.text));
            row->copy = doc_text(d, ddl.text);
            strbuf_printf(&ddl_all, "%s;\n", ddl.text);
        }
        strbuf_free(&ddl);
    }
    if (c->n_chosen) {
        bool gin = false;
        for (size_t i = 0; i < c->n_chosen; i++)
            gin = gin || c->pool.items[c->chosen[i]].method == INDEX_GIN;
        sec->note =
            !r->proven ? doc_printf(d, "unproven: %s%s", r->unproven,
                                    gin ? "; the size of a GIN index is not predicted" : "")
            : gin ? "proven with HypoPG; gin unproven: HypoPG does not know it; the size of a GIN index is "
                    "not predicted"
                  : "proven with HypoPG";
        struct section *text = doc_section(d, SECTION_TEXT, NULL, "To run, outside of a transaction");
        text->text = doc_text(d, ddl_all.text);
    }
    strbuf_free(&ddl_all);
    for (size_t i = 0; i < c->n_chosen; i++)
        free(names[i]);
    free(names);
}

static void add_queries(struct doc *d, const struct advise_report *r)
{
    struct section *sec = doc_table(d, "queries", "Statements", QUERY_COLUMNS, Q_END);
    sec->weight = 1;
    sec->empty = "There is no statement to advise on.";
    size_t left_out = 0;
    for (size_t q = 0; q < r->n_statements; q++) {
        const struct advise_statement *s = &r->statements[q];
        struct row *row = doc_row(d, &sec->table);
        struct cell *v = row->cells;
        v[Q_ID] = cell_text(doc_text(d, s->id));
        v[Q_WEIGHT] = cell_real(s->weight);
        v[Q_TEXT] = cell_text(doc_text(d, s->text));
        v[Q_PROBLEM] = cell_text(doc_text(d, s->problem));
        left_out += s->problem != NULL;
        if (s->place == SIZE_MAX)
            continue;
        const struct choice_statement *cs = &r->choice->statements[s->place];
        v[Q_BEFORE] = cell_real(cs->before);
        v[Q_AFTER] = cell_real(cs->after);
        v[Q_SHARE] = cell_real(cs->before > 0 ? cs->after / cs->before : NAN);
    }
    if (left_out)
        sec->note = doc_printf(d, "%zu left out: --format json says why", left_out);
}

static void add_waste(struct doc *d, const struct advise_report *r, bool unused)
{
    struct section *sec =
        doc_table(d, unused ? "unused" : "redundant",
                  unused ? "Indexes nothing uses" : "Indexes another one replaces", WASTE_COLUMNS, W_END);
    const struct catalog *c = r->catalog;
    char when[CLOCK_TEXT_MAX];
    sec->empty = unused ? "None. Unique indexes, constraints and those below 1 MB are never listed."
                        : "None. Unique indexes and constraints are never listed.";
    if (unused && c->stats_since != SD_UNKNOWN)
        sec->note = doc_printf(d, "counted since %s%s", clock_rfc3339(c->stats_since, when),
                               c->has_replicas ? "; scans on replicas are not counted here" : "");
    else if (unused && c->has_replicas)
        sec->note = "scans on replicas are not counted here";
    for (size_t i = 0; i < r->waste->n; i++) {
        const struct waste *w = &r->waste->items[i];
        if ((w->kind == WASTE_UNUSED) != unused)
            continue;
        struct cell *v = doc_row(d, &sec->table)->cells;
        v[W_INDEX] = cell_text(doc_text(d, w->index->name));
        v[W_TABLE] = cell_text(qualified(d, w->rel->schema, w->rel->name));
        v[W_KIND] = cell_text(waste_name(w->kind));
        v[W_KEEPER] = cell_text(w->keeper ? doc_text(d, w->keeper->name) : NULL);
        v[W_SIZE] = cell_int(w->index->size_bytes);
        v[W_SCANS] = cell_int(w->index->scans);
        v[W_SINCE] = cell_int(c->stats_since);
        char *drop = mem_printf("DROP INDEX CONCURRENTLY %s", qualified(d, w->rel->schema, w->index->name));
        char *line = sql_one_line(drop);
        v[W_DDL] = cell_text(doc_text(d, line));
        free(line);
        free(drop);
    }
}

static const char *summary(struct doc *d, const struct advise_report *r)
{
    const struct choice *c = r->choice;
    char before[UNIT_TEXT_MAX], after[UNIT_TEXT_MAX], size[UNIT_TEXT_MAX], share[UNIT_TEXT_MAX],
        took[UNIT_TEXT_MAX], next[UNIT_TEXT_MAX], next_share[UNIT_TEXT_MAX];
    struct strbuf b = {0};
    if (c->n_chosen)
        strbuf_printf(&b, "%zu index%s of %s bring the workload from cost %s to %s: %s of what it was.",
                      c->n_chosen, c->n_chosen == 1 ? "" : "es", unit_format(UNIT_BYTES, c->size, size),
                      unit_format(UNIT_COST, c->before, before), unit_format(UNIT_COST, c->after, after),
                      unit_format(UNIT_SHARE, c->after / c->before, share));
    else
        strbuf_printf(&b, "The workload's cost is %s; no index would lower it noticeably.",
                      unit_format(UNIT_COST, c->before, before));
    if (!isnan(c->next_size)) {
        struct strbuf what = {0};
        index_def_columns(&c->pool.items[c->next], &what);
        strbuf_printf(&b, " The next step is at a budget of %s: %s %s, to %s.",
                      unit_format(UNIT_BYTES, c->next_size, next), c->pool.items[c->next].rel->name,
                      what.text, unit_format(UNIT_SHARE, c->next_after / c->before, next_share));
        strbuf_free(&what);
    }
    strbuf_str(&b, r->proven ? "\nProven by the planner with HypoPG" : "\nUnproven: ");
    if (!r->proven)
        strbuf_printf(&b, "%s; the costs with indexes are slowdive's own estimates", r->unproven);
    strbuf_printf(&b, ", %lld plans asked for in %s%s.", (long long)r->what_if_calls,
                  unit_format_int(UNIT_NS, r->elapsed_ns, took),
                  c->cut_short ? "; the search was cut short, more time could find better" : "");
    for (size_t i = 0; i < r->n_notes; i++)
        strbuf_printf(&b, "\n%s", r->notes[i]);
    const char *s = doc_text(d, b.text);
    strbuf_free(&b);
    return s;
}

struct doc *advise_doc(const struct advise_report *r)
{
    struct choice *c = r->choice;
    struct doc *d = doc_new("advise", "Index advice");
    doc_field(d, "database", UNIT_NONE, cell_text(doc_text(d, r->catalog->database)));
    doc_field(d, "workload", UNIT_NONE, cell_text(doc_text(d, r->workload)));
    doc_field(d, "cost_before", UNIT_COST, cell_real(c->before));
    doc_field(d, "cost_after", UNIT_COST, cell_real(c->after));
    doc_field(d, "size_bytes", UNIT_BYTES, cell_int(whole(c->size)));
    doc_field(d, "budget_bytes", UNIT_BYTES, cell_int(whole(r->budget)));
    doc_field(d, "next_budget_bytes", UNIT_BYTES, cell_int(whole(c->next_size)));
    doc_field(d, "next_cost", UNIT_COST, cell_real(c->next_after));
    doc_field(d, "proven", UNIT_NONE, cell_bool(r->proven));
    doc_field(d, "cut_short", UNIT_NONE, cell_bool(c->cut_short));
    doc_field(d, "what_if_calls", UNIT_COUNT, cell_int(r->what_if_calls));
    doc_field(d, "elapsed_ns", UNIT_NS, cell_int(r->elapsed_ns));
    struct section *text = doc_section(d, SECTION_TEXT, NULL, "Index advice");
    text->text = summary(d, r);
    add_indexes(d, r);
    add_queries(d, r);
    add_waste(d, r, true);
    add_waste(d, r, false);
    return d;
}
