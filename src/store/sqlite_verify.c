/* sqlite_verify.c - looks at every row of a SQLite history: pages, blobs, order, counts, totals. */
#include <stdlib.h>

#include "store/sqlite_internal.h"

/* ---- totals ---- */

struct totals {
    sqlite3_stmt *st;
    struct arena *arena;
    const struct blob_row *rows;
    size_t n, at;
};

static const struct blob_row *next_total(struct sqlite_store *s, struct totals *t, enum sd_kind kind)
{
    while (t->at == t->n) {
        if (!sql_row(s, t->st))
            return NULL;
        arena_free(t->arena);
        t->arena = arena_new();
        t->at = t->n = 0;
        t->rows = blob_decode(kind, sqlite3_column_blob(t->st, 0), (size_t)sqlite3_column_bytes(t->st, 0),
                              NULL, NULL, t->arena, &t->n);
        if (!t->rows) {
            sql_damaged(s, "a total cannot be decoded");
            return NULL;
        }
    }
    return &t->rows[t->at++];
}

static bool same_field(const struct sd_field *f, const void *a, const void *b)
{
    const char *x = (const char *)a + f->offset, *y = (const char *)b + f->offset;
    if (f->type == SD_FIELD_HIST) {
        const struct sd_hist *h, *k;
        memcpy(&h, x, sizeof h);
        memcpy(&k, y, sizeof k);
        return !h || !k ? h == k : h->n == k->n && !memcmp(h->buckets, k->buckets, h->n * sizeof *h->buckets);
    }
    if (f->type == SD_FIELD_REAL) {
        double v, w;
        memcpy(&v, x, sizeof v);
        memcpy(&w, y, sizeof w);
        return (isnan(v) && isnan(w)) || v == w;
    }
    return !memcmp(x, y, sizeof(int64_t));
}

static bool same_row(const struct sd_schema *sc, const struct blob_row *t, uint32_t series,
                     const struct history_row *row)
{
    bool same = t && t->series == series && t->at == row->at && t->length_ns == row->length_ns;
    for (size_t i = 0; same && i < sc->n_fields; i++)
        same = !blob_holds(sc, i) || same_field(&sc->fields[i], t->record, row->record);
    return same;
}

/* ---- chunks ---- */

struct chunk_facts {
    int64_t id, owner, step, rows;
    enum sd_kind kind;
    sd_time block, begins, first, last;
};
struct checking {
    struct sqlite_store *s;
    struct chunk_facts is, found;
    struct history_fold *fold;
    struct totals totals;
};

static void look_at_rows(struct checking *c, const struct series *e, const struct blob_row *rows, size_t n)
{
    sd_time from = c->is.block, to = add_sat(from, block_length(c->is.step));
    if (!e || e->kind != c->is.kind || e->owner != c->is.owner) {
        sql_damaged(c->s, "rows are of a series that is not there");
        return;
    }
    for (size_t i = 0; i < n && c->s->rc == SQLITE_OK; i++) {
        sd_time end = add_sat(rows[i].at, rows[i].length_ns);
        if (end <= from || end > to)
            sql_damaged(c->s, "a row is not of its block");
        if (i && rows[i].at < rows[i - 1].at)
            sql_damaged(c->s, "rows are not in order");
        c->found.begins = MIN(c->found.begins, rows[i].at);
        c->found.first = MIN(c->found.first, end);
        c->found.last = MAX(c->found.last, end);
        c->found.rows++;
        struct history_row row = row_of(c->s, c->is.kind, &rows[i]);
        if (c->fold)
            history_fold_add(c->fold, &row);
    }
}

static void look_at_totals(struct checking *c, uint32_t series)
{
    for (size_t i = 0; c->fold && i < history_fold_len(c->fold) && c->s->rc == SQLITE_OK; i++) {
        struct history_row row = history_fold_row(c->fold, i);
        const struct blob_row *t = next_total(c->s, &c->totals, c->is.kind);
        if (!same_row(schema_of(c->is.kind), t, series, &row))
            sql_damaged(c->s, "a total is not the sum of its rows");
    }
    if (c->fold)
        history_fold_clear(c->fold);
}

static void look_at_series(struct checking *c, struct chunk_cursor *cur, bool *on)
{
    struct arena *a = arena_new();
    uint32_t series = cur->series;
    struct series *e = series_of(c->s, series);
    while (*on && cur->series == series && c->s->rc == SQLITE_OK) {
        size_t n = 0;
        const struct blob_row *rows = cursor_rows(cur, a, &n);
        if (rows)
            look_at_rows(c, e, rows, n);
        if (e)
            e->counted += (int64_t)n;
        *on = cursor_next(cur);
    }
    if (*on && cur->series < series)
        sql_damaged(c->s, "series are not in order");
    look_at_totals(c, series);
    arena_free(a);
}

static void look_at_chunk(struct sqlite_store *s, const struct chunk_facts *is)
{
    struct history_steps whole = {.step_ns = block_length(is->step)};
    struct chunk_cursor cur;
    struct checking c = {
        .s = s, .is = *is, .found = {.begins = INT64_MAX, .first = INT64_MAX, .last = NUM_MIN}};
    if (history_kind(is->kind)->how != HISTORY_EACH)
        c.fold = history_fold_new(&whole, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    c.totals.st = sql_bind(s, "SELECT data FROM total WHERE chunk = ? ORDER BY lo, id", "i", is->id);
    bool on = cursor_open(&cur, s, is->id, is->kind);
    while (on && s->rc == SQLITE_OK)
        look_at_series(&c, &cur, &on);
    cursor_close(&cur);
    if (s->rc == SQLITE_OK && next_total(s, &c.totals, is->kind))
        sql_damaged(s, "there are totals without rows");
    if (s->rc == SQLITE_OK && (c.found.rows != is->rows || c.found.begins != is->begins ||
                               c.found.first != is->first || c.found.last != is->last))
        sql_damaged(s, "a chunk has not the rows it says it has");
    sql_end(c.totals.st);
    arena_free(c.totals.arena);
    history_fold_free(c.fold);
}

static void look_at_chunks(struct sqlite_store *s)
{
    sqlite3_stmt *st = sql_bind(
        s, "SELECT id, owner, step, rows, kind, block, begins, first, last FROM chunk ORDER BY id", "");
    while (sql_row(s, st)) {
        int64_t kind = sqlite3_column_int64(st, 4);
        struct chunk_facts f = {.id = sqlite3_column_int64(st, 0),
                                .owner = sqlite3_column_int64(st, 1),
                                .step = sqlite3_column_int64(st, 2),
                                .rows = sqlite3_column_int64(st, 3),
                                .kind = (enum sd_kind)kind,
                                .block = sqlite3_column_int64(st, 5),
                                .begins = sqlite3_column_int64(st, 6),
                                .first = sqlite3_column_int64(st, 7),
                                .last = sqlite3_column_int64(st, 8)};
        if (kind <= 0 || kind >= SD_KIND_END || !history_kind(f.kind) || f.step <= 0)
            sql_damaged(s, "a chunk is of no kind");
        else
            look_at_chunk(s, &f);
        if (store_stops(s) && s->rc == SQLITE_OK)
            s->rc = SQLITE_INTERRUPT;
    }
}

/* ---- puts ---- */

struct put_facts {
    struct sqlite_store *s;
    int64_t kind, owner, rows;
    sd_time first, last;
};

static void look_at_put_rows(void *ctx, const struct blob_row *rows, size_t n)
{
    struct put_facts *f = ctx;
    for (size_t i = 0; i < n; i++) {
        const struct series *e = series_of(f->s, rows[i].series);
        sd_time end = add_sat(rows[i].at, rows[i].length_ns);
        if (!e || (int64_t)e->kind != f->kind || e->owner != f->owner)
            sql_damaged(f->s, "rows are of a series that is not there");
        f->first = MIN(f->first, end);
        f->last = MAX(f->last, end);
        f->rows++;
    }
}

static void look_at_put(struct sqlite_store *s, sqlite3_stmt *st)
{
    struct put_facts f = {s, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), 0, INT64_MAX, NUM_MIN};
    if (f.kind <= 0 || f.kind >= SD_KIND_END || !history_kind((enum sd_kind)f.kind))
        sql_damaged(s, "a put is of no kind");
    else if (put_each(s, (enum sd_kind)f.kind, sqlite3_column_blob(st, 5),
                      (size_t)sqlite3_column_bytes(st, 5), NULL, look_at_put_rows, &f) &&
             (f.rows != sqlite3_column_int64(st, 2) || f.first != sqlite3_column_int64(st, 3) ||
              f.last != sqlite3_column_int64(st, 4)))
        sql_damaged(s, "a put has not the rows it says it has");
}

static void look_at_puts(struct sqlite_store *s)
{
    sqlite3_stmt *st = sql_bind(s, "SELECT kind, owner, rows, first, last, data FROM fresh ORDER BY id", "");
    while (sql_row(s, st))
        look_at_put(s, st);
}

/* ---- the whole ---- */

static void start_count(void *ctx, struct series *e)
{
    (void)ctx;
    e->counted = 0;
}

static void look_at_counts(struct sqlite_store *s)
{
    sqlite3_stmt *st = sql_bind(s, "SELECT id, rows FROM series", "");
    while (sql_row(s, st)) {
        const struct series *e = series_of(s, (uint32_t)sqlite3_column_int64(st, 0));
        if (e && e->counted != sqlite3_column_int64(st, 1))
            sql_damaged(s, "a series has not the rows it says it has");
    }
}

static void look_at_pages(struct sqlite_store *s)
{
    sqlite3_stmt *st = sql_bind(s, "PRAGMA quick_check(1)", "");
    if (sql_row(s, st)) {
        const char *says = (const char *)sqlite3_column_text(st, 0);
        if (!str_eq(says, "ok"))
            sql_damaged(s, says ? says : "a page is damaged");
        sql_end(st);
    }
}

static void look_for_orphans(struct sqlite_store *s)
{
    static const char *const WITHOUT[] = {
        "SELECT count(*) FROM pack WHERE chunk NOT IN (SELECT id FROM chunk)",
        "SELECT count(*) FROM total WHERE chunk NOT IN (SELECT id FROM chunk)",
        "SELECT count(*) FROM chunk WHERE owner <> 0 AND owner NOT IN (SELECT id FROM run)",
        "SELECT count(*) FROM fresh WHERE owner <> 0 AND owner NOT IN (SELECT id FROM run)",
        "SELECT count(*) FROM span WHERE run NOT IN (SELECT id FROM run)",
    };
    for (size_t i = 0; i < ARRAY_LEN(WITHOUT); i++)
        if (sql_int(s, sql_bind(s, WITHOUT[i], ""), 0))
            sql_damaged(s, "there is data of something that is not there");
}

const char *sqlite_verify(struct sqlite_store *s, struct arena *a)
{
    look_at_pages(s);
    if (s->rc == SQLITE_OK && series_refresh(s)) {
        series_each(s, start_count, NULL);
        look_at_puts(s);
        look_at_chunks(s);
        look_at_counts(s);
        look_for_orphans(s);
    }
    int kind = s->rc & 0xff;
    if (kind != SQLITE_CORRUPT && kind != SQLITE_NOTADB)
        return NULL; /* it is sound, or could not be looked at: s->rc says why */
    s->rc = SQLITE_OK;
    return arena_strdup(a, s->why);
}
