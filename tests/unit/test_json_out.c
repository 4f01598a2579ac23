#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "sink/json_out.h"

/* ---- numbers are written as cJSON writes them ---- */

static void check_real(double v)
{
    struct strbuf b = {0};
    struct json_out o = {.to = &b};
    cJSON *j = cJSON_CreateNumber(v);
    char *want = cJSON_PrintUnformatted(j);
    json_out_real(&o, NULL, v);
    assert_string_equal(strbuf_text(&b), want);
    cJSON_free(want);
    cJSON_Delete(j);
    strbuf_free(&b);
}

static void test_reals(void **state)
{
    (void)state;
    static const double edges[] = {0,    -0.0,  NAN,   INFINITY, 1e-4,  1e-3,   0.0010005,       1.0 / 3,
                                   0.1,  1e15,  1e300, 5e-324,   2e9,   2.5e9,  999999999.9999,  2147483647,
                                   -1e9, 1e-10, 100,   0.29,     8.705, 1234.5, -2147483648.0,   2147483648.0,
                                   1e9,  1e14,  0.3,   1e22,     123e6, 0.007,  999999999999999, 0.001};
    for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
        check_real(edges[i]);
        check_real(-edges[i]);
    }
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        check_real((double)(seed % 1000000000) / pow(10, i % 11));
        check_real((double)(seed >> 12) * exp(i % 90 - 60));
    }
}

static void test_whole(void **state)
{
    (void)state;
    static const struct {
        int64_t v;
        const char *text;
    } rows[] = {{0, "0"},
                {-1, "-1"},
                {9007199254740993, "9007199254740993"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN + 1, "-9223372036854775807"},
                {SD_UNKNOWN, "null"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strbuf b = {0};
        json_out_int(&(struct json_out){.to = &b}, NULL, rows[i].v);
        assert_string_equal(strbuf_text(&b), rows[i].text);
        strbuf_free(&b);
    }
}

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *s, *text;
    } rows[] = {
        {"", "\"\""},
        {NULL, "null"},
        {"plain text", "\"plain text\""},
        {"\"\\/\b\f\n\r\t", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"a\001b\033[31m\177", "\"a\\u0001b\\u001b[31m\\u007f\""},
        {"Gr\xC3\xBC\xC3\x9F"
         "e \xE2\x82\xAC \xF0\x9F\x90\x8C",
         "\"Gr\xC3\xBC\xC3\x9F"
         "e \xE2\x82\xAC \xF0\x9F\x90\x8C\""},
        {"\xE2\x80\xAE"
         "evil",
         "\"\\u202eevil\""},                        /* turns the direction of writing */
        {"\xF3\xA0\x81\x81", "\"\\udb40\\udc41\""}, /* a tag, which shows nothing */
        {"cut \xE2\x82", "\"cut \\ufffd\\ufffd\""},
        {"\xC3(", "\"\\ufffd(\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strbuf b = {0};
        json_out_text(&(struct json_out){.to = &b}, NULL, rows[i].s);
        assert_string_equal(strbuf_text(&b), rows[i].text);
        strbuf_free(&b);
    }
}

/* The layout is cJSON's. */
static void test_layout(void **state)
{
    (void)state;
    static const char same[] =
        "{\"a\":1,\"none\":{},\"no\":[],\"list\":[1,[true,null],{\"x\":[{\"y\":0.5},{}]},\"t\"],"
        "\"in\":{\"b\":false,\"c\":{\"d\":\"e\"}}}";
    struct strbuf b = {0};
    struct json_out o = {.to = &b};
    json_out_open(&o, NULL, false);
    json_out_int(&o, "a", 1);
    json_out_open(&o, "none", false);
    json_out_close(&o);
    json_out_open(&o, "no", true);
    json_out_close(&o);
    json_out_open(&o, "list", true);
    json_out_int(&o, NULL, 1);
    json_out_open(&o, NULL, true);
    json_out_bool(&o, NULL, true);
    json_out_null(&o, NULL);
    json_out_close(&o);
    json_out_open(&o, NULL, false);
    json_out_open(&o, "x", true);
    json_out_open(&o, NULL, false);
    json_out_real(&o, "y", 0.5);
    json_out_close(&o);
    json_out_open(&o, NULL, false);
    json_out_close(&o);
    json_out_close(&o);
    json_out_close(&o);
    json_out_text(&o, NULL, "t");
    json_out_close(&o);
    json_out_open(&o, "in", false);
    json_out_bool(&o, "b", false);
    json_out_open(&o, "c", false);
    json_out_text(&o, "d", "e");
    json_out_close(&o);
    json_out_close(&o);
    json_out_close(&o);
    cJSON *j = cJSON_Parse(same);
    char *want = cJSON_Print(j);
    assert_string_equal(strbuf_text(&b), want);
    cJSON_free(want);
    cJSON_Delete(j);
    strbuf_free(&b);
}

/* Deeper than it follows: what is there is left out, and the rest is whole. */
static void test_deep(void **state)
{
    (void)state;
    struct strbuf b = {0};
    struct json_out o = {.to = &b};
    for (int i = 0; i < 2 * JSON_OUT_DEEP; i++)
        json_out_open(&o, NULL, true);
    json_out_int(&o, NULL, 1);
    for (int i = 0; i < 2 * JSON_OUT_DEEP + 3; i++)
        json_out_close(&o);
    assert_int_equal(b.len, 2 * JSON_OUT_DEEP);
    cJSON *j = cJSON_Parse(strbuf_text(&b));
    assert_non_null(j);
    cJSON_Delete(j);
    strbuf_free(&b);
}

/* ---- part by part ---- */

struct taken {
    struct strbuf all;
    size_t parts, longest;
};

static void take(void *ctx, struct strbuf *part)
{
    struct taken *t = ctx;
    strbuf_add(&t->all, strbuf_text(part), part->len);
    t->longest = MAX(t->longest, part->len);
    t->parts++;
    strbuf_clear(part);
}

static void write_much(struct json_out *o)
{
    struct strbuf lines = {0};
    for (int i = 0; i < 60000; i++)
        strbuf_str(&lines, "a \"line\"\n");
    json_out_open(o, NULL, true);
    for (int i = 0; i < 20000; i++) {
        json_out_open(o, NULL, false);
        json_out_int(o, "number", i);
        json_out_text(o, "text", "\x01 plain and not: \xc3\xa4 \"\\");
        json_out_close(o);
    }
    json_out_text(o, NULL, strbuf_text(&lines));
    json_out_close(o);
    strbuf_free(&lines);
}

static void test_parts_are_the_whole(void **state)
{
    (void)state;
    struct strbuf whole = {0}, rest = {0};
    struct taken t = {.parts = 0};
    write_much(&(struct json_out){.to = &whole});
    write_much(&(struct json_out){.to = &rest, .take = take, .ctx = &t});
    assert_true(t.parts > 4 && t.longest < 2 * JSON_OUT_MUCH); /* also within a long text */
    take(&t, &rest);
    assert_int_equal(t.all.len, whole.len);
    assert_memory_equal(t.all.text, whole.text, whole.len);
    strbuf_free(&whole);
    strbuf_free(&rest);
    strbuf_free(&t.all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reals), cmocka_unit_test(test_whole),
        cmocka_unit_test(test_texts), cmocka_unit_test(test_layout),
        cmocka_unit_test(test_deep),  cmocka_unit_test(test_parts_are_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
