/* Answers of Prometheus' query API, and the questions. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "format/metrics/promql_answer.h"
#include "format/metrics/promql_query.h"

static void say(void *ctx, const struct promql_point *p)
{
    struct strbuf *b = ctx;
    strbuf_printf(b, "%s%s{%s}@%lld", b->len ? " " : "", p->name, p->labels, (long long)(p->at / SD_MS));
    if (!p->h) {
        strbuf_printf(b, "=%g", p->value);
        return;
    }
    strbuf_printf(b, " %s %g/%g", buckets_rule_name(p->h->rule), p->h->count, p->sum);
    for (size_t i = 0; i < p->h->n; i++)
        strbuf_printf(b, " %g..%g:%g", p->h->items[i].lower, p->h->items[i].upper, p->h->items[i].count);
}

static const struct {
    const char *text, *says, *error;
} ANSWERS[] = {
    {"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"__name__\":"
     "\"up\",\"job\":\"a,b\"},"
     "\"value\":[1700000000.25,\"1e-05\"]}]}}",
     "up{job=a\\,b}@1700000000250=1e-05", ""},
    {"{\"data\":{\"result\":[{\"values\":[[1,\"2\"],[2,\"+Inf\"],[3],[\"x\",\"1\"]],\"metric\":{\"a\":"
     "\"\\u00e9\"}}]},\"status\":\"success\"}",
     "{a=\xc3\xa9}@1000=2 {a=\xc3\xa9}@2000=inf", ""},
    {"{\"status\":\"success\",\"data\":{\"result\":[{\"metric\":{},\"histogram\":[1,{\"count\":\"7\",\"sum\":"
     "\"5\",\"buckets\":"
     "[[3,\"-0.001\",\"0.001\",\"2\"],[0,\"1\",\"2\",\"5\"]]}]}]}}",
     "{}@1000 native 7/5 -0.001..0.001:2 1..2:5", ""},
    /* bounds of its own (schema -53): classic, with the empty ones */
    {"{\"status\":\"success\",\"data\":{\"result\":[{\"metric\":{},\"histograms\":[[1,{\"count\":\"4\","
     "\"sum\":\"1\",\"buckets\":"
     "[[0,\"-Inf\",\"0.1\",\"1\"],[0,\"0.5\",\"0.7\",\"3\"]]}]]}]}}",
     "{}@1000 classic 4/1 0..0.1:1 0.1..0.5:0 0.5..0.7:3 0.7..inf:0", ""},
    {"{\"status\":\"success\",\"data\":{\"result\":[{\"metric\":{},\"histogram\":[1,{\"count\":\"4\","
     "\"buckets\":[[0,\"2\",\"1\",\"1\"]]}]},"
     "{\"metric\":{},\"histogram\":[1,{\"count\":\"-4\",\"buckets\":[]}]},{\"metric\":[],\"value\":[1,\"1\"]}"
     "]}}",
     "", ""},
    {"{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"1:3: parse error\"}", "",
     "1:3: parse error"},
    {"{\"status\":\"success\",\"data\":[\"a\",\"b\"]}", "", ""},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ANSWERS); i++) {
        struct strbuf said_points = {0};
        struct promql_said said = {.points = 0};
        struct sd_error err = {""};
        struct promql_sink sink = {.point = say, .ctx = &said_points, .most = 10};
        assert_true(promql_answer(ANSWERS[i].text, strlen(ANSWERS[i].text), &sink, &said, &err));
        assert_string_equal(strbuf_text(&said_points), ANSWERS[i].says);
        assert_string_equal(strbuf_text(&said.error), ANSWERS[i].error);
        strbuf_free(&said_points);
        promql_said_free(&said);
        /* cut anywhere it is no answer */
        for (size_t n = 0; n < strlen(ANSWERS[i].text); n++) {
            char *cut = mem_strndup(ANSWERS[i].text, n);
            assert_false(promql_answer(cut, n, &sink, &said, &err));
            free(cut);
        }
        strbuf_free(&said_points);
        promql_said_free(&said);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct strbuf points = {0};
    struct promql_said said = {.points = 0};
    struct sd_error err = {""};
    static const char TEXT[] =
        "{\"status\":\"success\",\"warnings\":[\"one\",\"two\"],\"isPartial\":true,\"data\":{\"result\":["
        "{\"metric\":{},\"values\":[[1,\"1\"],[2,\"2\"],[3,\"3\"]]}]}}";
    assert_true(promql_answer(TEXT, sizeof TEXT - 1,
                              &(struct promql_sink){.point = say, .ctx = &points, .most = 2}, &said, &err));
    assert_int_equal(said.left_out, 1);
    assert_true(said.partial);
    assert_string_equal(strbuf_text(&said.warnings), "one; two");
    promql_said_free(&said);
    strbuf_free(&points);
    assert_false(promql_answer("[1]", 3, &(struct promql_sink){.most = 2}, &said, &err));
    assert_false(promql_answer("{\"status\":\"ok\"}", 15, &(struct promql_sink){.most = 2}, &said, &err));
    promql_said_free(&said);
}

static void test_questions(void **state)
{
    (void)state;
    struct strbuf q = {0};
    struct promql_scope scope = {
        .match = " {job=\"api\", env=~\"p.*\"} ", .by = "instance, le", .window_ns = 60 * SD_S};
    struct promql_family f = {.name = (char *)(size_t) "shop_http_request_duration_seconds",
                              .row = latency_name_of("shop_http_request_duration_seconds", 34)};
    assert_non_null(f.row);
    promql_family_query(&q, &scope, &f, ASK_BUCKETS);
    const char *text = strbuf_text(&q);
    assert_non_null(strstr(text, "sum by (le,http_route,"));
    assert_non_null(
        strstr(text, ",instance) (rate({__name__=\"shop_http_request_duration_seconds_bucket\",job=\"api\", "
                     "env=~\"p.*\"}[60s]))"));
    assert_null(strstr(text, ",le"));
    strbuf_clear(&q);
    promql_family_series(&q, &f, ASK_FAILED);
    assert_string_equal(strbuf_text(&q), "shop_http_requests_total");
    strbuf_clear(&q);
    promql_form(&q, "query", "a{b=\"c d\"}");
    promql_form(&q, "time", "1");
    assert_string_equal(strbuf_text(&q), "query=a%7Bb%3D%22c%20d%22%7D&time=1");
    strbuf_free(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
