/* advisor_catalog.c - the catalog snapshot: no table is locked, no row is read. */
#include <math.h>
#include <stdlib.h>

#include "core/indexes/table_use.h"
#include "base/num.h"
#include "source/postgres/advisor_private.h"
#include "source/postgres/internal.h"

/* These statements are read under search_path = pg_catalog, so that no object of a user stands in for one of
 * the server's. What the server prints or finds by the session's own path stands between this and END: it is
 * evaluated under that path ($2), which is set when the first value is wanted. Names are looked up before. */
#define BY_SESSION "CASE WHEN (SELECT pg_catalog.set_config('search_path', $2, true)) IS NOT NULL THEN "

/* The name of the collation o as SQL; NULL: the database's. */
#define COLLATION                                                                                            \
    "CASE WHEN o.collname <> 'default' THEN (SELECT CASE WHEN k.nspname = 'pg_catalog' THEN '' ELSE "        \
    "pg_catalog.quote_ident(k.nspname) || '.' END FROM pg_catalog.pg_namespace k WHERE k.oid = "             \
    "o.collnamespace) || pg_catalog.quote_ident(o.collname) END::text"

#define OURS                                                                                                 \
    "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, "  \
    "'USAGE') AND ($1::oid[] IS NULL OR c.oid = ANY ($1::oid[]))"

static const char DATABASE[] =
    OWN_TAG "SELECT pg_catalog.current_database()::text, (SELECT stats_reset FROM "
            "pg_catalog.pg_stat_database WHERE datname = "
            "pg_catalog.current_database()), pg_catalog.pg_is_in_recovery(), EXISTS (SELECT FROM "
            "pg_catalog.pg_stat_replication), "
            "EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_trgm')";

static const char RELATIONS[] =
    OWN_TAG "SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text, " BY_SESSION
            "pg_catalog.pg_table_is_visible(c.oid) END, "
            "c.reltuples::float8, c.relpages::float8, pg_catalog.pg_stat_get_tuples_inserted(c.oid)::float8, "
            "pg_catalog.pg_stat_get_tuples_updated(c.oid)::float8, "
            "pg_catalog.pg_stat_get_tuples_deleted(c.oid)::float8, "
            "pg_catalog.pg_stat_get_tuples_hot_updated(c.oid)::float8, c.relallvisible::float8, "
            /* Before 14 a table that was never vacuumed has no rows, either. */
            "CASE WHEN c.reltoastrelid = 0 AND c.relkind <> 'p' THEN 0 ELSE (SELECT CASE WHEN o.relpages "
            "OPERATOR(pg_catalog.>) 0 "
            "THEN o.relpages WHEN o.reltuples >= 0 AND "
            "pg_catalog.current_setting('server_version_num')::int4 >= 140000 THEN 0 END FROM "
            "pg_catalog.pg_class o WHERE o.oid = c.reltoastrelid) END::float8 "
            "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'm', 'p', 'f', 'v') AND " OURS " ORDER BY c.oid LIMIT 20000";

static const char VIEWS[] =
    OWN_TAG "SELECT c.oid::int8, " BY_SESSION
            "pg_catalog.pg_get_viewdef(c.oid)::text END FROM pg_catalog.pg_class c JOIN "
            "pg_catalog.pg_namespace n "
            "ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND " OURS " ORDER BY c.oid LIMIT 5000";

static const char COLUMNS[] =
    OWN_TAG "SELECT a.attrelid::int8, a.attname::text, coalesce(b.typname, t.typname, '')::text, "
            "a.attlen::int4, a.attalign::text, "
            "a.attnotnull, a.attisdropped, a.attcollation = 0 OR o.collname IN ('C', 'POSIX', 'ucs_basic') "
            "OR (o.collname = 'default' AND "
            "(SELECT datcollate IN ('C', 'POSIX') FROM pg_catalog.pg_database WHERE datname = "
            "pg_catalog.current_database())), "
            "s.null_frac::float8, s.n_distinct::float8, s.avg_width::float8, s.correlation::float8, "
            "s.most_common_freqs::text, "
            "coalesce(o.collisdeterministic, true), "
            "CASE WHEN coalesce(b.typname, t.typname) IN ('varchar', 'bpchar') AND "
            "coalesce(nullif(a.atttypmod, -1), t.typtypmod) OPERATOR(pg_catalog.>) 4 THEN 4 * "
            "(coalesce(nullif(a.atttypmod, -1), t.typtypmod) - 4) + 4 END::float8, " COLLATION " "
            "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
            "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_type b ON b.oid = "
            "t.typbasetype "
            "LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation "
            "LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND "
            "s.attname = a.attname "
            "AND s.inherited = (c.relkind = 'p') AND ($2::name[] IS NULL OR s.tablename = ANY ($2::name[])) "
            "WHERE a.attnum > 0 AND c.relkind IN ('r', 'm', 'p', 'f', 'v') AND " OURS
            " ORDER BY a.attrelid, a.attnum LIMIT 400000";

static const char INDEXES[] = OWN_TAG
    "SELECT x.indrelid::int8, i.relname::text, m.amname::text, " BY_SESSION
    "pg_catalog.pg_get_indexdef(x.indexrelid)::text END, " BY_SESSION
    "pg_catalog.pg_get_expr(x.indpred, x.indrelid)::text END, x.indkey::text, x.indoption::text, "
    "x.indnkeyatts::int4, "
    "x.indnatts::int4, x.indexprs IS NOT NULL, EXISTS (SELECT FROM unnest(x.indclass::oid[]) u JOIN "
    "pg_catalog.pg_opclass p "
    "ON p.oid = u WHERE NOT p.opcdefault), x.indisunique, EXISTS (SELECT FROM "
    "pg_catalog.pg_constraint k WHERE k.conindid = "
    "x.indexrelid), x.indisvalid, x.indisclustered, x.indisreplident, i.relpages::int8 * 8192, "
    "pg_catalog.pg_stat_get_numscans(x.indexrelid)::int8, CASE WHEN x.indexprs IS NOT NULL THEN (SELECT "
    "pg_catalog.string_agg(" BY_SESSION
    "pg_catalog.pg_get_indexdef(x.indexrelid, k, false) END, chr(1) ORDER BY k) "
    "FROM pg_catalog.generate_series(1, x.indnkeyatts::int4) k)::text END, "
    "CASE WHEN EXISTS (SELECT FROM unnest(x.indcollation::oid[]) u WHERE u NOT IN (0, 100)) THEN (SELECT "
    "pg_catalog.string_agg(coalesce(" COLLATION ", ''), chr(1) ORDER BY k) FROM "
    "pg_catalog.generate_series(0, x.indnkeyatts::int4 - 1) k LEFT JOIN pg_catalog.pg_attribute a ON "
    "a.attrelid = x.indrelid AND a.attnum = x.indkey[k] LEFT JOIN pg_catalog.pg_collation o ON o.oid = "
    "x.indcollation[k] AND o.oid <> a.attcollation)::text END "
    "FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid "
    "JOIN pg_catalog.pg_class c ON c.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = "
    "c.relnamespace "
    "JOIN pg_catalog.pg_am m ON m.oid = i.relam "
    "WHERE " OURS " ORDER BY x.indrelid, x.indexrelid LIMIT 100000";

static const char COMBINED[] = OWN_TAG "SELECT c.oid::int8, s.n_distinct::text FROM pg_catalog.pg_stats_ext "
                                       "s JOIN pg_catalog.pg_namespace n ON n.nspname = "
                                       "s.schemaname JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid "
                                       "AND c.relname = s.tablename WHERE s.n_distinct IS NOT NULL "
                                       "AND ($2::name[] IS NULL OR s.tablename = ANY ($2::name[])) AND " OURS;

/* What has one of the names $1, and what the views among them are made of. */
static const char NAMED[] = OWN_TAG
    "WITH RECURSIVE named(oid) AS (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname = ANY "
    "($1::name[]) AND c.relkind IN ('r', 'm', 'p', 'f', 'v') UNION "
    "SELECT d.refobjid FROM named n JOIN pg_catalog.pg_rewrite w ON w.ev_class = n.oid JOIN "
    "pg_catalog.pg_depend d ON d.objid = w.oid AND d.classid = 'pg_catalog.pg_rewrite'::regclass "
    "AND d.refclassid = 'pg_catalog.pg_class'::regclass) "
    "SELECT coalesce(pg_catalog.array_agg(c.oid), '{}')::text, coalesce(pg_catalog.array_agg(c.relname), "
    "'{}')::text FROM named JOIN pg_catalog.pg_class c USING (oid)";

static struct catalog_relation *relation(struct catalog *c, int64_t oid)
{
    size_t lo = 0, hi = c->n; /* in the order of oids */
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (c->relations[mid]->oid < oid)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < c->n && c->relations[lo]->oid == oid ? c->relations[lo] : NULL;
}

static void add_relations(struct catalog *c, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct catalog_relation *rel =
            db_catalog_add(c, conn_text(r, row, 1), conn_text(r, row, 2), conn_text(r, row, 3)[0]);
        rel->oid = conn_int(r, row, 0);
        rel->visible = conn_int(r, row, 4) == 1;
        double rows = conn_real(r, row, 5);
        rel->rows = rows >= 0 ? rows : NAN;
        rel->pages = conn_real(r, row, 6);
        /* So many pages no relation has: what a server says may be anything. */
        rel->size_bytes =
            rel->pages > 0 && rel->pages < 4294967296.0 ? real_to_int(rel->pages * 8192) : SD_UNKNOWN;
        rel->inserts = conn_real(r, row, 7);
        rel->updates = conn_real(r, row, 8);
        rel->deletes = conn_real(r, row, 9);
        rel->hot_updates = conn_real(r, row, 10);
        rel->all_visible = rel->pages > 0 ? conn_real(r, row, 11) / rel->pages : NAN;
        rel->toast_pages = conn_real(r, row, 12);
    }
}

static void add_columns(struct catalog *c, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct catalog_relation *rel = relation(c, conn_int(r, row, 0));
        if (!rel)
            continue;
        struct catalog_column *col = db_catalog_column(c, rel, conn_text(r, row, 1), conn_text(r, row, 2));
        const char *align = conn_text(r, row, 4);
        col->length = (int)conn_int(r, row, 3);
        col->align = *align == 'd' ? 8 : *align == 's' ? 2 : *align == 'c' ? 1 : 4;
        col->not_null = conn_int(r, row, 5) == 1;
        col->dropped = conn_int(r, row, 6) == 1;
        col->plain_collation = conn_int(r, row, 7) == 1;
        col->null_frac = conn_real(r, row, 8);
        col->n_distinct = conn_real(r, row, 9);
        col->avg_width = conn_real(r, row, 10);
        col->correlation = conn_real(r, row, 11);
        db_catalog_shares(c, col, conn_maybe(r, row, 12));
        if (conn_int(r, row, 13) != 1)
            col->equal_image = false;
        col->most_bytes = conn_real(r, row, 14);
        col->collation = arena_strdup(c->arena, conn_maybe(r, row, 15));
    }
}

/* "1 2 0" into numbers. */
static size_t vector(const char *s, int *out, size_t most)
{
    size_t n = 0;
    while (s && *s && n < most) {
        char *end;
        out[n++] = (int)strtol(s, &end, 10);
        s = *end == ' ' ? end + 1 : "";
    }
    return n;
}

/* What is said of each key, joined by \1; NULL where it is empty. */
static void parts_of(struct catalog *c, const char *text, size_t n, const char **out)
{
    for (size_t i = 0; text && i < n; i++) {
        size_t len = strcspn(text, "\1");
        out[i] = len ? arena_printf(c->arena, "%.*s", (int)len, text) : NULL;
        text = text[len] ? text + len + 1 : NULL;
    }
}

static void add_indexes(struct catalog *c, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct catalog_relation *rel = relation(c, conn_int(r, row, 0));
        if (!rel)
            continue;
        struct catalog_index *ix = db_catalog_index(c, rel, conn_text(r, row, 1));
        int keys[CATALOG_KEYS], options[CATALOG_KEYS];
        size_t n = vector(conn_text(r, row, 5), keys, CATALOG_KEYS);
        size_t n_options = vector(conn_text(r, row, 6), options, CATALOG_KEYS);
        ix->method = arena_strdup(c->arena, conn_text(r, row, 2));
        ix->definition = arena_strdup(c->arena, conn_maybe(r, row, 3));
        ix->predicate = arena_strdup(c->arena, conn_maybe(r, row, 4));
        ix->n_columns = MIN(n, (size_t)MAX(0, conn_int(r, row, 8)));
        ix->n_keys = MIN(ix->n_columns, (size_t)MAX(0, conn_int(r, row, 7)));
        for (size_t i = 0; i < ix->n_columns; i++) {
            ix->keys[i] = keys[i] > 0 && (size_t)keys[i] <= rel->n_columns ? keys[i] - 1 : -1;
            ix->options[i] = i < n_options ? (unsigned char)options[i] : 0;
        }
        ix->has_expression = conn_int(r, row, 9) == 1;
        ix->other_opclass = conn_int(r, row, 10) == 1;
        ix->is_unique = conn_int(r, row, 11) == 1;
        ix->is_constraint = conn_int(r, row, 12) == 1;
        ix->is_valid = conn_int(r, row, 13) == 1;
        ix->is_clustered_on = conn_int(r, row, 14) == 1;
        ix->is_replica_identity = conn_int(r, row, 15) == 1;
        ix->size_bytes = conn_int(r, row, 16);
        ix->scans = conn_int(r, row, 17);
        const char *expressions[CATALOG_KEYS] = {NULL};
        parts_of(c, conn_maybe(r, row, 18), ix->n_keys, expressions);
        parts_of(c, conn_maybe(r, row, 19), ix->n_keys, ix->collations);
        for (size_t i = 0; i < ix->n_keys; i++)
            ix->expressions[i] = ix->keys[i] < 0 ? expressions[i] : NULL;
    }
}

/* {"1, 2": 50, "1, 2, 3": 900} */
static void add_combined(struct catalog *c, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct catalog_relation *rel = relation(c, conn_int(r, row, 0));
        const char *s = conn_text(r, row, 1);
        while (rel && s && (s = strchr(s, '"'))) {
            struct catalog_ndistinct d = {.n = 0};
            const char *at = s;
            char *end;
            do {
                long attnum = strtol(at + 1, &end, 10);
                at = end;
                if (attnum < 1 || (size_t)attnum > rel->n_columns || d.n == ARRAY_LEN(d.columns))
                    break;
                d.columns[d.n++] = (int)attnum - 1;
            } while (*end == ',');
            if (*end != '"' || end[1] != ':')
                break;
            d.value = strtod(end + 2, &end);
            rel->combined =
                mem_grow(rel->combined, rel->n_combined, &rel->cap_combined, sizeof *rel->combined);
            rel->combined[rel->n_combined++] = d;
            s = end;
        }
    }
}

static void add_views(struct catalog *c, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct catalog_relation *rel = relation(c, conn_int(r, row, 0));
        if (rel)
            rel->view = arena_strdup(c->arena, conn_maybe(r, row, 1));
    }
}

/* What a statement is about: oids and names of relations, as arrays. By the names alone the
 * server finds the statistics without reading all of them. */
static bool find_named(struct advisor *a, const char *sql, char *out[2], struct sd_error *err)
{
    char *names = statement_names(sql);
    const char *values[] = {names};
    PGresult *r = NULL;
    bool ok = advisor_ask(a, NAMED, 1, values, &r, err);
    for (int i = 0; ok && i < 2; i++)
        out[i] = mem_strdup(conn_text(r, 0, i));
    PQclear(r);
    free(names);
    return ok;
}

struct catalog *advisor_catalog(struct advisor *a, const char *sql, struct sd_error *err)
{
    static const struct {
        const char *sql;
        void (*add)(struct catalog *c, const PGresult *r);
        bool by_session; /* $2 is the session's search_path; otherwise names */
        bool optional;
    } parts[] = {{.sql = RELATIONS, .add = add_relations, .by_session = true},
                 {.sql = COLUMNS, .add = add_columns},
                 {.sql = INDEXES, .add = add_indexes, .by_session = true},
                 {.sql = COMBINED, .add = add_combined, .optional = true},
                 {.sql = VIEWS, .add = add_views, .by_session = true, .optional = true}};
    char *named[2] = {NULL, NULL};
    if (sql && !find_named(a, sql, named, err))
        return NULL;
    struct catalog *c = db_catalog_new();
    PGresult *r = NULL;
    bool ok = advisor_ask(a, DATABASE, 0, NULL, &r, err);
    if (ok) {
        c->database = mem_strdup(conn_text(r, 0, 0));
        c->stats_since = conn_time(r, 0, 1);
        c->is_replica = conn_int(r, 0, 2) == 1;
        c->has_replicas = conn_int(r, 0, 3) == 1;
        c->has_trigram = conn_int(r, 0, 4) == 1;
    }
    PQclear(r);
    for (size_t i = 0; ok && i < ARRAY_LEN(parts); i++) {
        struct sd_error why;
        const char *values[] = {named[0], parts[i].by_session ? a->session_path : named[1]};
        r = NULL;
        if (advisor_ask(a, parts[i].sql, 2, values, &r, &why))
            parts[i].add(c, r);
        else if (!parts[i].optional)
            ok = fail(err, "%s", why.text);
        PQclear(r);
    }
    free(named[0]);
    free(named[1]);
    if (ok)
        return c;
    db_catalog_free(c);
    return NULL;
}
