/* Verdicts for the programs that run builds: names that nobody would choose, and very many of them. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "sink/print_verdicts.h"

static const struct verdict HOSTILE[] = {
    {.name = "a\"b<c>&'d\x01\x02\x1b[31m",
     .kind = VERDICT_FAILED,
     .text = "5 % of\r\n::error::x",
     .path = "./p q.yaml",
     .line = 7},
    {.name = "a: b, c%",
     .kind = VERDICT_MISSING,
     .text = "]]> \xEF\xBF\xBE \xFF",
     .path = "/w/policy.yaml",
     .line = 3},
    {.name = "", .kind = VERDICT_WARNED, .text = NULL},
    {.name = "| `x` <!-- ", .kind = VERDICT_SKIPPED, .text = "| a | b |\nc"},
    {.name = "fine", .kind = VERDICT_PASSED},
};
static const struct verdict_place PLACE = {.folder = "/w", .usual = "/w/slowdive-policy.yaml"};

static bool has(const struct strbuf *out, const char *text)
{
    return strstr(strbuf_text(out), text) != NULL;
}

static void test_junit(void **state)
{
    (void)state;
    struct strbuf out = {0};
    print_junit(HOSTILE, ARRAY_LEN(HOSTILE), &out);
    assert_true(has(&out, "tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"1\""));
    assert_true(has(&out, "<error message=\"]]&gt; "));
    for (size_t i = 0; i < out.len; i++)
        assert_true((unsigned char)out.text[i] >= 32 || out.text[i] == '\n');
    strbuf_free(&out);
}

static void test_github(void **state)
{
    (void)state;
    struct strbuf out = {0};
    print_github(HOSTILE, ARRAY_LEN(HOSTILE), &out);
    const char *second = strchr(strbuf_text(&out), '\n') + 1;
    assert_true(str_starts(strbuf_text(&out), "::error title=a\"b<c>&'d"));
    assert_true(has(&out, "::5 %25 of%0D%0A::error::x\n"));
    assert_true(str_starts(second, "::error title=a%3A b%2C c%25::]]> "));
    assert_true(has(&out, "\n::warning title=::\n1 passed, 1 failed, 1 warned, 1 missing, 1 skipped\n"));
    assert_false(has(&out, "::notice"));
    strbuf_free(&out);
}

/* The failed before the missing, ten of both together. */
static void test_github_tells_the_worst(void **state)
{
    (void)state;
    struct verdict v[40];
    struct strbuf out = {0};
    for (size_t i = 0; i < ARRAY_LEN(v); i++)
        v[i] = (struct verdict){.name = i < 20   ? "missing"
                                        : i < 28 ? "failed"
                                                 : "warned",
                                .kind = i < 20   ? VERDICT_MISSING
                                        : i < 28 ? VERDICT_FAILED
                                                 : VERDICT_WARNED,
                                .text = "x"};
    print_github(v, ARRAY_LEN(v), &out);
    size_t failed = 0, missing = 0, warned = 0;
    for (const char *p = strbuf_text(&out); *p; p += strcspn(p, "\n"), p += *p == '\n') {
        failed += str_starts(p, "::error title=failed::");
        missing += str_starts(p, "::error title=missing::");
        warned += str_starts(p, "::warning ");
    }
    assert_int_equal(failed, 8);
    assert_int_equal(missing, 2);
    assert_int_equal(warned, 10);
    assert_true(str_ends(strbuf_text(&out), "::notice::20 more that failed or warned are not shown here\n"));
    strbuf_free(&out);
}

static const cJSON *at(const cJSON *o, const char *key)
{
    const cJSON *x = cJSON_GetObjectItemCaseSensitive(o, key);
    assert_non_null(x);
    return x;
}

static void test_gitlab(void **state)
{
    (void)state;
    struct strbuf out = {0};
    print_gitlab(HOSTILE, ARRAY_LEN(HOSTILE), &PLACE, &out);
    cJSON *o = cJSON_Parse(strbuf_text(&out));
    assert_int_equal(cJSON_GetArraySize(o), 3);
    static const char *const PATHS[] = {"p q.yaml", "policy.yaml", "slowdive-policy.yaml"};
    static const int LINES[] = {7, 3, 1};
    for (int i = 0; i < 3; i++) {
        const cJSON *location = at(cJSON_GetArrayItem(o, i), "location");
        assert_string_equal(at(location, "path")->valuestring, PATHS[i]);
        assert_int_equal(at(at(location, "lines"), "begin")->valueint, LINES[i]);
    }
    cJSON_Delete(o);
    strbuf_free(&out);
}

/* Whatever the text says, and however many have one name. */
static void test_fingerprints(void **state)
{
    (void)state;
    struct verdict v[] = {{.name = "a", .kind = VERDICT_FAILED, .text = "1"},
                          {.name = "a", .kind = VERDICT_FAILED, .text = "2"},
                          {.name = "a", .about = "kpi x", .kind = VERDICT_FAILED},
                          {.name = "akpi", .about = " x", .kind = VERDICT_FAILED}};
    char *prints[2][ARRAY_LEN(v)];
    for (int run = 0; run < 2; run++) {
        struct strbuf out = {0};
        v[0].text = run ? "other" : "1";
        print_gitlab(v, ARRAY_LEN(v), &PLACE, &out);
        cJSON *o = cJSON_Parse(strbuf_text(&out));
        for (int i = 0; i < (int)ARRAY_LEN(v); i++)
            prints[run][i] = mem_strdup(at(cJSON_GetArrayItem(o, i), "fingerprint")->valuestring);
        cJSON_Delete(o);
        strbuf_free(&out);
    }
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        assert_string_equal(prints[0][i], prints[1][i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(prints[0][i], prints[0][j]);
    }
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        free(prints[0][i]);
        free(prints[1][i]);
    }
}

static void test_sarif(void **state)
{
    (void)state;
    struct strbuf out = {0};
    print_sarif(HOSTILE, ARRAY_LEN(HOSTILE), &PLACE, &out);
    cJSON *o = cJSON_Parse(strbuf_text(&out));
    const cJSON *run = cJSON_GetArrayItem(at(o, "runs"), 0), *results = at(run, "results");
    assert_string_equal(at(o, "version")->valuestring, "2.1.0");
    assert_int_equal(cJSON_GetArraySize(results), 3);
    assert_int_equal(cJSON_GetArraySize(at(at(at(run, "tool"), "driver"), "rules")), 3);
    const cJSON *place =
        at(cJSON_GetArrayItem(at(cJSON_GetArrayItem(results, 0), "locations"), 0), "physicalLocation");
    assert_string_equal(at(at(place, "artifactLocation"), "uri")->valuestring, "p%20q.yaml");
    assert_string_equal(at(cJSON_GetArrayItem(results, 2), "level")->valuestring, "warning");
    cJSON_Delete(o);
    strbuf_free(&out);
}

static void test_markdown_fits_a_comment(void **state)
{
    (void)state;
    enum { N = 10000 };
    struct verdict *v = mem_array(N, sizeof *v);
    char *name = mem_alloc(1 << 20);
    const char *notes[] = {name, name, "a | note"};
    memset(name, '|', (1 << 20) - 1);
    for (size_t i = 0; i < N; i++)
        v[i] = (struct verdict){.name = name, .kind = i % VERDICT_KINDS, .text = name, .subject = name};
    struct strbuf out = {0};
    print_verdicts_md(v, N, notes, ARRAY_LEN(notes), &out);
    assert_true(str_starts(strbuf_text(&out), "<!-- slowdive check -->\n2000 passed, 2000 failed, "));
    assert_true(out.len < 65000);
    assert_true(has(&out, " more are not shown here."));
    assert_true(has(&out, "a \\| note"));
    strbuf_free(&out);
    free(name);
    free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_junit),
                                       cmocka_unit_test(test_github),
                                       cmocka_unit_test(test_github_tells_the_worst),
                                       cmocka_unit_test(test_gitlab),
                                       cmocka_unit_test(test_fingerprints),
                                       cmocka_unit_test(test_sarif),
                                       cmocka_unit_test(test_markdown_fits_a_comment)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
