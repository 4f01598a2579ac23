/* The gate between runs before and after: what it has to find, and how seldom it may cry. Samples are drawn
 * with a seed that is fixed, so that the counts are the same each time. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/goals/run_gate.h"
#include "core/goals/two_samples.h"

enum { TRIALS = 400, RUNS = 20, METRICS = 5 };

static uint64_t seed;
static double uniform(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform() + 1e-18)) * cos(6.283185307179586 * uniform());
}

enum noise { NORMAL, SKEWED, FAR_OFF, SLOW_MACHINE, NOISES };
static const char *const NAMES[] = {"normal", "skewed", "one in twelve far off", "one in four 18 % slower"};

/* fcp lcp tbt cls si, as on a slow phone. */
static const double USUAL[METRICS] = {1800, 2500, 300, 0.01, 3200};
static const double SPREAD[METRICS] = {200, 450, 80, 0.002, 400};

static void draw(enum noise noise, double lcp_more, double out[METRICS])
{
    double slow = noise == SLOW_MACHINE && uniform() < 0.25 ? 1.18 : 1;
    double off = noise == FAR_OFF && uniform() < 1 / 12.0 ? 3 : 1;
    double part = noise == SLOW_MACHINE || noise == FAR_OFF ? 0.5 : 1;
    for (int i = 0; i < METRICS; i++) {
        double share = SPREAD[i] * part / USUAL[i], s = sqrt(log(1 + share * share));
        double v = noise == SKEWED ? USUAL[i] * exp(s * normal() - s * s / 2)
                                   : USUAL[i] + SPREAD[i] * part * normal();
        out[i] = fmax(0, (v + (i == 1 ? lcp_more : 0)) * slow * off);
    }
}

static const struct sd_texts IDS = {.n = METRICS,
                                    .items = (const char *const[]){"fcp", "lcp", "tbt", "cls", "si"}};

struct side {
    double values[RUNS][METRICS];
    struct sd_reals lists[RUNS];
    struct sd_page_report reports[RUNS];
    const struct sd_page_report *runs[RUNS];
};

static void fill(struct side *s, enum noise noise, double lcp_more)
{
    for (int i = 0; i < RUNS; i++) {
        draw(noise, lcp_more, s->values[i]);
        s->lists[i] = (struct sd_reals){.n = METRICS, .items = s->values[i]};
        s->reports[i] = (struct sd_page_report){.url = "https://shop.example/",
                                                .form_factor = "mobile",
                                                .metrics = &IDS,
                                                .metric_values = &s->lists[i]};
        s->runs[i] = &s->reports[i];
    }
}

static enum gate_status judge(const struct side *a, const struct side *b, size_t n, const char *metric)
{
    struct run_gate g;
    struct sd_error err;
    if (!run_gate(&g, a->runs, n, b->runs, n, GATE_MAX_DROP, &err))
        fail_msg("%s", err.text);
    enum gate_status status = g.status;
    for (size_t i = 0; i < g.n_metrics; i++) {
        const struct gate_metric *m = &g.metrics[i];
        assert_true(m->low <= m->difference && m->difference <= m->high);
        if (metric && str_eq(m->metric, metric))
            status = m->status;
    }
    run_gate_free(&g);
    return status;
}

static void test_rates(void **state)
{
    static struct side a, b;
    (void)state;
    for (int noise = 0; noise < NOISES; noise++) {
        int passed = 0, caught = 0;
        seed = 88172645463325252u;
        for (int i = 0; i < TRIALS; i++) {
            fill(&a, (enum noise)noise, 0);
            fill(&b, (enum noise)noise, 0);
            passed += judge(&a, &b, RUNS, NULL) == GATE_PASS;
            fill(&b, (enum noise)noise, 500);
            caught += judge(&a, &b, RUNS, "lcp") == GATE_REGRESSION;
        }
        print_message("%s: %d of %d the same, %d caught\n", NAMES[noise], passed, TRIALS, caught);
        if (passed * 100 < TRIALS * 95 || caught * 100 < TRIALS * 90)
            fail_msg("%s: %d of %d pass, %d are caught", NAMES[noise], passed, TRIALS, caught);
    }
}

static void test_cls(void **state)
{
    static struct side a, b;
    (void)state;
    seed = 7;
    fill(&a, NORMAL, 0);
    fill(&b, NORMAL, 0);
    for (int i = 0; i < RUNS; i++) {
        a.values[i][3] = 0.01;
        b.values[i][3] = 0.3;
    }
    assert_int_equal(judge(&a, &b, RUNS, "cls"), GATE_REGRESSION);
    assert_int_equal(judge(&a, &b, GATE_RUNS_NEEDED, "cls"), GATE_REGRESSION);
    assert_int_equal(judge(&b, &a, RUNS, "cls"), GATE_PASS); /* better */
    assert_int_equal(judge(&a, &a, RUNS, NULL), GATE_PASS);
    assert_int_equal(judge(&a, &b, GATE_RUNS_NEEDED - 1, NULL), GATE_UNDECIDED);
}

/* A sure difference that nobody would feel. */
static void test_small(void **state)
{
    static struct side a, b;
    (void)state;
    seed = 7;
    fill(&a, NORMAL, 0);
    b = a;
    fill(&b, NORMAL, 0);
    for (int i = 0; i < RUNS; i++)
        for (int k = 0; k < METRICS; k++) {
            a.values[i][k] = USUAL[k] + i * 0.0001;
            b.values[i][k] = a.values[i][k] * 1.01;
        }
    assert_int_equal(judge(&a, &b, RUNS, NULL), GATE_PASS);
}

static void test_samples(void **state)
{
    static const double A[] = {1, 2, 3, 4, 5}, B[] = {11, 12, 13, 14, 15}, ONE[] = {3};
    struct two_samples s = two_samples(A, 5, B, 5, 0.95);
    (void)state;
    assert_true(s.before == 3 && s.after == 13 && s.difference == 10);
    /* Of the 25 differences the third from each end: the table of Mann and Whitney for 5 and 5. */
    assert_true(s.low == 7 && s.high == 13 && s.confidence == 0.95);
    /* One arrangement of 20 has the three smallest in one sample, one the three largest. */
    assert_true(fabs(two_samples(A, 3, B, 3, 0.95).confidence - 0.9) < 1e-9);
    s = two_samples(ONE, 1, ONE, 1, 0.95);
    assert_true(s.difference == 0 && s.low == 0 && s.high == 0 && s.confidence < 1e-9);
    assert_true(isnan(sample_median(NULL, 0)));
}

/* ---- which pages, and categories ---- */

static const struct sd_texts CATEGORIES = {.n = 2, .items = (const char *const[]){"performance", "seo"}};

static struct sd_page_report report(const char *url, const char *form_factor, const struct sd_reals *scores)
{
    return (struct sd_page_report){
        .url = url, .form_factor = form_factor, .categories = &CATEGORIES, .category_scores = scores};
}

static void test_categories(void **state)
{
    const struct sd_page_report before = report("https://a.example/x", "mobile", SD_REALS(0.95, 0.9));
    const struct sd_page_report after = report("https://b.example/x", "mobile", SD_REALS(0.90, 0.84));
    const struct sd_page_report *one = &before, *other = &after;
    struct run_gate g;
    struct sd_error err;
    (void)state;
    assert_true(run_gate(&g, &one, 1, &other, 1, GATE_MAX_DROP, &err));
    assert_int_equal(g.n_categories, 2);
    assert_true(g.categories[0].drop == 5 && g.categories[0].status == GATE_PASS);
    assert_true(g.categories[1].drop == 6 && g.categories[1].status == GATE_REGRESSION);
    assert_true(g.dropped);
    run_gate_free(&g);
    assert_true(run_gate(&g, &one, 1, &other, 1, 6, &err));
    assert_false(g.dropped);
    run_gate_free(&g);
}

static void test_pages(void **state)
{
    const struct sd_page_report mobile = report("https://a.example/x", "mobile", SD_REALS(1, 1));
    const struct sd_page_report desktop = report("https://a.example/x", "desktop", SD_REALS(1, 1));
    struct sd_page_report broken = mobile;
    const struct sd_page_report *one = &mobile, *other = &desktop, *none = &broken;
    struct run_gate g;
    struct sd_error err;
    (void)state;
    broken.runtime_error = "NO_FCP";
    assert_false(run_gate(&g, &one, 1, &other, 1, GATE_MAX_DROP, &err));
    assert_non_null(strstr(err.text, "different pages"));
    run_gate_free(&g);
    assert_true(run_gate(&g, &one, 1, &none, 1, GATE_MAX_DROP, &err));
    assert_int_equal(g.status, GATE_UNDECIDED);
    assert_int_equal(g.runs_new, 0);
    run_gate_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),   cmocka_unit_test(test_cls),   cmocka_unit_test(test_small),
        cmocka_unit_test(test_samples), cmocka_unit_test(test_pages), cmocka_unit_test(test_categories),
    };
    return cmocka_run_group_tests_name("run_gate", tests, NULL, NULL);
}
