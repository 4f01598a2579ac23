#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/hist.h"

enum { N = 20000 };

static uint64_t seed = 88172645463325252u;
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

/* The form of records; buckets live in `a`. */
static struct sd_hist sparse_of(const struct hist *h, struct arena *a)
{
    struct sd_bucket *buckets = arena_alloc(a, SD_HIST_BUCKETS * sizeof *buckets);
    uint32_t n = 0;
    for (uint32_t i = 0; i < SD_HIST_BUCKETS; i++)
        if (h->bucket[i])
            buckets[n++] = (struct sd_bucket){.index = i, .count = h->bucket[i]};
    return (struct sd_hist){.n = n, .buckets = buckets};
}

enum shape { UNIFORM, LOGNORMAL, BIMODAL, CONSTANT, SMALL, SHAPES };

static int64_t draw(enum shape shape)
{
    switch (shape) {
    case UNIFORM:
        return (int64_t)(uniform() * 1e9);
    case LOGNORMAL:
        return (int64_t)exp(15 + 2 * normal());
    case BIMODAL:
        return (int64_t)(uniform() < 0.9 ? 1e6 + 1e5 * uniform() : 2e9 + 1e8 * uniform());
    case CONSTANT:
        return 123456789;
    default:
        return (int64_t)(uniform() * 200);
    }
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static struct hist *new_hist(void)
{
    struct hist *h = mem_alloc(sizeof *h);
    hist_clear(h);
    return h;
}

/* Per mille, so that the exact rank is integer arithmetic. */
static void check_quantiles(const struct hist *h, const int64_t *sorted, size_t n)
{
    for (size_t mille = 0; mille <= 1000; mille++) {
        size_t rank = (mille * n + 999) / 1000;
        int64_t exact = sorted[rank ? rank - 1 : 0];
        int64_t got = hist_quantile(h, (double)mille / 1000);
        if (fabs((double)got - (double)exact) > (double)exact / 128)
            fail_msg("p%zu.%zu of %zu values: %lld, exactly %lld", mille / 10, mille % 10, n, (long long)got,
                     (long long)exact);
    }
}

static void test_error_bound(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 7, 100, 101, 999, N};
    int64_t *values = mem_array(N, sizeof *values);
    for (int shape = 0; shape < SHAPES; shape++) {
        for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
            struct hist *h = new_hist();
            int64_t sum = 0;
            for (size_t i = 0; i < sizes[s]; i++) {
                values[i] = draw((enum shape)shape);
                sum += values[i];
                hist_record(h, values[i]);
            }
            qsort(values, sizes[s], sizeof *values, ascending);
            check_quantiles(h, values, sizes[s]);
            assert_int_equal(h->count, sizes[s]);
            assert_int_equal(h->sum, sum);
            assert_int_equal(h->min, values[0]);
            assert_int_equal(h->max, values[sizes[s] - 1]);
            if (shape == CONSTANT)
                assert_int_equal(hist_quantile(h, 0.5), 123456789); /* kept within [min, max] */
            free(h);
        }
    }
    free(values);
}

static void test_merge_order(void **state)
{
    (void)state;
    struct hist *part[8], *all = new_hist(), *forward = new_hist(), *backward = new_hist(),
                          *sparse = new_hist();
    for (int i = 0; i < 8; i++)
        part[i] = new_hist();
    for (int i = 0; i < N; i++) {
        int64_t v = draw((enum shape)(i % SHAPES));
        hist_record(all, v);
        hist_record(part[i % 8], v);
    }
    for (int i = 0; i < 8; i++) {
        struct arena *a = arena_new();
        struct sd_hist s = sparse_of(part[i], a);
        for (uint32_t k = 1; k < s.n; k++)
            assert_true(s.buckets[k - 1].index < s.buckets[k].index);
        hist_merge(forward, part[i]);
        hist_merge(backward, part[7 - i]);
        hist_merge_sparse(sparse, &s, part[i]->sum, part[i]->min, part[i]->max);
        arena_free(a);
    }
    assert_memory_equal(all, forward, sizeof *all);
    assert_memory_equal(all, backward, sizeof *all);
    assert_memory_equal(all, sparse, sizeof *all);
    for (int i = 0; i < 8; i++)
        free(part[i]);
    free(all);
    free(forward);
    free(backward);
    free(sparse);
}

static void test_edges(void **state)
{
    (void)state;
    struct hist *h = new_hist();
    assert_int_equal(hist_quantile(h, 0.5), SD_UNKNOWN);
    /* Every bucket begins where the one before ends. */
    for (uint32_t i = 0; i < SD_HIST_BUCKETS; i++) {
        assert_int_equal(sd_hist_index(sd_hist_lower(i)), i);
        if (i)
            assert_int_equal(sd_hist_index(sd_hist_lower(i) - 1), i - 1);
    }
    hist_record(h, -5);
    hist_record(h, INT64_MAX);
    hist_record(h, INT64_MAX);
    assert_int_equal(h->count, 3);
    assert_int_equal(hist_quantile(h, 1), sd_hist_lower(SD_HIST_BUCKETS - 1) + ((int64_t)1 << 34));
    hist_clear(h);
    for (int i = 1; i <= 100; i++)
        hist_record(h, i % 64);
    assert_int_equal(hist_quantile(h, 0), 0);
    hist_clear(h);
    for (int i = 1; i <= 100; i++)
        hist_record(h, i / 2);
    assert_int_equal(hist_quantile(h, 0.07), 7 / 2); /* 0.07 * 100 is above 7 in binary */

    /* Without sums beside it they come from the buckets; rubbish is left out. */
    struct sd_bucket k[] = {{10, 2}, {SD_HIST_BUCKETS, 7}, {20, 1}, {UINT32_MAX, 1}, {30, 0}};
    struct sd_hist s = {.n = 5, .buckets = k};
    hist_clear(h);
    hist_merge_sparse(h, &s, SD_UNKNOWN, SD_UNKNOWN, SD_UNKNOWN);
    assert_int_equal(h->count, 3);
    assert_int_equal(h->sum, 40);
    assert_int_equal(h->min, 10);
    assert_int_equal(h->max, 20);
    hist_merge_sparse(h, NULL, 5, 1, 1);
    assert_int_equal(h->count, 3);
    k[0] = (struct sd_bucket){SD_HIST_BUCKETS - 1, UINT32_MAX};
    for (int i = 0; i < 3; i++) /* saturates */
        hist_merge_sparse(h, &s, SD_UNKNOWN, SD_UNKNOWN, SD_UNKNOWN);
    assert_int_equal(h->bucket[SD_HIST_BUCKETS - 1], UINT32_MAX);
    assert_int_equal(h->sum, INT64_MAX);
    free(h);
}

/* By counting the bits, as the layout is described in slowdive/types.h. */
static uint32_t index_counted(int64_t value)
{
    if (value < (int64_t)SD_HIST_SUB)
        return value < 0 ? 0 : (uint32_t)value;
    if (value >> SD_HIST_MAX_BITS)
        return SD_HIST_BUCKETS - 1;
    unsigned octave = 0;
    while (value >> octave >= 2 * (int64_t)SD_HIST_SUB)
        octave++;
    return (octave + 1) * SD_HIST_SUB + (uint32_t)(value >> octave) - SD_HIST_SUB;
}

static void test_index(void **state)
{
    (void)state;
    static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        assert_int_equal(sd_hist_index(ends[i]), index_counted(ends[i]));
    for (int64_t v = 0; v < 100000; v++)
        assert_int_equal(sd_hist_index(v), index_counted(v));
    for (unsigned bit = 0; bit < 63; bit++)
        for (int64_t near = -130; near <= 130; near++)
            assert_int_equal(sd_hist_index(((int64_t)1 << bit) + near),
                             index_counted(((int64_t)1 << bit) + near));
    for (int i = 0; i < 100000; i++) {
        int64_t v = (int64_t)exp(43.6 * uniform());
        assert_int_equal(sd_hist_index(v), index_counted(v));
    }
}

/* Extremes that do not fit the buckets beside them: what is recorded later is found all the same. */
static void test_wrong_extremes(void **state)
{
    (void)state;
    static const int64_t told[][2] = {{1000, 9000000}, {5000000, 5000001}, {9000000, 1000}, {-7, INT64_MAX}};
    struct sd_bucket k = {sd_hist_index(5000000), 1};
    struct hist *h = new_hist();
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        hist_clear(h);
        hist_merge_sparse(h, &(struct sd_hist){.n = 1, .buckets = &k}, SD_UNKNOWN, told[i][0], told[i][1]);
        hist_record(h, 2000);
        hist_record(h, 8000000);
        uint64_t seen = 0;
        for (uint32_t at = h->lo; at < h->hi; at++)
            seen += h->bucket[at];
        assert_int_equal(seen, 3);
        assert_int_equal(h->min, MIN(told[i][0], 2000));
        assert_int_equal(h->max, MAX(told[i][1], 8000000));
    }
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_bound),    cmocka_unit_test(test_merge_order),
        cmocka_unit_test(test_edges),          cmocka_unit_test(test_index),
        cmocka_unit_test(test_wrong_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
