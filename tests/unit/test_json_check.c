#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/json_check.h"

static void taken(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        "0",  "-0.5e+10", "1E3",  "\"\"",         "\"\\u00e9\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "[]", "{}",       "[[]]", "[1, {}, [] ]", " {\"a\" : [true,false,null], \"a\":{\"b\":\"\"}}\r\n\t",
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct sd_error err = {.text = ""};
        if (!json_check(CASES[i], strlen(CASES[i]), &err))
            fail_msg("%s: %s", CASES[i], err.text);
    }
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {"", "The JSON is cut off at byte 0."},           {"  ", "The JSON is cut off at byte 2."},
        {"[1, 2", "The JSON is cut off at byte 5."},      {"{\"a\":", "The JSON is cut off at byte 5."},
        {"{\"a", "The JSON is cut off at byte 3."},       {"\"a\\", "The JSON is cut off at byte 3."},
        {"\"\\u00", "The JSON is cut off at byte 5."},    {"tru", "The JSON is cut off at byte 3."},
        {"[1,]", "The JSON is broken at byte 3."},        {"{\"a\":1,}", "The JSON is broken at byte 7."},
        {"{,}", "The JSON is broken at byte 1."},         {"{a:1}", "The JSON is broken at byte 1."},
        {"{\"a\" 1}", "The JSON is broken at byte 5."},   {"[1 2]", "The JSON is broken at byte 3."},
        {"[1}", "The JSON is broken at byte 2."},         {"01", "The JSON is broken at byte 1."},
        {"-", "The JSON is cut off at byte 1."},          {"1.x", "The JSON is broken at byte 2."},
        {"1ex", "The JSON is broken at byte 2."},         {"'a'", "The JSON is broken at byte 0."},
        {"NaN", "The JSON is broken at byte 0."},         {"trux", "The JSON is broken at byte 0."},
        {"\"\t\"", "The JSON is broken at byte 1."},      {"\"\\x\"", "The JSON is broken at byte 2."},
        {"\"\\u00g0\"", "The JSON is broken at byte 5."}, {"{} {}", "The JSON is broken at byte 3."},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct sd_error err = {.text = ""};
        assert_false(json_check(CASES[i].text, strlen(CASES[i].text), &err));
        if (strcmp(err.text, CASES[i].says) != 0)
            fail_msg("%s: %s", CASES[i].text, err.text);
    }
}

/* `n` arrays or objects, one in the other. */
static bool nested(size_t n, char open, struct sd_error *err)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < n; i++)
        strbuf_str(&b, open == '[' ? "[" : "{\"a\":");
    strbuf_char(&b, '1');
    strbuf_pad(&b, open == '[' ? ']' : '}', n);
    bool ok = json_check(strbuf_text(&b), b.len, err);
    strbuf_free(&b);
    return ok;
}

static void depth(void **state)
{
    (void)state;
    struct sd_error err;
    for (const char *open = "[{"; *open; open++) {
        assert_true(nested(JSON_DEPTH_MAX, *open, &err));
        assert_false(nested(JSON_DEPTH_MAX + 1, *open, &err));
        assert_string_equal(err.text, "The JSON is nested deeper than 512.");
        assert_false(nested(1000000, *open, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken),
        cmocka_unit_test(refused),
        cmocka_unit_test(depth),
    };
    return cmocka_run_group_tests_name("json_check", tests, NULL, NULL);
}
