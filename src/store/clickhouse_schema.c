/* clickhouse_schema.c - the tables, written for 18.16 with nothing that later versions refuse.
 *
 * history_10s, history_1m, ... one for each tier; history_notes: what may be seen of them. On a cluster these
 * are Distributed over tables of each node whose names end in _local; a run is on one node. What a history
 * says of itself is on each. A partition is a day of the data and a day of arrival: one of the past does not
 * change any more, and can be dropped. */
#include <inttypes.h>
#include <stdlib.h>

#include "store/clickhouse_internal.h"

/* The order of a table is the identity of its rows: of those that are equal in it the engine keeps one. */
#define TABLE                                                                                                \
    "(\n"                                                                                                    \
    "    day Date,\n"                                                                                        \
    "    arrived DateTime DEFAULT now(),\n"                                                                  \
    "    how UInt8,\n"                                                                                       \
    "    kind UInt8,\n"                                                                                      \
    "    name String,\n"                                                                                     \
    "    thing String,\n"                                                                                    \
    "    host String,\n"                                                                                     \
    "    source String,\n"                                                                                   \
    "    ended Int64,\n"                                                                                     \
    "    length Int64,\n"                                                                                    \
    "    run UInt64,\n"                                                                                      \
    "    import UInt8,\n"                                                                                    \
    "    put UInt64,\n"                                                                                      \
    "    serial UInt16,\n"                                                                                   \
    "    move UInt64,\n"                                                                                     \
    "    known UInt64,\n"                                                                                    \
    "    adds Array(Int64),\n"                                                                               \
    "    lows Array(Int64),\n"                                                                               \
    "    highs Array(Int64),\n"                                                                              \
    "    bucket Array(UInt16),\n"                                                                            \
    "    n Array(UInt32),\n"                                                                                 \
    "    samples Int64,\n"                                                                                   \
    "    sum Float64,\n"                                                                                     \
    "    min Float64,\n"                                                                                     \
    "    max Float64,\n"                                                                                     \
    "    value Float64,\n"                                                                                   \
    "    total Float64,\n"                                                                                   \
    "    record String\n"                                                                                    \
    ")"
#define TABLE_ENGINE                                                                                         \
    "ENGINE = ReplacingMergeTree()\n"                                                                        \
    "PARTITION BY (day, intDiv(toUInt32(arrived), 86400))\n"                                                 \
    "ORDER BY (how, kind, name, thing, host, source, ended, length, run, put, serial, move)\n"               \
    "SETTINGS index_granularity = 1024"

/* what 1: rows of `run` and `day` up to put `upto` are moved out of the tier with that step, into rows with
 * `move` = id. 2: who compacts. 3: the import `id` is now `run`. 4: a tier, kept for `upto` ns. 5: the
 * schema's number. */
#define NOTES                                                                                                \
    "(\n"                                                                                                    \
    "    what UInt8,\n"                                                                                      \
    "    step Int64,\n"                                                                                      \
    "    day Date,\n"                                                                                        \
    "    id UInt64,\n"                                                                                       \
    "    run UInt64,\n"                                                                                      \
    "    upto UInt64,\n"                                                                                     \
    "    holder String,\n"                                                                                   \
    "    noted DateTime DEFAULT now()\n"                                                                     \
    ")"
#define NOTES_ENGINE                                                                                         \
    "ENGINE = MergeTree()\n"                                                                                 \
    "PARTITION BY (what, toYYYYMM(day))\n"                                                                   \
    "ORDER BY (what, step, day, run, id)"

/* ---- names ---- */

static void step_name(struct strbuf *out, int64_t step_ns)
{
    static const struct {
        int64_t ns;
        const char *unit;
    } UNITS[] = {{3600 * SD_S, "h"}, {60 * SD_S, "m"}, {SD_S, "s"}, {SD_MS, "ms"}, {1, "ns"}};
    size_t i = 0;
    while (step_ns % UNITS[i].ns)
        i++;
    strbuf_printf(out, "history_%" PRId64 "%s", step_ns / UNITS[i].ns, UNITS[i].unit);
}

static void table_name(struct strbuf *out, const struct clickhouse *c, const char *name, bool local)
{
    struct strbuf whole = {0};
    strbuf_printf(&whole, "%s%s", name, local && c->distributed ? "_local" : "");
    sql_name(out, c->database);
    strbuf_char(out, '.');
    sql_name(out, strbuf_text(&whole));
    strbuf_free(&whole);
}

void sql_tier(struct strbuf *out, const struct clickhouse *c, size_t tier, bool local)
{
    struct strbuf name = {0};
    step_name(&name, c->tiers.items[tier].step_ns);
    table_name(out, c, strbuf_text(&name), local);
    strbuf_free(&name);
}

void sql_notes(struct strbuf *out, const struct clickhouse *c, bool local)
{
    table_name(out, c, "history_notes", local);
}

/* ---- the statements ---- */

static void one_table(struct strbuf *out, const struct clickhouse *c, const char *name, const char *columns,
                      const char *engine)
{
    strbuf_str(out, "CREATE TABLE IF NOT EXISTS ");
    table_name(out, c, name, true);
    strbuf_printf(out, "\n%s\n%s;\n", columns, engine);
    if (!c->distributed)
        return;
    struct strbuf local = {0};
    strbuf_printf(&local, "%s_local", name);
    strbuf_str(out, "CREATE TABLE IF NOT EXISTS ");
    table_name(out, c, name, false);
    strbuf_printf(out, "\n%s\nENGINE = Distributed(", columns);
    sql_text(out, c->cluster);
    strbuf_str(out, ", ");
    sql_text(out, c->database);
    strbuf_str(out, ", ");
    sql_text(out, strbuf_text(&local));
    strbuf_str(out, ", run);\n");
    strbuf_free(&local);
}

static void all_tables(struct strbuf *out, const struct clickhouse *c)
{
    for (size_t i = 0; i < c->tiers.n; i++) {
        struct strbuf name = {0};
        step_name(&name, c->tiers.items[i].step_ns);
        one_table(out, c, strbuf_text(&name), TABLE, TABLE_ENGINE);
        strbuf_free(&name);
    }
    one_table(out, c, "history_notes", NOTES, NOTES_ENGINE);
    if (!c->distributed)
        return;
    strbuf_str(out, "CREATE TABLE IF NOT EXISTS ");
    table_name(out, c, "history_nodes", false);
    strbuf_str(out, "\n(\n    dummy UInt8\n)\nENGINE = Distributed(");
    sql_text(out, c->cluster);
    strbuf_str(out, ", 'system', 'one');\n");
}

/* The same on each node, so that those left know it when one is lost: a row for each number that `run` leaves
 * when it is shared out. */
static void first_notes_of_nodes(struct strbuf *out, const struct clickhouse *c)
{
    strbuf_str(out, "INSERT INTO ");
    sql_notes(out, c, false);
    strbuf_str(out,
               " (what, step, day, id, run, upto, holder) SELECT tupleElement(t, 1), tupleElement(t, 2), "
               "toDate(0), 0, slot, tupleElement(t, 3), '' FROM (SELECT arrayJoin(range(toUInt64("
               "sum(shard_weight)))) AS slot FROM system.clusters WHERE replica_num = 1 AND cluster = ");
    sql_text(out, c->cluster);
    strbuf_str(out, ") ARRAY JOIN [");
    for (size_t i = 0; i < c->tiers.n; i++)
        strbuf_printf(out, "(%d, %" PRId64 ", %" PRId64 "), ", NOTE_TIER, c->tiers.items[i].step_ns,
                      c->tiers.items[i].keep_ns);
    strbuf_printf(out, "(%d, 0, %d)] AS t", NOTE_SCHEMA, CLICKHOUSE_SCHEMA);
}

/* What a new history says of itself. */
static void first_notes(struct strbuf *out, const struct clickhouse *c)
{
    if (c->distributed) {
        first_notes_of_nodes(out, c);
        return;
    }
    strbuf_str(out, "INSERT INTO ");
    sql_notes(out, c, false);
    strbuf_str(out, " (what, step, day, id, run, upto, holder) VALUES");
    for (size_t i = 0; i < c->tiers.n; i++)
        strbuf_printf(out, " (%d, %" PRId64 ", '1970-01-01', 0, 0, %" PRId64 ", ''),", NOTE_TIER,
                      c->tiers.items[i].step_ns, c->tiers.items[i].keep_ns);
    strbuf_printf(out, " (%d, 0, '1970-01-01', 0, 0, %d, '')", NOTE_SCHEMA, CLICKHOUSE_SCHEMA);
}

char *clickhouse_schema(const char *url, const struct store_options *o, struct sd_error *err)
{
    struct clickhouse c = {.distributed = o->cluster && *o->cluster};
    struct strbuf out = {0};
    c.tiers = o->tiers.n ? o->tiers : HISTORY_TIERS_DEFAULT;
    if (clickhouse_connect(&c, url, o, err) == SD_OK) {
        strbuf_str(&out, "CREATE DATABASE IF NOT EXISTS ");
        sql_name(&out, c.database);
        strbuf_str(&out, ";\n");
        all_tables(&out, &c);
        first_notes(&out, &c);
        strbuf_str(&out, ";\n");
    }
    clickhouse_disconnect(&c);
    free(c.base.url);
    return out.len ? strbuf_detach(&out) : NULL;
}

/* ---- what is there ---- */

struct there {
    size_t tables;
    bool notes, distributed, nodes;
    struct history_tiers tiers;
    int64_t schema;
};

static bool take_table(void *ctx, struct rowbinary *r, struct arena *a)
{
    struct there *t = ctx;
    const char *name = rowbinary_text(r, a), *engine = rowbinary_text(r, a);
    if (r->more || r->bad)
        return false;
    t->tables++;
    t->nodes = t->nodes || str_eq(name, "history_nodes");
    if (str_eq(name, "history_notes")) {
        t->notes = true;
        t->distributed = str_eq(engine, "Distributed");
    }
    return true;
}

static bool take_note(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct there *t = ctx;
    uint64_t what = rowbinary_int(r, 1);
    int64_t step = (int64_t)rowbinary_int(r, 8), upto = (int64_t)rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    if (what == NOTE_SCHEMA)
        t->schema = MAX(t->schema, upto);
    else if (step > 0 && t->tiers.n < HISTORY_TIERS_MAX)
        t->tiers.items[t->tiers.n++] = (struct history_tier){step, upto};
    return true;
}

static enum sd_result look(struct clickhouse *c, struct there *t, struct sd_error *err)
{
    struct strbuf sql = {0};
    *t = (struct there){.tables = 0};
    strbuf_str(&sql, "SELECT name, engine FROM system.tables WHERE name LIKE 'history\\_%' AND database = ");
    sql_text(&sql, c->database);
    strbuf_str(&sql, " FORMAT RowBinary");
    enum sd_result result =
        clickhouse_select(c, strbuf_text(&sql), &(struct clickhouse_rows){take_table, t}, err);
    c->distributed = t->distributed;
    c->has_nodes = t->nodes;
    if (result == SD_OK && t->distributed)
        result = clickhouse_nodes_prepare(c, err);
    if (result == SD_OK)
        result = clickhouse_nodes_look(c, err);
    if (result == SD_OK && t->notes) {
        strbuf_clear(&sql);
        strbuf_str(&sql, "SELECT what, step, argMax(upto, noted) FROM ");
        sql_notes(&sql, c, false);
        strbuf_printf(&sql,
                      " WHERE what IN (%d, %d) GROUP BY what, step ORDER BY what, step FORMAT RowBinary",
                      NOTE_TIER, NOTE_SCHEMA);
        result = clickhouse_select(c, strbuf_text(&sql), &(struct clickhouse_rows){take_note, t}, err);
    }
    strbuf_free(&sql);
    return result;
}

/* One statement after the other: HTTP takes one. */
static enum sd_result make(struct clickhouse *c, struct sd_error *err)
{
    struct strbuf all = {0};
    enum sd_result result = SD_OK;
    all_tables(&all, c);
    first_notes(&all, c);
    for (char *at = all.text, *end; result == SD_OK && at; at = end) {
        end = strstr(at, ";\n");
        if (end) {
            *end = 0;
            end += 2;
        }
        result =
            clickhouse_ask(c, &(struct clickhouse_ask){.sql = at, .wait_ns = clickhouse_put_wait_ns}, err);
    }
    strbuf_free(&all);
    if (result != SD_CONFIG)
        return result;
    struct sd_error why = *err;
    return sd_fail(err, SD_CONFIG,
                   "%.120s has no history and %.60s may not make one: somebody who may runs what slowdive "
                   "history --print-schema prints (%.200s)",
                   c->base.url, c->user ? c->user : "default", why.text);
}

/* The tables were made for certain steps; how long each is kept may change. */
static bool same_steps(struct history_tiers *made, const struct history_tiers *asked)
{
    if (!asked->n)
        return true;
    for (size_t i = 0; i < asked->n; i++)
        if (asked->n != made->n || made->items[i].step_ns != asked->items[i].step_ns)
            return false;
    *made = *asked;
    return true;
}

enum sd_result clickhouse_prepare(struct clickhouse *c, const struct store_options *o, struct sd_error *err)
{
    struct there t;
    enum sd_result result = look(c, &t, err);
    if (result == SD_CONFIG && t.notes && c->write) /* one who may only insert */
        t.tiers = o->tiers.n ? o->tiers : HISTORY_TIERS_DEFAULT;
    else if (result != SD_OK)
        return result;
    c->tiers = o->tiers.n ? o->tiers : HISTORY_TIERS_DEFAULT;
    if (!t.notes && !c->write)
        return sd_fail(err, SD_CONFIG, "there is no history in %.200s", c->base.url);
    if (!t.notes) {
        c->distributed = c->has_nodes = c->may_set = c->cluster != NULL;
        return make(c, err);
    }
    if (t.schema > CLICKHOUSE_SCHEMA)
        return sd_fail(err, SD_CONFIG, "%.200s has schema %" PRId64 ", which is newer than this program's %d",
                       c->base.url, t.schema, CLICKHOUSE_SCHEMA);
    if (!t.tiers.n && c->partial)
        return sd_fail(err, SD_RETRY, "the node that knows how %.200s is made cannot be reached",
                       c->base.url);
    if (!t.tiers.n)
        return sd_fail(err, SD_CONFIG, "the tables of %.200s were not made to their end: see --print-schema",
                       c->base.url);
    if (!same_steps(&t.tiers, &o->tiers) && c->write)
        return sd_fail(err, SD_CONFIG,
                       "%.200s was made with tiers of other steps; another database can have these",
                       c->base.url);
    c->tiers = t.tiers;
    return SD_OK;
}
