/* clickhouse_sql.c - how rows of one tier are added up, for reading and for the next tier.
 *
 * Every SELECT gives the columns s (the step), kind, n_ (name), t_ (thing), h (host), o (source), r (run), i
 * (import), d (day) and what the form needs. FINAL: of rows with one identity one counts, also before the
 * engine has merged them. PREWHERE: most rows that the index cannot leave out are of another time, and their
 * arrays need not be read; what it looks at is of the identity, so that it does not change which row counts.
 */
#include "store/clickhouse_internal.h"

static void begin(struct strbuf *out, const struct sql_rows *r, bool apart)
{
    /* A thing begins with its method and its route (record_line.h). */
    static const char ALL[] =
        "'' AS n_, replaceRegexpOne(thing, '^(method=[^\\t]*\\t?)?(route=[^\\t]*\\t?)?', '')";
    strbuf_printf(out, "SELECT %s AS s, kind, %s AS t_, %s AS h, %s AS o, %s", r->step,
                  r->together ? ALL : "name AS n_, thing", apart || r->by_host ? "host" : "''",
                  apart || r->by_source ? "source" : "''",
                  r->by_run ? "run AS r, import AS i, day AS d" : "0 AS r, 0 AS i, 0 AS d");
}

static void end(struct strbuf *out, const struct sql_rows *r, int how)
{
    strbuf_printf(out, " FROM %s%s PREWHERE how = %d%s WHERE 1%s GROUP BY s, kind, n_, t_, h, o, r, i, d",
                  r->table, r->plain ? "" : " FINAL", how, r->span ? r->span : "", r->where);
}

static const char SUMS[] =
    ", count() AS rows_, max(length) AS longest, min(ended - length) AS begin_, max(ended) AS end_, "
    "groupBitOr(known) AS known_, sumForEach(adds) AS adds_, minForEach(lows) AS lows_, "
    "maxForEach(highs) AS highs_, max(put) AS put_, ";

void sql_sums(struct strbuf *out, const struct sql_rows *r)
{
    begin(out, r, false);
    strbuf_str(out, SUMS);
    strbuf_str(out, "sumMap(bucket, arrayMap(x -> toUInt64(x), n)) AS map_");
    end(out, r, CLICKHOUSE_SUM);
}

void sql_dense(struct strbuf *out, const struct sql_rows *r)
{
    struct sql_rows all = *r;
    all.together = false; /* they are already, and have no name */
    begin(out, &all, false);
    strbuf_str(out, SUMS);
    strbuf_str(out, "bucket[1] AS b_, sumForEach(n) AS dense_");
    end(out, &all, CLICKHOUSE_TOGETHER);
    strbuf_str(out, ", b_");
}

void sql_gauges(struct strbuf *out, const struct sql_rows *r)
{
    begin(out, r, true);
    strbuf_str(out,
               ", max(ended) AS end_, sum(samples) AS samples_, sum(sum) AS sum_, min(min) AS min_, max(max) "
               "AS max_, argMax(value, ended) AS value_, max(put) AS put_");
    end(out, r, CLICKHOUSE_GAUGE);
}

/* The last reading of each step, and those on both sides of a fall: counting began anew there. */
void sql_totals(struct strbuf *out, const struct sql_rows *r)
{
    strbuf_str(out, "SELECT s, kind, n_, t_, h, o, r, i, d, tupleElement(x, 1) AS end_, tupleElement(x, "
                    "2) AS total_, "
                    "tupleElement(x, 3) AS record_, put_ FROM (");
    begin(out, r, true);
    strbuf_str(out, ", arraySort(groupArray((ended, total, record))) AS a, max(put) AS put_");
    end(out, r, CLICKHOUSE_TOTAL);
    strbuf_str(out, ") ARRAY JOIN arrayFilter((x, k) -> k = length(a) OR tupleElement(x, 2) > "
                    "tupleElement(a[k + 1], 2) OR (k > 1 AND tupleElement(a[k - 1], 2) > tupleElement(x, "
                    "2)), a, arrayEnumerate(a)) AS x");
}

void sql_lasts(struct strbuf *out, const struct sql_rows *r)
{
    begin(out, r, true);
    strbuf_str(
        out,
        ", max(ended) AS end_, toFloat64(0) AS total_, argMax(record, ended) AS record_, max(put) AS put_");
    end(out, r, CLICKHOUSE_LAST);
}
