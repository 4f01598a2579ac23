/* sqlite_put.c - puts rows into a SQLite history: one transaction for each put. */
#include <stdlib.h>

#include "base/clock.h"
#include "store/sqlite_internal.h"

/* A row with where it goes. */
struct placed {
    const struct history_row *row;
    int64_t step;
    uint32_t series;
};

/* ---- the run ---- */

static int64_t run_row(struct sqlite_store *s, const struct store_run *run, enum run_state state)
{
    sql_do(s,
           sql_bind(
               s, "INSERT INTO run (name, host, version, began, import, state) VALUES (?, ?, ?, ?, ?, ?)",
               "tttiii", run->id, run->host, run->version, run->began, (int64_t)run->import, (int64_t)state));
    return sqlite3_last_insert_rowid(s->db);
}

static bool run_is(struct sqlite_store *s, int64_t id, enum run_state state)
{
    return sql_int(s, sql_bind(s, "SELECT state FROM run WHERE id = ?", "i", id), -1) == (int64_t)state;
}

static int64_t find_run(struct sqlite_store *s, const struct store_run *run, enum run_state state)
{
    return sql_int(
        s,
        sql_bind(
            s,
            "SELECT max(id) FROM run WHERE name = ?1 AND import = ?2 AND state = ?3 AND (?2 = 0 OR began "
            "= ?4)",
            "tiii", run->id, (int64_t)run->import, (int64_t)state, run->began),
        0);
}

/* The run's number in the file; 0: a failure, or an import that another one of the same took the place of. An
 * import begins with its first put, and what an earlier one left that did not end is dead from then on. */
static int64_t run_of(struct sqlite_store *s, const struct store_run *run, uint64_t number)
{
    enum run_state state = run->import ? RUN_WRITING : RUN_SEEN;
    if (s->run && s->run_began == run->began && str_eq(s->run_name, run->id) && run_is(s, s->run, state))
        return s->run;
    int64_t id = find_run(s, run, state);
    if (!id && run->import && number == 1)
        sql_do(s, sql_bind(s, "UPDATE run SET state = 2 WHERE name = ? AND import = 1 AND state = 0", "t",
                           run->id));
    if (!id && s->rc == SQLITE_OK && (!run->import || number == 1))
        id = run_row(s, run, state);
    free(s->run_name);
    s->run_name = mem_strdup(run->id);
    s->run_began = run->began;
    s->run = s->rc == SQLITE_OK ? id : 0;
    return s->run;
}

static enum sd_result replaced(struct sqlite_store *s, const struct store_run *run, struct sd_error *err)
{
    return sd_fail(err, SD_CONFIG,
                   "cannot write %s: this import ended, or another one of the same for %s has begun",
                   s->base.url, run->host ? run->host : "it");
}

/* ---- spans: which puts are there ---- */

/* False: it is there already (or a failure). */
static bool note_span(struct sqlite_store *s, int64_t run, const struct store_put *put)
{
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT first, last, from_at, to_at FROM span WHERE run = ? AND first <= ? ORDER BY "
                 "first DESC LIMIT 1",
                 "ii", run, (int64_t)put->number);
    if (sql_row(s, st)) {
        int64_t first = sqlite3_column_int64(st, 0), last = sqlite3_column_int64(st, 1);
        sd_time from = sqlite3_column_int64(st, 2), to = sqlite3_column_int64(st, 3);
        sql_end(st);
        if (last >= (int64_t)put->number)
            return false;
        if (last == (int64_t)put->number - 1 && put->from <= to && put->from >= from && put->to >= to)
            return sql_do(s, sql_bind(s, "UPDATE span SET last = ?, to_at = ? WHERE run = ? AND first = ?",
                                      "iiii", (int64_t)put->number, put->to, run, first));
    }
    return sql_do(s,
                  sql_bind(s, "INSERT INTO span VALUES (?, ?, ?, ?, ?)", "iiiii", run, (int64_t)put->number,
                           (int64_t)put->number, put->from, MAX(put->from, put->to)));
}

/* ---- rows ---- */

static int order_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *pa, const void *pb)
{
    const struct placed *a = pa, *b = pb;
    int order = order_of(a->row->kind, b->row->kind);
    order = order ? order : order_of(a->step, b->step);
    order = order ? order : order_of(a->series, b->series);
    order = order ? order : order_of(a->row->at, b->row->at);
    return order ? order : order_of((int64_t)(a->row > b->row), (int64_t)(a->row < b->row));
}

/* When the first and the last request ended is kept to a tenth of the interval, outwards: both to the
 * millisecond would take a fifth of the room. */
static const void *with_coarse_ends(const struct history_row *r, struct arena *a)
{
    const struct sd_http *h = r->record;
    int64_t tenth = r->length_ns / 10;
    if (r->kind != SD_HTTP || tenth <= 0 || (!sd_known(h->first_at) && !sd_known(h->last_at)))
        return r->record;
    struct sd_http *copy = arena_copy(a, h, sizeof *h);
    if (sd_known(h->first_at))
        copy->first_at = MIN(h->first_at, MAX(r->at, history_step_start(add_sat(h->first_at, 1), tenth)));
    if (sd_known(h->last_at))
        copy->last_at =
            MAX(h->last_at, MIN(history_row_end(r), add_sat(history_step_start(h->last_at, tenth), tenth)));
    return copy;
}

/* Some series each, so that the newest of one endpoint is found without decoding all; as plain bytes, because
 * these rows are read often and soon written anew. */
static void put_sections(enum sd_kind kind, const struct blob_row *rows, size_t n, struct strbuf *out)
{
    enum { ROWS = 96 };
    struct pack_section s[BLOB_ROWS_MAX / ROWS + 1];
    struct strbuf blobs = {0};
    size_t k = 0, at = 0;
    for (size_t i = 0; i < n; i += ROWS, k++) {
        size_t before = blobs.len, some = MIN(n - i, ROWS);
        blob_encode(kind, rows + i, some, true, &blobs);
        s[k] = (struct pack_section){
            .series = rows[i].series, .rows = (uint32_t)some, .len = blobs.len - before};
    }
    for (size_t i = 0; i < k; at += s[i++].len)
        s[i].bytes = strbuf_text(&blobs) + at;
    pack_close(s, k, out);
    strbuf_free(&blobs);
}

static bool put_blob(struct sqlite_store *s, int64_t owner, const struct placed *p, size_t n)
{
    struct blob_row *rows = mem_array(n, sizeof *rows);
    struct strbuf data = {0};
    struct arena *a = arena_new();
    sd_time begins = INT64_MAX, first = INT64_MAX, last = NUM_MIN;
    for (size_t i = 0; i < n; i++) {
        const struct history_row *r = p[i].row;
        rows[i] = (struct blob_row){p[i].series, r->at, r->length_ns, with_coarse_ends(r, a)};
        begins = MIN(begins, r->at);
        first = MIN(first, history_row_end(r));
        last = MAX(last, history_row_end(r));
    }
    put_sections(p->row->kind, rows, n, &data);
    bool ok = sql_do(
        s, sql_bind(s,
                    "INSERT INTO fresh (owner, kind, step, begins, first, last, rows, data) VALUES (?, ?, "
                    "?, ?, ?, ?, ?, ?)",
                    "iiiiiiib", owner, (int64_t)p->row->kind, p->step, begins, first, last, (int64_t)n,
                    strbuf_text(&data), data.len));
    strbuf_free(&data);
    arena_free(a);
    free(rows);
    return ok;
}

/* That a series lives is written once in an hour; how far it reaches exactly comes with its chunk. */
static void touch(struct sqlite_store *s, struct series *e, sd_time end)
{
    if (end <= e->last)
        return;
    e->last = add_sat(history_step_start(end, 3600 * SD_S), 3600 * SD_S);
    sql_do(s, sql_bind(s, "UPDATE series SET last = max(last, ?) WHERE id = ?", "ii", end, (int64_t)e->id));
}

/* A row goes where its interval fits, whatever its age: compaction moves what is old. */
static int64_t step_for(const struct history_tiers *tiers, const struct history_row *row)
{
    for (size_t i = 0; i < tiers->n; i++)
        if (tiers->items[i].step_ns >= row->length_ns)
            return tiers->items[i].step_ns;
    return 0;
}

static bool put_rows(struct sqlite_store *s, int64_t owner, const struct store_put *put, int64_t *refused)
{
    struct placed *placed = mem_array(put->n, sizeof *placed);
    size_t n = 0;
    for (size_t i = 0; i < put->n && s->rc == SQLITE_OK; i++) {
        const struct history_row *row = &put->rows[i];
        if (!history_kind(row->kind))
            continue;
        struct series *e = NULL;
        if (history_tier_of(&s->tiers, row, sd_known(put->sent) ? put->sent : put->to) == s->tiers.n) {
            ++*refused;
        } else if ((e = series_for(s, owner, row))) {
            touch(s, e, history_row_end(row));
            placed[n++] = (struct placed){row, step_for(&s->tiers, row), e->id};
        }
    }
    qsort(placed, n, sizeof *placed, by_place);
    for (size_t from = 0, to; from < n && s->rc == SQLITE_OK; from = to) {
        for (to = from + 1;
             to < n && to - from < BLOB_ROWS_MAX && placed[to].row->kind == placed[from].row->kind &&
             placed[to].step == placed[from].step;
             to++)
            ;
        put_blob(s, owner, placed + from, to - from);
    }
    free(placed);
    return s->rc == SQLITE_OK;
}

/* Hours that are over become chunks: a bounded part of it with each put. What fails here is done later. */
static void settle_a_little(struct sqlite_store *s, const struct store_run *run, sd_time to)
{
    enum { KEEP_NEWEST = 8, LOOK_EVERY = 16, IMPORT_FRESH = 256 };
    bool more = false;
    if (s->puts++ % LOOK_EVERY)
        return;
    if (!run->import)
        settle_some(s, 0, settled_until(s, to), KEEP_NEWEST, &more);
    else if (sql_int(s, sql_bind(s, "SELECT count(*) FROM fresh WHERE owner = ?", "i", s->run), 0) >
             IMPORT_FRESH)
        settle_some(s, s->run, INT64_MAX, 0, &more);
    if (more)
        s->puts--;
    sql_rollback(s);
    s->rc = SQLITE_OK;
}

static bool put_places(struct sqlite_store *s, const struct store_run *run, const struct store_put *put)
{
    const char *host = run->host ? run->host : "";
    for (size_t i = 0; i < put->n_places; i++) {
        const struct batch_place *p = &put->places[i];
        if (*p->place)
            sql_do(s, sql_bind(s, "INSERT OR REPLACE INTO place (host, file, place) VALUES (?, ?, ?)", "ttt",
                               host, p->file, p->place));
        else
            sql_do(s, sql_bind(s, "DELETE FROM place WHERE host = ? AND file = ?", "tt", host, p->file));
    }
    return s->rc == SQLITE_OK;
}

/* In a transaction. False: it is there already, or a failure. */
static bool put_one(struct sqlite_store *s, int64_t id, const struct store_run *run,
                    const struct store_put *put)
{
    int64_t refused = 0;
    if (put->before)
        put_one(s, id, run, put->before);
    if (!note_span(s, id, put) || !put_rows(s, run->import ? id : 0, put, &refused) ||
        !put_places(s, run, put))
        return false;
    if (put->lost > 0 || refused)
        sql_do(s, sql_bind(s, "UPDATE run SET lost = lost + ? WHERE id = ?", "ii",
                           add_sat(MAX(put->lost, 0), refused), id));
    return true;
}

enum sd_result sqlite_put(struct store *base, const struct store_run *run, const struct store_put *put,
                          struct sd_error *err)
{
    struct sqlite_store *s = sqlite_store_of(base);
    if (!s->write)
        return sd_fail(err, SD_CONFIG, "%s was opened for reading", base->url);
    if (put->number == 0 || put->number > INT64_MAX)
        return sd_fail(err, SD_CONFIG, "puts are numbered from 1");
    s->rc = SQLITE_OK;
    if (sql_begin(s, true) && series_refresh(s)) {
        int64_t id = run_of(s, run, put->number);
        if (!id && s->rc == SQLITE_OK) {
            sql_rollback(s);
            return replaced(s, run, err);
        }
        if (!put_one(s, id, run, put)) {
            sql_rollback(s);
            series_forget(s); /* it may have what was rolled back */
            s->run = 0;
            return sql_result(s, "write", err);
        }
    }
    if (s->rc != SQLITE_OK || !sql_commit(s)) {
        sql_rollback(s);
        series_forget(s);
        s->run = 0;
        return sql_result(s, "write", err);
    }
    settle_a_little(s, run, put->to);
    return SD_OK;
}

enum sd_result sqlite_places(struct store *base, const char *host, store_place *each, void *ctx,
                             struct sd_error *err)
{
    struct sqlite_store *s = sqlite_store_of(base);
    enum sd_result result = s->write ? SD_OK : sqlite_file_fresh(s, err);
    if (result != SD_OK)
        return result;
    s->rc = SQLITE_OK;
    sqlite3_stmt *st =
        sqlite_has_places(s)
            ? sql_bind(s, "SELECT file, place FROM place WHERE host = ? ORDER BY id", "t", host ? host : "")
            : NULL;
    while (sql_row(s, st)) {
        const char *file = (const char *)sqlite3_column_text(st, 0);
        const char *place = (const char *)sqlite3_column_text(st, 1);
        if (file && place)
            each(ctx, file, place);
    }
    return sql_result(s, "read", err);
}

enum sd_result sqlite_end(struct store *base, const struct store_run *run, struct sd_error *err)
{
    struct sqlite_store *s = sqlite_store_of(base);
    int64_t id = 0;
    if (!run->import)
        return SD_OK;
    if (!s->write)
        return sd_fail(err, SD_CONFIG, "%s was opened for reading", base->url);
    s->rc = SQLITE_OK;
    bool has_put = str_eq(s->run_name, run->id) && s->run_began == run->began, ended = false;
    if (sql_begin(s, true)) {
        id = run_of(s, run, 0);
        ended = !id && find_run(s, run, RUN_SEEN);
    }
    sql_rollback(s);
    if (!id && s->rc == SQLITE_OK) /* nothing was put, or it ended before */
        return has_put && !ended ? replaced(s, run, err) : SD_OK;
    for (bool more = id != 0; more && s->rc == SQLITE_OK;)
        settle_some(s, id, INT64_MAX, 0, &more);
    if (s->rc == SQLITE_OK && sql_begin(s, true)) {
        sql_do(s, sql_bind(s, "UPDATE run SET state = 2 WHERE name = ? AND import = 1 AND id <> ?", "ti",
                           run->id, id));
        sql_do(s, sql_bind(s, "UPDATE run SET state = 1 WHERE id = ?", "i", id));
        sql_commit(s);
    }
    sql_rollback(s);
    enum sd_result result = sql_result(s, "write", err);
    if (result == SD_OK) {
        bury_dead(s); /* if not now, then later */
        sql_rollback(s);
        s->rc = SQLITE_OK;
    }
    s->run = 0;
    return result;
}
