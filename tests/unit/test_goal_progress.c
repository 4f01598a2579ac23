/* Targets by month: calendar months, the value of each kind of figure, and what was reached. */
#include "tests/lib/test.h"

#include <math.h>

#include "core/insight/goal_progress.h"
#include "core/schema.h"
#include "tests/lib/shop.h"

#define NOVEMBER ((sd_time)1793491200 * SD_S) /* 2026-11-01T00:00:00Z */
#define DAY      (86400 * SD_S)

static const struct model_limits ALL = {
    .retention_ns = 0, .resolution_ns = SD_S, .max_bytes = (size_t)64 << 20};

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
    static const struct goal_policy P = {.kpis = KPIS, .n_kpis = ARRAY_LEN(KPIS)};
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
        {"api", 200e6, 100e6, 130e6, 10, PROGRESS_UNKNOWN, NAN},
        {"api", 200e6, 100e6, 130e6, 12, PROGRESS_UNKNOWN, NAN},
        {"cpu", 0.9, 0.5, 0.6, 11, PROGRESS_ON_TRACK, 0.75},
        {"bundle", 200, 100, 150, 11, PROGRESS_UNKNOWN, NAN},
        {"none", 200, 100, 150, 11, PROGRESS_UNKNOWN, NAN},
        {"rate", 0, 1, 0.0005, 11, PROGRESS_ON_TRACK, 1000.0 / (10 * 86400)},
    };
    struct model *m = model_new(&ALL);
    for (int i = 0; i < 10; i++) {
        shop_requests(m, NOVEMBER + i * DAY, "GET", "/", 100, 0, 120 * SD_MS);
        shop_add(m, "host", NOVEMBER + i * DAY + SD_S, SD_METRIC,
                 &(struct sd_metric){.name = "host.cpu", .labels = "host=a", .value = i % 2 ? 0.7 : 0.5});
    }
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct goal_month month = {.year = 2026, .month = CASES[i].month, .plan = CASES[i].plan};
        struct goal_target t = {
            .kpi = CASES[i].kpi, .baseline = CASES[i].baseline, .target = CASES[i].target};
        struct goal_progress g;
        goal_progress(m, &P, &t, &month, NOVEMBER + 10 * DAY, &g);
        if (g.status != CASES[i].status)
            fail_msg("case %zu: %s", i, progress_status_name(g.status));
        assert_true(isnan(g.value) == (g.status == PROGRESS_UNKNOWN));
        if (isfinite(CASES[i].share) && !(fabs(g.progress_share - CASES[i].share) < 0.02))
            fail_msg("case %zu: %g, not %g", i, g.progress_share, CASES[i].share);
    }
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(months_are_of_the_calendar),
        cmocka_unit_test(a_month_is_met_on_track_or_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
