#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/model/model.h"
#include "core/sql/statement.h"
#include "core/schema.h"

#define T0 (INT64_C(1700000000) * SD_S)

static struct model *new_model(void)
{
    return model_new(NULL);
}

static void apply(struct model *m, struct sd_batch *b)
{
    model_apply(m, b);
    batch_unref(b);
    assert_true(model_usage(m).bytes <= model_usage(m).max_bytes);
}

static void *cleared(enum sd_kind kind, void *r)
{
    schema_clear(schema_of(kind), r);
    return r;
}

/* `count` requests of `ns` each that ended within the second at `at`. */
static void http(struct model *m, sd_time at, const char *method, const char *route, int64_t count,
                 int64_t ns)
{
    struct sd_bucket k = {.index = sd_hist_index(ns), .count = (uint32_t)count};
    struct sd_hist h = {.n = 1, .buckets = &k};
    struct sd_http r;
    cleared(SD_HTTP, &r);
    r.method = method;
    r.route = route;
    r.interval_ns = SD_S;
    r.count = r.timed = r.status_2xx = count;
    r.errors = 0;
    r.bytes = 100 * count;
    r.total_ns = ns * count;
    r.min_ns = r.max_ns = ns;
    r.first_at = r.last_at = at;
    r.latency = &h;
    struct sd_batch *b = batch_new("log", at);
    assert_true(batch_add(b, SD_HTTP, &r));
    apply(m, b);
}

static struct sd_statement statement(const char *role, int64_t calls, int64_t total)
{
    struct sd_statement r;
    cleared(SD_STATEMENT, &r);
    r.query_id = 42;
    r.database = "shop";
    r.role = role;
    r.text = "SELECT $1";
    r.calls = calls;
    r.total_ns = total;
    r.rows = calls;
    return r;
}

static void snapshot(struct model *m, sd_time at, size_t n, const struct sd_statement *rows)
{
    struct sd_batch *b = batch_new("pg", at);
    for (size_t i = 0; i < n; i++)
        assert_true(batch_add(b, SD_STATEMENT, &rows[i]));
    apply(m, b);
}

static void one(struct model *m, sd_time at, int64_t calls, int64_t total)
{
    struct sd_statement r = statement("app", calls, total);
    snapshot(m, at, 1, &r);
}

static struct sd_activity session(int64_t query, const char *wait, const char *route)
{
    struct sd_activity a;
    cleared(SD_ACTIVITY, &a);
    a.period_ns = 100 * SD_MS;
    a.pid = 7;
    a.database = "shop";
    a.state = "active";
    a.wait_type = wait;
    a.wait_event = wait ? "DataFileRead" : NULL;
    a.query_id = query;
    a.query = "SELECT 1";
    a.route = route;
    return a;
}

static void moment(struct model *m, sd_time at, size_t n, const struct sd_activity *rows)
{
    struct sd_batch *b = batch_new("pg", at);
    struct sd_metric sampled;
    cleared(SD_METRIC, &sampled);
    sampled.name = "activity.sampled";
    sampled.value = (double)n;
    batch_add(b, SD_METRIC, &sampled);
    for (size_t i = 0; i < n; i++)
        batch_add(b, SD_ACTIVITY, &rows[i]);
    apply(m, b);
}

static struct span seconds(int64_t from, int64_t to)
{
    return (struct span){T0 + from * SD_S, T0 + to * SD_S};
}

/* ---- endpoints ---- */

static void test_endpoint_spans(void **state)
{
    (void)state;
    struct model *m = new_model();
    for (int i = 0; i < 10; i++)
        http(m, T0 + i * SD_S, "GET", "/a", i + 1, (i + 1) * SD_MS);
    http(m, T0, NULL, "/a", 1, SD_MS);
    assert_int_equal(model_endpoints(m), 2);
    struct endpoint *e = model_find_endpoint(m, "GET /a");
    assert_non_null(e);
    assert_string_equal(endpoint_method(e), "GET");
    assert_string_equal(endpoint_route(e), "/a");
    assert_null(model_find_endpoint(m, "GET /b"));

    struct endpoint_stats all, a, b;
    endpoint_stats(e, SPAN_ALL, &all);
    assert_int_equal(all.count, 55);
    assert_int_equal(all.status[1], 55);
    assert_int_equal(all.latency.max, 10 * SD_MS);
    endpoint_stats(e, seconds(0, 4), &a);
    endpoint_stats(e, seconds(4, 10), &b);
    assert_int_equal(a.count, 10);
    assert_int_equal(a.count + b.count, all.count);
    assert_int_equal(a.latency.count + b.latency.count, 55);
    assert_int_equal(a.first, T0);
    assert_int_equal(a.last, T0 + 3 * SD_S);
    endpoint_stats(e, seconds(100, 200), &a);
    assert_int_equal(a.count, 0);
    assert_int_equal(a.first, SD_UNKNOWN);
    assert_int_equal(hist_quantile(&a.latency, 0.5), SD_UNKNOWN);
    model_free(m);
}

static void test_endpoint_late(void **state)
{
    (void)state;
    struct model *m = new_model();
    http(m, T0 + 10 * SD_S, "GET", "/a", 1, SD_MS);
    http(m, T0 + 5 * SD_S, "GET", "/a", 2, SD_MS);
    http(m, T0 + 5 * SD_S + 400 * SD_MS, "GET", "/a", 4, SD_MS);
    http(m, T0 + 7 * SD_S, "GET", "/a", 8, SD_MS);
    struct endpoint *e = model_endpoint(m, 0);
    struct endpoint_stats st;
    endpoint_stats(e, seconds(5, 6), &st);
    assert_int_equal(st.count, 6);
    endpoint_stats(e, seconds(6, 8), &st);
    assert_int_equal(st.count, 8);
    endpoint_stats(e, seconds(10, 11), &st);
    assert_int_equal(st.count, 1);
    model_free(m);
}

static void test_endpoint_series(void **state)
{
    (void)state;
    struct model *m = new_model();
    for (int i = 0; i < 60; i++)
        http(m, T0 + i * SD_S, "GET", "/a", 10, i < 30 ? SD_MS : 100 * SD_MS);
    struct endpoint_point p[40];
    struct endpoint *e = model_endpoint(m, 0);
    endpoint_series(e, seconds(0, 60), 6, p);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(p[i].count, 100);
        assert_float_equal(p[i].rate_per_s, 10, 0.001);
        assert_true(i < 3 ? p[i].p99 == SD_MS : p[i].p50 == 100 * SD_MS);
    }
    /* 1.5 s steps: the rate stays even although steps hold one slot or two. */
    endpoint_series(e, seconds(0, 60), 40, p);
    int64_t sum = 0;
    for (int i = 0; i < 40; i++) {
        assert_float_equal(p[i].rate_per_s, 10, 0.001);
        sum += p[i].count;
    }
    assert_int_equal(sum, 600);

    int64_t bounds[] = {0, 10 * SD_MS, SD_S};
    uint32_t heat[12];
    endpoint_heat(e, seconds(0, 60), 6, 2, bounds, heat);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(heat[i], i < 3 ? 100 : 0);
        assert_int_equal(heat[6 + i], i < 3 ? 0 : 100);
    }
    model_free(m);
}

static void test_too_many_endpoints(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = (size_t)48 << 10;
    struct model *m = model_new(&limits);
    char route[32];
    for (int i = 0; i < 100; i++) {
        snprintf(route, sizeof route, "/r%d", i);
        http(m, T0, "GET", route, 1, SD_MS);
    }
    int apart = (int)model_endpoints(m) - 1; /* and (other) */
    assert_in_range(apart, 5, 50);
    struct endpoint_stats st;
    endpoint_stats(model_find_endpoint(m, "(other)"), SPAN_ALL, &st);
    assert_int_equal(st.count, 100 - apart);
    model_free(m);
}

/* ---- statements ---- */

static void test_statement_deltas(void **state)
{
    (void)state;
    struct model *m = new_model();
    struct query_stats st;
    one(m, T0, 1000, 5000);
    struct query *q = model_find_query(m, "shop/42");
    assert_non_null(q);
    assert_ptr_equal(q, model_find_query(m, "42"));
    query_stats(q, seconds(-10, 10), &st);
    assert_false(st.known); /* one snapshot says nothing about growth */
    query_stats(q, SPAN_ALL, &st);
    assert_true(st.known);
    assert_int_equal(st.calls, 1000);
    assert_int_equal(st.io_ns, SD_UNKNOWN);

    one(m, T0 + 10 * SD_S, 1010, 5100);
    one(m, T0 + 20 * SD_S, 1030, 5500);
    one(m, T0 + 30 * SD_S, 1030, 5500);
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
    struct model *m = new_model();
    struct query_stats st;
    one(m, T0, 1000, 5000);
    one(m, T0 + 10 * SD_S, 1010, 5100);
    one(m, T0 + 20 * SD_S, 3, 30); /* counters fell */
    struct query *q = model_query(m, 0);
    query_stats(q, seconds(0, 20), &st);
    assert_int_equal(st.calls, 13);
    assert_int_equal(st.total_ns, 130);

    /* `since` moved on although calls grew. */
    struct sd_statement r = statement("app", 4, 40);
    r.since = T0;
    snapshot(m, T0 + 30 * SD_S, 1, &r);
    r = statement("app", 6, 60);
    r.since = T0 + 35 * SD_S;
    snapshot(m, T0 + 40 * SD_S, 1, &r);
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
    struct model *m = new_model();
    struct query_stats st;
    struct sd_statement other = statement("app", 1, 1), r = statement("app", 60, 3000);
    other.query_id = 1;
    snapshot(m, T0, 1, &other);
    r.absent_at = T0 + 8 * SD_S;
    snapshot(m, T0 + 10 * SD_S, 1, &r);
    struct query *q = model_find_query(m, "shop/42");
    query_stats(q, seconds(0, 10), &st);
    assert_int_equal(st.calls, 60);
    assert_int_equal(st.total_ns, 3000);
    struct query_interval in[4];
    assert_int_equal(query_intervals(q, seconds(0, 10), in, 4), 1);
    assert_true(in[0].span.from == T0 + 8 * SD_S && in[0].span.to == T0 + 10 * SD_S);

    r.absent_at = SD_UNKNOWN;
    r.calls = 61;
    snapshot(m, T0 + 20 * SD_S, 1, &r);
    query_stats(q, seconds(10, 20), &st);
    assert_int_equal(st.calls, 1);
    r.absent_at = T0 + 25 * SD_S; /* evicted, and back with more calls than before */
    r.calls = 100;
    snapshot(m, T0 + 30 * SD_S, 1, &r);
    query_stats(q, seconds(20, 30), &st);
    assert_int_equal(st.calls, 100);
    r.absent_at = T0 + 15 * SD_S; /* older than what is known: nothing new */
    r.calls = 101;
    snapshot(m, T0 + 40 * SD_S, 1, &r);
    query_stats(q, seconds(30, 40), &st);
    assert_int_equal(st.calls, 1);
    model_free(m);

    /* The first listing had nothing to publish: the interval begins there. A source in C that leaves the
     * field at 0 says nothing. */
    m = new_model();
    r = statement("app", 5, 50);
    r.absent_at = T0;
    snapshot(m, T0 + 2 * SD_S, 1, &r);
    query_stats(model_query(m, 0), seconds(0, 2), &st);
    assert_int_equal(st.calls, 5);
    r.query_id = 7;
    r.absent_at = 0;
    snapshot(m, T0 + 4 * SD_S, 1, &r);
    query_stats(model_find_query(m, "shop/7"), seconds(0, 4), &st);
    assert_int_equal(st.calls, 0);
    model_free(m);
}

/* A log has no identifiers, so its statements are other queries than a server's: counted once even so. */
static void test_statement_of_a_log(void **state)
{
    (void)state;
    for (int log_first = 0; log_first < 2; log_first++) {
        struct model *m = new_model();
        struct query_stats st;
        struct sd_statement server = statement("app", 10, 100), log = statement("app", 4, 90);
        server.fingerprint = log.fingerprint = "00000000000000aa";
        log.query_id = SD_UNKNOWN;
        log.logged = 1;
        log.rows_examined = 7;
        for (int i = 0; i < 2; i++)
            snapshot(m, T0 + i * SD_S, 1, i == log_first ? &server : &log);
        assert_int_equal(model_queries(m), 2);
        query_stats(model_find_query(m, "shop/42"), SPAN_ALL, &st);
        assert_true(st.known && st.calls == 10 && !st.logged);
        query_stats(model_find_query(m, "shop/00000000000000aa"), SPAN_ALL, &st);
        assert_true(!st.known && st.logged);
        /* of another database it is another statement */
        log.database = "other";
        snapshot(m, T0 + 5 * SD_S, 1, &log);
        query_stats(model_find_query(m, "other/00000000000000aa"), SPAN_ALL, &st);
        assert_true(st.known && st.logged && st.calls == 4 && st.rows_examined == 7);
        model_free(m);
    }
}

static void test_statement_variants(void **state)
{
    (void)state;
    struct model *m = new_model();
    struct query_stats st;
    struct sd_statement rows[3] = {statement("a", 100, 1000), statement("b", 10, 100),
                                   statement("c", 9000, 90000)};
    snapshot(m, T0, 2, rows);
    rows[0].calls += 5;
    rows[1].calls += 7;
    snapshot(m, T0 + 10 * SD_S, 3, rows); /* a third role with a long history */
    struct query *q = model_query(m, 0);
    assert_int_equal(model_queries(m), 1);
    query_stats(q, seconds(0, 10), &st);
    assert_int_equal(st.calls, 12);
    query_stats(q, SPAN_ALL, &st);
    assert_int_equal(st.calls, 9122);
    /* Roles that cannot be told apart are summed, not taken for resets. */
    struct sd_statement twins[2] = {statement(NULL, 50, 500), statement(NULL, 5, 50)};
    snapshot(m, T0 + 20 * SD_S, 2, twins);
    twins[0].calls += 1;
    twins[1].calls += 2;
    snapshot(m, T0 + 30 * SD_S, 2, twins);
    query_stats(q, seconds(20, 30), &st);
    assert_int_equal(st.calls, 3);
    model_free(m);
}

static void test_statement_late_and_absent(void **state)
{
    (void)state;
    struct model *m = new_model();
    struct query_stats st;
    struct sd_statement other = statement("app", 1, 1);
    other.query_id = 1;
    snapshot(m, T0, 1, &other);
    one(m, T0 + 10 * SD_S, 1000000, 1);
    struct query *q = model_find_query(m, "shop/42");
    query_stats(q, seconds(0, 10), &st);
    assert_int_equal(st.calls, 0);
    /* Only what changed is published: growth belongs to the last interval. */
    for (int i = 2; i < 6; i++) {
        other.calls++;
        snapshot(m, T0 + i * 10 * SD_S, 1, &other);
    }
    one(m, T0 + 60 * SD_S, 1000006, 1);
    query_stats(q, seconds(50, 60), &st);
    assert_int_equal(st.calls, 6);
    /* Away for long: dealt over all the time it was away. */
    for (int i = 7; i < 60; i++) {
        other.calls++;
        snapshot(m, T0 + i * 10 * SD_S, 1, &other);
    }
    one(m, T0 + 600 * SD_S, 1005406, 1);
    struct query_point p[54];
    query_series(q, seconds(60, 600), 54, p);
    assert_float_equal(p[53].calls_per_s, 10, 1e-6);
    /* Older than what is known: ignored. */
    one(m, T0 + 300 * SD_S, 5, 1);
    query_stats(q, SPAN_ALL, &st);
    assert_int_equal(st.calls, 1005406);
    model_free(m);
}

/* ---- activity and links ---- */

static void test_activity(void **state)
{
    (void)state;
    struct model *m = new_model();
    struct sd_activity rows[3] = {session(42, NULL, "GET /orders/{id}"),
                                  session(42, "IO", "GET /orders/{id}"), session(43, "IO", "/cart")};
    http(m, T0, "GET", "/orders/:id", 1, SD_MS);
    http(m, T0, "POST", "/cart", 1, SD_MS);
    for (int i = 0; i < 100; i++)
        moment(m, T0 + i * 100 * SD_MS, i < 50 ? 3 : 0, rows);

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
    moment(m, T0 + 10 * SD_S, 3, rows); /* what was found before is of before */
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

/* ---- the rest ---- */

static void test_past_states(void **state)
{
    (void)state;
    struct model *m = new_model();
    for (int i = 0; i < 3; i++) {
        struct sd_status st;
        cleared(SD_STATUS, &st);
        st.state = i;
        st.host = "web1";
        struct sd_intake in;
        cleared(SD_INTAKE, &in);
        in.total = 10 * (i + 1);
        in.unparsed = i;
        in.sample = i ? (i == 1 ? "x" : "y") : NULL;
        struct sd_metric k;
        cleared(SD_METRIC, &k);
        k.name = "n";
        k.counter = 1;
        k.value = i == 2 ? 5 : 100 * i; /* falls: a restart */
        struct sd_event ev;
        cleared(SD_EVENT, &ev);
        ev.title = "deploy";
        struct sd_plan plan;
        cleared(SD_PLAN, &plan);
        plan.query_id = 42;
        plan.database = "shop";
        plan.body = i ? "new" : "old";
        struct sd_table t;
        cleared(SD_TABLE, &t);
        t.name = "orders";
        struct sd_batch *b = batch_new("pg", T0 + i * 10 * SD_S);
        batch_add(b, SD_STATUS, &st);
        batch_add(b, SD_INTAKE, &in);
        batch_add(b, SD_METRIC, &k);
        batch_add(b, SD_EVENT, &ev);
        batch_add(b, SD_PLAN, &plan);
        batch_add(b, SD_TABLE, &t);
        apply(m, b);
    }
    struct source_info info[2];
    assert_int_equal(model_sources(m, T0 + 15 * SD_S, info, 2), 1);
    assert_int_equal(info[0].status->state, 1);
    assert_string_equal(info[0].host, "web1");
    assert_int_equal(info[0].intake->total, 20);
    assert_int_equal(model_sources(m, T0 - 1, info, 2), 1);
    assert_null(info[0].status);
    struct intake_total total;
    model_intake(m, &total);
    assert_int_equal(total.total, 30);
    assert_int_equal(total.n_samples, 2);

    assert_float_equal(model_metric(m, "pg", "n", NULL, T0 + 15 * SD_S), 100, 1e-9);
    assert_true(isnan(model_metric(m, "pg", "n", NULL, T0 - 1)));
    assert_true(isnan(model_metric(m, "pg", "m", NULL, T0)));
    assert_float_equal(model_metric_rate(m, "pg", "n", NULL, seconds(0, 20)), 5.25, 1e-9);
    double v[2];
    model_metric_series(m, "pg", "n", NULL, seconds(0, 20), 2, v);
    assert_float_equal(v[0], 10, 1e-9);
    assert_float_equal(v[1], 0.5, 1e-9);

    struct plan_entry p;
    assert_false(model_plan(m, "shop/42", T0 - 1, &p));
    assert_true(model_plan(m, "shop/42", T0 + SD_S, &p));
    assert_string_equal(p.plan->body, "old");
    assert_int_equal(p.n_tables, 1);
    assert_string_equal(p.tables[0]->name, "orders");
    assert_true(model_plan(m, "shop/42", T0 + 15 * SD_S, &p));
    assert_string_equal(p.plan->body, "new");

    struct event_entry ev[4];
    assert_int_equal(model_events(m, seconds(0, 15), ev, 4), 2);
    assert_int_equal(ev[0].at, T0 + 10 * SD_S);
    model_clear(m);
    assert_int_equal(model_sources(m, T0, info, 2), 0);
    assert_int_equal(model_usage(m).first, SD_UNKNOWN);
    model_free(m);
}

/* A server's log tells neither the identifier nor the database: its plan joins the
 * statement that another source knows, which stays that source's. */
static void plan_of_a_log(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    char print[17];
    assert_true(sql_fingerprint("select * from orders where id = 7", print));
    struct sd_statement s;
    cleared(SD_STATEMENT, &s);
    s.query_id = 42;
    s.database = "shop";
    s.text = "select * from orders where id = $1";
    s.fingerprint = print;
    s.calls = 1;
    struct sd_batch *b = batch_new("pg", T0);
    batch_add(b, SD_STATEMENT, &s);
    apply(m, b);
    const char *texts[] = {"select * from orders where id = 9", "select * from users"};
    for (size_t i = 0; i < 2; i++) {
        struct sd_plan plan;
        cleared(SD_PLAN, &plan);
        plan.query = texts[i];
        plan.body = "logged";
        b = batch_new("log", T0 + SD_S);
        batch_add(b, SD_PLAN, &plan);
        apply(m, b);
    }
    struct plan_entry p;
    assert_int_equal(model_queries(m), 2);
    assert_true(model_plan(m, "shop/42", T0 + SD_S, &p));
    assert_string_equal(p.plan->query, texts[0]);
    assert_string_equal(p.origin, "log");
    assert_string_equal(query_origin(model_find_query(m, "shop/42")), "pg");
    const struct query *alone = model_query(m, 1);
    assert_true(model_plan(m, query_key(alone), T0 + SD_S, &p));
    assert_string_equal(query_text(alone), texts[1]);
    model_free(m);
}

static void flood(struct model *m, int n_seconds)
{
    struct sd_activity rows[50];
    char route[64], texts[50][300];
    for (int s = 0; s < n_seconds; s++) {
        for (int e = 0; e < 40; e++) {
            snprintf(route, sizeof route, "/e%d", e);
            for (int k = 0; k < 4; k++)
                http(m, T0 + s * SD_S, "GET", route, 3, (1 + (s * 31 + e * 7 + k * 13) % 997) * SD_MS / 10);
        }
        for (int k = 0; k < 50; k++) {
            rows[k] = session((s * 50 + k) % 3000, k % 3 ? "IO" : NULL, k % 2 ? "GET /e1" : "GET /e2");
            memset(texts[k], 'x', sizeof texts[k]);
            texts[k][sizeof texts[k] - 1] = 0;
            rows[k].query = texts[k];
        }
        for (int k = 0; k < 10; k++)
            moment(m, T0 + s * SD_S + k * 100 * SD_MS, 50, rows);
        struct sd_statement st[100];
        for (int k = 0; k < 100; k++) {
            st[k] = statement("app", 10 * (s + 1), 1000 * (s + 1));
            st[k].query_id = k;
            st[k].text = texts[k % 50];
        }
        snapshot(m, T0 + s * SD_S, 100, st);
    }
}

static void test_cap(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = (size_t)4 << 20;
    struct model *m = model_new(&limits);
    for (int i = 0; i < 1; i++)
        flood(m, 700);
    struct model_usage u = model_usage(m);
    assert_true(u.bytes <= u.max_bytes);
    assert_true(u.thinned_to_ns > SD_S);
    assert_true(model_queries(m) < 3000);
    struct endpoint_stats all, st;
    endpoint_stats(model_find_endpoint(m, "GET /e1"), SPAN_ALL, &all);
    assert_int_equal(all.count, 700 * 12);
    endpoint_stats(model_find_endpoint(m, "GET /e1"), seconds(690, 700), &st);
    assert_int_equal(st.count, 120); /* the newest stay exact */
    struct wait_load w[4];
    assert_int_equal(model_wait_load(m, SPAN_ALL, w, 4), 2);
    assert_float_equal(w[0].load + w[1].load, 50, 1e-6);
    assert_float_equal(w[0].seconds + w[1].seconds, 50 * 700, 1e-3);
    struct query_stats q;
    query_stats(model_find_query(m, "shop/5"), seconds(600, 699), &q);
    int64_t slot = 10 * u.thinned_to_ns / SD_S; /* ten calls a second; both ends of the span may cut one */
    assert_in_range(q.calls, 990 - 2 * slot, 990 + slot);
    model_free(m);
}

/* Inputs whose only use is to fill memory. */
static void test_cap_hostile(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = (size_t)4 << 20;
    struct model *m = model_new(&limits);
    char name[700];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    for (int i = 0; i < 30000; i++) {
        memcpy(name,
               &(char[9]){(char)('a' + i % 26), (char)('a' + i / 26 % 26), (char)('a' + i / 676 % 26),
                          (char)('a' + i / 17576)},
               4);
        struct sd_batch *b = batch_new(i % 7 ? "x" : name, T0 + i * SD_MS);
        struct sd_metric k = {.name = i % 3 ? "n" : name, .value = i};
        struct sd_activity a = session(i, name, name);
        a.wait_event = name;
        struct sd_event e = {.title = name};
        struct sd_status st = {.text = name};
        batch_add(b, SD_METRIC, &k);
        batch_add(b, SD_ACTIVITY, &a);
        batch_add(b, SD_EVENT, &e);
        batch_add(b, SD_STATUS, &st);
        apply(m, b);
        http(m, T0 + i * SD_MS, "GET", name, 1, SD_MS);
    }
    char *big = mem_alloc((size_t)8 << 20);
    memset(big, 'x', ((size_t)8 << 20) - 1);
    struct sd_batch *b = batch_new("y", T0);
    struct sd_intake in;
    cleared(SD_INTAKE, &in);
    in.sample = big;
    struct sd_plan p = {.query_id = 1, .database = big, .query = big, .body = big};
    struct sd_statement st = statement(big, 1, 1);
    st.text = big;
    struct sd_event e = {.title = big};
    batch_add(b, SD_INTAKE, &in);
    batch_add(b, SD_PLAN, &p);
    batch_add(b, SD_STATEMENT, &st);
    batch_add(b, SD_EVENT, &e);
    apply(m, b);
    free(big);
    model_free(m);
}

static void plan_at(struct model *m, sd_time at, const char *body, const char *failed)
{
    struct sd_plan p = {
        .query_id = 42, .database = "shop", .body = body, .analyzed = failed != NULL, .failed = failed};
    struct sd_batch *b = batch_new("pg", at);
    batch_add(b, SD_PLAN, &p);
    apply(m, b);
}

/* However often a new plan is refused, the one there is stays, with what was said last. */
static void test_a_refusal_hides_no_plan(void **state)
{
    (void)state;
    struct model *m = new_model();
    struct plan_entry p;
    plan_at(m, T0, NULL, "first refused");
    assert_true(model_plan(m, "shop/42", T0, &p));
    assert_string_equal(p.plan->failed, "first refused");
    assert_null(p.refused);
    plan_at(m, T0 + SD_S, "old", NULL);
    for (int i = 2; i < 40; i++)
        plan_at(m, T0 + i * SD_S, NULL, i == 39 ? "last refused" : "refused");
    assert_true(model_plan(m, "shop/42", T0 + SD_S, &p));
    assert_null(p.refused);
    assert_true(model_plan(m, "shop/42", T0 + 60 * SD_S, &p));
    assert_string_equal(p.plan->body, "old");
    assert_string_equal(p.refused->failed, "last refused");
    plan_at(m, T0 + 50 * SD_S, "new", NULL);
    assert_true(model_plan(m, "shop/42", T0 + 60 * SD_S, &p));
    assert_string_equal(p.plan->body, "new");
    assert_null(p.refused);
    model_free(m);
}

static void large_plan(struct model *m, size_t bytes)
{
    char *body = mem_alloc(bytes + 1);
    memset(body, ' ', bytes);
    struct sd_plan r = {.query_id = 77, .database = "shop", .query = "SELECT 1", .body = body};
    struct sd_batch *b = batch_new("shop", T0);
    assert_true(batch_add(b, SD_PLAN, &r));
    apply(m, b);
    free(body);
}

/* One plan may take more than the share of all, while there is room; otherwise it says why it is not there.
 */
static void test_a_large_plan(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = (size_t)4 << 20;
    struct model *m = model_new(&limits);
    struct plan_entry e;
    large_plan(m, (size_t)1 << 20);
    assert_true(model_plan(m, "shop/77", T0, &e));
    assert_int_equal(strlen(e.plan->body), 1 << 20);
    flood(m, 700);
    assert_true(model_plan(m, "shop/77", T0 + SD_S, &e));
    assert_null(e.plan->body);
    assert_string_equal(e.plan->failed,
                        "The plan takes 1.05 MB, for which the memory of the history has no room.");
    model_free(m);
    m = model_new(&limits);
    large_plan(m, (size_t)3 << 20);
    assert_true(model_plan(m, "shop/77", T0, &e));
    assert_non_null(strstr(e.plan->failed, "has no room"));
    model_free(m);
}

/* A source that reports every ten seconds looks as even as one that does each second. */
static void test_wide_intervals(void **state)
{
    (void)state;
    struct model *m = new_model();
    for (int i = 0; i < 6; i++) {
        struct sd_http r;
        cleared(SD_HTTP, &r);
        r.method = "GET";
        r.route = "/a";
        r.interval_ns = 10 * SD_S;
        r.count = 100;
        struct sd_batch *b = batch_new("exec", T0 + i * 10 * SD_S);
        batch_add(b, SD_HTTP, &r);
        apply(m, b);
    }
    struct endpoint_point p[60];
    endpoint_series(model_endpoint(m, 0), seconds(0, 60), 60, p);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(p[i].count, 10);
        assert_float_equal(p[i].rate_per_s, 10, 0.001);
        assert_int_equal(p[i].p50, SD_UNKNOWN);
    }
    model_free(m);
}

static void test_thinning_keeps_totals(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = (size_t)1 << 20;
    limits.retention_ns = 0;
    struct model *m = model_new(&limits);
    for (int s = 0; s < 8000; s++)
        http(m, T0 + s * SD_S, "GET", "/a", 1 + s % 3, (1 + s % 97) * SD_MS);
    struct model_usage u = model_usage(m);
    assert_true(u.bytes <= u.max_bytes);
    assert_true(u.thinned_to_ns > SD_S);
    struct endpoint *e = model_endpoint(m, 0);
    struct endpoint_stats all, st;
    endpoint_stats(e, SPAN_ALL, &all);
    endpoint_stats(e, seconds(-100, 9000), &st);
    assert_int_equal(st.count, all.count);
    assert_int_equal(st.latency.count, all.latency.count);
    assert_int_equal(st.total_ns, all.total_ns);
    assert_memory_equal(st.latency.bucket, all.latency.bucket, sizeof all.latency.bucket);
    /* Late data finds its place among thinned slots. */
    http(m, T0 + 17 * SD_S, "GET", "/a", 5, SD_MS);
    endpoint_stats(e, seconds(-100, 9000), &st);
    assert_int_equal(st.count, all.count + 5);
    model_free(m);
}

static void test_retention_and_leaps(void **state)
{
    (void)state;
    struct model *m = new_model();
    for (int s = 0; s < 2000; s++)
        http(m, T0 + s * SD_S, "GET", "/a", 1, SD_MS);
    struct endpoint_stats st;
    struct endpoint *e = model_endpoint(m, 0);
    endpoint_stats(e, seconds(0, 1000), &st);
    assert_int_equal(st.count, 0);
    endpoint_stats(e, seconds(1100, 2000), &st);
    assert_int_equal(st.count, 900);
    http(m, T0 + INT64_C(100000000) * SD_S, "GET", "/a", 1, SD_MS); /* a wrong clock */
    http(m, T0 + 2000 * SD_S, "GET", "/a", 1, SD_MS);
    endpoint_stats(e, seconds(1101, 2001), &st);
    assert_int_equal(st.count, 900);
    assert_int_equal(model_usage(m).last, T0 + 2001 * SD_S);
    for (int s = 0; s < 20; s++) /* a true gap */
        http(m, T0 + (9000 + s) * SD_S, "GET", "/a", 1, SD_MS);
    assert_int_equal(model_usage(m).last, T0 + 9020 * SD_S);
    model_free(m);
}

static void test_replay_is_equal(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.max_bytes = (size_t)2 << 20;
    struct model *a = model_new(&limits), *b = model_new(&limits);
    flood(a, 60);
    flood(b, 60);
    assert_int_equal(model_usage(a).bytes, model_usage(b).bytes);
    struct model *fresh = model_new(&limits);
    size_t empty = model_usage(fresh).bytes;
    model_free(fresh);
    model_clear(b);
    assert_true(model_usage(b).bytes <= empty + 64); /* all of it was given back */
    flood(b, 60);
    assert_int_equal(model_usage(a).bytes, model_usage(b).bytes);
    struct endpoint_stats x, y;
    for (size_t i = 0; i < model_endpoints(a); i++) {
        endpoint_stats(model_endpoint(a, i), seconds(10, 50), &x);
        endpoint_stats(model_endpoint(b, i), seconds(10, 50), &y);
        assert_memory_equal(&x, &y, sizeof x);
    }
    model_free(a);
    model_free(b);
}

static void test_hostile(void **state)
{
    (void)state;
    struct model *m = new_model();
    static const sd_time times[] = {INT64_MIN, INT64_MIN + 1,       -1, 0, INT64_MAX - 1,
                                    INT64_MAX, 7999999999999999999, T0};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct sd_batch *b = batch_new("", times[i]);
        for (int kind = 1; kind < SD_KIND_END; kind++) {
            const struct sd_schema *sc = schema_of((enum sd_kind)kind);
            union { /* the longest of all kinds */
#define HOSTILE_RECORD(number, UPPER, lower, help) struct sd_##lower lower;
                SD_RECORDS(HOSTILE_RECORD)
#undef HOSTILE_RECORD
            } r;
            cleared(sc->kind, &r);
            assert_true(batch_add(b, sc->kind, &r));
            for (int64_t v = -1; v <= 1; v++) {
                for (size_t f = 0; f < sc->n_fields; f++)
                    if (sc->fields[f].type == SD_FIELD_INT)
                        *(int64_t *)((char *)&r + sc->fields[f].offset) = v < 0 ? INT64_MIN + 1
                                                                          : v   ? INT64_MAX
                                                                                : -5;
                assert_true(batch_add(b, sc->kind, &r));
            }
        }
        apply(m, b);
        struct sd_http h;
        cleared(SD_HTTP, &h);
    }
    struct endpoint_stats st;
    struct query_stats q;
    struct endpoint_point p[10];
    double d[10];
    uint32_t heat[20];
    int64_t bounds[] = {0, SD_S, INT64_MAX};
    struct span spans[] = {SPAN_ALL, seconds(0, 10), seconds(10, 0), {INT64_MIN + 1, INT64_MAX - 1}};
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        for (size_t k = 0; k < model_endpoints(m); k++) {
            endpoint_stats(model_endpoint(m, k), spans[i], &st);
            endpoint_series(model_endpoint(m, k), spans[i], 10, p);
            endpoint_heat(model_endpoint(m, k), spans[i], 10, 2, bounds, heat);
        }
        for (size_t k = 0; k < model_queries(m); k++)
            query_stats(model_query(m, k), spans[i], &q);
        model_load_series(m, spans[i], 10, d);
        model_metric_series(m, "", NULL, NULL, spans[i], 10, d);
    }
    model_free(m);
}

/* What a fleet's history tells: no source of those machines is open here, and beyond what is kept apart
 * nothing is mixed. */
static void test_told(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int i = 0; i < 3000; i++) {
        char origin[40];
        snprintf(origin, sizeof origin, "web%d/host:", i);
        struct sd_batch *b = batch_new(origin, T0);
        struct sd_metric k;
        cleared(SD_METRIC, &k);
        k.name = "requests";
        k.value = i;
        k.counter = 1;
        batch_set_machine(b, "web");
        batch_add(b, SD_METRIC, &k);
        model_apply(m, b);
        batch_unref(b);
    }
    struct source_info info[4];
    assert_int_equal(model_sources(m, T0, info, 4), 0);
    assert_true(model_metric(m, "web7/host:", "requests", NULL, T0) == 7);
    assert_true(model_metric(m, "web1000/host:", "requests", NULL, T0) == 1000);
    assert_true(isnan(model_metric(m, "web2999/host:", "requests", NULL, T0)));
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoint_spans),
        cmocka_unit_test(test_endpoint_late),
        cmocka_unit_test(test_endpoint_series),
        cmocka_unit_test(test_too_many_endpoints),
        cmocka_unit_test(test_statement_deltas),
        cmocka_unit_test(test_statement_resets),
        cmocka_unit_test(test_statement_new),
        cmocka_unit_test(test_statement_of_a_log),
        cmocka_unit_test(test_statement_variants),
        cmocka_unit_test(test_statement_late_and_absent),
        cmocka_unit_test(test_activity),
        cmocka_unit_test(test_past_states),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_cap_hostile),
        cmocka_unit_test(test_a_refusal_hides_no_plan),
        cmocka_unit_test(test_a_large_plan),
        cmocka_unit_test(test_wide_intervals),
        cmocka_unit_test(test_thinning_keeps_totals),
        cmocka_unit_test(test_retention_and_leaps),
        cmocka_unit_test(test_replay_is_equal),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(plan_of_a_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
