/* clickhouse_read.c - a span out of the tables: the server adds up by step and endpoint, over all tiers; what
 * comes back is few, and goes through the fold, which decides on steps and order for every store. */
#include <inttypes.h>
#include <stdlib.h>
#include <uthash.h>

#include "store/clickhouse_internal.h"

#define FOLD_MAX ((size_t)2 << 30)

struct reading {
    struct clickhouse *c;
    const struct store_ask *ask;
    struct sight sight;
    struct together together; /* of requests, when endpoints do not matter */
    const struct once *once;  /* of what each_tier is called for; NULL: FINAL */
    struct history_fold *fold;
    enum clickhouse_form form;
    struct strbuf span, only; /* the conditions of the ask: its span, and the others */
    int64_t longest;
    sd_time first; /* when the earliest interval began */
    uint64_t rows;
    bool too_much;
    size_t tier, n_tiers; /* which are read */
};

/* ---- conditions ---- */

static bool any_kind(const struct store_ask *ask, enum history_how a, enum history_how b, struct strbuf *out)
{
    size_t n = 0;
    strbuf_clear(out);
    for (int kind = 1; kind < SD_KIND_END; kind++) {
        const struct history_kind *k = history_kind((enum sd_kind)kind);
        if (!k || (k->how != a && k->how != b) || (ask->kinds && !(ask->kinds & SD_KIND_BIT(kind))))
            continue;
        strbuf_printf(out, "%s%d", n++ ? "," : " AND kind IN (", kind);
    }
    strbuf_str(out, n ? ")" : "");
    return n > 0;
}

#define ROUTES (SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_HTTP_PART))

/* Of an ask for one endpoint two parts, for which the server looks into the order of the table: what has its
 * name, and what has none. (Joined by OR it would read everything.) False: there is no such part. */
static bool any_part(const struct store_ask *ask, enum history_how a, enum history_how b, bool named,
                     struct strbuf *out)
{
    struct store_ask part = *ask;
    sd_kinds all = ask->kinds ? ask->kinds : ~(sd_kinds)0;
    strbuf_clear(out);
    if (!ask->route)
        return !named && any_kind(ask, a, b, out);
    part.kinds = named ? all & ROUTES : all & ~ROUTES;
    if (!part.kinds || !any_kind(&part, a, b, out))
        return false;
    if (named) {
        strbuf_str(out, " AND name = ");
        sql_text(out, ask->route);
    }
    return true;
}

static void conditions(struct reading *r, sd_time from, sd_time to)
{
    const struct store_ask *ask = r->ask;
    strbuf_clear(&r->only);
    strbuf_clear(&r->span);
    strbuf_printf(&r->span, " AND ended > %" PRId64 " AND ended <= %" PRId64, from, to);
    sql_days(&r->only, from, to);
    if (ask->host) {
        strbuf_str(&r->only, " AND host = ");
        sql_text(&r->only, ask->host);
    }
}

static void route_condition(const struct store_ask *ask, struct strbuf *out)
{
    sd_kinds routes = SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_HTTP_PART);
    bool others = !ask->kinds || (ask->kinds & ~routes);
    if (!ask->route)
        return;
    strbuf_str(out, others ? " AND (kind NOT IN (" : " AND name = ");
    if (others)
        strbuf_printf(out, "%d,%d) OR name = ", SD_HTTP, SD_HTTP_PART);
    sql_text(out, ask->route);
    strbuf_str(out, others ? ")" : "");
}

/* ---- rows that come ---- */

static bool add(void *ctx, const struct history_row *row)
{
    struct reading *r = ctx;
    history_fold_add(r->fold, row);
    if (row->length_ns)
        r->first = sd_known(r->first) ? MIN(r->first, row->at) : row->at;
    r->too_much = history_fold_bytes(r->fold) > FOLD_MAX;
    return !r->too_much;
}

static bool take(void *ctx, struct rowbinary *b, struct arena *a)
{
    struct reading *r = ctx;
    int64_t longest = (int64_t)rowbinary_int(b, 8);
    uint64_t rows = rowbinary_int(b, 8);
    if (!clickhouse_row_decode(r->form, b, a, add, r) && (b->more || b->bad))
        return false;
    r->longest = MAX(r->longest, longest);
    r->rows += rows;
    return !r->too_much;
}

/* ---- statements ---- */

static void each_tier(struct reading *r, struct strbuf *sql, const char *step, const char *kinds,
                      void (*part)(struct strbuf *out, const struct sql_rows *rows), bool more)
{
    for (size_t i = r->tier; i < r->tier + r->n_tiers; i++) {
        struct strbuf table = {0}, where = {0};
        sql_tier(&table, r->c, i, false);
        strbuf_printf(&where, "%s%s%s", strbuf_text(&r->only), kinds, strbuf_text(&r->sight.where[i]));
        if (i > r->tier || more)
            strbuf_str(sql, " UNION ALL ");
        const struct sql_rows rows = {.table = strbuf_text(&table),
                                      .span = strbuf_text(&r->span),
                                      .where = strbuf_text(&where),
                                      .step = step,
                                      .by_host = r->ask->apart & HISTORY_BY_HOST,
                                      .by_source = r->ask->apart & HISTORY_BY_SOURCE,
                                      .together = r->ask->apart & HISTORY_TOGETHER};
        if (rows.together && r->together.used && part == sql_sums)
            sql_together(sql, &r->together, i, &rows);
        else if (r->once)
            sql_once(sql, r->once, i, part, &rows);
        else
            part(sql, &rows);
        strbuf_free(&table);
        strbuf_free(&where);
    }
}

/* Every one, as it is; not by step. */
static void eaches(struct strbuf *out, const struct sql_rows *r)
{
    strbuf_printf(
        out,
        "SELECT 0 AS s, kind, name AS n_, thing AS t_, host AS h, source AS o, 0 AS r, 0 AS i, 0 AS d, ended "
        "AS end_, "
        "toFloat64(0) AS total_, record AS record_, put AS put_ FROM %s FINAL PREWHERE how = %d%s WHERE 1%s",
        r->table, CLICKHOUSE_EACH, r->span, r->where);
}

static enum sd_result run(struct reading *r, enum clickhouse_form form, struct strbuf *sql,
                          struct sd_error *err)
{
    r->form = form;
    strbuf_str(sql, " FORMAT RowBinary");
    enum sd_result result =
        clickhouse_select(r->c, strbuf_text(sql), &(struct clickhouse_rows){take, r}, err);
    strbuf_free(sql);
    if (result == SD_OK && r->too_much)
        return sd_fail(err, SD_CONFIG, "this is too much of %.200s at once: ask for longer steps",
                       r->c->base.url);
    return result;
}

static enum sd_result load_once(struct reading *r, const char *kinds, struct once *out, struct sd_error *err)
{
    char *only = mem_printf("%s%s", strbuf_text(&r->only), kinds);
    const struct sql_where of = {.span = strbuf_text(&r->span), .only = only};
    enum sd_result result = once_load(r->c, CLICKHOUSE_SUM, &of, &r->sight, out, err);
    free(only);
    return result;
}

static enum sd_result read_sums(struct reading *r, const char *step, struct sd_error *err)
{
    struct strbuf sql = {0}, kinds = {0};
    struct once once = {.again = {{0}}};
    enum sd_result result = SD_OK;
    bool more = false;
    strbuf_str(
        &sql,
        "SELECT max(longest), sum(rows_), kind, t_, h, o, max(end_) - min(begin_), max(end_), "
        "groupBitOr(known_), sumForEach(adds_), minForEach(lows_), maxForEach(highs_), "
        "tupleElement(sumMap(tupleElement(map_, 1), tupleElement(map_, 2)) AS m, 1), tupleElement(m, 2) "
        "FROM (");
    for (int named = 1; named >= 0 && result == SD_OK; named--)
        if (any_part(r->ask, HISTORY_SUM, HISTORY_SUM, named, &kinds)) {
            if (named)
                result = load_once(r, strbuf_text(&kinds), &once, err);
            r->once = named ? &once : NULL;
            each_tier(r, &sql, step, strbuf_text(&kinds), sql_sums, more);
            more = true;
        }
    r->once = NULL;
    once_free(&once);
    strbuf_str(&sql, ") GROUP BY s, kind, n_, t_, h, o");
    strbuf_free(&kinds);
    if (result == SD_OK && more)
        return run(r, CLICKHOUSE_FORM_SUM, &sql, err);
    strbuf_free(&sql);
    return result;
}

static enum sd_result read_gauges(struct reading *r, const char *step, struct sd_error *err)
{
    struct strbuf sql = {0}, kinds = {0};
    bool any = any_kind(r->ask, HISTORY_GAUGE, HISTORY_GAUGE, &kinds);
    strbuf_str(&sql,
               "SELECT toInt64(0), toUInt64(count()), kind, t_, h, o, toInt64(0), max(end_), sum(samples_), "
               "sum(sum_), min(min_), max(max_), argMax(value_, end_) FROM (");
    each_tier(r, &sql, step, strbuf_text(&kinds), sql_gauges, false);
    strbuf_str(&sql, ") GROUP BY s, kind, n_, t_, h, o");
    strbuf_free(&kinds);
    if (any)
        return run(r, CLICKHOUSE_FORM_GAUGE, &sql, err);
    strbuf_free(&sql);
    return SD_OK;
}

static enum sd_result read_records(struct reading *r, const char *step, struct sd_error *err)
{
    struct strbuf sql = {0}, kinds = {0};
    bool more = false;
    strbuf_str(&sql, "SELECT toInt64(0), toUInt64(1), kind, t_, h, o, toInt64(0), end_, record_ FROM (");
    if (any_kind(r->ask, HISTORY_GAUGE, HISTORY_LAST, &kinds)) {
        each_tier(r, &sql, step, strbuf_text(&kinds), sql_totals, more);
        more = true;
    }
    if (any_kind(r->ask, HISTORY_LAST, HISTORY_LAST, &kinds)) {
        each_tier(r, &sql, step, strbuf_text(&kinds), sql_lasts, more);
        more = true;
    }
    if (any_kind(r->ask, HISTORY_EACH, HISTORY_EACH, &kinds)) {
        each_tier(r, &sql, step, strbuf_text(&kinds), eaches, more);
        more = true;
    }
    strbuf_str(&sql, ")");
    strbuf_free(&kinds);
    if (more)
        return run(r, CLICKHOUSE_FORM_RECORD, &sql, err);
    strbuf_free(&sql);
    return SD_OK;
}

/* One run of equal steps. */
static enum sd_result read_steps(struct reading *r, sd_time first, int64_t step_ns, sd_time from, sd_time to,
                                 struct sd_error *err)
{
    char *step = mem_printf("intDiv(ended - 1 - (%" PRId64 "), %" PRId64 ")", first, step_ns);
    conditions(r, from, to);
    enum sd_result result = read_sums(r, step, err);
    if (result == SD_OK)
        result = read_gauges(r, step, err);
    if (result == SD_OK)
        result = read_records(r, step, err);
    free(step);
    return result;
}

static enum sd_result read_all(struct reading *r, sd_time from, sd_time to, struct sd_error *err)
{
    const struct history_steps *s = &r->ask->steps;
    enum sd_result result = SD_OK;
    if (s->step_ns > 0)
        return from < to ? read_steps(r, 0, s->step_ns, from, to, err) : SD_OK;
    for (size_t i = 0, k; i + 1 < s->n_edges && result == SD_OK; i = k) {
        int64_t step = sub_sat(s->edges[i + 1], s->edges[i]);
        for (k = i + 1; k + 1 < s->n_edges && sub_sat(s->edges[k + 1], s->edges[k]) == step;)
            k++;
        sd_time a = MAX(from, s->edges[i]), b = MIN(to, s->edges[k]);
        if (step > 0 && a < b)
            result = read_steps(r, s->edges[i], step, a, b, err);
    }
    return result;
}

/* ---- what the answer says of itself ---- */

struct bounds {
    sd_time oldest, newest, cut;
    uint64_t n, n_cut;
};

static bool take_bounds(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct bounds *b = ctx;
    uint64_t n = rowbinary_int(r, 8);
    sd_time first = (sd_time)rowbinary_int(r, 8), last = (sd_time)rowbinary_int(r, 8);
    uint64_t n_cut = rowbinary_int(r, 8);
    sd_time cut = (sd_time)rowbinary_int(r, 8);
    if (r->more || r->bad)
        return false;
    if (n) {
        b->oldest = b->n ? MIN(b->oldest, first) : first;
        b->newest = b->n ? MAX(b->newest, last) : last;
    }
    if (n_cut)
        b->cut = b->n_cut ? MIN(b->cut, cut) : cut;
    b->n += n;
    b->n_cut += n_cut;
    return true;
}

/* Of all tiers: the first and the last time that marks tell of, and the interval that `to` lies in. An
 * interval may begin before its recorder did, and end behind it: marks tell of that as well (adds[9], [8]; of
 * older programs they have none, which is 0). */
static enum sd_result read_bounds(struct reading *r, sd_time to, struct bounds *b, struct sd_error *err)
{
    struct strbuf sql = {0}, kinds = {0};
    if (!any_part(r->ask, HISTORY_SUM, HISTORY_SUM, r->ask->route != NULL, &kinds))
        strbuf_str(&kinds, " AND 0");
    for (size_t i = 0; i < r->c->tiers.n; i++) {
        int64_t step = r->c->tiers.items[i].step_ns,
                whole = i ? step : 1; /* what was moved is in whole steps */
        sd_time behind = add_sat(to, step);
        struct strbuf table = {0}, host = {0};
        sql_tier(&table, r->c, i, false);
        if (r->ask->host) {
            strbuf_str(&host, " AND host = ");
            sql_text(&host, r->ask->host);
        }
        strbuf_printf(
            &sql,
            "%sSELECT n, first, last, n_cut, cut FROM (SELECT 1 AS one, count() AS n, intDiv(min(if(adds[9] "
            "> 0, least(adds[9], ended - length), ended - length)), %" PRId64 ") * %" PRId64
            " AS first, intDiv(max(greatest(ended, adds[8])) + %" PRId64 ", %" PRId64 ") * %" PRId64
            " AS last FROM %s WHERE how = %d AND (length > 0 OR adds[9] > 0)%s%s) ANY INNER JOIN "
            "(SELECT 1 AS one, count() AS n_cut, min(ended - length) AS cut FROM %s WHERE how = %d AND "
            "ended > %" PRId64 " AND ended <= %" PRId64 " AND ended - length < %" PRId64,
            i ? " UNION ALL " : "", whole, whole, whole - 1, whole, whole, strbuf_text(&table),
            CLICKHOUSE_MARK, strbuf_text(&host), strbuf_text(&r->sight.where[i]), strbuf_text(&table),
            together_covers(&r->together, i) ? CLICKHOUSE_TOGETHER : CLICKHOUSE_SUM, to, behind, to);
        sql_days(&sql, to, behind);
        strbuf_printf(&sql, "%s%s%s) USING (one)", strbuf_text(&kinds), strbuf_text(&host),
                      strbuf_text(&r->sight.where[i]));
        strbuf_free(&table);
        strbuf_free(&host);
    }
    strbuf_free(&kinds);
    strbuf_str(&sql, " FORMAT RowBinary");
    enum sd_result result =
        clickhouse_select(r->c, strbuf_text(&sql), &(struct clickhouse_rows){take_bounds, b}, err);
    strbuf_free(&sql);
    return result;
}

struct giving {
    bool (*row)(void *ctx, const struct history_row *row);
    void *ctx;
    bool any, ended;
};

/* ---- times alone ---- */

static bool take_time(void *ctx, struct rowbinary *b, struct arena *a)
{
    struct giving *g = ctx;
    (void)a;
    struct history_row row = {.kind = (enum sd_kind)rowbinary_int(b, 1)};
    row.length_ns = (int64_t)rowbinary_int(b, 8);
    row.at = sub_sat((sd_time)rowbinary_int(b, 8), row.length_ns);
    if (b->more || b->bad)
        return false;
    g->any = true;
    g->ended = g->ended || !g->row(g->ctx, &row);
    return !g->ended;
}

/* Of any of the kinds that are asked for, by the two parts of any_part. */
static bool times_part(const struct store_ask *ask, bool named, struct strbuf *out)
{
    sd_kinds all = ask->kinds ? ask->kinds : ~(sd_kinds)0;
    sd_kinds kinds = !ask->route ? all : named ? all & ROUTES : all & ~ROUTES;
    strbuf_clear(out);
    if (!kinds || (named && !ask->route))
        return false;
    for (int kind = 1, n = 0; (ask->kinds || ask->route) && kind < SD_KIND_END; kind++)
        if (kinds & SD_KIND_BIT(kind))
            strbuf_printf(out, "%s%d", n++ ? "," : " AND kind IN (", kind);
    strbuf_str(out, out->len ? ")" : "");
    if (named) {
        strbuf_str(out, " AND name = ");
        sql_text(out, ask->route);
    }
    return true;
}

/* One row for all that have its time, without what they are of: a fleet has thousands of each. */
static enum sd_result read_times(struct reading *r, sd_time from, sd_time to, struct giving *g,
                                 struct sd_error *err)
{
    struct strbuf sql = {0}, only = {0};
    bool more = false;
    conditions(r, from, to);
    strbuf_str(&sql, "SELECT DISTINCT toUInt8(kind), toInt64(length), toInt64(ended) AS e FROM (");
    for (int named = 1; named >= 0; named--)
        for (size_t i = 0; times_part(r->ask, named, &only) && i < r->c->tiers.n; i++) {
            strbuf_printf(&sql, "%sSELECT kind, length, ended FROM ", more ? " UNION ALL " : "");
            more = true;
            sql_tier(&sql, r->c, i, false);
            bool all = together_covers(&r->together, i);
            strbuf_printf(&sql, " WHERE how %s %d%s%s%s%s",
                          all ? "=" : "!=", all ? CLICKHOUSE_TOGETHER : CLICKHOUSE_MARK,
                          strbuf_text(&r->span), strbuf_text(&r->only), strbuf_text(&only),
                          strbuf_text(&r->sight.where[i]));
        }
    strbuf_str(&sql, ") ORDER BY e FORMAT RowBinary");
    enum sd_result result =
        clickhouse_select(r->c, strbuf_text(&sql), &(struct clickhouse_rows){take_time, g}, err);
    strbuf_free(&sql);
    strbuf_free(&only);
    return result;
}

/* ---- as it is kept ---- */

/* Rows of several folds, each in order of time, in order of time. */
static void give_merged(struct history_fold *const *folds, size_t n, struct giving *g)
{
    size_t next[HISTORY_TIERS_MAX] = {0};
    while (!g->ended) {
        struct history_row first = {.at = SD_UNKNOWN};
        size_t from = n;
        for (size_t i = 0; i < n; i++) {
            if (next[i] == history_fold_len(folds[i]))
                continue;
            struct history_row row = history_fold_row(folds[i], next[i]);
            if (from == n || history_row_end(&row) < history_row_end(&first)) {
                first = row;
                from = i;
            }
        }
        if (from == n)
            return;
        next[from]++;
        g->any = true;
        g->ended = !g->row(g->ctx, &first);
    }
}

/* Each tier in its own steps, a day at a time: all of a fleet finds no room at once. */
static enum sd_result read_kept(struct reading *r, sd_time from, sd_time to, struct giving *g,
                                struct sd_error *err)
{
    const struct history_tiers *t = &r->c->tiers;
    struct history_fold *folds[HISTORY_TIERS_MAX];
    enum sd_result result = SD_OK;
    const int64_t day = 86400 * SD_S;
    for (size_t i = 0; i < t->n; i++)
        folds[i] = history_fold_new(&(struct history_steps){.step_ns = t->items[i].step_ns}, r->ask->apart);
    for (sd_time at = from, end; at < to && result == SD_OK && !g->ended; at = end) {
        end = MIN(to, add_sat(history_step_start(add_sat(at, 1), day), day));
        for (size_t i = 0; i < t->n && result == SD_OK; i++) {
            history_fold_clear(folds[i]);
            r->fold = folds[i];
            r->tier = i;
            r->n_tiers = 1;
            result = read_steps(r, 0, t->items[i].step_ns, at, end, err);
        }
        if (result == SD_OK)
            give_merged(folds, t->n, g);
    }
    r->fold = NULL;
    for (size_t i = 0; i < t->n; i++)
        history_fold_free(folds[i]);
    return result;
}

static enum sd_result read_added_up(struct reading *r, sd_time from, sd_time to, struct giving *g,
                                    struct sd_error *err)
{
    r->fold = history_fold_new(&r->ask->steps, r->ask->apart);
    enum sd_result result = read_all(r, from, to, err);
    if (result == SD_OK)
        give_merged(&r->fold, 1, g);
    history_fold_free(r->fold);
    return result;
}

/* Only requests, and endpoints do not matter. */
static bool is_together(const struct store_ask *ask)
{
    return ask->kinds == SD_KIND_BIT(SD_HTTP) && !ask->route &&
           (ask->times || (ask->apart & HISTORY_TOGETHER));
}

static enum sd_result load_together(struct reading *r, sd_time from, sd_time to, struct sd_error *err)
{
    struct strbuf days = {0};
    conditions(r, from, to);
    sql_days(&days, from, to);
    const struct sql_where of = {strbuf_text(&r->span), strbuf_text(&days), strbuf_text(&r->only)};
    enum sd_result result = together_load(r->c, &of, &r->sight, !r->ask->times, &r->together, err);
    strbuf_free(&days);
    return result;
}

enum sd_result clickhouse_read(struct store *s, const struct store_ask *ask,
                               bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                               struct store_answer *out, struct sd_error *err)
{
    struct reading r = {.c = (struct clickhouse *)s, .ask = ask, .first = SD_UNKNOWN};
    struct bounds b = {.oldest = SD_UNKNOWN, .newest = SD_UNKNOWN};
    struct giving g = {.row = row, .ctx = ctx};
    sd_time from = MAX(ask->from, -1), to = ask->to;
    r.n_tiers = r.c->tiers.n;
    enum sd_result result = clickhouse_nodes_look(r.c, err);
    if (result == SD_OK)
        result = sight_load(r.c, from, to, false, &r.sight, err);
    if (result == SD_OK && is_together(ask))
        result = load_together(&r, from, to, err);
    if (result == SD_OK && !ask->times)
        result = read_bounds(&r, to, &b, err);
    if (result == SD_OK && ask->times)
        result = read_times(&r, from, to, &g, err);
    else if (result == SD_OK && (ask->steps.step_ns > 0 || ask->steps.n_edges))
        result = read_added_up(&r, from, to, &g, err);
    else if (result == SD_OK && b.n)
        result = read_kept(&r, MAX(from, sub_sat(b.oldest, 1)), MIN(to, b.newest), &g, err);
    if (result == SD_OK) {
        out->oldest = b.oldest;
        out->newest = b.newest;
        out->rows = r.rows;
        out->coarsest_ns = r.longest;
        if (g.any) {
            out->from = sd_known(r.first) ? MIN(r.first, ask->from) : ask->from;
            out->to = b.n_cut ? MIN(b.cut, to) : to;
        }
    }
    sight_free(&r.sight);
    together_free(&r.together);
    strbuf_free(&r.span);
    strbuf_free(&r.only);
    return result;
}

/* ---- what is new ----
 *
 * Rows of puts that arrived lately and were not given yet. The engine keeps for each piece of a table from
 * when to when its rows arrived, so that only the newest pieces are looked into. */

enum {
    OVERLAP_S = 60, /* an INSERT may be seen that much after its rows got their time */
    LOST_S = 600    /* what is looked through again and again while a node is lost */
};

struct seen {
    UT_hash_handle hh;
    uint64_t key[2]; /* run, put */
    uint64_t call;   /* which one gave it */
    int64_t at;      /* s since 1970 */
};

struct following {
    struct clickhouse *c;
    bool silent; /* only note what there is */
    int64_t now;
    bool (*row)(void *ctx, const struct history_row *row);
    void *ctx;
    uint64_t current[2];
    bool skip, ended;
    enum clickhouse_form form;
};

void clickhouse_follow_end(struct clickhouse *c)
{
    struct seen *s, *next;
    HASH_ITER(hh, c->seen, s, next)
    {
        HASH_DEL(c->seen, s);
        free(s);
    }
}

static bool take_now(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    *(int64_t *)ctx = (int64_t)rowbinary_int(r, 8);
    return !r->more && !r->bad;
}

static bool give(void *ctx, const struct history_row *row)
{
    struct following *f = ctx;
    f->ended = f->ended || (!f->skip && !f->row(f->ctx, row));
    return !f->ended;
}

static bool take_new(void *ctx, struct rowbinary *b, struct arena *a)
{
    struct following *f = ctx;
    struct seen *s;
    uint64_t key[2] = {rowbinary_int(b, 8), 0};
    key[1] = rowbinary_int(b, 8);
    if (b->more || b->bad)
        return false;
    HASH_FIND(hh, f->c->seen, key, sizeof key, s);
    f->skip = !s || s->call != f->c->calls;
    bool wanted = clickhouse_row_decode(f->form, b, a, give, f);
    return wanted || (!b->more && !b->bad && !f->ended);
}

static bool take_mark(void *ctx, struct rowbinary *b, struct arena *a)
{
    (void)a;
    struct following *f = ctx;
    struct seen *s;
    uint64_t key[2] = {rowbinary_int(b, 8), 0};
    key[1] = rowbinary_int(b, 8);
    rowbinary_int(b, 8);
    if (b->more || b->bad)
        return false;
    HASH_FIND(hh, f->c->seen, key, sizeof key, s);
    if (s)
        return true;
    s = mem_alloc(sizeof *s);
    memcpy(s->key, key, sizeof key);
    s->call = f->c->calls;
    s->at = f->now;
    HASH_ADD(hh, f->c->seen, key, sizeof s->key, s);
    return true;
}

static void new_rows(struct following *f, struct reading *r, const char *columns, const char *hows,
                     int64_t since, struct strbuf *sql)
{
    for (size_t i = 0; i < f->c->tiers.n; i++) {
        strbuf_printf(sql, "%sSELECT run, put, %s FROM ", i ? " UNION ALL " : "", columns);
        sql_tier(sql, f->c, i, false);
        strbuf_printf(sql, " FINAL WHERE how IN (%s) AND move = 0 AND arrived >= toDateTime(%" PRId64 ")%s%s",
                      hows, since, strbuf_text(&r->only), strbuf_text(&r->sight.where[i]));
    }
    strbuf_str(sql, " FORMAT RowBinary");
}

static enum sd_result follow_one(struct following *f, struct reading *r, enum clickhouse_form form,
                                 const char *columns, const char *hows, int64_t since, struct sd_error *err)
{
    struct strbuf sql = {0};
    f->form = form;
    new_rows(f, r, columns, hows, since, &sql);
    enum sd_result result =
        clickhouse_select(f->c, strbuf_text(&sql), &(struct clickhouse_rows){take_new, f}, err);
    strbuf_free(&sql);
    return result;
}

static void forget_old(struct clickhouse *c, int64_t before)
{
    struct seen *s, *next;
    HASH_ITER(hh, c->seen, s, next)
    if (s->at < before) {
        HASH_DEL(c->seen, s);
        free(s);
    }
}

static void only_asked(struct reading *r)
{
    struct strbuf kinds = {0};
    const struct store_ask *ask = r->ask;
    for (int kind = 1, n = 0; ask->kinds && kind < SD_KIND_END; kind++)
        if (ask->kinds & SD_KIND_BIT(kind))
            strbuf_printf(&kinds, "%s%d", n++ ? "," : "", kind);
    if (kinds.len)
        strbuf_printf(&r->only, " AND kind IN (%s)", kinds.text);
    if (ask->host) {
        strbuf_str(&r->only, " AND host = ");
        sql_text(&r->only, ask->host);
    }
    route_condition(ask, &r->only);
    strbuf_free(&kinds);
}

enum sd_result clickhouse_follow(struct store *s, uint64_t *mark, const struct store_ask *ask,
                                 bool (*row)(void *ctx, const struct history_row *row), void *ctx,
                                 struct sd_error *err)
{
    struct following f = {.c = (struct clickhouse *)s, .row = row, .ctx = ctx, .silent = !*mark};
    struct reading r = {.c = f.c, .ask = ask};
    struct strbuf sql = {0};
    enum sd_result result = clickhouse_select(f.c, "SELECT toInt64(toUInt32(now())) FORMAT RowBinary",
                                              &(struct clickhouse_rows){take_now, &f.now}, err);
    int64_t since = (*mark ? MIN((int64_t)*mark, f.now) : f.now) - OVERLAP_S;
    if (result == SD_OK)
        result = clickhouse_nodes_look(f.c, err);
    if (result == SD_OK)
        result = sight_load(f.c, 0, INT64_MAX, false, &r.sight, err);
    /* First which puts there are: what comes while rows are read is of the next call. */
    if (result == SD_OK) {
        f.c->calls++;
        new_rows(&f, &r, "put", "0", since, &sql);
        result = clickhouse_select(f.c, strbuf_text(&sql), &(struct clickhouse_rows){take_mark, &f}, err);
    }
    strbuf_free(&sql);
    only_asked(&r);
    if (result == SD_OK && !f.silent)
        result = follow_one(
            &f, &r, CLICKHOUSE_FORM_SUM,
            "kind, thing, host, source, length, ended, known, adds, lows, highs, bucket, arrayMap(x -> "
            "toUInt64(x), n)",
            "1", since, err);
    if (result == SD_OK && !f.silent && !f.ended)
        result = follow_one(&f, &r, CLICKHOUSE_FORM_GAUGE,
                            "kind, thing, host, source, length, ended, samples, sum, min, max, value", "2",
                            since, err);
    if (result == SD_OK && !f.silent && !f.ended)
        result = follow_one(&f, &r, CLICKHOUSE_FORM_RECORD,
                            "kind, thing, host, source, length, ended, record", "3,4,5", since, err);
    if (result == SD_OK) {
        /* What a node that is lost took just before comes when it is back. */
        int64_t upto = f.c->partial && *mark ? MAX((int64_t)*mark, f.now - LOST_S) : f.now;
        *mark = (uint64_t)MAX(upto, 1);
        forget_old(f.c, upto - 4 * OVERLAP_S);
    }
    strbuf_free(&r.only);
    sight_free(&r.sight);
    return result;
}
