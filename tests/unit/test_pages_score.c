/* Scores of Lighthouse recomputed, and runs of a page put together. The table is of real reports of these
 * versions; with the corpora every report there agrees with what it says of itself. */
#include "tests/lib/test.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/pages/runs.h"
#include "core/pages/score.h"
#include "format/pages/lighthouse_report.h"

static const struct {
    int version;
    bool desktop;
    const char *metric;
    double value, score;
} SCORES[] = {
    /* reports of 12.8.2 */
    {12, false, "fcp", 1697.1873, 0.92},
    {12, false, "lcp", 4653.1873, 0.34},
    {12, false, "si", 2508.277319999708, 0.98},
    {12, false, "tti", 4653.1873, 0.81},
    {12, false, "tbt", 0, 1},
    {12, false, "cls", 0, 1},
    /* of 5.6.0 and 5.0.0 */
    {5, false, "fcp", 3313.7980000000002, 0.67},
    {5, false, "fmp", 3564.2200000000003, 0.61},
    {5, false, "fci", 21540.228962493893, 0.01},
    {5, false, "si", 4417, 0.74},
    {5, false, "tti", 4927.278, 0.78},
    /* at the control points: floored from 9 on, rounded before */
    {13, false, "lcp", 2500, 0.9},
    {13, false, "lcp", 2500.001, 0.89},
    {13, false, "lcp", 4000, 0.5},
    {13, false, "lcp", 4000.001, 0.49},
    {8, false, "lcp", 2500.001, 0.9},
    {8, false, "lcp", 4000.001, 0.5},
    {7, false, "fcp", 2336, 0.9},
    {8, false, "fcp", 1800, 0.9},
    {7, false, "tbt", 287, 0.9},
    {8, false, "tbt", 200, 0.9},
    {7, true, "fcp", 934, 0.9},
    {13, true, "lcp", 2400, 0.5},
    {13, true, "si", 1311, 0.9},
    {13, true, "tti", 4500, 0.5},
    {13, true, "tbt", 350, 0.5},
    {13, true, "cls", 0.25, 0.5},
    {13, false, "inp", 500, 0.5},
    /* a version that is not said is taken for a new one */
    {0, false, "lcp", 4000.001, 0.49},
    {13, false, "lcp", -1, 1},
    {13, false, "lcp", 1e300, 0},
    {13, false, "lcp", NAN, NAN},
    {13, false, "fmp", 1000, NAN},
    {13, false, "new-metric", 1000, NAN},
};

static void same(double a, double b)
{
    if (isnan(a) ? !isnan(b) : a != b)
        fail_msg("%.17g is not %.17g", a, b);
}

static void scores_of_all_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SCORES); i++)
        same(page_metric_score(SCORES[i].metric, SCORES[i].value, SCORES[i].version, SCORES[i].desktop),
             SCORES[i].score);
    same(page_score_round(0.825), 0.83);
    same(page_score_round(0.285), 0.28); /* as Math.round: 28.499999999999996 */
}

/* ---- reports ---- */

static bool read_file(const char *path, struct arena *a, struct sd_page_report *r, struct sd_error *err)
{
    char *bytes;
    size_t len;
    if (!file_read(path, LIGHTHOUSE_REPORT_MAX, &bytes, &len, err))
        fail_msg("%s: %s", path, err->text);
    assert_true(lighthouse_report_sure(bytes, MIN(len, (size_t)4096)) > 50);
    bool read = lighthouse_report_read(bytes, len, a, r, err);
    free(bytes);
    r->path = arena_strdup(a, path);
    return read;
}

static void a_report_is_read(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct sd_page_report r;
    struct sd_error err;
    assert_true(read_file(test_file("data/lighthouse/runs/lhr-1.json"), a, &r, &err));
    assert_string_equal(r.url, "https://shop.example/products/42");
    assert_string_equal(r.form_factor, "mobile");
    assert_string_equal(r.lighthouse_version, "12.8.2");
    assert_int_equal(r.fetch_time, INT64_C(1795190236702) * SD_MS);
    assert_null(r.runtime_error);
    assert_int_equal(r.metrics->n, 5);
    assert_string_equal(r.lcp_element, "main > img.hero");
    assert_int_equal(r.lcp_phases->n, 4);
    assert_int_equal(r.lcp_phase_ns->items[2], 1500250000);
    assert_string_equal(r.cls_elements->items[0], "aside > div.ad"); /* the largest first */
    assert_string_equal(r.opportunities->items[0], "largest-contentful-paint-element");
    assert_int_equal(r.opportunity_ns->items[0], 2153187300);
    assert_string_equal(r.opportunities->items[1], "render-blocking-resources");
    /* the same time: more bytes first; what does not apply is none */
    assert_string_equal(r.opportunities->items[2], "unused-javascript");
    assert_string_equal(r.opportunities->items[3], "uses-text-compression");
    assert_int_equal(r.opportunity_ns->items[3], 450 * SD_MS);
    assert_string_equal(r.third_parties->items[0], "YouTube");
    assert_int_equal(r.third_party_blocking_ns->items[0], 310250000);
    assert_int_equal(r.requests->n, 6);
    assert_int_equal(r.request_blocking->items[1], 1);
    assert_int_equal(r.request_ns->items[1], 330 * SD_MS);
    assert_int_equal(r.resource_bytes->items[0], 1885545);
    same(page_report_category(&r, "seo"), 1);
    arena_free(a);
}

static void no_paint_is_no_result(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct sd_page_report r;
    struct sd_error err;
    assert_true(read_file(test_file("data/lighthouse/blank.json"), a, &r, &err));
    assert_string_equal(r.runtime_error, "NO_FCP");
    assert_int_equal(r.metrics->n, 5);
    same(page_report_score(&r), NAN);
    same(page_report_metric_score(&r, 0), NAN);
    same(r.score_reported, NAN);
    arena_free(a);
}

/* Text that is no report, or a broken one: a sentence; a report with parts missing: what is there. */
static void hostile_reports(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says; /* NULL: it is read */
    } cases[] = {
        {"", "cannot be read"},
        {"[]", "no report"},
        {"{}", "no report"},
        {"{\"lighthouseVersion\":\"12.0.0\"}", "no report"},
        {"{\"lighthouseVersion\":\"12.0.0\",\"audits\":[]}", "no object"},
        {"{\"lighthouseVersion\":\"12.0.0\",\"audits\":{\"a\":", "cut off"},
        {"{\"lighthouseVersion\":\"2.9.1\",\"audits\":{}}", "2.9.1"},
        {"{\"lighthouseVersion\":\"12.0.0\",\"audits\":{}}", NULL},
        {"{\"lighthouseVersion\":\"x\",\"audits\":{\"a\":7,\"b\":null,\"c\":{\"details\":{\"items\":{}}}}}",
         NULL},
        {"\xef\xbb\xbf{\"lighthouseVersion\":\"12\",\"audits\":{}}", NULL},
        {"{\"lighthouseResult\":{\"lighthouseVersion\":\"12\",\"audits\":{}}}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena *a = arena_new();
        struct sd_page_report r;
        struct sd_error err;
        bool read = lighthouse_report_read(cases[i].text, strlen(cases[i].text), a, &r, &err);
        if (read != !cases[i].says)
            fail_msg("%s", cases[i].text);
        if (!read && !strstr(err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].text, err.text);
        if (read)
            same(page_report_score(&r), NAN);
        arena_free(a);
    }
}

static void a_million_levels(void **state)
{
    (void)state;
    static const char head[] = "{\"lighthouseVersion\":\"12\",\"audits\":{\"layout-shifts\":{\"details\":";
    enum { DEEP = 1000000 };
    char *text = mem_alloc(sizeof head + DEEP + 1);
    memcpy(text, head, sizeof head - 1);
    memset(text + sizeof head - 1, '[', DEEP);
    struct arena *a = arena_new();
    struct sd_page_report r;
    struct sd_error err;
    assert_false(lighthouse_report_read(text, strlen(text), a, &r, &err));
    assert_non_null(strstr(err.text, "nested deeper"));
    arena_free(a);
    free(text);
}

/* The last of two audits of a name counts, numbers out of range are unknown, texts are kept as they are. */
static void odd_values(void **state)
{
    (void)state;
    static const char text[] =
        "{\"lighthouseVersion\":\"12\",\"fetchTime\":\"soon\",\"runtimeError\":{\"code\":\"NO_ERROR\","
        "\"message\":\"\"},"
        "\"audits\":{\"speed-index\":{\"numericValue\":1},\"speed-index\":{\"numericValue\":5800},"
        "\"third-party-summary\":{\"details\":{\"items\":[{\"entity\":{\"text\":\"a\\u0001\\\"b\"},"
        "\"transferSize\":-5,\"mainThreadTime\":1e300},{\"entity\":\"c\",\"transferSize\":9007199254740994}]}"
        "}},"
        "\"categories\":{\"performance\":{\"score\":0.5,\"auditRefs\":[{\"id\":\"speed-index\",\"weight\":10}"
        "]}}}";
    struct arena *a = arena_new();
    struct sd_page_report r;
    struct sd_error err;
    assert_true(lighthouse_report_read(text, strlen(text), a, &r, &err));
    assert_null(r.runtime_error);
    assert_int_equal(r.fetch_time, SD_UNKNOWN);
    same(page_report_score(&r), 0.5);
    assert_int_equal(r.audits->n, 2);
    assert_string_equal(r.third_parties->items[0], "a\x01\"b");
    assert_int_equal(r.third_party_bytes->items[0], SD_UNKNOWN);
    assert_int_equal(r.third_party_main_ns->items[0], INT64_MAX);
    assert_int_equal(r.third_party_bytes->items[1], SD_UNKNOWN);
    arena_free(a);
}

/* ---- runs ---- */

static void runs_of_a_page(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct sd_page_report r[5];
    const struct sd_page_report *list[5];
    struct sd_error err;
    size_t n;
    for (int i = 0; i < 5; i++) {
        char name[64];
        snprintf(name, sizeof name, "data/lighthouse/runs/lhr-%d.json", i + 1);
        assert_true(read_file(test_file(i < 4 ? name : "data/lighthouse/blank.json"), a, &r[i], &err));
        list[i] = &r[i];
    }
    struct page_runs *g = page_runs_of(list, 5, &n);
    assert_int_equal(n, 2);
    assert_int_equal(g[0].runs, 3);
    assert_int_equal(g[0].no_result, 1);
    assert_string_equal(g[0].cause, "NO_FCP");
    same(g[0].score, page_report_score(&r[1]));
    const struct page_spread *lcp = page_runs_metric(&g[0], "lcp");
    same(lcp->median, 4653.1873);
    same(lcp->low, 4500);
    same(lcp->high, 4820.25);
    assert_ptr_equal(g[0].shown, &r[1]); /* both its paints are the medians */
    assert_int_equal(g[1].runs, 0);
    assert_int_equal(g[1].no_result, 1);
    same(g[1].score, NAN);
    assert_ptr_equal(g[1].shown, &r[4]);
    free(g);
    double even[] = {4, 1, 3, 2};
    same(page_median(even, 4), 2.5);
    arena_free(a);
}

/* ---- the corpora ---- */

static void check_corpus(const char *path)
{
    struct arena *a = arena_new();
    struct sd_page_report r;
    struct sd_error err;
    if (!read_file(path, a, &r, &err))
        fail_msg("%s: %s", path, err.text);
    for (size_t i = 0; i < r.metrics->n; i++) {
        double own = page_report_metric_score(&r, i), said = r.metric_scores->items[i];
        if (own != said && !(isnan(own) && isnan(said)))
            fail_msg("%s: %s of %.17g is %.17g, reported %.17g", path, r.metrics->items[i],
                     r.metric_values->items[i], own, said);
    }
    double own = page_report_score(&r);
    if (own != r.score_reported && !(isnan(own) && isnan(r.score_reported)))
        fail_msg("%s: %.17g, reported %.17g", path, own, r.score_reported);
    arena_free(a);
}

static void the_corpora_agree(void **state)
{
    (void)state;
    const char *folder = test_corpus("lighthouse/lhr");
    DIR *dir = folder ? opendir(folder) : NULL;
    if (!dir)
        skip();
    char *kept = mem_strdup(folder);
    size_t n = 0;
    for (const struct dirent *e; (e = readdir(dir));)
        if (strstr(e->d_name, ".json") && !strstr(e->d_name, ".summary.") && !strstr(e->d_name, ".lhci-")) {
            char *path = mem_printf("%s/%s", kept, e->d_name);
            check_corpus(path);
            free(path);
            n++;
        }
    closedir(dir);
    free(kept);
    assert_true(n > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_of_all_versions), cmocka_unit_test(a_report_is_read),
        cmocka_unit_test(no_paint_is_no_result),  cmocka_unit_test(hostile_reports),
        cmocka_unit_test(a_million_levels),       cmocka_unit_test(odd_values),
        cmocka_unit_test(runs_of_a_page),         cmocka_unit_test(the_corpora_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
