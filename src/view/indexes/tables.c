/* Tables: size, scans, dead rows. */
#include "view/indexes/tables.h"

#include "view/shared/common.h"
#include "core/table.h"

#include <stdlib.h>

enum { TABLES_MAX = 5000 };

enum {
    T_NAME,
    T_TOTAL,
    T_ROWS,
    T_DEAD,
    T_SEQ,
    T_IDX,
    T_HIT,
    T_FINDING,
    T_WRITES,
    T_VACUUM,
    T_ANALYZE,
    T_DATABASE,
    T_HEAP,
    T_DEAD_ROWS,
    T_SEQ_ROWS,
    T_SEQ_RATE,
    T_IDX_RATE,
    T_INSERTED,
    T_UPDATED,
    T_DELETED,
    T_VACUUMED,
    T_ANALYZED,
    T_SINCE,
    T_COLUMNS
};

static const struct column COLUMNS[T_COLUMNS] = {
    [T_NAME] = {.key = "table",
                .title = "Table",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 16,
                .help = "schema and name"},
    [T_TOTAL] = {.key = "total_bytes",
                 .title = "Size",
                 .unit = UNIT_BYTES,
                 .help = "size with indexes and TOAST; null while locked"},
    [T_ROWS] = {.key = "rows_live",
                .title = "Rows",
                .unit = UNIT_COUNT,
                .help = "live rows, as the statistics estimate them"},
    [T_DEAD] = {.key = "dead_share",
                .title = "Dead",
                .unit = UNIT_SHARE,
                .help = "dead rows' share of all rows"},
    [T_SEQ] = {.key = "seq_scan",
               .title = "Seq scans",
               .unit = UNIT_COUNT,
               .help = "sequential scans since the statistics were reset"},
    [T_IDX] = {.key = "idx_scan",
               .title = "Idx scans",
               .unit = UNIT_COUNT,
               .help = "index scans since the reset; null for a table without index"},
    [T_HIT] = {.key = "hit_ratio",
               .title = "Hit",
               .unit = UNIT_SHARE,
               .priority = 4,
               .help = "share of its blocks found in shared buffers, in the time window if the catalog was "
                       "read twice in it"},
    [T_FINDING] = {.key = "finding",
                   .title = "Look at",
                   .flags = COLUMN_LEFT,
                   .priority = 1,
                   .help = "what to check; null: nothing"},
    [T_WRITES] = {.key = "writes_per_s",
                  .title = "Writes",
                  .unit = UNIT_PER_S,
                  .priority = 2,
                  .help = "rows inserted, updated and deleted per second, between two reads of the catalog"},
    [T_VACUUM] = {.key = "vacuum_age_ns",
                  .title = "Vacuum",
                  .unit = UNIT_AGE,
                  .priority = 3,
                  .help = "time since the last vacuum; null: never"},
    [T_ANALYZE] = {.key = "analyze_age_ns",
                   .title = "Analyze",
                   .unit = UNIT_AGE,
                   .priority = 5,
                   .help = "time since the last analyze; null: never"},
    [T_DATABASE] = {.key = "database",
                    .title = "Database",
                    .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                    .priority = 6,
                    .help = "database name"},
    [T_HEAP] = {.key = "size_bytes",
                .title = "Heap",
                .unit = UNIT_BYTES,
                .flags = COLUMN_HIDDEN,
                .priority = 6,
                .help = "size without indexes and TOAST"},
    [T_DEAD_ROWS] = {.key = "rows_dead",
                     .title = "Dead rows",
                     .unit = UNIT_COUNT,
                     .flags = COLUMN_HIDDEN,
                     .priority = 6,
                     .help = "dead rows, as the statistics estimate them"},
    [T_SEQ_ROWS] = {.key = "rows_per_seq_scan",
                    .title = "Rows/scan",
                    .unit = UNIT_COUNT,
                    .flags = COLUMN_HIDDEN,
                    .priority = 6,
                    .help = "rows a sequential scan read, on average"},
    [T_SEQ_RATE] = {.key = "seq_scan_per_s",
                    .title = "Seq/s",
                    .unit = UNIT_PER_S,
                    .flags = COLUMN_HIDDEN,
                    .priority = 6,
                    .help = "sequential scans per second, between two reads of the catalog"},
    [T_IDX_RATE] = {.key = "idx_scan_per_s",
                    .title = "Idx/s",
                    .unit = UNIT_PER_S,
                    .flags = COLUMN_HIDDEN,
                    .priority = 6,
                    .help = "index scans per second, between two reads of the catalog"},
    [T_INSERTED] = {.key = "inserted",
                    .title = "Inserted",
                    .unit = UNIT_COUNT,
                    .flags = COLUMN_HIDDEN,
                    .priority = 6,
                    .help = "rows inserted since the reset"},
    [T_UPDATED] = {.key = "updated",
                   .title = "Updated",
                   .unit = UNIT_COUNT,
                   .flags = COLUMN_HIDDEN,
                   .priority = 6,
                   .help = "rows updated since the reset"},
    [T_DELETED] = {.key = "deleted",
                   .title = "Deleted",
                   .unit = UNIT_COUNT,
                   .flags = COLUMN_HIDDEN,
                   .priority = 6,
                   .help = "rows deleted since the reset"},
    [T_VACUUMED] = {.key = "last_vacuum",
                    .title = "Vacuumed",
                    .unit = UNIT_TIME,
                    .flags = COLUMN_HIDDEN,
                    .priority = 6,
                    .help = "last vacuum, automatic or not; null: never"},
    [T_ANALYZED] = {.key = "last_analyze",
                    .title = "Analyzed",
                    .unit = UNIT_TIME,
                    .flags = COLUMN_HIDDEN,
                    .priority = 6,
                    .help = "last analyze, automatic or not; null: never"},
    [T_SINCE] = {.key = "since",
                 .title = "Since",
                 .unit = UNIT_TIME,
                 .flags = COLUMN_HIDDEN,
                 .priority = 6,
                 .help = "when the statistics were reset; null: never"},
};

/* From when a table is marked: dead rows beyond autovacuum's own measure (a fifth of the
 * table), and only where they cost something; sequential scans that read much, often. */
static const double DEAD_SHARE_WARN = 0.2;
static const int64_t DEAD_ROWS_WARN = 10000, SCAN_ROWS_WARN = 50000, SCANS_WARN = 10;

static double ratio(int64_t part, int64_t rest)
{
    return part < 0 || rest < 0 || (part == 0 && rest == 0) ? NAN
                                                            : (double)part / ((double)part + (double)rest);
}

/* Growth a second; NAN without an earlier listing, or when the server began anew. */
static double rate(const struct table_entry *e, int64_t now, int64_t before)
{
    double seconds = e->before ? common_seconds((struct span){e->before_at, e->at}) : NAN;
    return now < 0 || before < 0 || now < before ? NAN : (double)(now - before) / seconds;
}

static double hit_ratio(const struct sd_table *t, const struct sd_table *before)
{
    if (before && before->blks_hit >= 0 && before->blks_read >= 0 && t->blks_hit >= before->blks_hit &&
        t->blks_read >= before->blks_read) {
        double window = ratio(t->blks_hit - before->blks_hit, t->blks_read - before->blks_read);
        if (isfinite(window))
            return window;
    }
    return ratio(t->blks_hit, t->blks_read);
}

const char *tables_keys(struct doc *d, const struct sd_table *t)
{
    static const char word[] = " references (";
    struct strbuf b = {0};
    for (const char *s = t->unindexed_keys; s && *s; s += strcspn(s, "\n"), s += *s == '\n') {
        size_t len = strcspn(s, "\n");
        const char *end = strstr(s, word);
        strbuf_printf(&b, "%s%.*s", b.len ? ", " : "", (int)(end && end < s + len ? end - s : (long)len), s);
    }
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

static const char *finding(struct doc *d, const struct sd_table *t, sd_time at, double dead, double per_scan)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    if (dead >= DEAD_SHARE_WARN && t->rows_dead >= DEAD_ROWS_WARN) {
        int64_t age = common_age(at, t->last_vacuum);
        return doc_printf(d, "%s dead rows, vacuum %s%s", unit_format_int(UNIT_COUNT, t->rows_dead, a),
                          age == SD_UNKNOWN ? "never" : common_duration(age, b),
                          age == SD_UNKNOWN ? "" : " ago");
    }
    if (per_scan >= (double)SCAN_ROWS_WARN && t->seq_scan >= SCANS_WARN)
        return doc_printf(d, "%s rows a seq scan", unit_format(UNIT_COUNT, per_scan, a));
    if (t->unindexed_keys)
        return doc_printf(d, "DELETE searches %s: no index", tables_keys(d, t));
    return NULL;
}

const char *tables_name(struct doc *d, const struct sd_table *t)
{
    return doc_printf(d, "%s%s%s", t->schema ? t->schema : "", t->schema ? "." : "", t->name ? t->name : "?");
}

static void fill_table(struct doc *d, struct row *r, const struct table_entry *e)
{
    const struct sd_table *t = e->t, *b = e->before;
    struct cell *v = r->cells;
    double dead = ratio(t->rows_dead, t->rows_live);
    double per_scan = t->seq_scan > 0 && t->seq_rows >= 0 ? (double)t->seq_rows / (double)t->seq_scan : NAN;
    const char *look = finding(d, t, e->at, dead, per_scan);
    double writes = b ? rate(e, t->inserted, b->inserted) + rate(e, t->updated, b->updated) +
                            rate(e, t->deleted, b->deleted)
                      : NAN;
    v[T_NAME] = cell_text(tables_name(d, t));
    r->dive = (struct dive){.view = "table", .arg = tables_name(d, t)};
    r->copy = v[T_NAME].s;
    v[T_TOTAL] = cell_int(t->total_bytes);
    v[T_ROWS] = cell_int(t->rows_live);
    v[T_DEAD] = cell_real(dead);
    v[T_SEQ] = cell_int(t->seq_scan);
    v[T_IDX] = cell_int(t->idx_scan);
    v[T_HIT] = cell_real(hit_ratio(t, b));
    v[T_FINDING] = cell_text(look);
    v[T_WRITES] = cell_real(writes);
    v[T_VACUUM] = cell_int(common_age(e->at, t->last_vacuum));
    v[T_ANALYZE] = cell_int(common_age(e->at, t->last_analyze));
    v[T_DATABASE] = cell_text(doc_text(d, t->database));
    v[T_HEAP] = cell_int(t->size_bytes);
    v[T_DEAD_ROWS] = cell_int(t->rows_dead);
    v[T_SEQ_ROWS] = cell_real(per_scan);
    v[T_SEQ_RATE] = cell_real(b ? rate(e, t->seq_scan, b->seq_scan) : NAN);
    v[T_IDX_RATE] = cell_real(b ? rate(e, t->idx_scan, b->idx_scan) : NAN);
    v[T_INSERTED] = cell_int(t->inserted);
    v[T_UPDATED] = cell_int(t->updated);
    v[T_DELETED] = cell_int(t->deleted);
    v[T_VACUUMED] = cell_int(t->last_vacuum);
    v[T_ANALYZED] = cell_int(t->last_analyze);
    v[T_SINCE] = cell_int(t->since);
    if (look)
        r->severity = SEVERITY_WARN;
}

static struct doc *build_tables(const struct view_ctx *c)
{
    struct doc *d = doc_new("tables", "Tables");
    common_envelope(d, c, common_span(c));
    struct section *sec = doc_table(d, "rows", "Tables", COLUMNS, T_COLUMNS);
    struct table_entry *e = mem_array(TABLES_MAX, sizeof *e);
    size_t n = model_tables(c->model, c->span, c->now, e, TABLES_MAX);
    sd_time newest = SD_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        fill_table(d, doc_row(d, &sec->table), &e[i]);
        newest = MAX(newest, e[i].at);
    }
    table_sort(&sec->table, T_TOTAL, true);
    sec->weight = 1;
    sec->note = n ? common_note(d, c,
                                &(struct note){KINDS_CATALOG, (int64_t)n, n == 1 ? "table" : "tables",
                                               .last = newest, .moment = true})
                  : NULL;
    sec->empty = common_empty(d, c, KINDS_CATALOG);
    free(e);
    return d;
}

const struct view tables_view = {
    .name = "tables",
    .aliases = "vacuum",
    .place = PLACE_DB,
    .title = "Tables",
    .summary = "the database's tables: size, scans, dead rows, vacuum, hit ratio, writes; the largest first",
    .lists = "table",
    .thing = "table",
    .linked = tables_linked,
    .needs = KINDS_CATALOG,
    .build = build_tables,
    .links = (const char *const[]){"indexes", "queries", "activity", NULL},
    .columns = COLUMNS,
    .n_columns = T_COLUMNS,
};
