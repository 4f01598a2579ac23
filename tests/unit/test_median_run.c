/* The representative run, with the right answers of @lhci/utils 0.15.1. */
#include "tests/lib/test.h"

#include "core/pages/median_run.h"

struct sample {
    const char *what;
    size_t n;
    double fcp[5], tti[5];
    size_t expected;
};

static void test_runs(void **state)
{
    static const struct sample SAMPLES[] = {
        {.what = "none", .n = 0, .expected = SIZE_MAX},
        {.what = "one", .n = 1, .fcp = {9}, .tti = {9}, .expected = 0},
        {.what = "the middle of five",
         .n = 5,
         .fcp = {100, 200, 300, 400, 500},
         .tti = {100, 200, 300, 400, 500},
         .expected = 2},
        {.what = "an even number: the upper middle",
         .n = 4,
         .fcp = {100, 200, 300, 400},
         .tti = {100, 200, 300, 400},
         .expected = 2},
        {.what = "one far off in one of the two",
         .n = 5,
         .fcp = {100, 400, 10000, 400, 500},
         .tti = {100, 250, 300, 400, 500},
         .expected = 1},
        {.what = "of equals the first", .n = 3, .fcp = {7, 7, 7}, .tti = {5, 5, 5}, .expected = 0},
        {.what = "not measured counts as 0",
         .n = 3,
         .fcp = {(double)NAN, 10, 20},
         .tti = {(double)NAN, (double)NAN, 4},
         .expected = 1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SAMPLES); i++) {
        const struct sample *s = &SAMPLES[i];
        size_t got = median_run(s->fcp, s->tti, s->n);
        if (got != s->expected)
            fail_msg("%s: run %zu, expected %zu", s->what, got, s->expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_runs)};
    return cmocka_run_group_tests_name("median_run", tests, NULL, NULL);
}
