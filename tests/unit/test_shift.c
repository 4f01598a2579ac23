/* Changes of percentiles and errors: none where there is none, found where there is one. Traffic is made up,
 * always the same. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/endpoints/shift.h"

/* ---- chance, by xorshift: the same everywhere ---- */

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

/* ---- traffic ---- */

struct traffic {
    int requests;                     /* in a window */
    double times, tail_times, errors; /* all durations; those of the slowest 3 %; share that fails */
    enum { LOGNORMAL, BIMODAL, HEAVY, ALIKE, BURSTS, WHOLE_MS } kind;
};

static double duration(const struct traffic *t, double z, bool burst)
{
    double ms = 5 * exp(0.8 * z);
    if (t->kind == BIMODAL)
        ms = (uniform() < 0.6 ? 2 : 310) * exp(0.15 * z);
    else if (t->kind == HEAVY)
        ms = 5 * pow(uniform(), -1 / 1.3);
    else if (t->kind == BURSTS && burst)
        ms *= 20;
    ms *= t->times * (z > 1.88 ? t->tail_times : 1);
    return t->kind == WHOLE_MS ? floor(ms) : ms;
}

struct window {
    struct shift_block blocks[SHIFT_BLOCKS];
    struct sd_bucket *buckets;
    struct shift_sample sample;
};

static void window(const struct traffic *t, struct window *w)
{
    static struct hist h;
    size_t n = 0;
    double z = normal();
    w->buckets = mem_array((size_t)t->requests + 1, sizeof *w->buckets);
    for (int i = 0, done = 0; i < SHIFT_BLOCKS; i++) {
        struct shift_block *b = &w->blocks[i];
        int upto = t->requests * (i + 1) / SHIFT_BLOCKS;
        bool burst = uniform() < 0.05;
        *b = (struct shift_block){0};
        hist_clear(&h);
        for (; done < upto; done++) {
            z = t->kind == ALIKE ? 0.9 * z + sqrt(1 - 0.81) * normal() : normal();
            hist_record(&h, (int64_t)(1e6 * duration(t, z, burst)));
            b->errors += uniform() < t->errors;
        }
        b->count = b->timed = (int64_t)h.count;
        for (uint32_t k = 0; k < SD_HIST_BUCKETS; k++)
            if (h.bucket[k]) {
                w->buckets[n++] = (struct sd_bucket){k, h.bucket[k]};
                b->n_buckets++;
            }
    }
    w->sample = (struct shift_sample){.blocks = w->blocks, .n_blocks = SHIFT_BLOCKS, .buckets = w->buckets};
}

enum { P50, P95, P99, ERRORS, FIGURES };
static const double QUANTILES[] = {0.5, 0.95, 0.99};

static struct shift compare(const struct window *a, const struct window *b, int figure)
{
    return figure == ERRORS ? shift_of_errors(&a->sample, &b->sample)
                            : shift_of_quantile(&a->sample, &b->sample, QUANTILES[figure]);
}

/* A list of endpoints: of how many anything is called changed? found[figure]: the same of each. */
static int changed(const struct traffic *before, const struct traffic *after, int endpoints,
                   int found[FIGURES])
{
    double *p = mem_array((size_t)endpoints * FIGURES, sizeof *p), *sorted;
    size_t n = 0;
    int any = 0;
    for (int e = 0; e < endpoints; e++) {
        struct window a, b;
        window(before, &a);
        window(after, &b);
        for (int f = 0; f < FIGURES; f++) {
            struct shift s = compare(&a, &b, f);
            p[n++] = s.known ? s.p : 1;
        }
        free(a.buckets);
        free(b.buckets);
    }
    sorted = mem_array(n + 1, sizeof *sorted);
    memcpy(sorted, p, n * sizeof *p);
    double level = shift_level(sorted, n, SHIFT_FALSE);
    for (int e = 0; e < endpoints; e++) {
        bool one = false;
        for (int f = 0; f < FIGURES; f++) {
            bool is = p[e * FIGURES + f] <= level;
            found[f] += is;
            one |= is;
        }
        any += one;
    }
    free(sorted);
    free(p);
    return any;
}

static void what_did_not_change_is_not_called_so(void **state)
{
    (void)state;
    static const struct traffic same[] = {
        {.requests = 1000, .times = 1, .tail_times = 1, .kind = LOGNORMAL, .errors = 0.01},
        {.requests = 200, .times = 1, .tail_times = 1, .kind = LOGNORMAL, .errors = 0.1},
        {.requests = 6000, .times = 1, .tail_times = 1, .kind = LOGNORMAL, .errors = 0.001},
        {.requests = 2000, .times = 1, .tail_times = 1, .kind = BIMODAL, .errors = 0.05},
        {.requests = 2000, .times = 1, .tail_times = 1, .kind = HEAVY, .errors = 0.02},
        {.requests = 6000, .times = 1, .tail_times = 1, .kind = ALIKE, .errors = 0.02},
        {.requests = 1000, .times = 1, .tail_times = 1, .kind = ALIKE, .errors = 0.02},
        {.requests = 3000, .times = 1, .tail_times = 1, .kind = BURSTS, .errors = 0.02},
        {.requests = 2000, .times = 1, .tail_times = 1, .kind = WHOLE_MS, .errors = 0.02},
    };
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        int found[FIGURES] = {0};
        seed = UINT64_C(0x9E3779B97F4A7C15) + i;
        int any = changed(&same[i], &same[i], 200, found);
        print_message("# traffic %zu: %d of 200 called changed (p50 %d, p95 %d, p99 %d, errors %d)\n", i, any,
                      found[0], found[1], found[2], found[3]);
        assert_true(any <= 2);
    }
}

static void what_changed_is_found(void **state)
{
    (void)state;
    static const struct {
        struct traffic before, after;
        int figure, least; /* of 50 */
    } cases[] = {
        {{1000, 1, 1, 0.01, LOGNORMAL}, {1000, 2, 1, 0.01, LOGNORMAL}, P99, 48},
        {{1000, 1, 1, 0.01, LOGNORMAL}, {1000, 1, 2, 0.01, LOGNORMAL}, P99, 45},
        {{1000, 1, 1, 0.01, BIMODAL}, {1000, 2, 1, 0.01, BIMODAL}, P99, 48},
        {{1000, 1, 1, 0.01, LOGNORMAL}, {1000, 1.2, 1, 0.01, LOGNORMAL}, P50, 30},
        {{4000, 1, 1, 0.01, LOGNORMAL}, {4000, 1.2, 1, 0.01, LOGNORMAL}, P50, 50},
        {{6000, 1, 1, 0.01, ALIKE}, {6000, 2, 1, 0.01, ALIKE}, P50, 45},
        {{3000, 1, 1, 0.001, LOGNORMAL}, {3000, 1, 1, 0.01, LOGNORMAL}, ERRORS, 45},
        {{1000, 1, 1, 0, LOGNORMAL}, {1000, 1, 1, 0.03, LOGNORMAL}, ERRORS, 48},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int found[FIGURES] = {0};
        seed = UINT64_C(0xD1B54A32D192ED03) + i;
        changed(&cases[i].before, &cases[i].after, 50, found);
        print_message("# case %zu: found in %d of 50\n", i, found[cases[i].figure]);
        assert_true(found[cases[i].figure] >= cases[i].least);
    }
}

/* A list of one endpoint has no others that changed, too, to be believed with. */
static void one_alone_is_found(void **state)
{
    (void)state;
    const struct traffic same = {1000, 1, 1, 0.01, LOGNORMAL}, worse = {1000, 1, 2, 0.01, LOGNORMAL};
    int found[FIGURES] = {0}, wrong[FIGURES] = {0}, any = 0;
    seed = 4711;
    for (int i = 0; i < 100; i++) {
        changed(&same, &worse, 1, found);
        any += changed(&same, &same, 1, wrong);
    }
    print_message("# alone: found in %d of 100, %d false\n", found[P99], any);
    assert_true(found[P99] >= 92);
    assert_true(any <= 1);
}

/* One endpoint among many that did not change. */
static void one_that_changed_is_found_among_many(void **state)
{
    (void)state;
    const struct traffic same = {1000, 1, 1, 0.01, LOGNORMAL}, worse = {1000, 1, 2, 0.01, LOGNORMAL};
    enum { ENDPOINTS = 100 };
    double p[ENDPOINTS], of = 2;
    seed = 77;
    for (int e = 0; e < ENDPOINTS; e++) {
        struct window a, b;
        window(&same, &a);
        window(e == 41 ? &worse : &same, &b);
        p[e] = shift_of_quantile(&a.sample, &b.sample, 0.99).p;
        of = e == 41 ? p[e] : of;
        free(a.buckets);
        free(b.buckets);
    }
    double level = shift_level(p, ENDPOINTS, SHIFT_FALSE);
    assert_true(of <= level);
    assert_true(p[1] > level); /* sorted: no other */
}

static void intervals_hold_the_truth(void **state)
{
    (void)state;
    enum { TIMES = 100 };
    const struct traffic before = {2000, 1, 1, 0.01, LOGNORMAL}, after = {2000, 1.5, 1, 0.05, LOGNORMAL};
    int held[FIGURES] = {0}, beside_null = 0;
    seed = 4711;
    for (int i = 0; i < TIMES; i++) {
        struct window a, b;
        window(&before, &a);
        window(&after, &b);
        for (int f = 0; f < FIGURES; f++) {
            static const double z[] = {0, 1.645, 2.326};
            double truth = f == ERRORS ? 0.04 : 5e6 * exp(0.8 * z[f]) * 0.5;
            struct shift_interval x = f == ERRORS
                                          ? shift_errors_interval(&a.sample, &b.sample, 0.01)
                                          : shift_quantile_interval(&a.sample, &b.sample, QUANTILES[f], 0.01);
            struct shift s = compare(&a, &b, f);
            held[f] += x.low <= truth && truth <= x.high;
            assert_true(x.low <= s.after - s.before && s.after - s.before <= x.high);
            if (f != ERRORS && s.after > s.before * 1.05)
                beside_null += (s.p <= 0.01) != (x.low > 0);
        }
        free(a.buckets);
        free(b.buckets);
    }
    print_message("# held: p50 %d, p95 %d, p99 %d, errors %d of %d; verdict and interval differ: %d\n",
                  held[0], held[1], held[2], held[3], TIMES, beside_null);
    for (int f = 0; f < FIGURES; f++)
        assert_true(held[f] >= 96);
    assert_true(beside_null <= 6);
}

static void too_few_are_not_known(void **state)
{
    (void)state;
    const struct traffic few = {100, 1, 1, 0, LOGNORMAL};
    struct window a, b;
    seed = 3;
    window(&few, &a);
    window(&few, &b);
    assert_true(shift_of_quantile(&a.sample, &b.sample, 0.5).known);
    assert_true(shift_of_quantile(&a.sample, &b.sample, 0.95).known);
    assert_false(shift_of_quantile(&a.sample, &b.sample, 0.99).known);
    assert_false(shift_of_errors(&a.sample, &b.sample).known);
    /* Identical to the byte: nothing differs. */
    assert_true(shift_of_quantile(&a.sample, &a.sample, 0.5).p > 0.99);
    const struct shift_sample none = {0};
    assert_false(shift_of_quantile(&none, &a.sample, 0.5).known);
    assert_false(shift_of_errors(&none, &none).known);
    free(a.buckets);
    free(b.buckets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_did_not_change_is_not_called_so),
        cmocka_unit_test(what_changed_is_found),
        cmocka_unit_test(one_alone_is_found),
        cmocka_unit_test(one_that_changed_is_found_among_many),
        cmocka_unit_test(intervals_hold_the_truth),
        cmocka_unit_test(too_few_are_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
