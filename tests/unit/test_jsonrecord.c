/* One JSON object a line: what becomes a record, and why not. */
#include "tests/lib/test.h"

#include "format/record/jsonrecord.h"

static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const void *decode(const char *line, enum sd_kind kind, sd_time *at)
{
    struct jsonrecord r;
    struct sd_error err = {""};
    if (!jsonrecord_decode(line, strlen(line), arena, &r, &err))
        fail_msg("%s: %s", line, err.text);
    assert_int_equal(r.kind, kind);
    if (at)
        *at = r.at;
    return r.record;
}

static void metrics(void **state)
{
    (void)state;
    sd_time at;
    const struct sd_metric *m = decode(
        "{\"kind\":\"metric\",\"name\":\"load\",\"value\":0.5,\"colour\":{\"a\":[1]}}\r\n", SD_METRIC, &at);
    assert_string_equal(m->name, "load");
    assert_true(m->value == 0.5);
    assert_null(m->unit);
    assert_false(sd_known(m->counter));
    assert_false(sd_known(at));
    m = decode(" {\"kind\":\"metric\",\"at\":\"2026-11-20T15:51:38.266Z\",\"name\":\"x\",\"value\":7,"
               "\"counter\":true,"
               "\"unit\":null}",
               SD_METRIC, &at);
    assert_int_equal(at, 1795189898266000000);
    assert_int_equal(m->counter, 1);
    decode("{\"kind\":\"metric\",\"at\":1795189898266000123,\"name\":\"x\",\"value\":1795189898266000123}",
           SD_METRIC, &at);
    assert_int_equal(at, 1795189898266000123);
}

static void integers_keep_64_bits(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"kind\":\"statement\",\"query_id\":-8123456789012345679,\"text\":\"select "
        "\\\"1234567890123456789\"}",
        "{\"kind\":\"statement\",\"query_id\":\"-8123456789012345679\",\"text\":\"select "
        "\\\"1234567890123456789\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        const struct sd_statement *s = decode(lines[i], SD_STATEMENT, NULL);
        assert_int_equal(s->query_id, -8123456789012345679);
        assert_string_equal(s->text, "select \"1234567890123456789");
    }
}

static void histograms(void **state)
{
    (void)state;
    const struct sd_http *h =
        decode("{\"kind\":\"http\",\"route\":\"/a\",\"latency_ns\":[3000000,1000,1000]}", SD_HTTP, NULL);
    assert_int_equal(h->latency->n, 2);
    assert_int_equal(h->latency->buckets[0].index, sd_hist_index(1000));
    assert_int_equal(h->latency->buckets[0].count, 2);
    assert_int_equal(h->count, 3);
    assert_int_equal(h->timed, 3);
    assert_int_equal(h->total_ns, 3002000);
    assert_int_equal(h->min_ns, 1000);
    assert_int_equal(h->max_ns, 3000000);
    assert_false(sd_known(h->errors));

    h = decode("{\"kind\":\"http\",\"route\":\"/a\",\"count\":9,\"latency\":[[5,2],[1e6,3]]}", SD_HTTP, NULL);
    assert_int_equal(h->count, 9);
    assert_int_equal(h->timed, 5);
    assert_int_equal(h->latency->buckets[1].count, 3);
    h = decode("{\"kind\":\"http\",\"route\":\"/a\",\"latency\":[]}", SD_HTTP, NULL);
    assert_int_equal(h->latency->n, 0);
    assert_false(sd_known(h->count));
}

static void refusals_say_why(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "the line is not JSON"},
        {"hello", "the line is not JSON"},
        {"[1,2]", "the line is not a JSON object"},
        {"{\"a\":1}", "the object has no \"kind\", a string such as \"metric\" or \"http\""},
        {"{\"kind\":\"bogus\"}", "there is no record kind \"bogus\""},
        {"{\"kind\":\"status\",\"state\":1}", "there is no record kind \"status\""},
        {"{\"kind\":\"metric\",\"name\":\"a\"}", "a record of kind metric needs \"value\""},
        {"{\"kind\":\"metric\",\"value\":1}", "a record of kind metric needs \"name\""},
        {"{\"kind\":\"metric\",\"name\":5,\"value\":1}", "\"name\" must be a string"},
        {"{\"kind\":\"metric\",\"name\":\"a\",\"value\":\"x\"}", "\"value\" must be a number"},
        {"{\"kind\":\"http\",\"route\":\"/\",\"count\":1e30}", "\"count\" must be an integer"},
        {"{\"kind\":\"http\",\"route\":\"/\",\"count\":\"99999999999999999999\"}",
         "\"count\" must be an integer"},
        {"{\"kind\":\"http\",\"route\":\"/\",\"latency\":[1]}",
         "\"latency\" must be a list of [ns, count] pairs, none negative"},
        {"{\"kind\":\"http\",\"route\":\"/\",\"latency_ns\":[-1]}",
         "\"latency_ns\" must be a list of nanoseconds, none negative"},
        {"{\"kind\":\"event\",\"title\":\"x\",\"at\":\"yesterday\"}",
         "\"at\" must be nanoseconds since 1970 or a time such as 2026-11-20T15:51:38Z"},
        {"{\"kind\":\"event\",\"title\":\"x\"} {\"kind\"", "something follows the JSON object"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct jsonrecord r;
        struct sd_error err = {""};
        assert_false(jsonrecord_decode(rows[i][0], strlen(rows[i][0]), arena, &r, &err));
        assert_string_equal(err.text, rows[i][1]);
    }
}

static void hostile_sizes(void **state)
{
    (void)state;
    size_t len = JSONRECORD_LINE_MAX + 1;
    struct jsonrecord r;
    struct sd_error err;
    struct strbuf text = {0};
    strbuf_pad(&text, '[', len);
    assert_false(jsonrecord_decode(text.text, len, arena, &r, &err));
    assert_string_equal(err.text, "the line is longer than 1 MiB");
    assert_false(jsonrecord_decode(text.text, len - 1, arena, &r, &err));
    assert_string_equal(err.text, "the line is not JSON");
    strbuf_free(&text);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(metrics), T(integers_keep_64_bits), T(histograms), T(refusals_say_why), T(hostile_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
