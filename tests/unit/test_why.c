/* Why something is slow when it is not the plan: waits, the share in the database, N+1 by counts, status
 * codes over time, what a table is used by, the figures of the server. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/insight/n_plus_one.h"
#include "core/schema.h"
#include "core/sql/statement.h"
#include "tests/lib/shop.h"
#include "view/endpoints/statuses.h"
#include "view/view.h"

enum { SECONDS = 60 };
#define START  SHOP_START
#define WINDOW ((struct span){START, START + SECONDS * SD_S})

static struct doc *built(const struct model *m, const char *view, const char *arg)
{
    struct view_ctx c = {.model = m, .now = START + SECONDS * SD_S, .span = WINDOW, .arg = arg};
    return view_exactly(view)->build(&c);
}

static const struct section *section(const struct doc *d, const char *key)
{
    for (size_t i = 0; i < d->n_sections; i++)
        if (str_eq(d->sections[i].key, key))
            return &d->sections[i];
    fail_msg("%s has no section %s", d->view, key);
    return NULL;
}

static const struct cell *cell(const struct section *s, size_t row, const char *key)
{
    assert_true(row < s->table.n_rows);
    for (size_t c = 0; c < s->table.n_columns; c++)
        if (str_eq(s->table.columns[c].key, key))
            return &s->table.rows[row].cells[c];
    fail_msg("there is no column %s", key);
    return NULL;
}

static void active(struct model *m, sd_time at, int64_t pid, int64_t leader, const char *route,
                   const char *wait_type, const char *wait_event)
{
    struct sd_activity a;
    schema_clear(schema_of(SD_ACTIVITY), &a);
    a.period_ns = SD_S / 2;
    a.pid = pid;
    a.leader_pid = leader;
    a.database = "shop";
    a.state = "active";
    a.wait_type = wait_type;
    a.wait_event = wait_event;
    a.query_id = 7;
    a.query = "SELECT name FROM product WHERE id = $1";
    a.route = route;
    shop_add(m, "shop", at, SD_ACTIVITY, &a);
}

/* ---- waits and the share in the database ---- */

/* A request a second that takes 1 s, of which half is in the database: a third of that it waits for locks. */
static struct model *waiting(void)
{
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < SECONDS; s++) {
        sd_time at = START + s * SD_S;
        shop_requests(m, at, "GET", "/carts/:id", 1, 0, SD_S);
        shop_statement(m, at, START - SD_S, 7, "SELECT name FROM product WHERE id = $1", 100 + s,
                       (100 + s) * 500 * SD_MS);
        active(m, at, 10, SD_UNKNOWN, "GET /carts/:id", s % 3 ? NULL : "Lock",
               s % 3 ? NULL : "transactionid");
        /* Its parallel worker is load, but no time that somebody waits. */
        active(m, at + SD_S / 4, 11, 10, "GET /carts/:id", NULL, NULL);
    }
    return m;
}

static void test_waits_are_grouped(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum wait_group group;
    } cases[] = {{NULL, WAIT_CPU},          {"IO", WAIT_IO},          {"Lock", WAIT_LOCK},
                 {"LWLock", WAIT_INTERNAL}, {"Client", WAIT_CLIENT},  {"IPC", WAIT_PROCESS},
                 {"Timeout", WAIT_OTHER},   {"Invented", WAIT_OTHER}, {"BufferPin", WAIT_INTERNAL}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(wait_group_of(cases[i].type), cases[i].group);
    struct model *m = waiting();
    struct wait_sums w;
    query_waits(m, model_query(m, 0), WINDOW, &w);
    assert_true(fabs(w.total - 60) < 0.01); /* 120 samples of half a second */
    assert_true(fabs(w.waited - 30) < 0.01);
    assert_true(fabs(w.seconds[WAIT_LOCK] - 10) < 0.01);
    model_free(m);
}

static void test_an_endpoint_tells_its_share_in_the_database(void **state)
{
    (void)state;
    struct model *m = waiting();
    struct doc *d = built(m, "endpoint", "GET /carts/:id");
    assert_string_equal(section(d, "queries")->note,
                        "50.0 % of its time in the database: CPU 83.3 %, locks 16.7 %");
    const struct section *waits = section(d, "waits");
    assert_int_equal(waits->table.n_rows, 2);
    assert_string_equal(cell(waits, 1, "wait")->s, "locks");
    assert_string_equal(cell(waits, 1, "event")->s, "Lock:transactionid");
    assert_true(fabs(cell(section(d, "queries"), 0, "calls_per_request")->f - 1) < 0.06);
    doc_free(d);
    d = built(m, "endpoints", NULL);
    assert_true(fabs(cell(section(d, "rows"), 0, "db_share")->f - 0.5) < 0.01);
    doc_free(d);
    d = built(m, "query", "shop/7");
    assert_non_null(strstr(section(d, "text")->note, "waits: CPU 83.3 %, locks 16.7 %"));
    doc_free(d);
    d = built(m, "queries", NULL);
    assert_string_equal(cell(section(d, "rows"), 0, "waits")->list->rows[0].cells[0].s, "CPU");
    doc_free(d);
    model_free(m);
}

static void test_a_share_is_not_told_without_samples(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < SECONDS; s++)
        shop_requests(m, START + s * SD_S, "GET", "/carts/:id", 1, 0, SD_S);
    struct doc *d = built(m, "endpoints", NULL);
    assert_int_equal(cell(section(d, "rows"), 0, "db_share")->type, CELL_UNKNOWN);
    assert_int_equal(cell(section(d, "rows"), 0, "waits")->type, CELL_UNKNOWN);
    doc_free(d);
    model_free(m);
}

/* ---- N+1 by counts ---- */

/* Requests of a route that come unevenly, as they do, and a statement that takes next to nothing on
 * the server: `each` calls for a request of the route, `other` for one of all others. Its first call
 * was the route's; nobody ever saw it run. */
static struct model *uneven(int each, int other, bool even)
{
    struct model *m = model_new(&MODEL_DEFAULTS);
    unsigned seed = 5;
    int64_t calls = 1000;
    for (int s = 0; s < SECONDS; s++) {
        sd_time at = START + s * SD_S;
        seed = seed * 1103515245u + 12345;
        int carts = even ? 4 : (int)(seed >> 16) % 9;
        seed = seed * 1103515245u + 12345;
        int pages = even ? 20 : 10 + (int)(seed >> 16) % 20;
        struct sd_statement st;
        schema_clear(schema_of(SD_STATEMENT), &st);
        st.query_id = 7;
        st.database = "shop";
        st.role = "app";
        st.text = "SELECT name, price FROM products WHERE id = $1";
        st.toplevel = 1;
        st.since = START - 3600 * SD_S;
        st.calls = calls;
        st.total_ns = calls * 20 * SD_US;
        st.route = "GET /carts/:id";
        shop_add(m, "shop", at, SD_STATEMENT, &st);
        shop_requests(m, at, "GET", "/carts/:id", carts, 0, 5 * SD_MS);
        shop_requests(m, at, "GET", "/", pages, 0, SD_MS);
        calls += carts * each + pages * other;
    }
    return m;
}

static void test_an_n_plus_one_needs_no_time_on_the_server(void **state)
{
    (void)state;
    static const struct {
        int each, other;
        bool even, found;
    } cases[] = {
        {17, 0, false, true}, {17, 1, false, true}, /* the other pages run it once */
        {1, 1, false, false},                       /* every page runs it: who is signed in */
        {2, 5, false, false}, /* more than five for a request of the route, and none of them its own */
        {17, 0, true, false}, /* nothing tells whose they are */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct model *m = uneven(cases[i].each, cases[i].other, cases[i].even);
        struct n_plus_one out[4];
        size_t n = n_plus_one_of_query(m, model_query(m, 0), WINDOW, out, ARRAY_LEN(out));
        if (n != cases[i].found)
            fail_msg("case %zu: %zu", i, n);
        if (n) {
            assert_string_equal(endpoint_name(out[0].of.endpoint), "GET /carts/:id");
            assert_string_equal(out[0].of.evidence, "calls rise with requests");
            assert_true(fabs(out[0].of.calls_per_request - cases[i].each) < 1);
            const struct endpoint *e = model_find_endpoint(m, "GET /carts/:id");
            assert_int_equal(n_plus_one_of_endpoint(m, e, WINDOW, out, ARRAY_LEN(out)), 1);
        }
        model_free(m);
    }
}

static void test_the_overview_names_an_n_plus_one(void **state)
{
    (void)state;
    struct model *m = uneven(17, 0, false);
    struct doc *d = built(m, "overview", NULL);
    const struct section *rows = section(d, "rows");
    bool named = false;
    for (size_t i = 0; i < rows->table.n_rows; i++)
        if (str_eq(cell(rows, i, "kind")->s, "n+1")) {
            named = true;
            assert_string_equal(cell(rows, i, "subject")->s, "GET /carts/:id");
            assert_string_equal(cell(rows, i, "text")->s,
                                "17 calls in each request: SELECT name, price FROM products WHERE id = $1");
            assert_string_equal(rows->table.rows[i].dive.view, "query");
        }
    assert_true(named);
    doc_free(d);
    d = built(m, "endpoint",
              "GET /carts/:id"); /* in the list of its queries, too, though never seen running */
    assert_true(fabs(cell(section(d, "queries"), 0, "calls_per_request")->f - 17) < 1);
    doc_free(d);
    model_free(m);
}

/* ---- errors lead to the status codes over time ---- */

static void test_errors_lead_to_the_status_codes(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < SECONDS; s++)
        shop_requests(m, START + s * SD_S, "POST", "/checkout", 10, s >= 40 ? 5 : 0, 20 * SD_MS);
    struct doc *d = built(m, "overview", NULL);
    const struct section *rows = section(d, "rows");
    const struct dive *dive = NULL;
    for (size_t i = 0; i < rows->table.n_rows; i++)
        if (str_eq(cell(rows, i, "kind")->s, "errors"))
            dive = &rows->table.rows[i].dive;
    assert_non_null(dive);
    assert_string_equal(dive->view, "statuses");
    assert_string_equal(dive->arg, "POST /checkout");
    struct doc *codes = built(m, dive->view, dive->arg);
    const struct section *table = section(codes, "rows");
    assert_string_equal(cell(table, 0, "status")->s, "5xx server error");
    assert_int_equal(cell(table, 0, "count")->i, 100);
    assert_int_equal(cell(table, 0, "first_at")->i, START + 40 * SD_S);
    const struct graph *g = &section(codes, "statuses")->graph;
    assert_string_equal(g->lines[0].name, "5xx");
    assert_true(g->lines[0].values[10] < 0.01 && g->lines[0].values[g->n_points - 5] > 4.9);
    doc_free(codes);
    doc_free(d);
    model_free(m);
}

/* ---- tables ---- */

static void test_statements_of_a_table(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        bool uses;
    } cases[] = {
        {"SELECT * FROM orders", true},
        {"select 1 from Orders o where id = 1", true},
        {"SELECT * FROM public.orders", true},
        {"SELECT * FROM archive.orders", false},
        {"SELECT * FROM \"orders\" o JOIN lines l ON true", true},
        {"SELECT * FROM lines l, orders o", true},
        {"SELECT * FROM lines l JOIN ONLY orders o ON l.id = o.id", true},
        {"UPDATE orders SET a = 1", true},
        {"INSERT INTO orders VALUES (1)", true},
        {"DELETE FROM lines USING orders WHERE true", true},
        {"SELECT (SELECT count(*) FROM orders) FROM lines", true},
        {"SELECT id FROM (SELECT * FROM orders", true}, /* cut */
        {"SELECT orders, x FROM lines", false},
        {"SELECT orders.x FROM lines orders", false},
        {"SELECT * FROM orders_old", false},
        {"SELECT 'FROM orders' /* FROM orders */", false},
        {"", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (sql_uses_table(cases[i].sql, "public", "orders") != cases[i].uses)
            fail_msg("%s", cases[i].sql);
}

static void test_a_table_leads_to_queries_indexes_and_locks(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_table t;
    schema_clear(schema_of(SD_TABLE), &t);
    t.database = "shop";
    t.schema = "public";
    t.name = "product";
    t.total_bytes = 1 << 20;
    struct sd_index x;
    schema_clear(schema_of(SD_INDEX), &x);
    x.database = "shop";
    x.schema = "public";
    x.table = "product";
    x.name = "product_pkey";
    x.definition = "CREATE UNIQUE INDEX product_pkey ON public.product USING btree (id)";
    struct sd_batch *b = batch_new("shop", START); /* one listing */
    assert_true(batch_add(b, SD_TABLE, &t) && batch_add(b, SD_INDEX, &x));
    model_apply(m, b);
    batch_unref(b);
    for (int s = 0; s < SECONDS; s++)
        shop_statement(m, START + s * SD_S, START - SD_S, 7, "SELECT name FROM product WHERE id = $1",
                       100 + s, (100 + s) * SD_MS);
    struct sd_activity a;
    schema_clear(schema_of(SD_ACTIVITY), &a);
    a.period_ns = SD_S;
    a.pid = 12;
    a.database = "shop";
    a.state = "active";
    a.wait_type = "Lock";
    a.lock = "row of product";
    a.blocked_by = "10";
    a.wait_start = START + 55 * SD_S;
    shop_add(m, "shop", START + 59 * SD_S, SD_ACTIVITY, &a);
    struct doc *d = built(m, "table", "public.product");
    assert_string_equal(section(d, "queries")->table.rows[0].dive.arg, "shop/7");
    assert_string_equal(cell(section(d, "locks"), 0, "blocked_by")->s, "10");
    assert_int_equal(cell(section(d, "locks"), 0, "age_ns")->i, 4 * SD_S);
    doc_free(d);
    d = built(m, "table", "public.nothing");
    assert_non_null(d->missing);
    doc_free(d);
    model_free(m);
}

/* ---- tools are no workload ---- */

static void test_tools_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        bool tool;
    } cases[] = {
        {"/* slowdive */ SELECT 1", true},
        {"  /* slowdive */ EXPLAIN (FORMAT JSON) SELECT 1", true},
        {"SELECT /* slowdive */ 1", true},
        {"EXPLAIN /* slowdive */ (FORMAT JSON) SELECT 1", true},
        {"ROLLBACK /* slowdive */", true},
        {"SELECT 1 /* slowdive */", false},
        {"SELECT * FROM hypopg_create_index($1)", true},
        {"SELECT public.hypopg_reset()", true},
        {"select indexrelid from hypopg ( )", true},
        {"SELECT * FROM hypopg_list_indexes", true},
        {"CREATE EXTENSION IF NOT EXISTS hypopg", true},
        {"SELECT pg_stat_statements_reset()", true},
        {"SELECT pg_catalog.pg_stat_reset_shared($1)", true},
        {"SELECT pg_stat_reset()", true},
        {"SELECT pg_qualstats_reset()", true},
        {"SELECT reset FROM passwords WHERE token = $1", false},
        {"SELECT password_reset($1)", false},
        {"SELECT * FROM orders /* slowdive */", false},
        {"SELECT 'hypopg_reset()'", false},
        {"SELECT * FROM pg_stat_activity", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (sql_is_tool(cases[i].sql) != cases[i].tool)
            fail_msg("%s", cases[i].sql);
}

static void test_our_tag_is_sent_where_it_is_kept(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"/* slowdive */ SELECT 1", "SELECT /* slowdive */ 1"},
        {"/* slowdive */ EXPLAIN (FORMAT JSON)\nselect '/* a */'",
         "EXPLAIN /* slowdive */ (FORMAT JSON)\nselect '/* a */'"},
        {"/* slowdive */ ROLLBACK", "ROLLBACK /* slowdive */"},
        {"/*action='x'*/ select 1", "/*action='x'*/ select 1"}, /* not ours */
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *sent = sql_tag_own(cases[i][0]);
        assert_string_equal(sent, cases[i][1]);
        assert_true(sql_is_tool(sent) == sql_is_tool(cases[i][0]));
        free(sent);
    }
}

/* ---- the server at a glance ---- */

static void metric(struct model *m, sd_time at, const char *name, double value, bool counter)
{
    shop_add(m, "shop", at, SD_METRIC, &(struct sd_metric){.name = name, .value = value, .counter = counter});
}

static double figure(const struct doc *d, const char *key, bool *shown)
{
    const struct section *s = section(d, "summary");
    for (size_t i = 0; i < s->fields.n; i++)
        if (str_eq(s->fields.items[i].key, key)) {
            *shown = s->fields.items[i].label != NULL;
            const struct cell *v = &s->fields.items[i].value;
            return v->type == CELL_REAL ? v->f : v->type == CELL_INT ? (double)v->i : NAN;
        }
    *shown = false;
    return NAN;
}

/* On a server that nobody else uses all transactions are ours, but those of the last second. */
static void test_our_own_transactions_are_not_the_servers(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < SECONDS; s += 2) {
        sd_time at = START + s * SD_S;
        metric(m, at, "postgresql.uptime", (double)(s + 3600) * 1e9, false);
        metric(m, at, "postgresql.xact_commit", 13 * (s - s % 3), true);
        metric(m, at, "postgresql.xact_rollback", 0, true);
        metric(m, at, "postgresql.own_transactions", 13 * s, true);
        metric(m, at, "postgresql.blks_hit", 90 * s, true);
        metric(m, at, "postgresql.blks_read", 10 * s, true);
    }
    struct doc *d = built(m, "overview", NULL);
    bool shown;
    assert_true(figure(d, "transactions_per_s", &shown) == 0 && shown);
    assert_true(isnan(figure(d, "hit_ratio", &shown)) && !shown); /* of our own blocks */
    doc_free(d);
    model_free(m);
}

static void test_a_server_alone_at_a_glance(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int s = 0; s < SECONDS; s += 2) {
        sd_time at = START + s * SD_S;
        metric(m, at, "postgresql.uptime", (double)(s + 3600) * 1e9, false);
        metric(m, at, "postgresql.connections", 9, false);
        metric(m, at, "postgresql.max_connections", 100, false);
        metric(m, at, "postgresql.xact_commit", 60 * s, true);
        metric(m, at, "postgresql.own_transactions", 10 * s, true);
        metric(m, at, "postgresql.xact_rollback", 5 * s, true);
        metric(m, at, "postgresql.blks_hit", 90 * s, true);
        metric(m, at, "postgresql.blks_read", 10 * s, true);
        metric(m, at, "postgresql.size", 1e9 + 1000 * s, false);
        if (s < 30) /* the standby went away: its lag is not known any more */
            metric(m, at, "postgresql.replication_lag", 1e9, false);
        metric(m, at, "postgresql.oldest_xact", 23e9, false);
    }
    struct doc *d = built(m, "overview", NULL);
    static const struct {
        const char *key;
        double value;
    } want[] = {{"uptime_ns", 3658e9},        {"connections", 9},      {"max_connections", 100},
                {"transactions_per_s", 55},   {"hit_ratio", 0.9},      {"size_bytes", 1e9 + 58000},
                {"growth_bytes_per_s", 1000}, {"oldest_xact_ns", 23e9}};
    bool shown;
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        double v = figure(d, want[i].key, &shown);
        if (!shown || !(fabs(v - want[i].value) <= 0.01 * want[i].value))
            fail_msg("%s: %g", want[i].key, v);
    }
    assert_true(isnan(figure(d, "replication_lag_ns", &shown)) && !shown);
    assert_true(isnan(figure(d, "wraparound_share", &shown)) && !shown);
    doc_free(d);
    model_free(m);
}

/* The size is read once a minute: its growth over a minute stands still in between. */
static void test_growth_does_not_come_and_go(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    const int64_t every = SECONDS * SD_S + SD_S / 2; /* never quite on time */
    for (int s = 0; s < 5 * SECONDS; s += 2)
        metric(m, START + s * SD_S, "postgresql.uptime", (double)(s + 3600) * 1e9, false);
    for (int i = 0; i < 4; i++)
        metric(m, START + i * every, "postgresql.size", 1e9 + 6050 * i, false);
    for (int64_t at = START + every; at < START + 4 * every; at += SD_S / 2) {
        struct view_ctx c = {.model = m, .now = at, .span = {at - SECONDS * SD_S, at}};
        struct doc *d = view_exactly("overview")->build(&c);
        bool shown;
        double v = figure(d, "growth_bytes_per_s", &shown);
        if (!shown || !(fabs(v - 100) < 0.01))
            fail_msg("%.1f s after the beginning: %g", (double)(at - START) / 1e9, v);
        doc_free(d);
    }
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_are_grouped),
        cmocka_unit_test(test_an_endpoint_tells_its_share_in_the_database),
        cmocka_unit_test(test_a_share_is_not_told_without_samples),
        cmocka_unit_test(test_an_n_plus_one_needs_no_time_on_the_server),
        cmocka_unit_test(test_the_overview_names_an_n_plus_one),
        cmocka_unit_test(test_errors_lead_to_the_status_codes),
        cmocka_unit_test(test_statements_of_a_table),
        cmocka_unit_test(test_a_table_leads_to_queries_indexes_and_locks),
        cmocka_unit_test(test_tools_are_known),
        cmocka_unit_test(test_our_tag_is_sent_where_it_is_kept),
        cmocka_unit_test(test_our_own_transactions_are_not_the_servers),
        cmocka_unit_test(test_a_server_alone_at_a_glance),
        cmocka_unit_test(test_growth_does_not_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
