/* Patterns, units and budgets of the tools for sizes; what a build makes of them. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/goals/file_pattern.h"
#include "core/goals/size_budget.h"
#include "format/goals/budget_file.h"
#include "format/goals/size_text.h"

static void test_patterns(void **state)
{
    static const struct {
        const char *pattern, *path;
        bool matches;
    } CASES[] = {
        {"*.js", "main.js", true},
        {"*.js", "js/main.js", false},
        {"./dist/*.js", "dist/main.js", true},
        {"**/*.js", "main.js", true},
        {"**/*.js", "a/b/main.js", true},
        {"dist/**", "dist/a/b.css", true},
        {"dist/**/b.css", "dist/b.css", true},
        {"dist/**/b.css", "distant/b.css", false},
        {"dist/**.js", "dist/a/b.js", true},
        {"a**b", "a/x/b", true},
        {"main.?.js", "main.1.js", true},
        {"main.?.js", "main./.js", false},
        {"main.?.js", "main.\xC3\xA9.js", true},
        {"main.??.js", "main.\xC3\xA9.js", false},
        {"*.{js,css}", "a.css", true},
        {"*.{js,css}", "a.html", false},
        {"{a,{b,c}d}.js", "cd.js", true},
        {"{a,{b,c}d}.js", "c.js", false},
        {"{a}.js", "{a}.js", true},
        {"{a,", "{a,", true},
        {"a{,.min}.js", "a.min.js", true},
        {"a{,.min}.js", "a.js", true},
        {"pages/[slug]-*.js", "pages/[slug]-0123.js", true},
        {"pages/[slug]-*.js", "pages/s-0123.js", false},
        {"main.js", "main.js.map", false},
        {"*", "", true},
        {"", "a", false},
        {"***", "a/b", true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        if (file_pattern_matches(CASES[i].pattern, CASES[i].path) != CASES[i].matches)
            fail_msg("%s and %s", CASES[i].pattern, CASES[i].path);
}

static void test_too_many_choices(void **state)
{
    struct strbuf b = {0};
    struct sd_error err;
    (void)state;
    for (int i = 0; i < 10; i++)
        strbuf_str(&b, "{a,b}");
    assert_true(file_pattern_check(b.text, &err));
    strbuf_str(&b, "{a,b}");
    assert_false(file_pattern_check(b.text, &err));
    assert_non_null(strstr(err.text, "stand for more than"));
    strbuf_free(&b);
}

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t iec, bytes; /* -1: none */
    } CASES[] = {
        {"100", 100, 100},
        {"100 B", 100, 100},
        {"100 kB", 100000, 102400},
        {"100KB", 100000, 102400},
        {"100kb", 100000, 102400},
        {"100 KiB", 102400, 100},
        {"1.5 MB", 1500000, 1572864},
        {"2 MiB", 2097152, 2},
        {"0.5 B", 0, 0},
        {" 7 kB ", 7000, 7168},
        {"-1 kB", -1, -1},
        {"ten", -1, -1},
        {"", -1, -1},
        {"10 ms", -1, -1},
        {"10 parsecs", -1, -1},
        {"1 kB 2", -1, -1},
        {"1e5", -1, -1},
        {"9007199254740992", 9007199254740992, 9007199254740992},
        {"9007 TB", 9007000000000000, -1},
        {"99999 TB", -1, -1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        int64_t iec = -1, bytes = -1;
        struct sd_error err;
        bool a = size_text_parse(CASES[i].text, SIZE_IEC, &iec, NULL, &err);
        bool b = size_text_parse(CASES[i].text, SIZE_BYTES, &bytes, NULL, &err);
        if ((a ? iec : -1) != CASES[i].iec || (b ? bytes : -1) != CASES[i].bytes)
            fail_msg("%s: %lld and %lld", CASES[i].text, (long long)iec, (long long)bytes);
    }
}

/* ---- budgets of a build ---- */

static const struct sd_bundle_asset ASSETS[] = {
    {.name = "main.0f4a.js", .type = "js", .size_bytes = 300000, .gzip_bytes = 102000, .brotli_bytes = 90000},
    {.name = "vendor.js", .type = "js", .size_bytes = 200000, .gzip_bytes = 60000, .brotli_bytes = 50000},
    {.name = "css/main.css", .type = "css", .size_bytes = 9000, .gzip_bytes = 3000, .brotli_bytes = 2500},
    {.name = "logo.png",
     .type = "image",
     .size_bytes = 5000,
     .gzip_bytes = SD_UNKNOWN,
     .brotli_bytes = SD_UNKNOWN},
};
static const struct sd_bundle_route ROUTES[] = {
    {.name = "index", .assets = SD_INTS(0, 2)},
    {.name = "admin", .assets = SD_INTS(0, 1, 2)},
};
static const struct sd_bundle HEAD = {.path = "dist"};
static const struct bundle_build BUILD = {.head = &HEAD,
                                          .assets = ASSETS,
                                          .n_assets = ARRAY_LEN(ASSETS),
                                          .routes = ROUTES,
                                          .n_routes = ARRAY_LEN(ROUTES)};

/* "name status actual files; " of each check. */
static char *checked(const char *file, const char *json, double tolerance)
{
    struct budget_file f;
    struct sd_error err;
    struct check_list l;
    struct strbuf b = {0};
    const struct budget_rules rules = {.tolerance = tolerance, .below = "dist/"};
    if (!budget_file_read(&f, file, json, strlen(json), &err))
        fail_msg("%s: %s", json, err.text);
    check_list_init(&l);
    size_budgets_check(f.budgets, f.n_budgets, &BUILD, &rules, &l);
    for (size_t i = 0; i < l.n; i++) {
        const struct check *c = &l.items[i];
        strbuf_printf(&b, "%s %s", c->name, check_status_name(c->status));
        if (sd_known(c->actual_bytes))
            strbuf_printf(&b, " %lld/%lld", (long long)c->actual_bytes, (long long)c->limit_bytes);
        for (size_t k = 0; k < c->n_files; k++)
            strbuf_printf(&b, " %s", c->files[k]);
        strbuf_str(&b, "; ");
    }
    for (size_t i = 0; i < f.n_notes; i++)
        strbuf_printf(&b, "note: %s", f.notes[i]);
    check_list_free(&l);
    budget_file_free(&f);
    return strbuf_detach(&b);
}

static void test_budgets(void **state)
{
    static const struct {
        const char *file, *json, *expected;
        double tolerance;
    } CASES[] = {
        {".size-limit.json", "[{\"path\": \"dist/*.js\", \"limit\": \"140 kB\"}]",
         "dist/*.js pass 140000/140000 main.0f4a.js vendor.js; ", 0.03},
        {".size-limit.json",
         "[{\"name\": \"all\", \"path\": [\"dist\", \"!**/*.png\"], \"gzip\": true, \"limit\": \"164 kB\"}]",
         "all warn 165000/164000 main.0f4a.js vendor.js css/main.css; ", 0.03},
        {".size-limit.json",
         "[{\"name\": \"all\", \"path\": [\"dist\", \"!**/*.png\"], \"gzip\": true, \"limit\": \"164 kB\"}]",
         "all fail 165000/164000 main.0f4a.js vendor.js css/main.css; ", 0},
        {".size-limit.json", "[{\"path\": \"*.js\", \"brotli\": false, \"limit\": \"1 MB\"}]",
         "*.js pass 500000/1000000 main.0f4a.js vendor.js; ", 0.03},
        {".size-limit.json", "[{\"path\": \"*.js\", \"limit\": \"1 s\"}, {\"path\": \"*.js\"}]",
         "*.js skip; *.js skip 140000/-9223372036854775808 main.0f4a.js vendor.js; ", 0.03},
        {"package.json", "{\"bundlesize\": [{\"path\": \"./dist/*.js\", \"maxSize\": \"60kB\"}]}",
         "./dist/*.js fail 102000/61440 main.0f4a.js; ./dist/*.js pass 60000/61440 vendor.js; ", 0.03},
        {"x.json", "{\"files\": [{\"path\": \"gone.js\", \"maxSize\": \"1kB\"}]}", "gone.js fail; ", 0.03},
        {"x.json",
         "{\"files\": [{\"path\": \"vendor.js\", \"maxSize\": \"100 KiB\", \"compression\": \"none\"}]}",
         "vendor.js fail 200000/100 vendor.js; note: bundlesize reads the limit \"100 KiB\" as 100 bytes, "
         "because "
         "it does not know the unit; write kB, which is 1024 bytes there",
         0.03},
        {"bundlewatch.config.json",
         "{\"defaultCompression\": \"brotli\", \"files\": [{\"path\": \"vendor.js\", \"maxSize\": "
         "\"49kB\"}]}",
         "vendor.js pass 50000/50176 vendor.js; ", 0.03},
        {"b.yml",
         "{\"budgets\": [{\"name\": \"first\", \"type\": \"js\", \"scope\": \"route\", \"limit\": \"110 "
         "kB\"}]}",
         "first pass 102000/110000 main.0f4a.js; first fail 162000/110000 main.0f4a.js vendor.js; ", 0.03},
        {"b.yml", "{\"budgets\": [{\"type\": \"css\", \"scope\": \"each\", \"limit\": 2900}]}",
         "css fail 3000/2900 css/main.css; ", 0.03},
        {"b.yml",
         "{\"budgets\": [{\"type\": \"image\", \"limit\": \"1 kB\"}, {\"type\": \"font\", \"limit\": \"1 "
         "B\"}]}",
         "image skip logo.png; font fail; ", 0.03},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char *got = checked(CASES[i].file, CASES[i].json, CASES[i].tolerance);
        if (strcmp(got, CASES[i].expected) != 0)
            fail_msg("%s\n  got      %s\n  expected %s", CASES[i].json, got, CASES[i].expected);
        free(got);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *file, *json, *why;
    } CASES[] = {
        {"a.json", "{\"files\": [{\"path\": \"a\", \"maxSize\": \"-1 kB\"}]}", "negative"},
        {"a.json", "{\"files\": [{\"path\": \"a\", \"maxSize\": -1}]}", "negative"},
        {"a.json", "{\"files\": [{\"path\": \"a\", \"maxSize\": \"much\"}]}", "no size"},
        {"a.json", "{\"files\": [{\"path\": \"a\", \"compression\": \"zip\"}]}", "compression zip"},
        {"a.json", "{\"files\": []}", "empty"},
        {"a.json", "[{\"path\": 5}]", "no text"},
        {"a.json", "{\"budgets\": [{\"type\": \"javascript\"}]}", "type is javascript"},
        {"a.json", "{\"budgets\": [{\"limt\": 5}]}", "did you mean limit"},
        {"a.json", "{\"budgets\": [], \"tolerance\": -1}", "tolerance"},
        {"package.json", "{\"name\": \"a\"}", "none of the keys"},
        {"a.json", "{\"a\": 1}", "no file of budgets"},
        {"a.json", "{\"a\"", "no JSON"},
        {"a.json", "[{\"path\": \"/\", \"resourceSizes\": [{\"resourceType\": \"script\", \"budget\": -1}]}]",
         "negative"},
        {"a.json", "[{\"path\": \"x\", \"resourceSizes\": []}]", "begin with /"},
        {"lighthouserc.json", "{\"ci\": {}}", "asserts nothing"},
        {"lighthouserc.json", "{\"ci\": {\"assert\": {\"assertMatrix\": []}}}", "assertMatrix is empty"},
        {"lighthouserc.json", "{\"ci\": {\"assert\": {\"preset\": \"lighthouse:best\"}}}", "no preset"},
        {"lighthouserc.json",
         "{\"ci\": {\"assert\": {\"assertMatrix\": [], \"preset\": \"lighthouse:all\"}}}",
         "assertMatrix stands beside preset"},
        {"lighthouserc.json",
         "{\"ci\": {\"assert\": {\"assertMatrix\": [{\"matchingUrlPattern\": \"(\", \"assertions\": {}}]}}}",
         "no regular expression"},
        {"lighthouserc.json", "{\"ci\": {\"assert\": {\"assertions\": {\"si\": \"fatal\"}}}}",
         "has no level"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct budget_file f;
        struct sd_error err = {""};
        bool read = budget_file_read(&f, CASES[i].file, CASES[i].json, strlen(CASES[i].json), &err);
        if (read || !strstr(err.text, CASES[i].why))
            fail_msg("%s: %s", CASES[i].json, read ? "was read" : err.text);
        budget_file_free(&f);
    }
}

/* Without a file: a build without styles is within the limit for styles. */
static void test_defaults(void **state)
{
    struct check_list l;
    const struct budget_rules rules = {.tolerance = BUDGET_TOLERANCE};
    const struct bundle_build scripts = {.head = &HEAD, .assets = ASSETS, .n_assets = 2};
    (void)state;
    check_list_init(&l);
    size_budgets_check(BUDGET_DEFAULTS, BUDGET_N_DEFAULTS, &scripts, &rules, &l);
    assert_int_equal(l.n, 4);
    assert_int_equal(l.count[CHECK_PASS], 3);
    assert_int_equal(l.count[CHECK_WARN], 1); /* 102 kB, of 100 */
    check_list_sort(&l);
    assert_string_equal(l.items[0].name, "each script");
    assert_int_equal(l.items[0].over_bytes, 2000);
    check_list_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns), cmocka_unit_test(test_too_many_choices),
        cmocka_unit_test(test_sizes),    cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests_name("goals", tests, NULL, NULL);
}
