/* database.c - figures of the whole server and of each database. */
#include "source/postgres/server_state.h"
#include "base/num.h"
#include "core/labels.h"

#include <stdlib.h>

#define MAX_LABELLED 50 /* databases that get figures of their own */

static const struct {
    const char *name, *unit, *column;
    bool counter;
} FIGURES[] = {
    {.name = "postgresql.connections", .unit = "count", .column = "numbackends", .counter = false},
    {.name = "postgresql.xact_commit", .unit = "count", .column = "xact_commit", .counter = true},
    {.name = "postgresql.xact_rollback", .unit = "count", .column = "xact_rollback", .counter = true},
    {.name = "postgresql.blks_read", .unit = "count", .column = "blks_read", .counter = true},
    {.name = "postgresql.blks_hit", .unit = "count", .column = "blks_hit", .counter = true},
    {.name = "postgresql.deadlocks", .unit = "count", .column = "deadlocks", .counter = true},
    {.name = "postgresql.temp_files", .unit = "count", .column = "temp_files", .counter = true},
    {.name = "postgresql.temp_bytes", .unit = "bytes", .column = "temp_bytes", .counter = true},
};

char *database_sql(void)
{
    struct strbuf sql = {0};
    strbuf_str(&sql, OWN_TAG "SELECT datname::text, pg_catalog.current_setting('max_connections')::int8, "
                             "(SELECT count(*) FROM pg_catalog.pg_locks WHERE NOT granted), "
                             "pg_catalog.pg_postmaster_start_time(), pg_catalog.pg_is_in_recovery()::int4, "
                             "(SELECT r.stats_reset FROM pg_catalog.pg_stat_database r "
                             "WHERE r.datname = pg_catalog.current_database())");
    for (size_t i = 0; i < ARRAY_LEN(FIGURES); i++)
        strbuf_printf(&sql, ", %s::int8", FIGURES[i].column);
    strbuf_str(&sql, " FROM pg_catalog.pg_stat_database WHERE datname IS NOT NULL "
                     "ORDER BY numbackends DESC, blks_hit + blks_read DESC LIMIT 1000");
    return strbuf_detach(&sql);
}

enum { MAX_CONNECTIONS = 1, WAITING, STARTED, IN_RECOVERY, RESET, FIRST_FIGURE };

/* An event of its own moment: when the server says it happened, but no later than now. */
static void add_event(struct postgres *p, sd_time at, const char *title, const char *text)
{
    const struct sd_host *h = p->s->host;
    sd_time now = h->now(p->s);
    struct sd_batch *b = h->batch(p->s, sd_known(at) ? MIN(at, now) : now);
    struct sd_event e = {.severity = "warn", .title = title, .text = text};
    h->add(b, SD_EVENT, &e);
    h->publish(p->s, b);
}

/* Behind a pooler the next statement may go to another server, which is no failover. */
static void tell_changes(struct postgres *p, sd_time started, int64_t in_recovery, sd_time reset)
{
    char address[sizeof p->server.address] = "";
    if (p->main.pg && PQhostaddr(p->main.pg) && PQport(p->main.pg))
        snprintf(address, sizeof address, "%.45s port %.8s", PQhostaddr(p->main.pg), PQport(p->main.pg));
    bool first = !sd_known(p->server.started) || p->server.started == 0,
         moved = !first && strcmp(p->server.address, address) != 0;
    char text[224];
    if (moved) {
        snprintf(text, sizeof text, "The connection goes to the server %s now, not to %s.", address,
                 p->server.address);
        add_event(p, SD_UNKNOWN, "failover", text);
    } else if (!first && started > p->server.started) {
        add_event(p, started, "restart", "The server was started.");
    }
    if (!first && in_recovery != p->server.in_recovery)
        add_event(p, SD_UNKNOWN, in_recovery ? "standby" : "promotion",
                  in_recovery ? "The server is a standby now."
                              : "The standby was promoted: it takes writes now.");
    /* Before 15 the time is also that of the first session in a database, which had none. */
    bool had = sd_known(p->server.reset) || p->version >= 150000;
    if (!first && had && sd_known(reset) && reset > p->server.reset && started == p->server.started)
        add_event(p, reset, "statistics reset", "The statistics of the database were reset.");
    p->server.started = started;
    p->server.in_recovery = in_recovery;
    p->server.reset = reset;
    memcpy(p->server.address, address, sizeof address);
}

void database_statements_reset(struct postgres *p, sd_time at)
{
    if (!p->pooler.name[0])
        add_event(p, at, "statistics reset", "The counters of statements (pg_stat_statements) were reset.");
}

void database_note_statements(struct postgres *p, sd_time reset)
{
    sd_time *last = &p->server.statements_reset;
    if (!sd_known(reset) || p->pooler.name[0])
        return;
    if (*last && sd_known(*last) && reset > *last)
        database_statements_reset(p, reset);
    *last = reset;
}

static void add_metric(struct postgres *p, struct sd_batch *b, const char *name, const char *labels,
                       const char *unit, int64_t value, bool counter)
{
    if (!sd_known(value))
        return;
    struct sd_metric m = {
        .name = name, .labels = labels, .unit = unit, .value = (double)value, .counter = counter};
    p->s->host->add(b, SD_METRIC, &m);
}

/* What changes slowly, and is cheap: of functions, since to plan with the views above them takes the server
 * four times as long. Times in seconds. Of a standby the lag of its own replay, otherwise that of the standby
 * that is furthest behind; without one it is null. */
static const char SERVER[] =
    OWN_TAG "SELECT extract(epoch FROM now() - pg_catalog.pg_postmaster_start_time())::float8, "
            "(SELECT max(extract(epoch FROM now() - xact_start)) FROM " ACTIVITY " "
            "WHERE pid <> pg_catalog.pg_backend_pid() AND backend_type <> 'walsender')::float8, "
            "CASE WHEN pg_catalog.pg_is_in_recovery() THEN "
            "CASE WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() THEN 0 "
            "ELSE extract(epoch FROM now() - pg_catalog.pg_last_xact_replay_timestamp())::float8 END "
            "ELSE (SELECT max(CASE WHEN replay_lsn = pg_catalog.pg_current_wal_lsn() THEN 0 "
            "ELSE extract(epoch FROM replay_lag)::float8 END) FROM pg_catalog.pg_stat_get_wal_senders()) "
            "END::float8, "
            "(SELECT max(pg_catalog.age(datfrozenxid)) FROM pg_catalog.pg_database)::float8";

/* Sizes are read from the file system: not so often. Null when a database may not be asked. */
static const char SIZE[] =
    OWN_TAG "SELECT CASE WHEN bool_and(pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'usage') "
            "OR pg_catalog.has_database_privilege(oid, 'CONNECT')) "
            "THEN (SELECT sum(pg_catalog.pg_database_size(oid)) FROM pg_catalog.pg_database)::float8 END "
            "FROM pg_catalog.pg_database";
#define SIZE_EVERY   (60 * SD_S)
#define TRANSACTIONS 2147483648.0 /* ids there are between the oldest and the newest */

static void add_real(struct postgres *p, struct sd_batch *b, const char *name, const char *unit, double value)
{
    if (isfinite(value))
        p->s->host->add(b, SD_METRIC, &(struct sd_metric){.name = name, .unit = unit, .value = value});
}

/* A statement that the server refuses (SD_UNSUPPORTED) leaves its figures unknown. */
static enum sd_result add_server(struct postgres *p, struct sd_batch *b, struct sd_error *err)
{
    PGresult *r;
    enum sd_result result = conn_query(&p->main, SERVER, 0, NULL, true, &r, err);
    if (result != SD_OK)
        return result == SD_UNSUPPORTED ? SD_OK : result;
    double oldest = conn_real(r, 0, 1);
    if (isnan(oldest) && p->sees_all)
        oldest = 0; /* nobody has a transaction open */
    add_real(p, b, "postgresql.uptime", "ns", conn_real(r, 0, 0) * 1e9);
    add_real(p, b, "postgresql.oldest_xact", "ns", p->sees_all ? oldest * 1e9 : NAN);
    add_real(p, b, "postgresql.replication_lag", "ns", conn_real(r, 0, 2) * 1e9);
    add_real(p, b, "postgresql.wraparound", "share", conn_real(r, 0, 3) / TRANSACTIONS);
    PQclear(r);
    return SD_OK;
}

static enum sd_result add_size(struct postgres *p, struct sd_batch *b, sd_time now, struct sd_error *err)
{
    PGresult *r;
    if (now < p->next_size && p->next_size <= now + 3600 * SD_S)
        return SD_OK;
    enum sd_result result = conn_query(&p->main, SIZE, 0, NULL, true, &r, err);
    /* Never more than 1 % of the server's time. */
    int64_t took = p->s->host->now(p->s) - now;
    p->next_size = now + MAX(SIZE_EVERY, took > 0 ? MIN(100 * took, 3600 * SD_S) : 0);
    if (result != SD_OK)
        return result == SD_UNSUPPORTED ? SD_OK : result;
    add_real(p, b, "postgresql.size", "bytes", conn_real(r, 0, 0));
    PQclear(r);
    return SD_OK;
}

enum sd_result database_collect(struct postgres *p, struct sd_error *err)
{
    const struct sd_host *h = p->s->host;
    PGresult *r;
    sd_time at = h->now(p->s);
    char *sql = database_sql();
    enum sd_result result = conn_query(&p->main, sql, 0, NULL, true, &r, err);
    free(sql);
    if (result != SD_OK)
        return result;
    struct sd_batch *b = h->batch(p->s, at);
    int64_t totals[ARRAY_LEN(FIGURES)] = {0};
    for (int row = 0; row < PQntuples(r); row++) {
        struct strbuf labels = {0};
        label_add(&labels, "database", conn_text(r, row, 0));
        for (size_t i = 0; i < ARRAY_LEN(FIGURES); i++) {
            int64_t v = conn_int(r, row, FIRST_FIGURE + (int)i);
            totals[i] = add_known(totals[i], v);
            if (row < MAX_LABELLED)
                add_metric(p, b, FIGURES[i].name, labels.text, FIGURES[i].unit, v, FIGURES[i].counter);
        }
        strbuf_free(&labels);
    }
    for (size_t i = 0; i < ARRAY_LEN(FIGURES) && PQntuples(r) > 0; i++)
        add_metric(p, b, FIGURES[i].name, NULL, FIGURES[i].unit, totals[i], FIGURES[i].counter);
    if (PQntuples(r) > 0) {
        add_metric(p, b, "postgresql.max_connections", NULL, "count", conn_int(r, 0, MAX_CONNECTIONS), false);
        add_metric(p, b, "postgresql.own_transactions", NULL, "count", p->own_transactions, true);
        add_metric(p, b, "postgresql.locks_waiting", NULL, "count", conn_int(r, 0, WAITING), false);
        if (!p->pooler.name[0])
            tell_changes(p, conn_time(r, 0, STARTED), conn_int(r, 0, IN_RECOVERY), conn_time(r, 0, RESET));
    }
    PQclear(r);
    result = add_server(p, b, err);
    if (result == SD_OK)
        result = add_size(p, b, at, err);
    if (result == SD_OK)
        result = server_state_add(p, b, at, err);
    h->publish(p->s, b);
    return result;
}
