/* Statements and sessions in the model. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/sql/statement.h"
#include "tests/lib/model_rows.h"

/* ---- statements ---- */

static void test_statement_deltas(void **state)
{
    (void)state;
    struct model *m = model_new(NULL);
    struct query_stats st;
    add_one(m, T0, 1000, 5000);
    struct query *q = model_find_query(m, "shop/42");
    assert_non_null(q);
    assert_ptr_equal(q, model_find_query(m, "42"));
    query_stats(q, seconds(-10, 10), &st);
    assert_false(st.known); /* one snapshot says nothing about growth */
    query_stats(q, SPAN_ALL, &st);
    assert_true(st.known);
    assert_int_equal(st.calls, 1000);
    assert_int_equal(st.io_ns, SD_UNKNOWN);

    add_one(m, T0 + 10 * SD_S, 1010, 5100);
    add_one(m, T0 + 20 * SD_S, 1030, 5500);
    add_one(m, T0 + 30 * SD_S, 1030, 5500);
    query_stats(q, seconds(0, 30), &st);
    assert_true(st.known);
    assert_int_equal(st.calls, 30);
    assert_int_equal(st.total_ns, 500);
    query_stats(q, seconds(10, 20), &st);
    assert_int_equal(st.calls, 20);
    query_stats(q, seconds(12, 17), &st); /* between two snapshots: its share */
    assert_int_equal(st.calls, 10);
    query_stats(q, seconds(20, 30), &st);
    assert_true(st.known);
    assert_int_equal(st.calls, 0);
    query_stats(q, SPAN_ALL, &st);
    assert_int_equal(st.calls, 1030);

    struct query_point p[3];
    query_series(q, seconds(0, 30), 3, p);
    assert_float_equal(p[0].calls_per_s, 1, 1e-9);
    assert_float_equal(p[1].calls_per_s, 2, 1e-9);
    assert_float_equal(p[2].calls_per_s, 0, 1e-9);
    assert_true(isnan(p[0].load));
    assert_true(isnan(p[2].mean_ns));
    model_free(m);
}

static void test_statement_resets(void **state)
{
    (void)state;
    struct model *m = model_new(NULL);
    struct query_stats st;
    add_one(m, T0, 1000, 5000);
    add_one(m, T0 + 10 * SD_S, 1010, 5100);
    add_one(m, T0 + 20 * SD_S, 3, 30); /* counters fell */
    struct query *q = model_query(m, 0);
    query_stats(q, seconds(0, 20), &st);
    assert_int_equal(st.calls, 13);
    assert_int_equal(st.total_ns, 130);

    /* `since` moved on although calls grew. */
    struct sd_statement r = made_statement("app", 4, 40);
    r.since = T0;
    add_snapshot(m, T0 + 30 * SD_S, 1, &r);
    r = made_statement("app", 6, 60);
    r.since = T0 + 35 * SD_S;
    add_snapshot(m, T0 + 40 * SD_S, 1, &r);
    query_stats(q, seconds(20, 30), &st);
    assert_int_equal(st.calls, 1);
    query_stats(q, seconds(30, 40), &st);
    assert_int_equal(st.calls, 6);
    query_stats(q, SPAN_ALL, &st);
    assert_int_equal(st.calls, 6);
    assert_int_equal(st.since, T0 + 35 * SD_S);
    model_free(m);
}

/* A server without the start of each statement's counters: its source saw all of them, and this one not. */
static void test_statement_new(void **state)
{
    (void)state;
    struct model *m = model_new(NULL);
    struct query_stats st;
    struct sd_statement other = made_statement("app", 1, 1), r = made_statement("app", 60, 3000);
    other.query_id = 1;
    add_snapshot(m, T0, 1, &other);
    r.absent_at = T0 + 8 * SD_S;
    add_snapshot(m, T0 + 10 * SD_S, 1, &r);
    struct query *q = model_find_query(m, "shop/42");
    query_stats(q, seconds(0, 10), &st);
    assert_int_equal(st.calls, 60);
    assert_int_equal(st.total_ns, 3000);
    struct query_interval in[4];
    assert_int_equal(query_intervals(q, seconds(0, 10), in, 4), 1);
    assert_true(in[0].span.from == T0 + 8 * SD_S && in[0].span.to == T0 + 10 * SD_S);

    r.absent_at = SD_UNKNOWN;
    r.calls = 61;
    add_snapshot(m, T0 + 20 * SD_S, 1, &r);
    query_stats(q, seconds(10, 20), &st);
    assert_int_equal(st.calls, 1);
    r.absent_at = T0 + 25 * SD_S; /* evicted, and back with more calls than before */
    r.calls = 100;
    add_snapshot(m, T0 + 30 * SD_S, 1, &r);
    query_stats(q, seconds(20, 30), &st);
    assert_int_equal(st.calls, 100);
    r.absent_at = T0 + 15 * SD_S; /* older than what is known: nothing new */
    r.calls = 101;
    add_snapshot(m, T0 + 40 * SD_S, 1, &r);
    query_stats(q, seconds(30, 40), &st);
    assert_int_equal(st.calls, 1);
    model_free(m);

    /* The first listing had nothing to publish: the interval begins there. A source in C that leaves the
     * field at 0 says nothing. */
    m = model_new(NULL);
    r = made_statement("app", 5, 50);
    r.absent_at = T0;
    add_snapshot(m, T0 + 2 * SD_S, 1, &r);
    query_stats(model_query(m, 0), seconds(0, 2), &st);
    assert_int_equal(st.calls, 5);
    r.query_id = 7;
    r.absent_at = 0;
    add_snapshot(m, T0 + 4 * SD_S, 1, &r);
    query_stats(model_find_query(m, "shop/7"), seconds(0, 4), &st);
    assert_int_equal(st.calls, 0);
    model_free(m);
}

/* A log has no identifiers, so its statements are other queries than a server's: counted once even so. */
static void test_statement_of_a_log(void **state)
{
    (void)state;
    for (int log_first = 0; log_first < 2; log_first++) {
        struct model *m = model_new(NULL);
        struct query_stats st;
        struct sd_statement server = made_statement("app", 10, 100), log = made_statement("app", 4, 90);
        server.fingerprint = log.fingerprint = "00000000000000aa";
        log.query_id = SD_UNKNOWN;
        log.logged = 1;
        log.rows_examined = 7;
        for (int i = 0; i < 2; i++)
            add_snapshot(m, T0 + i * SD_S, 1, i == log_first ? &server : &log);
        assert_int_equal(model_queries(m), 2);
        query_stats(model_find_query(m, "shop/42"), SPAN_ALL, &st);
        assert_true(st.known && st.calls == 10 && !st.logged);
        query_stats(model_find_query(m, "shop/00000000000000aa"), SPAN_ALL, &st);
        assert_true(!st.known && st.logged);
        /* of another database it is another statement */
        log.database = "other";
        add_snapshot(m, T0 + 5 * SD_S, 1, &log);
        query_stats(model_find_query(m, "other/00000000000000aa"), SPAN_ALL, &st);
        assert_true(st.known && st.logged && st.calls == 4 && st.rows_examined == 7);
        model_free(m);
    }
}

static void test_statement_variants(void **state)
{
    (void)state;
    struct model *m = model_new(NULL);
    struct query_stats st;
    struct sd_statement rows[3] = {made_statement("a", 100, 1000), made_statement("b", 10, 100),
                                   made_statement("c", 9000, 90000)};
    add_snapshot(m, T0, 2, rows);
    rows[0].calls += 5;
    rows[1].calls += 7;
    add_snapshot(m, T0 + 10 * SD_S, 3, rows); /* a third role with a long history */
    struct query *q = model_query(m, 0);
    assert_int_equal(model_queries(m), 1);
    query_stats(q, seconds(0, 10), &st);
    assert_int_equal(st.calls, 12);
    query_stats(q, SPAN_ALL, &st);
    assert_int_equal(st.calls, 9122);
    /* Roles that cannot be told apart are summed, not taken for resets. */
    struct sd_statement twins[2] = {made_statement(NULL, 50, 500), made_statement(NULL, 5, 50)};
    add_snapshot(m, T0 + 20 * SD_S, 2, twins);
    twins[0].calls += 1;
    twins[1].calls += 2;
    add_snapshot(m, T0 + 30 * SD_S, 2, twins);
    query_stats(q, seconds(20, 30), &st);
    assert_int_equal(st.calls, 3);
    model_free(m);
}

static void test_statement_late_and_absent(void **state)
{
    (void)state;
    struct model *m = model_new(NULL);
    struct query_stats st;
    struct sd_statement other = made_statement("app", 1, 1);
    other.query_id = 1;
    add_snapshot(m, T0, 1, &other);
    add_one(m, T0 + 10 * SD_S, 1000000, 1);
    struct query *q = model_find_query(m, "shop/42");
    query_stats(q, seconds(0, 10), &st);
    assert_int_equal(st.calls, 0);
    /* Only what changed is published: growth belongs to the last interval. */
    for (int i = 2; i < 6; i++) {
        other.calls++;
        add_snapshot(m, T0 + i * 10 * SD_S, 1, &other);
    }
    add_one(m, T0 + 60 * SD_S, 1000006, 1);
    query_stats(q, seconds(50, 60), &st);
    assert_int_equal(st.calls, 6);
    /* Away for long: dealt over all the time it was away. */
    for (int i = 7; i < 60; i++) {
        other.calls++;
        add_snapshot(m, T0 + i * 10 * SD_S, 1, &other);
    }
    add_one(m, T0 + 600 * SD_S, 1005406, 1);
    struct query_point p[54];
    query_series(q, seconds(60, 600), 54, p);
    assert_float_equal(p[53].calls_per_s, 10, 1e-6);
    /* Older than what is known: ignored. */
    add_one(m, T0 + 300 * SD_S, 5, 1);
    query_stats(q, SPAN_ALL, &st);
    assert_int_equal(st.calls, 1005406);
    model_free(m);
}

/* ---- activity and links ---- */

static void test_activity(void **state)
{
    (void)state;
    struct model *m = model_new(NULL);
    struct sd_activity rows[3] = {made_session(42, NULL, "GET /orders/{id}"),
                                  made_session(42, "IO", "GET /orders/{id}"),
                                  made_session(43, "IO", "/cart")};
    add_http(m, T0, "GET", "/orders/:id", 1, SD_MS);
    add_http(m, T0, "POST", "/cart", 1, SD_MS);
    for (int i = 0; i < 100; i++)
        add_moment(m, T0 + i * 100 * SD_MS, i < 50 ? 3 : 0, rows);

    struct wait_load w[8];
    assert_int_equal(model_wait_load(m, seconds(0, 5), w, 8), 2);
    assert_string_equal(w[0].wait_type, "IO");
    assert_float_equal(w[0].load, 2, 1e-6);
    assert_float_equal(w[0].seconds, 10, 1e-6);
    assert_null(w[1].wait_type);
    assert_float_equal(w[1].load, 1, 1e-6);
    assert_int_equal(model_wait_load(m, seconds(0, 10), w, 8), 2);
    assert_float_equal(w[0].load, 1, 1e-6); /* idle moments count */
    assert_int_equal(model_route_load(m, seconds(0, 5), w, 8), 2);
    assert_string_equal(w[0].route, "GET /orders/:id");
    assert_float_equal(w[0].load, 2, 1e-6);

    double load[12];
    model_load_series(m, seconds(0, 12), 12, load);
    assert_float_equal(load[0], 3, 1e-6);
    assert_float_equal(load[7], 0, 1e-6);
    assert_true(isnan(load[11]));

    struct session_sample s[8];
    assert_int_equal(model_sessions(m, T0 + SD_S, s, 8), 3);
    assert_int_equal(s[0].a->query_id, 42);
    assert_int_equal(model_sessions(m, T0 + 9 * SD_S, s, 8), 0);
    assert_int_equal(model_sessions(m, T0 - SD_S, s, 8), 0);

    struct link l[4];
    struct endpoint *orders = model_find_endpoint(m, "GET /orders/:id"),
                    *cart = model_find_endpoint(m, "POST /cart");
    assert_int_equal(endpoint_links(m, orders, seconds(0, 10), l, 4), 1);
    assert_string_equal(query_key(l[0].query), "shop/42");
    assert_float_equal(l[0].weight, 10, 1e-6);
    assert_float_equal(l[0].share, 1, 1e-6);
    assert_int_equal(endpoint_links(m, cart, SPAN_ALL, l, 4), 1); /* the tag has no method */
    assert_int_equal(query_id(l[0].query), 43);
    assert_int_equal(query_links(m, model_find_query(m, "42"), SPAN_ALL, l, 4), 1);
    assert_ptr_equal(l[0].endpoint, orders);
    assert_int_equal(query_links(m, model_find_query(m, "42"), seconds(0, 1), l, 4), 1); /* another span */
    assert_float_equal(l[0].weight, 2, 1e-6);
    add_moment(m, T0 + 10 * SD_S, 3, rows); /* what was found before is of before */
    assert_int_equal(query_links(m, model_find_query(m, "42"), SPAN_ALL, l, 4), 1);
    assert_float_equal(l[0].weight, 10.2, 1e-6);
    assert_string_equal(l[0].evidence, "sampled activity");

    struct query_stats st;
    query_stats(model_find_query(m, "42"), SPAN_ALL, &st);
    assert_false(st.known);
    struct query_point p[2];
    query_series(model_find_query(m, "42"), seconds(0, 10), 2, p);
    assert_float_equal(p[0].load, 2, 1e-6);
    assert_float_equal(p[1].load, 0, 1e-6);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statement_deltas),   cmocka_unit_test(test_statement_resets),
        cmocka_unit_test(test_statement_new),      cmocka_unit_test(test_statement_of_a_log),
        cmocka_unit_test(test_statement_variants), cmocka_unit_test(test_statement_late_and_absent),
        cmocka_unit_test(test_activity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
