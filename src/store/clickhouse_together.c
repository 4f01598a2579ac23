/* clickhouse_together.c - requests of all endpoints of a machine as one, out of rows that were put so.
 *
 * The rows of each endpoint are hundreds of a machine and step, and the server adds their buckets by key: of
 * a thousand machines a minute is a second's work. Rows TOGETHER are one of a machine and step with all
 * buckets in place, so that an hour is.
 *
 * Older programs put none, which the marks of their puts tell: of their runs the rows of each endpoint are
 * read. */
#include <inttypes.h>
#include <stdlib.h>

#include "store/clickhouse_internal.h"

enum { LIST_MAX = 12000 }; /* bytes of a tier's list; a statement has at most 256 KiB, and four tiers */

void together_free(struct together *t)
{
    for (size_t i = 0; i < HISTORY_TIERS_MAX; i++)
        strbuf_free(&t->old[i]);
    once_free(&t->once);
}

bool together_covers(const struct together *t, size_t tier)
{
    return t->used && !t->none[tier] && !t->old[tier].len;
}

static bool take_old(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct together *t = ctx;
    size_t tier = (size_t)rowbinary_int(r, 1);
    uint64_t run = rowbinary_int(r, 8);
    r->bad = r->bad || tier >= HISTORY_TIERS_MAX;
    if (r->more || r->bad)
        return false;
    struct strbuf *list = &t->old[tier];
    if (list->len > LIST_MAX)
        t->none[tier] = true;
    else
        strbuf_printf(list, "%s%" PRIu64, list->len ? "," : "", run);
    return true;
}

/* (The host of a mark is that of the recorder, which may tell of other machines.) */
enum sd_result together_load(struct clickhouse *c, const struct sql_where *of, const struct sight *sight,
                             bool sums, struct together *out, struct sd_error *err)
{
    struct strbuf sql = {0};
    out->used = true;
    for (size_t i = 0; i < c->tiers.n; i++) {
        strbuf_printf(&sql, "%sSELECT DISTINCT toUInt8(%zu) AS tier, run FROM ", i ? " UNION ALL " : "", i);
        sql_tier(&sql, c, i, false);
        strbuf_printf(&sql, " WHERE how = %d AND bitAnd(known, %d) = 0%s%s", CLICKHOUSE_MARK,
                      CLICKHOUSE_HAS_TOGETHER, of->days, strbuf_text(&sight->where[i]));
    }
    strbuf_str(&sql, " FORMAT RowBinary");
    enum sd_result result =
        clickhouse_select(c, strbuf_text(&sql), &(struct clickhouse_rows){take_old, out}, err);
    strbuf_free(&sql);
    return result == SD_OK && sums ? once_load(c, CLICKHOUSE_TOGETHER, of, sight, &out->once, err) : result;
}

/* The buckets as sql_sums has them. (18.16 does not find a column that lambdas alone use, hence bitAnd.) */
static void sparse(struct strbuf *out, const struct sql_rows *r)
{
    strbuf_str(out, "SELECT s, kind, n_, t_, h, o, r, i, d, rows_ + bitAnd(b_, 0) AS rows_, longest, begin_, "
                    "end_, known_, adds_, lows_, highs_, put_, (arrayFilter((k, x) -> x > 0, arrayMap(k -> "
                    "toUInt16(b_ + k - 1), arrayEnumerate(dense_)), dense_), arrayFilter(x -> x > 0, "
                    "dense_)) AS map_ FROM (");
    sql_dense(out, r);
    strbuf_char(out, ')');
}

void sql_together(struct strbuf *out, const struct together *t, size_t tier, const struct sql_rows *r)
{
    const char *old = t->old[tier].len && !t->none[tier] ? t->old[tier].text : NULL;
    struct sql_rows part = *r;
    char *rest = old ? mem_printf("%s AND run NOT IN (%s)", r->where, old) : mem_strdup(r->where);
    char *those = old ? mem_printf("%s AND run IN (%s)", r->where, old) : mem_strdup(r->where);
    if (!t->none[tier]) {
        part.where = rest;
        sql_once(out, &t->once, tier, sparse, &part);
    }
    if (t->none[tier] || old) {
        part.where = those;
        strbuf_str(out, t->none[tier] ? "" : " UNION ALL ");
        sql_sums(out, &part);
    }
    free(rest);
    free(those);
}
