/* catalog.c - tables and indexes with their statistics, twice a minute. */
#include "source/postgres/internal.h"
#include "source/postgres/buffers.h"

/* The largest tables: more are not useful, and each costs a few system calls. */
#define MAX_TABLES  "1000" /* CATALOG_TABLES_MAX */
#define MAX_INDEXES "3000"

/* A size opens its relation, an index's definition the table; both would wait if another session holds or
 * waits for an exclusive lock. Then they stay unknown. */
#define LOCKED                                                                                               \
    "locked AS MATERIALIZED (SELECT relation FROM pg_catalog.pg_locks WHERE locktype = 'relation' "          \
    "AND mode = 'AccessExclusiveLock' AND database = (SELECT oid FROM pg_catalog.pg_database "               \
    "WHERE datname = pg_catalog.current_database())) "
#define SINCE                                                                                                \
    "(SELECT stats_reset FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database())"
#define LARGEST                                                                                              \
    "largest AS MATERIALIZED (SELECT c.oid, c.relnamespace, c.relname, c.reltuples "                         \
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                   \
    "WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' "                     \
    "AND n.nspname <> 'information_schema' ORDER BY c.relpages DESC LIMIT " MAX_TABLES "), "

enum {
    T_SCHEMA,
    T_NAME,
    T_ROWS,
    T_SIZE,
    T_TOTAL,
    T_SINCE,
    T_SEQ_SCAN,
    T_SEQ_ROWS,
    T_IDX_SCAN,
    T_LIVE,
    T_DEAD,
    T_INSERTED,
    T_UPDATED,
    T_DELETED,
    T_HIT,
    T_READ,
    T_VACUUM,
    T_ANALYZE,
    T_CHANGED,
    T_UNINDEXED
};

/* The views' columns here are the same in 12 to 18. */
const char *catalog_tables_sql(void)
{
    return OWN_TAG
        "WITH " LARGEST UNINDEXED_KEYS ", " LOCKED
        "SELECT n.nspname::text, c.relname::text, c.reltuples::float8, "
        "CASE WHEN c.oid NOT IN (SELECT relation FROM locked) THEN pg_catalog.pg_relation_size(c.oid) END, "
        "CASE WHEN c.oid NOT IN (SELECT relation FROM locked) AND NOT EXISTS (SELECT 1 FROM "
        "pg_catalog.pg_index x JOIN locked ON locked.relation = x.indexrelid WHERE x.indrelid = c.oid) "
        "THEN pg_catalog.pg_total_relation_size(c.oid) END, " SINCE ", "
        "s.seq_scan, s.seq_tup_read, s.idx_scan, s.n_live_tup, s.n_dead_tup, "
        "s.n_tup_ins, s.n_tup_upd, s.n_tup_del, "
        "io.heap_blks_hit + coalesce(io.idx_blks_hit, 0) + coalesce(io.toast_blks_hit, 0) + "
        "coalesce(io.tidx_blks_hit, 0), "
        "io.heap_blks_read + coalesce(io.idx_blks_read, 0) + coalesce(io.toast_blks_read, 0) + "
        "coalesce(io.tidx_blks_read, 0), "
        "greatest(s.last_vacuum, s.last_autovacuum), greatest(s.last_analyze, s.last_autoanalyze), "
        "s.n_mod_since_analyze, u.keys "
        "FROM largest c LEFT JOIN unindexed u ON u.confrelid = c.oid JOIN pg_catalog.pg_namespace n ON n.oid "
        "= c.relnamespace "
        "LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid "
        "LEFT JOIN pg_catalog.pg_statio_all_tables io ON io.relid = c.oid";
}

enum {
    I_SCHEMA,
    I_TABLE,
    I_NAME,
    I_DEFINITION,
    I_COLUMNS,
    I_UNIQUE,
    I_VALID,
    I_PARTIAL,
    I_SIZE,
    I_METHOD,
    I_CONSTRAINT,
    I_SCANS,
    I_SINCE,
    I_LAST
};

const char *catalog_indexes_sql(bool has_last_scan)
{
#define INDEXES(last_scan)                                                                                   \
    OWN_TAG                                                                                                  \
    "WITH " LARGEST LOCKED "SELECT n.nspname::text, c.relname::text, i.relname::text, "                      \
    "CASE WHEN c.oid NOT IN (SELECT relation FROM locked) THEN "                                             \
    " pg_catalog.pg_get_indexdef(x.indexrelid) END, "                                                        \
    "(SELECT pg_catalog.string_agg(coalesce(a.attname, '')::text, ',' ORDER BY k.o) "                        \
    "FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(attnum, o) LEFT JOIN pg_catalog.pg_attribute a "        \
    "ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum <> 0 WHERE k.o <= x.indnkeyatts), "          \
    "x.indisunique, x.indisvalid, x.indpred IS NOT NULL, "                                                   \
    "CASE WHEN x.indexrelid NOT IN (SELECT relation FROM locked) "                                           \
    "THEN pg_catalog.pg_relation_size(x.indexrelid) END, m.amname::text, "                                   \
    "x.indisreplident OR i.relispartition OR EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k "              \
    "WHERE k.conindid = x.indexrelid), s.idx_scan, " SINCE ", " last_scan " "                                \
    "FROM largest c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "                               \
    "JOIN pg_catalog.pg_index x ON x.indrelid = c.oid "                                                      \
    "JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid JOIN pg_catalog.pg_am m ON m.oid = i.relam "         \
    "LEFT JOIN pg_catalog.pg_stat_all_indexes s ON s.indexrelid = x.indexrelid "                             \
    "ORDER BY i.relpages DESC LIMIT " MAX_INDEXES
    return has_last_scan ? INDEXES("s.last_idx_scan") : INDEXES("NULL::timestamptz");
}

static void add_table(struct postgres *p, struct sd_batch *b, sd_time at, const PGresult *r, int row)
{
    double rows = conn_real(r, row, T_ROWS);
    struct sd_table t = {
        .database = p->database,
        .schema = conn_maybe(r, row, T_SCHEMA),
        .name = conn_maybe(r, row, T_NAME),
        .rows = rows >= 0 ? rows : NAN, /* -1: never analysed */
        .size_bytes = conn_int(r, row, T_SIZE),
        .total_bytes = conn_int(r, row, T_TOTAL),
        .since = conn_time(r, row, T_SINCE),
        .seq_scan = conn_int(r, row, T_SEQ_SCAN),
        .seq_rows = conn_int(r, row, T_SEQ_ROWS),
        .idx_scan = conn_int(r, row, T_IDX_SCAN),
        .rows_live = conn_int(r, row, T_LIVE),
        .rows_dead = conn_int(r, row, T_DEAD),
        .inserted = conn_int(r, row, T_INSERTED),
        .updated = conn_int(r, row, T_UPDATED),
        .deleted = conn_int(r, row, T_DELETED),
        .blks_hit = conn_int(r, row, T_HIT),
        .blks_read = conn_int(r, row, T_READ),
        .last_vacuum = conn_time(r, row, T_VACUUM),
        .last_analyze = conn_time(r, row, T_ANALYZE),
        .changed = conn_int(r, row, T_CHANGED),
        .unindexed_keys = conn_maybe(r, row, T_UNINDEXED),
        .kept_since = SD_UNKNOWN,
    };
    p->s->host->add(b, SD_TABLE, &t);
    buffers_add_table(p, b, at, &t);
}

static void add_index(struct postgres *p, struct sd_batch *b, const PGresult *r, int row)
{
    struct sd_index x = {
        .database = p->database,
        .schema = conn_maybe(r, row, I_SCHEMA),
        .table = conn_maybe(r, row, I_TABLE),
        .name = conn_maybe(r, row, I_NAME),
        .definition = conn_maybe(r, row, I_DEFINITION),
        .columns = conn_maybe(r, row, I_COLUMNS),
        .is_unique = conn_int(r, row, I_UNIQUE),
        .is_valid = conn_int(r, row, I_VALID),
        .is_partial = conn_int(r, row, I_PARTIAL),
        .size_bytes = conn_int(r, row, I_SIZE),
        .method = conn_maybe(r, row, I_METHOD),
        .is_constraint = conn_int(r, row, I_CONSTRAINT),
        .idx_scan = conn_int(r, row, I_SCANS),
        .since = conn_time(r, row, I_SINCE),
        .last_scan = conn_time(r, row, I_LAST),
    };
    p->s->host->add(b, SD_INDEX, &x);
}

enum sd_result catalog_collect(struct postgres *p, struct sd_error *err)
{
    const struct sd_host *h = p->s->host;
    PGresult *tables = NULL, *indexes = NULL;
    sd_time at = h->now(p->s);
    enum sd_result result = conn_query(&p->main, catalog_tables_sql(), 0, NULL, true, &tables, err);
    if (result == SD_OK)
        result = conn_query(&p->main, catalog_indexes_sql(p->has_last_scan), 0, NULL, true, &indexes, err);
    if (result == SD_OK) {
        struct sd_batch *b = h->batch(p->s, at);
        p->many_tables = PQntuples(tables) >= CATALOG_TABLES_MAX;
        for (int row = 0; row < PQntuples(tables); row++)
            add_table(p, b, at, tables, row);
        for (int row = 0; row < PQntuples(indexes); row++)
            add_index(p, b, indexes, row);
        h->publish(p->s, b);
    }
    PQclear(tables);
    PQclear(indexes);
    /* A table dropped or locked meanwhile: the next listing has it. */
    return result == SD_UNSUPPORTED ? SD_OK : result;
}
