#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/sql/statement.h"
#include "tests/lib/model_rows.h"

/* ---- endpoints ---- */

static void test_endpoint_spans(void **state)
{
    (void)state;
    struct model *m = model_new(NULL);
    for (int i = 0; i < 10; i++)
        add_http(m, T0 + i * SD_S, "GET", "/a", i + 1, (i + 1) * SD_MS);
    add_http(m, T0, NULL, "/a", 1, SD_MS);
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
    struct model *m = model_new(NULL);
    add_http(m, T0 + 10 * SD_S, "GET", "/a", 1, SD_MS);
    add_http(m, T0 + 5 * SD_S, "GET", "/a", 2, SD_MS);
    add_http(m, T0 + 5 * SD_S + 400 * SD_MS, "GET", "/a", 4, SD_MS);
    add_http(m, T0 + 7 * SD_S, "GET", "/a", 8, SD_MS);
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
    struct model *m = model_new(NULL);
    for (int i = 0; i < 60; i++)
        add_http(m, T0 + i * SD_S, "GET", "/a", 10, i < 30 ? SD_MS : 100 * SD_MS);
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
        add_http(m, T0, "GET", route, 1, SD_MS);
    }
    int apart = (int)model_endpoints(m) - 1; /* and (other) */
    assert_in_range(apart, 5, 50);
    struct endpoint_stats st;
    endpoint_stats(model_find_endpoint(m, "(other)"), SPAN_ALL, &st);
    assert_int_equal(st.count, 100 - apart);
    model_free(m);
}

/* ---- the rest ---- */

static void test_past_states(void **state)
{
    (void)state;
    struct model *m = model_new(NULL);
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
        add_batch(m, b);
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
    add_batch(m, b);
    const char *texts[] = {"select * from orders where id = 9", "select * from users"};
    for (size_t i = 0; i < 2; i++) {
        struct sd_plan plan;
        cleared(SD_PLAN, &plan);
        plan.query = texts[i];
        plan.body = "logged";
        b = batch_new("log", T0 + SD_S);
        batch_add(b, SD_PLAN, &plan);
        add_batch(m, b);
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
                add_http(m, T0 + s * SD_S, "GET", route, 3,
                         (1 + (s * 31 + e * 7 + k * 13) % 997) * SD_MS / 10);
        }
        for (int k = 0; k < 50; k++) {
            rows[k] = made_session((s * 50 + k) % 3000, k % 3 ? "IO" : NULL, k % 2 ? "GET /e1" : "GET /e2");
            memset(texts[k], 'x', sizeof texts[k]);
            texts[k][sizeof texts[k] - 1] = 0;
            rows[k].query = texts[k];
        }
        for (int k = 0; k < 10; k++)
            add_moment(m, T0 + s * SD_S + k * 100 * SD_MS, 50, rows);
        struct sd_statement st[100];
        for (int k = 0; k < 100; k++) {
            st[k] = made_statement("app", 10 * (s + 1), 1000 * (s + 1));
            st[k].query_id = k;
            st[k].text = texts[k % 50];
        }
        add_snapshot(m, T0 + s * SD_S, 100, st);
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
        struct sd_activity a = made_session(i, name, name);
        a.wait_event = name;
        struct sd_event e = {.title = name};
        struct sd_status st = {.text = name};
        batch_add(b, SD_METRIC, &k);
        batch_add(b, SD_ACTIVITY, &a);
        batch_add(b, SD_EVENT, &e);
        batch_add(b, SD_STATUS, &st);
        add_batch(m, b);
        add_http(m, T0 + i * SD_MS, "GET", name, 1, SD_MS);
    }
    char *big = mem_alloc((size_t)8 << 20);
    memset(big, 'x', ((size_t)8 << 20) - 1);
    struct sd_batch *b = batch_new("y", T0);
    struct sd_intake in;
    cleared(SD_INTAKE, &in);
    in.sample = big;
    struct sd_plan p = {.query_id = 1, .database = big, .query = big, .body = big};
    struct sd_statement st = made_statement(big, 1, 1);
    st.text = big;
    struct sd_event e = {.title = big};
    batch_add(b, SD_INTAKE, &in);
    batch_add(b, SD_PLAN, &p);
    batch_add(b, SD_STATEMENT, &st);
    batch_add(b, SD_EVENT, &e);
    add_batch(m, b);
    free(big);
    model_free(m);
}

static void plan_at(struct model *m, sd_time at, const char *body, const char *failed)
{
    struct sd_plan p = {
        .query_id = 42, .database = "shop", .body = body, .analyzed = failed != NULL, .failed = failed};
    struct sd_batch *b = batch_new("pg", at);
    batch_add(b, SD_PLAN, &p);
    add_batch(m, b);
}

/* However often a new plan is refused, the one there is stays, with what was said last. */
static void test_a_refusal_hides_no_plan(void **state)
{
    (void)state;
    struct model *m = model_new(NULL);
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
    add_batch(m, b);
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
    struct model *m = model_new(NULL);
    for (int i = 0; i < 6; i++) {
        struct sd_http r;
        cleared(SD_HTTP, &r);
        r.method = "GET";
        r.route = "/a";
        r.interval_ns = 10 * SD_S;
        r.count = 100;
        struct sd_batch *b = batch_new("exec", T0 + i * 10 * SD_S);
        batch_add(b, SD_HTTP, &r);
        add_batch(m, b);
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
        add_http(m, T0 + s * SD_S, "GET", "/a", 1 + s % 3, (1 + s % 97) * SD_MS);
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
    add_http(m, T0 + 17 * SD_S, "GET", "/a", 5, SD_MS);
    endpoint_stats(e, seconds(-100, 9000), &st);
    assert_int_equal(st.count, all.count + 5);
    model_free(m);
}

/* A printed view that asks for totals alone: they are the same, and nothing else is held. */
static void test_totals_only(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.retention_ns = 0;
    struct model *m = model_new(&limits);
    limits.totals_only = true;
    limits.unread = SD_KIND_BIT(SD_HTTP_PART);
    struct model *lean = model_new(&limits);
    struct sd_http_part part;
    cleared(SD_HTTP_PART, &part);
    part.method = "GET";
    part.route = "/a";
    part.by = "status";
    part.key = "2xx";
    part.count = 1;
    for (int s = 0; s < 1000; s++) {
        add_http(m, T0 + s * SD_S, "GET", "/a", 1 + s % 3, (1 + s % 97) * SD_MS);
        add_http(lean, T0 + s * SD_S, "GET", "/a", 1 + s % 3, (1 + s % 97) * SD_MS);
    }
    for (int i = 0; i < 2; i++) {
        struct sd_batch *b = batch_new("exec", T0);
        batch_add(b, SD_HTTP_PART, &part);
        add_batch(i ? lean : m, b);
    }
    struct endpoint_part parts[4];
    struct endpoint_stats all, st;
    endpoint_stats(model_endpoint(m, 0), SPAN_ALL, &all);
    endpoint_stats(model_endpoint(lean, 0), SPAN_ALL, &st);
    assert_int_equal(all.count, st.count);
    assert_int_equal(all.total_ns, st.total_ns);
    assert_int_equal(all.first, st.first);
    assert_int_equal(all.last, st.last);
    assert_memory_equal(all.latency.bucket, st.latency.bucket, sizeof st.latency.bucket);
    assert_int_equal(endpoint_parts(model_endpoint(m, 0), "status", SPAN_ALL, parts, 4), 1);
    assert_int_equal(endpoint_parts(model_endpoint(lean, 0), "status", SPAN_ALL, parts, 4), 0);
    assert_true(model_has(lean, SD_KIND_BIT(SD_HTTP_PART)));
    assert_int_equal(model_usage(lean).first, model_usage(m).first);
    assert_int_equal(model_usage(lean).last, model_usage(m).last);
    struct part_usage held[64], less[64];
    model_parts(m, held, 64);
    model_parts(lean, less, 64);
    assert_true(less[0].bytes < held[0].bytes / 10);
    model_free(m);
    model_free(lean);
}

static void test_retention_and_leaps(void **state)
{
    (void)state;
    struct model *m = model_new(NULL);
    for (int s = 0; s < 2000; s++)
        add_http(m, T0 + s * SD_S, "GET", "/a", 1, SD_MS);
    struct endpoint_stats st;
    struct endpoint *e = model_endpoint(m, 0);
    endpoint_stats(e, seconds(0, 1000), &st);
    assert_int_equal(st.count, 0);
    endpoint_stats(e, seconds(1100, 2000), &st);
    assert_int_equal(st.count, 900);
    add_http(m, T0 + INT64_C(100000000) * SD_S, "GET", "/a", 1, SD_MS); /* a wrong clock */
    add_http(m, T0 + 2000 * SD_S, "GET", "/a", 1, SD_MS);
    endpoint_stats(e, seconds(1101, 2001), &st);
    assert_int_equal(st.count, 900);
    assert_int_equal(model_usage(m).last, T0 + 2001 * SD_S);
    for (int s = 0; s < 20; s++) /* a true gap */
        add_http(m, T0 + (9000 + s) * SD_S, "GET", "/a", 1, SD_MS);
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
    struct model *m = model_new(NULL);
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
        add_batch(m, b);
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
        cmocka_unit_test(test_past_states),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_cap_hostile),
        cmocka_unit_test(test_a_refusal_hides_no_plan),
        cmocka_unit_test(test_a_large_plan),
        cmocka_unit_test(test_wide_intervals),
        cmocka_unit_test(test_thinning_keeps_totals),
        cmocka_unit_test(test_totals_only),
        cmocka_unit_test(test_retention_and_leaps),
        cmocka_unit_test(test_replay_is_equal),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(plan_of_a_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
