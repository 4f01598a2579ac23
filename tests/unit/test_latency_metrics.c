/* Histograms and summaries of servers' requests become what came in each interval at each endpoint. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "core/endpoints/buckets.h"
#include "format/metrics/latency_metrics.h"

#define NOW (1800000000 * SD_S)

struct reading {
    struct exposition *x;
    struct latency_metrics *m;
    struct strbuf said, note;
};

static void say_latency(void *ctx, sd_time from, const struct sd_latency *r)
{
    struct reading *t = ctx;
    (void)from;
    strbuf_printf(&t->said, "%s%s%s%s", t->said.len ? "|" : "", r->method ? r->method : "",
                  r->method ? " " : "", r->route);
    strbuf_printf(&t->said, " n=%g", r->count);
    if (!isnan(r->errors))
        strbuf_printf(&t->said, " e=%g", r->errors);
    if (!isnan(r->total_ns))
        strbuf_printf(&t->said, " t=%gms", r->total_ns / 1e6);
    for (uint32_t i = 0; r->counts && i < r->counts->n; i++)
        strbuf_printf(&t->said, " %gms:%g", r->upper_ns->items[i] / 1e6, r->counts->items[i]);
    for (uint32_t i = 0; r->quantiles && i < r->quantiles->n; i++)
        strbuf_printf(&t->said, " q%g=%gms", r->quantiles->items[i], r->values_ns->items[i] / 1e6);
}

static void say_exemplar(void *ctx, const struct exposition_series *s, const struct exposition_exemplar *e)
{
    struct reading *t = ctx;
    struct latency_exemplar x;
    if (latency_metrics_exemplar(t->m, s, e, &x))
        strbuf_printf(&t->said, "[%s %s %.0fms %s %s]", x.r.method ? x.r.method : "-", x.r.route,
                      (double)x.r.duration_ns / 1e6, x.r.trace_id, x.r.span_id ? x.r.span_id : "-");
}

static void take_earlier(void *ctx, const struct exposition_series *e)
{
    struct reading *t = ctx;
    latency_metrics_take(t->m, e, e->at);
}

static void begin(struct reading *t)
{
    *t = (struct reading){.x = exposition_new(1000), .m = latency_metrics_new()};
    exposition_exemplars(t->x, say_exemplar, t);
}

static void end(struct reading *t)
{
    exposition_free(t->x);
    latency_metrics_free(t->m);
    strbuf_free(&t->said);
    strbuf_free(&t->note);
}

static const char *scrape(struct reading *t, const char *text, sd_time at, bool whole)
{
    struct exposition_series e;
    strbuf_clear(&t->said);
    strbuf_clear(&t->note);
    exposition_begin(t->x, NOW, take_earlier, t);
    exposition_feed(t->x, text, strlen(text));
    exposition_end(t->x, false);
    for (size_t i = 0; exposition_each(t->x, &i, &e);)
        latency_metrics_take(t->m, &e, sd_known(e.at) ? e.at : at);
    latency_metrics_end(t->m, &(struct latency_out){.give = say_latency, .ctx = t, .whole = whole}, &t->note);
    return strbuf_text(&t->said);
}

/* As everybody writes them: name, labels, unit. */
static const struct {
    const char *text, *says;
} KNOWN[] = {
    {"http_server_request_duration_seconds_bucket{http_request_method=\"GET\",http_response_status_code="
     "\"200\","
     "http_route=\"/o/{id}\",le=\"0.1\"} 3\n"
     "http_server_request_duration_seconds_bucket{http_request_method=\"GET\",http_response_status_code="
     "\"200\","
     "http_route=\"/o/{id}\",le=\"+Inf\"} 4\n"
     "http_server_request_duration_seconds_sum{http_request_method=\"GET\",http_response_status_code=\"200\","
     "http_route=\"/o/{id}\"} 0.5\n"
     "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_response_status_code="
     "\"200\","
     "http_route=\"/o/{id}\"} 4\n"
     "http_server_request_duration_seconds_bucket{http_request_method=\"GET\",http_response_status_code="
     "\"503\","
     "http_route=\"/o/{id}\",le=\"+Inf\"} 2\n"
     "http_server_request_duration_seconds_bucket{http_request_method=\"GET\",http_response_status_code="
     "\"503\","
     "http_route=\"/o/{id}\",le=\"0.1\"} 1\n",
     "GET /o/:id n=6 e=2 100ms:4 infms:2"},
    {"http_server_duration_milliseconds_bucket{http_method=\"post\",http_status_code=\"200\",http_route=\"/"
     "x\",le=\"5\"} 1\n"
     "http_server_duration_milliseconds_bucket{http_method=\"post\",http_status_code=\"200\",http_route=\"/"
     "x\",le=\"+Inf\"} 1\n"
     "http_server_duration_milliseconds_sum{http_method=\"post\",http_status_code=\"200\",http_route=\"/x\"} "
     "4\n",
     "POST /x n=1 e=0 t=4ms 5ms:1 infms:0"},
    {"{\"http.server.request.duration_count\",\"http.route\"=\"/x\",\"http.request.method\"=\"GET\"} 7\n",
     "GET /x n=7"},
    {"http_server_requests_seconds_count{exception=\"None\",method=\"GET\",outcome=\"SUCCESS\",status="
     "\"200\",uri=\"/a/{b}\"} 9\n"
     "http_server_requests_seconds_sum{exception=\"None\",method=\"GET\",outcome=\"SUCCESS\",status=\"200\","
     "uri=\"/a/{b}\"} 0.9\n"
     "http_server_requests_seconds_count{exception=\"E\",method=\"GET\",outcome=\"SERVER_ERROR\",status="
     "\"500\",uri=\"/a/{b}\"} 1\n",
     "GET /a/:id n=10 e=1"},
    {"http_request_duration_seconds_bucket{code=\"200\",handler=\"/h\",method=\"get\",le=\"1\"} 2\n"
     "http_request_duration_seconds_bucket{code=\"200\",handler=\"/h\",method=\"get\",le=\"+Inf\"} 2\n",
     "GET /h n=2 e=0 1000ms:2 infms:0"},
    {"shop_http_request_duration_seconds_count{path=\"/user/12345\",status_code=\"5xx\"} 2\n",
     "/user/:id n=2 e=2"},
    {"http_client_request_duration_seconds_count{http_route=\"/x\"} 2\n", ""},
    {"nginx_ingress_controller_request_duration_seconds_count{host=\"s.example\",namespace=\"p\",service="
     "\"w\",path=\"/\","
     "method=\"GET\",status=\"200\"} 2\n",
     "GET / n=2 e=0"},
    {"envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"shop\",le=\"25\"} 1\n"
     "envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name=\"shop\",le=\"+Inf\"} 2\n"
     "envoy_cluster_upstream_rq_xx{envoy_cluster_name=\"shop\",envoy_response_code_class=\"2\"} 1\n"
     "envoy_cluster_upstream_rq_xx{envoy_cluster_name=\"shop\",envoy_response_code_class=\"5\"} 1\n",
     "shop/* n=2 e=1 25ms:1 infms:1"},
    {"istio_request_duration_milliseconds_count{reporter=\"source\",destination_service=\"w\",response_code="
     "\"200\"} 5\n"
     "istio_request_duration_milliseconds_count{reporter=\"destination\",destination_service=\"w\",response_"
     "code=\"500\"} 4\n",
     "w/* n=4 e=4"},
    {"traefik_service_request_duration_seconds_count{code=\"200\",method=\"GET\",service=\"w@docker\"} 5\n"
     "traefik_entrypoint_request_duration_seconds_count{code=\"200\",method=\"GET\",entrypoint=\"web\"} 6\n",
     "GET w@docker/* n=5 e=0"},
    {"django_http_requests_latency_seconds_by_view_method_count{method=\"GET\",view=\"shop.views.cart\"} 5\n"
     "django_http_responses_total_by_status_view_method_total{method=\"GET\",status=\"500\",view=\"shop."
     "views.cart\"} 1\n"
     "django_http_responses_total_by_status_view_method_total{method=\"GET\",status=\"200\",view=\"shop."
     "views.cart\"} 4\n",
     "GET shop.views.cart n=5 e=1"},
    {"gunicorn_request_duration{quantile=\"0.5\"} 0.02\ngunicorn_request_duration{quantile=\"0.99\"} 0.3\n"
     "gunicorn_request_duration_sum 5\ngunicorn_request_duration_count 50\n",
     "* n=50 t=5000ms q0.5=20ms q0.99=300ms"},
    {"grpc_server_handling_seconds_count{grpc_service=\"s.S\",grpc_method=\"Get\",grpc_code=\"Internal\"} "
     "5\n",
     "/s.S/Get n=5 e=5"},
};

static void test_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(KNOWN); i++) {
        struct reading t;
        begin(&t);
        assert_string_equal(scrape(&t, KNOWN[i].text, 10 * SD_S, true), KNOWN[i].says);
        end(&t);
    }
}

#define H(a, inf, sum, n)                                                                                    \
    "http_request_duration_seconds_bucket{le=\"0.1\",route=\"/a\"} " a "\n"                                  \
    "http_request_duration_seconds_bucket{le=\"+Inf\",route=\"/a\"} " inf "\n"                               \
    "http_request_duration_seconds_sum{route=\"/a\"} " sum "\n"                                              \
    "http_request_duration_seconds_count{route=\"/a\"} " n "\n"

static void test_deltas(void **state)
{
    (void)state;
    struct reading t;
    begin(&t);
    assert_string_equal(scrape(&t, H("5", "10", "1", "10"), 10 * SD_S, false), "");
    assert_string_equal(scrape(&t, H("6", "12", "1.5", "12"), 20 * SD_S, false),
                        "/a n=2 t=500ms 100ms:1 infms:1");
    /* a restart: what is there came since then */
    assert_string_equal(scrape(&t, H("1", "3", "0.25", "3"), 30 * SD_S, false),
                        "/a n=3 t=250ms 100ms:1 infms:2");
    assert_non_null(strstr(strbuf_text(&t.note), "1 histogram began anew from 0"));
    assert_string_equal(scrape(&t, "up 1\n", 40 * SD_S, false), "");
    assert_string_equal(scrape(&t, H("9", "9", "1", "9"), 50 * SD_S, false), "");
    assert_string_equal(scrape(&t, H("9", "9", "1", "9"), 60 * SD_S, false), "");
    assert_string_equal(scrape(&t, H("NaN", "11", "1", "11"), 70 * SD_S, false), "");
    assert_non_null(strstr(strbuf_text(&t.note), "no figure") ? "" : strstr(strbuf_text(&t.note), "none"));
    assert_string_equal(scrape(&t, H("12", "12", "1", "12"), 80 * SD_S, false), "");
    /* a request that failed to be read leaves a gap, too */
    latency_metrics_gap(t.m);
    assert_string_equal(scrape(&t, H("14", "14", "1", "14"), 90 * SD_S, false), "");
    assert_non_null(strstr(strbuf_text(&t.note), "was missing for a while"));
    /* a series given twice with different values has none */
    assert_string_equal(scrape(&t, H("15", "15", "1", "15") H("16", "16", "1", "16"), 99 * SD_S, false), "");
    end(&t);
    begin(&t); /* an endpoint that was not there before */
    scrape(&t, "up 1\n" H("1", "1", "1", "1"), SD_S, false);
    assert_string_equal(scrape(&t,
                               H("1", "1", "1", "1") "http_request_duration_seconds_count{route=\"/b\"} 4\n",
                               2 * SD_S, false),
                        "/b n=4");
    end(&t);
}

static void test_missing_buckets(void **state)
{
    (void)state;
    struct reading t;
    begin(&t);
    assert_string_equal(scrape(&t,
                               "http_request_duration_seconds_bucket{le=\"1\",route=\"/a\"} 5\n"
                               "http_request_duration_seconds_count{route=\"/a\"} 7\n"
                               "http_request_duration_seconds_bucket{le=\"1\",route=\"/b\"} 5\n"
                               "http_request_duration_seconds_bucket{le=\"x\",route=\"/c\"} 5\n"
                               "http_request_duration_seconds_bucket{route=\"/d\"} 5\n",
                               SD_S, true),
                        "/a n=7 1000ms:5 infms:2|/b n=5 1000ms:5");
    end(&t);
}

static void test_exemplars(void **state)
{
    (void)state;
    static const char TEXT[] =
        "http_request_duration_seconds_bucket{le=\"0.1\",route=\"/a\",method=\"GET\"} 5 # "
        "{trace_id=\"4BF92F3577B34DA6A3CE929D0E0E4736\",span_id=\"00f067aa0ba902b7\"} 0.054 1700000000.5\n"
        "http_request_duration_seconds_bucket{le=\"+Inf\",route=\"/a\",method=\"GET\"} 5 # {traceID=\"abc\"} "
        "7\n"
        "http_request_duration_seconds_bucket{le=\"1\",route=\"/a\",method=\"GET\"} 5 # {trace_id=\"hello\"} "
        "7\n"
        "other_bucket{le=\"1\",route=\"/a\"} 5 # {trace_id=\"ab\"} 7\n";
    struct reading t;
    begin(&t);
    /* before the series are known an exemplar is told, after that only when it is another */
    const char *said = scrape(&t, TEXT, SD_S, false);
    assert_string_equal(said, "[GET /a 54ms 4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7]"
                              "[GET /a 7000ms 00000000000000000000000000000abc -]");
    scrape(&t, TEXT, 2 * SD_S, false);
    assert_null(strstr(scrape(&t, TEXT, 3 * SD_S, false), "["));
    end(&t);
}

static void test_own_names(void **state)
{
    (void)state;
    struct reading t;
    struct sd_error err = {""};
    begin(&t);
    assert_true(
        latency_metrics_map(t.m,
                            "{\"latency\":[{\"metric\":\"page_render\",\"unit\":\"ms\",\"route\":\"page\","
                            "\"status\":\"result\"}]}",
                            &err));
    assert_string_equal(scrape(&t,
                               "page_render_bucket{page=\"/cart\",result=\"500\",le=\"20\"} 1\n"
                               "page_render_bucket{page=\"/cart\",result=\"500\",le=\"+Inf\"} 2\n",
                               SD_S, true),
                        "/cart n=2 e=2 20ms:1 infms:1");
    assert_false(latency_metrics_map(t.m, "{\"latency\":[{\"metric\":\"x\",\"unit\":\"h\"}]}", &err));
    assert_string_equal(err.text, "the unit of x has to be s, ms, us or ns");
    assert_false(latency_metrics_map(t.m, "{\"latency\":[{\"metric\":\"x\",\"rout\":\"h\"}]}", &err));
    assert_false(latency_metrics_map(t.m, "[", &err));
    end(&t);
}

/* ---- the lab's scrapes against what Prometheus computes from them ---- */

struct lab {
    const cJSON *p95, *p50;
    struct buckets sums[64];
    char routes[64][LATENCY_TEXT];
    size_t n;
};

static void sum_up(void *ctx, sd_time from, const struct sd_latency *r)
{
    struct lab *lab = ctx;
    struct buckets b;
    size_t i = 0;
    if (from < 1700000002 * SD_S)
        return; /* before the minute that was asked for */
    while (i < lab->n && strcmp(lab->routes[i], r->route) != 0)
        i++;
    assert_true(i < 64 && r->counts);
    if (i == lab->n)
        snprintf(lab->routes[lab->n++], LATENCY_TEXT, "%s", r->route);
    assert_true(buckets_from_lists(&b, BUCKETS_CLASSIC, r->lower_ns->items, r->upper_ns->items,
                                   r->counts->items, r->counts->n));
    assert_true(buckets_add(&lab->sums[i], &b));
    buckets_free(&b);
}

static size_t compared(struct lab *lab, const cJSON *query, double q)
{
    const cJSON *item;
    size_t n = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(query, "result"))
    {
        const char *route =
            cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(item, "metric"), "route"));
        double want = strtod(cJSON_GetStringValue(cJSON_GetObjectItem(item, "value")), NULL);
        for (size_t i = 0; i < lab->n; i++)
            if (str_eq(route, lab->routes[i]) && !isnan(want)) {
                double got = buckets_quantile(&lab->sums[i], q).value / 1e9;
                /* its rates are extrapolated for each series, by up to one interval */
                if (fabs(got - want) > 0.01 * want)
                    fail_msg("%s: %g, not %g", route, got, want);
                n++;
            }
    }
    return n;
}

static char *whole_file(const char *path, size_t *n)
{
    struct sd_error err;
    char *text;
    assert_true(file_read(path, 16 << 20, &text, n, &err));
    return text;
}

static void test_lab(void **state)
{
    (void)state;
    const char *at = test_corpus("metrics/lab-shop/all-scrapes.om");
    size_t n;
    if (!at)
        skip();
    char *path = mem_strdup(at), *text = whole_file(path, &n);
    struct reading t;
    struct lab lab = {.n = 0};
    for (size_t i = 0; i < 64; i++)
        lab.sums[i].count = (double)NAN;
    struct exposition_series e;
    begin(&t);
    exposition_begin(t.x, NOW, take_earlier, &t);
    exposition_feed(t.x, text, n);
    exposition_end(t.x, true);
    for (size_t i = 0; exposition_each(t.x, &i, &e);)
        latency_metrics_take(t.m, &e, e.at);
    latency_metrics_end(t.m, &(struct latency_out){.give = sum_up, .ctx = &lab}, &t.note);
    free(path);
    free(text);
    path = mem_strdup(test_corpus("metrics/lab-shop/promql-expect.json"));
    text = whole_file(path, &n);
    cJSON *doc = cJSON_Parse(text), *queries = cJSON_GetObjectItem(doc, "queries");
    assert_true(compared(&lab, cJSON_GetObjectItem(queries, "p95_by_route"), .95) >= 8);
    assert_true(compared(&lab, cJSON_GetObjectItem(queries, "p50_by_route"), .5) >= 8);
    cJSON_Delete(doc);
    free(path);
    free(text);
    for (size_t i = 0; i < 64; i++)
        buckets_free(&lab.sums[i]);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),           cmocka_unit_test(test_deltas),
        cmocka_unit_test(test_missing_buckets), cmocka_unit_test(test_exemplars),
        cmocka_unit_test(test_own_names),       cmocka_unit_test(test_lab),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
