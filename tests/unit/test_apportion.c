#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/bundles/apportion.h"

static int64_t sum_of(const int64_t *v, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return sum;
}

static void largest_remainder(void **state)
{
    (void)state;
    /* The example of Hamilton's method in textbooks: 25 seats for 10,000 votes. */
    static const struct {
        int64_t total, weights[6];
        size_t n;
        int64_t want[6];
    } CASES[] = {
        {.total = 25, .weights = {1500, 4000, 2500, 2000}, .n = 4, .want = {4, 10, 6, 5}},
        {.total = 10, .weights = {1, 1, 1}, .n = 3, .want = {4, 3, 3}},
        {.total = 100,
         .weights = {47000, 16000, 15900, 12000, 6000, 3100},
         .n = 6,
         .want = {47, 16, 16, 12, 6, 3}},
        {.total = 7, .weights = {0, 5, 0}, .n = 3, .want = {0, 7, 0}},
        {.total = 5, .weights = {0, 0, 0}, .n = 3, .want = {2, 2, 1}},
        {.total = 0, .weights = {3, 4}, .n = 2, .want = {0, 0}},
        {.total = -4, .weights = {3, 4}, .n = 2, .want = {0, 0}},
        {.total = 9, .weights = {-100, 1, 2}, .n = 3, .want = {0, 3, 6}},
        {.total = INT64_MAX,
         .weights = {INT64_MAX, INT64_MAX, INT64_MAX},
         .n = 3,
         .want = {INT64_MAX / 3 + 1, INT64_MAX / 3, INT64_MAX / 3}},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        int64_t out[6] = {0};
        apportion(CASES[i].total, CASES[i].weights, CASES[i].n, out);
        for (size_t k = 0; k < CASES[i].n; k++)
            if (out[k] != CASES[i].want[k])
                fail_msg("case %zu, share %zu: %lld, not %lld", i, k, (long long)out[k],
                         (long long)CASES[i].want[k]);
    }
    apportion(5, NULL, 0, NULL);
}

/* Of many weights: the sum is exact, no share is more than one from its part, and a copy gives the same. */
static void adds_up(void **state)
{
    (void)state;
    enum { N = 1000 };
    static int64_t weights[N], out[N], again[N];
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < N; i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            weights[i] = again[i] = (int64_t)(seed >> 1 >> (seed % 63));
        }
        int64_t total = (int64_t)(seed >> 1 >> (seed % 50));
        apportion(total, weights, N, out);
        assert_int_equal(sum_of(out, N), total);
        double sum = 0;
        for (size_t i = 0; i < N; i++)
            sum += (double)weights[i];
        for (size_t i = 0; i < N && total < 1000000000; i++) {
            double part = (double)total * (double)weights[i] / sum;
            assert_true((double)out[i] > part - 1.001 && (double)out[i] < part + 1.001);
        }
        apportion(total, again, N, again);
        assert_memory_equal(again, out, sizeof out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(largest_remainder), cmocka_unit_test(adds_up)};
    return cmocka_run_group_tests_name("apportion", tests, NULL, NULL);
}
