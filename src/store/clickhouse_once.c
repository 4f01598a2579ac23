/* clickhouse_once.c - rows of which each counts once, read without FINAL where that is possible.
 *
 * FINAL makes the server merge all rows while it reads, in one thread. Puts that were sent twice are few: the
 * rows themselves tell which they are, and only these are read with FINAL. A row's identity has `run` and
 * `put`, so that the condition takes all its copies or none. (A copy that arrives between the two questions
 * counts until the next time.) */
#include <inttypes.h>
#include <stdlib.h>

#include "store/clickhouse_internal.h"

enum { LIST_MAX = 12000 }; /* bytes of a tier's list; a statement has at most 256 KiB, and four tiers */

void once_free(struct once *o)
{
    for (size_t i = 0; i < HISTORY_TIERS_MAX; i++)
        strbuf_free(&o->again[i]);
}

static bool take_again(void *ctx, struct rowbinary *r, struct arena *a)
{
    (void)a;
    struct once *o = ctx;
    size_t tier = (size_t)rowbinary_int(r, 1);
    uint64_t run = rowbinary_int(r, 8), put = rowbinary_int(r, 8);
    r->bad = r->bad || tier >= HISTORY_TIERS_MAX;
    if (r->more || r->bad)
        return false;
    struct strbuf *list = &o->again[tier];
    if (list->len > LIST_MAX)
        o->final[tier] = true;
    else
        strbuf_printf(list, "%s(%" PRIu64 ",%" PRIu64 ")", list->len ? "," : "", run, put);
    return true;
}

/* By a number of the identity, which the server groups by much faster: two of the same number by chance are
 * read with FINAL as well, and count both. */
enum sd_result once_load(struct clickhouse *c, enum clickhouse_how how, const struct sql_where *of,
                         const struct sight *sight, struct once *out, struct sd_error *err)
{
    struct strbuf sql = {0};
    for (size_t i = 0; i < c->tiers.n; i++) {
        strbuf_printf(
            &sql,
            "%sSELECT DISTINCT toUInt8(%zu) AS tier, r, p FROM (SELECT cityHash64(kind, name, thing, "
            "host, source, ended, length, run, put, serial, move) AS id, any(run) AS r, any(put) AS "
            "p FROM ",
            i ? " UNION ALL " : "", i);
        sql_tier(&sql, c, i, false);
        strbuf_printf(&sql, " PREWHERE how = %d%s WHERE 1%s%s GROUP BY id HAVING count() > 1)", how, of->span,
                      of->only, strbuf_text(&sight->where[i]));
    }
    strbuf_str(&sql, " FORMAT RowBinary");
    enum sd_result result =
        clickhouse_select(c, strbuf_text(&sql), &(struct clickhouse_rows){take_again, out}, err);
    strbuf_free(&sql);
    return result;
}

void sql_once(struct strbuf *out, const struct once *o, size_t tier,
              void (*part)(struct strbuf *out, const struct sql_rows *r), const struct sql_rows *r)
{
    const char *again = o->again[tier].len && !o->final[tier] ? o->again[tier].text : NULL;
    struct sql_rows some = *r;
    some.plain = !o->final[tier];
    if (!again) {
        part(out, &some);
        return;
    }
    char *rest = mem_printf("%s AND (run, put) NOT IN (%s)", r->where, again);
    char *those = mem_printf("%s AND (run, put) IN (%s)", r->span ? r->span : "", again);
    some.where = rest;
    part(out, &some);
    strbuf_str(out, " UNION ALL ");
    some = *r;
    some.span = those;
    part(out, &some);
    free(rest);
    free(those);
}
