/* harmless.c - may this statement be executed here, or planned? What the server says.
 *
 * A read-only transaction that is rolled back stops neither a function that talks to
 * another server nor one that ends a session, and functions hide in views, policies,
 * domains, operators, casts and x.name. So the rule is by origin, not by what something
 * claims of itself: all that the statement may call is built in, or belongs to an
 * extension of a short list; and none of it is VOLATILE, but for another short list.
 *
 * What the statement names is looked up by name on its search_path, every overload; what
 * its relations and types consist of is followed through pg_depend, which knows by OID each
 * object that is not built in. Built-in functions inside views and the like are not in
 * pg_depend: the definitions are parsed, as the statement was.
 *
 * An operator or function of an unknown type (a base type of an extension not listed)
 * can be called only with a value of that type. Such a type among the columns or casts
 * is refused itself, so that an overload is passed over when more of its arguments
 * want such a type than there are constants that could become one.
 *
 * Planning runs less, so it may go through functions of the user's own that do nothing
 * (harmless_body.c); but not when they would run with rights that reach outside of the
 * database, nor when nobody asked for the plan. A function is read a moment before
 * it could run and cannot be locked, so its author could swap it in between: what is
 * read is no proof then. */
#include "source/postgres/harmless.h"

#include <strings.h>

#include <stdlib.h>

#include "core/sql/statement.h"
#include "core/sql/lex.h"

#define MAX_ROUNDS 20   /* built-in views of built-in views */
#define MAX_TEXTS  2000 /* definitions parsed for one statement */

/* VOLATILE functions, built in or of those extensions, that change nothing; * at the
 * end: a prefix. */
static const char *const VOLATILE[] = {
    "random",
    "random_normal",
    "clock_timestamp",
    "timeofday",
    "gen_random_uuid",
    "uuidv4",
    "uuidv7",
    "uuid_generate_v*",
    "gen_random_bytes",
    "gen_salt",
    "system", /* these four: TABLESAMPLE */
    "bernoulli",
    "system_rows",
    "system_time",
    "currval",
    "lastval",
    "pg_sequence_last_value",
    "pg_relation_size",
    "pg_total_relation_size",
    "pg_table_size",
    "pg_indexes_size",
    "pg_database_size",
    "pg_tablespace_size",
    "pg_stat_get_*",
    "pg_lock_status",
    "pg_blocking_pids",
    "pg_safe_snapshot_blocking_pids",
    "pg_stat_statements",
    "pg_stat_statements_info",
    "pg_prepared_xact",
    "pg_get_replication_slots",
    "pg_show_replication_origin_status",
    "pg_is_in_recovery",
    "pg_last_wal_receive_lsn",
    "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp",
    "pg_current_wal_lsn",
    "pg_current_wal_insert_lsn",
    "pg_current_wal_flush_lsn",
};

bool harmless_volatile(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(VOLATILE); i++) {
        size_t n = strlen(VOLATILE[i]);
        if (VOLATILE[i][n - 1] == '*' ? strncmp(name, VOLATILE[i], n - 1) == 0
                                      : strcmp(name, VOLATILE[i]) == 0)
            return true;
    }
    return false;
}

/* ---- names as arrays of the server ---- */

struct columns {
    struct strbuf schemas, names, literals;
};

static void columns_add(struct columns *a, const char *schema, const char *name, int literals)
{
    conn_array_item(&a->schemas, schema);
    conn_array_item(&a->names, name);
    strbuf_printf(&a->literals, "%s%d", a->literals.len ? "," : "{", literals);
}

static void columns_add_all(struct columns *a, const struct sql_use_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        columns_add(a, l->list[i].schema, l->list[i].name, l->list[i].literals);
}

static void columns_end(struct columns *a)
{
    strbuf_str(&a->schemas, a->schemas.len ? "}" : "{}");
    strbuf_str(&a->names, a->names.len ? "}" : "{}");
    strbuf_str(&a->literals, a->literals.len ? "}" : "{}");
}

static void columns_free(struct columns *a)
{
    strbuf_free(&a->schemas);
    strbuf_free(&a->names);
    strbuf_free(&a->literals);
}

/* ---- sentences ---- */

#define ORIGIN "what is built into PostgreSQL or comes with an extension known to be harmless"
#define RULE   "EXPLAIN ANALYZE only runs " ORIGIN

static const struct {
    const char *kind, *before, *after; /* of schema.name */
} SENTENCES[] = {
    {.kind = "function",
     .before = "the statement calls the function ",
     .after = ", which may change something; " RULE},
    {.kind = "attribute",
     .before = "an attribute in the statement, such as t.f, may be a call of the function ",
     .after = "; " RULE},
    {.kind = "operator",
     .before = "the statement uses the operator ",
     .after = ", whose function may act on something; " RULE},
    {.kind = "cast", .before = "the statement may convert a value by a cast that calls ", .after = "; " RULE},
    {.kind = "inside",
     .before = "a view, policy, domain, type or index that the statement uses needs ",
     .after = "; " RULE},
    {.kind = "type",
     .before = "the statement uses the type ",
     .after = ", whose functions may act on something; " RULE},
    {.kind = "foreign",
     .before = "",
     .after = " is a foreign table, and reading it acts on another server; EXPLAIN ANALYZE does not do that"},
    {.kind = "remote",
     .before = "",
     .after = " is a foreign table, and reading it acts on another server; EXPLAIN ANALYZE does not do that"},
};

/* In a plan that may run nothing of the user's own. */
static enum sd_result refuse_own(const struct harmless *h, const char *kind, const char *schema,
                                 const char *name, struct sd_error *why)
{
    const char *what = str_eq(kind, "type")       ? "use the type"
                       : str_eq(kind, "operator") ? "run the operator"
                       : str_eq(kind, "cast")     ? "convert by"
                                                  : "run";
    return sd_fail(why, SD_UNSUPPORTED, "planning may %s %.64s.%.64s; %s", what, schema ? schema : "?",
                   name ? name : "?", h->strict);
}

static enum sd_result judge_plan(struct harmless *h, const PGresult *r, int row, struct sd_error *why)
{
    const char *kind = conn_text(r, row, 0), *schema = conn_text(r, row, 1), *name = conn_text(r, row, 2);
    int64_t oid = conn_int(r, row, 4);
    if (str_eq(kind, "remote"))
        return sd_fail(why, SD_UNSUPPORTED,
                       "%.64s.%.64s is a foreign table, and planning may act on another server",
                       schema ? schema : "?", name ? name : "?");
    if (str_eq(kind, "volatile")) /* the planner runs none by itself */
        return !h->inner || harmless_volatile(name ? name : "")
                   ? SD_OK
                   : sd_fail(why, SD_UNSUPPORTED,
                             "planning may run a function or domain that may call %.64s, which is VOLATILE: "
                             "it may change something even when the statement is only planned",
                             name);
    if (str_eq(kind, "foreign"))
        return SD_OK;
    if (h->strict[0])
        return refuse_own(h, kind, schema, name, why);
    if (str_eq(kind, "type"))
        h->strange = true;
    bool by_call = str_eq(kind, "function") || str_eq(kind, "attribute") || str_eq(kind, "cast");
    if (sd_known(oid))
        harmless_add(h, oid, h->inner || !by_call);
    return SD_OK;
}

/* One row of an answer, as a sentence; SD_OK: nothing wrong with it. */
static enum sd_result judge_row(struct harmless *h, const PGresult *r, int row, struct sd_error *why)
{
    const char *kind = conn_text(r, row, 0), *schema = conn_text(r, row, 1), *name = conn_text(r, row, 2);
    if (str_eq(kind, "text") || str_eq(kind, "check"))
        return SD_OK;
    if (str_eq(kind, "secured")) {
        h->secured = true;
        return SD_OK;
    }
    if (h->plan)
        return judge_plan(h, r, row, why);
    if (str_eq(kind, "volatile"))
        return harmless_volatile(name)
                   ? SD_OK
                   : sd_fail(why, SD_UNSUPPORTED,
                             "the statement calls %.64s, directly or in a view or policy: it is VOLATILE, so "
                             "that each call may change something, and EXPLAIN ANALYZE would call it",
                             name);
    for (size_t i = 0; i < ARRAY_LEN(SENTENCES); i++)
        if (str_eq(kind, SENTENCES[i].kind))
            return sd_fail(why, SD_UNSUPPORTED, "%s%.64s.%.64s%s", SENTENCES[i].before, schema, name,
                           SENTENCES[i].after);
    return sd_fail(why, SD_UNSUPPORTED, "the server returned an unknown name: %.64s", kind);
}

/* ---- asking ---- */

static enum sd_result query_server(struct harmless *h, const char *sql, int n, const char *const *args,
                                   PGresult **r, struct sd_error *why)
{
    enum sd_result result = conn_query(h->c, sql, n, args, true, r, why);
    for (int row = 0; result == SD_OK && row < PQntuples(*r); row++)
        result = judge_row(h, *r, row, why);
    if (result != SD_OK) {
        PQclear(*r);
        *r = NULL;
    }
    return result;
}

enum sd_result harmless_names(struct harmless *h, const char *path, const struct sql_uses *u,
                              const char *text, struct sd_error *why)
{
    struct columns f = {0}, o = {0}, t = {0}, a = {0};
    columns_add_all(&f, &u->functions);
    columns_add_all(&o, &u->operators);
    columns_add_all(&t, &u->types);
    columns_add_all(&a, &u->attributes);
    columns_end(&f);
    columns_end(&o);
    columns_end(&t);
    columns_end(&a);
    const char *args[] = {HARMLESS_EXTENSIONS,
                          path,
                          f.schemas.text,
                          f.names.text,
                          f.literals.text,
                          o.schemas.text,
                          o.names.text,
                          o.literals.text,
                          t.schemas.text,
                          t.names.text,
                          a.names.text,
                          text ? text : "",
                          h->plan && !h->strict[0] ? "t" : "f",
                          h->modifies || h->inner ? "t" : "f",
                          a.schemas.text};
    PGresult *r;
    enum sd_result result = query_server(h, HARMLESS_NAMES, ARRAY_LEN(args), args, &r, why);
    if (result == SD_OK)
        PQclear(r);
    columns_free(&f);
    columns_free(&o);
    columns_free(&t);
    columns_free(&a);
    return result;
}

/* ---- definitions ---- */

struct texts {
    char **seen; /* definitions parsed already */
    size_t n, cap;
    struct sql_uses uses; /* of those parsed in this round: without schemas */
};

static bool seen(struct texts *t, const char *text)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->seen[i], text) == 0)
            return true;
    t->seen = mem_grow(t->seen, t->n, &t->cap, sizeof *t->seen);
    t->seen[t->n++] = mem_strdup(text);
    return false;
}

/* Does a definition that does not parse here, as newer servers write, call what acts? */
static bool calls_denied(const char *text)
{
    struct sql_uses u = {0};
    char *word = harmless_read(text, &u);
    bool denied = word != NULL;
    free(word);
    sql_uses_free(&u);
    return denied;
}

/* Parses the definitions of an answer; their built-in functions and relations go on. Of what
 * is only planned those of domains: the server runs them while it reads a constant, VOLATILE or not. */
static enum sd_result parse_texts(const struct harmless *h, struct texts *t, const PGresult *r,
                                  struct columns *functions, struct columns *relations, bool *more,
                                  struct sd_error *why)
{
    for (int row = 0; row < PQntuples(r); row++) {
        const char *text = conn_maybe(r, row, 3), *kind = conn_text(r, row, 0);
        bool check = str_eq(kind, "check");
        if ((!str_eq(kind, "text") && !check) || !text || seen(t, text))
            continue;
        if (t->n > MAX_TEXTS)
            return sd_fail(why, SD_UNSUPPORTED,
                           "the statement uses more than %d views; that is too many to check", MAX_TEXTS);
        struct sql_uses u;
        struct sd_error reason;
        bool parses = sql_may_execute(text, &u, &reason);
        bool ok =
            parses || (h->plan && !str_starts(reason.text, "the statement calls") && !calls_denied(text));
        if (parses && (!h->plan || check)) {
            for (size_t i = 0; i < u.functions.n; i++)
                columns_add(functions, NULL, u.functions.list[i].name, 1);
            for (size_t i = 0; i < u.relations.n && !h->plan; i++)
                columns_add(relations, NULL, u.relations.list[i].name, 0);
            *more = true;
        }
        sql_uses_free(&u);
        if (!ok)
            return sd_fail(why, SD_UNSUPPORTED, "%.120s, which the statement uses: %.300s",
                           conn_text(r, row, 2), reason.text);
    }
    return SD_OK;
}

enum sd_result harmless_parts(struct harmless *h, const char *path, const struct sql_uses *own,
                              struct sd_error *why)
{
    static const char BUILT_IN[] = "{pg_catalog,information_schema}";
    struct texts texts = {0};
    struct columns relations = {0}, types = {0};
    columns_add_all(&relations, &own->relations);
    columns_add_all(&types, &own->types);
    enum sd_result result = SD_OK;
    bool more = true;
    for (int round = 0; more && result == SD_OK; round++) {
        struct columns functions = {0}, next = {0}, none = {0};
        PGresult *r = NULL;
        more = false;
        columns_end(&relations);
        columns_end(&types);
        const char *args[] = {HARMLESS_EXTENSIONS,
                              round ? BUILT_IN : path,
                              relations.schemas.text,
                              relations.names.text,
                              types.schemas.text,
                              types.names.text,
                              h->modifies || h->inner ? "t" : "f"};
        result = round < MAX_ROUNDS
                     ? query_server(h, HARMLESS_CLOSURE, ARRAY_LEN(args), args, &r, why)
                     : sd_fail(why, SD_UNSUPPORTED, "the views of the statement are nested too deeply");
        if (result == SD_OK)
            result = parse_texts(h, &texts, r, &functions, &next, &more, why);
        PQclear(r);
        columns_end(&functions);
        columns_end(&none);
        const char *names[] = {HARMLESS_EXTENSIONS,
                               BUILT_IN,
                               functions.schemas.text,
                               functions.names.text,
                               functions.literals.text,
                               none.schemas.text,
                               none.names.text,
                               none.literals.text,
                               none.schemas.text,
                               none.names.text,
                               none.names.text,
                               "",
                               "f",
                               "f",
                               none.schemas.text};
        bool inner = h->inner;
        h->inner = h->plan;
        if (result == SD_OK && more &&
            (result = query_server(h, HARMLESS_NAMES, ARRAY_LEN(names), names, &r, why)) == SD_OK)
            PQclear(r);
        h->inner = inner;
        columns_free(&functions);
        columns_free(&none);
        columns_free(&relations);
        columns_free(&types);
        relations = next;
        types = (struct columns){0};
    }
    columns_free(&relations);
    for (size_t i = 0; i < texts.n; i++)
        free(texts.seen[i]);
    free(texts.seen);
    return result;
}

void harmless_add(struct harmless *h, int64_t oid, bool always)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->functions[i].oid == oid && h->functions[i].always >= always)
            return;
    h->functions = mem_grow(h->functions, h->n, &h->cap, sizeof *h->functions);
    h->functions[h->n++] = (struct harmless_function){.oid = oid, .always = always};
}

/* A server with an encoding of one byte a character folds letters beyond ASCII. */
static bool names_certain(const struct harmless *h, const char *sql)
{
    const char *encoding = PQparameterStatus(h->c->pg, "server_encoding");
    struct sql_token t;
    if (str_eq(encoding, "UTF8"))
        return true;
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p = t.text + t.len)
        for (size_t i = 0; t.kind == SQL_WORD && i < t.len; i++)
            if ((unsigned char)t.text[i] >= 0x80)
                return false;
    return true;
}

/* All constants count as such that could become a value of a strange type. */
static void any_literal(struct sql_uses *u)
{
    struct sql_use_list *lists[] = {&u->functions, &u->operators};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        for (size_t j = 0; j < lists[i]->n; j++)
            lists[i]->list[j].literals = 99;
}

static enum sd_result check_names(struct harmless *h, const char *path, struct sql_uses *own,
                                  struct sd_error *why)
{
    enum sd_result result =
        h->unread ? harmless_unread(h, path, h->unread, why) : harmless_names(h, path, own, NULL, why);
    if (result == SD_OK && !h->unread)
        result = harmless_parts(h, path, own, why);
    if (result == SD_OK && h->strange && !h->unread) {
        any_literal(own);
        result = harmless_names(h, path, own, NULL, why);
    }
    if (result == SD_OK && h->plan && h->n)
        result = harmless_bodies(h, path, why);
    return result;
}

static enum sd_result check(struct harmless *h, const char *sql, struct sql_uses *own, struct sd_error *why)
{
    PGresult *r = NULL, *ignored = NULL;
    if (!names_certain(h, sql))
        return sd_fail(
            why, SD_UNSUPPORTED,
            "in this database's encoding it is not certain what the names in the statement mean; put "
            "those with letters beyond ASCII in double quotes");
    /* The names are looked up on the statement's path; ours must not be. */
    static const char READ[] =
        OWN_TAG "SELECT pg_catalog.current_schemas(true)::pg_catalog.text, "
                "pg_catalog.current_setting('search_path'), "
                "pg_catalog.current_setting('jit'), pg_catalog.current_setting('join_collapse_limit')";
    enum sd_result result = conn_query(h->c, READ, 0, NULL, false, &r, why);
    if (result != SD_OK)
        return result;
    /* What is compiled for queries such as ours costs more than they do, and so do other orders of
     * their joins. */
    static const char SET[] = OWN_TAG "SELECT pg_catalog.set_config('search_path', $1, true), "
                                      "pg_catalog.set_config('jit', $2, true), "
                                      "pg_catalog.set_config('join_collapse_limit', $3, true), "
                                      "pg_catalog.current_schemas(true)::pg_catalog.text";
    const char *path = conn_text(r, 0, 0), *args[] = {"pg_catalog", "off", "1"};
    result = conn_query(h->c, SET, 3, args, false, &ignored, why);
    PQclear(ignored);
    if (result == SD_OK)
        result = h->plan ? harmless_begin(h, why) : SD_OK;
    if (result == SD_OK && !h->nothing)
        result = check_names(h, path, own, why);
    if (result == SD_OK && h->plan)
        result = harmless_end(h, why);
    if (result == SD_OK) {
        args[0] = conn_text(r, 0, 1);
        args[1] = conn_text(r, 0, 2);
        args[2] = conn_text(r, 0, 3);
        result = conn_query(h->c, SET, 3, args, false, &ignored, why);
        /* "$user" is another schema for another role. */
        bool same = result != SD_OK || str_eq(conn_text(ignored, 0, 3), path);
        PQclear(ignored);
        if (!same && h->plan && h->pass->role[0]) {
            h->pass->role[0] = '\0';
            result = harmless_role(h->c, "", why);
        } else if (!same) {
            result = sd_fail(why, SD_UNSUPPORTED, "the schemas of the database have just changed; try again");
        }
    }
    PQclear(r);
    return result;
}

enum sd_result harmless_statement(struct conn *c, const char *sql, struct sd_error *why)
{
    struct sql_uses own;
    struct harmless h = {.c = c};
    enum sd_result result = sql_may_execute(sql, &own, why) ? check(&h, sql, &own, why) : SD_UNSUPPORTED;
    sql_uses_free(&own);
    return result;
}

static bool has_word(const char *sql, const char *word)
{
    struct sql_token t;
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p = t.text + t.len)
        if (t.kind == SQL_WORD && t.len == strlen(word) && strncasecmp(t.text, word, t.len) == 0)
            return true;
    return false;
}

/* Only its server can parse it, as the one statement behind EXPLAIN; what it may name is judged before. */
static enum sd_result plan_unread(struct harmless *h, const char *sql, struct sd_error *why)
{
    struct sql_uses none = {0};
    h->unread = sql;
    h->modifies = has_word(sql, "insert") || has_word(sql, "update") || has_word(sql, "delete") ||
                  has_word(sql, "merge");
    h->secured = has_word(sql, "for");
    return check(h, sql, &none, why);
}

enum sd_result harmless_plan(struct conn *c, const char *sql, bool unattended, struct harmless_pass *pass,
                             struct sd_error *why)
{
    struct sql_uses own;
    struct harmless_pass ignored;
    struct harmless h = {.c = c, .plan = true, .unattended = unattended, .pass = pass ? pass : &ignored};
    enum sd_result result = SD_UNSUPPORTED;
    memset(h.pass, 0, sizeof *h.pass);
    if (sql_may_plan(sql, &own, why)) {
        h.modifies = own.modifies;
        h.secured = own.locks;
        result = check(&h, sql, &own, why);
    } else if (sql_is_unread(sql)) {
        result = plan_unread(&h, sql, why);
    }
    sql_uses_free(&own);
    free(h.functions);
    return result;
}
