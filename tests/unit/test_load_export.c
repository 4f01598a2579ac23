/* A scenario as a script for k6 and as objects for its operator: what is in them, and that no text of the
 * scenario is ever more than a literal. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "conf/load_scenario.h"
#include "core/loads/export_k6.h"

static void scenario(struct load_scenario *s, const char *text)
{
    struct sd_error err = {""};
    if (!load_scenario_read_text(s, "dir/Shop peak.v2.yaml", NULL, text, strlen(text), NULL, &err))
        fail_msg("%s", err.text);
}

static char *script_of(const char *text)
{
    struct load_scenario s = {0};
    struct strbuf out = {0};
    struct sd_error err = {""};
    scenario(&s, text);
    if (!load_export_k6(&s, &out, &err))
        fail_msg("%s", err.text);
    load_scenario_free(&s);
    return strbuf_detach(&out);
}

static void has(const char *script, const char *part)
{
    if (!strstr(script, part))
        fail_msg("no \"%s\" in:\n%s", part, script);
}

static void has_not(const char *script, const char *part)
{
    if (strstr(script, part))
        fail_msg("\"%s\" in:\n%s", part, script);
}

#define ONE "requests: [{name: list, method: GET, path: /items}]\n"

static void test_schedules(void **state)
{
    (void)state;
    static const struct {
        const char *text, *parts[8];
    } rows[] = {
        {"stages: [{for: 30s, rate: 100}]\nconnections: 50\ntimeout: 1500ms\n" ONE,
         {"executor: \"constant-arrival-rate\"", "rate: 100,", "timeUnit: \"1s\"", "duration: \"30s\"",
          "preAllocatedVUs: 50", "timeout: \"1500ms\""}},
        {"stages: [{for: 10s, rate: 5}, {for: 20s, rate: 5}]\n" ONE,
         {"executor: \"constant-arrival-rate\"", "rate: 5,", "duration: \"30s\""}},
        {"stages: [{for: 10s, rate: 100}, {for: 30s, from: 100, rate: 300}, {for: 5s, rate: 50}]\n" ONE,
         {"executor: \"ramping-arrival-rate\"", "startRate: 100,", "{ target: 100, duration: \"10s\" }",
          "{ target: 300, duration: \"30s\" }", "{ target: 50, duration: \"0s\" }",
          "{ target: 50, duration: \"5s\" }"}},
        {"stages: [{for: 10s, rate: 30/m}]\n" ONE, {"rate: 1,", "timeUnit: \"2s\""}},
        {"model: closed\nstages: [{for: 1m, users: 20}]\nthink: {constant: 1500ms}\n" ONE,
         {"executor: \"constant-vus\"", "vus: 20,", "duration: \"60s\"", "sleep(1.5)", "think();"}},
        {"model: closed\nstages: [{for: 10s, from: 1, users: 20}]\nthink: {median: 1s, p95: 4s}\n" ONE,
         {"executor: \"ramping-vus\"", "startVUs: 1,", "{ target: 20, duration: \"10s\" }",
          "Math.exp(0.8428"}},
        {"kind: spike\nspike: {base: 50, factor: 10, before: 10s, rise: 30s, hold: 10s, after: 60s}\n" ONE,
         {"startRate: 50,", "{ target: 500, duration: \"30s\" }", "{ target: 50, duration: \"0s\" }",
          "{ target: 50, duration: \"60s\" }"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *full = mem_printf("target: http://127.0.0.1:8080\n%s", rows[i].text), *script = script_of(full);
        for (size_t k = 0; k < ARRAY_LEN(rows[i].parts) && rows[i].parts[k]; k++)
            has(script, rows[i].parts[k]);
        free(full);
        free(script);
    }
}

static void test_requests(void **state)
{
    (void)state;
    char *script =
        script_of("target: https://shop.example/base/\nstages: [{for: 1s, rate: 1}]\nerrors: [404, 500-599]\n"
                  "requests:\n"
                  "  - {name: list, weight: 80, method: GET, path: /items}\n"
                  "  - {name: order, weight: 20, method: POST, path: '/o?i={seq}', headers: {Content-Type: "
                  "application/json, "
                  "X-S: '{seq}'}, body: '{\"i\":{seq},\"l\":\"{{seq}\"}'}\n"
                  "thresholds: ['p99 < 200ms', 'p50{order} <= 1.5ms', 'error_share < 1%', 'ok_per_s > 90', "
                  "'mean < 1s',\n"
                  "  'rate_sent_per_s >= 99.5', 'error_share{order} < 5%', 'p999 < 2s']\n");
    static const char *const PARTS[] = {
        "__ENV.TARGET || \"https://shop.example/base/\"",
        "name: \"list\",\n    weight: 80,\n    method: \"GET\",\n    path: (seq, user) => \"/items\"",
        "path: (seq, user) => \"/o?i=\" + seq",
        "[\"Content-Type\", (seq, user) => \"application/json\"]",
        "[\"X-S\", (seq, user) => \"\" + seq]",
        "body: (seq, user) => \"{\\u0022i\\u0022:\" + seq + \",\\u0022l\\u0022:\\u0022\" + \"{seq}\\u0022}\"",
        "tags: { name: request.name",
        "\"http_req_duration\": [\"p(99)<200\", \"avg<1000\", \"p(99.9)<2000\"]",
        "\"http_req_duration{name:order}\": [\"p(50)<=1.5\"]",
        "\"http_req_failed\": [\"rate<0.01\"]",
        "\"http_req_failed{name:order}\": [\"rate<0.05\"]",
        "\"http_reqs{expected_response:true}\": [\"rate>90\"]",
        "\"http_reqs\": [\"rate>=99.5\"]",
        "expectedStatuses({ min: 100, max: 403 }, { min: 405, max: 499 })",
        "redirects: 0",
    };
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++)
        has(script, PARTS[i]);
    has_not(script, "SharedArray");
    free(script);
}

/* ---- hostile texts ---- */

static void test_literals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *literal;
        size_t n;
    } rows[] = {
        {"", "\"\"", 0},
        {"plain /a?b=1#c", "\"plain /a?b=1#c\"", 0},
        {"\"'`\\", "\"\\u0022\\u0027\\u0060\\u005c\"", 0},
        {"${x}", "\"\\u0024{x}\"", 0},
        {"</script>", "\"\\u003c/script\\u003e\"", 0},
        {"a\nb\r\t\x7f", "\"a\\u000ab\\u000d\\u0009\\u007f\"", 0},
        {"a\0b", "\"a\\u0000b\"", 3},
        {"\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\"", 0},
        {"\xc3\xa4\xf0\x9f\x98\x80", "\"\\u00e4\\ud83d\\ude00\"", 0},
        {"\xff\xc3", "\"\\ufffd\\ufffd\"", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct strbuf out = {0};
        load_export_literal(&out, rows[i].text, rows[i].n ? rows[i].n : strlen(rows[i].text));
        assert_string_equal(strbuf_text(&out), rows[i].literal);
        strbuf_free(&out);
    }
}

/* Whatever the texts are, the script has the same lines as with plain ones: only literals differ. */
static void shape(const char *script, struct strbuf *out)
{
    for (const char *p = script; *p; p++) {
        assert_true(*p == '\n' || (*p >= ' ' && *p < 0x7f));
        if (*p != '"') {
            strbuf_char(out, *p);
            continue;
        }
        const char *end = p + 1;
        while (*end && *end != '"') {
            assert_true(*end != '\n' && *end != '`' && *end != '$');
            end++;
        }
        assert_true(*end == '"');
        strbuf_str(out, "\"\"");
        p = end;
    }
}

static void test_hostile(void **state)
{
    (void)state;
    static const char FORM[] = "target: http://127.0.0.1:8080\nstages: [{for: 1s, rate: 1}]\nrequests:\n"
                               "  - {name: %s, method: POST, path: %s, headers: {X: %s}, body: %s}\n"
                               "thresholds: ['p99 < 1s']\n";
    static const char *const TEXTS[] = {
        "\"/a`${process.exit()}\"",  "\"/\\\");evil();(\\\"\"",
        "\"/'+evil()+'\"",           "\"/</script><script>evil()\"",
        "\"/\\u2028evil()\\u2029\"", "\"/\\\\\"",
        "\"/*/evil()/*\"",           "\"/__proto__\"",
    };
    struct strbuf plain = {0};
    char *text = mem_printf(FORM, "/x", "/x", "/x", "/x"), *script = script_of(text);
    shape(script, &plain);
    free(text);
    free(script);
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        struct strbuf got = {0};
        text = mem_printf(FORM, TEXTS[i], TEXTS[i], TEXTS[i], TEXTS[i]);
        script = script_of(text);
        shape(script, &got);
        assert_string_equal(strbuf_text(&got), strbuf_text(&plain));
        strbuf_free(&got);
        free(text);
        free(script);
    }
    strbuf_free(&plain);
}

/* A name that k6 would part at its commas is selected by its number. */
static void test_names_of_thresholds(void **state)
{
    (void)state;
    char *script =
        script_of("target: http://127.0.0.1:8080\nstages: [{for: 1s, rate: 1}]\n"
                  "requests: [{name: a, method: GET, path: /}, {name: 'x,y\"', method: GET, path: /}]\n"
                  "thresholds: ['p99{x,y\"} < 1s', 'p99{a} < 2s']\n");
    has(script, "\"http_req_duration{request:1}\": [\"p(99)<1000\"]");
    has(script, "\"http_req_duration{name:a}\": [\"p(99)<2000\"]");
    free(script);
}

static void test_sequences(void **state)
{
    (void)state;
    char *script =
        script_of("target: http://127.0.0.1:8080\nmodel: closed\nstages: [{for: 10s, users: 3}]\n"
                  "requests: [{name: a, method: GET, path: /a}, {name: b, method: GET, path: /b}]\n"
                  "sequences: [{name: s1, weight: 3, steps: [{request: a, think: 1200ms}, {request: b}]}]\n");
    has(script, "{ weight: 3, steps: [[0, 1.2], [1, null]] }");
    has(script, "choose(SEQUENCES)");
    has(script, "iterationInTest * 2 + i");
    free(script);
}

static void test_refused(void **state)
{
    (void)state;
    struct load_scenario s = {0};
    struct strbuf out = {0};
    struct sd_error err = {""};
    scenario(&s, "target: http://127.0.0.1:8080\nkind: search\nsearch: {from: 50, to: 2000, step: 5s}\n"
                 "thresholds: ['p99 < 1s']\n" ONE);
    assert_false(load_export_k6(&s, &out, &err));
    assert_non_null(strstr(err.text, "search"));
    assert_false(load_export_operator(&s, 2, &out, &err));
    assert_int_equal(out.len, 0);
    load_scenario_free(&s);
    strbuf_free(&out);
}

/* ---- the operator ---- */

static void test_operator(void **state)
{
    (void)state;
    struct load_scenario s = {0};
    struct strbuf out = {0}, script = {0}, inner = {0};
    struct sd_error err = {""};
    scenario(&s, "target: http://127.0.0.1:8080\nstages: [{for: 1s, rate: 1}]\n" ONE);
    assert_true(load_export_operator(&s, 7, &out, &err));
    assert_true(load_export_k6(&s, &script, &err));
    static const char HEAD[] = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: load-shop-peak\ndata:\n"
                               "  load-shop-peak.js: |\n";
    static const char TAIL[] =
        "---\napiVersion: k6.io/v1alpha1\nkind: TestRun\nmetadata:\n  name: load-shop-peak\nspec:\n"
        "  parallelism: 7\n  script:\n    configMap:\n      name: load-shop-peak\n"
        "      file: load-shop-peak.js\n";
    assert_int_equal(strncmp(out.text, HEAD, strlen(HEAD)), 0);
    const char *tail = strstr(out.text, "\n---\n") + 1;
    assert_string_equal(tail, TAIL);
    /* Between them stands the script, four spaces in. */
    for (const char *line = out.text + strlen(HEAD); line < tail; line = strchr(line, '\n') + 1) {
        if (*line == '\n') {
            strbuf_char(&inner, '\n');
            continue;
        }
        assert_int_equal(strncmp(line, "    ", 4), 0);
        strbuf_add(&inner, line + 4, strcspn(line + 4, "\n") + 1);
    }
    assert_string_equal(strbuf_text(&inner), strbuf_text(&script));
    load_scenario_free(&s);
    strbuf_free(&out);
    strbuf_free(&script);
    strbuf_free(&inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_names_of_thresholds),
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_operator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
