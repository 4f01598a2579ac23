/* Indexes: used, redundant and unused ones. */
#include "view/indexes/indexes.h"

#include "base/clock.h"
#include "core/indexes/redundant.h"
#include "view/shared/common.h"
#include "core/table.h"

#include <stdlib.h>

enum { INDEXES_MAX = 10000 };

enum {
    X_NAME,
    X_TABLE,
    X_SIZE,
    X_SCANS,
    X_FINDING,
    X_RATE,
    X_COLUMNS_OF,
    X_METHOD,
    X_DATABASE,
    X_REDUNDANT,
    X_WITH,
    X_UNUSED,
    X_WASTED,
    X_UNIQUE,
    X_CONSTRAINT,
    X_VALID,
    X_PARTIAL,
    X_SINCE,
    X_LAST,
    X_DEFINITION,
    X_COLUMNS
};

static const struct column COLUMNS[X_COLUMNS] = {
    [X_NAME] = {.key = "index",
                .title = "Index",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 18,
                .help = "index name"},
    [X_TABLE] = {.key = "table",
                 .title = "Table",
                 .flags = COLUMN_LEFT,
                 .priority = 2,
                 .help = "schema and name of its table"},
    [X_SIZE] = {.key = "size_bytes", .title = "Size", .unit = UNIT_BYTES, .help = "size; null while locked"},
    [X_SCANS] = {.key = "idx_scan",
                 .title = "Scans",
                 .unit = UNIT_COUNT,
                 .help = "scans since the statistics were reset, on this server only"},
    [X_FINDING] = {.key = "finding",
                   .title = "Look at",
                   .flags = COLUMN_LEFT,
                   .help =
                       "why it is listed: unused, duplicate, prefix of another or invalid; null otherwise"},
    [X_RATE] = {.key = "idx_scan_per_s",
                .title = "Scans/s",
                .unit = UNIT_PER_S,
                .priority = 4,
                .help = "scans per second, between two reads of the catalog"},
    [X_COLUMNS_OF] = {.key = "columns",
                      .title = "Columns",
                      .flags = COLUMN_LEFT,
                      .priority = 5,
                      .help = "key columns, comma separated; empty for an expression"},
    [X_METHOD] = {.key = "method",
                  .title = "Method",
                  .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                  .priority = 6,
                  .help = "access method"},
    [X_DATABASE] = {.key = "database",
                    .title = "Database",
                    .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                    .priority = 6,
                    .help = "database name"},
    [X_REDUNDANT] =
        {.key = "redundancy",
         .title = "Redundancy",
         .flags = COLUMN_LEFT | COLUMN_HIDDEN,
         .priority = 6,
         .help =
             "duplicate or prefix; null for what is neither, and always for unique and constraint indexes"},
    [X_WITH] = {.key = "redundant_with",
                .title = "Redundant with",
                .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                .priority = 6,
                .help = "the index that makes it redundant"},
    [X_UNUSED] =
        {.key = "unused",
         .title = "Unused",
         .flags = COLUMN_HIDDEN,
         .priority = 6,
         .help = "no scan since the statistics were reset, neither unique nor needed by a constraint, and no "
                 "used index is "
                 "redundant with it"},
    [X_WASTED] = {.key = "wasted_bytes",
                  .title = "Wasted",
                  .unit = UNIT_BYTES,
                  .flags = COLUMN_HIDDEN,
                  .priority = 6,
                  .help = "its size when it is unused, redundant or invalid, otherwise 0"},
    [X_UNIQUE] = {.key = "is_unique",
                  .title = "Unique",
                  .flags = COLUMN_HIDDEN,
                  .priority = 6,
                  .help = "whether it is unique"},
    [X_CONSTRAINT] = {.key = "is_constraint",
                      .title = "Constraint",
                      .flags = COLUMN_HIDDEN,
                      .priority = 6,
                      .help = "whether a constraint, the replica identity or a partitioned index needs it"},
    [X_VALID] = {.key = "is_valid",
                 .title = "Valid",
                 .flags = COLUMN_HIDDEN,
                 .priority = 6,
                 .help = "whether queries may use it"},
    [X_PARTIAL] = {.key = "is_partial",
                   .title = "Partial",
                   .flags = COLUMN_HIDDEN,
                   .priority = 6,
                   .help = "whether it has a WHERE"},
    [X_SINCE] = {.key = "since",
                 .title = "Since",
                 .unit = UNIT_TIME,
                 .flags = COLUMN_HIDDEN,
                 .priority = 6,
                 .help = "when the statistics were reset; null: never"},
    [X_LAST] = {.key = "last_scan",
                .title = "Last scan",
                .unit = UNIT_TIME,
                .flags = COLUMN_HIDDEN,
                .priority = 6,
                .help = "last scan (PostgreSQL 16 and later)"},
    [X_DEFINITION] = {.language = &sql_language,
                      .key = "definition",
                      .title = "Definition",
                      .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                      .priority = 6,
                      .help = "CREATE INDEX statement, constants hidden"},
};

/* Shorter, and an index of a monthly report looks unused. */
static const int64_t UNUSED_SURE_NS = 7 * 86400 * SD_S;

static struct cell flag(int64_t v)
{
    return v == SD_UNKNOWN ? cell_unknown() : cell_bool(v != 0);
}

static int by_table(const void *a, const void *b)
{
    const struct index_entry *x = a, *y = b;
    const char *const p[][2] = {{x->origin, y->origin},
                                {x->x->database, y->x->database},
                                {x->x->schema, y->x->schema},
                                {x->x->table, y->x->table}};
    int order = 0;
    for (size_t i = 0; i < ARRAY_LEN(p) && !order; i++)
        order = strcmp(p[i][0] ? p[i][0] : "", p[i][1] ? p[i][1] : "");
    return order;
}

struct verdict {
    enum redundancy redundancy;
    const char *with;
    bool unused;
    const char *text;
    enum severity severity;
};

static struct verdict judge_index(struct doc *d, const struct view_ctx *c, const struct index_entry *e,
                                  const struct index_entry *group, size_t n)
{
    const struct sd_index *x = e->x;
    struct verdict v = {.redundancy = REDUNDANT_NO};
    char when[CLOCK_TEXT_MAX];
    bool last = false, heir = false; /* heir: the scans of another will be its own */
    for (size_t i = 0; i < n && !last; i++) {
        enum redundancy found = &group[i] == e ? REDUNDANT_NO : redundant_index(x, group[i].x);
        if (found == REDUNDANT_NO)
            continue;
        /* Of several, one that is not needless itself. */
        last = true;
        for (size_t k = 0; k < n && last; k++)
            last = k == i || redundant_index(group[i].x, group[k].x) == REDUNDANT_NO;
        if (last || !v.with) {
            v.redundancy = found;
            v.with = group[i].x->name ? group[i].x->name : "?";
        }
    }
    for (size_t i = 0; i < n && !heir; i++)
        heir = &group[i] != e && group[i].x->idx_scan > 0 && redundant_index(group[i].x, x) != REDUNDANT_NO;
    v.unused = x->idx_scan == 0 && x->is_unique == 0 && x->is_constraint == 0 && !heir;
    if (x->is_valid == 0) {
        bool built = index_is_built_now(c, e);
        v.text = built                                               ? "invalid: it is being built"
                 : model_server_known(c->model, SD_PROGRESS, c->now) ? "invalid: a build failed"
                                                                     : "invalid: a build failed or runs";
        v.severity = built ? SEVERITY_INFO : SEVERITY_WARN;
    } else if (v.redundancy != REDUNDANT_NO) {
        v.text =
            doc_printf(d, "%s of %s", v.redundancy == REDUNDANT_DUPLICATE ? "duplicate" : "prefix", v.with);
        v.severity = SEVERITY_WARN;
    } else if (v.unused && x->since <= 0) {
        v.text = "no scan was counted";
        v.severity = SEVERITY_WARN;
    } else if (v.unused) {
        v.text = doc_printf(d, "no scan since %s", clock_hms(x->since, c->now, when));
        v.severity = common_age(e->at, x->since) >= UNUSED_SURE_NS ? SEVERITY_WARN : SEVERITY_INFO;
    }
    return v;
}

static void fill_index(struct doc *d, const struct view_ctx *c, struct row *r, const struct index_entry *e,
                       const struct verdict *v)
{
    const struct sd_index *x = e->x, *b = e->before;
    double seconds = b ? common_seconds((struct span){e->before_at, e->at}) : NAN;
    bool grown = b && b->idx_scan >= 0 && x->idx_scan >= b->idx_scan;
    struct cell *cell = r->cells;
    cell[X_NAME] = cell_text(doc_text(d, x->name));
    cell[X_TABLE] = cell_text(
        doc_printf(d, "%s%s%s", x->schema ? x->schema : "", x->schema ? "." : "", x->table ? x->table : "?"));
    cell[X_SIZE] = cell_int(x->size_bytes);
    cell[X_SCANS] = cell_int(x->idx_scan);
    cell[X_FINDING] = cell_text(v->text);
    cell[X_RATE] = cell_real(grown ? (double)(x->idx_scan - b->idx_scan) / seconds : NAN);
    cell[X_COLUMNS_OF] = cell_text(doc_text(d, x->columns));
    cell[X_METHOD] = cell_text(doc_text(d, x->method));
    cell[X_DATABASE] = cell_text(doc_text(d, x->database));
    cell[X_REDUNDANT] = cell_text(v->redundancy == REDUNDANT_DUPLICATE ? "duplicate"
                                  : v->redundancy == REDUNDANT_PREFIX  ? "prefix"
                                                                       : NULL);
    cell[X_WITH] = cell_text(doc_text(d, v->with));
    cell[X_UNUSED] = x->idx_scan == SD_UNKNOWN ? cell_unknown() : cell_bool(v->unused);
    cell[X_WASTED] = cell_int(v->text ? x->size_bytes : 0);
    cell[X_UNIQUE] = flag(x->is_unique);
    cell[X_CONSTRAINT] = flag(x->is_constraint);
    cell[X_VALID] = flag(x->is_valid);
    cell[X_PARTIAL] = flag(x->is_partial);
    cell[X_SINCE] = cell_int(x->since);
    cell[X_LAST] = cell_int(x->last_scan);
    cell[X_DEFINITION] = cell_text(common_sql(d, c, x->definition, true));
    r->severity = v->severity;
}

static struct doc *build_indexes(const struct view_ctx *c)
{
    struct doc *d = doc_new("indexes", "Indexes");
    common_envelope(d, c, common_span(c));
    struct section *sec = doc_table(d, "rows", "Indexes", COLUMNS, X_COLUMNS);
    struct index_entry *e = mem_array(INDEXES_MAX, sizeof *e);
    size_t n = model_indexes(c->model, c->span, c->now, e, INDEXES_MAX);
    sd_time newest = SD_UNKNOWN;
    if (n)
        qsort(e, n, sizeof *e, by_table);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from; to < n && !by_table(&e[from], &e[to]); to++)
            ;
        for (size_t i = from; i < to; i++) {
            struct verdict v = judge_index(d, c, &e[i], e + from, to - from);
            fill_index(d, c, doc_row(d, &sec->table), &e[i], &v);
            newest = MAX(newest, e[i].at);
        }
    }
    table_sort(&sec->table, X_SIZE, true);
    table_sort(&sec->table, X_WASTED, true);
    sec->weight = 1;
    sec->note = n ? common_note(d, c,
                                &(struct note){KINDS_CATALOG, (int64_t)n, n == 1 ? "index" : "indexes",
                                               .last = newest, .moment = true})
                  : NULL;
    sec->empty = common_empty(d, c, KINDS_CATALOG);
    free(e);
    if (n) {
        struct section *s = doc_section(d, SECTION_TEXT, NULL, "Before you drop an index");
        s->text = doc_text(
            d, "Each replica counts its own scans: check all of them first. Unique indexes and indexes that "
               "a constraint needs are never listed as unused or redundant. slowdive drops nothing.");
    }
    return d;
}

const struct view indexes_view = {
    .name = "indexes",
    .place = PLACE_DB,
    .title = "Indexes",
    .summary = "the indexes of the database: size, scans; invalid, unused and redundant indexes first",
    .lists = "index",
    .thing = "index",
    .linked = indexes_linked,
    .needs = KINDS_CATALOG,
    .build = build_indexes,
    .links = (const char *const[]){"tables", "queries", "activity", NULL},
    .columns = COLUMNS,
    .n_columns = X_COLUMNS,
};
