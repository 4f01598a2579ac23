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
        {"{\"kind\":\"event\",\"title\":\"x\"} {\"kind\"", "there is more text after the JSON object"},
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

/* A kind with every sort of list. */
struct lists {
    const struct sd_ints *stack;
    const struct sd_reals *shares;
    const struct sd_texts *labels;
    const struct sd_ints *times;
};
static const struct sd_field list_fields[] = {
    {.name = "stack", .type = SD_FIELD_LIST_INT, .offset = offsetof(struct lists, stack), .unit = ""},
    {.name = "shares", .type = SD_FIELD_LIST_REAL, .offset = offsetof(struct lists, shares), .unit = ""},
    {.name = "labels", .type = SD_FIELD_LIST_TEXT, .offset = offsetof(struct lists, labels), .unit = ""},
    {.name = "times", .type = SD_FIELD_LIST_INT, .offset = offsetof(struct lists, times), .unit = "time"},
};
static const struct sd_schema list_schema = {.kind = SD_KIND_END,
                                             .name = "lists",
                                             .size = sizeof(struct lists),
                                             .n_fields = ARRAY_LEN(list_fields),
                                             .fields = list_fields};

static bool decode_lists(const char *line, const struct lists **out, struct sd_error *err)
{
    struct jsonrecord r;
    bool ok = jsonrecord_decode_as(&list_schema, line, strlen(line), arena, &r, err);
    *out = ok ? r.record : NULL;
    return ok;
}

static void lists(void **state)
{
    (void)state;
    const struct lists *l;
    struct sd_error err = {""};
    assert_true(decode_lists("{\"stack\":[1,\"-8123456789012345679\",null,9007199254740993],"
                             "\"shares\":[0.5,2,null],\"labels\":[\"a\",null,\"\"],"
                             "\"times\":[\"2026-11-20T15:51:38Z\",5]}",
                             &l, &err));
    assert_int_equal(l->stack->n, 4);
    assert_int_equal(l->stack->items[1], -8123456789012345679);
    assert_false(sd_known(l->stack->items[2]));
    assert_int_equal(l->stack->items[3], 9007199254740993);
    assert_int_equal(l->shares->n, 3);
    assert_true(l->shares->items[0] == 0.5 && l->shares->items[1] == 2 && isnan(l->shares->items[2]));
    assert_int_equal(l->labels->n, 3);
    assert_string_equal(l->labels->items[0], "a");
    assert_null(l->labels->items[1]);
    assert_string_equal(l->labels->items[2], "");
    assert_int_equal(l->times->items[0], 1795189898000000000);
    assert_true(decode_lists("{\"stack\":[],\"shares\":null}", &l, &err));
    assert_int_equal(l->stack->n, 0);
    assert_null(l->shares);
    assert_null(l->labels);
    static const char *const wrong[][2] = {
        {"{\"stack\":[1.5,\"x\"]}", "\"stack\" must be a list of integers"},
        {"{\"stack\":7}", "\"stack\" must be a list of integers"},
        {"{\"shares\":[[1]]}", "\"shares\" must be a list of numbers"},
        {"{\"labels\":[\"a\",1]}", "\"labels\" must be a list of strings"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_false(decode_lists(wrong[i][0], &l, &err));
        assert_string_equal(err.text, wrong[i][1]);
    }
    const struct sd_intake *in =
        decode("{\"kind\":\"intake\",\"total\":3,\"samples\":[\"a\",\"b\"]}", SD_INTAKE, NULL);
    assert_int_equal(in->samples->n, 2);
    assert_string_equal(in->samples->items[1], "b");
    const struct sd_http *h = decode("{\"kind\":\"http\",\"route\":\"/a\",\"host\":\"web1\"}", SD_HTTP, NULL);
    assert_string_equal(h->host, "web1");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(metrics), T(integers_keep_64_bits), T(histograms), T(lists), T(refusals_say_why), T(hostile_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
