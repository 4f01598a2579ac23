/* Prefix tables from a sample of keys beside the whole. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/caches/key_sample.h"

static uint64_t seed;

static double draw(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 0x1p53;
}

static void list(struct key_sample *s, uint32_t prefix, double bytes)
{
    struct key_detail d = {.bytes = (int64_t)bytes,
                           .ttl_ns = prefix == 1 ? 0 : 90 * SD_S,
                           .idle_ns = 3 * SD_S,
                           .frequency = SD_UNKNOWN,
                           .type = prefix};
    key_sample_listed(s, 0, prefix);
    if (key_sample_wants(s, prefix))
        key_sample_add(s, prefix, "key", 3, &d);
}

/* 95 of 100 intervals hold the truth, for even and for heavy-tailed sizes. */
static void test_intervals(void **state)
{
    (void)state;
    enum { ROUNDS = 200, LISTED = 20000 };
    int keys_right[4] = {0}, bytes_right[4] = {0};
    const double shares[4] = {0, 0.9, 0.09, 0.01}, means[4] = {0, 100, 1000 * exp(0.5), 100};
    seed = 5;
    for (int round = 0; round < ROUNDS; round++) {
        struct key_sample *s = key_sample_new();
        key_sample_size(s, 0, 10000000);
        for (int i = 0; i < LISTED; i++) {
            double x = draw();
            double normal = sqrt(-2 * log(draw() + 1e-300)) * cos(6.283185307 * draw());
            if (x < 0.9)
                list(s, 1, 50 + 101 * draw());
            else if (x < 0.99)
                list(s, 2, 1000 * exp(normal));
            else
                list(s, 3, 100);
        }
        for (uint32_t p = 1; p < 4; p++) {
            struct key_sample_result r;
            assert_true(key_sample_read(s, p, &r));
            double keys = 1e7 * shares[p], bytes = keys * means[p];
            assert_false(r.keys.exact);
            keys_right[p] += r.keys.low <= keys && keys <= r.keys.high;
            bytes_right[p] += r.bytes.low <= bytes && bytes <= r.bytes.high;
            assert_true(r.keys.low <= r.keys.value && r.keys.value <= r.keys.high);
        }
        key_sample_free(s);
    }
    for (int p = 1; p < 4; p++) {
        printf("# prefix %d: keys %d, bytes %d of %d\n", p, keys_right[p], bytes_right[p], ROUNDS);
        assert_true(keys_right[p] >= ROUNDS * 0.9);
        assert_true(bytes_right[p] >= ROUNDS * 0.9);
    }
}

static void test_whole(void **state)
{
    (void)state;
    struct key_sample *s = key_sample_new();
    struct key_sample_result r;
    assert_false(key_sample_read(s, 1, &r));
    for (int i = 0; i < 30; i++)
        list(s, i % 3 ? 1 : 2, 100);
    list(s, 2, 1000);
    key_sample_whole(s, 0);
    assert_true(key_sample_read(s, 2, &r));
    assert_true(r.keys.exact && r.keys.value == 11 && r.bytes.exact && r.bytes.value == 2000);
    assert_int_equal(r.with_ttl, 11);
    assert_int_equal(r.biggest[0].detail.bytes, 1000);
    assert_true(r.ttl_p50_ns > 60 * SD_S && r.ttl_p50_ns < 140 * SD_S);
    assert_int_equal(r.ttl_counts[3], 11);
    key_sample_merge(s, 1, 2);
    assert_false(key_sample_read(s, 1, &r));
    assert_true(key_sample_read(s, 2, &r));
    assert_true(r.keys.value == 31);
    assert_true(key_sample_enough(s, 0.01, 0.02));
    key_sample_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
