/* server_state.c - reads the state of the server as a whole, with the figures. */
#include "source/postgres/server_state.h"
#include "source/postgres/buffers.h"

#include <stdlib.h>

#define IO_EVERY         (10 * SD_S) /* some dozens of rows */
#define PARAMETERS_EVERY (30 * SD_S) /* hundreds of rows are looked at */

/* What of the server's views there is, and the statements for it. */
struct server_state {
    char *columns;
    char *figures, *io, *replication, *progress; /* NULL: the server has no such view, or it refuses */
    char *any;
    bool keeps; /* there may be prepared transactions, slots or standbys */
    sd_time next_io, next_parameters;
};

bool columns_have(const char *columns, const char *column)
{
    size_t n = strlen(column);
    for (const char *p = strstr(columns, column); p; p = strstr(p + 1, column))
        if ((p == columns || p[-1] == ',') && p[n] == ':')
            return true;
    return false;
}

/* pg_control_checkpoint may be refused to a role: it counts as a column when it is not. */
const char *columns_sql(void)
{
    return OWN_TAG
        "SELECT (SELECT pg_catalog.string_agg(c.relname || '.' || a.attname || ':' || a.atttypid, ',' "
        "ORDER BY c.relname, a.attnum) FROM pg_catalog.pg_class c "
        "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.relkind = 'v' AND a.attnum > 0 "
        "AND (c.relname LIKE 'pg\\_stat\\_progress\\_%' OR c.relname IN ('pg_stat_bgwriter', "
        "'pg_stat_checkpointer', 'pg_stat_wal', 'pg_stat_io', 'pg_stat_database', 'pg_replication_slots', "
        "'pg_stat_wal_receiver'))) || CASE WHEN "
        "pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE') "
        "THEN ',pg_control_checkpoint.checkpoint_time:1184' ELSE '' END";
}

/* Of the functions below the views, which takes the server an eighth of the time. */
char *server_any_sql(const char *columns)
{
    struct strbuf sql = {0};
    strbuf_str(&sql, OWN_TAG "SELECT (EXISTS (SELECT FROM pg_catalog.pg_stat_get_wal_senders()) "
                             "OR EXISTS (SELECT FROM pg_catalog.pg_get_replication_slots()) "
                             "OR EXISTS (SELECT FROM pg_catalog.pg_stat_get_wal_receiver() w "
                             "WHERE w.pid IS NOT NULL))::int4, (");
    progress_any(columns, &sql);
    strbuf_str(&sql, ")::int4, EXISTS (SELECT FROM pg_catalog.pg_prepared_xact())::int4");
    return strbuf_detach(&sql);
}

static enum sd_result look(struct postgres *p, struct sd_error *err)
{
    PGresult *r;
    enum sd_result result = conn_query(&p->main, columns_sql(), 0, NULL, true, &r, err);
    if (result != SD_OK)
        return result;
    struct server_state *x = p->state = mem_alloc(sizeof *x);
    x->columns = mem_strdup(conn_text(r, 0, 0));
    PQclear(r);
    x->figures = server_figures_sql(x->columns);
    x->io = server_io_sql(x->columns);
    x->replication = replication_sql(x->columns);
    x->progress = progress_sql(x->columns);
    x->any = server_any_sql(x->columns);
    x->keeps = true;
    return history_collect(p, err);
}

void server_state_free(struct postgres *p)
{
    struct server_state *x = p->state;
    if (!x)
        return;
    free(x->columns);
    free(x->figures);
    free(x->io);
    free(x->replication);
    free(x->progress);
    free(x->any);
    free(x);
    p->state = NULL;
}

bool server_state_keeps(const struct postgres *p)
{
    return !p->state || p->state->keeps;
}

/* A statement that the server refuses is not sent again; *r is NULL then. */
static enum sd_result ask(struct postgres *p, char **sql, PGresult **r, struct sd_error *err)
{
    *r = NULL;
    if (!*sql)
        return SD_OK;
    enum sd_result result = conn_query(&p->main, *sql, 0, NULL, true, r, err);
    if (result != SD_UNSUPPORTED)
        return result;
    *r = NULL;
    if (strcmp(p->main.sqlstate, "57014") == 0 || strcmp(p->main.sqlstate, "55P03") == 0)
        return SD_OK; /* it took too long this time */
    free(*sql);
    *sql = NULL;
    return SD_OK;
}

/* Mostly there is neither a standby nor a command under way. To see that takes the server a hundredth of the
 * time in which it plans the statements that read them. */
static enum sd_result ask_if_any(struct postgres *p, PGresult **replication, PGresult **progress,
                                 struct sd_error *err)
{
    struct server_state *x = p->state;
    PGresult *any;
    enum sd_result result = ask(p, &x->any, &any, err);
    bool replicates = !any || conn_int(any, 0, 0) != 0, works = !any || conn_int(any, 0, 1) != 0;
    x->keeps = replicates || conn_int(any, 0, 2) != 0;
    PQclear(any);
    if (result == SD_OK && replicates)
        result = ask(p, &x->replication, replication, err);
    if (result == SD_OK && works)
        result = ask(p, &x->progress, progress, err);
    return result;
}

static enum sd_result add_io(struct postgres *p, struct sd_batch *b, sd_time now, struct sd_error *err)
{
    struct server_state *x = p->state;
    PGresult *r;
    if (!x->io || (now < x->next_io && x->next_io <= now + 2 * IO_EVERY))
        return SD_OK;
    x->next_io = now + IO_EVERY;
    enum sd_result result = ask(p, &x->io, &r, err);
    if (r)
        server_io_add(p, b, r);
    PQclear(r);
    return result;
}

enum sd_result server_state_add(struct postgres *p, struct sd_batch *b, sd_time at, struct sd_error *err)
{
    PGresult *figures = NULL, *replication = NULL, *progress = NULL;
    if (!p->state) {
        enum sd_result looked = look(p, err);
        if (looked != SD_OK)
            return looked == SD_UNSUPPORTED ? SD_OK : looked;
    }
    struct server_state *x = p->state;
    enum sd_result result = ask(p, &x->figures, &figures, err);
    if (result == SD_OK)
        result = ask_if_any(p, &replication, &progress, err);
    if (result == SD_OK && figures) {
        server_figures_add(p, b, figures, x->columns);
        if (replication)
            replication_add(p, b, replication);
        if (progress)
            progress_add(p, b, progress, x->columns);
        result = add_io(p, b, at, err);
        buffers_add(p, b);
    }
    PQclear(figures);
    PQclear(replication);
    PQclear(progress);
    return result;
}

/* Never more than 1 % of the server's time. */
enum sd_result server_state_slow(struct postgres *p, struct sd_error *err)
{
    struct server_state *x = p->state;
    sd_time now = p->s->host->now(p->s);
    if (!x || (now < x->next_parameters && x->next_parameters <= now + 3600 * SD_S))
        return SD_OK;
    enum sd_result result = parameters_collect(p, err);
    int64_t took = p->s->host->now(p->s) - now;
    x->next_parameters = now + MAX(PARAMETERS_EVERY, took > 0 ? MIN(100 * took, 3600 * SD_S) : 0);
    return result;
}
