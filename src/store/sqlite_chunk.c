/* sqlite_chunk.c - the rows of a block of time by series: written, read, removed.
 *
 * A chunk's rows stand in packs (format/history/blob.h) by series, so that the history of one endpoint is a
 * few rows of the file. Beside them each series is added up to one row of the whole block, in `total`:
 * derived, and compared by --verify. Kinds of which every record is kept have none. */
#include <stdlib.h>

#include "store/sqlite_internal.h"

enum {
    BLOCK_STEPS = 360,
    PACK_BYTES = 24 << 10,
    TOTALS_IN_ONE = 32, /* few, so that those of one endpoint are read alone */
    DENSE_BUCKETS = 40  /* histograms with more buckets are read faster as plain bytes */
};
#define DAY_NS (86400 * SD_S)

int64_t block_length(int64_t step_ns)
{
    int64_t steps = step_ns >= DAY_NS ? 1 : MIN(BLOCK_STEPS, DAY_NS / step_ns);
    return mul_sat(step_ns, steps);
}

struct chunk_writer {
    struct sqlite_store *s;
    int64_t id, owner, step;
    enum sd_kind kind;
    sd_time block, begins, first, last;
    int64_t rows, bytes;
    struct strbuf blobs; /* of the pack being filled */
    struct pack_section *sections;
    size_t n, cap;
    struct history_fold *fold; /* NULL: no totals */
    struct arena *texts;       /* of the totals below */
    struct blob_row totals[TOTALS_IN_ONE];
    size_t n_totals;
};

struct chunk_writer *chunk_new(struct sqlite_store *s, int64_t owner, enum sd_kind kind, int64_t step_ns,
                               sd_time block)
{
    struct chunk_writer *w = mem_alloc(sizeof *w);
    *w = (struct chunk_writer){.s = s,
                               .owner = owner,
                               .kind = kind,
                               .step = step_ns,
                               .block = block,
                               .begins = INT64_MAX,
                               .first = INT64_MAX,
                               .last = NUM_MIN,
                               .texts = arena_new()};
    struct history_steps whole = {.step_ns = block_length(step_ns)};
    if (history_kind(kind)->how != HISTORY_EACH)
        w->fold = history_fold_new(&whole, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    sql_do(s, sql_bind(s, "INSERT INTO chunk (owner, kind, step, block) VALUES (?, ?, ?, ?)", "iiii", owner,
                       (int64_t)kind, step_ns, block));
    w->id = sqlite3_last_insert_rowid(s->db);
    return w;
}

sd_time chunk_block(const struct chunk_writer *w)
{
    return w->block;
}

int64_t chunk_step(const struct chunk_writer *w)
{
    return w->step;
}

static void flush_pack(struct chunk_writer *w)
{
    struct strbuf out = {0};
    size_t at = 0;
    if (!w->n)
        return;
    for (size_t i = 0; i < w->n; at += w->sections[i++].len)
        w->sections[i].bytes = w->blobs.text + at;
    pack_close(w->sections, w->n, &out);
    sql_do(w->s, sql_bind(w->s, "INSERT INTO pack (chunk, lo, hi, data) VALUES (?, ?, ?, ?)", "iiib", w->id,
                          (int64_t)w->sections[0].series, (int64_t)w->sections[w->n - 1].series, out.text,
                          out.len));
    w->bytes += (int64_t)out.len;
    strbuf_free(&out);
    strbuf_clear(&w->blobs);
    w->n = 0;
}

static void flush_totals(struct chunk_writer *w)
{
    struct strbuf out = {0};
    if (!w->n_totals)
        return;
    blob_encode(w->kind, w->totals, w->n_totals, true, &out);
    sql_do(w->s, sql_bind(w->s, "INSERT INTO total (chunk, lo, data) VALUES (?, ?, ?)", "iib", w->id,
                          (int64_t)w->totals[0].series, out.text, out.len));
    w->bytes += (int64_t)out.len;
    strbuf_free(&out);
    arena_free(w->texts);
    w->texts = arena_new();
    w->n_totals = 0;
}

static void add_totals(struct chunk_writer *w, const struct blob_row *rows, size_t n)
{
    const struct sd_schema *sc = schema_of(w->kind);
    history_fold_clear(w->fold);
    for (size_t i = 0; i < n; i++) {
        struct history_row row = row_of(w->s, w->kind, &rows[i]);
        history_fold_add(w->fold, &row);
    }
    for (size_t i = 0; i < history_fold_len(w->fold); i++) {
        struct history_row row = history_fold_row(w->fold, i);
        if (w->n_totals == TOTALS_IN_ONE)
            flush_totals(w);
        void *room = arena_alloc(w->texts, schema_need(sc, row.record));
        w->totals[w->n_totals++] =
            (struct blob_row){rows->series, row.at, row.length_ns, schema_copy(sc, row.record, room)};
    }
}

/* Histograms with few buckets are written densely, and all of the finest step: these are most of the file,
 * and nobody asks for long spans of them. */
static bool is_dense(const struct chunk_writer *w, const struct blob_row *rows, size_t n)
{
    const struct sd_schema *sc = schema_of(w->kind);
    if (w->step <= w->s->tiers.items[0].step_ns)
        return true;
    uint64_t buckets = 0;
    for (size_t i = 0; i < sc->n_fields; i++) {
        for (size_t k = 0; sc->fields[i].type == SD_FIELD_HIST && k < n; k++) {
            const struct sd_hist *h;
            memcpy(&h, (const char *)rows[k].record + sc->fields[i].offset, sizeof h);
            buckets += h ? h->n : 0;
        }
    }
    return buckets < (uint64_t)DENSE_BUCKETS * n;
}

static void add_section(struct chunk_writer *w, const struct blob_row *rows, size_t n)
{
    size_t before = w->blobs.len;
    blob_encode(w->kind, rows, n, !is_dense(w, rows, n), &w->blobs);
    if (w->n == w->cap)
        w->sections = mem_grow(w->sections, w->n, &w->cap, sizeof *w->sections);
    w->sections[w->n++] =
        (struct pack_section){.series = rows->series, .rows = (uint32_t)n, .len = w->blobs.len - before};
    if (w->blobs.len >= PACK_BYTES)
        flush_pack(w);
}

void chunk_add(struct chunk_writer *w, const struct blob_row *rows, size_t n)
{
    if (!n || w->s->rc != SQLITE_OK)
        return;
    sd_time begins = INT64_MAX, last = NUM_MIN;
    for (size_t i = 0; i < n; i++) {
        sd_time end = add_sat(rows[i].at, rows[i].length_ns);
        begins = MIN(begins, rows[i].at);
        last = MAX(last, end);
        w->first = MIN(w->first, end);
    }
    w->begins = MIN(w->begins, begins);
    w->last = MAX(w->last, last);
    for (size_t i = 0; i < n; i += BLOB_ROWS_MAX)
        add_section(w, rows + i, MIN(n - i, BLOB_ROWS_MAX));
    if (w->fold)
        add_totals(w, rows, n);
    w->rows += (int64_t)n;
    sql_do(w->s, sql_bind(w->s,
                          "UPDATE series SET rows = rows + ?1, first = min(first, ?2), last = max(last, ?3) "
                          "WHERE id = ?4",
                          "iiii", (int64_t)n, begins, last, (int64_t)rows->series));
}

void chunk_close(struct chunk_writer *w)
{
    flush_pack(w);
    flush_totals(w);
    if (w->rows)
        sql_do(w->s,
               sql_bind(w->s,
                        "UPDATE chunk SET begins = ?, first = ?, last = ?, rows = ?, bytes = ? WHERE id = ?",
                        "iiiiii", w->begins, w->first, w->last, w->rows, w->bytes, w->id));
    else
        sql_do(w->s, sql_bind(w->s, "DELETE FROM chunk WHERE id = ?", "i", w->id));
    history_fold_free(w->fold);
    arena_free(w->texts);
    strbuf_free(&w->blobs);
    free(w->sections);
    free(w);
}

static void uncount_rows(struct sqlite_store *s, int64_t id)
{
    sqlite3_stmt *st = sql_bind(s, "SELECT data FROM pack WHERE chunk = ? ORDER BY lo, id", "i", id);
    while (sql_row(s, st)) {
        struct arena *a = arena_new();
        size_t n = 0;
        const struct pack_section *p =
            pack_open(sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), a, &n);
        for (size_t i = 0; p && i < n; i++)
            sql_do(s, sql_bind(s, "UPDATE series SET rows = rows - ? WHERE id = ?", "ii", (int64_t)p[i].rows,
                               (int64_t)p[i].series));
        arena_free(a);
    }
}

void chunk_delete(struct sqlite_store *s, int64_t id)
{
    uncount_rows(s, id);
    sql_do(s, sql_bind(s, "DELETE FROM pack WHERE chunk = ?", "i", id));
    sql_do(s, sql_bind(s, "DELETE FROM total WHERE chunk = ?", "i", id));
    sql_do(s, sql_bind(s, "DELETE FROM chunk WHERE id = ?", "i", id));
}

/* ---- the cursor ---- */

bool cursor_open(struct chunk_cursor *c, struct sqlite_store *s, int64_t chunk, enum sd_kind kind)
{
    *c = (struct chunk_cursor){.s = s, .kind = kind};
    if (s->rc != SQLITE_OK)
        return false;
    int rc = sqlite3_prepare_v2(s->db, "SELECT data FROM pack WHERE chunk = ? ORDER BY lo, id", -1, &c->packs,
                                NULL);
    if (rc != SQLITE_OK) {
        s->rc = rc;
        return false;
    }
    sqlite3_bind_int64(c->packs, 1, chunk);
    return cursor_next(c);
}

bool cursor_next(struct chunk_cursor *c)
{
    if (c->at + 1 < c->n) {
        c->series = c->sections[++c->at].series;
        return true;
    }
    c->n = c->at = 0;
    while (!c->n) {
        if (c->ended || !sql_row(c->s, c->packs)) {
            c->ended = true;
            return false;
        }
        arena_free(c->page);
        c->page = arena_new();
        c->sections = pack_open(sqlite3_column_blob(c->packs, 0), (size_t)sqlite3_column_bytes(c->packs, 0),
                                c->page, &c->n);
        if (!c->sections) {
            c->ended = true;
            return sql_damaged(c->s, "a pack of rows cannot be decoded");
        }
    }
    c->series = c->sections[0].series;
    return true;
}

const struct blob_row *cursor_rows(struct chunk_cursor *c, struct arena *a, size_t *n)
{
    const struct pack_section *p = &c->sections[c->at];
    const struct blob_row *rows = blob_decode(c->kind, p->bytes, p->len, series_base, c->s, a, n);
    if (!rows || *n != p->rows) {
        sql_damaged(c->s, "rows cannot be decoded");
        return NULL;
    }
    for (size_t i = 0; i < *n; i++) {
        if (rows[i].series != p->series) {
            sql_damaged(c->s, "rows stand under another series");
            return NULL;
        }
    }
    return rows;
}

void cursor_close(struct chunk_cursor *c)
{
    sqlite3_finalize(c->packs);
    arena_free(c->page);
}
