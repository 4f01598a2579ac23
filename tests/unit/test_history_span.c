/* In which steps a span of a history is asked for. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "core/history/span.h"

#define MINUTE (60 * SD_S)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
/* 2026-11-20T15:51:38.123Z: on no edge of anything */
#define T0 ((sd_time)1795189898 * SD_S + 123 * SD_MS)

static bool has(const struct history_edges *e, sd_time at)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->at[i] == at)
            return true;
    return false;
}

static void assert_ascending(const struct history_edges *e)
{
    for (size_t i = 1; i < e->n; i++)
        assert_true(e->at[i] > e->at[i - 1]);
}

static void test_even(void **state)
{
    static const struct {
        int64_t length, step;
    } ROWS[] = {{5 * MINUTE, 10 * SD_S}, {40 * MINUTE, 10 * SD_S}, {40 * MINUTE + 1, 30 * SD_S},
                {6 * HOUR, 5 * MINUTE},  {DAY, 10 * MINUTE},       {3 * DAY, 30 * MINUTE},
                {30 * DAY, 3 * HOUR},    {90 * DAY, 12 * HOUR},    {400 * DAY, 2 * DAY},
                {3, 10 * SD_S}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        sd_time from = T0 - ROWS[i].length;
        struct history_edges e = history_edges_even(from, T0, T0, 240);
        assert_int_equal(history_step_for(ROWS[i].length, 240), ROWS[i].step);
        assert_true(e.n >= 2 && e.n <= 400);
        assert_ascending(&e);
        assert_int_equal(e.at[0], from);
        assert_int_equal(e.at[e.n - 1], T0);
        if (ROWS[i].length <= DAY) /* a drawing is full */
            assert_true(e.n < 3 || e.at[e.n - 1] - e.at[e.n - 2] == ROWS[i].step);
        else
            assert_true(has(&e, (T0 - 2 * HOUR) / HOUR * HOUR));
        if (ROWS[i].length > 30 * DAY)
            assert_true(has(&e, (T0 - 30 * DAY) / DAY / 2 * DAY * 2));
        free(e.at);
    }
    /* Three days of a month ago have few rows; ten of them are added up by days. */
    sd_time ago = T0 - 30 * DAY;
    struct history_edges old = history_edges_even(ago - 2 * DAY, ago, T0, 240);
    assert_int_equal(old.at[old.n - 1] - old.at[old.n - 2], 30 * MINUTE);
    free(old.at);
    old = history_edges_even(ago - 10 * DAY, ago, T0, 240);
    assert_int_equal(old.n, 12);
    assert_int_equal(old.at[5] % DAY, 0);
    free(old.at);
    struct history_edges none = history_edges_even(T0, T0, T0, 240);
    assert_int_equal(none.n, 0);
    free(none.at);
    none = history_edges_of(INT64_MIN + 1, INT64_MAX, 10 * SD_S); /* hostile: the last there is room for */
    assert_true(none.n <= HISTORY_EDGES_MAX && none.at[none.n - 1] == INT64_MAX);
    free(none.at);
}

/* The windows of an objective of 30 days, of 28 days, and any other that is named. */
static void test_goals(void **state)
{
    static const int64_t KNOWN[] = {5 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR};
    static const int64_t NAMED[] = {6 * HOUR,   DAY,           3 * DAY,        56 * MINUTE,
                                    280 * SD_S, 1344 * MINUTE, 7 * MINUTE + 1, 28 * DAY};
    (void)state;
    struct history_edges e = history_edges_goals(T0 - 30 * DAY, T0, T0);
    assert_ascending(&e);
    assert_int_equal(e.at[0], T0 - 30 * DAY);
    for (size_t i = 0; i < ARRAY_LEN(KNOWN); i++)
        assert_true(has(&e, T0 - KNOWN[i]));
    size_t before = e.n;
    assert_true(before < 600);
    history_edges_windows(&e, T0, NAMED, ARRAY_LEN(NAMED));
    assert_ascending(&e);
    for (size_t i = 0; i < ARRAY_LEN(NAMED); i++)
        assert_true(has(&e, T0 - NAMED[i]));
    assert_true(e.n <= before + ARRAY_LEN(NAMED));
    static const int64_t OUTSIDE[] = {31 * DAY, -5};
    before = e.n;
    history_edges_windows(&e, T0, OUTSIDE, ARRAY_LEN(OUTSIDE));
    assert_int_equal(e.n, before);
    free(e.at);
    e = history_edges_goals(T0 - 7 * MINUTE, T0, T0); /* shorter than its first part */
    assert_int_equal(e.at[0], T0 - 7 * MINUTE);
    assert_ascending(&e);
    free(e.at);
}

static void test_months(void **state)
{
    (void)state;
    struct history_edges e = history_edges_goals(T0 - 400 * DAY, T0, T0);
    history_edges_months(&e);
    assert_ascending(&e);
    for (int month = 1; month <= 11; month++)
        assert_true(has(&e, clock_days(2026, month, 1) * DAY));
    assert_true(has(&e, clock_days(2025, 11, 1) * DAY));
    assert_false(has(&e, clock_days(2026, 12, 1) * DAY));
    free(e.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_even), cmocka_unit_test(test_goals),
                                       cmocka_unit_test(test_months)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
