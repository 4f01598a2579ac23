/* Rewrites of statements: what needs no server. The rest is tests/source/test_rewrite.c. */
#include "tests/lib/shop.h"
#include "tests/lib/test.h"

#include <dirent.h>
#include <pg_query.h>
#include <stdlib.h>

#include "core/insight/n_plus_one.h"
#include "core/plans/findings.h"
#include "core/rewrite/rules.h"
#include "core/schema.h"
#include "format/plans/explain_input.h"
#include "view/queries/query.h"

#define SCAN(filter)                                                                                         \
    "[{\"Plan\":{\"Node Type\":\"Seq Scan\",\"Relation "                                                     \
    "Name\":\"orders\",\"Alias\":\"o\",\"Filter\":\"" filter "\","                                           \
    "\"Total Cost\":5000,\"Plan Rows\":10,\"Plan Width\":40,\"Actual Startup Time\":1,\"Actual Total "       \
    "Time\":90.0,"                                                                                           \
    "\"Actual Rows\":10,\"Actual Loops\":1,\"Rows Removed by Filter\":200000},\"Execution Time\":90.5}]"

static const char LIMIT[] = "[{\"Plan\":{\"Node Type\":\"Limit\",\"Total Cost\":900,\"Plan Rows\":20,\"Plan "
                            "Width\":4,\"Actual Startup Time\":50,"
                            "\"Actual Total Time\":50.1,\"Actual Rows\":20,\"Actual "
                            "Loops\":1,\"Plans\":[{\"Node Type\":\"Index Scan\",\"Index Name\":\"o_created\","
                            "\"Relation Name\":\"orders\",\"Alias\":\"o\",\"Parent "
                            "Relationship\":\"Outer\",\"Total Cost\":9000,\"Plan Rows\":200000,"
                            "\"Plan Width\":4,\"Actual Startup Time\":0.1,\"Actual Total Time\":50,\"Actual "
                            "Rows\":60020,\"Actual Loops\":1}]},"
                            "\"Execution Time\":50.2}]";

static struct explain read_plan(const char *json)
{
    struct explain e;
    struct sd_error err;
    if (!explain_read(json, strlen(json), &e, &err))
        fail_msg("%s: %s", err.text, json);
    return e;
}

static bool parses(const char *sql)
{
    PgQueryParseResult r = pg_query_parse(sql);
    bool ok = !r.error;
    pg_query_free_parse_result(r);
    return ok;
}

struct given {
    const char *plan, *sql, *rule; /* NULL: none */
    const char *after, *statement; /* NULL: not looked at; "": there is none */
    bool hidden;
};

static void check(const struct given *g, const struct plan_facts *facts, const struct catalog *catalog)
{
    struct explain e = read_plan(g->plan);
    struct rewrite_input in = {
        .sql = g->sql, .plan = e.plans[0], .facts = facts, .catalog = catalog, .show_literals = !g->hidden};
    struct rewrite_list l;
    rewrites(&in, &l);
    if (!g->rule) {
        if (l.n)
            fail_msg("%s: %s", g->sql, l.items[0].rule->name);
    } else {
        if (!l.n || strcmp(l.items[0].rule->name, g->rule) != 0)
            fail_msg("%s: %s instead of %s", g->sql, l.n ? l.items[0].rule->name : "nothing", g->rule);
        const struct rewrite *it = &l.items[0];
        assert_non_null(it->evidence);
        assert_non_null(it->advice);
        assert_non_null(it->check);
        assert_true(it->saves_share >= it->rule->floor_share);
        if (g->after && strcmp(it->after ? it->after : "", g->after) != 0)
            fail_msg("%s: after is %s, not %s", g->sql, it->after ? it->after : "none", g->after);
        if (g->statement && strcmp(it->statement ? it->statement : "", g->statement) != 0)
            fail_msg("%s: statement is %s, not %s", g->sql, it->statement ? it->statement : "none",
                     g->statement);
        if (it->statement && !parses(it->statement))
            fail_msg("%s does not parse", it->statement);
    }
    rewrites_free(&l);
    explain_free(&e);
}

static void test_statements(void **state)
{
    (void)state;
    static const struct given cases[] = {
        {SCAN("((created)::date = $1)"), "SELECT * FROM orders o WHERE created::date = $1",
         "function_on_column", "created >= $1::date AND created < $1::date + 1", NULL, false},
        /* quoted names stay quoted, upper case stays */
        {SCAN("((\\\"Created\\\")::date = $1)"), "SELECT * FROM orders o WHERE \"Created\"::date = $1",
         "function_on_column", "\"Created\" >= $1::date AND \"Created\" < $1::date + 1", NULL, false},
        {SCAN("(date_part('year'::text, created) = '2024'::double precision)"),
         "SELECT 1 FROM orders o WHERE date_part('year', o.created) = 2024 AND NOT lower(note) = 'x'",
         "function_on_column", "o.created >= '2024-01-01'::date AND o.created < '2025-01-01'::date", NULL,
         false},
        /* the other side is of another table, or of the same row: no value */
        {SCAN("((created)::date = day)"), "SELECT * FROM orders o WHERE created::date = day", NULL, NULL,
         NULL, false},
        /* a plan that shows the bare column does not call the function */
        {SCAN("(created = $1)"), "SELECT * FROM orders o WHERE created::date = $1", NULL, NULL, NULL, false},
        /* where the condition is negated the shapes with OR and NULL would differ */
        {SCAN("(COALESCE(code, 0) <> 5)"), "SELECT * FROM orders o WHERE NOT coalesce(code, 0) = 5", NULL,
         NULL, NULL, false},
        {SCAN("((id)::numeric = $1)"), "SELECT id FROM orders o WHERE id = $1", "implicit_cast",
         "id = $1::bigint", NULL, false},
        {SCAN("((id)::numeric = 5.5)"), "SELECT id FROM orders o WHERE id = 5.5", "implicit_cast", "", "",
         false},
        /* varchar is text in all but name */
        {SCAN("((email)::text = 'x'::text)"), "SELECT id FROM orders o WHERE email = 'x'", NULL, NULL, NULL,
         false},
        {LIMIT, "SELECT id FROM orders o ORDER BY created, id OFFSET 60000 LIMIT 20", "offset_paging", NULL,
         "SELECT id FROM orders o WHERE (created, id) > ($1, $2) ORDER BY created, id LIMIT 20", false},
        {LIMIT, "SELECT id FROM orders o WHERE code = $1 ORDER BY created LIMIT $2 OFFSET $3",
         "offset_paging", NULL,
         "SELECT id FROM orders o WHERE code = $1 AND created > $3 ORDER BY created LIMIT $2", false},
        {LIMIT, "SELECT id AS created FROM orders o ORDER BY 1 DESC OFFSET 60000 LIMIT 20", "offset_paging",
         NULL, "SELECT id AS created FROM orders o WHERE id < $1 ORDER BY 1 DESC LIMIT 20", false},
        {LIMIT, "SELECT id FROM orders o ORDER BY random() OFFSET 60000 LIMIT 20", "offset_paging", NULL, "",
         false},
        /* what is not one statement, does not parse, or is nothing */
        {LIMIT, "SELECT id FROM orders o ORDER BY id OFFSET 60000; SELECT 1", NULL, NULL, NULL, false},
        {LIMIT, "SELECT id FROM orders WHERE ( OFFSET", NULL, NULL, NULL, false},
        {LIMIT, "", NULL, NULL, NULL, false},
        {LIMIT, NULL, NULL, NULL, NULL, false},
        /* constants of a server's statement are parameters in what is written */
        {LIMIT, "SELECT id FROM orders o WHERE email = 'secret' ORDER BY created LIMIT 20 OFFSET 60000",
         "offset_paging", NULL,
         "SELECT id FROM orders o WHERE email = $1 AND created > $2 ORDER BY created LIMIT $3", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(&cases[i], NULL, NULL);
}

static void test_unique_key(void **state)
{
    (void)state;
    const struct sd_index x = {
        .table = "orders", .name = "orders_pkey", .columns = "id", .is_unique = 1, .is_valid = 1};
    const struct sd_index *list[] = {&x};
    const struct plan_facts facts = {.indexes = list, .n_indexes = 1, .indexes_known = true};
    static const struct given added = {
        LIMIT,
        "SELECT id FROM orders o ORDER BY created DESC LIMIT 20 OFFSET 60000",
        "offset_paging",
        NULL,
        "SELECT id FROM orders o WHERE (created, id) < ($1, $2) ORDER BY created DESC, id DESC LIMIT 20",
        false};
    static const struct given none = {LIMIT,
                                      "SELECT id FROM orders o LIMIT 20 OFFSET 60000",
                                      "offset_paging",
                                      NULL,
                                      "SELECT id FROM orders o WHERE id > $1 ORDER BY id LIMIT 20",
                                      false};
    check(&added, &facts, NULL);
    check(&none, &facts, NULL);
}

static void test_catalog(void **state)
{
    (void)state;
    struct catalog *c = db_catalog_new();
    struct catalog_relation *r = db_catalog_add(c, "public", "orders", 'r');
    r->visible = true;
    db_catalog_column(c, r, "id", "int4");
    struct catalog_column *col = db_catalog_column(c, r, "code", "bpchar");
    col->length = -1;
    /* char(n) is not text: the cast costs the index */
    static const struct given padded = {SCAN("((code)::numeric = $1)"),
                                        "SELECT id FROM orders o WHERE code = $1",
                                        "implicit_cast",
                                        "code = $1::bpchar",
                                        NULL,
                                        false};
    static const struct given whole = {SCAN("((id)::numeric = $1)"),
                                       "SELECT id FROM orders o WHERE id = $1",
                                       "implicit_cast",
                                       "id = $1::int4",
                                       NULL,
                                       false};
    check(&padded, NULL, c);
    check(&whole, NULL, c);
    db_catalog_free(c);
}

static void test_batch(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"SELECT name FROM product WHERE id = $1", "id = ANY($1)",
         "SELECT name, id FROM product WHERE id = ANY($1)"},
        {"SELECT * FROM item i WHERE i.order_id = $1 AND i.tenant = $2", "i.order_id = ANY($1)",
         "SELECT * FROM item i WHERE i.order_id = ANY($1) AND i.tenant = $2"},
        {"SELECT id FROM item WHERE id = $1 LIMIT 1", "id = ANY($1)",
         "SELECT id FROM item WHERE id = ANY($1)"},
        {"SELECT count(*) FROM item WHERE order_id = $1", "order_id = ANY($1)",
         "SELECT count(*), order_id FROM item WHERE order_id = ANY($1) GROUP BY order_id"},
        {"DELETE FROM item WHERE id = 5", "id = ANY($1)", "DELETE FROM item WHERE id = ANY($1)"},
        {"SELECT * FROM item WHERE order_id = $1 ORDER BY id LIMIT 10", "order_id = ANY($1)", NULL},
        {"SELECT * FROM item WHERE price > $1", NULL, NULL},
        {"INSERT INTO item VALUES ($1)", NULL, NULL},
        {"SELECT 1", NULL, NULL},
        {"nonsense", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *a = arena_new();
        struct rewrite_batch b;
        bool ok = rewrite_batch(a, cases[i][0], &b);
        assert_int_equal(ok, cases[i][1] != NULL);
        if (ok) {
            assert_string_equal(b.after, cases[i][1]);
            assert_string_equal(b.statement ? b.statement : "", cases[i][2] ? cases[i][2] : "");
        }
        arena_free(a);
    }
}

/* ---- N+1 ---- */

#define START ((sd_time)1795189898 * SD_S)

/* A minute of one route with `n` requests a second of 200 ms and a statement with `calls` a second of
 * `ns`, seen running for it in `busy` of three samples. */
static struct model *minute(int n, int calls, int64_t ns, int busy)
{
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < 60; s++) {
        sd_time at = START + s * SD_S;
        struct sd_http h;
        schema_clear(schema_of(SD_HTTP), &h);
        h.method = "GET";
        h.route = "/orders/:id";
        h.interval_ns = SD_S;
        h.count = h.timed = n;
        h.total_ns = n * 200 * SD_MS;
        h.first_at = at;
        h.last_at = at + SD_S - 1;
        shop_add(m, "access.log", at, SD_HTTP, &h);
        struct sd_statement st;
        schema_clear(schema_of(SD_STATEMENT), &st);
        st.query_id = 7;
        st.database = "shop";
        st.role = "app";
        st.text = "SELECT name FROM product WHERE id = $1";
        st.toplevel = 1;
        st.since = START - 3600 * SD_S;
        st.calls = 1000 + s * calls;
        st.total_ns = st.calls * ns;
        shop_add(m, "shop", at, SD_STATEMENT, &st);
        if (s % 3 >= busy)
            continue;
        struct sd_activity a;
        schema_clear(schema_of(SD_ACTIVITY), &a);
        a.period_ns = SD_S;
        a.pid = 10;
        a.database = "shop";
        a.state = "active";
        a.query_id = 7;
        a.query = st.text;
        a.route = "GET /orders/:id";
        shop_add(m, "shop", at, SD_ACTIVITY, &a);
    }
    return m;
}

static void test_n_plus_one(void **state)
{
    (void)state;
    static const struct {
        int requests, calls;
        int64_t ns;
        int busy;
        bool found;
    } cases[] = {
        {10, 250, 4 * SD_MS, 2, true},   /* 25 a request, 100 ms of it */
        {10, 20, 40 * SD_MS, 2, false},  /* twice a request is no N+1 */
        {10, 250, SD_MS, 2, true},       /* 25 a request, only 25 ms on the server: round trips count */
        {10, 250, 20 * SD_US, 2, true},  /* 25 a request, as good as nothing on the server */
        {10, 250, 40 * SD_MS, 2, false}, /* 1 s of a request of 200 ms: the calls are somebody else's */
        {10, 250, 4 * SD_MS, 0, false},  /* nobody saw it run for the route */
        {0, 250, 4 * SD_MS, 2, false},   /* no requests */
    };
    struct span span = {START, START + 60 * SD_S};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct model *m = minute(cases[i].requests, cases[i].calls, cases[i].ns, cases[i].busy);
        struct n_plus_one out[4];
        const struct query *q = model_query(m, 0);
        size_t n = n_plus_one_of_query(m, q, span, out, ARRAY_LEN(out));
        if (n != cases[i].found)
            fail_msg("case %zu: %zu", i, n);
        if (n) {
            assert_true(fabs(out[0].of.calls_per_request - 25) < 1);
            assert_true(out[0].of.at_least < out[0].of.calls_per_request);
            assert_int_equal(out[0].severity, SEVERITY_WARN);
            assert_int_equal(n_plus_one_of_endpoint(m, model_endpoint(m, 0), span, out, ARRAY_LEN(out)), 1);
            struct view_ctx c = {.model = m, .now = START + 60 * SD_S, .span = span, .arg = query_key(q)};
            struct doc *d = query_view.build(&c);
            bool shown = false;
            for (size_t k = 0; k < d->n_sections; k++)
                if (str_eq(d->sections[k].key, "n_plus_one")) {
                    shown = true;
                    assert_string_equal(d->sections[k].table.rows[0].copy,
                                        "SELECT name, id FROM product WHERE id = ANY($1);");
                }
            assert_true(shown);
            doc_free(d);
        }
        model_free(m);
    }
}

/* ---- statistics out of date ---- */

static bool stale(int64_t changed, double rows, double planned, const char **evidence, struct explain *e)
{
    struct strbuf b = {0};
    strbuf_printf(&b,
                  "[{\"Plan\":{\"Node Type\":\"Hash Join\",\"Total Cost\":9000,\"Plan Rows\":50,\"Plan "
                  "Width\":8,\"Actual Startup Time\":1,"
                  "\"Actual Total Time\":90,\"Actual Rows\":50000,\"Actual Loops\":1,\"Plans\":[{\"Node "
                  "Type\":\"Seq Scan\","
                  "\"Parent Relationship\":\"Outer\",\"Relation "
                  "Name\":\"orders\",\"Schema\":\"public\",\"Total Cost\":5000,"
                  "\"Plan Rows\":%.0f,\"Plan Width\":4,\"Actual Startup Time\":0.1,\"Actual Total "
                  "Time\":20,\"Actual Rows\":50000,"
                  "\"Actual Loops\":1},{\"Node Type\":\"Hash\",\"Parent Relationship\":\"Inner\",\"Total "
                  "Cost\":5,\"Plan Rows\":50000,"
                  "\"Plan Width\":4,\"Actual Startup Time\":0.1,\"Actual Total Time\":1,\"Actual "
                  "Rows\":50000,\"Actual Loops\":1}]},"
                  "\"Execution Time\":91}]",
                  planned);
    *e = read_plan(b.text);
    strbuf_free(&b);
    struct sd_table t;
    schema_clear(schema_of(SD_TABLE), &t);
    t.schema = "public";
    t.name = "orders";
    t.rows = rows;
    t.changed = changed;
    const struct sd_table *tables[] = {&t};
    struct plan_facts facts = {.tables = tables, .n_tables = 1};
    struct plan_findings f;
    plan_findings(e->plans[0], &facts, &f);
    *evidence = NULL;
    bool estimate = false;
    for (size_t i = 0; i < f.n; i++) {
        if (!strcmp(f.items[i].rule->name, "stale_statistics"))
            *evidence = f.items[i].evidence;
        estimate = estimate || !strcmp(f.items[i].rule->name, "bad_estimate");
    }
    assert_false(*evidence && estimate); /* one of the two speaks */
    plan_findings_free(&f);
    return *evidence != NULL;
}

static void test_stale_statistics(void **state)
{
    (void)state;
    static const struct {
        int64_t changed;
        double rows, planned;
        bool found;
    } cases[] = {
        {49000, 1000, 500, true},       /* filled since */
        {49000, NAN, 500, true},        /* never analysed */
        {49000, 1000, 40000, false},    /* the estimate is right all the same */
        {4000, 50000, 500, false},      /* a small part changed: it is not that */
        {SD_UNKNOWN, 1000, 500, false}, /* not known */
        {900, 1000, 500, false},        /* below the floor */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct explain e;
        const char *evidence;
        if (stale(cases[i].changed, cases[i].rows, cases[i].planned, &evidence, &e) != cases[i].found)
            fail_msg("case %zu: %s", i, evidence ? evidence : "nothing");
        explain_free(&e);
    }
}

/* ---- many plans, each with many statements ---- */

static void with_all(const char *path)
{
    static const char *const statements[] = {
        "SELECT * FROM orders o JOIN t1 a ON a.id = o.id OR a.x = o.y WHERE o.a NOT IN (SELECT b FROM c) "
        "ORDER BY 1 LIMIT 5 OFFSET 50000",
        "SELECT DISTINCT a.x, (SELECT count(*) FROM u WHERE u.a = a.a) FROM a, b WHERE a.id = b.id AND "
        "(SELECT count(*) FROM v WHERE v.x = a.x) > 0",
        "WITH c AS MATERIALIZED (SELECT 1 AS x) SELECT * FROM c, c d WHERE c.x::date = '2024-01-01' UNION "
        "SELECT lower(y), 2 FROM z",
        "UPDATE t SET x = 1 WHERE date(y) = $1 AND z IN (1,2,3)",
        "DELETE FROM t WHERE id NOT IN (SELECT id FROM u)",
        "SELECT 1",
    };
    char *text;
    size_t len;
    struct explain e;
    struct sd_error err;
    if (!file_read(path, 64 << 20, &text, &len, &err))
        return;
    if (explain_read(text, len, &e, &err)) {
        for (size_t p = 0; p < e.n_plans && p < 40; p++)
            for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
                struct rewrite_input in = {.sql = statements[i], .plan = e.plans[p], .show_literals = true};
                struct rewrite_list l;
                rewrites(&in, &l);
                for (size_t k = 0; k < l.n; k++)
                    if (l.items[k].statement && !parses(l.items[k].statement))
                        fail_msg("%s with %s: %s", path, statements[i], l.items[k].statement);
                rewrites_free(&l);
            }
        explain_free(&e);
    }
    free(text);
}

static void all_below(const char *dir, int depth)
{
    DIR *d = opendir(dir);
    for (struct dirent *x; d && (x = readdir(d));) {
        char path[1024];
        if (x->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, x->d_name);
        if (x->d_type == DT_DIR && depth < 4)
            all_below(path, depth + 1);
        else if (x->d_type == DT_REG && !strstr(x->d_name, "pev2.json"))
            with_all(path);
    }
    if (d)
        closedir(d);
}

static void test_any_plan(void **state)
{
    (void)state;
    all_below(test_file("data/plans"), 0);
    const char *corpus = test_corpus("pg_explain");
    if (corpus)
        all_below(corpus, 0);
}

/* Each statement with its own plans, with and without indexes: none of them is at fault. */
static void test_healthy_corpus(void **state)
{
    (void)state;
    size_t looked = 0;
    for (int q = 1; q <= 22; q++) {
        char name[80];
        char *sql, *text;
        size_t len;
        struct sd_error err;
        snprintf(name, sizeof name, "index_advice/tpch/q%02d.sql", q);
        const char *path = test_corpus(name);
        if (!path || !file_read(path, 1 << 20, &sql, &len, &err))
            continue;
        for (int v = 0; v < 2; v++) {
            struct explain e;
            snprintf(name, sizeof name, "pg_explain/own-tpch/q%02d.%s.json", q, v ? "idx" : "noidx");
            path = test_corpus(name);
            if (!path || !file_read(path, 1 << 24, &text, &len, &err))
                continue;
            if (explain_read(text, len, &e, &err)) {
                struct rewrite_input in = {.sql = sql, .plan = e.plans[0], .show_literals = true};
                struct rewrite_list l;
                rewrites(&in, &l);
                looked++;
                if (l.n)
                    fail_msg("%s: %s, %s", name, l.items[0].rule->name, l.items[0].evidence);
                rewrites_free(&l);
                explain_free(&e);
            }
            free(text);
        }
        free(sql);
    }
    if (!looked)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements), cmocka_unit_test(test_unique_key),
        cmocka_unit_test(test_catalog),    cmocka_unit_test(test_batch),
        cmocka_unit_test(test_n_plus_one), cmocka_unit_test(test_stale_statistics),
        cmocka_unit_test(test_any_plan),   cmocka_unit_test(test_healthy_corpus),
    };
    return cmocka_run_group_tests_name("rewrites", tests, NULL, NULL);
}
