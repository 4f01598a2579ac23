#include "source/postgres/buffer_use.h"

#include <stdlib.h>

/* Each buffer is looked at, without a lock on all, and becomes a row in the server's session: of up to 2 GiB,
 * so that these rows take little memory there. The summary of PostgreSQL 16 has no rows. */
#define EVERY        (60 * SD_S)
#define LISTED_BYTES ((int64_t)2 << 30)

struct buffer_use {
    bool looked;
    char *summary, *pages; /* the functions, quoted; NULL: there is none that may be called */
    sd_time next;
    int64_t bytes;
    PGresult *tables; /* NULL: not known */
    const char *why;
};

/* A function of that name may be anybody's. One in C, of this library, is the extension's: only a superuser
 * can create functions in C. */
const char *buffer_use_find_sql(void)
{
    return OWN_TAG
        "SELECT pg_catalog.quote_ident(n.nspname) || '.' || p.proname, p.proname = 'pg_buffercache_summary', "
        "pg_catalog.has_function_privilege(p.oid, 'EXECUTE') "
        "AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') "
        "FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
        "JOIN pg_catalog.pg_language l ON l.oid = p.prolang "
        "WHERE p.proname IN ('pg_buffercache_summary', 'pg_buffercache_pages') AND p.pronargs = 0 "
        "AND l.lanname = 'c' AND l.lanispl = false AND p.probin = '$libdir/pg_buffercache' LIMIT 10";
}

#define ROWS_OF                                                                                              \
    "%s() AS b (bufferid int4, relfilenode oid, reltablespace oid, reldatabase oid, relforknumber int2, "    \
    "relblocknumber int8, isdirty bool, usagecount int2, pinning_backends int4)"
#define BLOCK "pg_catalog.current_setting('block_size')::int8"

char *buffer_use_sql(const char *function, bool summary)
{
    return summary ? mem_printf(OWN_TAG "SELECT buffers_used * " BLOCK " FROM %s()", function)
                   : mem_printf(OWN_TAG "SELECT pg_catalog.count(b.relfilenode) * " BLOCK " FROM " ROWS_OF,
                                function);
}

char *buffer_use_tables_sql(const char *function)
{
    return mem_printf(
        OWN_TAG
        "SELECT n.nspname::text, t.relname::text, (pg_catalog.sum(u.n) * " BLOCK ")::int8 "
        "FROM (SELECT b.relfilenode, pg_catalog.count(*) AS n FROM " ROWS_OF " WHERE b.reldatabase = "
        "(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) "
        "GROUP BY b.relfilenode) u JOIN pg_catalog.pg_class c ON c.relfilenode = u.relfilenode "
        "LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid "
        "LEFT JOIN pg_catalog.pg_class o ON o.reltoastrelid = coalesce(i.indrelid, c.oid) "
        "JOIN pg_catalog.pg_class t ON t.oid = coalesce(o.oid, i.indrelid, c.oid) "
        "JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace "
        "GROUP BY n.nspname, t.relname ORDER BY 3 DESC LIMIT 200",
        function);
}

static enum sd_result look(struct postgres *p, struct buffer_use *x, struct sd_error *err)
{
    PGresult *r;
    bool refused = false;
    enum sd_result result = conn_query(&p->main, buffer_use_find_sql(), 0, NULL, true, &r, err);
    x->looked = result == SD_OK || result == SD_UNSUPPORTED;
    if (result != SD_OK)
        return result == SD_UNSUPPORTED ? SD_OK : result;
    for (int row = 0; row < PQntuples(r); row++) {
        char **of = conn_int(r, row, 1) == 1 ? &x->summary : &x->pages;
        refused |= conn_int(r, row, 2) != 1;
        if (conn_int(r, row, 2) == 1 && !*of)
            *of = mem_strdup(conn_text(r, row, 0));
    }
    x->why = refused ? "How many of the buffers are used is not known: this role may not read pg_buffercache "
                       "(GRANT pg_monitor)."
                     : "How many of the buffers are used is not known: this database has no extension "
                       "pg_buffercache.";
    if (x->summary || x->pages)
        x->why = NULL;
    PQclear(r);
    return SD_OK;
}

/* One statement; when the server refuses it, it is not sent again. */
static enum sd_result ask(struct postgres *p, char *sql, char **function, PGresult **out,
                          struct sd_error *err)
{
    *out = NULL;
    enum sd_result result = conn_query(&p->main, sql, 0, NULL, true, out, err);
    free(sql);
    if (result != SD_UNSUPPORTED)
        return result;
    free(*function);
    *function = NULL;
    return SD_OK;
}

static enum sd_result read_use(struct postgres *p, struct buffer_use *x, struct sd_error *err)
{
    bool listed = x->pages && sd_known(p->buffers.size) && p->buffers.size <= LISTED_BYTES;
    char **by = x->summary ? &x->summary : &x->pages;
    PGresult *r;
    if (!x->summary && !listed) {
        if (x->pages)
            x->why = "How many of the buffers are used is not read: there are too many of them, and before "
                     "PostgreSQL 16 each would be looked at.";
        return SD_OK;
    }
    enum sd_result result = ask(p, buffer_use_sql(*by, by == &x->summary), by, &r, err);
    if (r)
        x->bytes = conn_int(r, 0, 0);
    PQclear(r);
    if (result == SD_OK && listed && x->pages) {
        PQclear(x->tables);
        result = ask(p, buffer_use_tables_sql(x->pages), &x->pages, &x->tables, err);
    }
    return result;
}

enum sd_result buffer_use_collect(struct postgres *p, struct sd_error *err)
{
    struct buffer_use *x = p->buffer_use;
    sd_time now = p->s->host->now(p->s);
    if (!x) {
        x = p->buffer_use = mem_alloc(sizeof *x);
        x->bytes = SD_UNKNOWN;
    }
    if (now < x->next && x->next <= now + 3600 * SD_S)
        return SD_OK;
    enum sd_result result = x->looked ? SD_OK : look(p, x, err);
    if (result == SD_OK)
        result = read_use(p, x, err);
    int64_t took = p->s->host->now(p->s) - now;
    x->next = now + MAX(EVERY, took > 0 ? MIN(100 * took, 3600 * SD_S) : 0);
    return result;
}

void buffer_use_free(struct postgres *p)
{
    struct buffer_use *x = p->buffer_use;
    if (!x)
        return;
    free(x->summary);
    free(x->pages);
    PQclear(x->tables);
    free(x);
    p->buffer_use = NULL;
}

int64_t buffer_use_bytes(const struct postgres *p)
{
    return p->buffer_use ? p->buffer_use->bytes : SD_UNKNOWN;
}

int64_t buffer_use_of_table(const struct postgres *p, const char *schema, const char *table)
{
    const PGresult *r = p->buffer_use ? p->buffer_use->tables : NULL;
    for (int row = 0; r && row < PQntuples(r); row++)
        if (str_eq(conn_text(r, row, 0), schema) && str_eq(conn_text(r, row, 1), table))
            return conn_int(r, row, 2);
    return SD_UNKNOWN;
}

const char *buffer_use_why(const struct postgres *p)
{
    return p->buffer_use ? p->buffer_use->why : "How many of the buffers are used is not read yet.";
}
