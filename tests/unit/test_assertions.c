/* Assertions about reports of Lighthouse beside LHCI's own answers: small cases here, and with the corpora
 * all of
 * @lhci/utils's cases and its answers for whole reports. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "core/goals/assertion.h"
#include "format/goals/budget_file.h"
#include "format/pages/lighthouse_report.h"

/* ---- reports ---- */

enum { REPORTS_MAX = 16 };
struct reports {
    struct arena *arena;
    struct sd_page_report items[REPORTS_MAX];
    const struct sd_page_report *list[REPORTS_MAX];
    size_t n;
};

static void add_report(struct reports *r, const char *text, size_t len)
{
    struct sd_error err;
    assert_true(r->n < REPORTS_MAX);
    if (!lighthouse_report_read(text, len, r->arena, &r->items[r->n], &err))
        fail_msg("the report %s", err.text);
    r->list[r->n] = &r->items[r->n];
    r->n++;
}

/* A report of a case is only what the case needs: the rest that makes it a report is added. */
static void add_case_report(struct reports *r, const cJSON *lhr)
{
    cJSON *whole = cJSON_Duplicate(lhr, true);
    if (!cJSON_HasObjectItem(whole, "lighthouseVersion"))
        cJSON_AddStringToObject(whole, "lighthouseVersion", "12.0.0");
    if (!cJSON_HasObjectItem(whole, "categories"))
        cJSON_AddObjectToObject(whole, "categories");
    char *text = cJSON_PrintUnformatted(whole);
    add_report(r, text, strlen(text));
    cJSON_free(text);
    cJSON_Delete(whole);
}

/* ---- the checks beside what LHCI says ---- */

/* "audit assertion expected actual level url" of what did not pass. */
static void put_line(struct strbuf *b, const char *audit, const char *assertion, double expected,
                     double actual, const char *level, const char *url)
{
    strbuf_printf(b, "%s %s %.9g ", audit, assertion, expected);
    if (isfinite(actual))
        strbuf_printf(b, "%.9g", actual);
    else
        strbuf_str(b, "null");
    strbuf_printf(b, " %s %s\n", level, url);
}

static char *ours(const char *config, const struct reports *r, bool passed)
{
    struct budget_file f;
    struct check_list l;
    struct sd_error err = {""};
    struct strbuf b = {0};
    check_list_init(&l);
    if (!budget_file_read(&f, "lighthouserc.json", config, strlen(config), &err) ||
        !assertions_check(&f.assertions, r->list, r->n, &l, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < l.n; i++) {
        const struct check *c = &l.items[i];
        if (passed || c->status != CHECK_PASS)
            put_line(&b, c->audit, c->assertion, c->expected, c->actual, c->level, c->url);
    }
    check_list_free(&l);
    budget_file_free(&f);
    return strbuf_detach(&b);
}

static const char *text_of(const cJSON *o, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
    return s ? s : "";
}

static char *theirs(const cJSON *results)
{
    struct strbuf b = {0};
    const cJSON *r;
    cJSON_ArrayForEach(r, results)
    {
        const cJSON *actual = cJSON_GetObjectItemCaseSensitive(r, "actual");
        const cJSON *expected = cJSON_GetObjectItemCaseSensitive(r, "expected");
        struct strbuf audit = {0};
        strbuf_str(&audit, text_of(r, "auditId"));
        if (*text_of(r, "auditProperty"))
            strbuf_printf(&audit, ".%s", text_of(r, "auditProperty"));
        put_line(&b, audit.text, text_of(r, "name"), expected->valuedouble,
                 cJSON_IsNumber(actual) ? actual->valuedouble : (double)NAN, text_of(r, "level"),
                 text_of(r, "url"));
        strbuf_free(&audit);
    }
    return strbuf_detach(&b);
}

static void compare(const char *what, const cJSON *options, const struct reports *r, const cJSON *results)
{
    cJSON *rc = cJSON_CreateObject();
    cJSON *ci = cJSON_AddObjectToObject(rc, "ci");
    cJSON_AddItemToObject(ci, "assert", cJSON_Duplicate(options, true));
    char *config = cJSON_PrintUnformatted(rc);
    char *got = ours(config, r, cJSON_IsTrue(cJSON_GetObjectItem(options, "includePassedAssertions")));
    char *expected = theirs(results);
    if (!str_eq(got, expected))
        fail_msg("%s: %s\n  got\n%s\n  LHCI\n%s", what, config, got, expected);
    free(got);
    free(expected);
    cJSON_free(config);
    cJSON_Delete(rc);
}

static cJSON *read_json(const char *path)
{
    char *text;
    size_t len;
    struct sd_error err;
    if (!file_read(path, LIGHTHOUSE_REPORT_MAX, &text, &len, &err))
        fail_msg("%s", err.text);
    cJSON *j = cJSON_ParseWithLength(text, len);
    assert_non_null(j);
    free(text);
    return j;
}

/* An array of {test, input: [options, reports], output: results}. */
static void run_cases(const char *path)
{
    cJSON *cases = read_json(path);
    const cJSON *c, *lhr;
    cJSON_ArrayForEach(c, cases)
    {
        struct reports r = {.arena = arena_new()};
        const cJSON *input = cJSON_GetObjectItem(c, "input");
        const cJSON *options = cJSON_GetArrayItem(input, 0);
        /* A budget that Lighthouse itself had checked, up to version 11, is not read. */
        bool old = cJSON_HasObjectItem(cJSON_GetObjectItem(options, "assertions"), "performance-budget");
        cJSON_ArrayForEach(lhr, cJSON_GetArrayItem(input, 1)) add_case_report(&r, lhr);
        if (!old)
            compare(text_of(c, "test"), options, &r, cJSON_GetObjectItem(c, "output"));
        arena_free(r.arena);
    }
    cJSON_Delete(cases);
}

static void test_cases(void **state)
{
    (void)state;
    run_cases(test_file("data/lhci/cases.json"));
}

static void test_lhci_cases(void **state)
{
    const char *path = test_corpus("lighthouse/lhci_cases/getAllAssertionResults.cases.json");
    (void)state;
    if (!path)
        skip();
    run_cases(path);
}

static void test_whole_reports(void **state)
{
    static const char *const PAIRS[][2] = {{"lh-12-0-0-coursehero-a", "lh-12-0-0-coursehero-b"},
                                           {"lh-5-6-0-verge-a", "lh-5-6-0-verge-b"},
                                           {"lh-subitems-a", "lh-subitems-b"}};
    static const char *const KINDS[] = {"budget", "recommended"};
    char path[200];
    (void)state;
    if (!test_corpus("lighthouse/lhr"))
        skip();
    for (size_t p = 0; p < ARRAY_LEN(PAIRS); p++) {
        struct reports r = {.arena = arena_new()};
        char *texts[2];
        for (size_t i = 0; i < 2; i++) {
            size_t len;
            struct sd_error err;
            snprintf(path, sizeof path, "lighthouse/lhr/%s.json", PAIRS[p][i]);
            assert_true(file_read(test_corpus(path), LIGHTHOUSE_REPORT_MAX, &texts[i], &len, &err));
            add_report(&r, texts[i], len);
        }
        for (size_t k = 0; k < ARRAY_LEN(KINDS); k++) {
            snprintf(path, sizeof path, "lighthouse/lhr/%s--%s.lhci-assert-%s.json", PAIRS[p][0], PAIRS[p][1],
                     KINDS[k]);
            cJSON *answer = read_json(test_corpus(path));
            compare(path, cJSON_GetObjectItem(answer, "options"), &r, cJSON_GetObjectItem(answer, "results"));
            cJSON_Delete(answer);
        }
        free(texts[0]);
        free(texts[1]);
        arena_free(r.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_lhci_cases),
                                       cmocka_unit_test(test_whole_reports)};
    return cmocka_run_group_tests_name("assertions", tests, NULL, NULL);
}
