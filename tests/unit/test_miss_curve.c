/* The miss-ratio curve of a sample beside the exact simulation of LRU caches. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/caches/miss_curve.h"

static uint64_t seed;

static uint64_t random64(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    uint64_t x = seed;
    x ^= x >> 31;
    x *= 0x9e3779b97f4a7c15u;
    return x ^ x >> 29;
}

static double random_real(void)
{
    return (double)(random64() >> 11) / 0x1p53;
}

/* ---- workloads ---- */

static double *zipf_new(size_t n, double exponent)
{
    double *sums = mem_array(n, sizeof *sums), sum = 0;
    for (size_t i = 0; i < n; i++)
        sums[i] = sum += pow((double)(i + 1), -exponent);
    for (size_t i = 0; i < n; i++)
        sums[i] /= sum;
    return sums;
}

static uint32_t zipf_draw(const double *sums, size_t n)
{
    double x = random_real();
    size_t lo = 0, hi = n - 1;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (sums[mid] < x)
            lo = mid + 1;
        else
            hi = mid;
    }
    return (uint32_t)lo;
}

struct workload {
    const char *name;
    size_t lookups, keys;
    double zipf;    /* exponent; 0: even */
    size_t loop;    /* keys asked for round and round */
    double in_loop; /* share of the lookups, the others are drawn */
    bool scan;      /* a third of the lookups is of new keys */
};

static uint32_t *trace_of(const struct workload *w, size_t *distinct)
{
    uint32_t *t = mem_array(w->lookups, sizeof *t);
    double *sums = zipf_new(w->keys, w->zipf);
    uint32_t fresh = (uint32_t)(w->keys + w->loop), round = 0;
    for (size_t i = 0; i < w->lookups; i++) {
        if (w->scan && i % 3 == 0)
            t[i] = fresh++;
        else if (w->loop && random_real() < w->in_loop)
            t[i] = (uint32_t)w->keys + round++ % (uint32_t)w->loop;
        else
            t[i] = zipf_draw(sums, w->keys);
    }
    *distinct = fresh;
    free(sums);
    return t;
}

/* Sizes that differ, up to a factor of 40. */
static int64_t bytes_of(uint32_t key)
{
    return 50 + (int64_t)((key * 2654435761u >> 16) % 2000);
}

/* ---- exact LRU ---- */

struct lru {
    uint32_t *before, *after; /* by key; key n is the end of both */
    bool *in;
    uint32_t n;
    double used, size;
    int64_t misses;
};

static void lru_link(struct lru *l, uint32_t key)
{
    l->after[key] = l->after[l->n];
    l->before[key] = l->n;
    l->before[l->after[l->n]] = key;
    l->after[l->n] = key;
}

static void lru_unlink(struct lru *l, uint32_t key)
{
    l->after[l->before[key]] = l->after[key];
    l->before[l->after[key]] = l->before[key];
}

static double exact(const uint32_t *t, size_t lookups, size_t distinct, double size, bool by_bytes)
{
    struct lru l = {.n = (uint32_t)distinct, .size = size};
    l.before = mem_array(distinct + 1, sizeof *l.before);
    l.after = mem_array(distinct + 1, sizeof *l.after);
    l.in = mem_array(distinct + 1, sizeof *l.in);
    l.before[l.n] = l.after[l.n] = l.n;
    for (size_t i = 0; i < lookups; i++) {
        uint32_t key = t[i];
        if (l.in[key]) {
            lru_unlink(&l, key);
        } else {
            l.misses++;
            l.in[key] = true;
            l.used += by_bytes ? (double)bytes_of(key) : 1;
        }
        lru_link(&l, key);
        while (l.used > l.size) {
            uint32_t out = l.before[l.n];
            lru_unlink(&l, out);
            l.in[out] = false;
            l.used -= by_bytes ? (double)bytes_of(out) : 1;
        }
    }
    free(l.before);
    free(l.after);
    free(l.in);
    return (double)l.misses / (double)lookups;
}

/* ---- */

static void compare(const struct workload *w, const uint32_t *t, size_t distinct, const struct miss_curve *m,
                    enum miss_curve_unit unit)
{
    struct miss_curve_result r;
    assert_true(miss_curve_read(m, unit, &r));
    assert_true(r.n >= 8);
    double off = 0, between = 0;
    size_t n_between = 0;
    for (size_t i = 0; i < r.n; i++) {
        assert_true(r.points[i].miss_ratio >= 0 && r.points[i].miss_ratio <= 1);
        assert_true(!i || r.points[i].size > r.points[i - 1].size);
        assert_true(!i || r.points[i].miss_ratio <= r.points[i - 1].miss_ratio);
        if (i % 3 && i + 1 < r.n)
            continue; /* the simulation takes its time */
        double size = r.points[i].size;
        off += fabs(r.points[i].miss_ratio - exact(t, w->lookups, distinct, size, unit == MISS_CURVE_BYTES));
        n_between++;
    }
    off /= (double)n_between;
    for (int i = 1; i <= 6; i++) { /* between the points, as a reader draws it */
        double size = r.whole * i / 6.5;
        between += fabs(miss_curve_at(m, unit, size) -
                        exact(t, w->lookups, distinct, size, unit == MISS_CURVE_BYTES)) /
                   6;
    }
    printf("# %s: %zu points, %.4f of the keys, error %.4f at the points, %.4f between, expected %.4f\n",
           w->name, r.n, r.sampled, off, between, r.error);
    assert_true(off <= 0.02);
    assert_true(distinct < 100 || between <= 0.02); /* a cache holds whole keys */
    assert_true(off <= 3 * r.error + 0.001);        /* what is stated is no smaller than what is */
    assert_true(r.error <= 0.04);
}

static void test_exact(void **state)
{
    (void)state;
    static const struct workload WORKLOADS[] = {
        {.name = "zipf 0.7", .lookups = 200000, .keys = 40000, .zipf = 0.7},
        {.name = "zipf 1.0", .lookups = 200000, .keys = 40000, .zipf = 1.0},
        {.name = "zipf 1.3", .lookups = 200000, .keys = 40000, .zipf = 1.3},
        {.name = "even", .lookups = 200000, .keys = 20000},
        {.name = "scan", .lookups = 200000, .keys = 10000, .zipf = 0.9, .scan = true},
        {.name = "loop", .lookups = 200000, .keys = 10, .loop = 20000, .in_loop = 1},
        {.name = "loop and zipf", .lookups = 200000, .keys = 20000, .zipf = 1, .loop = 9000, .in_loop = 0.4},
        {.name = "few", .lookups = 1000, .keys = 3, .zipf = 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(WORKLOADS); i++) {
        const struct workload *w = &WORKLOADS[i];
        size_t distinct;
        seed = i + 1;
        uint32_t *t = trace_of(w, &distinct);
        static const size_t MOST[] = {100000, 4000};
        for (size_t k = 0; k < ARRAY_LEN(MOST); k++) {
            struct miss_curve *m = miss_curve_new(k && distinct > 100 ? 0.5 : 1, MOST[k]);
            for (size_t j = 0; j < w->lookups; j++)
                miss_curve_lookup(m, key_hash((const char *)&t[j], sizeof t[j]), bytes_of(t[j]));
            compare(w, t, distinct, m, MISS_CURVE_KEYS);
            compare(w, t, distinct, m, MISS_CURVE_BYTES);
            miss_curve_free(m);
        }
        free(t);
    }
}

static void test_empty(void **state)
{
    (void)state;
    struct miss_curve_result r;
    struct miss_curve *m = miss_curve_new(1, 0);
    assert_false(miss_curve_read(m, MISS_CURVE_KEYS, &r));
    assert_true(isnan(miss_curve_at(m, MISS_CURVE_KEYS, 7)));
    miss_curve_lookup(m, 0, -1);
    miss_curve_lookup(m, 0, INT64_MAX);
    miss_curve_lookup(m, UINT64_MAX, INT64_MAX);
    assert_true(miss_curve_read(m, MISS_CURVE_BYTES, &r));
    assert_true(r.n >= 8);
    assert_int_equal(r.lookups, 3);
    miss_curve_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
