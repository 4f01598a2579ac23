/* What is kept for weeks: rows add up to the same buckets, whatever the steps, the hosts and the order. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/hist.h"
#include "core/history/history.h"

#define T0 (1800000000 * SD_S)

static uint64_t dice = 1;

static uint64_t roll(uint64_t sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (dice >> 33) % sides;
}

static const struct history_steps TEN = {.step_ns = 10 * SD_S};

/* ---- tiers ---- */

static void steps(void **state)
{
    (void)state;
    assert_int_equal(history_step_start(20, 10), 10); /* (10, 20] */
    assert_int_equal(history_step_start(21, 10), 20);
    assert_int_equal(history_step_start(11, 10), 10);
    assert_int_equal(history_step_start(0, 10), -10);
    assert_true(history_step_start(INT64_MIN, 10) == NUM_MIN);
    static const struct {
        int64_t length_ns, age_ns;
        size_t tier;
    } CASES[] = {{SD_S, 0, 0},       {10 * SD_S, 2 * 86400 * SD_S, 0}, {10 * SD_S, 2 * 86400 * SD_S + 1, 1},
                 {11 * SD_S, 0, 1},  {0, 91 * 86400 * SD_S, 3},        {SD_S, 401 * 86400 * SD_S, 4},
                 {7200 * SD_S, 0, 4}};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct history_row row = {.kind = SD_HTTP,
                                  .at = T0 - CASES[i].age_ns - CASES[i].length_ns,
                                  .length_ns = CASES[i].length_ns};
        assert_int_equal(history_tier_of(&HISTORY_TIERS_DEFAULT, &row, T0), CASES[i].tier);
    }
}

/* ---- intervals ---- */

struct request {
    int host, route;
    int64_t second, ns;
};

static void add_request(struct history_fold *f, const struct request *q)
{
    struct sd_bucket k = {sd_hist_index(q->ns), 1};
    struct sd_hist h = {1, &k};
    struct sd_http r;
    struct history_copy copy;
    struct history_row row;
    schema_clear(schema_of(SD_HTTP), &r);
    r.method = "GET";
    r.route = q->route ? "/b" : "/a";
    r.host = q->host ? "web2" : "web1";
    r.interval_ns = SD_S;
    r.count = r.timed = 1;
    r.errors = q->ns % 2;
    r.total_ns = r.min_ns = r.max_ns = q->ns;
    r.latency = &h;
    assert_true(history_row_of(SD_HTTP, &r, T0 + q->second * SD_S, "here", "log", &copy, &row));
    assert_string_equal(row.host, r.host);
    assert_null(((const struct sd_http *)row.record)->host);
    assert_true(history_fold_add(f, &row));
}

static int64_t exact_p99(const struct request *q, size_t n, int route)
{
    struct hist *h = mem_alloc(sizeof *h);
    hist_clear(h);
    for (size_t i = 0; i < n; i++)
        if (q[i].route == route)
            hist_record(h, q[i].ns);
    int64_t p99 = hist_quantile(h, 0.99);
    free(h);
    return p99;
}

static void add_all(struct history_fold *from, struct history_fold *into)
{
    for (size_t i = 0; i < history_fold_len(from); i++) {
        struct history_row row = history_fold_row(from, i);
        assert_true(history_fold_add(into, &row));
    }
}

/* Requests by the second, ten seconds by host, a minute, an hour of all hosts: the same buckets. */
static void sums(void **state)
{
    (void)state;
    enum { N = 5000 };
    struct request *q = mem_array(N, sizeof *q);
    for (size_t i = 0; i < N; i++)
        q[i] = (struct request){(int)roll(2), (int)roll(2), (int64_t)roll(600),
                                (int64_t)(1000 + roll(1000) * roll(1000000))};
    struct history_fold *ten = history_fold_new(&TEN, HISTORY_BY_HOST);
    struct history_fold *back = history_fold_new(&TEN, HISTORY_BY_HOST);
    for (size_t i = 0; i < N; i++) {
        add_request(ten, &q[i]);
        add_request(back, &q[N - 1 - i]);
    }
    assert_int_equal(history_fold_len(ten), history_fold_len(back));
    for (size_t i = 0; i < history_fold_len(ten); i++) {
        struct history_row a = history_fold_row(ten, i), b = history_fold_row(back, i);
        assert_true(a.at == b.at && a.length_ns == 10 * SD_S && str_eq(a.host, b.host));
        assert_int_equal(((const struct sd_http *)a.record)->count,
                         ((const struct sd_http *)b.record)->count);
    }
    struct history_fold *minute = history_fold_new(&(struct history_steps){.step_ns = 60 * SD_S}, 0);
    const sd_time edges[] = {T0, T0 + 600 * SD_S};
    struct history_fold *whole = history_fold_new(&(struct history_steps){.edges = edges, .n_edges = 2}, 0);
    add_all(ten, minute);
    add_all(minute, whole);
    assert_int_equal(history_fold_len(whole), 2);
    for (size_t i = 0; i < 2; i++) {
        struct history_row row = history_fold_row(whole, i);
        const struct sd_http *r = row.record;
        struct hist *h = mem_alloc(sizeof *h);
        hist_clear(h);
        hist_merge_sparse(h, r->latency, r->total_ns, r->min_ns, r->max_ns);
        assert_true(row.at == T0 && row.length_ns == 600 * SD_S && r->interval_ns == 600 * SD_S);
        assert_int_equal(hist_quantile(h, 0.99), exact_p99(q, N, str_eq(r->route, "/b")));
        assert_int_equal(h->count, r->count);
        assert_null(row.host);
        free(h);
    }
    history_fold_free(ten);
    history_fold_free(back);
    history_fold_free(minute);
    history_fold_free(whole);
    free(q);
}

/* More than 32 bits can count in one bucket: nothing is lost. */
static void many(void **state)
{
    (void)state;
    struct sd_bucket k = {100, UINT32_MAX - 5};
    struct sd_hist h = {1, &k};
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    r.route = "/";
    r.count = r.timed = UINT32_MAX - 5;
    r.latency = &h;
    struct history_row row = {.kind = SD_HTTP, .at = T0, .length_ns = SD_S, .record = &r};
    struct history_fold *f = history_fold_new(&TEN, 0);
    for (int i = 0; i < 3; i++)
        assert_true(history_fold_add(f, &row));
    int64_t count = 0, in_buckets = 0;
    for (size_t i = 0; i < history_fold_len(f); i++) {
        struct history_row out = history_fold_row(f, i);
        const struct sd_http *o = out.record;
        count += o->count;
        for (uint32_t b = 0; b < o->latency->n; b++)
            in_buckets += o->latency->buckets[b].count;
    }
    assert_int_equal(count, 3 * (int64_t)(UINT32_MAX - 5));
    assert_int_equal(in_buckets, count);
    history_fold_free(f);
}

/* An interval that is longer than the step stays as long as it is. */
static void longer(void **state)
{
    (void)state;
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    r.route = "/";
    r.count = 1;
    struct history_row row = {.kind = SD_HTTP, .at = T0 - 45 * SD_S, .length_ns = 60 * SD_S, .record = &r};
    struct history_fold *f = history_fold_new(&TEN, 0);
    assert_true(history_fold_add(f, &row));
    struct history_row out = history_fold_row(f, 0);
    assert_true(out.at == T0 - 45 * SD_S && history_row_end(&out) == T0 + 20 * SD_S);
    history_fold_free(f);
}

/* ---- moments ---- */

static void add_metric(struct history_fold *f, int64_t second, double value, int counter)
{
    struct sd_metric m;
    struct history_copy copy;
    struct history_row row;
    schema_clear(schema_of(SD_METRIC), &m);
    m.name = "cpu";
    m.labels = "host=db1";
    m.value = value;
    m.counter = counter;
    assert_true(history_row_of(SD_METRIC, &m, T0 + second * SD_S, "here", "host", &copy, &row));
    assert_string_equal(row.host, "db1");
    assert_true(history_fold_add(f, &row));
}

static void gauges(void **state)
{
    (void)state;
    struct history_fold *f = history_fold_new(&TEN, 0);
    add_metric(f, 3, 0.5, 0);
    add_metric(f, 1, 0.25, 0);
    add_metric(f, 2, 2, 0);
    assert_int_equal(history_fold_len(f), 1);
    struct history_fold *g = history_fold_new(&(struct history_steps){.step_ns = 60 * SD_S}, 0);
    add_all(f, g);
    add_metric(g, 40, -1, 0);
    struct history_row row = history_fold_row(g, 0);
    const struct sd_metric *m = row.record;
    assert_true(row.at == T0 + 40 * SD_S && m->samples == 4 && m->sum == 1.75);
    assert_true(m->value == -1 && m->min == -1 && m->max == 2);
    history_fold_free(f);
    history_fold_free(g);
}

/* Growth over any span is as that of all readings: 10, 30 | 5, 7 | 2. */
static void totals(void **state)
{
    (void)state;
    static const struct {
        int64_t second;
        double value;
    } READ[] = {{1, 10}, {2, 30}, {3, 5}, {4, 7}, {5, 2}};
    static const int ORDERS[][5] = {{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}};
    for (size_t o = 0; o < ARRAY_LEN(ORDERS); o++) {
        struct history_fold *f = history_fold_new(&TEN, 0);
        for (size_t i = 0; i < 5; i++)
            add_metric(f, READ[ORDERS[o][i]].second, READ[ORDERS[o][i]].value, 1);
        static const double KEPT[] = {30, 5, 7,
                                      2}; /* both sides of a fall, else 40 behind it would hide it */
        assert_int_equal(history_fold_len(f), 4);
        for (size_t i = 0; i < 4; i++) {
            struct history_row row = history_fold_row(f, i);
            assert_true(((const struct sd_metric *)row.record)->value == KEPT[i]);
        }
        add_metric(f, 6, 40, 1);
        add_metric(f, 7, 41, 1);
        assert_int_equal(history_fold_len(f), 5);
        history_fold_free(f);
    }
}

static void events(void **state)
{
    (void)state;
    struct sd_event e = {.severity = "info", .title = "deploy", .text = "1.2"};
    const sd_time edges[] = {T0, T0 + 10 * SD_S};
    struct history_fold *f = history_fold_new(&(struct history_steps){.edges = edges, .n_edges = 2}, 0);
    for (int i = 0; i < 3; i++) {
        struct history_row row = {.kind = SD_EVENT, .host = "a", .at = T0 + i * 10 * SD_S, .record = &e};
        assert_int_equal(history_fold_add(f, &row), i == 1); /* (from, to] */
    }
    assert_int_equal(history_fold_len(f), 1);
    struct sd_status s;
    struct history_copy copy;
    struct history_row row;
    schema_clear(schema_of(SD_STATUS), &s);
    assert_false(history_row_of(SD_STATUS, &s, T0, "here", "log", &copy, &row));
    history_fold_clear(f);
    assert_int_equal(history_fold_len(f), 0);
    assert_int_equal(history_fold_bytes(f), 0);
    history_fold_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),  cmocka_unit_test(sums),   cmocka_unit_test(many),
        cmocka_unit_test(longer), cmocka_unit_test(gauges), cmocka_unit_test(totals),
        cmocka_unit_test(events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
