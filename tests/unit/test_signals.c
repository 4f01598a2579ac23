/* The figures of goals at the edges of their windows, out of order, with nothing known, and against sums made
 * the plain way. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "conf/policy.h"
#include "core/goals/signals.h"

#define T0 (1800000000 * SD_S)

struct made {
    struct goal_policy p;
    struct signals *s;
};

static struct made make_with(const char *yaml, const struct signals_limits *limits)
{
    struct made m;
    struct sd_error err = {""};
    bool ok = policy_read_text(&m.p, "policy.yaml", yaml, strlen(yaml), &err);
    if (!ok)
        print_error("%s\n", err.text);
    assert_true(ok);
    m.s = signals_new(&m.p, limits);
    return m;
}

static struct made make(const char *yaml)
{
    return make_with(yaml, NULL);
}

static void done(struct made *m)
{
    signals_free(m->s);
    policy_free(&m->p);
}

/* Requests of one duration each: `n` of them, of which `bad` failed, ending at the end of the interval. */
static struct sd_http requests(const char *route, int64_t interval_s, int64_t n, int64_t bad,
                               struct sd_bucket *room, struct sd_hist *h, int64_t ns)
{
    *room = (struct sd_bucket){sd_hist_index(ns), (uint32_t)n};
    *h = (struct sd_hist){.n = 1, .buckets = room};
    return (struct sd_http){.method = "GET",
                            .route = route,
                            .interval_ns = interval_s * SD_S,
                            .count = n,
                            .errors = bad,
                            .status_1xx = 0,
                            .status_2xx = n - bad,
                            .status_3xx = 0,
                            .status_4xx = 0,
                            .status_5xx = bad,
                            .bytes = n * 1000,
                            .timed = n,
                            .total_ns = n * ns,
                            .min_ns = ns,
                            .max_ns = ns,
                            .first_at = SD_UNKNOWN,
                            .last_at = SD_UNKNOWN,
                            .latency = h,
                            .upgraded = SD_UNKNOWN,
                            .upgraded_ns = SD_UNKNOWN,
                            .queue_ns = SD_UNKNOWN,
                            .upstream_ns = SD_UNKNOWN};
}

static void take_from(struct signals *s, const char *origin, sd_time at, enum sd_kind kind, const void *r)
{
    struct sd_batch *b = batch_new(origin, at);
    assert_true(batch_add(b, kind, r));
    signals_take(s, b);
    batch_unref(b);
}

static void http(struct signals *s, sd_time at, int64_t interval_s, const char *route, int64_t n, int64_t bad,
                 int64_t ns)
{
    struct sd_bucket room;
    struct sd_hist h;
    struct sd_http r = requests(route, interval_s, n, bad, &room, &h, ns);
    take_from(s, "log", at, SD_HTTP, &r);
}

static struct signal_value one(struct made *m, size_t kpi, sd_time at, int64_t window_ns)
{
    struct signal_value v[4];
    assert_int_equal(signals_values(m->s, &m->p.kpis[kpi].figure, at, window_ns, v, 4), 1);
    return v[0];
}

#define assert_real(a, b)                                                                                    \
    do {                                                                                                     \
        double a_ = (a), b_ = (b);                                                                           \
        if (isnan(b_) ? !isnan(a_) : !(fabs(a_ - b_) <= 1e-9 * fabs(b_)))                                    \
            fail_msg("%.12g is not %.12g", a_, b_);                                                          \
    } while (0)

static const char HTTP[] = "kpis:\n"
                           "- {name: p, signal: http.latency, quantile: 0.5, target: 1s}\n"
                           "- {name: e, signal: http.errors, target: 0.1}\n"
                           "- {name: r, signal: http.rate, target: 1}\n"
                           "- {name: b, signal: http.bytes, target: 1kB}\n"
                           "- {name: m, signal: http.errors, target: 0.1, match: {route: '/a*'}}\n";

/* An interval belongs to the moment it ends: T-w < end <= T. */
static void test_edges(void **state)
{
    static const struct {
        int64_t end_s; /* of the interval, after T0 */
        bool counts;
    } CASES[] = {{-301, false}, {-300, false}, {-299, true}, {-1, true}, {0, true}, {1, false}, {10, false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct made m = make(HTTP);
        http(m.s, T0 + (CASES[i].end_s - 10) * SD_S, 10, "/a", 3, 1, 50 * SD_MS);
        struct signal_value v = one(&m, 1, T0, 300 * SD_S);
        assert_real(v.value, CASES[i].counts ? 1.0 / 3 : (double)NAN);
        assert_int_equal(v.samples, CASES[i].counts ? 3 : 0);
        assert_real(one(&m, 2, T0, 300 * SD_S).value, CASES[i].counts ? 3.0 / 300 : (double)NAN);
        assert_real(one(&m, 0, T0, 300 * SD_S).value, CASES[i].counts ? 50e6 : (double)NAN);
        assert_real(one(&m, 3, T0, 300 * SD_S).value, CASES[i].counts ? 1000 : (double)NAN);
        signals_set_live(m.s, true);
        assert_real(one(&m, 2, T0, 300 * SD_S).value, CASES[i].counts ? 3.0 / 300 : 0);
        assert_real(one(&m, 1, T0, 300 * SD_S).value, CASES[i].counts ? 1.0 / 3 : (double)NAN);
        done(&m);
    }
}

static void test_matching(void **state)
{
    struct made m = make(HTTP);
    (void)state;
    http(m.s, T0, 10, "/about", 10, 5, SD_MS);
    http(m.s, T0, 10, "/b", 30, 0, SD_MS);
    assert_real(one(&m, 1, T0 + 10 * SD_S, 300 * SD_S).value, 5.0 / 40);
    assert_real(one(&m, 4, T0 + 10 * SD_S, 300 * SD_S).value, 0.5);
    assert_real(one(&m, 4, T0 + 9 * SD_S, 300 * SD_S).value, NAN);
    assert_int_equal(signals_first(m.s), T0);
    assert_int_equal(signals_last(m.s), T0 + 10 * SD_S);
    done(&m);
}

static uint64_t dice(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

enum { MADE = 600 };

static int64_t end_of(size_t i)
{
    return T0 + (int64_t)(i * 7 + 5) * SD_S;
}

/* Every window of what came in any order, asked forwards and back, is the plain sum. */
static void test_windows(void **state)
{
    static const char YAML[] =
        "kpis:\n"
        "- {name: p, signal: http.latency, quantile: 0.9, target: 1s, window: 2h}\n"
        "- {name: e, signal: http.errors, target: 0.1, window: 2h}\n"
        "slos:\n"
        "- {name: l, objective: 0.9, window: 2h, signal: http.latency, good_below: 5ms}\n"
        "- {name: a, objective: 0.9, window: 2h, signal: http.errors}\n";
    struct made m = make(YAML);
    uint64_t seed = 88172645463325252u;
    size_t order[MADE];
    int64_t n[MADE], bad[MADE], ns[MADE];
    (void)state;
    for (size_t i = 0; i < MADE; i++) {
        order[i] = i;
        n[i] = 1 + (int64_t)(dice(&seed) % 9);
        bad[i] = (int64_t)(dice(&seed) % (uint64_t)(n[i] + 1));
        ns[i] = (1 + (int64_t)(dice(&seed) % 40)) * SD_MS / 4;
    }
    for (size_t i = MADE - 1; i > 0; i--) {
        size_t k = dice(&seed) % (i + 1), was = order[i];
        order[i] = order[k];
        order[k] = was;
    }
    struct hist *h = mem_alloc(sizeof *h);
    for (size_t k = 0; k < MADE; k++) {
        size_t i = order[k];
        http(m.s, end_of(i) - 5 * SD_S, 5, i % 2 ? "/a" : "/b", n[i], bad[i], ns[i]);
        if (k % 200 == 100) /* asked in between */
            one(&m, 0, end_of(i), 1000 * SD_S);
    }
    for (int64_t step = 0; step < 400; step++) {
        int64_t at = T0 + (step < 300 ? step * 14 : (int64_t)(dice(&seed) % 5000)) * SD_S;
        int64_t window = (step % 3 == 0 ? 60 : step % 3 == 1 ? 700 : 2400) * SD_S;
        int64_t count = 0, errors = 0, slow = 0;
        hist_clear(h);
        for (size_t i = 0; i < MADE; i++) {
            if (end_of(i) <= at - window || end_of(i) > at)
                continue;
            count += n[i];
            errors += bad[i];
            slow += sd_hist_index(ns[i]) > sd_hist_index(5 * SD_MS) ? n[i] : 0;
            for (int64_t j = 0; j < n[i]; j++)
                hist_record(h, ns[i]);
        }
        int64_t p90 = hist_quantile(h, 0.9);
        assert_real(one(&m, 0, at, window).value, sd_known(p90) ? (double)p90 : (double)NAN);
        assert_real(one(&m, 1, at, window).value, count ? (double)errors / (double)count : (double)NAN);
        struct signal_events e;
        signals_events(m.s, &m.p.slos[0], at, window, &e);
        assert_int_equal(e.total, count);
        assert_int_equal(e.bad, slow);
        signals_events(m.s, &m.p.slos[1], at, window, &e);
        assert_int_equal(e.total, count);
        assert_int_equal(e.bad, errors);
    }
    free(h);
    done(&m);
}

static void test_instances(void **state)
{
    struct made m = make("kpis:\n"
                         "- {name: e, signal: http.errors, target: 0.1, per: endpoint}\n"
                         "- {name: h, signal: http.rate, target: 1, per: host}\n");
    struct signal_value v[8];
    struct sd_bucket room;
    struct sd_hist h;
    (void)state;
    signals_set_host(m.s, "reader");
    http(m.s, T0, 10, "/b", 10, 5, SD_MS);
    http(m.s, T0 + 300 * SD_S, 10, "/a", 10, 1, SD_MS);
    struct sd_http r = requests("/a", 10, 5, 0, &room, &h, SD_MS);
    r.host = "web2";
    take_from(m.s, "log", T0 + 300 * SD_S, SD_HTTP, &r);
    assert_int_equal(signals_values(m.s, &m.p.kpis[0].figure, T0 + 310 * SD_S, 300 * SD_S, v, 8), 2);
    assert_string_equal(v[0].instance, "GET /a");
    assert_real(v[0].value, 1.0 / 15);
    assert_string_equal(v[1].instance, "GET /b"); /* known, but silent */
    assert_real(v[1].value, NAN);
    assert_int_equal(signals_values(m.s, &m.p.kpis[0].figure, T0 + 10 * SD_S, 300 * SD_S, v, 8), 1);
    assert_int_equal(signals_values(m.s, &m.p.kpis[1].figure, T0 + 310 * SD_S, 300 * SD_S, v, 8), 2);
    assert_string_equal(v[0].instance, "reader");
    assert_real(v[0].value, 10.0 / 300);
    assert_string_equal(v[1].instance, "web2");
    assert_real(v[1].value, 5.0 / 300);
    done(&m);
}

/* The same requests in a log and in traces count once, by the log. */
static void test_evidence(void **state)
{
    struct made m = make(HTTP);
    struct sd_bucket room;
    struct sd_hist h;
    (void)state;
    http(m.s, T0, 10, "/a/:id", 10, 1, SD_MS);
    struct sd_http r = requests("/a/{id}", 10, 4, 4, &room, &h, SD_MS);
    r.evidence = "traces";
    take_from(m.s, "otlp", T0, SD_HTTP, &r);
    r.route = "/only";
    take_from(m.s, "otlp", T0, SD_HTTP, &r);
    assert_real(one(&m, 1, T0 + 10 * SD_S, 300 * SD_S).value, 5.0 / 14);
    double lower[] = {0, 1e6}, upper[] = {1e6, (double)INFINITY}, counts[] = {6, 2};
    struct sd_latency l = {.method = "GET",
                           .route = "/only",
                           .rule = "classic",
                           .evidence = "http_request_duration_seconds",
                           .interval_ns = 10 * SD_S,
                           .count = 8,
                           .errors = 2,
                           .total_ns = 1e7,
                           .lower_ns = &(struct sd_reals){2, lower},
                           .upper_ns = &(struct sd_reals){2, upper},
                           .counts = &(struct sd_reals){2, counts}};
    take_from(m.s, "prometheus", T0, SD_LATENCY, &l);
    assert_real(one(&m, 1, T0 + 10 * SD_S, 300 * SD_S).value, 3.0 / 18);
    done(&m);
}

static void metric(struct signals *s, sd_time at, const char *name, const char *labels, double value,
                   bool counter)
{
    struct sd_metric r = {.name = name,
                          .labels = labels,
                          .unit = counter ? "bytes" : "share",
                          .value = value,
                          .counter = counter};
    take_from(s, "host", at, SD_METRIC, &r);
}

static void test_metrics(void **state)
{
    struct made m = make("kpis:\n"
                         "- {name: mean, signal: 'metric:g', target: 1}\n"
                         "- {name: max, signal: 'metric:g', aggregate: max, target: 1}\n"
                         "- {name: last, signal: 'metric:g', aggregate: last, target: 1}\n"
                         "- {name: rate, signal: 'metric:c', target: 1}\n"
                         "- {name: one, signal: 'metric:g', target: 1, match: {labels.k: b*}}\n");
    static const double GAUGE[] = {5, 1, 9, 2}, COUNTER[] = {100, 160, 20, 50};
    struct signal_value v[8];
    (void)state;
    assert_int_equal(signals_values(m.s, &m.p.kpis[0].figure, T0, 300 * SD_S, v, 8), 0);
    for (int i = 0; i < 4; i++) { /* at -300, -200, -100 and 0 s */
        metric(m.s, T0 + (i - 3) * 100 * SD_S, "g", "k=a", GAUGE[i], false);
        metric(m.s, T0 + (i - 3) * 100 * SD_S, "c", NULL, COUNTER[i], true);
    }
    metric(m.s, T0, "g", "k=a", (double)NAN, false);                  /* it has none: no sample */
    assert_real(one(&m, 0, T0, 300 * SD_S).value, (1 + 9 + 2) / 3.0); /* the one at -300 s does not count */
    assert_int_equal(one(&m, 0, T0, 300 * SD_S).samples, 3);
    assert_real(one(&m, 1, T0, 300 * SD_S).value, 9);
    assert_real(one(&m, 2, T0, 300 * SD_S).value, 2);
    assert_real(one(&m, 0, T0 - SD_S, 100 * SD_S).value, 9);
    assert_real(one(&m, 0, T0 - SD_S, 99 * SD_S).value, NAN);
    /* from 100 at -300 s: +60, a reset to 20, +30 in 300 s */
    assert_real(one(&m, 3, T0, 300 * SD_S).value, 110 / 300.0);
    assert_string_equal(one(&m, 3, T0, 300 * SD_S).unit, "bytes_per_s");
    assert_real(one(&m, 3, T0, 250 * SD_S).value,
                110 / 300.0); /* the last at or before -250 s is that of -300 s */
    assert_real(one(&m, 3, T0, 900 * SD_S).value, 110 / 300.0); /* the oldest there is */
    assert_real(one(&m, 3, T0 - 300 * SD_S, 300 * SD_S).value, NAN);
    metric(m.s, T0, "g", "k=b1", 7, false);
    assert_int_equal(signals_values(m.s, &m.p.kpis[0].figure, T0, 300 * SD_S, v, 8), 2);
    assert_string_equal(v[0].instance, "k=a");
    assert_string_equal(v[1].instance, "k=b1");
    assert_real(one(&m, 4, T0, 300 * SD_S).value, 7);
    done(&m);
}

/* A history tells of several samples in one record: means are weighted, the largest is exact, and a counter
 * that began anew within one counts from what it had reached. */
static void test_sampled_metrics(void **state)
{
    struct made m = make("kpis:\n"
                         "- {name: mean, signal: 'metric:g', target: 1}\n"
                         "- {name: max, signal: 'metric:g', aggregate: max, target: 1}\n"
                         "- {name: last, signal: 'metric:g', aggregate: last, target: 1}\n"
                         "- {name: rate, signal: 'metric:c', target: 1}\n");
    (void)state;
    struct sd_metric few = {.name = "g", .value = 4, .samples = 2, .sum = 6, .min = 2, .max = 4};
    struct sd_metric many = {.name = "g", .value = 10, .samples = 18, .sum = 194, .min = 9, .max = 30};
    take_from(m.s, "web1", T0 - 200 * SD_S, SD_METRIC, &few);
    take_from(m.s, "web1", T0 - 100 * SD_S, SD_METRIC, &many);
    assert_real(one(&m, 0, T0, 300 * SD_S).value, 10);
    assert_int_equal(one(&m, 0, T0, 300 * SD_S).samples, 20);
    assert_real(one(&m, 1, T0, 300 * SD_S).value, 30);
    assert_real(one(&m, 2, T0, 300 * SD_S).value, 10);
    struct sd_metric count = {.name = "c", .value = 100, .counter = 1, .samples = 1, .sum = 100, .max = 100};
    take_from(m.s, "web1", T0 - 300 * SD_S, SD_METRIC, &count);
    count = (struct sd_metric){
        .name = "c", .value = 20, .counter = 1, .samples = 3, .sum = 270, .min = 20, .max = 130};
    take_from(m.s, "web1", T0 - 200 * SD_S, SD_METRIC, &count); /* 120, 130, then 20 */
    count = (struct sd_metric){
        .name = "c", .value = 15, .counter = 1, .samples = 2, .sum = 25, .min = 10, .max = 15};
    take_from(m.s, "web1", T0 - 100 * SD_S, SD_METRIC, &count); /* anew again: 10, 15 */
    assert_real(one(&m, 3, T0, 300 * SD_S).value, (30 + 20 + 15) / 200.0);
    done(&m);
}

static void statement(struct signals *s, sd_time at, int64_t id, const char *route, int64_t calls, int64_t ns,
                      sd_time absent)
{
    struct sd_statement r = {.query_id = id,
                             .database = "shop",
                             .role = "app",
                             .since = SD_UNKNOWN,
                             .calls = calls,
                             .total_ns = ns,
                             .route = route,
                             .absent_at = absent};
    take_from(s, "shop", at, SD_STATEMENT, &r);
}

static void test_statements(void **state)
{
    struct made m = make("kpis:\n"
                         "- {name: d, signal: db.latency, target: 50ms}\n"
                         "- {name: c, signal: db.calls, target: 2}\n"
                         "- {name: o, signal: db.calls, target: 2, match: {route: /o}}\n");
    (void)state;
    assert_real(one(&m, 0, T0, 300 * SD_S).value, NAN);
    statement(m.s, T0 - 400 * SD_S, 1, "GET /o", 100, 1000 * SD_MS, SD_UNKNOWN);
    assert_real(one(&m, 0, T0 - 400 * SD_S, 300 * SD_S).value, NAN); /* one reading says nothing */
    statement(m.s, T0 - 100 * SD_S, 1, "GET /o", 110, 1100 * SD_MS, SD_UNKNOWN);
    statement(m.s, T0, 1, "GET /o", 5, 20 * SD_MS, SD_UNKNOWN);       /* it began again */
    statement(m.s, T0, 2, NULL, 15, 480 * SD_MS, T0 - 100 * SD_S);    /* a new one */
    statement(m.s, T0, 3, NULL, 1000000, 1000000 * SD_S, SD_UNKNOWN); /* old, first seen now */
    http(m.s, T0 - 10 * SD_S, 10, "/o", 5, 0, SD_MS);
    http(m.s, T0 - 10 * SD_S, 10, "/p", 5, 0, SD_MS);
    struct signal_value v = one(&m, 0, T0, 300 * SD_S);
    assert_real(v.value, 600e6 / 30);
    assert_int_equal(v.samples, 30);
    assert_string_equal(v.basis, "mean");
    assert_real(one(&m, 0, T0, 100 * SD_S).value, 500e6 / 20);
    assert_real(one(&m, 1, T0, 300 * SD_S).value, 3);
    assert_real(one(&m, 2, T0, 300 * SD_S).value, 3);
    done(&m);
}

static void test_covered(void **state)
{
    struct made m = make("slos:\n- {name: a, objective: 0.99, window: 1d, signal: http.errors}\n");
    struct signal_events e;
    (void)state;
    signals_events(m.s, &m.p.slos[0], T0, 86400 * SD_S, &e);
    assert_int_equal(e.total, 0);
    assert_int_equal(e.from, e.to);
    http(m.s, T0 - 100 * SD_S, 10, "/a", 3, 1, SD_MS);
    http(m.s, T0 - 60 * SD_S, 10, "/a", 3, 1, SD_MS);
    signals_events(m.s, &m.p.slos[0], T0, 86400 * SD_S, &e);
    assert_int_equal(e.total, 6);
    assert_int_equal(e.from, T0 - 100 * SD_S);
    assert_int_equal(e.to, T0 - 50 * SD_S);
    done(&m);
}

/* What no window can need goes; memory has its bound, and then it is said. */
static void test_bounds(void **state)
{
    struct made m = make(HTTP);
    const char *notes[8];
    (void)state;
    for (int64_t i = 0; i < 20000; i++)
        http(m.s, T0 + i * 10 * SD_S, 10, "/a", 3, 1, (1 + i % 50) * SD_MS);
    assert_true(signals_bytes(m.s) < 200000);
    assert_real(one(&m, 1, signals_last(m.s), 300 * SD_S).value, 1.0 / 3);
    assert_int_equal(one(&m, 1, signals_last(m.s), 300 * SD_S).samples, 90);
    assert_int_equal(signals_notes(m.s, notes, 8), 0);
    http(m.s, T0 * 3, 10, "/a", 3, 1, SD_MS); /* one from the far future takes nothing away */
    assert_int_equal(one(&m, 1, T0 + 20000 * 10 * SD_S, 300 * SD_S).samples, 90);
    done(&m);
    m = make_with(HTTP, &(struct signals_limits){.keep_ns = INT64_MAX, .max_bytes = 1 << 20});
    for (int64_t i = 0; i < 40000; i++)
        http(m.s, T0 + i * 10 * SD_S, 10, "/a", 3, 1, (1 + i % 50) * SD_MS);
    assert_true(signals_bytes(m.s) < 8 << 20);
    assert_int_equal(signals_notes(m.s, notes, 8), 1);
    assert_int_equal(one(&m, 1, signals_last(m.s), 300 * SD_S).samples, 90);
    done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),           cmocka_unit_test(test_matching),
        cmocka_unit_test(test_windows),         cmocka_unit_test(test_instances),
        cmocka_unit_test(test_evidence),        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_sampled_metrics), cmocka_unit_test(test_statements),
        cmocka_unit_test(test_covered),         cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
