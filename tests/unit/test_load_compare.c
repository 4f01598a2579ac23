/* Two load tests beside each other: none is called slower that is not, those that are are found. Latencies
 * are made up, always the same. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/chance.h"
#include "core/loads/load_compare.h"

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

/* ---- servers ---- */

enum kind {
    ALIKE,  /* lognormal, neighbours correlated by `alike` */
    QUEUE,  /* one server with exponential service, utilisation `alike`: what arrives waits for what is there
             */
    PAUSES, /* now and then nothing is answered for up to 1.3 s */
    TWO_WAYS, /* three times as slow for about `alike` seconds, every now and then */
    HEAVY,    /* a tail without a variance */
    WHOLE_MS, /* rounded to few values */
    TIMEOUTS, /* about one in a hundred is given up after 5 s */
};

struct server {
    enum kind kind;
    double rate, seconds, alike, sigma, times;
    size_t names; /* requests take turns; 0: one without a name */
};

struct state {
    double z, wait, next, end, turn;
    bool slow;
};

static double latency_ms(const struct server *s, struct state *x, double t)
{
    double rho = s->kind == ALIKE ? s->alike : 0.5;
    x->z = rho * x->z + sqrt(1 - rho * rho) * normal();
    double ms = 20 * exp(s->sigma * x->z);
    switch (s->kind) {
    case QUEUE: {
        double service = -log(uniform()) * s->alike / s->rate, gap = -log(uniform()) / s->rate;
        ms = (x->wait + service) * 1000;
        x->wait = fmax(0, x->wait + service - gap);
        break;
    }
    case PAUSES:
        for (; t >= x->next; x->next += -log(uniform()) * 8)
            x->end = x->next + 0.3 + uniform();
        ms += t < x->end ? (x->end - t) * 1000 : 0;
        break;
    case TWO_WAYS:
        for (; t >= x->turn; x->turn += -log(uniform()) * (x->slow ? 1 : 3) * s->alike)
            x->slow = !x->slow;
        ms *= x->slow ? 3 : 1;
        break;
    case HEAVY:
        ms = 5 * pow(uniform(), -1 / 1.1);
        break;
    case WHOLE_MS:
        ms = floor(1 + 2 * exp(s->sigma * x->z));
        break;
    case TIMEOUTS:
        ms = uniform() < 0.012 ? 5000 : ms;
        break;
    default:
        break;
    }
    return ms * s->times;
}

static void serve(const struct server *s, struct load_sample_set *out)
{
    struct state x = {.z = normal(), .next = -log(uniform()) * 8, .slow = uniform() < 0.25};
    size_t n = (size_t)(s->rate * s->seconds);
    for (int i = 0; s->kind == QUEUE && i < 2000; i++)
        latency_ms(s, &x, 0);
    for (size_t i = 0; i < n; i++) {
        char name[40] = "";
        double t = (double)i / s->rate, ms = latency_ms(s, &x, t);
        if (s->names)
            snprintf(name, sizeof name, "page %zu", i % s->names);
        load_samples_add(out,
                         &(struct load_sample){
                             .name = name,
                             .name_len = strlen(name),
                             .start_ns = (int64_t)(t * 1e9),
                             .latency_ns = s->kind == WHOLE_MS ? (int64_t)ms * SD_MS : (int64_t)(ms * 1e6),
                             .status = 200,
                             .bytes = SD_UNKNOWN,
                         });
    }
}

static const struct load_compare_rules USUAL = {.confidence = 0.95};

/* ---- many comparisons ---- */

struct score {
    int slower, faster, inside, rows;
};

static struct score compare_often(const struct server *base, const struct server *newer, size_t runs,
                                  int times)
{
    struct score score = {0};
    double truth = newer->times / base->times - 1;
    for (int i = 0; i < times; i++) {
        struct load_sample_set a[4] = {0}, b[4] = {0};
        const struct load_sample_set *as[4] = {&a[0], &a[1], &a[2], &a[3]},
                                     *bs[4] = {&b[0], &b[1], &b[2], &b[3]};
        struct load_comparison c;
        for (size_t k = 0; k < runs; k++) {
            serve(base, &a[k]);
            serve(newer, &b[k]);
        }
        assert_true(load_compare(as, runs, bs, runs, &USUAL, &c, NULL));
        score.slower += c.verdict == LOAD_COMPARE_SLOWER;
        score.faster += c.verdict == LOAD_COMPARE_FASTER;
        for (size_t k = 0; k < c.n_rows; k++) {
            const struct load_compare_row *r = &c.rows[k];
            score.inside += r->change_lo <= truth && truth <= r->change_hi;
            assert_true(r->change_lo <= r->change && r->change <= r->change_hi);
            assert_true(r->p >= 0 && r->p <= 1);
            assert_int_equal(r->verdict == LOAD_COMPARE_SLOWER, r->change_lo > 0 && r->change > 0);
        }
        score.rows += (int)c.n_rows;
        load_comparison_free(&c);
        for (size_t k = 0; k < runs; k++) {
            load_samples_free(&a[k]);
            load_samples_free(&b[k]);
        }
    }
    return score;
}

static void the_same_is_not_called_different(void **state)
{
    (void)state;
    enum { TIMES = 40 };
    static const struct {
        const char *what;
        struct server base, newer;
    } CASES[] = {
        {"independent", {ALIKE, 100, 60, 0, 0.5, 1, 0}, {ALIKE, 100, 60, 0, 0.5, 1, 0}},
        {"correlation 0.8", {ALIKE, 100, 60, 0.8, 0.5, 1, 1}, {ALIKE, 100, 60, 0.8, 0.5, 1, 1}},
        {"correlation 0.98", {ALIKE, 100, 60, 0.98, 0.5, 1, 0}, {ALIKE, 100, 60, 0.98, 0.5, 1, 0}},
        {"two rates", {ALIKE, 100, 60, 0.8, 0.5, 1, 0}, {ALIKE, 40, 60, 0.8, 0.5, 1, 0}},
        {"two lengths", {ALIKE, 100, 60, 0.8, 0.5, 1, 0}, {ALIKE, 100, 15, 0.8, 0.5, 1, 0}},
        {"few", {ALIKE, 12, 10, 0.5, 0.5, 1, 0}, {ALIKE, 12, 10, 0.5, 0.5, 1, 0}},
        {"names", {ALIKE, 100, 60, 0.8, 0.5, 1, 5}, {ALIKE, 100, 60, 0.8, 0.5, 1, 5}},
        {"a queue", {QUEUE, 100, 60, 0.8, 0, 1, 0}, {QUEUE, 100, 60, 0.8, 0, 1, 0}},
        {"pauses", {PAUSES, 100, 60, 0, 0.5, 1, 0}, {PAUSES, 100, 60, 0, 0.5, 1, 0}},
        {"slow for 2 s", {TWO_WAYS, 100, 60, 2, 0.5, 1, 0}, {TWO_WAYS, 100, 60, 2, 0.5, 1, 0}},
        {"heavy", {HEAVY, 100, 60, 0, 0, 1, 0}, {HEAVY, 100, 60, 0, 0, 1, 0}},
        {"rounded", {WHOLE_MS, 100, 60, 0, 0.6, 1, 0}, {WHOLE_MS, 100, 60, 0, 0.6, 1, 0}},
        {"time-outs", {TIMEOUTS, 100, 60, 0, 0.6, 1, 0}, {TIMEOUTS, 100, 60, 0, 0.6, 1, 0}},
    };
    int all = 0;
    seed = 88172645463325252u;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct score s = compare_often(&CASES[i].base, &CASES[i].newer, 1, TIMES);
        print_message("# %s: %d slower, %d faster of %d; the truth inside in %d of %d\n", CASES[i].what,
                      s.slower, s.faster, TIMES, s.inside, s.rows);
        assert_in_range(s.slower + s.faster, 0,
                        4); /* 5 % of 40 are 2; 5 and more come in 5 % of such tests */
        all += s.slower + s.faster;
    }
    assert_true(all <= (int)ARRAY_LEN(CASES) * TIMES * 5 / 100);
}

static void slower_ones_are_found(void **state)
{
    (void)state;
    enum { TIMES = 40 };
    struct server base = {ALIKE, 100, 60, 0.8, 0.5, 1, 0}, newer = base, named = base, rounded = base;
    newer.times = 1.25;
    seed = 4;
    struct score s = compare_often(&base, &newer, 1, TIMES);
    print_message("# 25 %% more: %d of %d; the truth inside in %d of %d\n", s.slower, TIMES, s.inside,
                  s.rows);
    assert_in_range(s.slower, TIMES * 9 / 10, TIMES);
    assert_in_range(s.inside, s.rows * 95 / 100, s.rows);
    s = compare_often(&newer, &base, 1, TIMES);
    assert_in_range(s.faster, TIMES * 9 / 10, TIMES);

    named.names = 1;
    newer.names = 1;
    assert_in_range(compare_often(&named, &newer, 1, TIMES).slower, TIMES * 9 / 10, TIMES);
    rounded.kind = newer.kind = WHOLE_MS;
    newer.times = 2;
    assert_in_range(compare_often(&rounded, &newer, 1, TIMES).slower, TIMES * 9 / 10, TIMES);
}

static void runs_are_the_units(void **state)
{
    (void)state;
    enum { TIMES = 30 };
    struct server base = {ALIKE, 20, 12, 0.8, 0.5, 1, 0}, newer = base;
    seed = 5;
    struct score s = compare_often(&base, &newer, 3, TIMES);
    print_message("# three runs: %d slower, %d faster of %d\n", s.slower, s.faster, TIMES);
    assert_in_range(s.slower + s.faster, 0, 4);
    newer.times = 2;
    s = compare_often(&base, &newer, 4, TIMES);
    assert_in_range(s.slower, TIMES * 9 / 10, TIMES);
    assert_in_range(s.inside, s.rows * 95 / 100, s.rows);
}

/* ---- one comparison ---- */

/* Latencies of every request the same. */
static void steady(struct load_sample_set *s, size_t n, int64_t every_ns, int64_t latency_ns)
{
    for (size_t i = 0; i < n; i++)
        load_samples_add(s, &(struct load_sample){.start_ns = (int64_t)i * every_ns,
                                                  .latency_ns = latency_ns,
                                                  .status = 200,
                                                  .bytes = SD_UNKNOWN});
}

static struct load_comparison compare_two(const struct load_sample_set *a, const struct load_sample_set *b,
                                          double tolerance)
{
    struct load_comparison c;
    assert_true(load_compare(
        &a, 1, &b, 1, &(struct load_compare_rules){.confidence = 0.95, .tolerance = tolerance}, &c, NULL));
    return c;
}

static void steady_ones(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        int64_t every_ns, base_ns, new_ns;
        double tolerance;
        enum load_compare_verdict verdict;
    } CASES[] = {
        {1000, 10 * SD_MS, 20 * SD_MS, 20 * SD_MS, 0, LOAD_COMPARE_SAME},
        {1000, 10 * SD_MS, 20 * SD_MS, 25 * SD_MS, 0, LOAD_COMPARE_SLOWER},
        {1000, 10 * SD_MS, 20 * SD_MS, 25 * SD_MS, 0.3, LOAD_COMPARE_SAME},
        {1000, 10 * SD_MS, 25 * SD_MS, 20 * SD_MS, 0, LOAD_COMPARE_FASTER},
        {1000, 10 * SD_MS, 0, 0, 0, LOAD_COMPARE_SAME},
        {99, 200 * SD_MS, 20 * SD_MS, 90 * SD_MS, 0, LOAD_COMPARE_UNSURE},  /* too few */
        {1000, 9 * SD_MS, 20 * SD_MS, 90 * SD_MS, 0, LOAD_COMPARE_UNSURE},  /* too short */
        {100, 100 * SD_MS, 20 * SD_MS, 90 * SD_MS, 0, LOAD_COMPARE_SLOWER}, /* just enough of both */
        {1000, 0, 20 * SD_MS, 90 * SD_MS, 0, LOAD_COMPARE_UNSURE},          /* no times */
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct load_sample_set a = {0}, b = {0};
        steady(&a, CASES[i].n, CASES[i].every_ns, CASES[i].base_ns);
        steady(&b, CASES[i].n, CASES[i].every_ns, CASES[i].new_ns);
        struct load_comparison c = compare_two(&a, &b, CASES[i].tolerance);
        if (c.verdict != CASES[i].verdict)
            print_message("# case %zu: %s\n", i, LOAD_COMPARE_VERDICT_NAMES[c.verdict]);
        assert_int_equal(c.verdict, CASES[i].verdict);
        assert_int_equal(c.n_rows, 3);
        assert_int_equal(isnan(c.rows[0].p), c.verdict == LOAD_COMPARE_UNSURE);
        assert_int_equal(c.rows[0].base_ns, CASES[i].base_ns);
        assert_int_equal(c.rows[2].new_ns, CASES[i].new_ns);
        load_comparison_free(&c);
        load_samples_free(&a);
        load_samples_free(&b);
    }
}

static void edges(void **state)
{
    (void)state;
    struct load_sample_set none = {0}, unknown = {0}, one = {0};
    const struct load_sample_set *a = &none, *b = &one;
    struct load_comparison c;
    struct sd_error err;
    steady(&one, 1, SD_S, SD_MS);
    steady(&unknown, 200, SD_S, SD_UNKNOWN);
    assert_false(load_compare(&a, 1, &b, 1, &USUAL, &c, &err));
    assert_string_equal(err.text, "The base has no request with a latency: there is nothing to compare.");
    assert_false(load_compare(&b, 1, &a, 1, &USUAL, &c, &err));
    assert_string_equal(err.text, "The new run has no request with a latency: there is nothing to compare.");
    a = &unknown;
    assert_false(load_compare(&a, 1, &b, 1, &USUAL, &c, &err));
    assert_true(load_compare(&b, 1, &b, 1, &USUAL, &c, &err));
    assert_int_equal(c.verdict, LOAD_COMPARE_UNSURE);
    load_comparison_free(&c);
    load_samples_free(&one);
    load_samples_free(&unknown);
}

static void students_t(void **state)
{
    (void)state;
    static const struct {
        double p, freedom, t;
    } KNOWN[] = {{0.05, 1, 12.7062}, {0.05, 10, 2.22814}, {0.01, 38, 2.71156}, {0.001, 2, 31.5991}};
    for (size_t i = 0; i < ARRAY_LEN(KNOWN); i++) {
        assert_true(fabs(student_t(KNOWN[i].p, KNOWN[i].freedom) / KNOWN[i].t - 1) < 1e-5);
        assert_true(fabs(student_p(KNOWN[i].t, KNOWN[i].freedom) / KNOWN[i].p - 1) < 1e-4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_not_called_different),
        cmocka_unit_test(slower_ones_are_found),
        cmocka_unit_test(runs_are_the_units),
        cmocka_unit_test(steady_ones),
        cmocka_unit_test(edges),
        cmocka_unit_test(students_t),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
