/* Servers from 12 to 18 by their views: each version's are made, with exactly its columns,
 * from those of the server at hand; what the source sends to such a server is run on them.
 * A field that the version has must come out as from the real view, one that it has not as
 * null. Columns and the versions they came and went with: the documentation of each. */
#include "tests/lib/test.h"

#include <libpq-fe.h>
#include <stdlib.h>

#include "base/clock.h"
#include "source/postgres/internal.h"
#include "tests/lib/private_pg.h"

enum { OLDEST = 12, NEWEST = 18, HERE = 15 };

static struct private_pg pg;
static bool have_pg;
static PGconn *conn, *holder, *waiter;

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
    {"pg_stat_replication", 12, 18,
     "pid, usesysid, usename, application_name, client_addr, client_hostname, client_port, backend_start, "
     "backend_xmin, "
     "state, sent_lsn, write_lsn, flush_lsn, replay_lsn, write_lag, flush_lag, replay_lag, sync_priority, "
     "sync_state, "
     "reply_time",
     NULL},
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
    char *sql = b.len ? mem_printf("CREATE VIEW v%d.%s AS SELECT %s FROM %s.%s", version, view, b.text,
                                   is_statements(view) ? "public" : "pg_catalog", view)
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
                const char *view = COLUMNS[i].view, *after = sql + 11 + strlen(view);
                if (str_starts(sql + 11, view) &&
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
        sql = activity_sql(columns);
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
    {0, 1, 12, 12, NULL},                                /* leader_pid */
    {0, 10, 12, 13, NULL},                               /* query_id */
    {1, 3, 12, 13, NULL},                                /* waitstart */
    {6, 13, 16, 18, "2024-02-29"}, {7, 3, 12, 13, NULL}, /* toplevel */
    {7, 6, 12, 13, NULL},                                /* stats_reset of pg_stat_statements_info */
    {7, 6, 17, 18, "2024-02-29"},                        /* stats_since */
    {7, 12, 12, 12, NULL},                               /* planning */
    {7, 20, 12, 12, NULL},                               /* wal_bytes */
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

static void every_version_gives_its_figures(void **state)
{
    (void)state;
    if (!have_pg) {
        print_message("no server: %s\n", pg.why);
        skip();
    }
    if (PQserverVersion(conn) / 10000 != HERE)
        skip(); /* the table above starts from its columns */
    for (int version = OLDEST; version <= NEWEST; version++) {
        char *sql = mem_printf("CREATE SCHEMA v%d", version);
        command(conn, sql);
        free(sql);
        for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++)
            if (!i || !str_eq(COLUMNS[i].view, COLUMNS[i - 1].view))
                make_view(version, COLUMNS[i].view);
    }
    for (size_t which = 0;; which++) {
        char *here = statement_of(which, HERE), *sql = here ? moved(here, HERE) : NULL;
        if (!here)
            break;
        /* One transaction sees one state of the statistics. */
        command(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ");
        command(conn, "SET LOCAL stats_fetch_consistency = snapshot");
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

static int setup(void **state)
{
    (void)state;
    if (!have_pg)
        return 0;
    char *out = private_pg_sql(
        &pg, NULL,
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; CREATE TABLE items (id int PRIMARY KEY, "
        "name text); INSERT INTO items SELECT i, i FROM generate_series(1, 1000) i; ANALYZE items");
    assert_non_null(out);
    free(out);
    free(private_pg_sql(&pg, NULL,
                        "BEGIN; UPDATE items SET name = 'x' WHERE id = 3; PREPARE TRANSACTION 'left'"));
    conn = PQconnectdb(pg.url);
    holder = PQconnectdb(pg.url);
    waiter = PQconnectdb(pg.url);
    command(holder, "BEGIN");
    command(holder, "UPDATE items SET name = 'y' WHERE id = 1");
    assert_true(PQsendQuery(waiter, "UPDATE items SET name = 'z' WHERE id = 1"));
    command(conn, "SET pg_stat_statements.track = 'none'"); /* reading adds none */
    for (int64_t end = clock_mono() + 20 * SD_S, waits = 0; !waits;) {
        assert_true(clock_mono() < end);
        PGresult *r = run(conn, "SELECT count(*) FROM pg_locks WHERE NOT granted", 0);
        waits = !str_eq(PQgetvalue(r, 0, 0), "0");
        PQclear(r);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    PQfinish(conn);
    PQfinish(holder);
    PQfinish(waiter);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_version_gives_its_figures, setup, teardown),
    };
    have_pg = private_pg_start(&pg);
    if (have_pg) { /* takes a restart */
        free(private_pg_sql(&pg, NULL, "ALTER SYSTEM SET max_prepared_transactions = 4"));
        private_pg_halt(&pg);
        have_pg = private_pg_resume(&pg);
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    private_pg_stop(&pg);
    return failed;
}
