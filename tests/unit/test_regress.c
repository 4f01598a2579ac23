/* Did a percentile grow: against figures worked out by other means, and counted over traffic made by chance,
 * with seeds that are fixed. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/goals/regress.h"

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

struct lots {
    struct hist before[REGRESS_BLOCKS], after[REGRESS_BLOCKS];
};

static void clear(struct hist *h)
{
    for (size_t i = 0; i < REGRESS_BLOCKS; i++)
        hist_clear(&h[i]);
}

/* ---- small ones ---- */

/* By the formula in floating point, both ways, with the correction for continuity: values that have buckets
 * of their own. */
static void test_p_of_small_lots(void **state)
{
    (void)state;
    static const struct {
        int64_t before[8], after[8];
        size_t n, m;
        double p;
    } CASES[] = {
        {.before = {1, 2, 3, 4, 5}, .after = {6, 7, 8, 9, 10}, .n = 5, .m = 5, .p = 0.0121857803553},
        {.before = {1, 2, 2, 3, 5, 5}, .after = {2, 3, 5, 6, 6, 7, 9}, .n = 6, .m = 7, .p = 0.0596744864},
        {.before = {4, 4, 4}, .after = {4, 4, 4, 4}, .n = 3, .m = 4, .p = 1},
        {.before = {3, 1}, .after = {2}, .n = 2, .m = 1, .p = 1}};
    struct lots *l = mem_alloc(sizeof *l);
    for (size_t c = 0; c < ARRAY_LEN(CASES); c++) {
        struct regress r;
        clear(l->before);
        clear(l->after);
        for (size_t i = 0; i < CASES[c].n; i++)
            hist_record(&l->before[0], CASES[c].before[i]);
        for (size_t i = 0; i < CASES[c].m; i++)
            hist_record(&l->after[0], CASES[c].after[i]);
        assert_true(regress_of(l->before, 1, l->after, 1, 0.5, &r));
        assert_true(fabs(r.p_value - CASES[c].p) < 1e-6);
        assert_false(r.in_a_row);
    }
    free(l);
}

static void test_a_side_without_requests(void **state)
{
    (void)state;
    struct lots *l = mem_alloc(sizeof *l);
    struct regress r;
    clear(l->before);
    clear(l->after);
    hist_record(&l->after[3], 7);
    assert_false(regress_of(l->before, REGRESS_BLOCKS, l->after, REGRESS_BLOCKS, 0.95, &r));
    assert_int_equal(r.before_ns, SD_UNKNOWN);
    assert_int_equal(r.after_ns, 7);
    assert_false(regress_surely(&r, true));
    free(l);
}

/* ---- by chance ---- */

/* Slow and fast times that last for so many requests (0: none), and each request for itself. */
static void traffic(struct hist *blocks, int n, double times, double lasting)
{
    double slow = normal(), keep = lasting > 0 ? exp(-1 / lasting) : 0;
    clear(blocks);
    for (int i = 0; i < n; i++) {
        if (lasting > 0)
            slow = keep * slow + sqrt(1 - keep * keep) * normal();
        double x = 20e6 * exp(0.5 * normal() + (lasting > 0 ? 0.4 * slow : 0)) * times;
        hist_record(&blocks[(size_t)i * REGRESS_BLOCKS / (size_t)n], (int64_t)x);
    }
}

static int failing(int trials, int n, int m, double times, double lasting, double q, double share)
{
    struct lots *l = mem_alloc(sizeof *l);
    int failed = 0;
    for (int t = 0; t < trials; t++) {
        struct regress r;
        traffic(l->before, n, 1, lasting);
        traffic(l->after, m, times, lasting);
        assert_true(regress_of(l->before, REGRESS_BLOCKS, l->after, REGRESS_BLOCKS, q, &r));
        failed += r.change_share > share && regress_surely(&r, true);
    }
    free(l);
    return failed;
}

/* The same traffic twice fails in 1 of 100 at most: whatever the limit, however long slow times last. */
static void test_same_traffic_passes(void **state)
{
    (void)state;
    static const struct {
        int n, m;
        double lasting, q, share;
    } CASES[] = {{400, 400, 0, 0.95, 0},       {2000, 2000, 0, 0.95, 0},   {2000, 300, 0, 0.99, 0},
                 {2000, 2000, 10, 0.95, 0},    {2000, 2000, 100, 0.95, 0}, {4000, 4000, 400, 0.95, 0},
                 {2000, 2000, 100, 0.99, 0.1}, {2000, 2000, 500, 0.5, 0.1}};
    seed = 88172645463325252u;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        int failed = failing(200, CASES[i].n, CASES[i].m, 1, CASES[i].lasting, CASES[i].q, CASES[i].share);
        print_message("n %d, slow times of %g requests: %d of 200\n", CASES[i].n, CASES[i].lasting, failed);
        assert_true(failed <= 2);
    }
}

/* What is slower is found. */
static void test_slower_traffic_fails(void **state)
{
    (void)state;
    seed = 362436069362436069u;
    assert_true(failing(50, 1000, 1000, 1.3, 0, 0.95, 0.1) >= 48);
    assert_true(failing(50, 200, 200, 2, 0, 0.95, 0.1) >= 48);
    assert_true(failing(50, 4000, 4000, 2, 50, 0.95, 0.1) >= 45);
    assert_true(failing(50, 2000, 2000, 1.5, 0, 0.95, 0.6) <= 1); /* not by more than it may */
    assert_true(failing(50, 1000, 1000, 0.5, 0, 0.95, 0) == 0);   /* and faster is no failure */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p_of_small_lots), cmocka_unit_test(test_a_side_without_requests),
        cmocka_unit_test(test_same_traffic_passes), cmocka_unit_test(test_slower_traffic_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
