/* activity.c - sessions that do something, ten times a second. */
#include "source/postgres/internal.h"

#include <stdlib.h>
#include <strings.h>

#include "core/endpoints/route.h"
#include "core/sql/statement.h"

enum {
    PID,
    LEADER,
    DATABASE,
    ROLE,
    APPLICATION,
    CLIENT,
    BACKEND,
    STATE,
    WAIT_TYPE,
    WAIT_EVENT,
    QUERY_ID,
    QUERY,
    BACKEND_START,
    XACT_START,
    QUERY_START,
    STATE_CHANGE,
    BLOCKED_BY,
    XMIN_AGE,
    DBID
};

static bool has_column(const char *columns, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = strstr(columns, name); p; p = strstr(p + 1, name))
        if ((p == columns || p[-1] == ',') && (p[n] == ',' || p[n] == '\0'))
            return true;
    return false;
}

char *activity_sql(const char *columns, bool blockers)
{
    /* pg_blocking_pids stops the lock manager for a moment, so it is called only for waiting sessions.
     * Blocking sessions are included even when idle: an advisory lock can outlive its transaction. Parallel
     * workers are named by their leader, maybe several times. A walsender is always "active": not when it
     * waits for work. Every slowdive that looks on is active when another one samples: what it asks is no
     * load but EXPLAIN ANALYZE. */
    static const char BLOCKERS[] =
        "CASE WHEN blockers IS NOT NULL THEN (SELECT pg_catalog.string_agg(b.pid::text, ',' ORDER BY "
        "b.place) FROM (SELECT u.pid, min(u.place) AS place FROM unnest(blockers) WITH ORDINALITY "
        "u(pid, place) GROUP BY u.pid) b) END";
    return mem_printf(
        OWN_TAG
        "%sSELECT pid, %s, (SELECT d.datname::text FROM pg_catalog.pg_database d WHERE d.oid = a.datid), "
        "pg_catalog.pg_get_userbyid(usesysid)::text, application_name, pg_catalog.host(client_addr), "
        "backend_type, state, wait_event_type, wait_event, %s, query, "
        "backend_start, xact_start, query_start, state_change, %s, "
        "greatest(pg_catalog.age(backend_xmin), pg_catalog.age(backend_xid)), datid::int8 "
        "FROM %s WHERE pid <> pg_catalog.pg_backend_pid() AND state <> 'idle' AND state <> 'disabled' "
        "AND (query IS NULL OR NOT " OWN_TEXT(
            "query") " OR query LIKE 'EXPLAIN " OWN_TAG "(ANALYZE%%') "
                     "AND (backend_type = 'client backend' OR wait_event_type IS DISTINCT FROM 'Activity') "
                     "%sLIMIT 2000",
        blockers ? "WITH a AS MATERIALIZED (SELECT s.*, CASE WHEN wait_event_type = 'Lock' THEN "
                   "pg_catalog.pg_blocking_pids(pid) END AS blockers FROM " ACTIVITY " s) "
                 : "",
        has_column(columns, "leader_pid") ? "leader_pid" : "NULL::int4",
        has_column(columns, "query_id") ? "query_id" : "NULL::int8", blockers ? BLOCKERS : "NULL::text",
        blockers ? "a" : ACTIVITY " a",
        blockers ? "OR pid <> pg_catalog.pg_backend_pid() AND pid IN (SELECT unnest(blockers) FROM a) " : "");
}

static enum sd_result make_statement(struct postgres *p, struct sd_error *err)
{
    PGresult *r;
    enum sd_result result = conn_query(
        &p->main,
        OWN_TAG "SELECT pg_catalog.string_agg(attname, ',') FROM pg_catalog.pg_attribute "
                "WHERE attrelid = 'pg_catalog.pg_stat_activity'::pg_catalog.regclass AND attnum > 0",
        0, NULL, true, &r, err);
    if (result != SD_OK)
        return result;
    p->activity_sql = activity_sql(conn_text(r, 0, 0), false);
    p->blocked_sql = activity_sql(conn_text(r, 0, 0), true);
    p->has_query_column = has_column(conn_text(r, 0, 0), "query_id");
    PQclear(r);
    return SD_OK;
}

char *activity_route(const struct sql_tags *tags)
{
    char folded[ROUTE_MAX];
    if (!tags->route || route_fold_tag(tags->route, folded) == 0)
        return NULL;
    return tags->method ? mem_printf("%.16s %s", tags->method, folded) : mem_strdup(folded);
}

static void add_session(struct postgres *p, struct sd_batch *b, const PGresult *r, int row,
                        const struct locks *locks)
{
    struct sd_activity a = {
        .period_ns = p->activity_period,
        .pid = conn_int(r, row, PID),
        .leader_pid = conn_int(r, row, LEADER),
        .database = conn_maybe(r, row, DATABASE),
        .role = conn_maybe(r, row, ROLE),
        .application = conn_maybe(r, row, APPLICATION),
        .client = conn_maybe(r, row, CLIENT),
        .backend_type = conn_maybe(r, row, BACKEND),
        .state = conn_maybe(r, row, STATE),
        .wait_type = conn_maybe(r, row, WAIT_TYPE),
        .wait_event = conn_maybe(r, row, WAIT_EVENT),
        .query_id = conn_int(r, row, QUERY_ID),
        .query = conn_maybe(r, row, QUERY),
        .backend_start = conn_time(r, row, BACKEND_START),
        .xact_start = conn_time(r, row, XACT_START),
        .query_start = conn_time(r, row, QUERY_START),
        .state_change = conn_time(r, row, STATE_CHANGE),
        .blocked_by = conn_maybe(r, row, BLOCKED_BY),
        .wait_start = SD_UNKNOWN,
        .xmin_age = conn_int(r, row, XMIN_AGE),
        .progress = NAN,
    };
    if (!a.client && str_eq(a.backend_type, "client backend"))
        a.client = "local"; /* a Unix socket has no address */
    char *lock, *phase;
    locks_fill(locks, &a, &lock, &phase);
    bool ours = a.query && sql_is_tool(a.query);
    if (!p->has_query_column && !ours)
        a.query_id = session_statement(p, conn_int(r, row, DBID), a.query);
    if (a.query_id == 0 || ours)
        a.query_id = SD_UNKNOWN; /* not computed; or ours, which is no query of the application */
    struct sql_tags tags = {0};
    char *route = NULL;
    /* One that we execute (EXPLAIN ANALYZE) is load, but not of the route whose query it was. */
    if (a.query && !ours && sql_tags(a.query, &tags))
        route = activity_route(&tags);
    a.route = route;
    a.trace_id = tags.trace_id;
    p->s->host->add(b, SD_ACTIVITY, &a);
    sql_tags_free(&tags);
    free(route);
    free(lock);
    free(phase);
}

static bool vacuums(const PGresult *r, int row)
{
    const char *query = conn_maybe(r, row, QUERY), *type = conn_maybe(r, row, BACKEND);
    return str_eq(type, "autovacuum worker") || (query && strncasecmp(query, "vacuum", 6) == 0);
}

static void look_through(const PGresult *r, bool *waiting, bool *vacuum)
{
    *waiting = *vacuum = false;
    for (int row = 0; row < PQntuples(r); row++) {
        *waiting |= str_eq(conn_maybe(r, row, WAIT_TYPE), "Lock");
        *vacuum |= vacuums(r, row);
    }
}

/* Sessions; when one waits for a lock, with those that block. Mostly none does, and the statement that finds
 * these takes the server twice as long, most of it to plan where it cannot be prepared: so it is asked from
 * the first wait seen until there is none. */
static enum sd_result read_sessions(struct postgres *p, PGresult **out, bool *vacuum, sd_time *at,
                                    struct sd_error *err)
{
    enum sd_result result = p->activity_sql ? SD_OK : make_statement(p, err);
    for (bool again = result == SD_OK; again;) {
        bool blockers = p->lock_waits;
        *at = p->s->host->now(p->s);
        result = conn_query(&p->main, blockers ? p->blocked_sql : p->activity_sql, 0, NULL, true, out, err);
        if (result != SD_OK)
            return result;
        look_through(*out, &p->lock_waits, vacuum);
        again = p->lock_waits && !blockers;
        if (again)
            PQclear(*out);
    }
    return result;
}

enum sd_result activity_collect(struct postgres *p, struct sd_error *err)
{
    const struct sd_host *h = p->s->host;
    PGresult *r;
    sd_time at;
    bool vacuum;
    struct locks locks;
    enum sd_result result = read_sessions(p, &r, &vacuum, &at, err);
    if (result != SD_OK)
        return result;
    if ((result = locks_read(p, p->lock_waits, vacuum, &locks, err)) != SD_OK) {
        locks_free(&locks);
        PQclear(r);
        return result;
    }
    struct sd_batch *b = h->batch(p->s, at);
    /* Sent also when no session is active: a sample without sessions is not a gap. */
    struct sd_metric sampled = {
        .name = "activity.sampled", .unit = "ns", .value = (double)p->activity_period, .counter = 0};
    h->add(b, SD_METRIC, &sampled);
    for (int row = 0; row < PQntuples(r); row++)
        add_session(p, b, r, row, &locks);
    holders_add(p, b);
    locks_free(&locks);
    PQclear(r);
    h->publish(p->s, b);
    return SD_OK;
}
