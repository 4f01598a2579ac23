/* What Prometheus is shown: totals, classic buckets, bounded sets, hostile names. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include <math.h>

#include "core/history/exposed.h"
#include "core/schema.h"

#define T0 (1800000000 * SD_S)

static void take_http(struct exposed *x, const char *method, const char *route, const int64_t *ns, size_t n,
                      int64_t failed)
{
    struct sd_bucket k[32];
    struct sd_hist h = {.n = 0, .buckets = k};
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    r.method = method;
    r.route = route;
    r.count = r.timed = (int64_t)n;
    r.errors = r.status_5xx = failed;
    r.status_2xx = (int64_t)n - failed;
    r.bytes = 100 * (int64_t)n;
    r.total_ns = 0;
    for (size_t i = 0; i < n; i++) { /* ascending */
        uint32_t index = sd_hist_index(ns[i]);
        r.total_ns += ns[i];
        if (h.n && k[h.n - 1].index == index)
            k[h.n - 1].count++;
        else
            k[h.n++] = (struct sd_bucket){index, 1};
    }
    r.latency = &h;
    struct sd_batch *b = batch_new("log", T0);
    batch_add(b, SD_HTTP, &r);
    exposed_take(x, b);
    batch_unref(b);
}

static void take_metric(struct exposed *x, const char *name, const char *labels, double value, int counter,
                        sd_time at)
{
    struct sd_metric m;
    schema_clear(schema_of(SD_METRIC), &m);
    m.name = name;
    m.labels = labels;
    m.value = value;
    m.counter = counter;
    struct sd_batch *b = batch_new("host", at);
    batch_add(b, SD_METRIC, &m);
    exposed_take(x, b);
    batch_unref(b);
}

static void has(struct exposed *x, sd_time now, const char *line, bool there)
{
    struct strbuf out = {0};
    exposed_write(x, now, &out);
    bool found = strstr(strbuf_text(&out), line) != NULL;
    if (found != there)
        print_message("%s\n%s", line, strbuf_text(&out));
    assert_int_equal(found, there);
    strbuf_free(&out);
}

static void test_requests(void **state)
{
    (void)state;
    struct exposed *x = exposed_new();
    const int64_t first[] = {SD_MS, 4 * SD_MS, 20 * SD_MS, 20 * SD_MS, 30 * SD_S}, second[] = {100 * SD_MS};
    take_http(x, "GET", "/a", first, 5, 1);
    take_http(x, "GET", "/a", second, 1, 0);
    static const char *const LINES[] = {
        "slowdive_http_requests_total{method=\"GET\",route=\"/a\",code=\"2xx\"} 5\n",
        "slowdive_http_requests_total{method=\"GET\",route=\"/a\",code=\"5xx\"} 1\n",
        "slowdive_http_errors_total{method=\"GET\",route=\"/a\"} 1\n",
        "slowdive_http_response_bytes_total{method=\"GET\",route=\"/a\"} 600\n",
        "seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.001\"} 1\n", /* the bound itself is in it */
        "seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.005\"} 2\n",
        "seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.025\"} 4\n",
        "seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.1\"} 5\n",
        "seconds_bucket{method=\"GET\",route=\"/a\",le=\"10\"} 5\n",
        "seconds_bucket{method=\"GET\",route=\"/a\",le=\"+Inf\"} 6\n",
        "seconds_sum{method=\"GET\",route=\"/a\"} 30.145000000\n",
        "seconds_count{method=\"GET\",route=\"/a\"} 6\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++)
        has(x, T0, LINES[i], true);
    exposed_free(x);
}

static void test_hostile_names(void **state)
{
    (void)state;
    struct exposed *x = exposed_new();
    const int64_t ns[] = {SD_MS};
    take_http(x, "G\"ET", "/a\\b\n\x1b[2J\xff{}\"", ns, 1, 0);
    struct strbuf out = {0};
    exposed_write(x, T0, &out);
    for (const char *p = strbuf_text(&out); *p; p++)
        assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
    assert_non_null(strstr(out.text, "method=\"G\\\"ET\",route=\"/a\\\\b "));
    strbuf_free(&out);
    char *longer = mem_alloc((1 << 20) + 1);
    memset(longer, 'x', 1 << 20);
    take_http(x, "GET", longer, ns, 1, 0);
    assert_true(exposed_bytes(x) < 10000);
    free(longer);
    exposed_free(x);
}

static void test_sets_are_bounded(void **state)
{
    (void)state;
    struct exposed *x = exposed_new();
    const int64_t ns[] = {SD_MS};
    for (int i = 0; i < 100000; i++) {
        char name[32];
        snprintf(name, sizeof name, "/%d", i);
        take_http(x, "GET", name, ns, 1, 0);
        take_metric(x, name, "a=b", 1, 0, T0);
    }
    assert_true(exposed_bytes(x) < (2 << 20));
    has(x, T0, "slowdive_http_requests_total{method=\"\",route=\"(other)\",code=\"2xx\"} 99500\n", true);
    has(x, T0, "slowdive_metric_samples_left_out_total 98000\n", true);
    exposed_free(x);
}

static void test_metrics(void **state)
{
    (void)state;
    struct exposed *x = exposed_new();
    take_metric(x, "host.cpu", "host=web1,name=x,le-le=1\\,2,le.le=3", 0.25, 0, T0);
    take_metric(x, "reads", "", 7, 1, T0);
    has(x, T0, "slowdive_metric{name=\"host.cpu\",host=\"web1\",exported_name=\"x\",le_le=\"1,2\"} 0.25\n",
        true);
    has(x, T0, "slowdive_metric_total{name=\"reads\"} 7\n", true);
    take_metric(x, "reads", "", 9, 1, T0 + EXPOSED_STALE);
    has(x, T0 + EXPOSED_STALE + SD_S, "host.cpu", false); /* not heard of any more */
    has(x, T0 + EXPOSED_STALE + SD_S, "slowdive_metric_total{name=\"reads\"} 9\n", true);
    take_metric(x, "reads", "", NAN, 1, T0 + EXPOSED_STALE);
    has(x, T0 + EXPOSED_STALE, "reads", false);
    exposed_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_sets_are_bounded),
        cmocka_unit_test(test_metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
