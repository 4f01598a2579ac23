/* statements.c - pg_stat_statements.
 *
 * Every interval the counters of the busiest statements are read without their
 * texts (the server keeps those in a file that may be large); a text is fetched
 * once, when its statement is first seen. Only what changed is published, and
 * everything once a minute, so that a recording begun later is complete. */
#include "source/postgres/internal.h"

#include <stdlib.h>
#include <uthash.h>

#include "core/sql/statement.h"

#define FULL_NS        (60 * SD_S) /* everything is published again after so long */
#define RETRY_NS       (10 * SD_S) /* when the extension is absent or fails */
#define TEXT_MAX_BYTES 65536       /* of a statement; the rest is cut */
#define TEXT_TRIES     3           /* then a statement stays without text */
#define SAMPLED_MAX    500         /* statements whose text is looked for in sessions */
#define KEEP_ROUNDS    120         /* a statement not seen for so many reads is forgotten */

enum {
    DBID,
    USERID,
    QUERY_ID,
    TOPLEVEL, /* these make the key, as in fetch_texts */
    DATABASE,
    ROLE,
    SINCE,
    CALLS,
    TOTAL,
    MIN_TIME,
    MAX_TIME,
    STDDEV,
    PLAN,
    ROWS,
    SHARED_HIT,
    SHARED_READ,
    SHARED_WRITTEN,
    TEMP_READ,
    TEMP_WRITTEN,
    IO,
    WAL,
    SEES_ALL,
    RESET
};

struct entry {
    struct key {
        int64_t dbid, userid, query_id, toplevel;
    } key;
    int64_t calls;
    double total;
    int64_t round;     /* last seen */
    sd_time absent_at; /* newest whole listing without it; not published yet. SD_UNKNOWN */
    unsigned tries;    /* to fetch its text */
    bool own;          /* slowdive's, or of another tool */
    char fingerprint[17];
    char *text;  /* NULL: not known yet */
    char *route; /* of the tags in it; NULL */
    UT_hash_handle hh;
};

struct statements {
    struct entry *entries;
    char *schema; /* quoted; NULL: no extension */
    int64_t round;
    int listed;         /* statements of the listing before, where this one goes on from it; 0: it does not */
    sd_time whole_at;   /* the listing before, when it held all statements; SD_UNKNOWN */
    bool unreadable;    /* texts: one is not valid in this database's encoding */
    sd_time next_texts; /* then they are tried again */
    bool saw_all;       /* it held those of all roles, not only our own */
    sd_time next_full;  /* publish everything then */
    sd_time next_look;  /* for an extension that was absent */
    char *sql;          /* the statement that reads the counters; NULL: look again */
    bool has_toplevel;
    char problem[400];
};

static void forget(struct statements *st, struct entry *e)
{
    HASH_DEL(st->entries, e);
    free(e->text);
    free(e->route);
    free(e);
}

void statements_free(struct statements *st)
{
    if (!st)
        return;
    struct entry *e, *next;
    HASH_ITER(hh, st->entries, e, next)
    forget(st, e);
    free(st->schema);
    free(st->sql);
    free(st);
}

const char *statements_text(const struct postgres *p, int64_t query_id)
{
    if (p->statements && sd_known(query_id))
        for (const struct entry *e = p->statements->entries; e; e = e->hh.next)
            if (e->key.query_id == query_id && e->text)
                return e->text;
    return NULL;
}

int64_t statements_find(const struct postgres *p, int64_t dbid, const char *fingerprint, int parameters)
{
    const struct entry *found = NULL;
    for (const struct entry *e = p->statements->entries; e; e = e->hh.next) {
        if (e->own || e->key.dbid != dbid || strcmp(e->fingerprint, fingerprint) != 0)
            continue;
        bool exact = sql_parameters(e->text) == parameters;
        if (exact || !found)
            found = e;
        if (exact)
            break;
    }
    return found ? found->key.query_id : SD_UNKNOWN;
}

/* ---- the statement, by the columns there are ---- */

static bool has_columns(const char *columns, const char *wanted)
{
    for (const char *w = wanted; *w;) {
        size_t n = strcspn(w, " ");
        bool found = false;
        for (const char *p = columns; *p && !found;) {
            size_t len = strcspn(p, ",");
            found = len == n && memcmp(p, w, n) == 0;
            p += len + (p[len] == ',');
        }
        if (!found)
            return false;
        w += n + (w[n] == ' ');
    }
    return true;
}

/* For each column of the result, in order: what it needs, and how it is read. The
 * first alternative whose columns exist is taken, otherwise it is null. Names
 * changed in 13 (1.8), 14 (1.9), 15 (1.10) and 17 (1.11). */
static const struct {
    const char *type;
    struct {
        const char *needs, *sql;
    } alternatives[3];
} COLUMNS[] = {
    [DBID] = {.type = "int8", .alternatives = {{.needs = "dbid", .sql = "s.dbid::int8"}}},
    [USERID] = {.type = "int8", .alternatives = {{.needs = "userid", .sql = "s.userid::int8"}}},
    [QUERY_ID] = {.type = "int8", .alternatives = {{.needs = "queryid", .sql = "s.queryid"}}},
    [TOPLEVEL] = {.type = "int4", .alternatives = {{.needs = "toplevel", .sql = "s.toplevel::int4"}}},
    [DATABASE] = {.type = "text", .alternatives = {{.needs = "dbid", .sql = "d.datname::text"}}},
    [ROLE] = {.type = "text",
              .alternatives = {{.needs = "userid", .sql = "pg_catalog.pg_get_userbyid(s.userid)::text"}}},
    [SINCE] = {.type = "timestamptz", .alternatives = {{.needs = "stats_since", .sql = "s.stats_since"}}},
    [CALLS] = {.type = "int8", .alternatives = {{.needs = "calls", .sql = "s.calls"}}},
    [TOTAL] = {.type = "float8",
               .alternatives = {{.needs = "total_exec_time", .sql = "s.total_exec_time"},
                                {.needs = "total_time", .sql = "s.total_time"}}},
    [MIN_TIME] = {.type = "float8",
                  .alternatives = {{.needs = "min_exec_time", .sql = "s.min_exec_time"},
                                   {.needs = "min_time", .sql = "s.min_time"}}},
    [MAX_TIME] = {.type = "float8",
                  .alternatives = {{.needs = "max_exec_time", .sql = "s.max_exec_time"},
                                   {.needs = "max_time", .sql = "s.max_time"}}},
    [STDDEV] = {.type = "float8",
                .alternatives = {{.needs = "stddev_exec_time", .sql = "s.stddev_exec_time"},
                                 {.needs = "stddev_time", .sql = "s.stddev_time"}}},
    /* zero plans: pg_stat_statements.track_planning is off, the time is unknown */
    [PLAN] = {.type = "float8",
              .alternatives = {{.needs = "total_plan_time plans",
                                .sql = "CASE WHEN s.plans > 0 THEN s.total_plan_time END"}}},
    [ROWS] = {.type = "int8", .alternatives = {{.needs = "rows", .sql = "s.rows"}}},
    [SHARED_HIT] = {.type = "int8",
                    .alternatives = {{.needs = "shared_blks_hit", .sql = "s.shared_blks_hit"}}},
    [SHARED_READ] = {.type = "int8",
                     .alternatives = {{.needs = "shared_blks_read", .sql = "s.shared_blks_read"}}},
    [SHARED_WRITTEN] = {.type = "int8",
                        .alternatives = {{.needs = "shared_blks_written", .sql = "s.shared_blks_written"}}},
    [TEMP_READ] = {.type = "int8", .alternatives = {{.needs = "temp_blks_read", .sql = "s.temp_blks_read"}}},
    [TEMP_WRITTEN] = {.type = "int8",
                      .alternatives = {{.needs = "temp_blks_written", .sql = "s.temp_blks_written"}}},
    /* before 17 blk_* holds shared and local blocks together */
    [IO] = {.type = "float8",
            .alternatives =
                {{.needs =
                      "shared_blk_read_time shared_blk_write_time local_blk_read_time local_blk_write_time",
                  .sql = "s.shared_blk_read_time + s.shared_blk_write_time + s.local_blk_read_time + "
                         "s.local_blk_write_time"},
                 {.needs = "blk_read_time blk_write_time", .sql = "s.blk_read_time + s.blk_write_time"}}},
    [WAL] = {.type = "int8",
             .alternatives = {{.needs = "wal_bytes",
                               .sql = "least(s.wal_bytes, 9223372036854775807)::int8"}}},
    [SEES_ALL] = {.type = "int4",
                  .alternatives =
                      {{.needs = "userid",
                        .sql = "pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'usage')::int4"}}},
    [RESET] = {.type = "timestamptz"},
};

static const char *column_sql(size_t i, const char *columns)
{
    for (size_t k = 0; k < ARRAY_LEN(COLUMNS[i].alternatives) && COLUMNS[i].alternatives[k].needs; k++)
        if (has_columns(columns, COLUMNS[i].alternatives[k].needs))
            return COLUMNS[i].alternatives[k].sql;
    return NULL;
}

char *statements_sql(const char *schema, const char *columns, bool has_info, bool io_timed)
{
    struct strbuf b = {0};
    if (!has_columns(columns, "userid dbid queryid calls") || !column_sql(TOTAL, columns))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++) {
        const char *sql = i == IO && !io_timed ? NULL : column_sql(i, columns);
        strbuf_str(&b, i ? ", " : OWN_TAG "SELECT ");
        if (sql)
            strbuf_str(&b, sql);
        else if (i == RESET && has_info)
            strbuf_printf(&b, "(SELECT stats_reset FROM %s.pg_stat_statements_info)", schema);
        else
            strbuf_printf(&b, "NULL::%s", COLUMNS[i].type);
    }
    strbuf_printf(&b,
                  " FROM %s.pg_stat_statements(false) s LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid "
                  "WHERE s.queryid IS NOT NULL ORDER BY %s DESC LIMIT $1",
                  schema, column_sql(TOTAL, columns));
    return strbuf_detach(&b);
}

/* ---- finding the extension ---- */

static void absent(struct postgres *p, struct statements *st)
{
    bool loaded = p->preload_known && p->preloaded;
    snprintf(st->problem, sizeof st->problem,
             "no statement counters: %srun CREATE EXTENSION pg_stat_statements; in database %.64s",
             loaded ? ""
                    : "add shared_preload_libraries = 'pg_stat_statements' to postgresql.conf, restart the "
                      "server, then ",
             p->database ? p->database : "?");
}

static enum sd_result find_view(struct postgres *p, struct statements *st, struct sd_error *err)
{
    static const char FIND[] =
        OWN_TAG "SELECT pg_catalog.quote_ident(n.nspname), "
                "(SELECT pg_catalog.string_agg(attname, ',') FROM pg_catalog.pg_attribute "
                "WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped), "
                "EXISTS (SELECT 1 FROM pg_catalog.pg_class i WHERE i.relnamespace = n.oid "
                "AND i.relname = 'pg_stat_statements_info') "
                "FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace "
                "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = 'pg_stat_statements' "
                "WHERE e.extname = 'pg_stat_statements'";
    PGresult *r;
    enum sd_result result = conn_query(&p->main, FIND, 0, NULL, true, &r, err);
    if (result != SD_OK)
        return result;
    char *sql = NULL;
    if (PQntuples(r) == 0) {
        absent(p, st);
    } else {
        free(st->schema);
        st->schema = mem_strdup(conn_text(r, 0, 0));
        const char *columns = conn_text(r, 0, 1);
        st->has_toplevel = has_columns(columns, "toplevel");
        sql = statements_sql(st->schema, columns, conn_int(r, 0, 2) == 1, p->io_timed);
        if (!sql)
            snprintf(st->problem, sizeof st->problem,
                     "no statement counters: the pg_stat_statements view has unknown columns");
    }
    PQclear(r);
    free(st->sql);
    st->sql = sql;
    return SD_OK;
}

/* ---- reading ---- */

static struct key key_at(const PGresult *r, int row)
{
    return (struct key){conn_int(r, row, DBID), conn_int(r, row, USERID), conn_int(r, row, QUERY_ID),
                        conn_int(r, row, TOPLEVEL)};
}

static struct entry *entry_at(struct statements *st, const PGresult *r, int row)
{
    struct key key = key_at(r, row);
    struct entry *e;
    HASH_FIND(hh, st->entries, &key, sizeof key, e);
    return e;
}

static void take_text(struct entry *e, const char *text)
{
    e->text = sql_strip_tags(text); /* they are the first caller's, not everybody's */
    e->own = sql_is_tool(text);
    struct sql_tags tags = {0};
    if (!e->own && !e->route && sql_tags(text, &tags))
        e->route = activity_route(&tags);
    sql_tags_free(&tags);
    if (!e->own && !sql_fingerprint(text, e->fingerprint))
        e->fingerprint[0] = '\0';
}

/* On a connection to any database of the server: the view has the statements of all. */
static enum sd_result texts_by(struct conn *c, struct statements *st, const char *schema, const char *ids,
                               struct sd_error *err)
{
    char *sql = mem_printf(OWN_TAG "SELECT dbid::int8, userid::int8, queryid, %s, pg_catalog.left(query, %d) "
                                   "FROM %s.pg_stat_statements(true) WHERE queryid = ANY ($1::int8[])",
                           st->has_toplevel ? "toplevel::int4" : "NULL::int4", TEXT_MAX_BYTES, schema);
    PGresult *r;
    enum sd_result result = conn_query(c, sql, 1, &ids, true, &r, err);
    free(sql);
    if (result != SD_OK)
        return result;
    for (int row = 0; row < PQntuples(r); row++) {
        struct entry *e = entry_at(st, r, row);
        const char *text = conn_maybe(r, row, TOPLEVEL + 1);
        if (e && !e->text && text)
            take_text(e, text);
    }
    PQclear(r);
    return SD_OK;
}

/* ---- texts that this database's encoding cannot hold ----
 * The view returns all texts or none: it makes an error of one that is not valid here, such as one of a
 * SQL_ASCII database. */

static bool encoding_fails(const struct conn *c)
{
    return strcmp(c->sqlstate, "22021") == 0 || strcmp(c->sqlstate, "22P05") == 0;
}

/* Databases in which every text of this server is valid, and the one the text is of. */
static const char OTHERS[] =
    OWN_TAG "SELECT datname::text, pg_catalog.pg_encoding_to_char(encoding) = 'SQL_ASCII' FROM "
            "pg_catalog.pg_database "
            "WHERE datallowconn AND pg_catalog.has_database_privilege(oid, 'CONNECT') "
            "AND datname <> pg_catalog.current_database() AND encoding <> (SELECT encoding FROM "
            "pg_catalog.pg_database "
            "WHERE datname = pg_catalog.current_database()) AND (pg_catalog.pg_encoding_to_char(encoding) = "
            "'SQL_ASCII' "
            "OR pg_catalog.pg_encoding_to_char(encoding) = 'UTF8') ORDER BY 2 DESC, 1 LIMIT 8";
static const char SCHEMA[] =
    OWN_TAG "SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e "
            "JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";

static bool texts_in(struct postgres *p, struct statements *st, const char *database, const char *ids)
{
    struct conn c = {0};
    struct sd_error ignored;
    PGresult *r = NULL;
    bool ok = conn_open(&c, p, database, &ignored) == SD_OK;
    c.path = "pg_catalog";
    if (ok && conn_query(&c, SCHEMA, 0, NULL, true, &r, &ignored) == SD_OK)
        ok = PQntuples(r) == 1 && texts_by(&c, st, conn_text(r, 0, 0), ids, &ignored) == SD_OK;
    else
        ok = false;
    PQclear(r);
    conn_close(&c);
    return ok;
}

static enum sd_result texts_elsewhere(struct postgres *p, struct statements *st, const char *ids,
                                      struct sd_error *err)
{
    PGresult *r;
    enum sd_result result = conn_query(&p->main, OTHERS, 0, NULL, true, &r, err);
    if (result != SD_OK)
        return result;
    bool found = false;
    for (int row = 0; row < PQntuples(r) && !found; row++)
        found = texts_in(p, st, conn_text(r, row, 0), ids);
    const char *ascii = PQntuples(r) ? conn_text(r, 0, 0) : NULL;
    if (!found)
        snprintf(
            st->problem, sizeof st->problem,
            "some statements have no text: pg_stat_statements returns none in database %.64s while one is "
            "not valid in its encoding%s%.64s%s",
            p->database, ascii ? "; CREATE EXTENSION pg_stat_statements; in database " : "",
            ascii ? ascii : "", ascii ? " makes them readable there" : "");
    else
        st->problem[0] = '\0';
    PQclear(r);
    return SD_OK;
}

/* Texts of statements seen for the first time; `ids` is an array literal. */
static enum sd_result fetch_texts(struct postgres *p, struct statements *st, const char *ids,
                                  struct sd_error *err)
{
    enum sd_result result = texts_by(&p->main, st, st->schema, ids, err);
    bool fails = result == SD_UNSUPPORTED && encoding_fails(&p->main);
    if (result == SD_OK && st->unreadable)
        st->problem[0] = '\0';
    if (fails || result == SD_OK)
        st->unreadable = fails;
    if (!fails)
        return result;
    st->next_texts = p->s->host->now(p->s) + RETRY_NS;
    return texts_elsewhere(p, st, ids, err);
}

/* Meanwhile sessions show what they run, or ran last. */
enum sd_result statements_sampled(struct postgres *p, struct sd_error *err)
{
    static const char SAMPLE[] =
        OWN_TAG "SELECT query_id, query FROM pg_catalog.pg_stat_activity WHERE query_id = ANY ($1::int8[])";
    struct statements *st = p->statements;
    struct strbuf ids = {0};
    int n = 0;
    if (!st || !st->unreadable || p->version < 140000)
        return SD_OK;
    for (struct entry *e = st->entries; e && n < SAMPLED_MAX; e = e->hh.next)
        if (!e->text && e->round == st->round)
            strbuf_printf(&ids, "%c%lld", n++ ? ',' : '{', (long long)e->key.query_id);
    if (!n)
        return SD_OK;
    strbuf_char(&ids, '}');
    PGresult *r;
    const char *args[] = {ids.text};
    enum sd_result result = conn_query(&p->main, SAMPLE, 1, args, true, &r, err);
    strbuf_free(&ids);
    if (result != SD_OK)
        return result == SD_UNSUPPORTED ? SD_OK : result;
    for (int row = 0; row < PQntuples(r); row++) {
        const char *text = conn_maybe(r, row, 1);
        for (struct entry *e = st->entries; e && text; e = e->hh.next) {
            if (e->text || e->key.query_id != conn_int(r, row, 0))
                continue;
            char *normal = sql_is_tool(text) ? NULL : sql_normalize(text);
            take_text(e, normal ? normal : text);
            free(normal);
            e->calls = -1; /* is published again, with it */
        }
    }
    PQclear(r);
    return SD_OK;
}

static void add_statement(struct postgres *p, struct sd_batch **b, sd_time at, const PGresult *r, int row,
                          const struct entry *e)
{
    sd_time since = conn_time(r, row, SINCE);
    struct sd_statement s = {
        .query_id = e->key.query_id,
        .database = conn_maybe(r, row, DATABASE),
        .role = conn_maybe(r, row, ROLE),
        .fingerprint = e->fingerprint[0] ? e->fingerprint : NULL,
        .text = e->text,
        .toplevel = e->key.toplevel,
        .since = sd_known(since) ? since : conn_time(r, row, RESET), /* before 17: all of them begin there */
        .calls = e->calls,
        .total_ns = conn_ms(r, row, TOTAL),
        .min_ns = conn_ms(r, row, MIN_TIME),
        .max_ns = conn_ms(r, row, MAX_TIME),
        .stddev_ns = conn_ms(r, row, STDDEV),
        .plan_ns = conn_ms(r, row, PLAN),
        .rows = conn_int(r, row, ROWS),
        .shared_hit = conn_int(r, row, SHARED_HIT),
        .shared_read = conn_int(r, row, SHARED_READ),
        .shared_written = conn_int(r, row, SHARED_WRITTEN),
        .temp_read = conn_int(r, row, TEMP_READ),
        .temp_written = conn_int(r, row, TEMP_WRITTEN),
        .io_ns = conn_ms(r, row, IO),
        .wal_bytes = conn_int(r, row, WAL),
        .route = e->route,
        .absent_at = e->absent_at,
    };
    const struct sd_host *h = p->s->host;
    if (h->add(*b, SD_STATEMENT, &s))
        return;
    h->publish(p->s, *b); /* full */
    *b = h->batch(p->s, at);
    h->add(*b, SD_STATEMENT, &s);
}

/* Is this listing one that holds every statement, as far as the role may see them? Where the rights have
 * changed since the one before, what is new to us is not new. */
static bool listing_is_whole(const struct postgres *p, struct statements *st, const PGresult *r)
{
    bool sees = PQntuples(r) ? conn_int(r, 0, SEES_ALL) == 1 : p->sees_all, same = sees == st->saw_all;
    st->saw_all = sees;
    /* A pooler may have asked another server this time. */
    if (st->round == 0 || !same || p->main.moved) {
        st->whole_at = SD_UNKNOWN;
        st->listed = 0;
    }
    return PQntuples(r) < p->o->top;
}

/* Rows into entries; true for those to publish. Fills `ids` with those without text. How many have counted
 * on from the listing before. */
static int note_changes(struct statements *st, const PGresult *r, bool full, bool texts_due, bool *changed,
                        struct strbuf *ids)
{
    int kept = 0;
    for (int row = 0; row < PQntuples(r); row++) {
        struct entry *e = entry_at(st, r, row);
        if (!e) {
            e = mem_alloc(sizeof *e);
            e->key = key_at(r, row);
            e->calls = -1;
            e->absent_at = SD_UNKNOWN;
            e->round = SD_UNKNOWN;
            HASH_ADD(hh, st->entries, key, sizeof e->key, e);
        }
        int64_t calls = conn_int(r, row, CALLS);
        double total = conn_real(r, row, TOTAL);
        if (e->round != st->round - 1 && sd_known(st->whole_at)) /* was not in the listing before */
            e->absent_at = st->whole_at;
        kept += e->round == st->round - 1 &&
                (calls == e->calls ? total == e->total : calls > e->calls && total >= e->total);
        changed[row] = full || calls != e->calls || total != e->total;
        e->calls = calls;
        e->total = total;
        e->round = st->round;
        if (!e->text && (st->unreadable ? texts_due : e->tries < TEXT_TRIES)) {
            e->tries += !st->unreadable;
            changed[row] = true;
            strbuf_printf(ids, "%c%lld", ids->len ? ',' : '{', (long long)e->key.query_id);
        }
    }
    return kept;
}

/* Before 14 the extension does not say when it was reset: most counters begin anew then. When it is full it
 * forgets a twentieth; a few of many may leave the head of the list. */
static void note_reset(struct postgres *p, const struct statements *st, const PGresult *r, int kept,
                       sd_time at)
{
    enum { MANY = 100 };
    sd_time reset = PQntuples(r) > 0 ? conn_time(r, 0, RESET) : SD_UNKNOWN;
    if (sd_known(reset))
        database_note_statements(p, reset);
    else if (PQntuples(r) > 0 && (sd_known(st->whole_at) || st->listed >= MANY) && kept < st->listed / 2)
        database_statements_reset(p, at);
}

static enum sd_result collect(struct postgres *p, struct statements *st, struct sd_error *err)
{
    const struct sd_host *h = p->s->host;
    char limit[32];
    snprintf(limit, sizeof limit, "%lld", (long long)p->o->top);
    const char *args[] = {limit};
    PGresult *r;
    sd_time at = h->now(p->s);
    enum sd_result result = conn_query(&p->main, st->sql, 1, args, true, &r, err);
    if (result != SD_OK)
        return result;

    bool full = at >= st->next_full || st->next_full > at + FULL_NS;
    if (full)
        st->next_full = at + FULL_NS;
    bool whole = listing_is_whole(p, st, r);
    st->round++;
    struct strbuf ids = {0};
    bool *changed = mem_array((size_t)PQntuples(r) + 1, sizeof *changed);
    int kept =
        note_changes(st, r, full, at >= st->next_texts || st->next_texts > at + RETRY_NS, changed, &ids);
    note_reset(p, st, r, kept, at);
    st->listed = PQntuples(r);
    if (ids.len) {
        strbuf_char(&ids, '}');
        result = fetch_texts(p, st, ids.text, err);
    }
    if (result == SD_OK) {
        struct sd_batch *b = h->batch(p->s, at);
        for (int row = 0; row < PQntuples(r); row++) {
            struct entry *e = changed[row] ? entry_at(st, r, row) : NULL;
            /* Without its text one of ours is not told from the application's but by the role. */
            bool ours = e && (e->own || (!e->text && st->unreadable && p->sees_all &&
                                         str_eq(conn_maybe(r, row, ROLE), p->role)));
            if (e && !ours)
                add_statement(p, &b, at, r, row, e);
            if (e)
                e->absent_at = SD_UNKNOWN;
        }
        h->publish(p->s, b);
    } else {
        st->next_full = 0; /* what was not published must come again */
    }
    st->whole_at = whole ? at : SD_UNKNOWN;
    free(changed);
    strbuf_free(&ids);
    PQclear(r);

    struct entry *e, *next;
    HASH_ITER(hh, st->entries, e, next)
    if (e->round + KEEP_ROUNDS < st->round)
        forget(st, e);
    return result;
}

enum sd_result statements_collect(struct postgres *p, char *problem, size_t size, struct sd_error *err)
{
    if (!p->statements)
        p->statements = mem_alloc(sizeof *p->statements);
    struct statements *st = p->statements;
    sd_time now = p->s->host->now(p->s);
    bool due = now >= st->next_look || st->next_look > now + RETRY_NS; /* the clock may be set back */
    enum sd_result result = SD_OK;
    if (!st->sql && due) {
        st->next_look = now + RETRY_NS;
        st->problem[0] = '\0';
        result = find_view(p, st, err);
    }
    if (result == SD_OK && st->sql)
        result = collect(p, st, err);
    if (result == SD_UNSUPPORTED) {
        /* A refused statement is no broken connection: say so, go on, look again. */
        if (strcmp(p->main.sqlstate, "57014") == 0)
            snprintf(st->problem, sizeof st->problem,
                     "no statement counters: reading pg_stat_statements took longer than the timeout");
        else if (strcmp(p->main.sqlstate, "55000") == 0)
            snprintf(st->problem, sizeof st->problem,
                     "no statement counters: add shared_preload_libraries = 'pg_stat_statements' to "
                     "postgresql.conf "
                     "and restart the server (%.100s)",
                     err->text);
        else
            snprintf(st->problem, sizeof st->problem, "no statement counters: %.300s", err->text);
        st->next_look = now + RETRY_NS;
        free(st->sql);
        st->sql = NULL;
        result = SD_OK;
    }
    snprintf(problem, size, "%s", st->problem);
    return result;
}
