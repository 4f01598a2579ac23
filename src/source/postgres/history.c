/* history.c - what sessions waited on before slowdive was started, where the server keeps it: pg_ash, which
 * samples once a second into tables, and pg_wait_sampling, which counts since its reset. Read once, when the
 * source opens. */
#include "source/postgres/server_state.h"

#include <stdlib.h>

#include "base/num.h"
#include "core/labels.h"

/* pg_ash counts seconds from the beginning of 2026. A policy of its tables would run functions: then it is
 * not read. */
#define ASH_EPOCH  "1767225600"
#define ASH_WINDOW "3600"
#define READABLE(name)                                                                                       \
    "EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "    \
    "WHERE n.nspname = 'ash' AND c.relname = '" name                                                         \
    "' AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity "                                                \
    "AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, "         \
    "'SELECT'))"

static const char FOUND[] = OWN_TAG "SELECT " READABLE("sample") " AND " READABLE(
    "wait_event_map") ", "
                      "(SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e "
                      "JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = "
                      "'pg_wait_sampling')";

enum { TYPE, EVENT, SAMPLES, FROM, TO, TICKS };

/* A sample is an array: minus the number of a wait, how many sessions, their statements, and so on. */
const char *history_ash_sql(void)
{
    return OWN_TAG
        "WITH s AS MATERIALIZED (SELECT sample_ts, data FROM ash.sample WHERE sample_ts >= "
        "(extract(epoch FROM now()) - " ASH_EPOCH " - " ASH_WINDOW ")::int4), "
        "t AS MATERIALIZED (SELECT min(sample_ts)::int8 + " ASH_EPOCH
        " AS first, max(sample_ts)::int8 + " ASH_EPOCH " AS last, count(DISTINCT sample_ts) AS ticks FROM s) "
        "SELECT m.type::text, m.event::text, sum(s.data[i])::float8, min(t.first), min(t.last), min(t.ticks) "
        "FROM t, s CROSS JOIN LATERAL pg_catalog.generate_subscripts(s.data, 1) i "
        "JOIN ash.wait_event_map m ON m.id = -s.data[i - 1] WHERE i > 1 AND s.data[i - 1] < 0 "
        "GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 100";
}

/* Waits for a client or for work are what an idle process does. Without a time of reset: since the start. */
char *history_sampling_sql(const char *schema)
{
    return mem_printf(OWN_TAG
                      "SELECT event_type::text, event::text, sum(count)::float8 * "
                      "pg_catalog.current_setting('pg_wait_sampling.profile_period', true)::float8 / 1000, "
                      "extract(epoch FROM pg_catalog.pg_postmaster_start_time())::int8, "
                      "extract(epoch FROM now())::int8, NULL::int8 FROM %s.pg_wait_sampling_profile "
                      "WHERE event_type IS DISTINCT FROM 'Activity' AND event_type IS DISTINCT FROM 'Client' "
                      "GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 100",
                      schema);
}

static void add(struct postgres *p, struct sd_batch *b, const char *source, const PGresult *r)
{
    const struct sd_host *h = p->s->host;
    int64_t from = conn_int(r, 0, FROM), to = conn_int(r, 0, TO), ticks = conn_int(r, 0, TICKS);
    double each = ticks > 1 && to > from ? ((double)to - (double)from) / (double)(ticks - 1)
                                         : 1; /* seconds a sample is for */
    if (!PQntuples(r) || !sd_known(from) || !sd_known(to))
        return;
    char *labels = mem_printf("source=%s", source);
    h->add(b, SD_METRIC,
           &(struct sd_metric){
               .name = "postgresql.history_from", .labels = labels, .unit = "s", .value = (double)from});
    h->add(b, SD_METRIC,
           &(struct sd_metric){
               .name = "postgresql.history_to", .labels = labels, .unit = "s", .value = (double)to});
    free(labels);
    for (int row = 0; row < PQntuples(r); row++) {
        struct strbuf what = {0};
        label_add(&what, "event", conn_text(r, row, EVENT));
        label_add(&what, "source", source);
        label_add(&what, "type", conn_text(r, row, TYPE));
        h->add(b, SD_METRIC,
               &(struct sd_metric){.name = "postgresql.history",
                                   .labels = what.text,
                                   .unit = "ns",
                                   .value = conn_real(r, row, SAMPLES) * each * 1e9});
        strbuf_free(&what);
    }
}

/* One of the two; what the server refuses is left out. */
static enum sd_result read_one(struct postgres *p, struct sd_batch *b, const char *source, const char *sql,
                               struct sd_error *err)
{
    PGresult *r = NULL;
    enum sd_result result = conn_query(&p->main, sql, 0, NULL, true, &r, err);
    if (result == SD_OK)
        add(p, b, source, r);
    PQclear(r);
    return result == SD_UNSUPPORTED ? SD_OK : result;
}

enum sd_result history_collect(struct postgres *p, struct sd_error *err)
{
    const struct sd_host *h = p->s->host;
    PGresult *r = NULL;
    enum sd_result result = conn_query(&p->main, FOUND, 0, NULL, true, &r, err);
    if (result != SD_OK)
        return result == SD_UNSUPPORTED ? SD_OK : result;
    bool ash = conn_int(r, 0, 0) == 1;
    char *schema = mem_strdup(conn_maybe(r, 0, 1)), *sql = schema ? history_sampling_sql(schema) : NULL;
    PQclear(r);
    if (ash || sql) {
        struct sd_batch *b = h->batch(p->s, h->now(p->s));
        if (ash)
            result = read_one(p, b, "pg_ash", history_ash_sql(), err);
        if (sql && result == SD_OK)
            result = read_one(p, b, "pg_wait_sampling", sql, err);
        h->publish(p->s, b);
    }
    free(schema);
    free(sql);
    return result;
}
