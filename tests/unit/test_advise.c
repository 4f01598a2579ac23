/* The index a filter lacks: a table of filters as EXPLAIN prints them. */
#include "tests/lib/test.h"

#include <pg_query.h>
#include <stdlib.h>

#include "core/plans/advice.h"
#include "format/plans/explain_input.h"

struct given {
    double kept, removed; /* negative removed: not analyzed, `kept` is the estimate */
    const char *relation, *schema, *query;
    const struct sd_table *const *tables;
    size_t n_tables;
    const struct sd_index *const *indexes;
    size_t n_indexes;
};

/* A plan of one sequential scan. */
static struct explain scan(const char *filter, const struct given *g)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "{\"Plan\":{\"Node Type\":\"Seq Scan\",\"Relation Name\":\"%s\",\"Alias\":\"o\",",
                  g->relation ? g->relation : "orders");
    if (g->schema)
        strbuf_printf(&b, "\"Schema\":\"%s\",", g->schema);
    strbuf_str(&b, "\"Filter\":\"");
    for (const char *s = filter; *s; s++) {
        if (*s == '"' || *s == '\\')
            strbuf_char(&b, '\\');
        strbuf_char(&b, *s);
    }
    strbuf_printf(&b, "\",\"Total Cost\":5000,\"Plan Rows\":%.0f,\"Plan Width\":40", g->kept);
    if (g->removed >= 0)
        strbuf_printf(&b,
                      ",\"Actual Total Time\":50.0,\"Actual Rows\":%.0f,\"Actual Loops\":1,\"Rows Removed by "
                      "Filter\":%.0f",
                      g->kept, g->removed);
    strbuf_str(&b, "}}");
    struct explain e;
    struct sd_error err = {""};
    if (!explain_read(b.text, b.len, &e, &err))
        fail_msg("%s: %s", b.text, err.text);
    strbuf_free(&b);
    return e;
}

static bool parses(const char *sql)
{
    PgQueryParseResult r = pg_query_parse(sql);
    bool ok = !r.error;
    pg_query_free_parse_result(r);
    return ok;
}

/* `expected` is the end of the DDL from the table on, or a part of the reason when it
 * begins with "no: ". */
static void check(const char *filter, const struct given *g, const char *expected)
{
    struct explain e = scan(filter, g);
    struct plan_facts facts = {.tables = g->tables,
                               .n_tables = g->n_tables,
                               .indexes = g->indexes,
                               .n_indexes = g->n_indexes,
                               .indexes_known = g->n_tables > 0};
    struct advice_list l;
    advise_plan(e.plans[0], &facts, g->query, &l);
    assert_int_equal(l.n, 1);
    const struct advice *a = &l.items[0];
    assert_non_null(a->why);
    if (str_starts(expected, "no: ")) {
        if (a->ddl)
            fail_msg("%s: suggests %s", filter, a->ddl);
        if (!strstr(a->why, expected + 4))
            fail_msg("%s: \"%s\" does not say \"%s\"", filter, a->why, expected + 4);
    } else {
        if (!a->ddl)
            fail_msg("%s: no suggestion: %s", filter, a->why);
        const char *on = strstr(a->ddl, " ON ");
        if (!on || strcmp(on + 4, expected) != 0)
            fail_msg("%s: %s, expected ON %s", filter, a->ddl, expected);
        assert_true(str_starts(a->ddl, "CREATE INDEX CONCURRENTLY "));
        if (!parses(a->ddl))
            fail_msg("%s does not parse", a->ddl);
        assert_true(a->unproven);
    }
    advise_free(&l);
    explain_free(&e);
}

static void test_filters(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"(status = $1)", "orders (status)"},
        {"((status)::text = 'open'::text)", "orders (status)"},
        {"(o.status = 'open'::text)", "orders (status)"},
        {"('open'::text = status)", "orders (status)"},
        {"(customer_id = ANY ('{1,2,3}'::integer[]))", "orders (customer_id)"},
        {"(customer_id = ANY ($1))", "orders (customer_id)"},
        {"(placed > '2026-01-01'::date)", "orders (placed)"},
        {"((placed >= '2026-01-01'::date) AND (placed < '2026-02-01'::date))", "orders (placed)"},
        {"((placed > '2026-01-01'::date) AND (status = 'open'::text))", "orders (status, placed)"},
        {"((total > 5) AND (placed > '2026-01-01'::date) AND (customer_id = 7) AND (status = $1))",
         "orders (customer_id, status, total)"},
        {"((customer_id = 7) AND (customer_id = 8))", "orders (customer_id)"},
        {"(deleted_at IS NULL)", "orders (deleted_at)"},
        {"((customer_id = 7) AND (deleted_at IS NOT NULL))", "orders (customer_id)"},
        {"((customer_id = 7) AND (status <> 'x'::text) AND (NOT done))", "orders (customer_id)"},
        {"(placed > (now() - '7 days'::interval))", "orders (placed)"},
        {"(total = $0)", "orders (total)"},
        {"(\"userId\" = 5)", "orders (\"userId\")"},
        {"(\"user\" = 5)", "orders (\"user\")"},
        {"(\"a\"\"b\" = 5)", "orders (\"a\"\"b\")"},
        {"((a = 1) AND (b = 2) AND (c = 3) AND (d = 4) AND (e = 5))", "orders (a, b, c, d)"},
        {"((status = 'open'::text) OR (customer_id = 5))", "no: an OR"},
        {"(lower(status) = 'open'::text)", "orders (lower(status))"},
        {"(lower((status)::text) = 'open'::text)", "orders (lower(status::text))"},
        {"((doc ->> 'kind'::text) = 'x'::text)", "orders ((doc ->> 'kind'::text))"},
        {"(odd(status) = 'open'::text)", "no: a function of the column"},
        {"(status ~~ '%pen%'::text)", "orders USING gin (status gin_trgm_ops)"},
        {"((status)::text ~~* '%pen%'::text)", "orders USING gin (status gin_trgm_ops)"},
        {"(doc @> '{\"a\": 1}'::jsonb)", "orders USING gin (doc)"},
        {"(tags && '{a,b}'::text[])", "orders USING gin (tags)"},
        {"(during && '[2024-01-01,2024-01-02)'::tsrange)", "orders USING gist (during)"},
        {"(address <<= '10.0.0.0/8'::inet)", "orders USING spgist (address)"},
        {"(code ~ '^ab'::text)", "orders (code text_pattern_ops)"},
        {"(words @@ '''x'''::tsquery)", "orders USING gin (words)"},
        {"(to_tsvector('english'::regconfig, note) @@ '''x'''::tsquery)",
         "orders USING gin (to_tsvector('english'::regconfig, note))"},
        {"((customer_id = 7) AND (status ~~ '%pen%'::text))", "no: Part of the filter is a search"},
        {"((status)::text ~~ 'op%'::text)", "orders (status text_pattern_ops)"},
        {"((customer_id = 7) AND (status ~~ 'op%'::text))", "orders (customer_id, status text_pattern_ops)"},
        {"(note ~* 'x'::text)", "no: The filter is a pattern that is too short"},
        {"(placed < shipped)", "no: another column"},
        {"((id)::numeric = 5.5)", "no: a cast"},
        {"((id % 2) = 0)", "no: an expression"},
        {"done", "no: only a boolean column"},
        {"(status <> 'x'::text)", "no: only an inequality"},
        {"((status)::text = ?::text)", "orders (status)"}, /* hidden constants */
        {"(customer_id = ANY (?::integer[]))", "orders (customer_id)"},
        {"((customer_id = ?) AND (placed > ?::date))", "orders (customer_id, placed)"},
        {"(status ~~ ?::text)", "no: a pattern that is not known"},
        {"(hashed SubPlan 1)", "no: a subquery"},
        {"(total = (InitPlan 1).col1)", "orders (total)"},
        {"(NOT (hashed SubPlan 1))", "no: only a negation"},
        {"((customer_id = 7) AND (lower(status) = 'x'::text))", "orders (customer_id, lower(status))"},
        {"((customer_id = 7) AND (odd(status) = 'x'::text))", "no: Part of the filter"},
        {"((random() * 5) = (total)::double precision)", "no: "},
        {"(customer_id = (random())::integer)", "no: "},
        {"(tableoid = 5)", "no: "},
        {"this is no filter (((", "no: cannot be read"},
        {"1 = 1) OR (2 = 2); DROP TABLE x; --", "no: "},
    };
    struct given g = {.kept = 100, .removed = 99900};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(cases[i][0], &g, cases[i][1]);
}

static void test_when_it_does_not_pay(void **state)
{
    (void)state;
    check("(status = $1)", &(struct given){.kept = 50000, .removed = 50000}, "no: keeps 50");
    check("(status = $1)", &(struct given){.kept = 2, .removed = 400}, "no: small");
    check("(status = $1)", &(struct given){.kept = 10000, .removed = -1}, "no: It is not known");
    check("(status = $1)", &(struct given){.kept = 10, .removed = -1}, "orders (status)");
    check("(relname = 'x'::name)", &(struct given){.kept = 1, .removed = 99999, .relation = "pg_class"},
          "no: System catalogs");
    check("(status = $1)", &(struct given){.kept = 1, .removed = 99999, .schema = "pg_catalog"},
          "no: System catalogs");
    const struct sd_table t = {.schema = "shop", .name = "orders", .rows = 1e6, .size_bytes = 100000000};
    const struct sd_table *const tables[] = {&t};
    struct given g = {.kept = 500000, .removed = -1, .tables = tables, .n_tables = 1};
    check("(status = $1)", &g, "no: keeps 50");
    g.kept = 1000;
    check("(status = $1)", &g, "shop.orders (status)");
}

static void test_casts_the_user_wrote(void **state)
{
    (void)state;
    struct given g = {.kept = 1, .removed = 99999, .query = "select * from orders where id::text = '5'"};
    check("((id)::text = '5'::text)", &g, "no: cast");
    g.query = "select * from orders where status = 'x'";
    check("((status)::text = 'x'::text)", &g, "orders (status)");
}

static void test_names(void **state)
{
    (void)state;
    struct given g = {.kept = 1, .removed = 99999, .relation = "Order Lines", .schema = "my schema"};
    check("(\"Id\" = 1)", &g, "\"my schema\".\"Order Lines\" (\"Id\")");
    g = (struct given){.kept = 1, .removed = 99999, .relation = "user"};
    check("(id = 1)", &g, "\"user\" (id)");
    /* A name of 63 bytes at most, never cut inside a character, and not one that is taken. */
    static const char longest[] = "t_"
                                  "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc"
                                  "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc"
                                  "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc"
                                  "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6";
    g = (struct given){.kept = 1, .removed = 99999, .relation = longest};
    struct explain e = scan("(id = 1)", &g);
    struct plan_facts facts = {0};
    struct advice_list l;
    advise_plan(e.plans[0], &facts, NULL, &l);
    const char *name = strchr(l.items[0].ddl, '"') + 1;
    size_t len = strcspn(name, "\"");
    assert_true(len <= 63);
    assert_true(((unsigned char)name[len - 5] & 0xc0) != 0xc0);
    advise_free(&l);
    explain_free(&e);
}

static void test_indexes_there_are(void **state)
{
    (void)state;
    const struct sd_table t = {.schema = "shop", .name = "orders", .rows = 1e6, .size_bytes = 100000000};
    const struct sd_table *const tables[] = {&t};
    static const struct {
        const char *columns, *definition, *filter, *expected;
        int is_unique, is_valid, is_partial;
    } cases[] = {
        {"status", "CREATE INDEX i ON shop.orders USING btree (status)", "(status = $1)",
         "no: exists for this filter", 0, 1, 0},
        {"status,placed", NULL, "(status = $1)", "no: exists for this filter", 0, 1, 0},
        {"placed, status", NULL, "(status = $1)", "shop.orders (status)", 0, 1, 0},
        {"placed,status", NULL, "((status = $1) AND (placed = $2))", "no: exists for this filter", 0, 1, 0},
        {"placed,status", NULL, "((status = $1) AND (placed > $2))", "shop.orders (status, placed)", 0, 1, 0},
        {"status,placed", NULL, "((status = $1) AND (placed > $2))", "no: exists for this filter", 0, 1, 0},
        {"status", NULL, "((status = $1) AND (placed > $2))", "shop.orders (status, placed)", 0, 1, 0},
        {"status", NULL, "(status = $1)", "shop.orders (status)", 0, 0, 0}, /* invalid */
        {"status", NULL, "(status = $1)", "shop.orders (status)", 0, 1, 1}, /* partial */
        {"", NULL, "(status = $1)", "shop.orders (status)", 0, 1, 0},       /* an expression */
        {"status", "CREATE INDEX i ON shop.orders USING hash (status)", "(status = $1)",
         "shop.orders (status)", 0, 1, 0},
        {"id", NULL, "((id = $1) AND (status = $2))", "no: exists for this filter", 1, 1, 0},
        {"id", NULL, "((id = $1) AND (status = $2))", "shop.orders (id, status)", 0, 1, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct sd_index ix = {.schema = "shop",
                                    .table = "orders",
                                    .name = "orders_status_idx",
                                    .columns = cases[i].columns,
                                    .definition = cases[i].definition,
                                    .is_unique = cases[i].is_unique,
                                    .is_valid = cases[i].is_valid,
                                    .is_partial = cases[i].is_partial};
        const struct sd_index *const indexes[] = {&ix};
        check(cases[i].filter,
              &(struct given){.kept = 10,
                              .removed = 999990,
                              .tables = tables,
                              .n_tables = 1,
                              .indexes = indexes,
                              .n_indexes = 1},
              cases[i].expected);
    }
    /* The name that is taken is not taken again. */
    const struct sd_index ix = {
        .schema = "shop", .table = "orders", .name = "orders_status_idx", .columns = "x", .is_valid = 1};
    const struct sd_index *const indexes[] = {&ix};
    struct given g = {.kept = 10, .removed = 999990};
    struct explain e = scan("(status = $1)", &g);
    struct plan_facts facts = {
        .tables = tables, .n_tables = 1, .indexes = indexes, .n_indexes = 1, .indexes_known = true};
    struct advice_list l;
    advise_plan(e.plans[0], &facts, NULL, &l);
    assert_string_equal(l.items[0].ddl,
                        "CREATE INDEX CONCURRENTLY orders_status_idx1 ON shop.orders (status)");
    advise_free(&l);
    explain_free(&e);
}

/* What else a plan shows: one JSON each, and the end of the DDL, or "" for nothing. */
#define SCAN(type, rows, removed, more)                                                                      \
    "{\"Node Type\":\"" type                                                                                 \
    "\",\"Relation Name\":\"orders\",\"Alias\":\"o\",\"Schema\":\"shop\",\"Total Cost\":9000,"               \
    "\"Plan Rows\":" #rows ",\"Actual Rows\":" #rows ",\"Actual Loops\":1,\"Actual Total Time\":90,"         \
    "\"Rows Removed by Filter\":" #removed "," more "}"
#define TOP(type, rows, more, plans)                                                                         \
    "{\"Node Type\":\"" type "\",\"Total Cost\":9500,\"Plan Rows\":" #rows ",\"Actual Rows\":" #rows         \
    ",\"Actual Loops\":1,"                                                                                   \
    "\"Actual Total Time\":99," more "\"Plans\":[" plans "]}"
#define OTHER(rows, more)                                                                                    \
    "{\"Node Type\":\"Seq Scan\",\"Relation "                                                                \
    "Name\":\"customers\",\"Alias\":\"c\",\"Schema\":\"shop\",\"Total Cost\":9,"                             \
    "\"Plan Rows\":" #rows ",\"Actual Rows\":" #rows ",\"Actual Loops\":1,\"Actual Total Time\":1" more "}"
#define SORT(keys) "\"Sort Key\":[" keys "],"

static void test_other_evidence(void **state)
{
    (void)state;
    static const struct {
        const char *plan, *expected;
    } cases[] = {
        /* the first rows of an order */
        {TOP("Limit", 10, "",
             TOP("Sort", 10, SORT("\"o.placed DESC\""), SCAN("Seq Scan", 100000, 0, "\"x\":1"))),
         "shop.orders (placed)"},
        {TOP("Limit", 10, "",
             TOP("Gather Merge", 10, "",
                 TOP("Sort", 10, SORT("\"o.placed DESC\",\"o.id\""),
                     SCAN("Seq Scan", 100000, 0, "\"x\":1")))),
         "shop.orders (placed DESC, id)"},
        {TOP("Limit", 10, "",
             TOP("Sort", 10, SORT("\"o.placed\""),
                 SCAN("Seq Scan", 20000, 80000, "\"Filter\":\"(o.status = 'open'::text)\""))),
         "shop.orders (status, placed)"},
        {TOP("Limit", 10, "",
             TOP("Sort", 10, SORT("\"o.placed\""),
                 SCAN("Index Scan", 20000, 0,
                      "\"Index Name\":\"i\",\"Index Cond\":\"(o.status = 'open'::text)\""))),
         "shop.orders (status, placed)"},
        {TOP("Limit", 10, "",
             TOP("Sort", 10, SORT("\"o.placed\""),
                 SCAN("Seq Scan", 20000, 80000, "\"Filter\":\"(o.total > 5)\""))),
         ""},
        {TOP("Limit", 90000, "",
             TOP("Sort", 90000, SORT("\"o.placed\""), SCAN("Seq Scan", 100000, 0, "\"x\":1"))),
         ""},
        {TOP("Sort", 100000, SORT("\"o.placed\""), SCAN("Seq Scan", 100000, 0, "\"x\":1")), ""},
        {TOP("Limit", 10, "",
             TOP("Sort", 10, SORT("\"(count(*))\""), SCAN("Seq Scan", 100000, 0, "\"x\":1"))),
         ""},
        /* an index whose rows are thrown away */
        {SCAN("Index Scan", 5, 50000,
              "\"Index Name\":\"i\",\"Index Cond\":\"(customer_id = 7)\",\"Filter\":\"(status = "
              "'open'::text)\""),
         "shop.orders (customer_id, status)"},
        {SCAN("Bitmap Heap Scan", 5, 50000,
              "\"Recheck Cond\":\"(customer_id = 7)\",\"Filter\":\"(placed > '2026-01-01'::date)\""),
         "shop.orders (customer_id, placed)"},
        {SCAN("Index Scan", 40000, 10000,
              "\"Index Name\":\"i\",\"Index Cond\":\"(customer_id = 7)\",\"Filter\":\"(status = "
              "'open'::text)\""),
         ""},
        {SCAN("Index Scan", 5, 50000,
              "\"Index Name\":\"i\",\"Index Cond\":\"(customer_id = 7)\",\"Filter\":\"(odd(status) = "
              "'open'::text)\""),
         ""},
        /* an index that is read from end to end */
        {TOP("Merge Join", 300, "\"Join Type\":\"Inner\",\"Merge Cond\":\"(o.id = c.id)\",",
             SCAN("Index Scan", 12000, 88000,
                  "\"Index Name\":\"by_key\",\"Filter\":\"((o.branch = 1) AND (o.state = 'OPEN'::text) AND "
                  "(o.changed < now()))\"") "," OTHER(20, "")),
         "shop.orders (branch, state, changed)"},
        {SCAN("Index Only Scan", 5, 50000,
              "\"Index Name\":\"by_key\",\"Filter\":\"(status = 'open'::text)\""),
         "shop.orders (status)"},
        {TOP("Limit", 10, "",
             SCAN("Index Scan", 10, 50000,
                  "\"Index Name\":\"by_time\",\"Filter\":\"((o.shop = 3) AND (o.total > 7))\"")),
         "shop.orders (shop, seen, id)"},
        {TOP("Limit", 10, "",
             SCAN("Index Scan", 10, 50000, "\"Index Name\":\"by_time\",\"Filter\":\"(o.total > 7)\"")),
         ""},
        {SCAN("Index Scan", 60000, 40000, "\"Index Name\":\"by_key\",\"Filter\":\"(status = 'open'::text)\""),
         ""},
        /* a table read whole for a few rows of a join */
        {TOP("Hash Join", 300, "\"Join Type\":\"Inner\",\"Hash Cond\":\"(o.customer_id = c.id)\",",
             SCAN("Seq Scan", 100000, 0, "\"x\":1") "," TOP("Hash", 20, "", OTHER(20, ""))),
         "shop.orders (customer_id)"},
        {TOP("Hash Join", 30, "\"Join Type\":\"Inner\",\"Hash Cond\":\"(o.customer_id = c.id)\",",
             SCAN("Seq Scan", 20000, 80000,
                  "\"Filter\":\"(o.status = 'open'::text)\"") "," TOP("Hash", 20, "", OTHER(20, ""))),
         "shop.orders (customer_id, status)"},
        {TOP("Hash Join", 300, "\"Join Type\":\"Right\",\"Hash Cond\":\"(o.customer_id = c.id)\",",
             SCAN("Seq Scan", 100000, 0, "\"x\":1") "," TOP("Hash", 20, "", OTHER(20, ""))),
         ""},
        {TOP("Hash Join", 20, "\"Join Type\":\"Inner\",\"Hash Cond\":\"(o.id = c.order_id)\",", /* a key */
             SCAN("Seq Scan", 100000, 0, "\"x\":1") "," TOP("Hash", 20, "", OTHER(20, ""))),
         ""},
        {TOP("Hash Join", 90000, "\"Join Type\":\"Inner\",\"Hash Cond\":\"(o.customer_id = c.id)\",",
             SCAN("Seq Scan", 100000, 0, "\"x\":1") "," TOP("Hash", 9000, "", OTHER(9000, ""))),
         ""},
        {TOP("Hash Join", 300, "\"Join Type\":\"Inner\",\"Hash Cond\":\"(lower(o.mail) = c.mail)\",",
             SCAN("Seq Scan", 100000, 0, "\"x\":1") "," TOP("Hash", 20, "", OTHER(20, ""))),
         "shop.orders (lower(mail))"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct explain e;
        struct sd_error err = {""};
        static const struct sd_index by_time = {.schema = "shop",
                                                .table = "orders",
                                                .name = "by_time",
                                                .columns = "seen,id",
                                                .is_valid = 1,
                                                .is_partial = 0};
        static const struct sd_index *const indexes[] = {&by_time};
        struct plan_facts facts = {.indexes = indexes, .n_indexes = 1};
        struct advice_list l;
        char *text = mem_printf("[{\"Plan\":%s,\"Execution Time\":100}]", cases[i].plan);
        if (!explain_read(text, strlen(text), &e, &err))
            fail_msg("%s: %s", text, err.text);
        advise_plan(e.plans[0], &facts, NULL, &l);
        const char *ddl = l.n ? l.items[0].ddl : NULL, *on = ddl ? strstr(ddl, " ON ") : NULL;
        if (strcmp(on ? on + 4 : "", cases[i].expected) != 0)
            fail_msg("%zu: \"%s\", expected \"%s\": %s", i, on ? on + 4 : "", cases[i].expected,
                     cases[i].plan);
        if (ddl) {
            assert_true(parses(ddl) && l.items[0].unproven && l.items[0].saves_share > 0 &&
                        l.items[0].saves_share <= 1);
            assert_non_null(l.items[0].why);
        }
        advise_free(&l);
        explain_free(&e);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_when_it_does_not_pay),
        cmocka_unit_test(test_casts_the_user_wrote),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_indexes_there_are),
        cmocka_unit_test(test_other_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
