/* sqlite_compact.c - moves old rows into coarser steps, drops what is too old or too much, and gives room
 * back.
 *
 * Each step is a transaction of bounded length: whatever interrupts it, what was moved was moved once. */
#include <stdlib.h>

#include "store/sqlite_rewrite.h"

static bool goes_on(struct sqlite_store *s)
{
    if (s->rc == SQLITE_OK && store_stops(s))
        s->rc = SQLITE_INTERRUPT;
    return s->rc == SQLITE_OK;
}

/* ---- from step to step ---- */

/* What leaves a step as of `now`: rows that end at or before `until` go into `to_step` (0: nowhere). */
static void rule_of(const struct sqlite_store *s, int64_t step, sd_time now, struct rewrite *w)
{
    const struct history_tiers *t = &s->tiers;
    size_t i = 0;
    while (i < t->n && t->items[i].step_ns < step)
        i++;
    w->step = step;
    w->to_step = 0;
    if (i < t->n && t->items[i].step_ns != step) { /* of a tier that is no more: wholly into the next */
        w->until = INT64_MAX;
        w->to_step = t->items[i].step_ns;
        return;
    }
    w->until = sub_sat(sub_sat(now, t->items[MIN(i, t->n - 1)].keep_ns), 1);
    if (i + 1 < t->n) { /* whole steps of the next tier, so that none is in two */
        w->to_step = t->items[i + 1].step_ns;
        w->until = history_step_start(add_sat(w->until, 1), w->to_step);
    }
}

/* The oldest chunk that has rows which leave. False: there is none. */
static bool move_one(struct sqlite_store *s, struct rewrite *w, int64_t *moved)
{
    if (!goes_on(s) || !sql_begin(s, true) || !series_refresh(s))
        return false;
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT id, owner, kind, block, first, last FROM chunk WHERE step = ?1 AND first <= ?2 "
                 "AND " SEEN_OWNERS " ORDER BY block, id LIMIT 1",
                 "ii", w->step, w->until);
    bool found = sql_row(s, st);
    if (found) {
        int64_t id = sqlite3_column_int64(st, 0), kind = sqlite3_column_int64(st, 2);
        sd_time first = sqlite3_column_int64(st, 4), last = sqlite3_column_int64(st, 5);
        w->owner = sqlite3_column_int64(st, 1);
        w->block = sqlite3_column_int64(st, 3);
        w->kind = (enum sd_kind)kind;
        sql_end(st);
        if (kind <= 0 || kind >= SD_KIND_END || !history_kind(w->kind))
            return sql_damaged(s, "a chunk is of no kind");
        *moved = rewrite_chunks(s, w, &id, 1, first, last);
    }
    return sql_commit(s) && found;
}

static void move_all(struct sqlite_store *s, sd_time now, struct store_compaction *out)
{
    int64_t step = 0;
    while (goes_on(s) &&
           (step = sql_int(s, sql_bind(s, "SELECT min(step) FROM chunk WHERE step > ?", "i", step), 0)) > 0) {
        struct rewrite w = {0};
        int64_t moved = 0;
        rule_of(s, step, now, &w);
        while (move_one(s, &w, &moved)) {
            if (w.to_step)
                out->moved += moved;
            else
                out->dropped += moved;
            moved = 0;
        }
    }
}

/* ---- chunks of the same block become one ---- */

static bool merge_one(struct sqlite_store *s, sd_time until)
{
    int64_t ids[REWRITE_CHUNKS_MAX];
    size_t n = 0;
    struct rewrite w = {.until = NUM_MIN};
    if (!goes_on(s) || !sql_begin(s, true) || !series_refresh(s))
        return false;
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT owner, kind, step, block FROM chunk WHERE bytes < ?1 AND last <= ?2 AND " SEEN_OWNERS
                 " GROUP BY owner, kind, step, block HAVING count(*) > 1 AND sum(bytes) <= "
                 "?1 LIMIT 1",
                 "ii", (int64_t)REWRITE_BYTES_MAX, until);
    if (sql_row(s, st)) {
        w.owner = sqlite3_column_int64(st, 0);
        w.kind = (enum sd_kind)sqlite3_column_int64(st, 1);
        w.step = sqlite3_column_int64(st, 2);
        w.block = sqlite3_column_int64(st, 3);
        sql_end(st);
        st = sql_bind(s,
                      "SELECT id FROM chunk WHERE owner = ? AND kind = ? AND step = ? AND block = ? AND last "
                      "<= ? ORDER "
                      "BY id LIMIT 24",
                      "iiiii", w.owner, (int64_t)w.kind, w.step, w.block, until);
        while (n < REWRITE_CHUNKS_MAX && sql_row(s, st))
            ids[n++] = sqlite3_column_int64(st, 0);
        sql_end(st);
    }
    if (n > 1 && history_kind(w.kind))
        rewrite_chunks(s, &w, ids, n, 0, 0);
    return sql_commit(s) && n > 1;
}

/* ---- what nothing is left of ---- */

static void clean_up(struct sqlite_store *s, sd_time now)
{
    sd_time oldest = sub_sat(now, s->tiers.items[s->tiers.n - 1].keep_ns);
    if (!goes_on(s) || !sql_begin(s, true))
        return;
    sql_do(s, sql_bind(s, "DELETE FROM span WHERE to_at <= ?", "i", oldest));
    sql_do(s, sql_bind(s, "UPDATE span SET from_at = ?1 WHERE from_at < ?1", "i", oldest));
    if (sql_int(s, sql_bind(s, "SELECT min(first) FROM fresh", ""), INT64_MAX) > oldest) {
        sql_do(s, sql_bind(s, "DELETE FROM series WHERE rows = 0 AND last < ?", "i",
                           sub_sat(oldest, 86400 * SD_S)));
        if (sqlite3_changes(s->db))
            sql_do(
                s,
                sql_bind(
                    s,
                    "INSERT INTO meta VALUES ('epoch', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
                    ""));
    }
    sql_do(
        s,
        sql_bind(
            s,
            "DELETE FROM run WHERE state = 1 AND began < ? AND id NOT IN (SELECT run FROM span) AND id NOT "
            "IN (SELECT owner FROM series)",
            "i", oldest));
    sql_commit(s);
}

/* ---- the size ---- */

static int64_t pragma_int(struct sqlite_store *s, const char *name)
{
    return sql_int(s, sql_bind(s, name, ""), 0);
}

static int64_t used_bytes(struct sqlite_store *s)
{
    int64_t pages = pragma_int(s, "PRAGMA page_count"), unused = pragma_int(s, "PRAGMA freelist_count");
    return (pages - unused) * pragma_int(s, "PRAGMA page_size");
}

/* The oldest block of the finest step; of puts when there is no chunk. */
static bool drop_oldest(struct sqlite_store *s, struct store_compaction *out)
{
    if (!goes_on(s) || !sql_begin(s, true))
        return false;
    int64_t id = 0, rows = 0;
    sd_time last = 0;
    bool chunk = true;
    sqlite3_stmt *st = sql_bind(s, "SELECT id, rows, last FROM chunk ORDER BY step, block, id LIMIT 1", "");
    if (!sql_row(s, st)) {
        chunk = false;
        st = sql_bind(s, "SELECT id, rows, last FROM fresh ORDER BY id LIMIT 1", "");
        if (!sql_row(s, st)) {
            sql_commit(s);
            return false;
        }
    }
    id = sqlite3_column_int64(st, 0);
    rows = sqlite3_column_int64(st, 1);
    last = sqlite3_column_int64(st, 2);
    sql_end(st);
    if (chunk)
        chunk_delete(s, id);
    else
        sql_do(s, sql_bind(s, "DELETE FROM fresh WHERE id = ?", "i", id));
    if (!sql_commit(s))
        return false;
    out->dropped += rows;
    out->dropped_for_size += rows;
    out->dropped_to = sd_known(out->dropped_to) ? MAX(out->dropped_to, last) : last;
    return true;
}

/* Pages that are free are used again; many of them leave the file. */
static void give_back(struct sqlite_store *s)
{
    enum { KEPT_SHARE = 8, KEPT_PAGES = 1024 };
    int64_t unused = pragma_int(s, "PRAGMA freelist_count"), pages = pragma_int(s, "PRAGMA page_count");
    int64_t kept = s->max_bytes && pages * pragma_int(s, "PRAGMA page_size") > s->max_bytes
                       ? 0
                       : MAX(pages / KEPT_SHARE, KEPT_PAGES);
    while (goes_on(s) && unused > kept) {
        sql_exec(s, "PRAGMA incremental_vacuum(2000)");
        int64_t left = pragma_int(s, "PRAGMA freelist_count");
        if (left >= unused)
            break;
        unused = left;
    }
    sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL); /* when nobody reads */
}

enum sd_result sqlite_compact(struct store *base, sd_time now, struct store_compaction *out,
                              struct sd_error *err)
{
    struct sqlite_store *s = sqlite_store_of(base);
    bool more = true;
    if (!s->write)
        return sd_fail(err, SD_CONFIG, "%s was opened for reading", base->url);
    s->rc = SQLITE_OK;
    bury_dead(s);
    while (more && goes_on(s))
        settle_some(s, 0, settled_until(s, now), 0, &more);
    move_all(s, now, out);
    while (merge_one(s, settled_until(s, now)))
        ;
    clean_up(s, now);
    while (s->max_bytes && goes_on(s) && used_bytes(s) > s->max_bytes && drop_oldest(s, out))
        ;
    give_back(s);
    sql_rollback(s);
    mem_give_back();
    return sql_result(s, "compact", err);
}
