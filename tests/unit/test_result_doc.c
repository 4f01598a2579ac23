/* Documents of commands: what is unknown is null, and what people see follows from the keys. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/result.h"
#include "sink/print.h"
#include "view/result_doc.h"

static char *printed(const cJSON *o, enum print_format f)
{
    struct print_options options = {.width = 0};
    struct strbuf out = {0};
    struct doc *d = result_doc(o);
    print_doc(d, f, &options, &out);
    doc_free(d);
    return out.text;
}

static void test_values(void **state)
{
    (void)state;
    cJSON *o = result_new("made");
    result_int(o, "a_ns", SD_UNKNOWN);
    result_real(o, "b", (double)NAN);
    result_real(o, "c", (double)INFINITY);
    result_int(o, "big_ns", INT64_C(9007199254740993));
    result_ns(o, "d_ns", 1.6);
    result_ns(o, "never_ns", 1e300);
    result_text(o, "t",
                "a\xFF"
                "b");
    result_text(o, "none", NULL);
    result_time(o, "time", INT64_C(1700000000123) * SD_MS);
    char *json = result_print(o);
    cJSON *back = cJSON_Parse(json);
    assert_non_null(back);
    static const char *const nulls[] = {"a_ns", "b", "c", "never_ns", "none"};
    for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
        assert_true(cJSON_IsNull(cJSON_GetObjectItem(back, nulls[i])));
    assert_non_null(strstr(json, "9007199254740993"));
    assert_true(result_get_real(back, "d_ns") == 2);
    assert_string_equal(result_get_text(back, "time"), "2023-11-14T22:13:20.123Z");
    assert_string_equal(result_get_text(back, "t"), "a\xEF\xBF\xBD"
                                                    "b");
    free(json);
    cJSON_Delete(back);
    cJSON_Delete(o);
}

static void test_shown(void **state)
{
    (void)state;
    cJSON *o = cJSON_Parse(
        "{\"view\":\"made\",\"rate_per_s\":1500,\"error_share\":0.25,\"latency\":{\"count\":3,\"p50_ns\":"
        "2000000},"
        "\"service\":{\"count\":3,\"p50_ns\":null},\"rows\":[{\"name\":\"a\",\"size_bytes\":1000,\"passed\":"
        "false},"
        "{\"name\":\"b\\u001b[31m\",\"size_bytes\":null,\"passed\":true}],\"statuses\":{\"200\":7},"
        "\"notes\":[\"one\",\"two\"],\"verdict\":\"fail\"}");
    assert_non_null(o);
    char *text = printed(o, PRINT_TEXT);
    static const char *const has[] = {"Verdict: fail.", "one\n",  "Percentiles", "Latency", "2.00 ms",
                                      "1.50 k/s",       "25.0 %", "!! a",        "1.00 kB", "200  7"};
    for (size_t i = 0; i < ARRAY_LEN(has); i++)
        if (!strstr(text, has[i]))
            fail_msg("%s is not in:\n%s", has[i], text);
    assert_null(strchr(text, 27));
    free(text);
    text = printed(o, PRINT_JSON); /* the document itself, with what a terminal must not get escaped */
    cJSON *back = cJSON_Parse(text);
    assert_true(cJSON_Compare(o, back, true));
    assert_null(strchr(text, 27));
    free(text);
    cJSON_Delete(back);
    cJSON_Delete(o);
}

/* Whatever is in it, it is shown. */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const DOCS[] = {
        "{}",
        "[]",
        "3",
        "null",
        "{\"view\":3,\"rows\":[1,{\"a\":1},[2],null]}",
        "{\"view\":\"load\",\"latency\":3,\"rows\":{},\"series\":[],\"thresholds\":[{}]}",
        "{\"view\":\"x\",\"a\":{\"b\":{\"c\":{\"d\":[{\"e\":[[[]]]}]}}},\"n\":1e308}",
        "{\"view\":\"forecast\",\"rows\":[{\"mean\":null}],\"exhaustion\":null}",
    };
    for (size_t i = 0; i < ARRAY_LEN(DOCS); i++)
        for (int f = PRINT_TEXT; f <= PRINT_CSV; f++) {
            cJSON *o = cJSON_Parse(DOCS[i]);
            assert_non_null(o);
            free(printed(o, (enum print_format)f));
            cJSON_Delete(o);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
