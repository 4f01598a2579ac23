/* Targets by month: calendar months, the value of each kind of figure, and what was reached. */
#include "tests/lib/test.h"

#include <math.h>

#include "core/insight/goal_progress.h"
#include "core/schema.h"

#define NOVEMBER ((sd_time)1793491200 * SD_S) /* 2026-11-01T00:00:00Z */
#define DAY      (86400 * SD_S)

static void take(struct signals *s, sd_time at, enum sd_kind kind, const void *r)
{
    struct sd_batch *b = batch_new("made", at);
    assert_true(batch_add(b, kind, r));
    signals_take(s, b);
    batch_unref(b);
}

/* In the second before `end`. */
static void requests(struct signals *s, sd_time end, int64_t n, int64_t ns)
{
    struct sd_bucket one = {sd_hist_index(ns), (uint32_t)n};
    struct sd_hist h = {.n = 1, .buckets = &one};
    struct sd_http r;
    schema_clear(schema_of(SD_HTTP), &r);
    r.method = "GET";
    r.route = "/";
    r.interval_ns = SD_S;
    r.count = r.timed = n;
    r.errors = 0;
    r.latency = &h;
    take(s, end - SD_S, SD_HTTP, &r);
}

static void months_are_of_the_calendar(void **state)
{
    (void)state;
    static const struct {
        int year, month;
        int64_t from_day, days;
    } CASES[] = {{1970, 1, 0, 31},     {2026, 11, 20758, 30}, {2026, 12, 20788, 31},
                 {2027, 2, 20850, 28}, {2028, 2, 21215, 29},  {2100, 2, 47513, 28}};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct span s = progress_month(CASES[i].year, CASES[i].month);
        assert_int_equal(s.from, CASES[i].from_day * DAY);
        assert_int_equal(s.to - s.from, CASES[i].days * DAY);
    }
}

static void a_month_is_met_on_track_or_behind(void **state)
{
    (void)state;
    static const struct goal_kpi KPIS[] = {
        {.name = "api", .figure = {.signal = GOAL_HTTP_LATENCY, .quantile = 0.95}, .target = 100e6},
        {.name = "rate", .figure = {.signal = GOAL_HTTP_RATE}, .higher = true},
        {.name = "cpu", .figure = {.signal = GOAL_METRIC, .text = "metric:host.cpu", .metric = "host.cpu"}},
        {.name = "bundle", .figure = {.signal = GOAL_BUNDLE_JS}},
    };
    static const struct goal_target TARGETS[] = {
        {.kpi = "api"}, {.kpi = "rate"}, {.kpi = "cpu"}, {.kpi = "bundle"}};
    static const struct goal_policy P = {
        .kpis = KPIS, .n_kpis = ARRAY_LEN(KPIS), .targets = TARGETS, .n_targets = ARRAY_LEN(TARGETS)};
    static const struct {
        const char *kpi;
        double baseline, target, plan;
        int month;
        enum progress_status status;
        double share;
    } CASES[] = {
        {"api", 150e6, 130e6, 140e6, 11, PROGRESS_MET, 1.5},
        {"api", 200e6, 100e6, 130e6, 11, PROGRESS_ON_TRACK, 0.8},
        {"api", 200e6, 100e6, 110e6, 11, PROGRESS_BEHIND, 0.8},
        {"api", 200e6, 100e6, 130e6, 10, PROGRESS_BEHIND, -7},
        {"api", 200e6, 100e6, 130e6, 12, PROGRESS_UNKNOWN, NAN},
        {"cpu", 0.9, 0.5, 0.6, 11, PROGRESS_ON_TRACK, 0.75},
        {"bundle", 200, 100, 150, 11, PROGRESS_UNKNOWN, NAN},
        {"none", 200, 100, 150, 11, PROGRESS_UNKNOWN, NAN},
        {"rate", 0, 1, 0.0005, 11, PROGRESS_ON_TRACK, 1000.0 / (10 * 86400)},
    };
    struct signals *s = signals_new(&P, NULL);
    signals_set_live(s, true);                  /* a month without requests is no month with a rate of 0 */
    requests(s, NOVEMBER, 100000, 900 * SD_MS); /* of October, to the end of its last interval */
    for (int i = 0; i < 10; i++) {
        requests(s, NOVEMBER + i * DAY + SD_S, 100, 120 * SD_MS);
        const char *label = i == 5 ? "host=b" : "host=a"; /* of the worst machine */
        double cpu = i == 5 ? 0.6 : i % 2 ? 0.6 : 0.5;
        take(s, NOVEMBER + i * DAY + SD_S, SD_METRIC,
             &(struct sd_metric){.name = "host.cpu", .labels = label, .value = cpu});
    }
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct goal_month month = {.year = 2026, .month = CASES[i].month, .plan = CASES[i].plan};
        struct goal_target t = {
            .kpi = CASES[i].kpi, .baseline = CASES[i].baseline, .target = CASES[i].target};
        struct goal_progress g;
        goal_progress(s, &P, &t, &month, NOVEMBER + 10 * DAY, &g);
        if (g.status != CASES[i].status)
            fail_msg("case %zu: %s", i, progress_status_name(g.status));
        assert_true(isnan(g.value) == (g.status == PROGRESS_UNKNOWN));
        if (isfinite(CASES[i].share) && !(fabs(g.progress_share - CASES[i].share) < 0.02))
            fail_msg("case %zu: %g, not %g", i, g.progress_share, CASES[i].share);
    }
    signals_free(s);
}

/* Three months, an interval each minute, of which a window of 5 minutes is kept: memory stays small, and each
 * month is exact. */
static void months_before_are_kept_by_the_hour(void **state)
{
    (void)state;
    static const struct goal_kpi KPIS[] = {
        {.name = "api",
         .figure = {.signal = GOAL_HTTP_LATENCY, .quantile = 0.5, .window_ns = 300 * SD_S},
         .target = 100e6}};
    static const struct goal_target TARGETS[] = {{.kpi = "api", .baseline = 200e6, .target = 100e6}};
    static const struct goal_policy P = {.kpis = KPIS, .n_kpis = 1, .targets = TARGETS, .n_targets = 1};
    static const int64_t MS[] = {90, 150, 250};
    struct signals *s = signals_new(&P, NULL);
    sd_time end = progress_month(2027, 1).to;
    for (sd_time at = NOVEMBER + 60 * SD_S; at <= end; at += 60 * SD_S)
        requests(s, at, 1,
                 MS[(at - 1 >= progress_month(2026, 12).from) + (at - 1 >= progress_month(2027, 1).from)] *
                     SD_MS);
    assert_true(signals_bytes(s) < 1 << 20);
    for (int i = 0; i < 3; i++) {
        struct goal_month month = {.year = i == 2 ? 2027 : 2026, .month = i == 2 ? 1 : 11 + i, .plan = NAN};
        struct goal_progress g;
        goal_progress(s, &P, TARGETS, &month, end, &g);
        assert_int_equal(g.samples, (i ? 31 : 30) * 1440);
        assert_true(fabs(g.value / (double)(MS[i] * SD_MS) - 1) <= 1 / 128.);
    }
    signals_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(months_are_of_the_calendar),
        cmocka_unit_test(a_month_is_met_on_track_or_behind),
        cmocka_unit_test(months_before_are_kept_by_the_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
