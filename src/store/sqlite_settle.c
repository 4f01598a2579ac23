/* sqlite_settle.c - fresh rows become chunks when their time is over. */
#include <stdlib.h>

#include "core/history/thin.h"
#include "store/sqlite_internal.h"

enum {
    PUTS_MAX = 2000,      /* taken at once: more than those of an hour */
    ROWS_MAX = 250000,    /* and their rows, unless a put has more: others wait so long */
    ROWS_AT_ONCE = 50000, /* in memory: the puts are decoded again for every so many */
    WRITERS_MAX = 48
};

/* Late rows have a minute. */
sd_time settled_until(const struct sqlite_store *s, sd_time now)
{
    return history_step_start(sub_sat(now, 60 * SD_S), block_length(s->tiers.items[0].step_ns));
}

struct pile {
    int64_t ids[PUTS_MAX];
    size_t n_ids;
    int64_t owner, step, n_rows;
    enum sd_kind kind;
    bool more;
    uint32_t lo, hi; /* series in memory */
    struct arena *arena;
    struct blob_row *rows;
    size_t n, cap;
    struct chunk_writer *writers[WRITERS_MAX];
    size_t n_writers;
    /* Of kinds that are kept in coarser steps: what lies wholly in [from, to], where all steps are over, goes
     * into the step `coarse`. 0: as it came. */
    int64_t coarse;
    sd_time from, to;
};

/* Puts of one owner, kind and step. */
static bool pile_up(struct sqlite_store *s, int64_t owner, sd_time until, int64_t keep_newest, struct pile *p)
{
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT id, owner, kind, step, rows FROM fresh WHERE (?1 = -1 OR owner = ?1) AND last "
                 "<= ?2 AND id <= (SELECT max(id) FROM fresh) - ?3 AND owner NOT IN (SELECT id FROM run "
                 "WHERE state = 2) ORDER BY owner, kind, step, id",
                 "iii", owner, until, keep_newest);
    while (sql_row(s, st)) {
        int64_t of = sqlite3_column_int64(st, 1), kind = sqlite3_column_int64(st, 2),
                step = sqlite3_column_int64(st, 3);
        if (p->n_ids && (of != p->owner || kind != (int64_t)p->kind || step != p->step ||
                         p->n_ids == PUTS_MAX || p->n_rows >= ROWS_MAX)) {
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
        p->n_rows += sqlite3_column_int64(st, 4);
        p->ids[p->n_ids++] = sqlite3_column_int64(st, 0);
    }
    sql_end(st);
    return s->rc == SQLITE_OK && p->n_ids;
}

static bool pile_wants(void *ctx, uint32_t lo, uint32_t hi)
{
    const struct pile *p = ctx;
    return lo <= p->hi && hi >= p->lo;
}

static void pile_take(void *ctx, const struct blob_row *rows, size_t n)
{
    struct pile *p = ctx;
    const struct sd_schema *sc = schema_of(p->kind);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].series < p->lo || rows[i].series > p->hi)
            continue;
        if (p->n == p->cap)
            p->rows = mem_grow(p->rows, p->n, &p->cap, sizeof *p->rows);
        p->rows[p->n] = rows[i];
        p->rows[p->n++].record =
            schema_copy(sc, rows[i].record, arena_alloc(p->arena, schema_need(sc, rows[i].record)));
    }
}

/* The rows of the series that are worked on. */
static void pile_read(struct sqlite_store *s, struct pile *p)
{
    p->n = 0;
    arena_free(p->arena);
    p->arena = arena_new();
    for (size_t i = 0; i < p->n_ids && s->rc == SQLITE_OK; i++) {
        sqlite3_stmt *st = sql_bind(s, "SELECT data FROM fresh WHERE id = ?", "i", p->ids[i]);
        if (sql_row(s, st))
            put_each(s, p->kind, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), pile_wants,
                     pile_take, p);
        sql_end(st);
    }
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
    return (a->length_ns > b->length_ns) - (a->length_ns < b->length_ns);
}

/* Where there are too many the oldest one makes room: a block can have several chunks. */
static struct chunk_writer *writer_of(struct sqlite_store *s, struct pile *p, int64_t step, sd_time block)
{
    for (size_t i = p->n_writers; i-- > 0;)
        if (chunk_block(p->writers[i]) == block && chunk_step(p->writers[i]) == step)
            return p->writers[i];
    if (p->n_writers == WRITERS_MAX) {
        chunk_close(p->writers[0]);
        memmove(p->writers, p->writers + 1, (WRITERS_MAX - 1) * sizeof(struct chunk_writer *));
        p->n_writers--;
    }
    return p->writers[p->n_writers++] = chunk_new(s, p->owner, p->kind, step, block);
}

/* Rows of one step in order of block, series, time. */
static void write_rows(struct sqlite_store *s, struct pile *p, int64_t step, struct blob_row *rows,
                       size_t all)
{
    int64_t length = block_length(step);
    if (all)
        qsort_r(rows, all, sizeof *rows, by_block, &length);
    for (size_t i = 0, n; i < all && s->rc == SQLITE_OK; i += n) {
        sd_time block = block_of(&rows[i], length);
        for (n = 1;
             i + n < all && rows[i + n].series == rows[i].series && block_of(&rows[i + n], length) == block;
             n++)
            ;
        chunk_add(writer_of(s, p, step, block), rows + i, n);
    }
}

/* The steps that are over, of what is kept in coarser ones. An import, which is written once and may be of
 * the last minutes, stays as it came. */
static void find_coarse(struct sqlite_store *s, struct pile *p)
{
    int64_t least = history_coarse_ns(p->kind);
    p->coarse = 0;
    for (size_t i = 0; i < s->tiers.n && least > p->step && !p->owner && !p->coarse; i++)
        if (s->tiers.items[i].step_ns >= least)
            p->coarse = s->tiers.items[i].step_ns;
    if (!p->coarse)
        return;
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT min(begins), max(last) FROM (SELECT begins, last FROM chunk UNION ALL "
                 "SELECT begins, last FROM fresh)",
                 "");
    if (sql_row(s, st)) {
        p->from = sqlite3_column_int64(st, 0);
        p->to = sqlite3_column_int64(st, 1);
    }
    sql_end(st);
}

static bool goes_coarse(const struct pile *p, const struct blob_row *r)
{
    sd_time begin = history_step_start(add_sat(r->at, r->length_ns), p->coarse);
    return p->coarse && begin >= p->from && add_sat(begin, p->coarse) <= p->to;
}

static int by_series(const void *pa, const void *pb)
{
    const struct blob_row *a = pa, *b = pb;
    return (a->series > b->series) - (a->series < b->series);
}

/* Rows of the same series, added up. */
static void write_coarse(struct sqlite_store *s, struct pile *p, struct blob_row *rows, size_t all)
{
    const struct history_steps steps = {.step_ns = p->coarse};
    const struct sd_schema *sc = schema_of(p->kind);
    struct history_fold *fold = history_fold_new(&steps, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    size_t kept = 0;
    if (all)
        qsort(rows, all, sizeof *rows, by_series);
    for (size_t i = 0; i < all;) {
        uint32_t series = rows[i].series;
        for (; i < all && rows[i].series == series; i++) {
            struct history_row row = row_of(s, p->kind, &rows[i]);
            history_fold_add(fold, &row);
        }
        for (size_t k = 0; k < history_fold_len(fold); k++) { /* never more than there were */
            struct history_row row = history_fold_row(fold, k);
            void *room = arena_alloc(p->arena, schema_need(sc, row.record));
            rows[kept++] =
                (struct blob_row){series, row.at, row.length_ns, schema_copy(sc, row.record, room)};
        }
        history_fold_clear(fold);
    }
    history_fold_free(fold);
    write_rows(s, p, p->coarse, rows, kept);
}

static void pile_write(struct sqlite_store *s, struct pile *p)
{
    size_t fine = 0;
    for (size_t i = 0; p->coarse && i < p->n; i++) {
        struct blob_row row = p->rows[i];
        if (goes_coarse(p, &row))
            continue;
        p->rows[i] = p->rows[fine];
        p->rows[fine++] = row;
    }
    if (!p->coarse)
        fine = p->n;
    write_rows(s, p, p->step, p->rows, fine);
    if (fine < p->n)
        write_coarse(s, p, p->rows + fine, p->n - fine);
}

static void settle_pile(struct sqlite_store *s, struct pile *p)
{
    find_coarse(s, p);
    uint64_t parts = (uint64_t)(p->n_rows / ROWS_AT_ONCE) + 1, width = (uint64_t)s->last_series / parts + 1;
    for (uint64_t i = 0; i < parts && s->rc == SQLITE_OK; i++) {
        p->lo = (uint32_t)(i * width);
        p->hi = (uint32_t)((i + 1) * width - 1);
        pile_read(s, p);
        pile_write(s, p);
    }
    for (size_t i = 0; i < p->n_writers; i++)
        chunk_close(p->writers[i]);
    for (size_t i = 0; i < p->n_ids; i++)
        sql_do(s, sql_bind(s, "DELETE FROM fresh WHERE id = ?", "i", p->ids[i]));
}

bool settle_some(struct sqlite_store *s, int64_t owner, sd_time until, int64_t keep_newest, bool *more)
{
    struct pile *p = mem_alloc(sizeof *p);
    bool any = sql_begin(s, true) && series_refresh(s) && pile_up(s, owner, until, keep_newest, p);
    *more = false;
    if (any) {
        settle_pile(s, p);
        *more = p->more;
    }
    bool ok = s->rc == SQLITE_OK && sql_commit(s);
    if (!ok)
        sql_rollback(s);
    *more &= ok;
    arena_free(p->arena);
    free(p->rows);
    free(p);
    if (any && !*more && !owner)
        mem_give_back(); /* the rows of an hour were sorted: some MiB that nothing needs until the next */
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
