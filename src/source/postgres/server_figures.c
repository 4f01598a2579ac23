/* server_figures.c - the figures of the server as a whole, in one statement of one row. */
#include "source/postgres/server_state.h"
#include "source/postgres/buffers.h"

#include <stdlib.h>

#include "core/schema.h"

enum kind { WHOLE, MOMENT, TEXT };

/* A figure: the first of its expressions whose column there is. */
struct figure {
    size_t at; /* in struct sd_server */
    enum kind kind;
    bool of_all;       /* of other roles' sessions, too: unknown when they are hidden */
    const char *needs; /* the column; NULL: every server has it */
    const char *sql;
};

#define AT(field)      .at = offsetof(struct sd_server, field)
#define SETTING(name)  "pg_catalog.current_setting('" name "')::int8" /* of whole numbers without a unit */
#define MS(column)     "(round(" column "::numeric * 1000) * 1000)::int8"
#define IN_RECOVERY    "pg_catalog.pg_is_in_recovery()"
#define XID_AGE        "pg_catalog.age(datfrozenxid)"
#define MXID_AGE       "pg_catalog.mxid_age(datminmxid)"
#define BGWRITER(name) "pg_stat_bgwriter." name
#define CHECKER(name)  "pg_stat_checkpointer." name

static const struct figure FIGURES[] = {
    {AT(version), .kind = TEXT,
     .sql = "pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1)"},
    {AT(started), .kind = MOMENT, .sql = "pg_catalog.pg_postmaster_start_time()"},
    {AT(config_loaded), .kind = MOMENT, .sql = "pg_catalog.pg_conf_load_time()"},
    {AT(in_recovery), .sql = IN_RECOVERY "::int4"},
    {AT(connections), .sql = "a.clients"},
    {AT(active), .of_all = true, .sql = "a.active"},
    {AT(idle), .of_all = true, .sql = "a.idle"},
    {AT(idle_in_transaction), .of_all = true, .sql = "a.idle_in_transaction"},
    {AT(max_connections), .sql = SETTING("max_connections")},
    {AT(reserved_connections),
     .sql = SETTING("superuser_reserved_connections") " + "
                                                      "coalesce(pg_catalog.current_setting('reserved_"
                                                      "connections', true)::int8, 0)"},
    {AT(autovacuum_workers), .sql = "a.autovacuum"},
    {AT(autovacuum_max_workers), .sql = SETTING("autovacuum_max_workers")},
    {AT(locks_waiting), .sql = "(SELECT count(*) FROM pg_catalog.pg_locks l WHERE NOT l.granted)"},
    {AT(prepared_transactions), .sql = "(SELECT count(*) FROM pg_catalog.pg_prepared_xact())"},
    {AT(since), .kind = MOMENT, .sql = "d.since"},
    {AT(xact_commit), .sql = "d.xact_commit"},
    {AT(xact_rollback), .sql = "d.xact_rollback"},
    {AT(blks_hit), .sql = "d.blks_hit"},
    {AT(blks_read), .sql = "d.blks_read"},
    {AT(rows_returned), .sql = "d.tup_returned"},
    {AT(rows_fetched), .sql = "d.tup_fetched"},
    {AT(rows_inserted), .sql = "d.tup_inserted"},
    {AT(rows_updated), .sql = "d.tup_updated"},
    {AT(rows_deleted), .sql = "d.tup_deleted"},
    {AT(temp_files), .sql = "d.temp_files"},
    {AT(temp_bytes), .sql = "d.temp_bytes"},
    {AT(deadlocks), .sql = "d.deadlocks"},
    {AT(conflicts), .sql = "d.conflicts"},
    {AT(checksum_failures), .needs = "pg_stat_database.checksum_failures", .sql = "d.checksum_failures"},
    {AT(oldest_xact), .kind = MOMENT, .of_all = true, .sql = "o.xact_start"},
    {AT(oldest_xact_pid), .of_all = true, .sql = "o.pid"},
    {AT(oldest_xact_state), .kind = TEXT, .of_all = true, .sql = "o.state"},
    {AT(next_xid), .sql = "pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())"},
    {AT(xid_age), .sql = "x.xid_age"},
    {AT(xid_age_database), .kind = TEXT, .sql = "x.xid_age_of"},
    {AT(mxid_age), .sql = "x.mxid_age"},
    {AT(mxid_age_database), .kind = TEXT, .sql = "x.mxid_age_of"},
    {AT(freeze_max_age), .sql = SETTING("autovacuum_freeze_max_age")},
    {AT(mxid_freeze_max_age), .sql = SETTING("autovacuum_multixact_freeze_max_age")},
    {AT(wal_position), .sql = "(CASE WHEN " IN_RECOVERY " THEN pg_catalog.pg_last_wal_replay_lsn() "
                              "ELSE pg_catalog.pg_current_wal_lsn() END - '0/0'::pg_catalog.pg_lsn)::int8"},
    {AT(wal_records), .needs = "pg_stat_wal.wal_records", .sql = "w.wal_records"},
    {AT(wal_full_pages), .needs = "pg_stat_wal.wal_fpi", .sql = "w.wal_fpi"},
    {AT(wal_bytes), .needs = "pg_stat_wal.wal_bytes", .sql = "w.wal_bytes::int8"},
    {AT(wal_buffers_full), .needs = "pg_stat_wal.wal_buffers_full", .sql = "w.wal_buffers_full"},
    {AT(checkpoints_timed), .needs = CHECKER("num_timed"), .sql = "k.num_timed"},
    {AT(checkpoints_timed), .needs = BGWRITER("checkpoints_timed"), .sql = "b.checkpoints_timed"},
    {AT(checkpoints_requested), .needs = CHECKER("num_requested"), .sql = "k.num_requested"},
    {AT(checkpoints_requested), .needs = BGWRITER("checkpoints_req"), .sql = "b.checkpoints_req"},
    {AT(checkpoint_write_ns), .needs = CHECKER("write_time"), .sql = MS("k.write_time")},
    {AT(checkpoint_write_ns), .needs = BGWRITER("checkpoint_write_time"),
     .sql = MS("b.checkpoint_write_time")},
    {AT(checkpoint_sync_ns), .needs = CHECKER("sync_time"), .sql = MS("k.sync_time")},
    {AT(checkpoint_sync_ns), .needs = BGWRITER("checkpoint_sync_time"), .sql = MS("b.checkpoint_sync_time")},
    {AT(checkpoint_buffers), .needs = CHECKER("buffers_written"), .sql = "k.buffers_written"},
    {AT(checkpoint_buffers), .needs = BGWRITER("buffers_checkpoint"), .sql = "b.buffers_checkpoint"},
    {AT(restartpoints), .needs = CHECKER("restartpoints_done"), .sql = "k.restartpoints_done"},
    {AT(checkpointer_since), .kind = MOMENT, .needs = CHECKER("stats_reset"), .sql = "k.stats_reset"},
    {AT(checkpointer_since), .kind = MOMENT, .needs = BGWRITER("checkpoints_timed"), .sql = "b.stats_reset"},
    {AT(last_checkpoint), .kind = MOMENT, .needs = "pg_control_checkpoint.checkpoint_time",
     .sql = "(SELECT c.checkpoint_time FROM pg_catalog.pg_control_checkpoint() c)"},
    {AT(cleaner_buffers), .needs = BGWRITER("buffers_clean"), .sql = "b.buffers_clean"},
    {AT(cleaner_stopped), .needs = BGWRITER("maxwritten_clean"), .sql = "b.maxwritten_clean"},
    {AT(backend_buffers), .needs = BGWRITER("buffers_backend"), .sql = "b.buffers_backend"},
    {AT(backend_syncs), .needs = BGWRITER("buffers_backend_fsync"), .sql = "b.buffers_backend_fsync"},
    {AT(buffers_allocated), .needs = BGWRITER("buffers_alloc"), .sql = "b.buffers_alloc"},
    {AT(archive_mode), .kind = TEXT, .sql = "pg_catalog.current_setting('archive_mode')"},
    {AT(archived), .sql = "v.archived_count"},
    {AT(archive_failed), .sql = "v.failed_count"},
    {AT(last_archived_wal), .kind = TEXT, .sql = "v.last_archived_wal"},
    {AT(last_archived), .kind = MOMENT, .sql = "v.last_archived_time"},
    {AT(last_failed_wal), .kind = TEXT, .sql = "v.last_failed_wal"},
    {AT(last_failed), .kind = MOMENT, .sql = "v.last_failed_time"},
    {AT(archiver_since), .kind = MOMENT, .sql = "v.stats_reset"},
    {AT(replay_age_ns), .sql =
                            "CASE WHEN " IN_RECOVERY " THEN CASE WHEN pg_catalog.pg_last_wal_receive_lsn() = "
                            "pg_catalog.pg_last_wal_replay_lsn() THEN 0::int8 ELSE (extract(epoch FROM "
                            "pg_catalog.clock_timestamp() "
                            "- pg_catalog.pg_last_xact_replay_timestamp()) * 1000000)::int8 * 1000 END END"},
    {AT(replay_paused),
     .sql = "CASE WHEN " IN_RECOVERY " THEN pg_catalog.pg_is_wal_replay_paused()::int4 END"},
};

/* Another slowdive is a client, but what it asks is not the server's work. */
#define NOT_OURS "s.pid <> pg_catalog.pg_backend_pid() AND NOT " OWN_TEXT("s.query")

static const char DATABASES[] =
    "(SELECT sum(xact_commit)::int8 AS xact_commit, sum(xact_rollback)::int8 AS xact_rollback, "
    "sum(blks_hit)::int8 AS blks_hit, sum(blks_read)::int8 AS blks_read, "
    "sum(tup_returned)::int8 AS tup_returned, sum(tup_fetched)::int8 AS tup_fetched, "
    "sum(tup_inserted)::int8 AS tup_inserted, sum(tup_updated)::int8 AS tup_updated, "
    "sum(tup_deleted)::int8 AS tup_deleted, sum(temp_files)::int8 AS temp_files, "
    "sum(temp_bytes)::int8 AS temp_bytes, sum(deadlocks)::int8 AS deadlocks, "
    "sum(conflicts)::int8 AS conflicts, max(stats_reset) AS since%s FROM pg_catalog.pg_stat_database) d";
static const char SESSIONS[] =
    ", (SELECT count(*) FILTER (WHERE s.backend_type = 'client backend') AS clients, "
    "count(*) FILTER (WHERE s.backend_type = 'client backend' AND s.state = 'active' AND " NOT_OURS
    ") AS active, "
    "count(*) FILTER (WHERE s.backend_type = 'client backend' AND s.state = 'idle') AS idle, "
    "count(*) FILTER (WHERE s.backend_type = 'client backend' AND s.state LIKE 'idle in%') "
    "AS idle_in_transaction, "
    "count(*) FILTER (WHERE s.backend_type = 'autovacuum worker') AS autovacuum "
    "FROM " ACTIVITY " s) a "
    "LEFT JOIN (SELECT s.pid, s.xact_start, s.state FROM " ACTIVITY " s "
    "WHERE s.xact_start IS NOT NULL AND s.backend_type <> 'walsender' AND " NOT_OURS " "
    "ORDER BY s.xact_start LIMIT 1) o ON true";

/* The greatest of each, and the database of it. */
#define NAME_BY(age) "(pg_catalog.array_agg(datname::text ORDER BY " age " DESC))[1]"
static const char AGES[] = ", (SELECT max(" XID_AGE ") AS xid_age, " NAME_BY(
    XID_AGE) " AS xid_age_of, max(" MXID_AGE
             ") AS mxid_age, " NAME_BY(MXID_AGE) " AS mxid_age_of FROM pg_catalog.pg_database) x";

static bool taken(const char *columns, size_t i)
{
    bool first = i == 0 || FIGURES[i - 1].at != FIGURES[i].at || !taken(columns, i - 1);
    return first && (!FIGURES[i].needs || columns_have(columns, FIGURES[i].needs));
}

char *server_figures_sql(const char *columns)
{
    struct strbuf sql = {0};
    strbuf_str(&sql, OWN_TAG "SELECT ");
    for (size_t i = 0, n = 0; i < ARRAY_LEN(FIGURES); i++)
        if (taken(columns, i))
            strbuf_printf(&sql, "%s%s", n++ ? ", " : "", FIGURES[i].sql);
    strbuf_str(&sql, " FROM ");
    strbuf_printf(&sql, DATABASES,
                  columns_have(columns, "pg_stat_database.checksum_failures")
                      ? ", sum(checksum_failures)::int8 AS checksum_failures"
                      : "");
    strbuf_printf(&sql, "%s%s, pg_catalog.pg_stat_bgwriter b, pg_catalog.pg_stat_archiver v%s%s", SESSIONS,
                  AGES,
                  columns_have(columns, CHECKER("num_timed")) ? ", pg_catalog.pg_stat_checkpointer k" : "",
                  columns_have(columns, "pg_stat_wal.wal_bytes") ? ", pg_catalog.pg_stat_wal w" : "");
    return strbuf_detach(&sql);
}

static void fill(struct sd_server *s, const struct figure *f, const PGresult *r, int column)
{
    char *at = (char *)s + f->at;
    if (f->kind == TEXT) {
        const char *text = conn_maybe(r, 0, column);
        memcpy(at, &text, sizeof text);
        return;
    }
    int64_t v = f->kind == MOMENT ? conn_time(r, 0, column) : conn_int(r, 0, column);
    memcpy(at, &v, sizeof v);
}

void server_figures_add(struct postgres *p, struct sd_batch *b, const PGresult *r, const char *columns)
{
    struct sd_server s;
    if (PQntuples(r) < 1)
        return;
    schema_clear(schema_of(SD_SERVER), &s);
    for (size_t i = 0, column = 0; i < ARRAY_LEN(FIGURES); i++) {
        if (!taken(columns, i))
            continue;
        if (p->sees_all || !FIGURES[i].of_all)
            fill(&s, &FIGURES[i], r, (int)column);
        column++;
    }
    s.own_transactions = p->own_transactions;
    p->s->host->add(b, SD_SERVER, &s);
    buffers_count(p, &s);
}
