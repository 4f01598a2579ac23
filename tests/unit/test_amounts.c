/* Amounts as people write them: durations, rates, shares, sizes. */
#include "tests/lib/test.h"

#include <math.h>

#include "core/loads/amounts.h"

static void real_rows(bool (*parse)(const char *, double *, struct sd_error *), const char *const *good,
                      const double *want, size_t n, const char *const *bad)
{
    struct sd_error err;
    double x;
    for (size_t i = 0; i < n; i++) {
        assert_true(parse(good[i], &x, &err));
        assert_true(fabs(x - want[i]) < 1e-12);
    }
    for (; *bad; bad++) {
        assert_false(parse(*bad, &x, &err));
        assert_true(*err.text);
    }
}

static void rates(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"100",    "0.5",     "600/m", "600 /min", "10/s",
                                       "3600/h", "86400/d", "0",     "1e3"};
    static const double WANT[] = {100, 0.5, 10, 10, 10, 1, 1, 0, 1000};
    static const char *const BAD[] = {"",    "/m",  "-1",    "10/w", "10//s", "ten",
                                      "inf", "nan", "1e999", "0x10", "10/s ", NULL};
    real_rows(amount_rate, GOOD, WANT, ARRAY_LEN(WANT), BAD);
}

static void shares(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"5%", "0.05", "5", "1", "1%", "150%", "30 %", "0", "100", "1.5"};
    static const double WANT[] = {0.05, 0.05, 0.05, 1, 0.01, 1.5, 0.3, 0, 1, 0.015};
    static const char *const BAD[] = {"", "%", "-5%", "5%%", "5% ", "five", "nan", NULL};
    real_rows(amount_share, GOOD, WANT, ARRAY_LEN(WANT), BAD);
}

static void durations_and_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t want;
    } DURATIONS[] = {{"500us", 500000},    {"20ms", 20000000},   {"5s", 5 * SD_S}, {"2m", 120 * SD_S},
                     {"3h", 10800 * SD_S}, {"1d", 86400 * SD_S}, {"0", 0},         {"1.5s", 1500000000}},
      SIZES[] = {{"512MB", 512000000}, {"2GiB", 2147483648}, {"4096", 4096}, {"1 kB", 1000}};
    struct sd_error err;
    int64_t x;
    for (size_t i = 0; i < ARRAY_LEN(DURATIONS); i++)
        assert_true(amount_duration(DURATIONS[i].text, &x, &err) && x == DURATIONS[i].want);
    for (size_t i = 0; i < ARRAY_LEN(SIZES); i++)
        assert_true(amount_bytes(SIZES[i].text, &x, &err) && x == SIZES[i].want);
    static const char *const NEITHER[] = {"", "-5s", "-1MB", "5 parsecs", "1e400s", "1e400MB", "s", NULL};
    for (const char *const *b = NEITHER; *b; b++) {
        assert_false(amount_duration(*b, &x, &err));
        assert_false(amount_bytes(*b, &x, &err));
    }
    assert_false(amount_duration("5", &x, &err)); /* of what? */
}

static void whole_numbers(void **state)
{
    (void)state;
    struct sd_error err;
    int64_t x;
    double v;
    assert_true(amount_whole("12", 1, 100, &x, &err) && x == 12);
    assert_false(amount_whole("12.5", 1, 100, &x, &err));
    assert_false(amount_whole("0", 1, 100, &x, &err));
    assert_false(amount_whole("1e30", 1, INT64_MAX, &x, &err));
    assert_true(amount_number("-2.5", &v, &err) && v == -2.5);
    assert_false(amount_number("2.5x", &v, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates),
        cmocka_unit_test(shares),
        cmocka_unit_test(durations_and_sizes),
        cmocka_unit_test(whole_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
