/* Endpoints by their evidence: nothing is counted twice, buckets of others stay what they are, and what
 * cannot be added is not known. */
#include "tests/lib/test.h"

#include <math.h>

#include "core/model/model.h"
#include "core/schema.h"
#include "tests/lib/shop.h"

#define T0 (INT64_C(1700000000) * SD_S)

static void http(struct model *m, sd_time at, const char *route, const char *evidence, int64_t count,
                 int64_t ns)
{
    struct sd_bucket bucket = {sd_hist_index(ns), (uint32_t)count};
    const struct sd_hist h = {.n = 1, .buckets = &bucket};
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    r.method = "GET";
    r.route = route;
    r.evidence = evidence;
    r.interval_ns = SD_S;
    r.count = r.timed = count;
    r.total_ns = count * ns;
    r.latency = &h;
    shop_add(m, "web", at, SD_HTTP, &r);
}

static void latency(struct model *m, sd_time at, const char *rule, const double *ends, const double *counts,
                    uint32_t n)
{
    const struct sd_reals lower = {.n = n, .items = ends}, upper = {.n = n, .items = ends + 1},
                          in = {.n = n, .items = counts};
    struct sd_latency r;
    schema_clear(schema_of(SD_LATENCY), &r);
    r.method = "GET";
    r.route = "/m";
    r.rule = rule;
    r.interval_ns = 10 * SD_S;
    r.lower_ns = &lower;
    r.upper_ns = &upper;
    r.counts = &in;
    shop_add(m, "prom", at, SD_LATENCY, &r);
}

static void summary(struct model *m, sd_time at, double p99)
{
    static const double q[] = {0.99};
    const struct sd_reals which = {.n = 1, .items = q}, values = {.n = 1, .items = &p99};
    struct sd_latency r;
    schema_clear(schema_of(SD_LATENCY), &r);
    r.method = "GET";
    r.route = "/s";
    r.rule = "summary";
    r.interval_ns = SD_S;
    r.count = 10;
    r.quantiles = &which;
    r.values_ns = &values;
    shop_add(m, "prom", at, SD_LATENCY, &r);
}

static struct endpoint_stats stats(const struct model *m, const char *name, struct span span)
{
    struct endpoint_stats s;
    const struct endpoint *e = model_find_endpoint(m, name);
    assert_non_null(e);
    endpoint_stats(e, span, &s);
    return s;
}

static struct span seconds(int from, int to)
{
    return (struct span){T0 + from * SD_S, T0 + to * SD_S};
}

static void a_span_shows_the_best_evidence(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    http(m, T0, "/orders/{id}", "traces", 3, 9 * SD_MS);
    http(m, T0, "/orders/:id", NULL, 30, 4 * SD_MS);
    http(m, T0 + 60 * SD_S, "/orders/{id}", "traces", 5, 9 * SD_MS);
    assert_int_equal(model_endpoints(m), 1); /* one, in other words */
    struct endpoint_stats s = stats(m, "GET /orders/:id", seconds(0, 10));
    assert_int_equal(s.evidence, EVIDENCE_LOG);
    assert_int_equal(s.count, 30);
    assert_int_equal(s.others, 1u << EVIDENCE_TRACES);
    s = stats(m, "GET /orders/{id}", seconds(50, 70)); /* where the log has nothing */
    assert_int_equal(s.evidence, EVIDENCE_TRACES);
    assert_int_equal(s.count, 5);
    assert_int_equal(s.others, 0);
    s = stats(m, "GET /orders/{id}", SPAN_ALL);
    assert_int_equal(s.count, 30);
    endpoint_stats_of(model_endpoint(m, 0), EVIDENCE_TRACES, SPAN_ALL, &s);
    assert_int_equal(s.count, 8);
    struct endpoint_point p[2];
    endpoint_series(model_endpoint(m, 0), seconds(0, 10), 2, p);
    assert_int_equal(p[0].count + p[1].count, 30);
    /* A log that has both names means two. */
    http(m, T0, "/orders/{order}", NULL, 1, SD_MS);
    assert_int_equal(model_endpoints(m), 2);
    model_free(m);
}

static void buckets_are_added_as_their_makers_do(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    const double ends[] = {0, 1e6, 5e6, INFINITY}, counts[] = {0.5, 1.5, 0};
    for (int i = 0; i < 10; i++)
        latency(m, T0 + i * 10 * SD_S, "classic", ends, counts, 3);
    struct endpoint_stats s = stats(m, "GET /m", SPAN_ALL);
    assert_int_equal(s.evidence, EVIDENCE_METRICS);
    assert_int_equal(s.count, 20); /* parts of counts add up */
    assert_int_equal(endpoint_quantile(&s, 0.5), (int64_t)(1e6 + 4e6 * (10.0 - 5) / 15 + 0.5));
    assert_int_equal(s.errors, SD_UNKNOWN);
    assert_int_equal(s.bytes, SD_UNKNOWN);
    assert_int_equal(endpoint_slowest(&s), SD_UNKNOWN);
    assert_true(endpoint_error_bound(&s) > 1);
    assert_int_equal(stats(m, "GET /m", seconds(0, 50)).count, 10);
    /* A layout that has no bound in common cannot be added: then nothing is known, and the count is. */
    const double others[] = {0, 2e6, 7e6}, two[] = {1, 1};
    latency(m, T0, "native", others, two, 2);
    s = stats(m, "GET /m", SPAN_ALL);
    assert_int_equal(s.count, 22);
    assert_int_equal(endpoint_quantile(&s, 0.5), SD_UNKNOWN);
    assert_true(isnan(endpoint_error_bound(&s)));
    assert_int_not_equal(endpoint_quantile(&(struct endpoint_stats){0}, 0.5), 0);
    model_free(m);
}

static void summaries_are_not_added(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    summary(m, T0, 5e6);
    summary(m, T0 + 10 * SD_S, 7e6);
    struct endpoint_stats s = stats(m, "GET /s", SPAN_ALL);
    assert_int_equal(s.count, 20);
    assert_int_equal(endpoint_quantile(&s, 0.99), 7000000); /* the newest */
    assert_int_equal(endpoint_quantile(&s, 0.5), SD_UNKNOWN);
    summary(m, T0 + 10 * SD_S, 9e6); /* another one's of the same moment */
    s = stats(m, "GET /s", seconds(5, 15));
    assert_int_equal(s.count, 20);
    assert_int_equal(endpoint_quantile(&s, 0.99), SD_UNKNOWN);
    model_free(m);
}

static void nonsense_is_left_out(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    const double down[] = {5e6, 1e6, 0}, nan[] = {0, NAN, 1e6}, one[] = {1, 1}, negative[] = {-1, 1},
                 ends[] = {0, 1e6, INFINITY};
    latency(m, T0, "classic", down, one, 2);
    latency(m, T0, "classic", nan, one, 2);
    latency(m, T0, "classic", ends, negative, 2);
    latency(m, T0, "no rule", ends, one, 0);
    assert_int_equal(model_endpoints(m), 0);
    model_free(m);
}

/* Beyond the limit a name is one of the others, however often it comes; in the words of other evidence it may
 * still be one that is known. */
static void beyond_the_limit(void **state)
{
    (void)state;
    struct model_limits limits = MODEL_DEFAULTS;
    limits.endpoints = 2;
    struct model *m = model_new(&limits);
    for (int i = 0; i < 3; i++) {
        http(m, T0 + i * SD_S, "/orders/:id", NULL, 1, SD_MS);
        http(m, T0 + i * SD_S, "/b", NULL, 1, SD_MS);
        http(m, T0 + i * SD_S, "/c", NULL, 1, SD_MS);
        http(m, T0 + i * SD_S, "/orders/{id}", NULL, 1, SD_MS); /* a log that has both means two */
    }
    assert_int_equal(model_endpoints(m), 3);
    assert_int_equal(stats(m, "(other)", SPAN_ALL).count, 6);
    assert_int_equal(stats(m, "GET /orders/:id", SPAN_ALL).count, 3);
    for (int i = 0; i < 3; i++)
        http(m, T0 + i * SD_S, "/orders/{id}", "traces", 5, SD_MS);
    assert_int_equal(model_endpoints(m), 3);
    assert_ptr_equal(model_find_endpoint(m, "GET /orders/{id}"), model_find_endpoint(m, "GET /orders/:id"));
    struct endpoint_stats s;
    endpoint_stats_of(model_find_endpoint(m, "GET /orders/:id"), EVIDENCE_TRACES, SPAN_ALL, &s);
    assert_int_equal(s.count, 15);
    model_clear(m);
    http(m, T0, "/c", NULL, 1, SD_MS);
    assert_int_equal(stats(m, "GET /c", SPAN_ALL).count, 1);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_span_shows_the_best_evidence),
        cmocka_unit_test(buckets_are_added_as_their_makers_do),
        cmocka_unit_test(summaries_are_not_added),
        cmocka_unit_test(beyond_the_limit),
        cmocka_unit_test(nonsense_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
