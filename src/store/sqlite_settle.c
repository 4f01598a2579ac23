/* sqlite_settle.c - fresh rows become chunks when their time is over. */
#include <stdlib.h>

#include "store/sqlite_internal.h"

enum { SETTLE_ROWS_MAX = 120000, SETTLE_BYTES_MAX = 64 << 20 };

/* Late rows have a minute. */
sd_time settled_until(const struct sqlite_store *s, sd_time now)
{
    return history_step_start(sub_sat(now, 60 * SD_S), block_length(s->tiers.items[0].step_ns));
}

struct pile {
    struct arena *arena;
    struct blob_row *rows;
    size_t n, cap;
    int64_t *ids;
    size_t n_ids, cap_ids;
    int64_t owner, step;
    enum sd_kind kind;
    bool more;
};

static bool pile_add(struct sqlite_store *s, struct pile *p, sqlite3_stmt *st)
{
    size_t n = 0;
    const struct blob_row *rows =
        blob_decode(p->kind, sqlite3_column_blob(st, 4), (size_t)sqlite3_column_bytes(st, 4), series_base, s,
                    p->arena, &n);
    if (!rows)
        return sql_damaged(s, "a put cannot be decoded");
    for (size_t i = 0; i < n; i++) {
        if (p->n == p->cap)
            p->rows = mem_grow(p->rows, p->n, &p->cap, sizeof *p->rows);
        p->rows[p->n++] = rows[i];
    }
    if (p->n_ids == p->cap_ids)
        p->ids = mem_grow(p->ids, p->n_ids, &p->cap_ids, sizeof *p->ids);
    p->ids[p->n_ids++] = sqlite3_column_int64(st, 0);
    return true;
}

/* Rows of one owner, kind and step, as many as are worked on at once. */
static bool pile_up(struct sqlite_store *s, int64_t owner, sd_time until, int64_t keep_newest, struct pile *p)
{
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT id, owner, kind, step, data FROM fresh WHERE (?1 = -1 OR owner = ?1) AND last "
                 "<= ?2 AND id <= (SELECT max(id) FROM fresh) - ?3 AND owner NOT IN (SELECT id FROM run "
                 "WHERE state = 2) ORDER BY owner, kind, step, id",
                 "iii", owner, until, keep_newest);
    while (sql_row(s, st)) {
        int64_t of = sqlite3_column_int64(st, 1), kind = sqlite3_column_int64(st, 2),
                step = sqlite3_column_int64(st, 3);
        if (p->n_ids && (of != p->owner || kind != (int64_t)p->kind || step != p->step ||
                         p->n >= SETTLE_ROWS_MAX || arena_bytes(p->arena) >= SETTLE_BYTES_MAX)) {
            p->more = true;
            break;
        }
        if (kind <= 0 || kind >= SD_KIND_END || !history_kind((enum sd_kind)kind) || step <= 0) {
            sql_damaged(s, "a put is of no kind");
            break;
        }
        p->owner = of;
        p->kind = (enum sd_kind)kind;
        p->step = step;
        if (!pile_add(s, p, st))
            break;
    }
    sql_end(st);
    return s->rc == SQLITE_OK && p->n_ids;
}

static sd_time block_of(const struct blob_row *r, int64_t length)
{
    return history_step_start(add_sat(r->at, r->length_ns), length);
}

static int by_block(const void *pa, const void *pb, void *length)
{
    const struct blob_row *a = pa, *b = pb;
    sd_time x = block_of(a, *(int64_t *)length), y = block_of(b, *(int64_t *)length);
    if (x != y)
        return x < y ? -1 : 1;
    if (a->series != b->series)
        return a->series < b->series ? -1 : 1;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return (a->record > b->record) - (a->record < b->record);
}

static void pile_write(struct sqlite_store *s, const struct pile *p)
{
    int64_t length = block_length(p->step);
    struct chunk_writer *w = NULL;
    qsort_r(p->rows, p->n, sizeof *p->rows, by_block, &length);
    for (size_t i = 0, n; i < p->n && s->rc == SQLITE_OK; i += n) {
        sd_time block = block_of(&p->rows[i], length);
        for (n = 1; i + n < p->n && p->rows[i + n].series == p->rows[i].series &&
                    block_of(&p->rows[i + n], length) == block;
             n++)
            ;
        if (w && chunk_block(w) != block) {
            chunk_close(w);
            w = NULL;
        }
        if (!w)
            w = chunk_new(s, p->owner, p->kind, p->step, block);
        chunk_add(w, p->rows + i, n);
    }
    if (w)
        chunk_close(w);
    for (size_t i = 0; i < p->n_ids; i++)
        sql_do(s, sql_bind(s, "DELETE FROM fresh WHERE id = ?", "i", p->ids[i]));
}

bool settle_some(struct sqlite_store *s, int64_t owner, sd_time until, int64_t keep_newest, bool *more)
{
    struct pile p = {.arena = arena_new()};
    *more = false;
    if (sql_begin(s, true) && series_refresh(s) && pile_up(s, owner, until, keep_newest, &p)) {
        pile_write(s, &p);
        *more = p.more;
    }
    bool ok = s->rc == SQLITE_OK && sql_commit(s);
    if (!ok)
        sql_rollback(s);
    *more &= ok;
    arena_free(p.arena);
    free(p.rows);
    free(p.ids);
    return ok;
}

/* One thing after the other, so that no transaction is long. */
bool bury_dead(struct sqlite_store *s)
{
    enum { FRESH_IN_ONE = 1000 };
    for (bool more = true; more && s->rc == SQLITE_OK && !store_stops(s);) {
        if (!sql_begin(s, true))
            return false;
        int64_t run = sql_int(s, sql_bind(s, "SELECT min(id) FROM run WHERE state = 2", ""), 0);
        int64_t chunk = sql_int(s, sql_bind(s, "SELECT min(id) FROM chunk WHERE owner = ?", "i", run), 0);
        more = run != 0;
        if (run && chunk) {
            chunk_delete(s, chunk);
        } else if (run) {
            sql_do(s,
                   sql_bind(s, "DELETE FROM fresh WHERE id IN (SELECT id FROM fresh WHERE owner = ? LIMIT ?)",
                            "ii", run, (int64_t)FRESH_IN_ONE));
            if (!sqlite3_changes(s->db)) {
                sql_do(s, sql_bind(s, "DELETE FROM series WHERE owner = ?", "i", run));
                sql_do(s, sql_bind(s, "DELETE FROM span WHERE run = ?", "i", run));
                sql_do(s, sql_bind(s, "DELETE FROM run WHERE id = ?", "i", run));
                sql_do(s, sql_bind(
                              s,
                              "INSERT INTO meta VALUES ('epoch', 1) ON CONFLICT (name) DO UPDATE SET value = "
                              "value + 1",
                              ""));
            }
        }
        sql_commit(s);
    }
    return s->rc == SQLITE_OK;
}
