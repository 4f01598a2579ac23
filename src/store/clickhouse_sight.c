/* clickhouse_sight.c - which rows of the tables may be seen.
 *
 * Runs send their puts in order, each after the one before was taken. So a row of a tier with a put that is
 * not behind the last of its run and day that was moved was moved with it, or is a second copy of one that
 * was: it counts in the next tier. Rows there that a move made are seen once that move is noted; one that was
 * interrupted is not. An import is seen once it has ended, in place of the one before. A put of several parts
 * is seen when all of them are there. */
#include <inttypes.h>
#include <stdlib.h>

#include "store/clickhouse_internal.h"

/* Marks: their `adds`, as clickhouse_block_mark writes them. */
#define MARK_PARTS "adds[5]"
#define MARK_PUT   "adds[6]"

enum { RUNS_MAX = 3000 }; /* of days that are being moved; a statement has at most 256 KiB */

struct moved {
    size_t tier; /* they left this one */
    uint16_t day;
};

struct loading {
    struct clickhouse *c;
    struct sight *sight;
    struct strbuf moves[HISTORY_TIERS_MAX]; /* "id, id": of rows that came into the tier */
    struct moved *moved;
    size_t n, cap;
    struct strbuf imports;
    size_t tier; /* that is being looked at */
    uint16_t day;
    struct strbuf runs, uptos; /* of it */
    size_t n_runs;
    bool partly; /* there are rows that were not moved */
};

void sight_free(struct sight *s)
{
    for (size_t i = 0; i < HISTORY_TIERS_MAX; i++)
        strbuf_free(&s->where[i]);
    strbuf_free(&s->incomplete);
}

void sql_days(struct strbuf *out, sd_time from, sd_time to)
{
    /* Rows that were moved keep their day, and a step can lie across midnight. */
    int first = clickhouse_day(add_sat(from, 1)) - 1, last = clickhouse_day(to) + 1;
    strbuf_printf(out, " AND day >= toDate(%d) AND day <= toDate(%d)", MAX(first, 0), MIN(last, UINT16_MAX));
}

/* ---- notes ---- */

static bool take_move(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct loading *l = ctx;
    int64_t step = (int64_t)rowbinary_int(r, 8);
    uint16_t day = (uint16_t)rowbinary_int(r, 2);
    uint64_t id = rowbinary_int(r, 8);
    size_t tier = 0;
    if (r->more || r->bad)
        return false;
    while (tier < l->c->tiers.n && l->c->tiers.items[tier].step_ns != step)
        tier++;
    if (tier + 1 >= l->c->tiers.n)
        return true;
    strbuf_printf(&l->moves[tier + 1], "%s%" PRIu64, l->moves[tier + 1].len ? "," : "", id);
    if (l->n && l->moved[l->n - 1].tier == tier && l->moved[l->n - 1].day == day)
        return true;
    l->moved = mem_grow(l->moved, l->n, &l->cap, sizeof *l->moved);
    l->moved[l->n++] = (struct moved){tier, day};
    return true;
}

static bool take_import(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct loading *l = ctx;
    uint64_t run = rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    strbuf_printf(&l->imports, "%s%" PRIu64, l->imports.len ? "," : "", run);
    return true;
}

static enum sd_result load_notes(struct loading *l, const char *notes, const char *days, struct sd_error *err)
{
    char *moves = mem_printf("SELECT DISTINCT step, day, id FROM %s WHERE what = %d%s ORDER BY step, day, id "
                             "FORMAT RowBinary",
                             notes, NOTE_MOVE, days);
    char *imports = mem_printf(
        "SELECT argMax(run, upto) FROM %s WHERE what = %d GROUP BY id FORMAT RowBinary", notes, NOTE_IMPORT);
    enum sd_result result = clickhouse_select(l->c, moves, &(struct clickhouse_rows){take_move, l}, err);
    if (result == SD_OK)
        result = clickhouse_select(l->c, imports, &(struct clickhouse_rows){take_import, l}, err);
    free(moves);
    free(imports);
    return result;
}

/* ---- puts of which a part is missing ---- */

static bool take_incomplete(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct sight *s = ctx;
    uint64_t run = rowbinary_int(r, 8), put = rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    strbuf_printf(&s->incomplete, "%s(%" PRIu64 ",%" PRIu64 ")", s->incomplete.len ? "," : "", run, put);
    return s->incomplete.len < 65536;
}

static enum sd_result load_incomplete(struct clickhouse *c, bool local, struct sight *out,
                                      struct sd_error *err)
{
    struct strbuf sql = {0};
    strbuf_str(&sql, "SELECT run, toUInt64(number) FROM (");
    for (size_t i = 0; i < c->tiers.n; i++) {
        strbuf_printf(&sql, "%sSELECT run, " MARK_PUT " AS number, serial, " MARK_PARTS " AS parts FROM ",
                      i ? " UNION ALL " : "");
        sql_tier(&sql, c, i, local);
        strbuf_printf(&sql, " WHERE how = %d AND kind = 1 AND import = 0", CLICKHOUSE_MARK);
        /* A day that was dropped takes its parts with it. */
        int64_t keep = c->tiers.items[c->tiers.n - 1].keep_ns / SD_S - 3 * 86400;
        strbuf_printf(&sql, " AND ended > (toInt64(toUInt32(now())) - %" PRId64 ") * 1000000000",
                      MAX(keep, 0));
    }
    strbuf_str(&sql, ") GROUP BY run, number HAVING uniqExact(serial) < max(parts) ORDER BY run, number "
                     "FORMAT RowBinary");
    enum sd_result result =
        clickhouse_select(c, strbuf_text(&sql), &(struct clickhouse_rows){take_incomplete, out}, err);
    strbuf_free(&sql);
    return result;
}

/* ---- days that were moved and of which there are still rows ---- */

/* A day of a tier is over: all its rows were moved, or those of some runs up to a put. */
static void end_day(struct loading *l)
{
    struct strbuf *where = &l->sight->where[l->tier];
    if (l->n_runs && !l->partly)
        strbuf_printf(where, " AND day != toDate(%d)", l->day);
    else if (l->n_runs)
        strbuf_printf(where, " AND (day != toDate(%d) OR put > transform(run, [%s], [%s], toUInt64(0)))",
                      l->day, strbuf_text(&l->runs), strbuf_text(&l->uptos));
    strbuf_clear(&l->runs);
    strbuf_clear(&l->uptos);
    l->n_runs = 0;
    l->partly = false;
}

static bool take_left(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct loading *l = ctx;
    uint16_t day = (uint16_t)rowbinary_int(r, 2);
    uint64_t run = rowbinary_int(r, 8), upto = rowbinary_int(r, 8), last = rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    if (day != l->day)
        end_day(l);
    l->day = day;
    l->partly = l->partly || last > upto;
    const char *comma = l->n_runs++ ? "," : "";
    strbuf_printf(&l->runs, "%stoUInt64(%" PRIu64 ")", comma, run);
    strbuf_printf(&l->uptos, "%stoUInt64(%" PRIu64 ")", comma, upto);
    return l->n_runs <= RUNS_MAX;
}

/* Every INSERT left a mark, so these few rows tell of which runs there is something. */
static enum sd_result load_left(struct loading *l, const char *notes, bool local, struct sd_error *err)
{
    struct strbuf sql = {0}, days = {0}, table = {0};
    for (size_t i = 0; i < l->n; i++)
        if (l->moved[i].tier == l->tier)
            strbuf_printf(&days, "%stoDate(%d)", days.len ? "," : "", l->moved[i].day);
    if (!days.len)
        return SD_OK;
    sql_tier(&table, l->c, l->tier, local);
    strbuf_printf(
        &sql,
        "SELECT day, run, max(upto), max(last) FROM (SELECT day, run, toUInt64(0) AS upto, max(put) "
        "AS last FROM %s WHERE how = %d AND day IN (%s) GROUP BY day, run UNION ALL SELECT day, run, "
        "max(upto) AS upto, toUInt64(0) AS last FROM %s WHERE what = %d AND step = %" PRId64
        " AND day IN (%s) GROUP BY day, run) GROUP BY day, run HAVING max(last) > 0 ORDER BY day, run "
        "FORMAT RowBinary",
        strbuf_text(&table), CLICKHOUSE_MARK, strbuf_text(&days), notes, NOTE_MOVE,
        l->c->tiers.items[l->tier].step_ns, strbuf_text(&days));
    enum sd_result result =
        clickhouse_select(l->c, strbuf_text(&sql), &(struct clickhouse_rows){take_left, l}, err);
    if (result == SD_OK && l->n_runs > RUNS_MAX)
        result =
            sd_fail(err, SD_RETRY, "too much arrives late in %.200s to tell it apart now", l->c->base.url);
    end_day(l);
    strbuf_free(&sql);
    strbuf_free(&days);
    strbuf_free(&table);
    return result;
}

/* ---- all of it ---- */

static void finish(struct loading *l)
{
    for (size_t i = 0; i < l->c->tiers.n; i++) {
        struct strbuf *where = &l->sight->where[i];
        if (l->moves[i].len)
            strbuf_printf(where, " AND move IN (0,%s)", l->moves[i].text);
        else
            strbuf_str(where, " AND move = 0");
        if (l->imports.len)
            strbuf_printf(where, " AND (import = 0 OR run IN (%s))", l->imports.text);
        else
            strbuf_str(where, " AND import = 0");
        if (l->sight->incomplete.len)
            strbuf_printf(where, " AND (run, put) NOT IN (%s)", l->sight->incomplete.text);
    }
}

enum sd_result sight_load(struct clickhouse *c, sd_time from, sd_time to, bool local, struct sight *out,
                          struct sd_error *err)
{
    struct loading l = {.c = c, .sight = out};
    struct strbuf notes = {0}, days = {0};
    *out = (struct sight){.incomplete = {0}};
    sql_notes(&notes, c, local);
    sql_days(&days, from, to);
    enum sd_result result = load_notes(&l, strbuf_text(&notes), strbuf_text(&days), err);
    if (result == SD_OK)
        result = load_incomplete(c, local, out, err);
    for (l.tier = 0; result == SD_OK && l.tier < c->tiers.n; l.tier++)
        result = load_left(&l, strbuf_text(&notes), local, err);
    finish(&l);
    for (size_t i = 0; i < HISTORY_TIERS_MAX; i++)
        strbuf_free(&l.moves[i]);
    strbuf_free(&l.imports);
    strbuf_free(&l.runs);
    strbuf_free(&l.uptos);
    strbuf_free(&notes);
    strbuf_free(&days);
    free(l.moved);
    return result;
}
