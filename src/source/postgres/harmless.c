/* harmless.c - may this statement be executed here? What the server says.
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
 * want such a type than there are constants that could become one. */
#include "source/postgres/harmless.h"

#include <stdlib.h>

#include "core/sql/sql.h"

#define MAX_ROUNDS 20   /* built-in views of built-in views */
#define MAX_TEXTS  2000 /* definitions parsed for one statement */

/* Extensions whose functions act on nothing outside their result. */
static const char EXTENSIONS[] =
    "{bloom,btree_gin,btree_gist,citext,cube,earthdistance,fuzzystrmatch,hstore,intarray,ip4r,isn,ltree,pg_"
    "trgm,"
    "pgcrypto,pg_stat_statements,postgis,seg,tsm_system_rows,tsm_system_time,unaccent,uuid-ossp,vector}";

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

static bool harmless_volatile(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(VOLATILE); i++) {
        size_t n = strlen(VOLATILE[i]);
        if (VOLATILE[i][n - 1] == '*' ? strncmp(name, VOLATILE[i], n - 1) == 0
                                      : strcmp(name, VOLATILE[i]) == 0)
            return true;
    }
    return false;
}

/* ---- the statements; all of them under search_path = pg_catalog ---- */

/* Members of the listed extensions ($1), and unknown types. FirstNormalObjectId is 16384:
 * what has a smaller OID came with the server. The owner of an extension may add a
 * function of his own to it, so a member written in SQL or the like must be a superuser's. */
#define COMMON                                                                                               \
    "good(class, oid) AS MATERIALIZED (SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e "      \
    "ON e.oid = d.refobjid WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' "               \
    "AND e.extname = ANY ($1::text[])), "                                                                    \
    "known(oid) AS MATERIALIZED (SELECT p.oid FROM good g JOIN pg_proc p ON p.oid = g.oid "                  \
    "JOIN pg_language l ON l.oid = p.prolang JOIN pg_roles r ON r.oid = p.proowner "                         \
    "WHERE g.class = 'pg_proc'::regclass AND (l.lanname IN ('c', 'internal') OR r.rolsuper)), "              \
    "strange(oid) AS MATERIALIZED (SELECT t.oid FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem "    \
    "AND t.typinput::oid < 16384 WHERE 'b' IN (t.typtype, e.typtype) AND coalesce(e.typinput, "              \
    "t.typinput)::oid >= 16384 "                                                                             \
    "AND coalesce(e.oid, t.oid) NOT IN (SELECT oid FROM good WHERE class = 'pg_type'::regclass)) "

#define ON_PATH "(n.nspname = w.s OR (w.s IS NULL AND n.nspname = ANY ($2::text[])))"

/* Functions $3 $4 (schema, name; $5 literals), operators $6 $7 ($8), types $9 $10, attributes
 * $11: those that are not built in or known, and the volatile functions of the others. */
static const char NAMES[] = OWN_TAG
    "WITH RECURSIVE " COMMON ", named(oid, name) AS (SELECT t.oid, t.typname::text FROM unnest($9::text[], "
    "$10::text[]) w(s, f) JOIN pg_type t ON t.typname = w.f JOIN pg_namespace n ON n.oid = t.typnamespace "
    "AND " ON_PATH " UNION SELECT b.oid, x.name FROM named x JOIN pg_type t ON t.oid = x.oid "
    "JOIN pg_type b ON b.oid IN (t.typbasetype, t.typelem)) "
    "SELECT CASE WHEN p.oid < 16384 OR k.oid IS NOT NULL THEN 'volatile' ELSE 'function' END, "
    "n.nspname::text, "
    "p.proname::text, NULL::text, p.oid::int8 FROM unnest($3::text[], $4::text[], $5::int4[]) w(s, f, "
    "literals) "
    "JOIN pg_proc p ON p.proname = w.f JOIN pg_namespace n ON n.oid = p.pronamespace AND " ON_PATH
    " LEFT JOIN known k ON k.oid = p.oid WHERE p.prokind <> 'p' "
    "AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) "
    "AND CASE WHEN p.oid < 16384 OR k.oid IS NOT NULL THEN p.provolatile = 'v' ELSE "
    "(SELECT count(*) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a(t, o) WHERE a.o <= p.pronargs - "
    "p.pronargdefaults AND a.t IN (SELECT oid FROM strange)) <= w.literals END "
    "UNION SELECT 'operator', n.nspname::text, o.oprname::text, NULL, o.oprcode::oid::int8 "
    "FROM unnest($6::text[], $7::text[], $8::int4[]) w(s, f, literals) "
    "JOIN pg_operator o ON o.oprname = w.f JOIN pg_namespace n ON n.oid = o.oprnamespace AND " ON_PATH
    " WHERE o.oid >= 16384 AND o.oid NOT IN (SELECT oid FROM good WHERE class = 'pg_operator'::regclass) "
    "AND (o.oprleft IN (SELECT oid FROM strange))::int4 + (o.oprright IN (SELECT oid FROM strange))::int4 "
    "<= w.literals "
    "UNION SELECT 'cast', n.nspname::text, p.proname::text, NULL, p.oid::int8 FROM pg_cast c JOIN pg_proc p "
    "ON p.oid = c.castfunc "
    "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE c.oid >= 16384 AND p.oid NOT IN (SELECT oid FROM "
    "known) "
    "AND (p.oid >= 16384 OR p.provolatile = 'v') AND c.castsource NOT IN (SELECT oid FROM strange) AND "
    "(c.castcontext = 'i' OR c.casttarget IN "
    "(SELECT oid FROM named) OR EXISTS (SELECT FROM pg_type t WHERE t.oid = c.casttarget "
    "AND t.typname = ANY ($11::text[]))) "
    "UNION SELECT 'attribute', n.nspname::text, p.proname::text, NULL, p.oid::int8 FROM pg_proc p "
    "JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = ANY ($2::text[]) "
    "JOIN pg_type t ON t.oid = p.proargtypes[0] WHERE p.proname = ANY ($11::text[]) AND p.oid >= 16384 "
    "AND p.oid NOT IN (SELECT oid FROM known) AND p.prokind <> 'p' AND p.pronargs - p.pronargdefaults <= 1 "
    "AND (t.typtype IN ('c', 'd', 'p') OR EXISTS (SELECT FROM pg_cast c JOIN pg_type s ON s.oid = "
    "c.castsource "
    "WHERE c.castcontext = 'i' AND s.typtype IN ('c', 'd', 'p') AND c.oid >= 16384)) "
    /* what sorts and hashes a built-in type, should somebody have replaced that */
    "UNION SELECT 'inside', n.nspname::text, o.opcname::text, NULL, NULL FROM pg_opclass o "
    "JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE o.oid >= 16384 AND o.opcdefault AND "
    "o.opcintype::oid < 16384 "
    "AND o.opcmethod IN (403, 405) AND o.oid NOT IN (SELECT oid FROM good WHERE class = "
    "'pg_opclass'::regclass) "
    "ORDER BY 1, 2, 3";

/* Everything that relations $3 $4 and types $5 $6 consist of: what must not be there, and
 * the definitions to parse; with $7 also what changing their rows would run. An edge from a table to its
 * parent would bring in all its siblings, so tables refer to no relations. */
static const char CLOSURE[] = OWN_TAG
    "WITH RECURSIVE " COMMON ", found(class, oid) AS ("
    "(SELECT 'pg_class'::regclass::oid, c.oid FROM unnest($3::text[], $4::text[]) w(s, f) "
    "JOIN pg_class c ON c.relname = w.f JOIN pg_namespace n ON n.oid = c.relnamespace AND " ON_PATH
    " UNION ALL SELECT 'pg_type'::regclass, t.oid FROM unnest($5::text[], $6::text[]) w(s, f) "
    "JOIN pg_type t ON t.typname = w.f JOIN pg_namespace n ON n.oid = t.typnamespace AND " ON_PATH ") "
    "UNION SELECT x.class, x.oid FROM found f, LATERAL ("
    "SELECT d.refclassid, d.refobjid FROM pg_depend d WHERE d.classid = f.class AND d.objid = f.oid "
    "AND f.class NOT IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass, "
    "'pg_opfamily'::regclass) AND d.refclassid IN ('pg_class'::regclass, 'pg_type'::regclass, "
    "'pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass) "
    "AND NOT (f.class = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass) "
    "AND NOT (f.class = 'pg_type'::regclass AND (f.oid IN (SELECT oid FROM strange) OR f.oid IN "
    "(SELECT oid FROM good WHERE class = 'pg_type'::regclass))) "
    "UNION ALL SELECT 'pg_type'::regclass, a.atttypid FROM pg_attribute a WHERE f.class = "
    "'pg_class'::regclass "
    "AND a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384 "
    "UNION ALL SELECT 'pg_type'::regclass, e.typelem FROM pg_type e WHERE f.class = 'pg_type'::regclass "
    "AND e.oid = f.oid AND e.typelem >= 16384 "
    "UNION ALL SELECT 'pg_class'::regclass, i.inhrelid FROM pg_inherits i WHERE f.class = "
    "'pg_class'::regclass "
    "AND i.inhparent = f.oid AND (SELECT c.relhassubclass FROM pg_class c WHERE c.oid = f.oid) "
    "UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index i WHERE f.class = "
    "'pg_class'::regclass "
    "AND i.indrelid = f.oid AND f.oid >= 16384 "
    "UNION ALL SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite r JOIN pg_class v ON v.oid = r.ev_class "
    "AND CASE WHEN v.relkind = 'v' THEN $7::bool OR r.ev_type = '1' ELSE $7::bool AND r.ev_type <> '1' END "
    "WHERE f.class = 'pg_class'::regclass AND r.ev_class = f.oid "
    "UNION ALL SELECT 'pg_policy'::regclass, y.oid FROM pg_policy y WHERE f.class = 'pg_class'::regclass "
    "AND y.polrelid = f.oid "
    "UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE f.class = "
    "'pg_class'::regclass "
    "AND k.conrelid = f.oid AND k.contype = 'c' "
    "UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM pg_constraint k WHERE f.class = "
    "'pg_type'::regclass "
    "AND k.contypid = f.oid AND k.contype = 'c' "
    /* to_json() looks for a cast to json, sorting and grouping for an operator class: by type, unnamed */
    "UNION ALL SELECT 'pg_proc'::regclass, c.castfunc FROM pg_cast c WHERE f.class IN ('pg_type'::regclass, "
    "'pg_class'::regclass) AND c.castsource = CASE WHEN f.class = 'pg_type'::regclass THEN f.oid ELSE "
    "(SELECT r.reltype FROM pg_class r WHERE r.oid = f.oid) END AND c.casttarget IN ('json'::regtype, "
    "'jsonb'::regtype) "
    "UNION ALL SELECT 'pg_opclass'::regclass, o.oid FROM pg_opclass o WHERE o.oid >= 16384 AND f.class IN "
    "('pg_type'::regclass, 'pg_class'::regclass) AND o.opcintype = CASE WHEN f.class = 'pg_type'::regclass "
    "THEN f.oid "
    "ELSE (SELECT r.reltype FROM pg_class r WHERE r.oid = f.oid) END "
    "UNION ALL SELECT 'pg_attrdef'::regclass, q.oid FROM pg_attrdef q JOIN pg_attribute a ON a.attrelid = "
    "q.adrelid AND a.attnum = q.adnum AND ($7::bool OR a.attgenerated <> '') WHERE f.class = "
    "'pg_class'::regclass "
    "AND q.adrelid = f.oid "
    "UNION ALL SELECT 'pg_statistic_ext'::regclass, z.oid FROM pg_statistic_ext z WHERE "
    "f.class = 'pg_class'::regclass AND z.stxrelid = f.oid"
    ") x(class, oid)) "
    "SELECT 'foreign', n.nspname::text, c.relname::text, NULL::text, NULL::int8 FROM found f "
    "JOIN pg_class c ON c.oid = f.oid AND c.relkind = 'f' JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE f.class = 'pg_class'::regclass "
    "UNION ALL SELECT CASE WHEN k.oid IS NULL THEN 'inside' ELSE 'volatile' END, n.nspname::text, "
    "p.proname::text, "
    "NULL, p.oid::int8 FROM found f JOIN pg_proc p ON p.oid = f.oid JOIN pg_namespace n ON n.oid = "
    "p.pronamespace "
    "LEFT JOIN known k ON k.oid = p.oid WHERE f.class = 'pg_proc'::regclass AND p.oid >= 16384 "
    "AND (k.oid IS NULL OR p.provolatile = 'v') "
    "UNION ALL SELECT 'inside', n.nspname::text, o.oprname::text, NULL, o.oprcode::oid::int8 FROM found f "
    "JOIN pg_operator o ON o.oid = f.oid JOIN pg_namespace n ON n.oid = o.oprnamespace "
    "WHERE f.class = 'pg_operator'::regclass AND o.oid >= 16384 "
    "AND o.oid NOT IN (SELECT oid FROM good WHERE class = 'pg_operator'::regclass) "
    "UNION ALL SELECT 'inside', n.nspname::text, o.opcname::text, NULL, x.oid::int8 FROM found f "
    "JOIN pg_opclass o ON o.oid = f.oid JOIN pg_namespace n ON n.oid = o.opcnamespace "
    "LEFT JOIN LATERAL (SELECT a.amproc::oid FROM pg_amproc a WHERE a.amprocfamily = o.opcfamily UNION ALL "
    "SELECT r.oprcode::oid FROM pg_amop a JOIN pg_operator r ON r.oid = a.amopopr WHERE a.amopfamily = "
    "o.opcfamily) "
    "x(oid) ON true "
    "WHERE f.class = 'pg_opclass'::regclass AND o.oid >= 16384 "
    "AND o.oid NOT IN (SELECT oid FROM good WHERE class = 'pg_opclass'::regclass) "
    "UNION ALL SELECT 'type', n.nspname::text, t.typname::text, NULL, NULL FROM found f "
    "JOIN strange s ON s.oid = f.oid JOIN pg_type t ON t.oid = f.oid "
    "JOIN pg_namespace n ON n.oid = t.typnamespace WHERE f.class = 'pg_type'::regclass "
    "UNION ALL SELECT 'text', n.nspname::text, 'the view ' || c.relname, pg_get_viewdef(c.oid), NULL FROM "
    "found f "
    "JOIN pg_class c ON c.oid = f.oid AND c.relkind = 'v' JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE f.class = 'pg_class'::regclass "
    "UNION ALL SELECT 'text', NULL, 'the policy ' || y.polname, 'SELECT ' || pg_get_expr(y.polqual, "
    "y.polrelid), NULL "
    "FROM found f JOIN pg_policy y ON y.oid = f.oid AND y.polqual IS NOT NULL WHERE f.class = "
    "'pg_policy'::regclass "
    "UNION ALL SELECT 'text', NULL, 'the domain ' || t.typname, 'SELECT ' || pg_get_expr(k.conbin, 0), NULL "
    "FROM found f "
    "JOIN pg_constraint k ON k.oid = f.oid AND k.contypid <> 0 JOIN pg_type t ON t.oid = k.contypid "
    "WHERE f.class = 'pg_constraint'::regclass "
    "UNION ALL SELECT 'text', NULL, 'the generated columns of ' || q.adrelid::regclass, "
    "'SELECT ' || pg_get_expr(q.adbin, q.adrelid), NULL FROM found f JOIN pg_attrdef q ON q.oid = f.oid "
    "WHERE f.class = 'pg_attrdef'::regclass";

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

#define RULE                                                                                                 \
    "EXPLAIN ANALYZE only runs what is built into PostgreSQL or comes with an extension known to be "        \
    "harmless"

static const struct {
    const char *kind, *before, *after; /* of schema.name */
} SENTENCES[] = {
    {"function", "the statement calls the function ", ", which may act on something; " RULE},
    {"attribute", "an attribute in the statement, such as t.f, may be a call of the function ", "; " RULE},
    {"operator", "the statement uses the operator ", ", whose function may act on something; " RULE},
    {"cast", "the statement may convert a value by a cast that calls ", "; " RULE},
    {"inside", "a view, policy, domain, type or index that the statement uses needs ", "; " RULE},
    {"type", "the statement uses the type ", ", whose functions may act on something; " RULE},
    {"foreign", "",
     " is a foreign table, and reading it acts on another server; EXPLAIN ANALYZE does not do that"},
};

/* One row of an answer, as a sentence; SD_OK: nothing wrong with it. */
static enum sd_result judge(struct harmless *h, const PGresult *r, int row, struct sd_error *why)
{
    const char *kind = conn_text(r, row, 0), *schema = conn_text(r, row, 1), *name = conn_text(r, row, 2);
    if (str_eq(kind, "text"))
        return SD_OK;
    if (h->plan) {
        int64_t oid = conn_int(r, row, 4);
        if (sd_known(oid))
            harmless_add(h, oid);
        return SD_OK;
    }
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
    return sd_fail(why, SD_UNSUPPORTED, "the server named something that is not known: %.64s", kind);
}

/* ---- asking ---- */

static enum sd_result ask(struct harmless *h, const char *sql, int n, const char *const *args, PGresult **r,
                          struct sd_error *why)
{
    enum sd_result result = conn_query(h->c, sql, n, args, true, r, why);
    for (int row = 0; result == SD_OK && row < PQntuples(*r); row++)
        result = judge(h, *r, row, why);
    if (result != SD_OK) {
        PQclear(*r);
        *r = NULL;
    }
    return result;
}

enum sd_result harmless_names(struct harmless *h, const char *path, const struct sql_uses *u,
                              struct sd_error *why)
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
    const char *args[] = {EXTENSIONS,      path,           f.schemas.text, f.names.text,
                          f.literals.text, o.schemas.text, o.names.text,   o.literals.text,
                          t.schemas.text,  t.names.text,   a.names.text};
    PGresult *r;
    enum sd_result result = ask(h, NAMES, ARRAY_LEN(args), args, &r, why);
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

/* Parses the definitions of an answer; their built-in functions and relations go on. */
static enum sd_result parse_texts(const struct harmless *h, struct texts *t, const PGresult *r,
                                  struct columns *functions, struct columns *relations, bool *more,
                                  struct sd_error *why)
{
    for (int row = 0; row < PQntuples(r); row++) {
        const char *text = conn_maybe(r, row, 3);
        if (!str_eq(conn_text(r, row, 0), "text") || !text || seen(t, text))
            continue;
        if (t->n > MAX_TEXTS)
            return sd_fail(why, SD_UNSUPPORTED,
                           "the statement uses more than %d views; that is too many to check", MAX_TEXTS);
        struct sql_uses u;
        struct sd_error reason;
        /* What newer servers write may not parse here. The planner runs nothing VOLATILE. */
        bool ok = sql_may_execute(text, &u, &reason) ||
                  (h->plan && !str_starts(reason.text, "the statement calls"));
        if (ok && !h->plan) {
            for (size_t i = 0; i < u.functions.n; i++)
                columns_add(functions, NULL, u.functions.list[i].name, 1);
            for (size_t i = 0; i < u.relations.n; i++)
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
        const char *args[] = {EXTENSIONS,           round ? BUILT_IN : path, relations.schemas.text,
                              relations.names.text, types.schemas.text,      types.names.text,
                              h->plan ? "t" : "f"};
        result = round < MAX_ROUNDS
                     ? ask(h, CLOSURE, ARRAY_LEN(args), args, &r, why)
                     : sd_fail(why, SD_UNSUPPORTED, "the views of the statement are nested too deeply");
        if (result == SD_OK)
            result = parse_texts(h, &texts, r, &functions, &next, &more, why);
        PQclear(r);
        columns_end(&functions);
        columns_end(&none);
        const char *names[] = {EXTENSIONS,
                               BUILT_IN,
                               functions.schemas.text,
                               functions.names.text,
                               functions.literals.text,
                               none.schemas.text,
                               none.names.text,
                               none.literals.text,
                               none.schemas.text,
                               none.names.text,
                               none.names.text};
        if (result == SD_OK && more && (result = ask(h, NAMES, ARRAY_LEN(names), names, &r, why)) == SD_OK)
            PQclear(r);
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

void harmless_add(struct harmless *h, int64_t oid)
{
    for (size_t i = 0; i < h->n; i++)
        if (h->functions[i] == oid)
            return;
    h->functions = mem_grow(h->functions, h->n, &h->cap, sizeof *h->functions);
    h->functions[h->n++] = oid;
}

static enum sd_result check(struct harmless *h, const struct sql_uses *own, struct sd_error *why)
{
    PGresult *r = NULL, *ignored = NULL;
    /* The names are looked up on the statement's path; ours must not be. */
    enum sd_result result = conn_query(h->c,
                                       OWN_TAG "SELECT pg_catalog.current_schemas(true)::pg_catalog.text, "
                                               "pg_catalog.current_setting('search_path'), "
                                               "pg_catalog.current_setting('jit')",
                                       0, NULL, false, &r, why);
    if (result != SD_OK)
        return result;
    /* What is compiled for queries such as ours costs more than they do. */
    static const char SET[] = OWN_TAG "SELECT pg_catalog.set_config('search_path', $1, true), "
                                      "pg_catalog.set_config('jit', $2, true)";
    const char *path = conn_text(r, 0, 0), *args[] = {"pg_catalog", "off"};
    result = conn_query(h->c, SET, 2, args, false, &ignored, why);
    PQclear(ignored);
    if (result == SD_OK)
        result = harmless_names(h, path, own, why);
    if (result == SD_OK)
        result = harmless_parts(h, path, own, why);
    if (result == SD_OK && h->plan)
        result = harmless_bodies(h, why);
    if (result == SD_OK) {
        args[0] = conn_text(r, 0, 1);
        args[1] = conn_text(r, 0, 2);
        result = conn_query(h->c, SET, 2, args, false, &ignored, why);
        PQclear(ignored);
    }
    PQclear(r);
    return result;
}

enum sd_result harmless_statement(struct conn *c, const char *sql, struct sd_error *why)
{
    struct sql_uses own;
    struct harmless h = {.c = c};
    enum sd_result result = sql_may_execute(sql, &own, why) ? check(&h, &own, why) : SD_UNSUPPORTED;
    sql_uses_free(&own);
    return result;
}

enum sd_result harmless_plan(struct conn *c, const char *sql, struct sd_error *why)
{
    struct sql_uses own;
    struct harmless h = {.c = c, .plan = true};
    enum sd_result result = sql_may_plan(sql, &own, why) ? check(&h, &own, why) : SD_UNSUPPORTED;
    sql_uses_free(&own);
    free(h.functions);
    return result;
}
