/* sqlite_read.c - reads a span of a SQLite history.
 *
 * Chunks and puts that overlap the span are taken in order of time, window by window, so that what is held
 * stays bounded. A window ends with a step. Where a step holds a whole block, its total is taken instead of
 * its rows. */
#include <stdlib.h>

#include "core/history/thin.h"
#include "store/sqlite_internal.h"

enum { WINDOW_ROWS = 250000, FEW_SERIES = 64 };

/* A chunk or a put. */
struct item {
    int64_t id, step, rows;
    sd_time block, begins, first, last;
    enum sd_kind kind;
    bool fresh;
};
struct reading {
    struct sqlite_store *s;
    const struct store_ask *ask;
    struct store_answer *out;
    bool (*row)(void *ctx, const struct history_row *row);
    void *ctx;
    struct item *items;
    size_t n, cap;
    size_t n_wanted;
    uint32_t ids[FEW_SERIES];  /* of the first that are wanted */
    uint32_t only;             /* of what is decoded only this series; 0: all that are wanted */
    enum sd_kind kind;         /* of the put at work */
    bool *has;                 /* by kind: is anything wanted of it? */
    struct history_fold *fold; /* NULL: rows as they are */
    struct arena *arena;       /* of these */
    struct history_row *rows;
    size_t n_rows, cap_rows;
    sd_time from, to; /* the window */
    sd_time cut_from, cut_to;
    bool ended;
};

/* ---- what is asked for ---- */

static bool is_wanted(const struct store_ask *ask, const struct series *e)
{
    if (ask->kinds && !(ask->kinds >> e->kind & 1))
        return false;
    if (ask->host && !str_eq(ask->host, e->host))
        return false;
    if (!ask->route || (e->kind != SD_HTTP && e->kind != SD_HTTP_PART))
        return true;
    return str_eq(ask->route, e->kind == SD_HTTP ? ((const struct sd_http *)e->record)->route
                                                 : ((const struct sd_http_part *)e->record)->route);
}

static void want(void *ctx, struct series *e)
{
    struct reading *r = ctx;
    e->wanted = is_wanted(r->ask, e);
    if (e->wanted && r->n_wanted < FEW_SERIES)
        r->ids[r->n_wanted] = e->id;
    r->n_wanted += e->wanted;
    r->has[e->kind] |= e->wanted;
}

static void add_item(struct reading *r, sqlite3_stmt *st, bool fresh)
{
    int64_t kind = sqlite3_column_int64(st, 1), step = sqlite3_column_int64(st, 2);
    if (kind <= 0 || kind >= SD_KIND_END || step <= 0 || !r->has[kind])
        return;
    if (r->n == r->cap)
        r->items = mem_grow(r->items, r->n, &r->cap, sizeof *r->items);
    r->items[r->n++] = (struct item){.id = sqlite3_column_int64(st, 0),
                                     .kind = (enum sd_kind)kind,
                                     .step = step,
                                     .rows = sqlite3_column_int64(st, 3),
                                     .begins = sqlite3_column_int64(st, 4),
                                     .first = sqlite3_column_int64(st, 5),
                                     .last = sqlite3_column_int64(st, 6),
                                     .block = sqlite3_column_int64(st, 7),
                                     .fresh = fresh};
}

static int by_first(const void *pa, const void *pb)
{
    const struct item *a = pa, *b = pb;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->fresh != b->fresh)
        return a->fresh ? 1 : -1;
    return (a->id > b->id) - (a->id < b->id);
}

/* No interval is longer than the step of its tier. */
static bool may_be_long(const struct reading *r)
{
    bool any = r->ask->if_long_ns <= 0;
    for (size_t i = 0; i < r->n && !any; i++)
        any = r->items[i].step >= r->ask->if_long_ns;
    return any;
}

/* What overlaps the span, what begins in it but ends later, and a moment at its end. */
#define IN_SPAN "last > ?1 AND (begins < ?2 OR first <= ?2) AND " SEEN_OWNERS
static void find_items(struct reading *r, sd_time from)
{
    r->n = 0;
    sqlite3_stmt *st =
        sql_bind(r->s, "SELECT id, kind, step, rows, begins, first, last, block FROM chunk WHERE " IN_SPAN,
                 "ii", from, r->ask->to);
    while (sql_row(r->s, st))
        add_item(r, st, false);
    st = sql_bind(r->s, "SELECT id, kind, step, rows, begins, first, last, 0 FROM fresh WHERE " IN_SPAN, "ii",
                  from, r->ask->to);
    while (sql_row(r->s, st))
        add_item(r, st, true);
    if (r->n)
        qsort(r->items, r->n, sizeof *r->items, by_first);
    if (!may_be_long(r))
        r->n = 0;
}

static void find_ends(struct sqlite_store *s, struct store_answer *out)
{
    sqlite3_stmt *st =
        sql_bind(s,
                 "SELECT min(begins), max(last) FROM (SELECT begins, last FROM chunk WHERE " SEEN_OWNERS
                 " UNION ALL SELECT begins, last FROM fresh WHERE " SEEN_OWNERS ")",
                 "");
    if (sql_row(s, st) && sqlite3_column_type(st, 0) != SQLITE_NULL) {
        out->oldest = sqlite3_column_int64(st, 0);
        out->newest = sqlite3_column_int64(st, 1);
    }
    sql_end(st);
}

/* ---- windows ---- */

/* The end of the step that a moment lies in. */
static sd_time step_end(const struct history_steps *steps, sd_time t)
{
    if (steps->step_ns > 0)
        return add_sat(history_step_start(t, steps->step_ns), steps->step_ns);
    size_t low = 0, high = steps->n_edges;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (steps->edges[middle] < t)
            low = middle + 1;
        else
            high = middle;
    }
    return low < steps->n_edges ? steps->edges[low] : steps->n_edges ? INT64_MAX : t;
}

/* Is the whole block in one step of the window? */
static bool total_serves(const struct reading *r, const struct item *it)
{
    if (it->fresh || !r->fold || history_kind(it->kind)->how == HISTORY_EACH)
        return false;
    sd_time end = add_sat(it->block, block_length(it->step));
    return it->block >= r->ask->from && end <= r->ask->to &&
           step_end(&r->ask->steps, it->first) == step_end(&r->ask->steps, end) &&
           (r->ask->steps.step_ns > 0
                ? history_step_start(end, r->ask->steps.step_ns) <= it->block
                : step_end(&r->ask->steps, add_sat(it->block, 1)) == step_end(&r->ask->steps, end));
}

/* Where the window that begins at r->from ends. */
static sd_time window_end(const struct reading *r)
{
    int64_t rows = 0;
    sd_time end = r->from;
    for (size_t i = 0; i < r->n; i++) {
        const struct item *it = &r->items[i];
        if (it->last <= r->from)
            continue;
        if (it->first > end && rows > WINDOW_ROWS)
            break;
        rows += total_serves(r, it) ? 0 : it->rows;
        end = MAX(end, step_end(&r->ask->steps, MIN(it->last, r->ask->to)));
    }
    return MIN(end, r->ask->to);
}

/* ---- rows ---- */

static bool keep_row(struct reading *r, const struct history_row *row)
{
    if (r->fold)
        return history_fold_add(r->fold, row);
    if (r->n_rows == r->cap_rows)
        r->rows = mem_grow(r->rows, r->n_rows, &r->cap_rows, sizeof *r->rows);
    r->rows[r->n_rows++] = *row;
    return true;
}

static void take_rows(struct reading *r, enum sd_kind kind, const struct blob_row *rows, size_t n)
{
    uint32_t series = 0;
    struct series *e = NULL;
    bool exact = !history_coarse_ns(kind); /* else the span is not told by it */
    for (size_t i = 0; i < n; i++) {
        if (!e || rows[i].series != series)
            e = series_of(r->s, rows[i].series);
        series = rows[i].series;
        if (!e) {
            sql_damaged(r->s, "rows are of a series that is not there");
            return;
        }
        sd_time end = add_sat(rows[i].at, rows[i].length_ns);
        if (!e->wanted || (r->only && rows[i].series != r->only))
            continue;
        if (exact && end > r->ask->to && rows[i].at < r->ask->to)
            r->cut_to = MIN(r->cut_to, rows[i].at);
        if (end <= r->from || end > r->to)
            continue;
        if (exact) {
            r->cut_from = MIN(r->cut_from, rows[i].at);
            r->out->coarsest_ns = MAX(r->out->coarsest_ns, rows[i].length_ns);
        }
        struct history_row row = {.kind = kind,
                                  .host = e->host,
                                  .source = e->source,
                                  .at = rows[i].at,
                                  .length_ns = rows[i].length_ns,
                                  .record = rows[i].record,
                                  .series = rows[i].series};
        r->out->rows += keep_row(r, &row);
    }
}

static void take_blob(struct reading *r, enum sd_kind kind, const void *bytes, size_t len)
{
    struct arena *a = r->fold ? arena_new() : r->arena;
    size_t n = 0;
    const struct blob_row *rows = r->ask->times ? blob_keys(kind, bytes, len, a, &n)
                                                : blob_decode(kind, bytes, len, series_base, r->s, a, &n);
    if (rows)
        take_rows(r, kind, rows, n);
    else
        sql_damaged(r->s, "rows cannot be decoded");
    if (r->fold)
        arena_free(a);
}

/* The wanted series of a put; `r->ids` has them in order when they are few. */
static bool wants_any(void *ctx, uint32_t lo, uint32_t hi)
{
    const struct reading *r = ctx;
    if (r->n_wanted > FEW_SERIES)
        return true;
    for (size_t i = 0; i < r->n_wanted; i++)
        if (r->ids[i] >= lo && r->ids[i] <= hi)
            return true;
    return false;
}

static void take_put_rows(void *ctx, const struct blob_row *rows, size_t n)
{
    struct reading *r = ctx;
    take_rows(r, r->kind, rows, n);
}

/* Rows that are given as they are have to outlive the call. */
static void copy_put_rows(void *ctx, const struct blob_row *rows, size_t n)
{
    struct reading *r = ctx;
    const struct sd_schema *sc = schema_of(r->kind);
    struct blob_row *own = arena_copy(r->arena, rows, n * sizeof *rows);
    for (size_t i = 0; i < n; i++)
        own[i].record =
            schema_copy(sc, rows[i].record, arena_alloc(r->arena, schema_need(sc, rows[i].record)));
    take_rows(r, r->kind, own, n);
}

static void take_put(struct reading *r, enum sd_kind kind, const void *bytes, size_t len)
{
    r->kind = kind;
    put_each(r->s, kind, bytes ? bytes : "", len, wants_any, r->fold ? take_put_rows : copy_put_rows, r);
}

static void take_pack(struct reading *r, enum sd_kind kind, const void *bytes, size_t len)
{
    struct arena *a = arena_new();
    size_t n = 0;
    const struct pack_section *p = pack_open(bytes, len, a, &n);
    if (!p)
        sql_damaged(r->s, "a pack of rows cannot be decoded");
    for (size_t i = 0; p && i < n && r->s->rc == SQLITE_OK; i++) {
        const struct series *e = series_of(r->s, p[i].series);
        if (!e)
            sql_damaged(r->s, "rows are of a series that is not there");
        else if (e->wanted)
            take_blob(r, kind, p[i].bytes, p[i].len);
    }
    arena_free(a);
}

static void take_blobs(struct reading *r, const struct item *it, const char *sql,
                       void (*take)(struct reading *r, enum sd_kind kind, const void *bytes, size_t len))
{
    sqlite3_stmt *st = sql_bind(r->s, sql, "i", it->id);
    while (sql_row(r->s, st)) {
        const void *bytes = sqlite3_column_blob(st, 0);
        size_t len = (size_t)sqlite3_column_bytes(st, 0);
        take(r, it->kind, bytes ? bytes : "", len);
    }
}

/* Of few series only the packs that hold them are read. */
static void take_pack_of(struct reading *r, const struct item *it, uint32_t id)
{
    sqlite3_stmt *st =
        sql_bind(r->s, "SELECT data FROM pack WHERE chunk = ?1 AND lo <= ?2 AND hi >= ?2 ORDER BY lo, id",
                 "ii", it->id, (int64_t)id);
    while (sql_row(r->s, st)) {
        struct arena *a = arena_new();
        size_t n = 0;
        const struct pack_section *p =
            pack_open(sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), a, &n);
        if (!p)
            sql_damaged(r->s, "a pack of rows cannot be decoded");
        for (size_t i = 0; p && i < n; i++)
            if (p[i].series == id)
                take_blob(r, it->kind, p[i].bytes, p[i].len);
        arena_free(a);
    }
}

/* The total of a series is in the last blob that begins before it, or in those that begin with it. Others of
 * the blob may be wanted as well, and are taken with their own. */
static void take_total_of(struct reading *r, const struct item *it, uint32_t id)
{
    sqlite3_stmt *st =
        sql_bind(r->s,
                 "SELECT data FROM total WHERE chunk = ?1 AND lo <= ?2 AND lo >= (SELECT "
                 "coalesce(max(lo), 0) FROM total WHERE chunk = ?1 AND lo < ?2) ORDER BY lo, id",
                 "ii", it->id, (int64_t)id);
    r->only = id;
    while (sql_row(r->s, st))
        take_blob(r, it->kind, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
    r->only = 0;
}

static void take_few(struct reading *r, const struct item *it,
                     void (*take)(struct reading *r, const struct item *it, uint32_t id))
{
    for (size_t i = 0; i < r->n_wanted && r->s->rc == SQLITE_OK; i++) {
        const struct series *e = series_of(r->s, r->ids[i]);
        if (e && e->kind == it->kind)
            take(r, it, r->ids[i]);
    }
}

/* What a total is of has the steps of its rows. */
static void take_totals(struct reading *r, const struct item *it)
{
    int64_t coarsest = r->out->coarsest_ns;
    uint64_t rows = r->out->rows;
    sd_time cut = r->cut_from;
    if (r->n_wanted <= FEW_SERIES)
        take_few(r, it, take_total_of);
    else
        take_blobs(r, it, "SELECT data FROM total WHERE chunk = ?", take_blob);
    bool any = r->out->rows > rows && !history_coarse_ns(it->kind);
    r->out->coarsest_ns = any ? MAX(coarsest, it->step) : coarsest;
    r->cut_from = any ? MIN(cut, it->begins) : cut;
}

static void take_item(struct reading *r, const struct item *it)
{
    if (it->fresh) {
        take_blobs(r, it, "SELECT data FROM fresh WHERE id = ?", take_put);
    } else if (total_serves(r, it)) {
        take_totals(r, it);
    } else if (r->n_wanted <= FEW_SERIES) {
        take_few(r, it, take_pack_of);
    } else {
        take_blobs(r, it, "SELECT data FROM pack WHERE chunk = ?", take_pack);
    }
}

static int by_end(const void *pa, const void *pb)
{
    const struct history_row *a = pa, *b = pb;
    sd_time x = history_row_end(a), y = history_row_end(b);
    return (x > y) - (x < y);
}

/* False: the reader wants no more. */
static bool give_rows(struct reading *r)
{
    bool on = true;
    size_t n = r->fold ? history_fold_len(r->fold) : r->n_rows;
    if (!r->fold && n)
        qsort(r->rows, n, sizeof *r->rows, by_end);
    for (size_t i = 0; i < n && on; i++) {
        struct history_row row = r->fold ? history_fold_row(r->fold, i) : r->rows[i];
        on = r->row(r->ctx, &row);
    }
    return on;
}

static void start_window(struct reading *r)
{
    if (r->fold)
        history_fold_clear(r->fold);
    arena_free(r->arena);
    r->arena = arena_new();
    r->n_rows = 0;
}

/* All windows from r->from on. False: a failure, or the file has changed under it. */
static bool read_windows(struct reading *r)
{
    while (r->from < r->ask->to && !r->ended && r->s->rc == SQLITE_OK) {
        r->to = window_end(r);
        if (r->to <= r->from)
            break;
        start_window(r);
        for (size_t i = 0; i < r->n && r->s->rc == SQLITE_OK; i++)
            if (r->items[i].last > r->from && (r->items[i].begins < r->to || r->items[i].first <= r->to))
                take_item(r, &r->items[i]);
        if (store_stops(r->s) && r->s->rc == SQLITE_OK)
            r->s->rc = SQLITE_INTERRUPT;
        if (r->s->rc != SQLITE_OK || sqlite_file_moved(r->s))
            return false;
        r->ended = !give_rows(r);
        r->from = r->to;
    }
    return r->s->rc == SQLITE_OK;
}

static void prepare(struct reading *r)
{
    r->n_wanted = 0;
    memset(r->has, 0, SD_KIND_END * sizeof *r->has);
    if (sql_begin(r->s, false) && series_refresh(r->s)) {
        series_each(r->s, want, r);
        find_items(r, r->from);
        find_ends(r->s, r->out);
    }
}

enum sd_result sqlite_read(struct store *base, const struct store_ask *ask,
                           bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                           struct store_answer *out, struct sd_error *err)
{
    enum { TRIES = 5 };
    struct sqlite_store *s = sqlite_store_of(base);
    bool has[SD_KIND_END];
    struct reading r = {.s = s,
                        .ask = ask,
                        .out = out,
                        .row = row,
                        .ctx = ctx,
                        .has = has,
                        .from = ask->from,
                        .cut_from = INT64_MAX,
                        .cut_to = INT64_MAX};
    if (ask->steps.step_ns > 0 || ask->steps.n_edges)
        r.fold = history_fold_new(&ask->steps, ask->apart);
    enum sd_result result = SD_OK;
    for (int i = 0; i < TRIES; i++) {
        s->rc = SQLITE_OK;
        result = sqlite_file_fresh(s, err);
        if (result != SD_OK)
            break;
        prepare(&r);
        bool ok = s->rc == SQLITE_OK && read_windows(&r);
        sql_rollback(s);
        if (ok || !sqlite_file_moved(s))
            break;
    }
    if (result == SD_OK)
        result = sql_result(s, "read", err);
    if (out->rows) {
        out->from = MIN(ask->from, r.cut_from);
        out->to = MIN(ask->to, r.cut_to);
    }
    history_fold_free(r.fold);
    arena_free(r.arena);
    free(r.rows);
    free(r.items);
    return result;
}

/* ---- following ---- */

static bool follow_puts(struct reading *r, uint64_t *mark)
{
    sqlite3_stmt *st =
        sql_bind(r->s, "SELECT id, kind, data FROM fresh WHERE id >= ? AND " SEEN_OWNERS " ORDER BY id", "i",
                 (int64_t)*mark);
    while (!r->ended && sql_row(r->s, st)) {
        int64_t kind = sqlite3_column_int64(st, 1);
        start_window(r);
        r->from = NUM_MIN;
        r->to = INT64_MAX;
        if (kind > 0 && kind < SD_KIND_END && r->has[kind])
            take_put(r, (enum sd_kind)kind, sqlite3_column_blob(st, 2), (size_t)sqlite3_column_bytes(st, 2));
        if (r->s->rc != SQLITE_OK || sqlite_file_moved(r->s))
            break;
        r->ended = !give_rows(r);
        *mark = (uint64_t)sqlite3_column_int64(st, 0) + 1;
    }
    sql_end(st);
    return r->s->rc == SQLITE_OK;
}

enum sd_result sqlite_follow(struct store *base, uint64_t *mark, const struct store_ask *ask,
                             bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                             struct sd_error *err)
{
    struct sqlite_store *s = sqlite_store_of(base);
    struct store_answer out = {0};
    struct store_ask all = *ask;
    bool has[SD_KIND_END] = {false};
    all.to = INT64_MAX;
    struct reading r = {.s = s, .ask = &all, .out = &out, .row = row, .ctx = ctx, .has = has};
    s->rc = SQLITE_OK;
    enum sd_result result = sqlite_file_fresh(s, err);
    if (result != SD_OK)
        return result;
    if (sql_begin(s, false) && series_refresh(s)) {
        series_each(s, want, &r);
        if (*mark)
            follow_puts(&r, mark);
        else
            *mark = 1 + (uint64_t)sql_int(
                            s, sql_bind(s, "SELECT seq FROM sqlite_sequence WHERE name = 'fresh'", ""), 0);
    }
    sql_rollback(s);
    arena_free(r.arena);
    free(r.rows);
    if (sqlite_file_moved(s)) /* the rows come with the next call */
        s->rc = SQLITE_OK;
    return sql_result(s, "follow", err);
}
