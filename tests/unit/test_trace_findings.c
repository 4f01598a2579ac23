/* Findings of traces, on both sides of each threshold; parts of a request's time; statements that are the
 * same. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/insight/trace_summary.h"
#include "core/traces/trace_findings.h"
#include "core/traces/trace_network.h"
#include "core/traces/trace_parts.h"
#include "core/traces/trace_statement.h"

#define T0 (INT64_C(1700000000) * SD_S + 123)

enum { MOST = 256 };

struct made {
    struct trace trace;
    struct trace_span spans[MOST];
    struct trace_attribute attributes[MOST];
    char ids[MOST][17];
};

/* A span; the parent is the number of one, or -1. Times in ms. */
static int add(struct made *m, int parent, uint8_t kind, const char *service, const char *name, double start,
               double duration)
{
    uint32_t i = m->trace.n++;
    snprintf(m->ids[i], sizeof m->ids[i], "%016x", (unsigned)i);
    m->spans[i] = (struct trace_span){.id = m->ids[i],
                                      .parent = parent < 0 ? NULL : m->ids[parent],
                                      .service = service,
                                      .name = name,
                                      .kind = kind,
                                      .start = T0 + (int64_t)(start * (double)SD_MS),
                                      .duration = (int64_t)(duration * (double)SD_MS),
                                      .first_attribute = i};
    m->trace.spans = m->spans;
    m->trace.attributes = m->attributes;
    m->trace.id = "t";
    return (int)i;
}

static void attribute(struct made *m, int span, const char *key, const char *value)
{
    m->attributes[span] = (struct trace_attribute){.key = key, .value = value};
    m->spans[span].n_attributes = 1;
}

static int sql(struct made *m, int parent, const char *statement, double start, double duration)
{
    int i = add(m, parent, SPAN_CLIENT, "shop", "query", start, duration);
    m->spans[i].statement = statement;
    attribute(m, i, "db.system.name", "postgresql");
    return i;
}

/* "n_plus_one 5: 5 x ..., ..." of all findings. */
static char *found(struct made *m)
{
    struct strbuf out = {0};
    struct trace_tree *t = trace_tree_new(&m->trace);
    struct trace_finding *f;
    size_t n = trace_findings(t, &f);
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&out, "%s%s %u: %s", i ? "; " : "", trace_rule_name(f[i].rule), (unsigned)f[i].count,
                      f[i].text);
    trace_findings_free(f, n);
    trace_tree_free(t);
    return strbuf_detach(&out);
}

static void check(struct made *m, const char *expected)
{
    char *got = found(m);
    assert_string_equal(got, expected);
    free(got);
}

/* One server's span of a second, a query, and n others one after the other. */
static void rows(struct made *m, int n, double each, const char *first, const char *statement)
{
    memset(m, 0, sizeof *m);
    int root = add(m, -1, SPAN_SERVER, "shop", "GET /", 0, 1000);
    sql(m, root, first, 1, 5);
    for (int i = 0; i < n; i++)
        sql(m, root, statement, 10 + i * (each + 1), each);
}

#define ORDERS "SELECT id FROM orders WHERE user_id = $1"
#define ITEMS  "SELECT * FROM items WHERE order_id = $1"

static void n_plus_one(void **state)
{
    (void)state;
    struct made m;
    rows(&m, 5, 180, ORDERS, ITEMS);
    check(&m, "n_plus_one 5: 5 x SELECT items WHERE order_id = $1, 900 ms: one after the other");
    rows(&m, 4, 240, ORDERS, ITEMS); /* too few */
    check(&m, "");
    rows(&m, 5, 9.9, ORDERS, ITEMS); /* too short */
    m.spans[0].duration = 100 * SD_MS;
    check(&m, "");
    rows(&m, 6, 150, ITEMS, ITEMS); /* after no other statement */
    check(&m, "");
    rows(&m, 5, 180, ORDERS, "SELECT * FROM items WHERE order_id ..."); /* cut */
    check(&m, "");
    rows(&m, 5, 180, ORDERS, ITEMS);
    for (int i = 2; i < 7; i++) /* all at the same time */
        m.spans[i].start = m.spans[2].start;
    check(&m, "time_outside_spans 1: 815 ms of 1.00 s pass in GET / itself, in no call that a span shows");
    rows(&m, 5, 180, ORDERS, "GET user:*");
    for (int i = 2; i < 7; i++)
        attribute(&m, i, "db.system", "redis");
    check(&m, "");
    rows(&m, 5, 180, ORDERS, ITEMS);
    m.spans[4].statement = NULL; /* a call in between that is none of a database */
    attribute(&m, 4, "peer.service", "x");
    check(&m, "");
}

static void many_short_ones_at_the_same_time(void **state)
{
    (void)state;
    struct made m = {0};
    int root = add(&m, -1, SPAN_SERVER, "shop", "GET /", 0, 90);
    sql(&m, root, ORDERS, 0, 1);
    for (int i = 0; i < 60; i++)
        sql(&m, root, ITEMS, 2 + i, 1);
    for (uint32_t i = 0; i < m.trace.n; i++) /* a clock of whole milliseconds */
        m.spans[i].start -= m.spans[i].start % SD_MS;
    check(&m, "n_plus_one 60: 60 x SELECT items WHERE order_id = $1, 60.0 ms: one after the other");
    for (uint32_t i = 2; i < m.trace.n; i++)
        m.spans[i].start = m.spans[2].start;
    check(&m, "");
}

static void other_constants_and_lengths_are_the_same(void **state)
{
    (void)state;
    struct made m;
    rows(&m, 5, 180, ORDERS, ITEMS);
    m.spans[3].statement = "select *  from items /*traceparent='00-1'*/ where order_id = 17";
    m.spans[4].statement = "SELECT * FROM items\nWHERE order_id = ?";
    check(&m, "n_plus_one 5: 5 x SELECT items WHERE order_id = $1, 900 ms: one after the other");
}

/* pg-pool.connect and such stand between. */
static void connections_in_between(void **state)
{
    (void)state;
    struct made m = {0};
    int root = add(&m, -1, SPAN_SERVER, "shop", "GET /", 0, 1000);
    for (int i = 0; i < 7; i++) {
        int c = add(&m, root, SPAN_CLIENT, "shop", "pg-pool.connect", 1 + i * 100, 1);
        attribute(&m, c, "db.system", "postgresql");
        sql(&m, root, i ? ITEMS : ORDERS, 3 + i * 100, 90);
    }
    check(&m, "n_plus_one 6: 6 x SELECT items WHERE order_id = $1, 540 ms: one after the other");
    for (uint32_t i = 1; i < m.trace.n; i++)
        m.spans[i].duration /= 100;
    m.spans[0].duration = 90 * SD_MS;
    check(&m,
          "repeated_n_plus_one 6: 6 x SELECT items WHERE order_id = $1, 5.46 ms: one after the other, in a "
          "pattern of 2 spans");
}

static void repeated_n_plus_one(void **state)
{
    (void)state;
    struct made m = {0};
    int root = add(&m, -1, SPAN_SERVER, "shop", "GET /", 0, 60);
    for (int i = 0; i < 3; i++) { /* an ORM's span around each call */
        int model = add(&m, root, SPAN_INTERNAL, "shop", "Order.items", 1 + i * 20, 10);
        sql(&m, model, ITEMS, 2 + i * 20, 8);
    }
    check(&m,
          "repeated_n_plus_one 3: 3 x SELECT items WHERE order_id = $1, 30.0 ms: one after the other, in a "
          "pattern of 2 spans");
    m.trace.n -= 2; /* twice is not often */
    check(&m, "");
    struct made plain = {0}; /* without a statement it is none */
    root = add(&plain, -1, SPAN_SERVER, "shop", "GET /", 0, 60);
    for (int i = 0; i < 6; i++)
        add(&plain, root, SPAN_INTERNAL, "shop", i % 2 ? "a" : "b", 1 + i * 10, 8);
    check(&plain, "");
}

static void consecutive_calls(void **state)
{
    (void)state;
    struct made m = {0};
    static const char *const OF[] = {"users", "prices", "stock"};
    int root = add(&m, -1, SPAN_SERVER, "shop", "GET /", 0, 200);
    for (int i = 0; i < 3; i++) {
        int c = add(&m, root, SPAN_CLIENT, "shop", "GET", 1 + i * 60, 55);
        add(&m, c, SPAN_SERVER, OF[i], "GET", 2 + i * 60, 50);
    }
    check(&m,
          "consecutive_calls 3: 3 calls one after the other, from GET on, take 165 ms; side by side 55.0 ms");
    static const char *const CALLS[] = {"call0", "call1", "call2"}; /* whatever their names are */
    for (int i = 0; i < 3; i++) {
        m.spans[1 + 2 * i].name = CALLS[i];
        m.spans[2 + 2 * i].service = (const char *const[]){"s0", "s1", "s2"}[i];
    }
    check(
        &m,
        "consecutive_calls 3: 3 calls one after the other, from call0 on, take 165 ms; side by side 55.0 ms");
    m.spans[3].start = m.spans[1].start; /* they do already */
    check(&m, "");
    struct made needs = {0}; /* each may take what the one before gave */
    root = add(&needs, -1, SPAN_SERVER, "shop", "GET /", 0, 200);
    sql(&needs, root, "SELECT id FROM a WHERE x = $1", 1, 55);
    sql(&needs, root, "SELECT id FROM b WHERE x = $1", 61, 55);
    sql(&needs, root, "SELECT id FROM c WHERE x = $1", 121, 55);
    check(&needs, "");
}

static void single_spans(void **state)
{
    (void)state;
    struct made m = {0};
    int root = add(&m, -1, SPAN_SERVER, "shop", "GET /", 0, 600);
    int c = add(&m, root, SPAN_CLIENT, "shop", "POST", 10, 500);
    attribute(&m, c, "server.address", "pay.example");
    check(&m, "slow_external_call 1: POST of pay.example takes 500 ms");
    m.spans[c].duration = 499 * SD_MS;
    attribute(&m, root, "http.response.body.size", "1048576");
    check(&m, "large_payload 1: the answer of GET / has 1.05 MB");
    attribute(&m, root, "http.response.body.size", "1048575");
    check(&m, "");
    m.spans[root].duration = 326 * SD_MS;
    m.trace.n = 1;
    add(&m, root, SPAN_INTERNAL, "shop", "handler", 0.5, 325);
    check(&m, "time_outside_spans 1: 325 ms of 326 ms pass in handler itself, in no call that a span shows");
}

/* A call that ends when the next one begins, or later, is beside the path: it explains its time all the same.
 */
static void time_of_calls_beside_the_path(void **state)
{
    (void)state;
    struct made m = {0};
    int root = add(&m, -1, SPAN_SERVER, "shop", "GET /", 0, 240);
    for (int i = 0; i < 4; i++)
        sql(&m, root, ITEMS, i * 50, 50);
    check(&m, "");
    struct trace_tree *t = trace_tree_new(&m.trace);
    int64_t parts[TRACE_PARTS_N];
    trace_parts(t, 0, parts);
    assert_int_equal(parts[PART_DATABASE], 200 * SD_MS);
    assert_int_equal(parts[PART_OWN], 40 * SD_MS);
    trace_tree_free(t);
    for (int i = 1; i <= 4; i++) /* each overlaps the next */
        m.spans[i].duration = 55 * SD_MS;
    check(&m, "");
    m.spans[root].duration = 450 * SD_MS;
    check(&m, "time_outside_spans 1: 245 ms of 450 ms pass in GET / itself, in no call that a span shows");
}

static void chatty_fan_out(void **state)
{
    (void)state;
    struct made m = {0};
    int root = add(&m, -1, SPAN_SERVER, "shop", "GET /", 0, 100);
    for (int i = 0; i < 10; i++) {
        int c = add(&m, root, SPAN_CLIENT, "shop", "GET", 1, 50);
        add(&m, c, SPAN_SERVER, "stock", "GET", 2, 40);
    }
    check(&m, "chatty_fan_out 10: 10 calls of stock in one request, together 500 ms");
    m.trace.n -= 2;
    check(&m, "");
}

static void advice_is_the_batch(void **state)
{
    (void)state;
    struct made m;
    rows(&m, 5, 180, ORDERS, ITEMS);
    struct trace_tree *t = trace_tree_new(&m.trace);
    struct trace_finding *f;
    struct arena *a = arena_new();
    assert_int_equal(trace_findings(t, &f), 1);
    assert_non_null(strstr(trace_advice(a, t, &f[0]), "ANY($1)"));
    arena_free(a);
    trace_findings_free(f, 1);
    trace_tree_free(t);
}

static void parts_sum_to_the_duration(void **state)
{
    (void)state;
    struct made m = {0};
    int root = add(&m, -1, SPAN_SERVER, "shop", "GET /", 0, 100.0005);
    sql(&m, root, ORDERS, 1, 10);
    int redis = add(&m, root, SPAN_CLIENT, "shop", "get", 20, 5);
    attribute(&m, redis, "db.system", "redis");
    int out = add(&m, root, SPAN_CLIENT, "shop", "POST", 30, 20);
    attribute(&m, out, "server.address", "pay.example");
    int call = add(&m, root, SPAN_CLIENT, "shop", "GET", 55, 20);
    add(&m, call, SPAN_SERVER, "stock", "GET", 57, 15);
    int pool = add(&m, root, SPAN_CLIENT, "shop", "pg-pool.connect", 80, 4);
    attribute(&m, pool, "db.system", "postgresql");
    struct trace_tree *t = trace_tree_new(&m.trace);
    int64_t parts[TRACE_PARTS_N], sum = 0;
    trace_parts(t, 0, parts);
    for (int i = 0; i < TRACE_PARTS_N; i++)
        sum += parts[i];
    assert_int_equal(sum, m.spans[0].duration);
    assert_int_equal(parts[PART_DATABASE], 10 * SD_MS);
    assert_int_equal(parts[PART_CACHE], 5 * SD_MS);
    assert_int_equal(parts[PART_EXTERNAL], 20 * SD_MS);
    assert_int_equal(parts[PART_SERVICES], 20 * SD_MS);
    assert_int_equal(parts[PART_QUEUE], 4 * SD_MS);
    trace_tree_free(t);
}

static void phases_of_the_network(void **state)
{
    (void)state;
    struct made m = {0};
    struct trace_event events[] = {
        {T0, "domainLookupStart"},          {T0 + 2 * SD_MS, "domainLookupEnd"},
        {T0 + 2 * SD_MS, "connectStart"},   {T0 + 5 * SD_MS, "secureConnectionStart"},
        {T0 + 13 * SD_MS, "connectEnd"},    {T0 + 13 * SD_MS, "requestStart"},
        {T0 + 33 * SD_MS, "responseStart"}, {T0 + 34 * SD_MS, "responseEnd"},
    };
    int root = add(&m, -1, SPAN_INTERNAL, "web", "load", 0, 100);
    for (int i = 0; i < 7; i++) {
        int c = add(&m, root, SPAN_CLIENT, "web", "GET", 1, 50);
        m.attributes[20 + 2 * i] = (struct trace_attribute){"server.address", "shop.example"};
        m.attributes[21 + 2 * i] = (struct trace_attribute){"network.protocol.version", "1.1"};
        m.spans[c].first_attribute = (uint32_t)(20 + 2 * i);
        m.spans[c].n_attributes = 2;
    }
    m.trace.events = events;
    m.spans[1].n_events = ARRAY_LEN(events);
    int dns = add(&m, 2, SPAN_INTERNAL, "web", "dns.lookup", 1, 4);
    (void)dns;
    struct trace_tree *t = trace_tree_new(&m.trace);
    struct network_call call;
    assert_false(trace_network(t, 0, &call));
    assert_true(trace_network(t, t->node_of[1], &call));
    char *text = trace_network_text(&call);
    assert_string_equal(text,
                        "a new connection, DNS 2.00 ms, TCP 3.00 ms, TLS 8.00 ms, waiting for the answer "
                        "20.0 ms, receiving it 1.00 ms, HTTP/1.1: 7 calls of this host at the same time, "
                        "and a browser has 6 connections to one");
    free(text);
    assert_true(trace_network(t, t->node_of[2], &call));
    assert_int_equal(call.ns[PHASE_DNS], 4 * SD_MS);
    trace_tree_free(t);
}

static void same_statements(void **state)
{
    (void)state;
    static const char *const SAME[][2] = {
        {"SELECT 1", "select  2"},
        {"SELECT a FROM t WHERE id IN ($1, $2)", "SELECT a FROM t WHERE id IN ($1,$2,$3)"},
        {"INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (1, 'it''s'), (2, 'b')"},
        {"SELECT a FROM t WHERE id = %s", "SELECT a FROM t WHERE id = :id"},
        {"SELECT a FROM t -- x\nWHERE id = @p1", "SELECT a /* y */ FROM t WHERE id = ?"},
    };
    static const char *const OTHER[][2] = {
        {"SELECT a FROM t", "SELECT b FROM t"},
        {"SELECT a FROM t WHERE f(a, $1)", "SELECT a FROM t WHERE f(b, $1)"},
        {"", "SELECT"},
        {"SELECT (", "SELECT ((("},
    };
    for (size_t i = 0; i < ARRAY_LEN(SAME); i++)
        assert_true(statement_hash(SAME[i][0]) == statement_hash(SAME[i][1]));
    for (size_t i = 0; i < ARRAY_LEN(OTHER); i++)
        assert_false(statement_hash(OTHER[i][0]) == statement_hash(OTHER[i][1]));
    static const char *const SHORT[][2] = {
        {ITEMS, "SELECT items WHERE order_id = $1"},
        {"select (select 1 from x) from y /* c */ where\n a.b = 'c'", "SELECT y where a.b = 'c'"},
        {"UPDATE t SET a = 1", "UPDATE t SET a = 1"},
        {"SELECT 1", "SELECT 1"},
        {"", ""},
        {"'unended", "'unended"},
    };
    for (size_t i = 0; i < ARRAY_LEN(SHORT); i++) {
        char *shown = statement_short(SHORT[i][0], 60);
        assert_string_equal(shown, SHORT[i][1]);
        free(shown);
    }
    char *cut = statement_short("UPDATE products SET name = $1", 12);
    assert_string_equal(cut, "UPDATE produ\xe2\x80\xa6");
    free(cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(n_plus_one),
        cmocka_unit_test(many_short_ones_at_the_same_time),
        cmocka_unit_test(other_constants_and_lengths_are_the_same),
        cmocka_unit_test(connections_in_between),
        cmocka_unit_test(repeated_n_plus_one),
        cmocka_unit_test(consecutive_calls),
        cmocka_unit_test(single_spans),
        cmocka_unit_test(time_of_calls_beside_the_path),
        cmocka_unit_test(chatty_fan_out),
        cmocka_unit_test(advice_is_the_batch),
        cmocka_unit_test(parts_sum_to_the_duration),
        cmocka_unit_test(phases_of_the_network),
        cmocka_unit_test(same_statements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
