/* parameters.c - parameters of the server: those that differ from the default or wait for a restart, and
 * those that are needed to judge others. */
#include "source/postgres/server_state.h"

enum { NAME, VALUE, INITIAL, UNIT, TYPE, SOURCE, CONTEXT, CATEGORY, ABOUT, DIFFERS, PENDING };

/* Texts may hold secrets: commands, connection strings, what an extension or an application keeps under a
 * name of its own. reset_val: what a session starts with, not what ours has set for itself. */
#define SECRET                                                                                               \
    "(vartype = 'string' AND (name LIKE '%.%' OR name ~ "                                                    \
    "'(command|conninfo|passphrase|password|secret|token)'))"
#define NEEDED                                                                                               \
    "'max_wal_size', 'min_wal_size', 'checkpoint_timeout', 'work_mem', 'maintenance_work_mem', "             \
    "'shared_buffers', 'effective_cache_size', 'max_connections', 'autovacuum', 'autovacuum_max_workers', "  \
    "'fsync', 'full_page_writes', 'synchronous_commit', 'track_counts', 'track_io_timing', "                 \
    "'track_activities', 'idle_in_transaction_session_timeout', 'max_slot_wal_keep_size', 'wal_buffers', "   \
    "'archive_mode', 'hot_standby_feedback', 'bgwriter_lru_maxpages', 'wal_level', 'jit', "                  \
    "'log_lock_waits', 'deadlock_timeout', 'block_size', 'autovacuum_vacuum_cost_delay', "                   \
    "'autovacuum_vacuum_cost_limit', 'zero_damaged_pages', 'ignore_checksum_failure'"

/* Set by somebody: not computed by the server, not what a connection of ours says of itself. */
#define IS_SET                                                                                               \
    "(reset_val IS DISTINCT FROM boot_val AND context <> 'internal' "                                        \
    "AND source NOT IN ('default', 'override') AND name NOT IN ('client_encoding', 'application_name'))"

/* The source of what ours has set for itself is not known: "session" would be said of ours. */
const char *parameters_sql(void)
{
    return OWN_TAG "SELECT name, CASE WHEN NOT " SECRET " THEN reset_val END, CASE WHEN NOT " SECRET
                   " THEN boot_val END, "
                   "unit, vartype, nullif(source, 'session'), context, category, short_desc, " IS_SET
                   "::int4, "
                   "pending_restart::int4 FROM pg_catalog.pg_settings "
                   "WHERE " IS_SET " OR pending_restart OR name IN (" NEEDED ") ORDER BY name LIMIT 1000";
}

enum sd_result parameters_collect(struct postgres *p, struct sd_error *err)
{
    const struct sd_host *h = p->s->host;
    PGresult *r;
    sd_time at = h->now(p->s);
    enum sd_result result = conn_query(&p->main, parameters_sql(), 0, NULL, true, &r, err);
    if (result != SD_OK)
        return result == SD_UNSUPPORTED ? SD_OK : result;
    struct sd_batch *b = h->batch(p->s, at);
    for (int row = 0; row < PQntuples(r); row++) {
        struct sd_parameter x = {
            .name = conn_maybe(r, row, NAME),
            .value = conn_maybe(r, row, VALUE),
            .initial = conn_maybe(r, row, INITIAL),
            .unit = conn_maybe(r, row, UNIT),
            .type = conn_maybe(r, row, TYPE),
            .source = conn_maybe(r, row, SOURCE),
            .context = conn_maybe(r, row, CONTEXT),
            .category = conn_maybe(r, row, CATEGORY),
            .about = conn_maybe(r, row, ABOUT),
            .differs = conn_int(r, row, DIFFERS),
            .pending_restart = conn_int(r, row, PENDING),
        };
        h->add(b, SD_PARAMETER, &x);
    }
    PQclear(r);
    h->publish(p->s, b);
    return SD_OK;
}
