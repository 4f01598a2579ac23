/* clickhouse_compact.c - moves days that are older than their tier keeps into the next, and drops them.
 *
 * A move of a day: (1) which runs have rows there, and up to which put; (2) INSERT SELECT of these, added up,
 * into the next tier, under a number of its own: nobody sees them; (3) one INSERT into history_notes, which
 * makes the old rows unseen and the new ones seen at once; (4) at a later compaction, when nobody can be
 * reading by the older notes and nothing can arrive any more, DROP PARTITION. Whatever stops it: before (3)
 * what was inserted stays unseen and is made anew; after it the rest is only cleaning. Rows that arrive late
 * have puts behind the noted ones: they are seen, and moved the next time.
 *
 * Two that compact at once would both move the same rows. Each writes a claim and then looks for others': of
 * two at least one sees the other, and gives way. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/clickhouse_internal.h"

enum {
    CLAIM_S = 3600,         /* who compacts for longer without a new claim has ended */
    READING_S = 900,        /* nobody reads for longer by the same notes */
    ARRIVING_S = 3600,      /* nor inserts for longer */
    LEFT_S = 2 * 86400,     /* parts of a put or import that was never finished are waited for */
    RUNS_AT_ONCE = 500,     /* in one move */
    ROWS_AT_ONCE = 20000000 /* in one INSERT SELECT */
};
#define MOVE_WAIT_NS (3600 * SD_S)

struct run_up_to {
    uint64_t run, put;
};

struct arrival {
    uint32_t day;
    uint64_t fresh; /* rows that were moved lately */
    uint64_t left;  /* rows that were not moved */
    int64_t newest; /* of these, s since 1970 */
};

struct compacting {
    struct clickhouse *c;
    struct sight sight;
    char *table, *next, *notes;
    size_t tier;
    uint16_t *days;
    size_t n_days, cap_days;
    struct run_up_to *runs;
    size_t n_runs, cap_runs;
    struct arrival *arrivals;
    size_t n_arrivals, cap_arrivals;
    uint64_t number, claim;
    int64_t server_now;
    char holder[300]; /* of another's claim */
};

static enum sd_result ask(struct compacting *k, struct strbuf *sql,
                          bool (*row)(void *ctx, struct rowbinary *r, struct arena *a), struct sd_error *err)
{
    strbuf_str(sql, " FORMAT RowBinary");
    enum sd_result result = clickhouse_select(k->c, strbuf_text(sql), &(struct clickhouse_rows){row, k}, err);
    strbuf_clear(sql);
    return result;
}

static enum sd_result tell(struct compacting *k, struct strbuf *sql, struct sd_error *err)
{
    enum sd_result result =
        clickhouse_ask(k->c, &(struct clickhouse_ask){.sql = strbuf_text(sql), .wait_ns = MOVE_WAIT_NS}, err);
    strbuf_clear(sql);
    return result;
}

static bool take_number(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct compacting *k = ctx;
    k->number = rowbinary_int(r, 8);
    return !r->more && !r->bad;
}

/* ---- one at a time ---- */

/* "HOST PID": a process of this machine that is no more holds nothing. */
static bool is_gone(const char *holder)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    size_t len = strlen(host);
    if (strncmp(holder, host, len) != 0 || holder[len] != ' ')
        return false;
    long pid = strtol(holder + len + 1, NULL, 10);
    if (pid == (long)getpid())
        return true; /* an earlier one of ours, that was stopped */
    return pid > 0 && kill((pid_t)pid, 0) && errno == ESRCH;
}

static bool take_claim(void *ctx, struct rowbinary *r, struct arena *a)
{
    struct compacting *k = ctx;
    uint64_t id = rowbinary_int(r, 8);
    const char *holder = rowbinary_text(r, a);
    if (r->more || r->bad)
        return false;
    if (id != k->claim && !is_gone(holder))
        snprintf(k->holder, sizeof k->holder, "%s", holder);
    return true;
}

static enum sd_result note_claim(struct compacting *k, int held, struct sd_error *err)
{
    struct strbuf sql = {0}, holder = {0};
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    strbuf_printf(&holder, "%s %ld", host, (long)getpid());
    strbuf_printf(
        &sql,
        "INSERT INTO %s (what, step, day, id, run, upto, holder) VALUES (%d, 0, '1970-01-01', %" PRIu64
        ", 0, %d, ",
        k->notes, NOTE_CLAIM, k->claim, held);
    sql_text(&sql, strbuf_text(&holder));
    strbuf_char(&sql, ')');
    enum sd_result result = tell(k, &sql, err);
    strbuf_free(&sql);
    strbuf_free(&holder);
    return result;
}

static enum sd_result claim(struct compacting *k, struct sd_error *err)
{
    struct strbuf sql = {0};
    enum sd_result result = note_claim(k, 1, err);
    if (result != SD_OK)
        return result;
    strbuf_printf(
        &sql,
        "SELECT id, any(holder) FROM %s WHERE what = %d GROUP BY id HAVING min(upto) = 1 AND max(noted) > "
        "now() - %d",
        k->notes, NOTE_CLAIM, CLAIM_S);
    result = ask(k, &sql, take_claim, err);
    if (result == SD_OK && *k->holder) {
        struct sd_error unused;
        note_claim(k, 0, &unused);
        result = sd_fail(err, SD_RETRY, "%.200s is being compacted by %.100s", k->c->base.url, k->holder);
    }
    strbuf_free(&sql);
    return result;
}

/* ---- one move ---- */

static bool take_run(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct compacting *k = ctx;
    struct run_up_to one = {rowbinary_int(r, 8), 0};
    one.put = rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    k->runs = mem_grow(k->runs, k->n_runs, &k->cap_runs, sizeof *k->runs);
    k->runs[k->n_runs++] = one;
    return true;
}

/* " AND day = D AND ... AND put <= what was there": of runs [first, first + n). */
static void chosen(const struct compacting *k, uint16_t day, size_t first, size_t n, struct strbuf *out)
{
    struct strbuf runs = {0}, uptos = {0};
    for (size_t i = first; i < first + n; i++) {
        strbuf_printf(&runs, "%stoUInt64(%" PRIu64 ")", i > first ? "," : "", k->runs[i].run);
        strbuf_printf(&uptos, "%stoUInt64(%" PRIu64 ")", i > first ? "," : "", k->runs[i].put);
    }
    strbuf_printf(
        out, " AND day = toDate(%d)%s AND run IN (%s) AND put <= transform(run, [%s], [%s], toUInt64(0))",
        day, strbuf_text(&k->sight.where[k->tier]), strbuf_text(&runs), strbuf_text(&runs),
        strbuf_text(&uptos));
    strbuf_free(&runs);
    strbuf_free(&uptos);
}

static void insert_into_next(const struct compacting *k, struct strbuf *sql, const char *columns)
{
    strbuf_printf(
        sql, "INSERT INTO %s (day, how, kind, name, thing, host, source, run, import, put, move, %s) SELECT ",
        k->next, columns);
}

/* A way to add rows up: what they are selected by, and what of it stands for the columns behind `move`. */
struct added {
    int how;
    bool in_steps; /* ended and length come first: of the step */
    const char *columns, *figures;
    void (*rows)(struct strbuf *out, const struct sql_rows *r);
};

static enum sd_result move_added(struct compacting *k, const struct sql_rows *rows, uint64_t id,
                                 const struct added *by, struct sd_error *err)
{
    struct strbuf sql = {0};
    int64_t step = k->c->tiers.items[k->tier + 1].step_ns;
    insert_into_next(k, &sql, by->columns);
    strbuf_printf(&sql, "d, toUInt8(%d), kind, n_, t_, h, o, r, i, put_, toUInt64(%" PRIu64 "), ", by->how,
                  id);
    if (by->in_steps)
        strbuf_printf(&sql,
                      "toInt64((s + 1) * %" PRId64 "), toInt64((s + 1) * %" PRId64 " - least(s * %" PRId64
                      ", begin_)), ",
                      step, step, step);
    strbuf_printf(&sql, "%s FROM (", by->figures);
    by->rows(&sql, rows);
    strbuf_char(&sql, ')');
    enum sd_result result = tell(k, &sql, err);
    strbuf_free(&sql);
    return result;
}

/* (Where the buckets of a row TOGETHER begin is not in its identity, the serial is.) */
static enum sd_result move_all_added(struct compacting *k, const struct sql_rows *rows, uint64_t id,
                                     struct sd_error *err)
{
    char *dense = mem_printf("toUInt16(intDiv(b_, %d)), known_, adds_, lows_, highs_, [toUInt16(b_)], "
                             "arrayMap(x -> toUInt32(least(x, 4294967295)), dense_)",
                             CLICKHOUSE_DENSE);
    const struct added ways[] = {
        {CLICKHOUSE_SUM, true, "ended, length, known, adds, lows, highs, bucket, n",
         "known_, adds_, lows_, highs_, tupleElement(map_, 1), arrayMap(x -> toUInt32(least(x, "
         "4294967295)), tupleElement(map_, 2))",
         sql_sums},
        {CLICKHOUSE_TOGETHER, true, "ended, length, serial, known, adds, lows, highs, bucket, n", dense,
         sql_dense},
        {CLICKHOUSE_GAUGE, false, "ended, samples, sum, min, max, value",
         "end_, samples_, sum_, min_, max_, value_", sql_gauges},
        {CLICKHOUSE_TOTAL, false, "ended, total, record", "end_, total_, record_", sql_totals},
        {CLICKHOUSE_LAST, false, "ended, total, record", "end_, total_, record_", sql_lasts},
    };
    enum sd_result result = SD_OK;
    for (size_t i = 0; i < ARRAY_LEN(ways) && result == SD_OK; i++)
        result = move_added(k, rows, id, &ways[i], err);
    free(dense);
    return result;
}

static enum sd_result move_each(struct compacting *k, const struct sql_rows *rows, uint64_t id,
                                struct sd_error *err)
{
    struct strbuf sql = {0};
    insert_into_next(k, &sql, "ended, length, serial, record");
    strbuf_printf(&sql,
                  "day, how, kind, name, thing, host, source, run, import, put, toUInt64(%" PRIu64
                  "), ended, length, serial, record FROM %s FINAL WHERE how = %d%s",
                  id, rows->table, CLICKHOUSE_EACH, rows->where);
    enum sd_result result = tell(k, &sql, err);
    strbuf_free(&sql);
    return result;
}

/* What a run told of without a break becomes one mark; parts of puts stay as they are. */
static enum sd_result move_marks(struct compacting *k, const char *where, uint64_t id, struct sd_error *err)
{
    struct strbuf sql = {0};
    insert_into_next(k, &sql, "ended, length, serial, known, adds");
    strbuf_printf(
        &sql,
        "day, toUInt8(%d), toUInt8(0), '', 'put', host, source, run, import, put_, toUInt64(%" PRIu64
        "), t, t - f, toUInt16(1), toUInt64(%d + both_), [if(j = 1, lost_, 0), sent_, began_, 1, 1, "
        "toInt64(put_), if(j = 1, rows_, 0), 0, if(j = 1, oldest_, 0)] FROM (SELECT day, host, source, run, "
        "import, max(put) AS put_, arraySort(groupArray((ended - length, ended))) AS a, "
        "min(bitAnd(known, %d)) AS both_, sum(adds[1]) AS lost_, max(adds[2]) AS sent_, "
        "max(adds[3]) AS began_, sum(adds[7]) AS rows_, minIf(adds[9], adds[9] > 0) AS oldest_, "
        "arrayMap(x -> tupleElement(x, 1), a) AS froms, arrayMap(x -> tupleElement(x, 2), a) AS tos, "
        "arrayFilter((x, p) -> x > p, froms, arrayPushFront(arrayPopBack(tos), "
        "toInt64(-9223372036854775807))) AS starts, arrayFilter((x, q) -> x < q, tos, "
        "arrayPushBack(arrayPopFront(froms), toInt64(9223372036854775807))) AS ends FROM %s FINAL WHERE "
        "how = %d AND kind = 0%s GROUP BY day, host, source, run, import) ARRAY JOIN starts AS f, ends AS t, "
        "arrayEnumerate(starts) AS j",
        CLICKHOUSE_MARK, id, CLICKHOUSE_LAST_PART, CLICKHOUSE_HAS_TOGETHER, k->table, CLICKHOUSE_MARK, where);
    enum sd_result result = tell(k, &sql, err);
    if (result == SD_OK) {
        insert_into_next(k, &sql, "ended, length, serial, known, adds");
        strbuf_printf(&sql,
                      "day, how, kind, name, thing, host, source, run, import, put, toUInt64(%" PRIu64
                      "), ended, length, serial, known, adds FROM %s FINAL WHERE how = %d AND kind = 1%s",
                      id, k->table, CLICKHOUSE_MARK, where);
        result = tell(k, &sql, err);
    }
    strbuf_free(&sql);
    return result;
}

/* Makes it so: one block, which is there or not. */
static enum sd_result note_move(struct compacting *k, uint16_t day, uint64_t id, size_t first, size_t n,
                                struct sd_error *err)
{
    struct strbuf sql = {0};
    strbuf_printf(
        &sql,
        "INSERT INTO %s (what, step, day, id, run, upto, holder) SELECT toUInt8(%d), toInt64(%" PRId64
        "), toDate(%d), toUInt64(%" PRIu64 "), tupleElement(x, 1), tupleElement(x, 2), '' FROM (SELECT "
        "arrayJoin([",
        k->notes, NOTE_MOVE, k->c->tiers.items[k->tier].step_ns, day, id);
    for (size_t i = first; i < first + n; i++)
        strbuf_printf(&sql, "%s(toUInt64(%" PRIu64 "), toUInt64(%" PRIu64 "))", i > first ? "," : "",
                      k->runs[i].run, k->runs[i].put);
    strbuf_str(&sql, "]) AS x)");
    enum sd_result result = tell(k, &sql, err);
    strbuf_free(&sql);
    return result;
}

/* In slices of time, so that the server adds up as much at once as it has room for. */
static enum sd_result move_rows(struct compacting *k, uint16_t day, const char *where, uint64_t id,
                                uint64_t n_rows, struct sd_error *err)
{
    int64_t step = k->c->tiers.items[k->tier + 1].step_ns, slices = (int64_t)(n_rows / ROWS_AT_ONCE) + 1;
    int64_t length = (86400 * SD_S / slices / step + 1) * step, day_ns = day * (86400 * SD_S);
    sd_time from = day_ns - day_ns % step;
    char *by = mem_printf("intDiv(ended - 1, %" PRId64 ")", step);
    enum sd_result result = SD_OK;
    for (int64_t i = 0; i < slices && result == SD_OK; i++) {
        struct strbuf slice = {0};
        strbuf_str(&slice, where);
        if (i)
            strbuf_printf(&slice, " AND ended > %" PRId64, from + i * length);
        if (i + 1 < slices)
            strbuf_printf(&slice, " AND ended <= %" PRId64, from + (i + 1) * length);
        struct sql_rows rows = {.table = k->table,
                                .where = strbuf_text(&slice),
                                .step = by,
                                .by_host = true,
                                .by_source = true,
                                .by_run = true};
        result = move_all_added(k, &rows, id, err);
        if (result == SD_OK)
            result = move_each(k, &rows, id, err);
        strbuf_free(&slice);
    }
    free(by);
    return result;
}

static enum sd_result move_some(struct compacting *k, uint16_t day, size_t first, size_t n,
                                struct store_compaction *out, struct sd_error *err)
{
    struct strbuf where = {0}, sql = {0};
    uint64_t id = 0;
    chosen(k, day, first, n, &where);
    strbuf_printf(&sql, "SELECT toUInt64(count()) FROM %s FINAL WHERE how NOT IN (%d, %d)%s", k->table,
                  CLICKHOUSE_MARK, CLICKHOUSE_TOGETHER, strbuf_text(&where));
    enum sd_result result = ask(k, &sql, take_number, err);
    uint64_t rows = k->number;
    /* The server's chance, not this process's: another host could have the same. */
    strbuf_str(&sql, "SELECT rand64()");
    if (result == SD_OK)
        result = ask(k, &sql, take_number, err);
    id = k->number | 1;
    if (result == SD_OK)
        result = move_rows(k, day, strbuf_text(&where), id, rows, err);
    if (result == SD_OK)
        result = move_marks(k, strbuf_text(&where), id, err);
    if (result == SD_OK)
        result = claim(k, err);
    if (result == SD_OK)
        result = note_move(k, day, id, first, n, err);
    if (result == SD_OK)
        out->moved += (int64_t)rows;
    strbuf_free(&where);
    strbuf_free(&sql);
    return result;
}

static enum sd_result move_day(struct compacting *k, uint16_t day, struct store_compaction *out,
                               struct sd_error *err)
{
    struct strbuf sql = {0};
    k->n_runs = 0;
    strbuf_printf(&sql, "SELECT run, max(put) FROM %s WHERE day = toDate(%d)%s GROUP BY run ORDER BY run",
                  k->table, day, strbuf_text(&k->sight.where[k->tier]));
    enum sd_result result = ask(k, &sql, take_run, err);
    for (size_t first = 0; first < k->n_runs && result == SD_OK; first += RUNS_AT_ONCE)
        result = move_some(k, day, first, MIN((size_t)RUNS_AT_ONCE, k->n_runs - first), out, err);
    strbuf_free(&sql);
    return result;
}

/* ---- dropping ---- */

static bool take_arrival(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct compacting *k = ctx;
    struct arrival one = {.day = (uint32_t)rowbinary_int(r, 4)};
    one.fresh = rowbinary_int(r, 8);
    one.left = rowbinary_int(r, 8);
    one.newest = (int64_t)rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    k->arrivals = mem_grow(k->arrivals, k->n_arrivals, &k->cap_arrivals, sizeof *k->arrivals);
    k->arrivals[k->n_arrivals++] = one;
    return true;
}

static enum sd_result drop(struct compacting *k, uint16_t day, uint32_t arrived, struct sd_error *err)
{
    struct strbuf sql = {0};
    int64_t days = day;
    time_t seconds = (time_t)days * 86400;
    struct tm tm;
    char text[16] = "";
    if (gmtime_r(&seconds, &tm))
        strftime(text, sizeof text, "%Y-%m-%d", &tm);
    strbuf_printf(&sql, "ALTER TABLE %s DROP PARTITION ('%s', %" PRIu32 ")", k->table, text, arrived);
    enum sd_result result = tell(k, &sql, err);
    strbuf_free(&sql);
    return result;
}

/* The pieces of a day by when they arrived, with what in them was not moved. `all`: every piece is to go. */
static enum sd_result drop_day(struct compacting *k, uint16_t day, bool all, struct sd_error *err)
{
    struct strbuf sql = {0};
    k->n_arrivals = 0;
    strbuf_printf(
        &sql,
        "SELECT toUInt32(intDiv(toUInt32(arrived), 86400)) AS p, toUInt64(sum(put > long_ago AND put <= "
        "upto)), toUInt64(sum(put > upto)), max(if(put > upto, toInt64(toUInt32(arrived)), 0)) FROM (SELECT "
        "arrived, run, put FROM %s WHERE day = toDate(%d)) ANY LEFT JOIN (SELECT run, max(u) AS upto, "
        "max(if(noted <= now() - %d, u, 0)) AS long_ago FROM (SELECT run, upto AS u, noted FROM %s WHERE "
        "what = "
        "%d AND step = %" PRId64 " AND day = toDate(%d)) GROUP BY run) USING (run) GROUP BY p",
        k->table, day, READING_S, k->notes, NOTE_MOVE, k->c->tiers.items[k->tier].step_ns, day);
    enum sd_result result = ask(k, &sql, take_arrival, err);
    for (size_t i = 0; i < k->n_arrivals && result == SD_OK; i++) {
        const struct arrival *a = &k->arrivals[i];
        bool over = k->server_now > ((int64_t)a->day + 1) * 86400 + ARRIVING_S;
        bool empty = !a->fresh && (!a->left || a->newest < k->server_now - LEFT_S);
        if (all || (over && empty))
            result = drop(k, day, a->day, err);
    }
    strbuf_free(&sql);
    return result;
}

/* ---- a tier ---- */

static bool take_day(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct compacting *k = ctx;
    uint16_t day = (uint16_t)rowbinary_int(r, 2);
    if (r->more || r->bad)
        return false;
    k->days = mem_grow(k->days, k->n_days, &k->cap_days, sizeof *k->days);
    k->days[k->n_days++] = day;
    return true;
}

static enum sd_result drop_last(struct compacting *k, uint16_t day, struct store_compaction *out,
                                struct sd_error *err)
{
    struct strbuf sql = {0};
    strbuf_printf(&sql,
                  "SELECT toUInt64(count()) FROM %s FINAL WHERE how NOT IN (%d, %d) AND day = toDate(%d)%s",
                  k->table, CLICKHOUSE_MARK, CLICKHOUSE_TOGETHER, day, strbuf_text(&k->sight.where[k->tier]));
    enum sd_result result = ask(k, &sql, take_number, err);
    int64_t rows = (int64_t)k->number;
    if (result == SD_OK)
        result = drop_day(k, day, true, err);
    if (result == SD_OK)
        out->dropped += rows;
    strbuf_free(&sql);
    return result;
}

static char *table_of(const struct clickhouse *c, size_t tier)
{
    struct strbuf name = {0};
    sql_tier(&name, c, tier, true);
    return strbuf_detach(&name);
}

static enum sd_result compact_tier(struct compacting *k, size_t tier, sd_time now,
                                   struct store_compaction *out, struct sd_error *err)
{
    struct strbuf sql = {0};
    bool last = tier + 1 == k->c->tiers.n;
    sd_time limit = sub_sat(now, k->c->tiers.items[tier].keep_ns);
    k->tier = tier;
    k->n_days = 0;
    k->table = table_of(k->c, tier);
    k->next = last ? NULL : table_of(k->c, tier + 1);
    /* The day of `limit` is not over before it. */
    int day = limit < 0 ? 0 : (int)MIN(limit / (86400 * SD_S), UINT16_MAX);
    strbuf_printf(&sql, "SELECT DISTINCT day FROM %s WHERE day < toDate(%d) ORDER BY day", k->table, day);
    enum sd_result result = ask(k, &sql, take_day, err);
    if (result == SD_OK && k->n_days)
        result = sight_load(k->c, 0, INT64_MAX, true, &k->sight, err);
    for (size_t i = 0; i < k->n_days && result == SD_OK; i++) {
        result = last ? drop_last(k, k->days[i], out, err) : move_day(k, k->days[i], out, err);
        if (result == SD_OK && !last)
            result = drop_day(k, k->days[i], false, err);
    }
    sight_free(&k->sight);
    k->sight = (struct sight){.incomplete = {0}};
    strbuf_free(&sql);
    free(k->table);
    free(k->next);
    return result;
}

/* One who may not drop is told so before anything is read: an agent's quota is for its INSERTs. */
static enum sd_result may_compact(struct compacting *k, struct sd_error *err)
{
    struct strbuf sql = {0};
    k->table = table_of(k->c, 0);
    strbuf_printf(&sql, "ALTER TABLE %s DROP PARTITION ('1970-01-01', 0)", k->table); /* there is none */
    enum sd_result result = tell(k, &sql, err);
    if (result == SD_CONFIG) {
        struct sd_error why = *err;
        sd_fail(err, SD_CONFIG, "%.60s may not compact %.150s: %.220s", k->c->user ? k->c->user : "default",
                k->c->base.url, why.text);
    }
    strbuf_free(&sql);
    free(k->table);
    k->table = NULL;
    return result;
}

enum sd_result clickhouse_compact(struct store *s, sd_time now, struct store_compaction *out,
                                  struct sd_error *err)
{
    struct compacting k = {.c = (struct clickhouse *)s};
    struct strbuf sql = {0}, notes = {0};
    sql_notes(&notes, k.c, true);
    k.notes = strbuf_detach(&notes);
    strbuf_str(&sql, "SELECT rand64()");
    enum sd_result result = may_compact(&k, err);
    if (result == SD_OK)
        result = ask(&k, &sql, take_number, err);
    k.claim = k.number;
    strbuf_str(&sql, "SELECT toUInt64(toUInt32(now()))");
    if (result == SD_OK)
        result = ask(&k, &sql, take_number, err);
    k.server_now = (int64_t)k.number;
    if (result == SD_OK)
        result = claim(&k, err);
    if (result == SD_OK) {
        for (size_t i = 0; i < k.c->tiers.n && result == SD_OK; i++)
            result = compact_tier(&k, i, now, out, err);
        struct sd_error unused;
        note_claim(&k, 0, &unused);
    }
    strbuf_free(&sql);
    free(k.notes);
    free(k.days);
    free(k.runs);
    free(k.arrivals);
    return result;
}
