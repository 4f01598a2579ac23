/* database.c - figures of the whole server and of each database. */
#include "source/postgres/internal.h"
#include "base/num.h"

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
    strbuf_str(&sql,
               OWN_TAG "SELECT datname::text, (SELECT setting::int8 FROM pg_catalog.pg_settings WHERE name = "
                       "'max_connections'), (SELECT count(*) FROM pg_catalog.pg_locks WHERE NOT granted), "
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
static void tell(struct postgres *p, sd_time at, const char *title, const char *text)
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
    const char *address = p->main.pg && PQhostaddr(p->main.pg) ? PQhostaddr(p->main.pg) : "";
    bool first = !sd_known(p->server.started) || p->server.started == 0,
         moved = !first && strcmp(p->server.address, address) != 0;
    char text[160];
    if (moved) {
        snprintf(text, sizeof text, "The connection goes to the server %.60s now, not to %.60s.", address,
                 p->server.address);
        tell(p, SD_UNKNOWN, "failover", text);
    } else if (!first && started > p->server.started) {
        tell(p, started, "restart", "The server was started.");
    }
    if (!first && in_recovery != p->server.in_recovery)
        tell(p, SD_UNKNOWN, in_recovery ? "standby" : "promotion",
             in_recovery ? "The server is a standby now." : "The standby was promoted: it takes writes now.");
    if (!first && sd_known(reset) && reset > p->server.reset && started == p->server.started)
        tell(p, reset, "statistics reset", "The statistics of the database were reset.");
    p->server.started = started;
    p->server.in_recovery = in_recovery;
    p->server.reset = reset;
    snprintf(p->server.address, sizeof p->server.address, "%s", address);
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
        char *labels = mem_printf("database=%s", conn_text(r, row, 0));
        for (size_t i = 0; i < ARRAY_LEN(FIGURES); i++) {
            int64_t v = conn_int(r, row, FIRST_FIGURE + (int)i);
            totals[i] = add_known(totals[i], v);
            if (row < MAX_LABELLED)
                add_metric(p, b, FIGURES[i].name, labels, FIGURES[i].unit, v, FIGURES[i].counter);
        }
        free(labels);
    }
    for (size_t i = 0; i < ARRAY_LEN(FIGURES) && PQntuples(r) > 0; i++)
        add_metric(p, b, FIGURES[i].name, NULL, FIGURES[i].unit, totals[i], FIGURES[i].counter);
    if (PQntuples(r) > 0) {
        add_metric(p, b, "postgresql.max_connections", NULL, "count", conn_int(r, 0, MAX_CONNECTIONS), false);
        add_metric(p, b, "postgresql.locks_waiting", NULL, "count", conn_int(r, 0, WAITING), false);
        if (!p->pooler.name[0])
            tell_changes(p, conn_time(r, 0, STARTED), conn_int(r, 0, IN_RECOVERY), conn_time(r, 0, RESET));
    }
    PQclear(r);
    h->publish(p->s, b);
    return SD_OK;
}
