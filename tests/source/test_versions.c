/* Servers from 12 to 18 by their views: each version's are made, with exactly its columns,
 * from those of the server at hand; what the source sends to such a server is run on them.
 * A field that the version has must come out as from the real view, one that it has not as
 * null. Columns and the versions they came and went with: the documentation of each. */
#include "tests/lib/test.h"

#include <libpq-fe.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/schema.h"
#include "source/postgres/bloat.h"
#include "source/postgres/server_state.h"
#include "tests/lib/private_pg.h"

enum { OLDEST = 12, NEWEST = 18, HERE = 15 };

static struct private_pg pg;
static bool have_pg;
static PGconn *conn, *holder, *waiter, *builder, *sender;

/* What the view pg_stat_activity is made of; here a view, too. */
#define ACTIVITY_FUNCTION "pg_stat_get_activity"

/* Views, first and last version, columns and how each is made of 15's. */
static const struct {
    const char *view;
    int from, to;
    const char *names, *made; /* names without `made` may be several */
} COLUMNS[] = {
    {"pg_stat_activity", 12, 18,
     "datid, datname, pid, usesysid, usename, application_name, client_addr, client_hostname, client_port, "
     "backend_start, xact_start, query_start, state_change, wait_event_type, wait_event, state, backend_xid, "
     "backend_xmin, query, backend_type",
     NULL},
    {"pg_stat_activity", 13, 18, "leader_pid", NULL},
    {"pg_stat_activity", 14, 18, "query_id", NULL},
    {ACTIVITY_FUNCTION, 12, 18,
     "datid, pid, usesysid, application_name, client_addr, client_hostname, client_port, backend_start, "
     "xact_start, query_start, state_change, wait_event_type, wait_event, state, backend_xid, backend_xmin, "
     "query, backend_type",
     NULL},
    {ACTIVITY_FUNCTION, 13, 18, "leader_pid", NULL},
    {ACTIVITY_FUNCTION, 14, 18, "query_id", NULL},
    {"pg_locks", 12, 18,
     "locktype, database, relation, page, tuple, virtualxid, transactionid, classid, objid, objsubid, "
     "virtualtransaction, pid, mode, granted, fastpath",
     NULL},
    {"pg_locks", 14, 18, "waitstart", NULL},
    {"pg_stat_progress_vacuum", 12, 18,
     "pid, datid, datname, relid, phase, heap_blks_total, heap_blks_scanned, heap_blks_vacuumed, "
     "index_vacuum_count",
     NULL},
    {"pg_stat_progress_vacuum", 12, 16, "max_dead_tuples, num_dead_tuples", NULL},
    {"pg_stat_progress_vacuum", 17, 18, "max_dead_tuple_bytes", "max_dead_tuples * 6"},
    {"pg_stat_progress_vacuum", 17, 18, "num_dead_item_ids", "num_dead_tuples"},
    {"pg_stat_progress_vacuum", 17, 18, "indexes_total", "1::int8"},
    {"pg_stat_progress_vacuum", 18, 18, "delay_time", "1::float8"},
    {"pg_stat_all_tables", 12, 18,
     "relid, schemaname, relname, seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd, "
     "n_tup_del, "
     "n_tup_hot_upd, n_live_tup, n_dead_tup, n_mod_since_analyze, last_vacuum, last_autovacuum, "
     "last_analyze, "
     "last_autoanalyze, vacuum_count, autovacuum_count, analyze_count, autoanalyze_count",
     NULL},
    {"pg_stat_all_tables", 13, 18, "n_ins_since_vacuum", NULL},
    {"pg_stat_all_tables", 16, 18, "last_seq_scan", "now()"},
    {"pg_stat_all_tables", 16, 18, "last_idx_scan", "now()"},
    {"pg_stat_all_tables", 16, 18, "n_tup_newpage_upd", "0::int8"},
    {"pg_stat_all_tables", 18, 18, "total_vacuum_time", "0::float8"},
    {"pg_stat_all_indexes", 12, 18,
     "relid, indexrelid, schemaname, relname, indexrelname, idx_scan, idx_tup_read, idx_tup_fetch", NULL},
    {"pg_stat_all_indexes", 16, 18, "last_idx_scan", "'2024-02-29 12:00+00'::timestamptz"},
    {"pg_statio_all_tables", 12, 18,
     "relid, schemaname, relname, heap_blks_read, heap_blks_hit, idx_blks_read, idx_blks_hit, "
     "toast_blks_read, "
     "toast_blks_hit, tidx_blks_read, tidx_blks_hit",
     NULL},
    {"pg_stat_database", 12, 18,
     "datid, datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, "
     "tup_fetched, "
     "tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, "
     "checksum_failures, "
     "checksum_last_failure, blk_read_time, blk_write_time, stats_reset",
     NULL},
    {"pg_stat_database", 14, 18,
     "session_time, active_time, idle_in_transaction_time, sessions, sessions_abandoned, sessions_fatal, "
     "sessions_killed",
     NULL},
    {"pg_stat_database", 18, 18, "parallel_workers_launched", "0::int8"},
    {"pg_prepared_xacts", 12, 18, "transaction, gid, prepared, owner, database", NULL},
    {"pg_replication_slots", 12, 18,
     "slot_name, plugin, slot_type, datoid, database, temporary, active, active_pid, xmin, catalog_xmin, "
     "restart_lsn, "
     "confirmed_flush_lsn",
     NULL},
    {"pg_replication_slots", 13, 18, "wal_status, safe_wal_size", NULL},
    {"pg_replication_slots", 14, 18, "two_phase", NULL},
    {"pg_replication_slots", 16, 18, "conflicting", "true"},
    {"pg_replication_slots", 17, 18, "inactive_since", "'2024-02-29 12:00+00'::timestamptz"},
    {"pg_replication_slots", 17, 18, "invalidation_reason", "'wal_removed'::text"},
    {"pg_replication_slots", 17, 18, "failover", "false"},
    {"pg_replication_slots", 17, 18, "synced", "false"},
    {"pg_replication_slots", 18, 18, "two_phase_at", "NULL::pg_lsn"},
    {"pg_stat_replication", 12, 18,
     "pid, usesysid, usename, application_name, client_addr, client_hostname, client_port, backend_start, "
     "backend_xmin, "
     "state, sent_lsn, write_lsn, flush_lsn, replay_lsn, write_lag, flush_lag, replay_lag, sync_priority, "
     "sync_state, "
     "reply_time",
     NULL},
    {"pg_stat_wal_receiver", 12, 18,
     "pid, status, receive_start_lsn, receive_start_tli, received_tli, last_msg_send_time, "
     "last_msg_receipt_time, latest_end_lsn, latest_end_time, slot_name, sender_host, sender_port, conninfo",
     NULL},
    {"pg_stat_wal_receiver", 12, 12, "received_lsn", "flushed_lsn"},
    {"pg_stat_wal_receiver", 13, 18, "written_lsn, flushed_lsn", NULL},
    {"pg_stat_bgwriter", 12, 18, "buffers_clean, maxwritten_clean, buffers_alloc, stats_reset", NULL},
    {"pg_stat_bgwriter", 12, 16,
     "checkpoints_timed, checkpoints_req, checkpoint_write_time, checkpoint_sync_time, buffers_checkpoint, "
     "buffers_backend, buffers_backend_fsync",
     NULL},
    {"pg_stat_checkpointer", 17, 18, "num_timed", "checkpoints_timed"},
    {"pg_stat_checkpointer", 17, 18, "num_requested", "checkpoints_req"},
    {"pg_stat_checkpointer", 17, 18, "restartpoints_timed", "5::int8"},
    {"pg_stat_checkpointer", 17, 18, "restartpoints_req", "6::int8"},
    {"pg_stat_checkpointer", 17, 18, "restartpoints_done", "7::int8"},
    {"pg_stat_checkpointer", 17, 18, "write_time", "checkpoint_write_time"},
    {"pg_stat_checkpointer", 17, 18, "sync_time", "checkpoint_sync_time"},
    {"pg_stat_checkpointer", 17, 18, "buffers_written", "buffers_checkpoint"},
    {"pg_stat_checkpointer", 17, 18, "stats_reset", "stats_reset"},
    {"pg_stat_checkpointer", 18, 18, "num_done", "8::int8"},
    {"pg_stat_checkpointer", 18, 18, "slru_written", "9::int8"},
    {"pg_stat_wal", 14, 18, "wal_records, wal_fpi, wal_bytes, wal_buffers_full, stats_reset", NULL},
    {"pg_stat_wal", 14, 17, "wal_write, wal_sync, wal_write_time, wal_sync_time", NULL},
    {"pg_stat_io", 16, 18, "backend_type", "'client backend'::text"},
    {"pg_stat_io", 16, 18, "object", "'relation'::text"},
    {"pg_stat_io", 16, 18, "context", "'normal'::text"},
    {"pg_stat_io", 16, 18, "reads", "3::int8"},
    {"pg_stat_io", 16, 18, "read_time", "1.5::float8"},
    {"pg_stat_io", 16, 18, "writes", "5::int8"},
    {"pg_stat_io", 16, 18, "write_time", "2.5::float8"},
    {"pg_stat_io", 16, 18, "writebacks", "6::int8"},
    {"pg_stat_io", 16, 18, "writeback_time", "3.5::float8"},
    {"pg_stat_io", 16, 18, "extends", "7::int8"},
    {"pg_stat_io", 16, 18, "extend_time", "4.5::float8"},
    {"pg_stat_io", 16, 17, "op_bytes", "8192::int8"},
    {"pg_stat_io", 18, 18, "read_bytes", "24576::numeric"},
    {"pg_stat_io", 18, 18, "write_bytes", "40960::numeric"},
    {"pg_stat_io", 18, 18, "extend_bytes", "57344::numeric"},
    {"pg_stat_io", 16, 18, "hits", "8::int8"},
    {"pg_stat_io", 16, 18, "evictions", "9::int8"},
    {"pg_stat_io", 16, 18, "reuses", "10::int8"},
    {"pg_stat_io", 16, 18, "fsyncs", "11::int8"},
    {"pg_stat_io", 16, 18, "fsync_time", "5.5::float8"},
    {"pg_stat_io", 16, 18, "stats_reset", "'2024-02-29 12:00+00'::timestamptz"},
    {"pg_stat_progress_create_index", 12, 18,
     "pid, datid, datname, relid, index_relid, command, phase, lockers_total, lockers_done, "
     "current_locker_pid, blocks_total, blocks_done, tuples_total, tuples_done, partitions_total, "
     "partitions_done",
     NULL},
    {"pg_stat_progress_cluster", 12, 18,
     "pid, datid, datname, relid, command, phase, cluster_index_relid, heap_tuples_scanned, "
     "heap_tuples_written, heap_blks_total, heap_blks_scanned, index_rebuild_count",
     NULL},
    {"pg_stat_progress_analyze", 13, 18,
     "pid, datid, datname, relid, phase, sample_blks_total, sample_blks_scanned, ext_stats_total, "
     "ext_stats_computed, child_tables_total, child_tables_done, current_child_table_relid",
     NULL},
    {"pg_stat_progress_analyze", 18, 18, "delay_time", "1::float8"},
    {"pg_stat_progress_basebackup", 13, 18,
     "pid, phase, backup_total, backup_streamed, tablespaces_total, tablespaces_streamed", NULL},
    {"pg_stat_progress_copy", 14, 18,
     "pid, datid, datname, relid, command, type, bytes_processed, bytes_total, tuples_processed, "
     "tuples_excluded",
     NULL},
    {"pg_stat_progress_copy", 17, 18, "tuples_skipped", "0::int8"},
    {"pg_settings", 12, 18,
     "name, setting, unit, category, short_desc, extra_desc, context, vartype, source, min_val, max_val, "
     "enumvals, boot_val, reset_val, sourcefile, sourceline, pending_restart",
     NULL},
    {"pg_class", 12, 18,
     "oid, relname, relnamespace, reltype, reloftype, relowner, relam, relfilenode, reltablespace, relpages, "
     "reltuples, relallvisible, reltoastrelid, relhasindex, relisshared, relpersistence, relkind, relnatts, "
     "relchecks, relhasrules, relhastriggers, relhassubclass, relrowsecurity, relforcerowsecurity, "
     "relispopulated, relreplident, relispartition, relrewrite, relfrozenxid, relminmxid, relacl, "
     "reloptions, relpartbound",
     NULL},
    {"pg_class", 18, 18, "relallfrozen", "0"},
    {"pg_index", 12, 18,
     "indexrelid, indrelid, indnatts, indnkeyatts, indisunique, indisprimary, indisexclusion, indimmediate, "
     "indisclustered, indisvalid, indcheckxmin, indisready, indislive, indisreplident, indkey, indcollation, "
     "indclass, indoption, indexprs, indpred",
     NULL},
    {"pg_index", 15, 18, "indnullsnotdistinct", NULL},
    /* pg_stat_statements 1.7 with 12, 1.8 with 13, 1.9 with 14, 1.10 with 15, 1.11 with 17, 1.12 with 18 */
    {"pg_stat_statements", 12, 18,
     "userid, dbid, queryid, query, calls, rows, shared_blks_hit, shared_blks_read, shared_blks_dirtied, "
     "shared_blks_written, local_blks_hit, local_blks_read, local_blks_dirtied, local_blks_written, "
     "temp_blks_read, "
     "temp_blks_written",
     NULL},
    {"pg_stat_statements", 12, 12, "total_time", "total_exec_time"},
    {"pg_stat_statements", 12, 12, "min_time", "min_exec_time"},
    {"pg_stat_statements", 12, 12, "max_time", "max_exec_time"},
    {"pg_stat_statements", 12, 12, "mean_time", "mean_exec_time"},
    {"pg_stat_statements", 12, 12, "stddev_time", "stddev_exec_time"},
    {"pg_stat_statements", 13, 18,
     "plans, total_plan_time, min_plan_time, max_plan_time, mean_plan_time, stddev_plan_time, "
     "total_exec_time, "
     "min_exec_time, max_exec_time, mean_exec_time, stddev_exec_time, wal_records, wal_fpi, wal_bytes",
     NULL},
    {"pg_stat_statements", 12, 16, "blk_read_time, blk_write_time", NULL},
    {"pg_stat_statements", 14, 18, "toplevel", NULL},
    {"pg_stat_statements", 15, 18,
     "temp_blk_read_time, temp_blk_write_time, jit_functions, jit_generation_time", NULL},
    {"pg_stat_statements", 17, 18, "shared_blk_read_time", "blk_read_time"},
    {"pg_stat_statements", 17, 18, "shared_blk_write_time", "blk_write_time"},
    {"pg_stat_statements", 17, 18, "local_blk_read_time", "0::float8"},
    {"pg_stat_statements", 17, 18, "local_blk_write_time", "0::float8"},
    {"pg_stat_statements", 17, 18, "stats_since", "'2024-02-29 12:00+00'::timestamptz"},
    {"pg_stat_statements", 17, 18, "minmax_stats_since", "'2024-02-29 12:00+00'::timestamptz"},
    {"pg_stat_statements", 18, 18, "wal_buffers_full", "0::int8"},
    {"pg_stat_statements", 18, 18, "parallel_workers_launched", "0::int8"},
    {"pg_stat_statements_info", 14, 18, "dealloc, stats_reset", NULL},
};

static PGresult *run(PGconn *c, const char *sql, int binary)
{
    PGresult *r = PQexecParams(c, sql, 0, NULL, NULL, NULL, NULL, binary);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        fail_msg("%s%s", PQerrorMessage(c), sql);
    return r;
}

static void command(PGconn *c, const char *sql)
{
    PQclear(run(c, sql, 0));
}

static bool is_statements(const char *view)
{
    return str_starts(view, "pg_stat_statements");
}

/* What a view of a later version is made of. */
static const char *made_of(const char *view)
{
    return is_statements(view)                    ? "public"
           : str_eq(view, "pg_stat_checkpointer") ? "pg_catalog.pg_stat_bgwriter"
           : str_eq(view, "pg_stat_io")           ? "(SELECT 1)"
           : str_eq(view, ACTIVITY_FUNCTION)      ? "pg_catalog." ACTIVITY_FUNCTION "(NULL)"
                                                  : "pg_catalog";
}

/* Makes vNN.view and, for the extension, the function that its view reads. */
static void make_view(int version, const char *view)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++) {
        if (!str_eq(COLUMNS[i].view, view) || COLUMNS[i].from > version || COLUMNS[i].to < version)
            continue;
        strbuf_printf(&b, "%s%s", b.len ? ", " : "", COLUMNS[i].made ? COLUMNS[i].made : COLUMNS[i].names);
        if (COLUMNS[i].made)
            strbuf_printf(&b, " AS %s", COLUMNS[i].names);
    }
    const char *from = made_of(view);
    bool is_schema = !strpbrk(from, ".(");
    char *sql = b.len ? mem_printf("CREATE VIEW v%d.%s AS SELECT %s FROM %s%s%s x", version, view, b.text,
                                   from, is_schema ? "." : "", is_schema ? view : "")
                      : NULL;
    if (sql)
        command(conn, sql);
    free(sql);
    strbuf_free(&b);
    if (!str_eq(view, "pg_stat_statements"))
        return;
    sql = mem_printf(
        "CREATE FUNCTION v%d.pg_stat_statements(boolean) RETURNS SETOF v%d.pg_stat_statements LANGUAGE sql "
        "AS 'SELECT * FROM v%d.pg_stat_statements'",
        version, version, version);
    command(conn, sql);
    free(sql);
}

static char *columns_of(int version, const char *view)
{
    char *sql =
        mem_printf("SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attnum > 0 AND "
                   "attrelid = to_regclass('v%d.%s')",
                   version, view);
    PGresult *r = run(conn, sql, 0);
    char *columns = PQgetisnull(r, 0, 0) ? NULL : mem_strdup(PQgetvalue(r, 0, 0));
    PQclear(r);
    free(sql);
    return columns;
}

static bool has(int version, const char *view, const char *column)
{
    char *columns = columns_of(version, view);
    bool found = columns && strstr(columns, column);
    free(columns);
    return found;
}

/* The statement on the version's views instead of the real ones. */
static char *moved(const char *sql, int version)
{
    struct strbuf b = {0};
    while (*sql) {
        size_t skip = 0;
        if (str_starts(sql, "pg_catalog."))
            for (size_t i = 0; i < ARRAY_LEN(COLUMNS) && !skip; i++) {
                const char *view = COLUMNS[i].view, *called = view;
                if (str_eq(view, ACTIVITY_FUNCTION))
                    called = ACTIVITY_FUNCTION "(NULL)";
                const char *after = sql + 11 + strlen(called);
                if (str_starts(sql + 11, called) &&
                    !strchr("abcdefghijklmnopqrstuvwxyz_(", *after ? *after : ' ')) {
                    strbuf_printf(&b, "v%d.%s", version, view);
                    skip = (size_t)(after - sql);
                }
            }
        if (!skip)
            strbuf_char(&b, *sql);
        sql += skip ? skip : 1;
    }
    return strbuf_detach(&b);
}

/* What the source sends to a server of this version; caller frees. NULL: nothing more. */
static char *statement_of(size_t which, int version)
{
    char *columns, *sql = NULL;
    switch (which) {
    case 0:
        columns = columns_of(version, "pg_stat_activity");
        sql = activity_sql(columns, true);
        free(columns);
        return sql;
    case 1:
        return locks_sql(has(version, "pg_locks", "waitstart"));
    case 2:
        return vacuums_sql();
    case 3:
        return database_sql();
    case 4:
        return mem_strdup(holders_sql());
    case 5:
        return mem_strdup(catalog_tables_sql());
    case 6:
        return mem_strdup(catalog_indexes_sql(has(version, "pg_stat_all_indexes", "last_idx_scan")));
    case 7:
        columns = columns_of(version, "pg_stat_statements");
        char *schema = mem_printf("v%d", version), *info = columns_of(version, "pg_stat_statements_info");
        char *with_limit = statements_sql(schema, columns, info != NULL, true),
             *limit = strstr(with_limit, "LIMIT $1");
        assert_non_null(limit);
        *limit = '\0';
        free(schema);
        free(info);
        free(columns);
        return with_limit;
    case 8:
        return mem_strdup(parameters_sql());
    case 9:
        return mem_strdup(bloat_facts_sql());
    case 10:
        columns = columns_of(version, "pg_stat_activity");
        sql = activity_sql(columns, false);
        free(columns);
        return sql;
    default:
        return NULL;
    }
}

/* Fields that versions do not have, or have from elsewhere than the server at hand. */
static const struct {
    size_t statement;
    int field, from, to; /* of versions */
    const char *text;    /* NULL: null */
} DIFFERENT[] = {
    {0, 1, 12, 12, NULL},                                                        /* leader_pid */
    {0, 10, 12, 13, NULL},                                                       /* query_id */
    {10, 1, 12, 12, NULL},         {10, 10, 12, 13, NULL}, {1, 3, 12, 13, NULL}, /* waitstart */
    {6, 13, 16, 18, "2024-02-29"}, {7, 3, 12, 13, NULL},                         /* toplevel */
    {7, 6, 12, 13, NULL},         /* stats_reset of pg_stat_statements_info */
    {7, 6, 17, 18, "2024-02-29"}, /* stats_since */
    {7, 12, 12, 12, NULL},        /* planning */
    {7, 20, 12, 12, NULL},        /* wal_bytes */
    {7, 22, 12, 13, NULL},        /* its time of reset */
};

static void compare(size_t statement, int version, const PGresult *real, const PGresult *r)
{
    assert_int_equal(PQnfields(r), PQnfields(real));
    assert_int_equal(PQntuples(r), PQntuples(real));
    for (int f = 0; f < PQnfields(r); f++) {
        const char *other = "";
        for (size_t i = 0; i < ARRAY_LEN(DIFFERENT); i++)
            if (DIFFERENT[i].statement == statement && DIFFERENT[i].field == f &&
                version >= DIFFERENT[i].from && version <= DIFFERENT[i].to)
                other = DIFFERENT[i].text;
        if (PQftype(r, f) != PQftype(real, f))
            fail_msg("statement %zu, version %d, field %d has another type", statement, version, f);
        for (int row = 0; row < PQntuples(r); row++) {
            const char *now = PQgetvalue(r, row, f), *was = PQgetvalue(real, row, f);
            bool right = !other   ? PQgetisnull(r, row, f)
                         : *other ? str_starts(now, other)
                                  : PQgetisnull(r, row, f) == PQgetisnull(real, row, f) && str_eq(now, was);
            if (!right)
                fail_msg("statement %zu, version %d, row %d, field %d (%s): \"%s\", really \"%s\"", statement,
                         version, row, f, PQfname(r, f), now, was);
        }
    }
}

/* One transaction sees one state of the statistics. */
static void begin_snapshot(void)
{
    command(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ");
    command(conn, "SET LOCAL stats_fetch_consistency = snapshot");
}

#define NEED_COLUMNS()                                                                                       \
    do {                                                                                                     \
        PRIVATE_PG_NEEDED(pg, have_pg);                                                                      \
        if (PQserverVersion(conn) / 10000 != HERE) {                                                         \
            print_message("the views are made from those of %d\n", HERE);                                    \
            skip();                                                                                          \
        }                                                                                                    \
    } while (0)

static void every_version_gives_its_figures(void **state)
{
    NEED_COLUMNS();
    for (size_t which = 0;; which++) {
        char *here = statement_of(which, HERE), *sql = here ? moved(here, HERE) : NULL;
        if (!here)
            break;
        begin_snapshot();
        PGresult *real = run(conn, sql, 0);
        bool some = which == 2 || PQntuples(real) > 0; /* no vacuum runs */
        if (!some)
            fail_msg("no rows of statement %zu", which);
        free(here);
        free(sql);
        for (int version = OLDEST; version <= NEWEST; version++) {
            here = statement_of(which, version);
            sql = moved(here, version);
            if (which != 7 && str_eq(here, sql))
                fail_msg("statement %zu reads no view of the version", which);
            PGresult *r = run(conn, sql, 0), *binary = run(conn, sql, 1);
            compare(which, version, real, r);
            assert_int_equal(PQntuples(binary), PQntuples(real));
            PQclear(r);
            PQclear(binary);
            free(here);
            free(sql);
        }
        PQclear(real);
        command(conn, "ROLLBACK");
    }
}

/* ---- the server as a whole: what its readers make of the rows ---- */

static void add_figures(struct postgres *p, const PGresult *r, const char *columns)
{
    server_figures_add(p, NULL, r, columns);
}

static void add_replication(struct postgres *p, const PGresult *r, const char *columns)
{
    (void)columns;
    replication_add(p, NULL, r);
}

static void add_progress(struct postgres *p, const PGresult *r, const char *columns)
{
    progress_add(p, NULL, r, columns);
}

static void add_io(struct postgres *p, const PGresult *r, const char *columns)
{
    (void)columns;
    server_io_add(p, NULL, r);
}

static const struct {
    const char *name;
    char *(*sql)(const char *columns);
    void (*add)(struct postgres *p, const PGresult *r, const char *columns);
    int like; /* the version the others are compared with */
} READERS[] = {
    {.name = "figures", .sql = server_figures_sql, .add = add_figures, .like = HERE},
    {.name = "replication", .sql = replication_sql, .add = add_replication, .like = HERE},
    {.name = "progress", .sql = progress_sql, .add = add_progress, .like = HERE},
    {.name = "I/O", .sql = server_io_sql, .add = add_io, .like = 16},
};

/* What versions do not have, or have from elsewhere than the one the others are compared with. */
static const struct {
    const char *field; /* kind, the role of replication, field */
    int from, to;
    const char *text; /* "": unknown; "?": known */
} RECORDS_DIFFER[] = {
    {"server.wal_position", 12, 18, "?"}, /* goes on meanwhile */
    {"server.wal_records", 12, 13, ""},
    {"server.wal_full_pages", 12, 13, ""},
    {"server.wal_bytes", 12, 13, ""},
    {"server.wal_buffers_full", 12, 13, ""},
    {"server.restartpoints", 12, 16, ""},
    {"server.restartpoints", 17, 18, "7"},
    {"server.backend_buffers", 17, 18, ""},
    {"server.backend_syncs", 17, 18, ""},
    {"replication.standby.position", 12, 18, "?"},
    {"replication.slot.position", 12, 18, "?"},
    {"replication.slot.wal_status", 12, 12, ""},
    {"replication.slot.wal_status", 13, 18, "reserved"},
    {"replication.slot.may_grow_bytes", 12, 12, ""},
    {"replication.slot.may_grow_bytes", 13, 18, "?"}, /* as the position */
    {"replication.slot.invalid", 16, 16, "conflict with recovery"},
    {"replication.slot.invalid", 17, 18, "wal_removed"},
    {"replication.slot.since", 17, 18, "1709208000000000000"},
};

static struct strbuf told; /* the records of one reading, a line for each field */

static void tell(enum sd_field_type type, const void *at)
{
    switch (type) {
    case SD_FIELD_INT:
        if (sd_known(*(const int64_t *)at))
            strbuf_printf(&told, "%lld", (long long)*(const int64_t *)at);
        break;
    case SD_FIELD_TEXT:
        strbuf_str(&told, *(const char *const *)at ? *(const char *const *)at : "");
        break;
    case SD_FIELD_LIST_INT: {
        const struct sd_ints *list = *(const struct sd_ints *const *)at;
        for (uint32_t i = 0; list && i < list->n; i++)
            strbuf_printf(&told, "%lld,", (long long)list->items[i]);
        break;
    }
    case SD_FIELD_LIST_TEXT: {
        const struct sd_texts *list = *(const struct sd_texts *const *)at;
        for (uint32_t i = 0; list && i < list->n; i++)
            strbuf_printf(&told, "%s,", list->items[i]);
        break;
    }
    default:
        fail_msg("a field of a type that is not compared");
    }
}

static bool take(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    (void)b;
    const struct sd_schema *sc = schema_of(kind);
    const struct sd_replication *replication = record;
    for (size_t i = 0; i < sc->n_fields; i++) {
        strbuf_printf(&told, "%s%s%s.%s=", sc->name, kind == SD_REPLICATION ? "." : "",
                      kind == SD_REPLICATION ? replication->role : "", sc->fields[i].name);
        tell(sc->fields[i].type, (const char *)record + sc->fields[i].offset);
        strbuf_str(&told, "\n");
    }
    return true;
}

/* The columns as the source asks for them, of the version's views. */
static char *place_columns(int version)
{
    static const char of[] = "'pg_catalog'::pg_catalog.regnamespace";
    const char *sql = columns_sql(), *at = strstr(sql, of);
    assert_non_null(at);
    char *there =
        mem_printf("%.*s'v%d'::pg_catalog.regnamespace%s", (int)(at - sql), sql, version, at + strlen(of));
    PGresult *r = run(conn, there, 0);
    char *columns = mem_strdup(PQgetvalue(r, 0, 0));
    PQclear(r);
    free(there);
    return columns;
}

/* The records that the source makes of such a server; "": it asks nothing. Caller frees. */
static char *records_of(size_t reader, int version)
{
    static const struct sd_host host = {.add = take};
    struct sd_source source = {.host = &host};
    struct postgres p = {.s = &source, .sees_all = true, .own_transactions = SD_UNKNOWN};
    char *columns = place_columns(version), *here = READERS[reader].sql(columns);
    strbuf_clear(&told);
    if (here) {
        char *sql = moved(here, version);
        PGresult *r = run(conn, sql, 1);
        READERS[reader].add(&p, r, columns);
        PQclear(r);
        free(sql);
    }
    free(here);
    free(columns);
    return mem_strdup(told.text ? told.text : "");
}

/* Is there something to tell on such a server, before it is asked what? */
static int64_t is_any(int version, int column)
{
    char *columns = place_columns(version), *here = server_any_sql(columns), *sql = moved(here, version);
    PGresult *r = run(conn, sql, 1);
    int64_t any = conn_int(r, 0, column);
    PQclear(r);
    free(sql);
    free(here);
    free(columns);
    return any;
}

/* One line of each; false: they differ where they must not. */
static bool same_line(int version, const char *line, size_t n, const char *other, size_t other_n)
{
    const char *is = memchr(line, '=', n);
    size_t name = is ? (size_t)(is - line) : n, value = n - name - 1;
    assert_non_null(is);
    for (size_t i = 0; i < ARRAY_LEN(RECORDS_DIFFER); i++) {
        const char *field = RECORDS_DIFFER[i].field, *text = RECORDS_DIFFER[i].text;
        if (strlen(field) != name || strncmp(field, line, name) != 0 || version < RECORDS_DIFFER[i].from ||
            version > RECORDS_DIFFER[i].to)
            continue;
        return name < other_n && strncmp(line, other, name + 1) == 0 &&
               (str_eq(text, "?") ? value > 0 : strlen(text) == value && strncmp(text, is + 1, value) == 0);
    }
    return n == other_n && strncmp(line, other, n) == 0;
}

static void compare_records(const char *reader, int version, const char *a, const char *b)
{
    while (*a || *b) {
        size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        if (!n || !m || !same_line(version, a, n, b, m))
            fail_msg("%s, version %d: \"%.*s\", compared with \"%.*s\"", reader, version, (int)n, a, (int)m,
                     b);
        a += n + 1;
        b += m + 1;
    }
}

static void every_version_tells_of_the_server(void **state)
{
    NEED_COLUMNS();
    for (size_t i = 0; i < ARRAY_LEN(READERS); i++) {
        begin_snapshot();
        char *like = records_of(i, READERS[i].like);
        if (!like[0])
            fail_msg("no record of %s", READERS[i].name);
        for (int version = OLDEST; version <= NEWEST; version++) {
            char *records = records_of(i, version);
            if (READERS[i].sql == server_io_sql && version < 16)
                assert_string_equal(records, ""); /* there is no such view */
            else
                compare_records(READERS[i].name, version, records, like);
            if (READERS[i].sql == replication_sql || READERS[i].sql == progress_sql)
                assert_int_equal(is_any(version, READERS[i].sql == progress_sql), 1);
            free(records);
        }
        if (READERS[i].sql == server_io_sql)
            assert_non_null(strstr(like, ".read_bytes=24576\n"));
        if (READERS[i].sql == replication_sql)
            assert_non_null(strstr(like, ".slot.name=kept\n"));
        if (READERS[i].sql == progress_sql)
            assert_non_null(strstr(like, ".phase=waiting for writers before build\n"));
        free(like);
        command(conn, "ROLLBACK");
    }
    strbuf_free(&told);
}

/* ---- the server at hand ---- */

/* Waits until the statement says t. */
static void wait_for(const char *sql)
{
    for (int64_t end = clock_mono() + 20 * SD_S, there = 0; !there;) {
        if (clock_mono() > end)
            fail_msg("it does not become true: %s", sql);
        PGresult *r = run(conn, sql, 0);
        there = str_eq(PQgetvalue(r, 0, 0), "t");
        PQclear(r);
    }
}

static void make_views(void)
{
    for (int version = OLDEST; version <= NEWEST; version++) {
        char *sql = mem_printf("CREATE SCHEMA v%d", version);
        command(conn, sql);
        free(sql);
        for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
            if (!i || !str_eq(COLUMNS[i].view, COLUMNS[i - 1].view))
                make_view(version, COLUMNS[i].view);
    }
}

static int setup(void **state)
{
    (void)state;
    if (!have_pg)
        return 0;
    char *out = private_pg_sql(
        &pg, NULL,
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; CREATE TABLE items (id int PRIMARY KEY, "
        "name text); INSERT INTO items SELECT i, i FROM generate_series(1, 10000) i; ANALYZE items");
    assert_non_null(out);
    free(out);
    free(private_pg_sql(&pg, NULL, "SELECT pg_create_physical_replication_slot('kept', true)"));
    free(private_pg_sql(&pg, NULL,
                        "BEGIN; UPDATE items SET name = 'x' WHERE id = 3; PREPARE TRANSACTION 'left'"));
    conn = PQconnectdb(pg.url);
    if (PQserverVersion(conn) / 10000 == HERE)
        make_views();
    holder = PQconnectdb(pg.url);
    waiter = PQconnectdb(pg.url);
    builder = PQconnectdb(pg.url);
    char *standby = mem_printf("%s?replication=true", pg.url);
    sender = PQconnectdb(standby);
    free(standby);
    command(holder, "BEGIN");
    command(holder, "UPDATE items SET name = 'y' WHERE id = 1");
    assert_true(PQsendQuery(waiter, "UPDATE items SET name = 'z' WHERE id = 1"));
    command(conn, "SET pg_stat_statements.track = 'none'"); /* reading adds none */
    wait_for("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted");
    assert_true(PQsendQuery(builder, "CREATE INDEX CONCURRENTLY ON items (name)"));
    wait_for(
        "SELECT count(*) > 0 FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting for writers%'");
    wait_for("SELECT count(*) > 0 FROM pg_stat_replication");
    return 0;
}

/* A test that failed is within one still. */
static int end_snapshot(void **state)
{
    (void)state;
    if (conn && PQtransactionStatus(conn) != PQTRANS_IDLE)
        command(conn, "ROLLBACK");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    PQfinish(conn);
    PQfinish(holder);
    PQfinish(waiter);
    PQfinish(builder);
    PQfinish(sender);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_version_gives_its_figures, end_snapshot),
        cmocka_unit_test_teardown(every_version_tells_of_the_server, end_snapshot),
    };
    have_pg = private_pg_start(&pg);
    if (have_pg) { /* takes a restart; what the server does by itself would change its figures */
        free(private_pg_sql(&pg, NULL, "ALTER SYSTEM SET max_prepared_transactions = 4"));
        free(private_pg_sql(&pg, NULL, "ALTER SYSTEM SET wal_level = replica"));
        free(private_pg_sql(&pg, NULL, "ALTER SYSTEM SET max_wal_senders = 2"));
        free(private_pg_sql(&pg, NULL, "ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'"));
        free(private_pg_sql(&pg, NULL, "ALTER SYSTEM SET autovacuum = off"));
        private_pg_halt(&pg);
        have_pg = private_pg_resume(&pg);
    }
    int failed = cmocka_run_group_tests(tests, setup, teardown);
    private_pg_stop(&pg);
    return failed;
}
