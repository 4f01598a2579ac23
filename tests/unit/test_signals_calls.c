/* Durations of statements out of traces and histograms: windows, the requests that enclose them in whichever
 * order spans come, and who is asked first. */
#include "tests/lib/test.h"

#include <math.h>

#include "conf/policy.h"
#include "core/goals/signals.h"
#include "core/schema.h"

#define T0 (1800000000 * SD_S)

struct made {
    struct goal_policy p;
    struct signals *s;
};

static const char POLICY[] =
    "kpis:\n"
    "- {name: p, signal: db.latency, quantile: 0.5, target: 1s}\n"
    "- {name: c, signal: db.calls, target: 1}\n"
    "- {name: orders, signal: db.calls, target: 1, match: {route: '/orders*'}}\n"
    "- {name: inner, signal: db.latency, quantile: 0.5, target: 1s, match: {route: /inner}}\n"
    "- {name: cart, signal: db.calls, target: 1, match: {route: /cart}}\n";
enum { P, CALLS, ORDERS, INNER, CART };

static struct made make(void)
{
    struct made m;
    struct sd_error err = {""};
    assert_true(policy_read_text(&m.p, "policy.yaml", POLICY, strlen(POLICY), &err));
    m.s = signals_new(&m.p, NULL);
    return m;
}

static void done(struct made *m)
{
    signals_free(m->s);
    policy_free(&m->p);
}

/* ---- records ---- */

struct made_span {
    const char *id, *parent; /* parent NULL: a root */
    const char *route;       /* of a server's span; NULL: it is none */
    int64_t end_s, ns;       /* end after T0 */
    bool statement;
};

static void spans(struct signals *s, const struct made_span *x, size_t n)
{
    enum { MOST = 8 };
    int64_t trace[MOST] = {0}, statement[MOST], kind[MOST], start[MOST], ns[MOST], of_span[2 * MOST],
            of_key[2 * MOST];
    const char *id[MOST], *parent[MOST], *of_value[2 * MOST];
    size_t m = 0;
    sd_time newest = 0;
    for (size_t i = 0; i < n; i++) {
        id[i] = x[i].id;
        parent[i] = x[i].parent;
        statement[i] = x[i].statement ? 0 : SD_UNKNOWN;
        kind[i] = x[i].route ? 2 : 3;
        ns[i] = x[i].ns;
        start[i] = T0 + x[i].end_s * SD_S - x[i].ns;
        newest = newest > start[i] + ns[i] ? newest : start[i] + ns[i];
        for (int64_t k = 0; x[i].route && k < 2; k++) {
            of_span[m] = (int64_t)i;
            of_key[m] = k;
            of_value[m++] = k ? x[i].route : "GET";
        }
    }
    struct sd_spans r;
    schema_clear(schema_of(SD_SPANS), &r);
    r.traces = SD_TEXTS("0123456789abcdef0123456789abcdef");
    r.statements = SD_TEXTS("SELECT $1");
    r.keys = SD_TEXTS("http.method", "http.route");
#define LIST(type, items_, n_) (&(const struct type){.n = (uint32_t)(n_), .items = (items_)})
    r.trace = LIST(sd_ints, trace, n);
    r.id = LIST(sd_texts, id, n);
    r.parent = LIST(sd_texts, parent, n);
    r.statement = LIST(sd_ints, statement, n);
    r.span_kind = LIST(sd_ints, kind, n);
    r.start = LIST(sd_ints, start, n);
    r.duration = LIST(sd_ints, ns, n);
    r.of_span = LIST(sd_ints, of_span, m);
    r.of_key = LIST(sd_ints, of_key, m);
    r.of_value = LIST(sd_texts, of_value, m);
    struct sd_batch *b = batch_new("traces", newest);
    assert_true(batch_add(b, SD_SPANS, &r));
    signals_take(s, b);
    batch_unref(b);
}

/* Requests as they were traced, or as a log has them. */
static void requests(struct signals *s, const char *route, int64_t n, const char *evidence)
{
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    r.method = "GET";
    r.route = route;
    r.interval_ns = SD_S;
    r.count = n;
    r.evidence = evidence;
    struct sd_batch *b = batch_new(evidence ? "traces" : "log", T0 - 10 * SD_S);
    assert_true(batch_add(b, SD_HTTP, &r));
    signals_take(s, b);
    batch_unref(b);
}

/* Prometheus' buckets of 10 ms, 100 ms and without end, as counters. */
static void buckets(struct signals *s, int64_t at_s, double ten, double hundred, double all)
{
    const char *const le[] = {"0.01", "0.1", "+Inf"};
    const double value[] = {ten, hundred, all};
    struct sd_batch *b = batch_new("metrics", T0 + at_s * SD_S);
    for (int i = 0; i < 3; i++) {
        char labels[64];
        snprintf(labels, sizeof labels, "db=shop,le=%s", le[i]);
        struct sd_metric r = {.name = "app_db_query_duration_seconds_bucket",
                              .labels = labels,
                              .unit = "count",
                              .value = value[i],
                              .counter = 1};
        assert_true(batch_add(b, SD_METRIC, &r));
    }
    signals_take(s, b);
    batch_unref(b);
}

/* The server's counters. */
static void counters(struct signals *s, int64_t at_s, int64_t calls, int64_t total_ns)
{
    struct sd_statement r;
    schema_clear(schema_of(SD_STATEMENT), &r);
    r.database = "shop";
    r.query_id = 1;
    r.calls = calls;
    r.total_ns = total_ns;
    struct sd_batch *b = batch_new("server", T0 + at_s * SD_S);
    assert_true(batch_add(b, SD_STATEMENT, &r));
    signals_take(s, b);
    batch_unref(b);
}

static struct signal_value one(struct made *m, size_t kpi, sd_time at, int64_t window_ns)
{
    struct signal_value v[2];
    assert_int_equal(signals_values(m->s, &m->p.kpis[kpi].figure, at, window_ns, v, 2), 1);
    return v[0];
}

#define WINDOW (300 * SD_S)
static void near(double is, double should)
{
    if (isnan(should) ? !isnan(is) : !(fabs(is - should) <= should / 60))
        fail_msg("%.12g is not %.12g", is, should);
}

/* ---- traces ---- */

static void test_edges(void **state)
{
    static const struct {
        int64_t end_s;
        bool counts;
    } CASES[] = {{-301, false}, {-300, false}, {-299, true}, {0, true}, {1, false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct made m = make();
        spans(m.s, (struct made_span[]){{"a", NULL, NULL, CASES[i].end_s, 20 * SD_MS, true}}, 1);
        struct signal_value v = one(&m, P, T0, WINDOW);
        assert_int_equal(v.samples, CASES[i].counts);
        near(v.value, CASES[i].counts ? 20e6 : (double)NAN);
        done(&m);
    }
}

/* Two statements in /inner, which /orders calls; one of /orders itself. In every order of four batches. */
static void test_requests_in_any_order(void **state)
{
    static const struct made_span PARTS[4][2] = {
        {{"root", "outside", "/orders/:id", -1, SD_S, false}, {"call", "root", NULL, -1, SD_S, false}},
        {{"inner", "call", "/inner", -1, SD_S, false}, {"own", "root", NULL, -1, 5 * SD_MS, true}},
        {{"q1", "inner", NULL, -2, 10 * SD_MS, true}, {"between", "inner", NULL, -2, SD_MS, false}},
        {{"q2", "between", NULL, -3, 30 * SD_MS, true}, {"alone", NULL, NULL, -3, 7 * SD_MS, true}},
    };
    (void)state;
    for (int order = 0; order < 24; order++) {
        struct made m = make();
        int left[4] = {0, 1, 2, 3}, code = order;
        for (int n = 4; n > 0; n--) {
            int pick = code % n;
            code /= n;
            spans(m.s, PARTS[left[pick]], 2);
            left[pick] = left[n - 1];
        }
        requests(m.s, "/orders/:id", 1, "traces");
        requests(m.s, "/inner", 1, "traces");
        requests(m.s, "/cart", 1, "traces");
        near(one(&m, CALLS, T0, WINDOW).value, 4 / 3.);
        near(one(&m, ORDERS, T0, WINDOW).value, 3);
        near(one(&m, CART, T0, WINDOW).value, 0);
        struct signal_value v = one(&m, INNER, T0, WINDOW);
        near(v.value, 10e6);
        assert_int_equal(v.samples, 2);
        assert_string_equal(v.basis, "histogram");
        done(&m);
    }
}

/* ---- who is asked ---- */

/* The log has ten requests, of which one was traced; the server counted 40 statements. */
static void test_of_one_witness(void **state)
{
    (void)state;
    struct made m = make();
    requests(m.s, "/orders/:id", 10, NULL);
    requests(m.s, "/orders/:id", 1, "traces");
    spans(
        m.s,
        (struct made_span[]){{"r", NULL, "/orders/:id", -1, SD_S, false}, {"q", "r", NULL, -1, SD_MS, true}},
        2);
    near(one(&m, CALLS, T0, WINDOW).value, 1); /* nobody counted all statements */
    counters(m.s, -100, 100, 100 * SD_MS);
    counters(m.s, -10, 140, 300 * SD_MS);
    near(one(&m, CALLS, T0, WINDOW).value, 4);
    near(one(&m, ORDERS, T0, WINDOW).value, 1); /* tags do not tell of a route as traces do */
    struct signal_value v = one(&m, P, T0, WINDOW);
    near(v.value, 1e6);
    assert_string_equal(v.basis, "histogram");
    v = one(&m, P, T0 - 5 * SD_S, 60 * SD_S); /* no span in it */
    near(v.value, 5e6);
    assert_string_equal(v.basis, "mean");
    done(&m);
}

/* ---- histograms ---- */

static void test_histograms(void **state)
{
    (void)state;
    struct made m = make();
    spans(m.s, (struct made_span[]){{"q", NULL, NULL, -1, 3 * SD_MS, true}}, 1);
    buckets(m.s, -60, 5, 5, 1000); /* what was before */
    near(one(&m, P, T0, WINDOW).value, 3e6);
    assert_int_equal(signals_witnesses(m.s, &m.p.kpis[P].figure), 2);
    buckets(m.s, -30, 5, 105, 1100);
    struct signal_value v = one(&m, P, T0, WINDOW);
    assert_int_equal(v.samples, 100);
    near(v.value, 55e6); /* the middle between 10 and 100 ms */
    assert_int_equal(signals_witnesses(m.s, &m.p.kpis[P].figure), 3);
    buckets(m.s, -20, 1000, 1000, 1000); /* began again at 0 */
    v = one(&m, P, T0, 25 * SD_S);
    assert_int_equal(v.samples, 1000);
    near(v.value, 5e6);
    near(one(&m, P, T0 - 21 * SD_S, 5 * SD_S).value, (double)NAN);
    done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_requests_in_any_order),
        cmocka_unit_test(test_of_one_witness),
        cmocka_unit_test(test_histograms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
