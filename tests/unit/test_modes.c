/* Kinds of durations: found where there are two, and none where there is one. */
#include "tests/lib/test.h"

#include <math.h>

#include "core/endpoints/modes.h"

static uint64_t seed;

static double uniform(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return ((double)(seed >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

static double lognormal(void)
{
    return 5e6 * exp(0.8 * normal());
}
static double narrow(void)
{
    return 5e6 * exp(0.1 * normal());
}
static double heavy(void)
{
    return 2e6 * pow(uniform(), -1 / 1.2);
}
static double exponential(void)
{
    return -20e6 * log(uniform());
}
static double even(void)
{
    return 100e6 * uniform();
}
static double whole_ms(void)
{
    return floor(lognormal() / 1e6) * 1e6;
}
static double rounded_ms(void)
{
    return floor(2.2 * exp(0.6 * normal()) + 0.5) * 1e6;
}
static double tens(void)
{
    return floor(lognormal() / 1e7) * 1e7;
}
static double two(void)
{
    return (uniform() < 0.6 ? 2e6 : 310e6) * exp(0.2 * normal());
}
static double two_ms(void)
{
    return floor((uniform() < 0.6 ? 2 : 310) * exp(0.2 * normal())) * 1e6;
}
static double rare(void)
{
    return (uniform() < 0.9 ? 1e6 : 40e6) * exp(0.5 * normal());
}
static double three(void)
{
    double u = uniform();
    return (u < 0.4 ? 1e6 : u < 0.7 ? 30e6 : 900e6) * exp(0.2 * normal());
}

static size_t modes_of(double (*draw)(void), int n, struct latency_mode out[MODES_MOST])
{
    static struct hist h;
    hist_clear(&h);
    for (int i = 0; i < n; i++)
        hist_record(&h, (int64_t)draw());
    return latency_modes(&h, out);
}

static void one_kind_is_one(void **state)
{
    (void)state;
    static double (*const draws[])(void) = {lognormal, narrow,   heavy,      exponential,
                                            even,      whole_ms, rounded_ms, tens};
    static const int sizes[] = {10, 50, 200, 1000, 10000};
    struct latency_mode m[MODES_MOST];
    int found = 0;
    seed = 1;
    for (size_t d = 0; d < ARRAY_LEN(draws); d++)
        for (size_t k = 0; k < ARRAY_LEN(sizes); k++)
            for (int times = 0; times < 40; times++) {
                size_t n = modes_of(draws[d], sizes[k], m);
                if (n)
                    print_message("# draw %zu of %d: %zu kinds\n", d, sizes[k], n);
                found += n > 0;
            }
    assert_int_equal(found, 0);
}

static void two_kinds_are_two(void **state)
{
    (void)state;
    static double (*const draws[])(void) = {two, two_ms};
    struct latency_mode m[MODES_MOST];
    seed = 2;
    for (size_t d = 0; d < ARRAY_LEN(draws); d++)
        for (int n = 100; n <= 100000; n *= 10) {
            assert_int_equal(modes_of(draws[d], n, m), 2);
            assert_true(fabs(m[0].share - 0.6) < 0.15);
            assert_true(m[0].ns > 800000 && m[0].ns < 2500000);
            assert_true(m[1].ns > 270000000 && m[1].ns < 350000000);
        }
    assert_int_equal(modes_of(rare, 1000, m), 2);
    assert_true(fabs(m[1].share - 0.1) < 0.04);
    assert_int_equal(modes_of(three, 1000, m), 3);
    assert_true(m[2].ns > 700000000);
}

static void nothing_has_none(void **state)
{
    (void)state;
    static struct hist h;
    struct latency_mode m[MODES_MOST];
    hist_clear(&h);
    assert_int_equal(latency_modes(&h, m), 0);
    for (int i = 0; i < 100000; i++)
        hist_record(&h, INT64_MAX);
    hist_record(&h, 0);
    assert_int_equal(latency_modes(&h, m), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_kind_is_one),
        cmocka_unit_test(two_kinds_are_two),
        cmocka_unit_test(nothing_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
