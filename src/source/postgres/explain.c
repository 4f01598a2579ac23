/* explain.c - a plan on request, without running anything.
 *
 * A connection of its own; the text has passed sql_may_explain; one statement a
 * message; BEGIN READ ONLY with timeouts; always ROLLBACK. Every error is stored in the plan's `failed`, so
 * that the pane can show it. */
#include "source/postgres/internal.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/schema.h"
#include "core/sql/statement.h"
#include "core/sql/lex.h"

#define MAX_PARAMETERS 65535 /* of a statement planned without its values: as the protocol has them */
#define MAX_TYPE_TRIES 40    /* parses until every parameter has a type */
#define MAX_RELATIONS  64    /* of a plan, whose indexes are listed */
#define EXPLAIN_SQL    OWN_TAG "EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS"

/* ---- typed constants whose value became a parameter ---- */

static bool is_word(const struct sql_token *t, const char *word)
{
    return t->kind == SQL_WORD && t->len == strlen(word) && strncasecmp(t->text, word, t->len) == 0;
}

static bool is_type(const struct sql_token *t)
{
    static const char *const types[] = {
        "interval", "date",      "time",      "timetz",    "timestamp", "timestamptz", "numeric",
        "inet",     "cidr",      "uuid",      "json",      "jsonb",     "bytea",       "point",
        "box",      "bit",       "varbit",    "text",      "int8",      "int4",        "float8",
        "bool",     "boolean",   "money",     "xml",       "tsquery",   "tsvector",    "daterange",
        "tsrange",  "tstzrange", "int4range", "int8range", "numrange",  NULL};
    for (size_t i = 0; types[i]; i++)
        if (is_word(t, types[i]))
            return true;
    return false;
}

static struct sql_token next_solid(const char *p)
{
    struct sql_token t = sql_lex(p);
    while (t.kind == SQL_SPACE || t.kind == SQL_COMMENT)
        t = sql_lex(t.text + t.len);
    return t;
}

char *explain_rewrite(const char *sql)
{
    struct strbuf out = {0};
    struct sql_token t;
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p = t.text + t.len) {
        if (is_type(&t)) {
            /* "timestamp with time zone $1", "time without time zone $1" */
            struct sql_token last = t, after = next_solid(t.text + t.len);
            if (is_word(&after, "with") || is_word(&after, "without")) {
                struct sql_token time = next_solid(after.text + after.len);
                struct sql_token zone = next_solid(time.text + time.len);
                if (is_word(&time, "time") && is_word(&zone, "zone")) {
                    last = zone;
                    after = next_solid(zone.text + zone.len);
                }
            }
            if (after.kind == SQL_PARAM) {
                strbuf_add(&out, after.text, after.len);
                strbuf_str(&out, "::");
                strbuf_add(&out, t.text, (size_t)(last.text + last.len - t.text));
                t = after;
                continue;
            }
        }
        strbuf_add(&out, t.text, t.len);
    }
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

/* ---- planning ---- */

static enum sd_result command(struct conn *c, const char *sql, struct sd_error *err)
{
    PGresult *r;
    enum sd_result result = conn_query(c, sql, 0, NULL, false, &r, err);
    if (result == SD_OK)
        PQclear(r);
    return result;
}

/* The first field into *body (caller frees); clears r. */
static enum sd_result take_plan(PGresult *r, char **body, struct sd_error *err)
{
    enum sd_result result = SD_OK;
    if (conn_is_null(r, 0, 0))
        result = sd_fail(err, SD_UNSUPPORTED, "the server gave no plan");
    else
        *body = mem_strdup(conn_text(r, 0, 0));
    PQclear(r);
    return result;
}

static enum sd_result plan(struct conn *c, const char *sql, char **body, struct sd_error *err)
{
    PGresult *r;
    enum sd_result result = conn_query(c, sql, 0, NULL, false, &r, err);
    return result == SD_OK ? take_plan(r, body, err) : result;
}

/* GENERIC_PLAN, from 16 on. The extended protocol wants a value for each $n and
 * plans with it, so this one goes through the simple protocol, after the server
 * itself has taken the very same text for one statement. */
static enum sd_result plan_without_values(struct conn *c, const char *sql, char **body, struct sd_error *err)
{
    PGresult *r;
    char *explain = mem_printf(EXPLAIN_SQL ", GENERIC_PLAN)\n%s", sql);
    enum sd_result result = conn_parse(c, explain, 0, NULL, err);
    if (result == SD_OK && (result = conn_simple(c, explain, &r, err)) == SD_OK)
        result = take_plan(r, body, err);
    free(explain);
    return result;
}

/* "could not determine data type of parameter $1" */
static bool type_is_open(const struct conn *c)
{
    return strcmp(c->sqlstate, "42P18") == 0 || strcmp(c->sqlstate, "42P08") == 0;
}

/* `$1 IS NULL OR c = $1` leaves the type of $1 open. Types are tried, those first
 * whose comparison with a column of a related type can still use its index. */
static const struct type {
    const char *name;
    Oid oid; /* pg_type.dat: the same in all versions */
} CANDIDATES[] = {
    {.name = "int8", .oid = 20},    {.name = "text", .oid = 25},      {.name = "timestamptz", .oid = 1184},
    {.name = "uuid", .oid = 2950},  {.name = "numeric", .oid = 1700}, {.name = "bool", .oid = 16},
    {.name = "jsonb", .oid = 3802}, {.name = "inet", .oid = 869},     {.name = "bytea", .oid = 17}};

/* After a failure: back to the savepoint, or where there is none, a new transaction. */
static enum sd_result again(struct conn *c, struct sd_error *err)
{
    if (!c->open)
        return command(c, OWN_TAG "ROLLBACK TO SAVEPOINT slowdive", err);
    conn_end(c);
    return conn_begin(c, c->timeout, err);
}

/* The types of a statement's n parameters as PREPARE wants them, "(unknown, bigint)";
 * "unknown": the server infers it. The server parses the text for it, no more. */
static enum sd_result find_types(struct conn *c, const char *sql, int n, struct strbuf *out,
                                 struct sd_error *err)
{
    Oid *types = mem_array((size_t)n, sizeof *types);
    size_t *chosen = mem_array((size_t)n, sizeof *chosen);
    size_t tried = 0; /* candidates for parameter `open` */
    int open = -1;
    enum sd_result result = c->open ? SD_OK : command(c, OWN_TAG "SAVEPOINT slowdive", err);
    for (int tries = 0; result == SD_OK; tries++) {
        result = conn_parse(c, sql, n, types, err);
        if (result != SD_UNSUPPORTED || tries >= MAX_TYPE_TRIES)
            break;
        const char *dollar = type_is_open(c) ? strrchr(err->text, '$') : NULL;
        int k = 0;
        if (dollar)
            k = atoi(dollar + 1);
        if (k >= 1 && k <= n && !types[k - 1]) { /* another one whose type is open */
            open = k - 1;
            tried = 0;
        } else if (open < 0) {
            break; /* another kind of mistake */
        }
        if (tried >= ARRAY_LEN(CANDIDATES)) {
            sd_fail(
                err, result,
                "the type of parameter $%d cannot be derived from the statement; add a cast such as $%d::int",
                open + 1, open + 1);
            break;
        }
        chosen[open] = tried++;
        types[open] = CANDIDATES[chosen[open]].oid;
        result = again(c, err);
    }
    for (int i = 0; i < n; i++)
        strbuf_printf(out, "%spg_catalog.%s", i ? ", " : "(",
                      types[i] ? CANDIDATES[chosen[i]].name : "unknown");
    if (n > 0)
        strbuf_char(out, ')');
    free(types);
    free(chosen);
    return result;
}

static void prepare_text(struct strbuf *b, const char *name, const char *types, const char *sql)
{
    strbuf_printf(b, OWN_TAG "PREPARE %s%s AS %s", name, types ? types : "", sql);
}

enum sd_result explain_prepare(struct conn *c, const char *name, const char *sql, int n, struct sd_error *err)
{
    struct strbuf types = {0}, b = {0};
    enum sd_result result = find_types(c, sql, n, &types, err);
    if (result == SD_OK) {
        prepare_text(&b, name, types.text, sql);
        result = command(c, b.text, err);
    }
    strbuf_free(&types);
    strbuf_free(&b);
    return result;
}

/* Prepares, explains and forgets it in one message: the server runs all of it even if this process ends.
 * PREPARE is not undone by a rollback; no other client uses its name. */
static enum sd_result plan_prepared(struct conn *c, const char *types, const char *sql, int n,
                                    const char *options, char **body, struct sd_error *err)
{
    struct strbuf text[3] = {{0}};
    PGresult *r[3];
    struct sd_error ignored;
    char name[64];
    snprintf(name, sizeof name, "slowdive_%d_%llx", (int)getpid(), (unsigned long long)clock_mono());
    prepare_text(&text[0], name, types, sql);
    strbuf_printf(&text[1], "%s EXECUTE %s(", options, name);
    for (int i = 0; i < n; i++)
        strbuf_str(&text[1], i ? ", NULL" : "NULL");
    strbuf_char(&text[1], ')');
    strbuf_printf(&text[2], OWN_TAG "DEALLOCATE %s", name);
    const char *const all[] = {text[0].text, text[1].text, text[2].text};
    enum sd_result result = conn_sequence(c, all, 3, r, err);
    if (result == SD_OK) {
        result = take_plan(r[1], body, err);
        r[1] = NULL;
    } else if (result == SD_UNSUPPORTED && r[0]) { /* prepared, and not forgotten */
        char state[sizeof c->sqlstate];
        memcpy(state, c->sqlstate, sizeof state);
        bool ended = c->open;
        if (ended)
            conn_end(c);
        else
            command(c, OWN_TAG "ROLLBACK TO SAVEPOINT slowdive", &ignored);
        command(c, text[2].text, &ignored);
        memcpy(c->sqlstate, state, sizeof state);
    }
    for (size_t i = 0; i < 3; i++) {
        PQclear(r[i]);
        strbuf_free(&text[i]);
    }
    return result;
}

enum sd_result explain_generic(struct conn *c, const char *sql, int n, const char *options, char **body,
                               struct sd_error *err)
{
    struct strbuf types = {0};
    enum sd_result result = find_types(c, sql, n, &types, err);
    if (result == SD_OK)
        result = command(
            c, OWN_TAG "SELECT pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)", err);
    if (result == SD_OK)
        result = plan_prepared(c, types.text, sql, n, options, body, err);
    strbuf_free(&types);
    return result;
}

static enum sd_result plan_any(struct conn *c, const char *text, int n, bool unattended, char **body,
                               struct sd_error *err)
{
    int64_t timeout = MIN(c->timeout, 5 * SD_S);
    enum sd_result result = conn_begin(c, timeout, err);
    if (result == SD_OK)
        result = harmless_plan(c, text, unattended, NULL, err);
    if (result != SD_OK)
        return result;
    if (n == 0) {
        char *explain = mem_printf(EXPLAIN_SQL ")\n%s", text);
        result = plan(c, explain, body, err);
        free(explain);
        return result;
    }
    char *sql = explain_rewrite(text);
    bool tried = PQserverVersion(c->pg) >= 160000 && !c->open;
    if (tried)
        result = plan_without_values(c, sql, body, err);
    if (!tried || result == SD_UNSUPPORTED) {
        /* What GENERIC_PLAN cannot type may still be prepared. */
        if (tried) {
            conn_end(c);
            result = conn_begin(c, timeout, err);
            if (result == SD_OK)
                result = harmless_plan(c, text, unattended, NULL, err);
        }
        if (result == SD_OK)
            result = explain_generic(c, sql, n, EXPLAIN_SQL ")", body, err);
    }
    free(sql);
    return result;
}

/* ---- the relations of a plan ---- */

struct relations {
    struct strbuf schemas, names; /* array literals, without the closing brace */
    size_t n;
};

/* cJSON refuses more than 1000 levels, so the recursion is bounded. */
static void find_relations(const cJSON *node, struct relations *rel)
{
    const char *schema = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, "Schema"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, "Relation Name"));
    if (schema && name && rel->n < MAX_RELATIONS) {
        conn_array_item(&rel->schemas, schema);
        conn_array_item(&rel->names, name);
        rel->n++;
    }
    for (const cJSON *c = node->child; c; c = c->next)
        if (cJSON_IsObject(c) || cJSON_IsArray(c))
            find_relations(c, rel);
}

static const char TABLES[] =
    OWN_TAG "WITH " UNINDEXED_KEYS "SELECT DISTINCT n.nspname::text, c.relname::text, c.reltuples::float8, "
            "pg_catalog.pg_relation_size(c.oid)::int8, s.n_live_tup, s.n_dead_tup, "
            "greatest(s.last_analyze, s.last_autoanalyze), s.n_mod_since_analyze, u.keys "
            "FROM unnest($1::text[], $2::text[]) w(s, t) "
            "JOIN pg_catalog.pg_namespace n ON n.nspname = w.s "
            "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.t AND c.relkind IN ('r', "
            "'m', 'p') "
            "LEFT JOIN unindexed u ON u.confrelid = c.oid "
            "LEFT JOIN pg_catalog.pg_stat_all_tables s ON s.relid = c.oid";
static const char INDEXES[] = OWN_TAG
    "SELECT DISTINCT n.nspname::text, c.relname::text, i.relname::text, "
    "pg_catalog.pg_get_indexdef(x.indexrelid), "
    "(SELECT pg_catalog.string_agg(coalesce(a.attname, '')::text, ',' ORDER BY k.o) "
    "FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(attnum, o) "
    "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum <> 0 "
    "WHERE k.o <= x.indnkeyatts), "
    "x.indisunique, x.indisvalid, x.indpred IS NOT NULL, pg_catalog.pg_relation_size(x.indexrelid)::int8 "
    "FROM unnest($1::text[], $2::text[]) w(s, t) "
    "JOIN pg_catalog.pg_namespace n ON n.nspname = w.s "
    "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.t "
    "JOIN pg_catalog.pg_index x ON x.indrelid = c.oid "
    "JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid LIMIT 1000";

/* Few dead rows are no matter. */
static bool has_dead_rows(const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++)
        if (conn_int(r, row, 5) >= 1000)
            return true;
    return false;
}

/* Sizes and indexes of the tables in the plan. Best effort: a table locked
 * meanwhile only leaves them out. */
void explain_facts(struct postgres *p, struct conn *c, const char *database, const char *body,
                   struct sd_batch *reply)
{
    const struct sd_host *h = p->s->host;
    struct relations rel = {0};
    struct sd_error ignored;
    cJSON *tree = cJSON_Parse(body);
    if (tree)
        find_relations(tree, &rel);
    cJSON_Delete(tree);
    if (rel.n > 0 && command(c, OWN_TAG "SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)",
                             &ignored) == SD_OK) {
        strbuf_char(&rel.schemas, '}');
        strbuf_char(&rel.names, '}');
        const char *args[] = {rel.schemas.text, rel.names.text};
        PGresult *r;
        if (conn_query(c, TABLES, 2, args, true, &r, &ignored) == SD_OK) {
            sd_time kept_since = SD_UNKNOWN;
            char *kept_by = has_dead_rows(r) ? holders_oldest(p, database, &kept_since) : NULL;
            for (int row = 0; row < PQntuples(r); row++) {
                double rows = conn_real(r, row, 2);
                struct sd_table t;
                schema_clear(schema_of(SD_TABLE), &t);
                t.database = database;
                t.schema = conn_maybe(r, row, 0);
                t.name = conn_maybe(r, row, 1);
                t.rows = rows >= 0 ? rows : NAN; /* -1: never analysed */
                t.size_bytes = conn_int(r, row, 3);
                t.rows_live = conn_int(r, row, 4);
                t.rows_dead = conn_int(r, row, 5);
                t.last_analyze = conn_time(r, row, 6);
                t.changed = conn_int(r, row, 7);
                t.unindexed_keys = conn_maybe(r, row, 8);
                t.kept_by = kept_by;
                t.kept_since = kept_since;
                h->add(reply, SD_TABLE, &t);
            }
            free(kept_by);
            PQclear(r);
        }
        if (conn_query(c, INDEXES, 2, args, true, &r, &ignored) == SD_OK) {
            for (int row = 0; row < PQntuples(r); row++) {
                struct sd_index x;
                schema_clear(schema_of(SD_INDEX), &x);
                x.database = database;
                x.schema = conn_maybe(r, row, 0);
                x.table = conn_maybe(r, row, 1);
                x.name = conn_maybe(r, row, 2);
                x.definition = conn_maybe(r, row, 3);
                x.columns = conn_maybe(r, row, 4);
                x.is_unique = conn_int(r, row, 5);
                x.is_valid = conn_int(r, row, 6);
                x.is_partial = conn_int(r, row, 7);
                x.size_bytes = conn_int(r, row, 8);
                h->add(reply, SD_INDEX, &x);
            }
            PQclear(r);
        }
    }
    strbuf_free(&rel.schemas);
    strbuf_free(&rel.names);
}

/* ---- the request ---- */

/* The statement to plan: the one given, or the whole text of the same query_id
 * when the given one was cut at track_activity_query_size. */
const char *explain_statement(const struct postgres *p, const char *query, int64_t query_id, bool *cut)
{
    const char *text = query ? query : "";
    *cut = sd_known(p->query_size) && p->query_size > 4 && strlen(text) + 4 >= (size_t)p->query_size &&
           strlen(text) < (size_t)p->query_size;
    if (*cut || !text[0]) {
        const char *known = statements_text(p, query_id);
        if (known) {
            *cut = false;
            return known;
        }
    }
    return text;
}

bool explain_allowed(const struct postgres *p, const char *text, bool cut,
                     bool (*gate)(const char *sql, struct sd_error *why), struct sd_error *why)
{
    if (strcmp(text, "<insufficient privilege>") == 0)
        return fail(why, "the statement's text is hidden from this role: GRANT pg_monitor TO %.64s;",
                    p->role ? p->role : "it");
    struct sd_error reason;
    /* Plain EXPLAIN can do without our parser: harmless_plan. */
    if (gate(text, &reason) || (gate == sql_may_explain && !cut && sql_is_unread(text))) {
        if (sql_parameters(text) > MAX_PARAMETERS)
            return fail(why, "the statement has more than %d parameters", MAX_PARAMETERS);
        return true;
    }
    if (cut)
        return fail(why,
                    "the server keeps only the first %lld bytes of a running statement "
                    "(track_activity_query_size), and pg_stat_statements does not have the rest",
                    (long long)p->query_size - 1);
    return fail(why, "%s", reason.text);
}

/* A server's sentence with what the user can do about it. */
void explain_advise(const struct postgres *p, const struct conn *c, struct sd_error *err)
{
    char text[sizeof err->text];
    snprintf(text, sizeof text, "%s", err->text);
    if (strcmp(c->sqlstate, "42501") == 0)
        fail(err,
             p->version >= 140000
                 ? "%.300s: a plan needs SELECT on the tables (that of a write its own privilege): GRANT "
                   "pg_read_all_data TO %.64s;"
                 : "%.300s: a plan needs SELECT on the tables; grant it to %.64s or name another role",
             text, p->role ? p->role : "the role");
    else if (strcmp(c->sqlstate, "55P03") == 0)
        fail(err, "%.300s: a table of the statement is locked by another session; try again", text);
    else if (strcmp(c->sqlstate, "57014") == 0)
        fail(err, "%.300s: planning took too long and was stopped", text);
    else if (strcmp(c->sqlstate, "42601") == 0)
        fail(err, "the server does not read the statement: %.300s", text);
    else if (strcmp(c->sqlstate, "42P01") == 0)
        fail(err, "%.300s: perhaps the application has another search_path, or another database", text);
}

enum sd_result explain_request(struct postgres *p, const struct sd_job_explain *job, struct sd_batch *reply,
                               struct sd_error *err)
{
    const char *database = job->database ? job->database : p->database;
    bool cut;
    const char *text = explain_statement(p, job->query, job->query_id, &cut);
    char *whole = sql_expand_lists(text), *body = NULL;
    int n = sql_parameters(whole);
    struct sd_error why = {{0}};
    struct conn c = {0};
    enum sd_result result = explain_allowed(p, text, cut, sql_may_explain, &why) ? SD_OK : SD_UNSUPPORTED;
    if (result == SD_OK)
        result = conn_open(&c, p, job->database && !str_eq(job->database, p->database) ? job->database : NULL,
                           &why);
    if (result == SD_OK) {
        result = plan_any(&c, whole, n, job->unattended > 0, &body, &why);
        if (result == SD_UNSUPPORTED)
            explain_advise(p, &c, &why);
    }
    if (body && result != SD_NODATA) {
        struct sd_plan pl = {
            .query_id = job->query_id,
            .database = database,
            .query = text,
            .body = body,
            .generic = n > 0,
            .analyzed = 0,
        };
        p->s->host->add(reply, SD_PLAN, &pl);
        explain_facts(p, &c, database, body, reply);
        conn_end(&c);
        explain_advice(p, &c, &pl, job->unattended > 0, reply);
    }
    if (c.p) {
        if (c.pg && result != SD_NODATA)
            conn_end(&c);
        conn_close(&c);
    }
    bool done = body || result == SD_NODATA;
    free(body);
    free(whole);
    if (done)
        return SD_OK;
    return sd_fail(err, SD_UNSUPPORTED, "%s", why.text[0] ? why.text : "the server gave no plan");
}
