/* holders.c - what besides sessions keeps old rows from being removed: prepared transactions,
 * replication slots, the queries of standbys. Read with the figures, published with every sample. */
#include "core/plans/row_keeper.h"
#include "source/postgres/server_state.h"

/* A slot or a standby that keeps up is some transactions behind. */
#define WORTH_TELLING "10000"

enum { KIND, NAME, DATABASE, ROLE, STATE, AGE, SINCE };

const char *holders_sql(void)
{
    return OWN_TAG
        "SELECT * FROM (SELECT 'prepared transaction'::text, gid::text, database::text, owner::text, "
        "'prepared'::text, "
        "pg_catalog.age(transaction) AS behind, prepared FROM pg_catalog.pg_prepared_xacts "
        "UNION ALL "
        "SELECT CASE WHEN pg_catalog.age(xmin) >= pg_catalog.age(catalog_xmin) OR catalog_xmin IS NULL "
        "THEN 'replication slot' ELSE 'replication slot (catalogue)' END, slot_name::text, database::text, "
        "NULL, "
        "CASE WHEN active THEN 'in use' ELSE 'not in use' END, "
        "greatest(pg_catalog.age(xmin), pg_catalog.age(catalog_xmin)), NULL "
        "FROM pg_catalog.pg_replication_slots "
        "WHERE greatest(pg_catalog.age(xmin), pg_catalog.age(catalog_xmin)) >= " WORTH_TELLING " "
        "UNION ALL "
        "SELECT 'standby', application_name, NULL, pg_catalog.pg_get_userbyid(usesysid)::text, 'in use', "
        "pg_catalog.age(backend_xmin), NULL "
        "FROM pg_catalog.pg_stat_get_wal_senders() w JOIN " ACTIVITY " s ON s.pid = w.pid "
        "WHERE pg_catalog.age(backend_xmin) >= " WORTH_TELLING ") h "
        "ORDER BY behind DESC LIMIT 100";
}

enum sd_result holders_read(struct postgres *p, struct sd_error *err)
{
    PGresult *r;
    if (!server_state_keeps(p)) {
        holders_free(p);
        return SD_OK;
    }
    enum sd_result result = conn_query(&p->main, holders_sql(), 0, NULL, true, &r, err);
    if (result == SD_UNSUPPORTED) { /* the sample is useful without it */
        holders_free(p);
        return SD_OK;
    }
    if (result != SD_OK)
        return result;
    holders_free(p);
    p->holders = r;
    return SD_OK;
}

void holders_free(struct postgres *p)
{
    PQclear(p->holders);
    p->holders = NULL;
}

void holders_add(struct postgres *p, struct sd_batch *b)
{
    for (int row = 0; row < PQntuples(p->holders); row++) {
        sd_time since = conn_time(p->holders, row, SINCE);
        struct sd_activity a = {
            .period_ns = p->activity_period,
            .pid = sd_known(since) ? 0 : SD_UNKNOWN, /* as pg_blocking_pids calls prepared transactions */
            .leader_pid = SD_UNKNOWN,
            .database = conn_maybe(p->holders, row, DATABASE),
            .role = conn_maybe(p->holders, row, ROLE),
            .application = conn_maybe(p->holders, row, NAME),
            .backend_type = conn_maybe(p->holders, row, KIND),
            .state = conn_maybe(p->holders, row, STATE),
            .query_id = SD_UNKNOWN,
            .backend_start = SD_UNKNOWN,
            .xact_start = since,
            .query_start = SD_UNKNOWN,
            .state_change = since,
            .wait_start = SD_UNKNOWN,
            .xmin_age = conn_int(p->holders, row, AGE),
            .progress = NAN,
        };
        p->s->host->add(b, SD_ACTIVITY, &a);
    }
}

enum { O_KIND, O_PID, O_ROLE, O_NAME, O_STATE, O_SINCE, O_BEHIND };

/* Sessions by what row_keeper_possible asks; the oldest of all. */
static const char OLDEST[] = OWN_TAG
    "SELECT * FROM (SELECT backend_type, pid, usename::text, application_name, state, xact_start, "
    "greatest(pg_catalog.age(backend_xmin), pg_catalog.age(backend_xid)) AS behind "
    "FROM pg_catalog.pg_stat_activity WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid() "
    "AND backend_type NOT IN ('autovacuum worker', 'parallel worker', 'walsender') "
    "AND query !~* '^vacuum' AND NOT " OWN_TEXT(
        "query") " "
                 "AND xact_start <= pg_catalog.clock_timestamp() - interval '1 second' "
                 "UNION ALL SELECT 'prepared transaction', 0, owner::text, gid, 'prepared', prepared, "
                 "pg_catalog.age(transaction) FROM pg_catalog.pg_prepared_xacts WHERE database = $1 "
                 "UNION ALL SELECT 'replication slot', NULL, NULL, slot_name::text, "
                 "CASE WHEN active THEN 'in use' ELSE 'not in use' END, NULL, pg_catalog.age(xmin) "
                 "FROM pg_catalog.pg_replication_slots WHERE NOT active OR pg_catalog.age(xmin) "
                 ">= " WORTH_TELLING " "
                 "UNION ALL SELECT 'standby', NULL, usename::text, application_name, 'in use', NULL, "
                 "pg_catalog.age(backend_xmin) FROM pg_catalog.pg_stat_replication "
                 "WHERE pg_catalog.age(backend_xmin) >= " WORTH_TELLING ") h WHERE behind > 0 "
                 "ORDER BY behind DESC LIMIT 1";

char *holders_oldest(struct postgres *p, const char *database, sd_time *since)
{
    PGresult *r;
    struct sd_error ignored;
    struct strbuf words = {0};
    *since = SD_UNKNOWN;
    /* on the sampling connection: that of a plan may have given its rights away */
    if (!p->main.pg || !database ||
        conn_query(&p->main, OLDEST, 1, (const char *const[]){database}, true, &r, &ignored) != SD_OK)
        return NULL;
    if (PQntuples(r) > 0) {
        const struct sd_activity a = {.backend_type = conn_maybe(r, 0, O_KIND),
                                      .pid = conn_int(r, 0, O_PID),
                                      .role = conn_maybe(r, 0, O_ROLE),
                                      .application = conn_maybe(r, 0, O_NAME),
                                      .state = conn_maybe(r, 0, O_STATE)};
        row_keeper_words(&a, &words);
        *since = conn_time(r, 0, O_SINCE);
    }
    PQclear(r);
    return words.text ? strbuf_detach(&words) : NULL;
}
