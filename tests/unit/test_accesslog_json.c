/* What is remembered of the keys of earlier objects changes nothing: a line is read as by a format that has
 * seen no other. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/endpoints/accesslog.h"

static const char *const LINES[] = {
    "{\"ts\":1795189898.5,\"request\":{\"method\":\"GET\",\"uri\":\"/a/"
    "1\",\"host\":\"h\"},\"status\":200,\"size\":5}",
    "{\"ts\":1795189899.5,\"request\":{\"uri\":\"/a/"
    "2\",\"method\":\"PUT\",\"host\":\"h\"},\"size\":6,\"status\":404}",
    "{ \"ts\" : 1795189898.5 , \"request\" : { \"method\" : \"GET\" , \"uri\" : \"/b\" } , \"status\" : 201 "
    "}",
    "{\"ts\": 1795189898.5, \"request\": {\"method\": \"GET\", \"uri\": \"/c\"}, \"status\": 202, \"size\": "
    "7}",
    "{\"ts\":1795189898.5,\"status\":200,\"method\":\"GET\",\"uri\":\"/d\",\"size\":8}",
    "{\"ts\":1795189898.5,\"status\":200,\"other\":{\"method\":\"GET\",\"uri\":\"/"
    "e\"},\"method\":\"HEAD\",\"uri\":\"/f\"}",
    "{\"status\":500,\"method\":\"GET\",\"uri\":\"/g\"}",
    "{\"status\":500,\"statusx\":501,\"method\":\"GET\",\"uri\":\"/h\"}",
    "{\"statu\":500,\"status\":501,\"method\":\"GET\",\"uri\":\"/i\"}",
    "{\"a_key_of_forty_seven_bytes_which_is_remembered_\":1,\"status\":200,\"method\":\"GET\",\"uri\":\"/"
    "j\",\"size\":1}",
    "{\"a_key_of_forty_eight_bytes_which_is_not_rememb__\":1,\"status\":200,\"method\":\"GET\",\"uri\":\"/"
    "k\",\"size\":1}",
    "{\"a_key_of_forty_seven_bytes_which_is_remembereD_\":1,\"status\":200,\"method\":\"GET\",\"uri\":\"/"
    "l\",\"size\":1}",
    "{\"\":1,\"st\\u0061tus\":1,\"status\":200,\"method\":\"GET\",\"uri\":\"/m\\\"x\",\"size\":1}",
    "{\"status\":200,\"method\":\"GET\",\"uri\":\"/n\",\"headers\":{\"status\":[\"1\"]},\"size\":12}",
    "{\"status\":200,\"method\":\"GET\",\"uri\":\"/o\",\"size\":1e3}",
    "{\"status\":200,\"method\":\"GET\",\"uri\":\"/p\",\"size\":1x}",
    "{\"status\":200,\"method\":\"GET\",\"uri\":\"/q\",\"size\":-}",
    "{\"status\":200,\"method\":\"GET\",\"uri\":\"/r\",\"size\":1",
    "{\"status\":200,\"method\":\"GET\",\"uri\":\"/s\",\"size\":}",
    "{\"status\":200,\"method\":\"GET\",\"uri\"}",
    "{\"status\":200,\"method\":\"GET\",\"uri\":\"/t\",}",
    "{\"status\":200,\"method\":\"GET\",\"uri\":\"/u\",\"size\":true,\"x\":null,\"y\":[1,{\"z\":2}]}",
};

struct answer {
    bool fits;
    struct accesslog_line line;
    char target[100];
    const char *reason;
};

/* From memory of just its length, so that what is read beyond it is found. */
static void read_line(struct accesslog_format *f, const char *text, struct answer *a)
{
    size_t n = strlen(text);
    char *line = malloc(n);
    memcpy(line, text, n);
    a->reason = "";
    a->fits = accesslog_parse(f, line, n, &a->line, &a->reason);
    if (a->fits)
        snprintf(a->target, sizeof a->target, "%.*s", (int)a->line.target_len, a->line.target);
    free(line);
}

static void a_line_is_read_as_if_it_were_the_first(void **state)
{
    (void)state;
    struct sd_error err;
    struct accesslog_format *used = accesslog_format_new("json", &err);
    uint32_t seed = 3;
    for (int i = 0; i < 5000; i++) {
        seed = seed * 1664525u + 1013904223u;
        const char *text = LINES[(seed >> 12) % ARRAY_LEN(LINES)];
        struct accesslog_format *fresh = accesslog_format_new("json", &err);
        struct answer want, got;
        read_line(fresh, text, &want);
        read_line(used, text, &got);
        accesslog_format_free(fresh);
        assert_int_equal(got.fits, want.fits);
        if (!want.fits) {
            assert_string_equal(got.reason, want.reason);
            continue;
        }
        assert_string_equal(got.target, want.target);
        assert_int_equal(got.line.at, want.line.at);
        assert_int_equal(got.line.status, want.line.status);
        assert_int_equal(got.line.bytes, want.line.bytes);
        assert_int_equal(got.line.method_len, want.line.method_len);
        assert_int_equal(got.line.host_len, want.line.host_len);
    }
    accesslog_format_free(used);
}

static void numbers_and_words_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool fits;
        int64_t bytes;
    } ROWS[] = {
        {"0", true, 0},
        {"17", true, 17},
        {"-1", true, SD_UNKNOWN},
        {"1e3", true, 1000},
        {"12.0", true, 12},
        {"\"9\"", true, 9},
        {"null", true, SD_UNKNOWN},
        {"false", true, SD_UNKNOWN},
        {"1x", false, 0},
        {"1-", false, 0},
        {"e1", false, 0},
        {".5", false, 0},
        {"nul", false, 0},
        {"", true, SD_UNKNOWN},
        {"[1,2]", true, SD_UNKNOWN},
        {"{\"a\":\"}\"}", true, SD_UNKNOWN},
        {"[1,2", false, 0},
    };
    struct sd_error err;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct accesslog_format *f = accesslog_format_new("json", &err);
        char text[200];
        struct answer a;
        snprintf(text, sizeof text, "{\"method\":\"GET\",\"uri\":\"/\",\"status\":200,\"size\":%s}",
                 ROWS[i].value);
        read_line(f, text, &a);
        assert_int_equal(a.fits, ROWS[i].fits);
        if (a.fits)
            assert_int_equal(a.line.bytes, ROWS[i].bytes);
        accesslog_format_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_as_if_it_were_the_first),
        cmocka_unit_test(numbers_and_words_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
