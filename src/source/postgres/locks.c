/* locks.c - what the sessions of a sample wait to lock, and how far vacuums are. Asked
 * only when a session waits for a lock or a vacuum runs: most samples need neither. */
#include "source/postgres/internal.h"

#include <stdlib.h>

#define RELATION                                                                                             \
    "LEFT JOIN pg_catalog.pg_class c ON c.oid = %s AND %s = (SELECT oid FROM pg_catalog.pg_database "        \
    "WHERE datname = pg_catalog.current_database()) "                                                        \
    "LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "

char *locks_sql(bool has_waitstart)
{
    /* Who waits for a row waits for the transaction that changed it, and holds the lock
     * that queues for the row: that one knows the table. */
    return mem_printf(
        OWN_TAG
        "SELECT l.pid, max(l.locktype) FILTER (WHERE NOT l.granted), "
        "max(l.mode) FILTER (WHERE NOT l.granted), %s, "
        "max(n.nspname::text || '.' || c.relname::text), "
        "max(CASE WHEN l.objsubid = 1 THEN (l.classid::int8 << 32 | l.objid::int8)::text "
        "ELSE l.classid || ', ' || l.objid END) FILTER (WHERE l.locktype = 'advisory' AND NOT l.granted) "
        "FROM pg_catalog.pg_locks l " RELATION "WHERE NOT l.granted OR l.locktype = 'tuple' GROUP BY l.pid "
        "HAVING pg_catalog.bool_or(NOT l.granted)",
        has_waitstart ? "max(l.waitstart)" : "NULL::timestamptz", "l.relation", "l.database");
}

/* The columns are the same in 12 to 18. */
char *vacuums_sql(void)
{
    return mem_printf(OWN_TAG "SELECT v.pid, v.phase, n.nspname::text || '.' || c.relname::text, "
                              "v.heap_blks_scanned::float8 / nullif(v.heap_blks_total, 0) "
                              "FROM pg_catalog.pg_stat_progress_vacuum v " RELATION,
                      "v.relid", "v.datid");
}

static enum sd_result query_server(struct postgres *p, char *sql, PGresult **out, struct sd_error *err)
{
    enum sd_result result = conn_query(&p->main, sql, 0, NULL, true, out, err);
    free(sql);
    if (result == SD_UNSUPPORTED) { /* the sample is useful without it */
        *out = NULL;
        return SD_OK;
    }
    return result;
}

enum sd_result locks_read(struct postgres *p, bool waiting, bool vacuum, struct locks *out,
                          struct sd_error *err)
{
    enum sd_result result = SD_OK;
    *out = (struct locks){.has_waitstart = p->has_waitstart, .at = p->s->host->now(p->s)};
    if (waiting)
        result = query_server(p, locks_sql(p->has_waitstart), &out->waits, err);
    if (vacuum && result == SD_OK)
        result = query_server(p, vacuums_sql(), &out->vacuums, err);
    return result;
}

void locks_free(struct locks *l)
{
    PQclear(l->waits);
    PQclear(l->vacuums);
    *l = (struct locks){0};
}

static int row_of(const PGresult *r, int64_t pid)
{
    for (int row = 0; r && row < PQntuples(r); row++)
        if (conn_int(r, row, 0) == pid)
            return row;
    return -1;
}

static char *locks_describe(const char *type, const char *relation, const char *key)
{
    if (str_eq(type, "tuple") || (str_eq(type, "transactionid") && relation))
        return mem_printf("row of %s", relation ? relation : "another database's table");
    if (str_eq(type, "transactionid"))
        return mem_strdup("end of a transaction");
    if (str_eq(type, "virtualxid")) /* CREATE INDEX CONCURRENTLY and its like: any that may see the old */
        return mem_strdup("end of an older transaction");
    if (str_eq(type, "relation"))
        return mem_printf("table %s", relation ? relation : "of another database");
    if (str_eq(type, "advisory") && key)
        return mem_printf("advisory lock %s", key);
    return mem_printf("%s lock%s%s", type ? type : "unknown", relation ? " of " : "",
                      relation ? relation : "");
}

void locks_fill(const struct locks *l, struct sd_activity *a, char **lock, char **phase)
{
    int row = row_of(l->waits, a->pid);
    *lock = *phase = NULL;
    if (row >= 0 && str_eq(a->wait_type, "Lock")) {
        a->lock = *lock = locks_describe(conn_maybe(l->waits, row, 1), conn_maybe(l->waits, row, 4),
                                         conn_maybe(l->waits, row, 5));
        a->lock_mode = conn_maybe(l->waits, row, 2);
        a->wait_start = conn_time(l->waits, row, 3);
        /* The server writes it a moment after the wait has begun. */
        if (l->has_waitstart && !sd_known(a->wait_start))
            a->wait_start = l->at;
    }
    if ((row = row_of(l->vacuums, a->pid)) >= 0) {
        const char *what = conn_maybe(l->vacuums, row, 1), *relation = conn_maybe(l->vacuums, row, 2);
        a->phase = *phase =
            mem_printf("vacuum of %s: %s", relation ? relation : "a table", what ? what : "?");
        a->progress = conn_real(l->vacuums, row, 3);
    }
}
