/* clickhouse_state.c - what there is of whom: from the marks, one of each INSERT, and from the engine's own
 * tables.
 *
 * FINAL makes the engine merge all rows while it reads, in one thread. A put is one block with its mark in
 * it, and merges keep the mark as long as its rows: of a row of a put there are as many copies as there are
 * of its mark. So the marks tell which puts are there twice, and only these are read with FINAL. A copy that
 * arrives between the two questions counts until the next time. */
#include <inttypes.h>
#include <stdlib.h>

#include "store/clickhouse_internal.h"

/* Spans that one run told of without a break; the server joins the puts. */
struct span {
    const char *host;
    sd_time from, to;
};

struct stating {
    struct clickhouse *c;
    struct arena *arena;
    struct store_state *out;
    struct sight sight;
    struct store_tier *tiers;
    struct store_host *hosts;
    struct store_host *owners; /* whose rows there are: name, rows, oldest, newest; by name in each tier */
    struct span *spans;
    size_t n_hosts, cap_hosts, n_owners, cap_owners, n_spans, cap_spans, tier;
    struct strbuf again[HISTORY_TIERS_MAX]; /* "(run,put),...": there more than once */
    bool too_many[HISTORY_TIERS_MAX];       /* of these to name them */
    uint64_t damaged;
};

#define OWN_ROWS "NOT IN (0, 6)" /* without CLICKHOUSE_MARK and CLICKHOUSE_TOGETHER */
enum { AGAIN_MAX = 12000 };      /* bytes of a tier's list; a statement has at most 256 KiB */

static enum sd_result ask(struct stating *s, struct strbuf *sql,
                          bool (*row)(void *ctx, struct rowbinary *r, struct arena *a), struct sd_error *err)
{
    strbuf_str(sql, " FORMAT RowBinary");
    enum sd_result result = clickhouse_select(s->c, strbuf_text(sql), &(struct clickhouse_rows){row, s}, err);
    strbuf_clear(sql);
    return result;
}

/* "SELECT COLUMNS FROM table WHERE how COND" of a tier, copies of a row among them. */
static void with_copies(const struct stating *s, struct strbuf *sql, size_t tier, const char *columns,
                        const char *cond)
{
    strbuf_printf(sql, "SELECT %s FROM ", columns);
    sql_tier(sql, s->c, tier, false);
    strbuf_printf(sql, " WHERE how %s%s", cond, strbuf_text(&s->sight.where[tier]));
}

/* The same, each row once. Identity has `run` and `put`, so that PREWHERE takes all copies or none. */
static void each_once(const struct stating *s, struct strbuf *sql, size_t tier, const char *columns,
                      const char *cond)
{
    const char *again = s->again[tier].len ? strbuf_text(&s->again[tier]) : NULL;
    if (!s->too_many[tier])
        with_copies(s, sql, tier, columns, cond);
    if (again && !s->too_many[tier])
        strbuf_printf(sql, " AND (run, put) NOT IN (%s) UNION ALL ", again);
    if (!again && !s->too_many[tier])
        return;
    strbuf_printf(sql, "SELECT %s FROM ", columns);
    sql_tier(sql, s->c, tier, false);
    strbuf_printf(sql, " FINAL PREWHERE how %s", cond);
    if (!s->too_many[tier])
        strbuf_printf(sql, " AND (run, put) IN (%s)", again);
    strbuf_printf(sql, " WHERE 1%s", strbuf_text(&s->sight.where[tier]));
}

/* One of these for every tier, one after the other. */
static void of_tiers(const struct stating *s, struct strbuf *sql, const char *columns, const char *cond,
                     bool copies)
{
    for (size_t i = 0; i < s->c->tiers.n; i++) {
        strbuf_str(sql, i ? " UNION ALL " : "");
        (copies ? with_copies : each_once)(s, sql, i, columns, cond);
    }
}

/* ---- puts that are there twice ---- */

static bool take_again(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct stating *s = ctx;
    struct strbuf *list = &s->again[s->tier];
    uint64_t run = rowbinary_int(r, 8), put = rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    if (list->len > AGAIN_MAX)
        s->too_many[s->tier] = true;
    else
        strbuf_printf(list, "%s(%" PRIu64 ",%" PRIu64 ")", list->len ? "," : "", run, put);
    return true;
}

/* By a number of the identity, which is much faster: another of the same number is read with FINAL, too.
 * (What moves made has other marks: several of a run and day can have one put.) */
static enum sd_result load_again(struct stating *s, struct sd_error *err)
{
    struct strbuf sql = {0};
    enum sd_result result = SD_OK;
    for (s->tier = 0; s->tier < s->c->tiers.n && result == SD_OK; s->tier++) {
        strbuf_str(&sql,
                   "SELECT DISTINCT r, p FROM (SELECT cityHash64(run, put, kind, ended, length, serial, "
                   "move) AS id, any(run) AS r, any(put) AS p FROM ");
        sql_tier(&sql, s->c, s->tier, false);
        strbuf_printf(&sql, " WHERE how = %d GROUP BY id HAVING count() > 1) LIMIT %d", CLICKHOUSE_MARK,
                      AGAIN_MAX);
        result = ask(s, &sql, take_again, err);
    }
    strbuf_free(&sql);
    return result;
}

/* ---- tiers ---- */

static bool take_tier(void *ctx, struct rowbinary *r, struct arena *a)
{
    struct stating *s = ctx;
    struct store_tier *t = &s->tiers[s->tier];
    const char *host = rowbinary_text(r, a);
    int64_t rows = (int64_t)rowbinary_int(r, 8);
    sd_time oldest = (sd_time)rowbinary_int(r, 8), newest = (sd_time)rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    t->oldest = t->rows ? MIN(t->oldest, oldest) : oldest;
    t->newest = t->rows ? MAX(t->newest, newest) : newest;
    t->rows += rows;
    s->owners = mem_grow(s->owners, s->n_owners, &s->cap_owners, sizeof *s->owners);
    s->owners[s->n_owners++] = (struct store_host){.name = arena_strdup(s->arena, host),
                                                   .rows = rows,
                                                   .oldest = oldest,
                                                   .newest = newest,
                                                   .skew_ns = SD_UNKNOWN};
    return true;
}

static bool take_bytes(void *ctx, struct rowbinary *r, struct arena *a)
{
    struct stating *s = ctx;
    const char *table = rowbinary_text(r, a);
    int64_t bytes = (int64_t)rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    s->out->bytes = add_sat(s->out->bytes, bytes);
    for (size_t i = 0; i < s->c->tiers.n; i++) {
        struct strbuf name = {0}, given = {0};
        sql_tier(&name, s->c, i, true);
        sql_name(&given, s->c->database);
        strbuf_char(&given, '.');
        sql_name(&given, table);
        if (str_eq(strbuf_text(&name), strbuf_text(&given)))
            s->tiers[i].bytes = bytes;
        strbuf_free(&name);
        strbuf_free(&given);
    }
    return true;
}

/* On the disks of all nodes. */
static enum sd_result load_bytes(struct stating *s, struct sd_error *err)
{
    struct strbuf sql = {0};
    struct sd_error why;
    strbuf_str(&sql, "SELECT table, toInt64(sum(bytes_on_disk)) FROM ");
    if (s->c->distributed)
        sql_cluster(&sql, s->c, "parts");
    else
        strbuf_str(&sql, "system.parts");
    strbuf_str(&sql, " WHERE active AND table LIKE 'history\\_%' AND database = ");
    sql_text(&sql, s->c->database);
    strbuf_str(&sql, " GROUP BY table");
    enum sd_result result = ask(s, &sql, take_bytes, &why);
    strbuf_free(&sql);
    if (result == SD_OK || result == SD_RETRY)
        return result == SD_OK ? SD_OK : sd_fail(err, SD_RETRY, "%s", why.text);
    s->out->bytes = SD_UNKNOWN; /* one who may not know it */
    for (size_t i = 0; i < s->c->tiers.n; i++)
        s->tiers[i].bytes = SD_UNKNOWN;
    return SD_OK;
}

static enum sd_result load_tiers(struct stating *s, struct sd_error *err)
{
    struct strbuf sql = {0};
    enum sd_result result = SD_OK;
    for (s->tier = 0; s->tier < s->c->tiers.n && result == SD_OK; s->tier++) {
        s->tiers[s->tier] = (struct store_tier){.step_ns = s->c->tiers.items[s->tier].step_ns,
                                                .keep_ns = s->c->tiers.items[s->tier].keep_ns,
                                                .oldest = SD_UNKNOWN,
                                                .newest = SD_UNKNOWN};
        strbuf_str(&sql, "SELECT host, count(), min(b), max(e) FROM (");
        each_once(s, &sql, s->tier, "host, ended - length AS b, ended AS e", OWN_ROWS);
        strbuf_str(&sql, ") GROUP BY host");
        result = ask(s, &sql, take_tier, err);
    }
    strbuf_free(&sql);
    return result == SD_OK ? load_bytes(s, err) : result;
}

/* ---- hosts ---- */

static bool take_host(void *ctx, struct rowbinary *r, struct arena *a)
{
    struct stating *s = ctx;
    const char *name = rowbinary_text(r, a), *version = rowbinary_text(r, a);
    struct store_host h = {.skew_ns = SD_UNKNOWN};
    h.runs = (int64_t)rowbinary_int(r, 8);
    h.rows = (int64_t)rowbinary_int(r, 8);
    h.lost = (int64_t)rowbinary_int(r, 8);
    int64_t sent = (int64_t)rowbinary_int(r, 8), arrived = (int64_t)rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    h.oldest = h.newest = SD_UNKNOWN;
    h.name = arena_strdup(s->arena, name);
    h.version = *version ? arena_strdup(s->arena, version) : NULL;
    if (sent > 0)
        h.skew_ns = sub_sat(sent, add_sat(mul_sat(arrived, SD_S), SD_S / 2));
    s->hosts = mem_grow(s->hosts, s->n_hosts, &s->cap_hosts, sizeof *s->hosts);
    s->hosts[s->n_hosts++] = h;
    return true;
}

static bool take_span(void *ctx, struct rowbinary *r, struct arena *a)
{
    struct stating *s = ctx;
    const char *host = rowbinary_text(r, a);
    sd_time from = (sd_time)rowbinary_int(r, 8), to = (sd_time)rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    s->spans = mem_grow(s->spans, s->n_spans, &s->cap_spans, sizeof *s->spans);
    const char *same = s->n_spans && str_eq(s->spans[s->n_spans - 1].host, host)
                           ? s->spans[s->n_spans - 1].host
                           : arena_strdup(s->arena, host);
    s->spans[s->n_spans++] = (struct span){same, from, to};
    return true;
}

static enum sd_result load_hosts(struct stating *s, struct sd_error *err)
{
    struct strbuf sql = {0};
    strbuf_str(
        &sql,
        "SELECT host, argMax(source, (e, t)), uniqExact(run), toInt64(sum(rows_)), toInt64(sum(lost_)), "
        "argMax(sent_, (t, e)), max(t) FROM (");
    of_tiers(s, &sql,
             "host, source, run, ended AS e, adds[1] AS lost_, if(move = 0, adds[2], 0) AS sent_, adds[7] AS "
             "rows_, "
             "if(move = 0, toInt64(toUInt32(arrived)), 0) AS t", /* of moved ones it is that of the move */
             "= 0", false);
    strbuf_str(&sql, ") GROUP BY host ORDER BY host");
    enum sd_result result = ask(s, &sql, take_host, err);
    /* Spans of a run that touch, joined: where one begins behind all before it, and ends before the next.
     * Copies of one change nothing. */
    strbuf_str(
        &sql,
        "SELECT host, f, t FROM (SELECT host, run, arraySort(groupArray((ended - length, ended))) AS a, "
        "arrayMap(x -> tupleElement(x, 1), a) AS froms, arrayMap(x -> tupleElement(x, 2), a) AS tos, "
        "arrayFilter((x, p) -> x > p, froms, arrayPushFront(arrayPopBack(tos), "
        "toInt64(-9223372036854775807))) AS starts, arrayFilter((x, q) -> x < q, tos, "
        "arrayPushBack(arrayPopFront(froms), toInt64(9223372036854775807))) AS ends FROM (");
    of_tiers(s, &sql, "host, run, ended, length", "= 0 AND length > 0", true);
    strbuf_str(&sql, ") GROUP BY host, run) ARRAY JOIN starts AS f, ends AS t ORDER BY host, f, t");
    if (result == SD_OK)
        result = ask(s, &sql, take_span, err);
    strbuf_free(&sql);
    return result;
}

/* What no span of a host covers, between its first and its last. */
static void find_gaps(struct stating *s)
{
    struct store_gap *gaps = NULL;
    size_t n = 0, cap = 0, h = 0;
    for (size_t i = 0; i < s->n_spans; i++) {
        const struct span *one = &s->spans[i];
        while (h < s->n_hosts && strcmp(s->hosts[h].name, one->host) < 0)
            h++;
        struct store_host *host = h < s->n_hosts && str_eq(s->hosts[h].name, one->host) ? &s->hosts[h] : NULL;
        if (!host)
            continue;
        if (!sd_known(host->oldest))
            host->oldest = one->from;
        else if (one->from > host->newest) {
            gaps = mem_grow(gaps, n, &cap, sizeof *gaps);
            gaps[n++] = (struct store_gap){host->name, host->newest, one->from};
            host->gaps++;
            host->gap_ns = add_sat(host->gap_ns, sub_sat(one->from, host->newest));
        }
        host->newest = sd_known(host->newest) ? MAX(host->newest, one->to) : one->to;
    }
    for (size_t i = 0; i < s->n_hosts; i++) {
        const struct store_host *host = &s->hosts[i];
        s->out->lost = add_sat(s->out->lost, host->lost);
        if (!sd_known(host->oldest))
            continue;
        s->out->oldest = sd_known(s->out->oldest) ? MIN(s->out->oldest, host->oldest) : host->oldest;
        s->out->newest = sd_known(s->out->newest) ? MAX(s->out->newest, host->newest) : host->newest;
    }
    for (size_t i = 0; s->tiers && i < s->c->tiers.n; i++) { /* what was moved is in whole steps */
        const struct store_tier *t = &s->tiers[i];
        if (!sd_known(t->oldest))
            continue;
        s->out->oldest = sd_known(s->out->oldest) ? MIN(s->out->oldest, t->oldest) : t->oldest;
        s->out->newest = sd_known(s->out->newest) ? MAX(s->out->newest, t->newest) : t->newest;
    }
    s->out->gaps = arena_copy(s->arena, gaps, n * sizeof *gaps);
    s->out->n_gaps = n;
    free(gaps);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct store_host *)a)->name, ((const struct store_host *)b)->name);
}

/* Rows can be of other machines than those whose recorders put them: they are machines as well. */
static void join_owners(struct stating *s)
{
    size_t n = s->n_hosts;
    for (size_t i = 0; i < n; i++)
        s->hosts[i].rows = 0;
    qsort(s->owners, s->n_owners, sizeof *s->owners, by_name);
    for (size_t i = 0; i < s->n_owners; i++) {
        const struct store_host *o = &s->owners[i];
        struct store_host *h = s->n_hosts > n ? &s->hosts[s->n_hosts - 1] : NULL;
        if (!h || !str_eq(h->name, o->name))
            h = n ? bsearch(o, s->hosts, n, sizeof *h, by_name) : NULL;
        if (h) {
            h->rows = add_sat(h->rows, o->rows);
            h->oldest = sd_known(h->oldest) ? MIN(h->oldest, o->oldest) : o->oldest;
            h->newest = MAX(h->newest, o->newest);
            continue;
        }
        s->hosts = mem_grow(s->hosts, s->n_hosts, &s->cap_hosts, sizeof *s->hosts);
        s->hosts[s->n_hosts++] = *o;
    }
    if (s->n_hosts > n)
        qsort(s->hosts, s->n_hosts, sizeof *s->hosts, by_name);
}

/* ---- the rest ---- */

static bool take_endpoints(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct stating *s = ctx;
    s->out->endpoints = (int64_t)rowbinary_int(r, 8);
    return !r->more && !r->bad;
}

static bool take_damaged(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct stating *s = ctx;
    s->damaged = rowbinary_int(r, 8);
    return !r->more && !r->bad;
}

/* Every column of every row is read, which checks the engine's own sums, and what must hold of a row. */
static enum sd_result verify(struct stating *s, struct sd_error *err)
{
    struct strbuf sql = {0};
    for (size_t i = 0; i < s->c->tiers.n; i++) {
        struct strbuf table = {0};
        struct sd_error why = {.text = ""};
        sql_tier(&table, s->c, i, false);
        strbuf_printf(&sql,
                      "SELECT toUInt64(sum((how != %d AND (length(bucket) != length(n) OR bucket != "
                      "arraySort(arrayDistinct(bucket)))) OR length < 0 OR (how = %d AND kind = %d AND known "
                      "> 0 AND arraySum(n) > adds[1]))) FROM %s "
                      "WHERE NOT ignore(*)",
                      CLICKHOUSE_TOGETHER, CLICKHOUSE_SUM, SD_HTTP, strbuf_text(&table));
        s->damaged = 0;
        enum sd_result result = ask(s, &sql, take_damaged, &why);
        if (result == SD_RETRY && !strstr(why.text, "hecksum")) {
            strbuf_free(&table);
            strbuf_free(&sql);
            return sd_fail(err, SD_RETRY, "%s", why.text);
        }
        if (!s->out->damage && result != SD_OK)
            s->out->damage = arena_printf(s->arena, "%s: %s", strbuf_text(&table), why.text);
        else if (!s->out->damage && s->damaged)
            s->out->damage = arena_printf(s->arena, "%s: %" PRIu64 " rows do not agree with themselves",
                                          strbuf_text(&table), s->damaged);
        strbuf_free(&table);
    }
    strbuf_free(&sql);
    return SD_OK;
}

static void hand_over(const struct stating *s, struct arena *a, struct store_state *out)
{
    out->schema = CLICKHOUSE_SCHEMA;
    out->hosts = arena_copy(a, s->hosts, s->n_hosts * sizeof *s->hosts);
    out->n_hosts = s->n_hosts;
}

static void release(struct stating *s)
{
    free(s->hosts);
    free(s->owners);
    free(s->spans);
    for (size_t i = 0; i < HISTORY_TIERS_MAX; i++)
        strbuf_free(&s->again[i]);
    sight_free(&s->sight);
}

/* From the marks alone: the rows of a fleet are many. */
enum sd_result clickhouse_hosts(struct store *store, struct arena *a, struct store_state *out,
                                struct sd_error *err)
{
    struct stating s = {.c = (struct clickhouse *)store, .arena = a, .out = out};
    enum sd_result result = clickhouse_nodes_look(s.c, err);
    if (result == SD_OK)
        result = sight_load(s.c, 0, INT64_MAX, false, &s.sight, err);
    if (result == SD_OK)
        result = load_again(&s, err);
    if (result == SD_OK)
        result = load_hosts(&s, err);
    if (result == SD_OK)
        find_gaps(&s);
    hand_over(&s, a, out);
    release(&s);
    return result;
}

enum sd_result clickhouse_state(struct store *store, bool check, struct arena *a, struct store_state *out,
                                struct sd_error *err)
{
    struct stating s = {.c = (struct clickhouse *)store, .arena = a, .out = out};
    struct strbuf sql = {0};
    s.tiers = arena_alloc(a, s.c->tiers.n * sizeof *s.tiers);
    enum sd_result result = clickhouse_nodes_look(s.c, err);
    if (result == SD_OK)
        result = sight_load(s.c, 0, INT64_MAX, false, &s.sight, err);
    if (result == SD_OK)
        result = load_again(&s, err);
    if (result == SD_OK)
        result = load_tiers(&s, err);
    if (result == SD_OK)
        result = load_hosts(&s, err);
    /* By method, with which a thing begins (record_line.h), and route; known by others' histograms as well.
     */
    strbuf_str(&sql, "SELECT toInt64(uniqExact(m, name)) FROM (");
    char *http = mem_printf("= %d AND (kind = %d OR (kind = %d AND name != ''))", CLICKHOUSE_SUM, SD_HTTP,
                            SD_HISTORY_LATENCY);
    of_tiers(&s, &sql, "extract(thing, '^method=([^\t]*)') AS m, name", http, true);
    strbuf_str(&sql, ")");
    if (result == SD_OK)
        result = ask(&s, &sql, take_endpoints, err);
    if (result == SD_OK && check)
        result = verify(&s, err);
    if (result == SD_OK) {
        find_gaps(&s);
        join_owners(&s);
    }
    out->tiers = s.tiers;
    out->n_tiers = s.c->tiers.n;
    hand_over(&s, a, out);
    free(http);
    strbuf_free(&sql);
    release(&s);
    return result;
}
