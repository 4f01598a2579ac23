/* Tables: how large, how they are read, what vacuum leaves behind. */
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
    [T_NAME] = {"table", "Table", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 16, "schema and name"},
    [T_TOTAL] = {"total_bytes", "Size", UNIT_BYTES, 0, 0, 0,
                 "size with indexes and TOAST; null while locked"},
    [T_ROWS] = {"rows_live", "Rows", UNIT_COUNT, 0, 0, 0, "live rows, as the statistics estimate them"},
    [T_DEAD] = {"dead_share", "Dead", UNIT_SHARE, 0, 0, 0, "dead rows' share of all rows"},
    [T_SEQ] = {"seq_scan", "Seq scans", UNIT_COUNT, 0, 0, 0, "sequential scans since the statistics began"},
    [T_IDX] = {"idx_scan", "Idx scans", UNIT_COUNT, 0, 0, 0,
               "index scans since then; null for a table without index"},
    [T_HIT] = {"hit_ratio", "Hit", UNIT_SHARE, 0, 4, 0,
               "share of its blocks found in shared buffers, in the window where there are two listings"},
    [T_FINDING] = {"finding", "Look at", UNIT_NONE, COLUMN_LEFT, 1, 0,
                   "what needs a look; null when nothing does"},
    [T_WRITES] = {"writes_per_s", "Writes", UNIT_PER_S, 0, 2, 0,
                  "rows inserted, updated and deleted a second, between two listings"},
    [T_VACUUM] = {"vacuum_age_ns", "Vacuum", UNIT_AGE, 0, 3, 0, "time since the last vacuum; null: never"},
    [T_ANALYZE] = {"analyze_age_ns", "Analyze", UNIT_AGE, 0, 5, 0,
                   "time since the last analyze; null: never"},
    [T_DATABASE] = {"database", "Database", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 6, 0, "database name"},
    [T_HEAP] = {"size_bytes", "Heap", UNIT_BYTES, COLUMN_HIDDEN, 6, 0, "size without indexes and TOAST"},
    [T_DEAD_ROWS] = {"rows_dead", "Dead rows", UNIT_COUNT, COLUMN_HIDDEN, 6, 0,
                     "dead rows, as the statistics estimate them"},
    [T_SEQ_ROWS] = {"rows_per_seq_scan", "Rows/scan", UNIT_COUNT, COLUMN_HIDDEN, 6, 0,
                    "rows a sequential scan read, on average"},
    [T_SEQ_RATE] = {"seq_scan_per_s", "Seq/s", UNIT_PER_S, COLUMN_HIDDEN, 6, 0,
                    "sequential scans a second, between two listings"},
    [T_IDX_RATE] = {"idx_scan_per_s", "Idx/s", UNIT_PER_S, COLUMN_HIDDEN, 6, 0,
                    "index scans a second, between two listings"},
    [T_INSERTED] = {"inserted", "Inserted", UNIT_COUNT, COLUMN_HIDDEN, 6, 0, "rows inserted since then"},
    [T_UPDATED] = {"updated", "Updated", UNIT_COUNT, COLUMN_HIDDEN, 6, 0, "rows updated since then"},
    [T_DELETED] = {"deleted", "Deleted", UNIT_COUNT, COLUMN_HIDDEN, 6, 0, "rows deleted since then"},
    [T_VACUUMED] = {"last_vacuum", "Vacuumed", UNIT_TIME, COLUMN_HIDDEN, 6, 0,
                    "last vacuum, automatic or not; null: never"},
    [T_ANALYZED] = {"last_analyze", "Analyzed", UNIT_TIME, COLUMN_HIDDEN, 6, 0,
                    "last analyze, automatic or not; null: never"},
    [T_SINCE] = {"since", "Since", UNIT_TIME, COLUMN_HIDDEN, 6, 0,
                 "when the statistics began to count; null: never reset"},
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
    return NULL;
}

static void fill(struct doc *d, struct row *r, const struct table_entry *e)
{
    const struct sd_table *t = e->t, *b = e->before;
    struct cell *v = r->cells;
    double dead = ratio(t->rows_dead, t->rows_live);
    double per_scan = t->seq_scan > 0 && t->seq_rows >= 0 ? (double)t->seq_rows / (double)t->seq_scan : NAN;
    const char *look = finding(d, t, e->at, dead, per_scan);
    double writes = b ? rate(e, t->inserted, b->inserted) + rate(e, t->updated, b->updated) +
                            rate(e, t->deleted, b->deleted)
                      : NAN;
    v[T_NAME] = cell_text(
        doc_printf(d, "%s%s%s", t->schema ? t->schema : "", t->schema ? "." : "", t->name ? t->name : "?"));
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

static struct doc *build(const struct view_ctx *c)
{
    struct doc *d = doc_new("tables", "Tables");
    common_envelope(d, c, common_span(c));
    struct section *sec = doc_table(d, "rows", "Tables", COLUMNS, T_COLUMNS);
    struct table_entry *e = mem_array(TABLES_MAX, sizeof *e);
    size_t n = model_tables(c->model, c->span, c->now, e, TABLES_MAX);
    sd_time newest = SD_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        fill(d, doc_row(d, &sec->table), &e[i]);
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
    .place = PLACE_DB,
    .title = "Tables",
    .summary = "the database's tables: size, scans, dead rows, vacuum, hit ratio, writes; the largest first",
    .key = '6',
    .needs = KINDS_CATALOG,
    .build = build,
    .links = (const char *const[]){"indexes", "queries", "activity", NULL},
    .columns = COLUMNS,
    .n_columns = T_COLUMNS,
};
