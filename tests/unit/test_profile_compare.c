/* Two profiles beside each other: no word without a reason, and the real changes found. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/profiles/profile_compare.h"

enum { FUNCTIONS = 40, SAMPLES = 5940 }; /* 60 s at 99 Hz */

static uint64_t seed;

static double random_share(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(seed >> 11) / (double)(UINT64_C(1) << 53);
}

/* Weights of functions like those of real programs: a few large ones, a long tail. */
static void usual_weights(double w[FUNCTIONS])
{
    for (int i = 0; i < FUNCTIONS; i++)
        w[i] = 1.0 / (1 + i);
}

/* A profile of samples drawn by weight; main calls all functions. */
static struct profile *drawn(const double w[FUNCTIONS], int samples)
{
    struct profile *p = profile_new("test", 1);
    uint32_t stack[2], f[FUNCTIONS];
    double sum = 0;
    p->counted = true;
    profile_type(p, "cpu", "ns");
    stack[0] = profile_function(p, "main", 4, NULL, 0, NULL);
    for (int i = 0; i < FUNCTIONS; i++) {
        char name[16];
        int n = snprintf(name, sizeof name, "f%d", i);
        f[i] = profile_function(p, name, (size_t)n, NULL, 0, NULL);
        sum += w[i];
    }
    for (int i = 0; i < samples; i++) {
        double at = random_share() * sum;
        int k = 0;
        while (k < FUNCTIONS - 1 && at >= w[k])
            at -= w[k++];
        stack[1] = f[k];
        profile_stack(p, stack, 2, 1, &(double){10});
    }
    profile_finish(p);
    return p;
}

static size_t calls_in(const struct profile_comparison *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += c->pairs[i].change != CHANGE_SAME;
    return n;
}

static void identical_workloads(void **state)
{
    (void)state;
    double w[FUNCTIONS];
    int wrong = 0;
    usual_weights(w);
    seed = 7;
    for (int i = 0; i < 300; i++) {
        struct profile *a = drawn(w, SAMPLES), *b = drawn(w, SAMPLES / (1 + i % 3));
        struct profile_comparison c = profile_compare(a, b);
        wrong += calls_in(&c) > 0;
        profile_comparison_free(&c);
        profile_free(a);
        profile_free(b);
    }
    assert_in_range(wrong, 0, 2);
}

static const struct profile_pair *pair_named(const struct profile_comparison *c, const struct profile *before,
                                             const struct profile *after, const char *name)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct profile_pair *r = &c->pairs[i];
        const char *own = r->after != PROFILE_NO_FUNCTION ? after->functions[r->after].name
                                                          : before->functions[r->before].name;
        if (str_eq(own, name))
            return r;
    }
    fail_msg("no %s", name);
    return NULL;
}

/* 5 % of the program more in one function; what is beside it is not called smaller. */
static void one_costs_more(void **state)
{
    (void)state;
    static const int which[] = {2, 5, 9, 20, 39};
    for (size_t k = 0; k < ARRAY_LEN(which); k++) {
        double w[FUNCTIONS], more[FUNCTIONS], sum = 0;
        char name[16];
        int found = 0, others = 0;
        usual_weights(w);
        usual_weights(more);
        for (int i = 0; i < FUNCTIONS; i++)
            sum += w[i];
        more[which[k]] += 0.05 * sum;
        snprintf(name, sizeof name, "f%d", which[k]);
        seed = 11 + k;
        for (int i = 0; i < 10; i++) {
            struct profile *a = drawn(w, SAMPLES), *b = drawn(more, SAMPLES);
            struct profile_comparison c = profile_compare(a, b);
            bool grew = pair_named(&c, a, b, name)->change == CHANGE_GREW;
            found += grew;
            others += (int)calls_in(&c) - grew;
            profile_comparison_free(&c);
            profile_free(a);
            profile_free(b);
        }
        if (found < 9 || others > 1)
            fail_msg("%s: found %d of 10, %d others called", name, found, others);
    }
}

/* One that doubles the program: the shares of all others are halved, which is no change of theirs. */
static void a_large_one_does_not_shrink_the_others(void **state)
{
    (void)state;
    double w[FUNCTIONS], more[FUNCTIONS];
    usual_weights(w);
    usual_weights(more);
    more[30] += 4.3;
    seed = 3;
    struct profile *a = drawn(w, SAMPLES), *b = drawn(more, SAMPLES);
    struct profile_comparison c = profile_compare(a, b);
    const struct profile_pair *r = pair_named(&c, a, b, "f30");
    assert_int_equal(r->change, CHANGE_GREW);
    assert_true(r->low > 0.4 && r->low < r->delta && r->delta < r->high && r->high < 0.6);
    assert_int_equal(calls_in(&c), 1);
    profile_comparison_free(&c);
    profile_free(a);
    profile_free(b);
}

/* Twice the requests: all cost twice as much, one four times. */
static void faster_than_the_load(void **state)
{
    (void)state;
    double w[FUNCTIONS], more[FUNCTIONS], sum = 0;
    usual_weights(w);
    usual_weights(more);
    more[4] *= 2;
    for (int i = 0; i < FUNCTIONS; i++)
        sum += w[i];
    seed = 5;
    struct profile *a = drawn(w, SAMPLES), *b = drawn(more, (int)(SAMPLES * 2 * (sum + w[4]) / sum));
    a->duration_ns = b->duration_ns = 60 * SD_S;
    struct profile_comparison c = profile_compare(a, b);
    profile_compare_load(&c, a, b, (struct profile_load){6000, 12000});
    for (size_t i = 0; i < c.n; i++) {
        const struct profile_function *f = &b->functions[c.pairs[i].after];
        bool square = str_eq(f->name, "f4");
        if (square ? fabs(c.pairs[i].order - 2) > 0.3 : !isnan(c.pairs[i].order))
            fail_msg("%s: the load to the power of %g", f->name, c.pairs[i].order);
    }
    profile_comparison_free(&c);
    c = profile_compare(a, b); /* without more load nothing is said */
    profile_compare_load(&c, a, b, (struct profile_load){6000, 6000});
    profile_compare_load(&c, a, b, (struct profile_load){0, 6000});
    for (size_t i = 0; i < c.n; i++)
        assert_true(isnan(c.pairs[i].order));
    profile_comparison_free(&c);
    profile_free(a);
    profile_free(b);
}

/* ---- by hand ---- */

static struct profile *stacks(const char *const (*rows)[4], const int *samples, size_t n)
{
    struct profile *p = profile_new("test", 1);
    p->counted = true;
    profile_type(p, "cpu", "ns");
    for (size_t i = 0; i < n; i++) {
        uint32_t f[4];
        size_t depth = 0;
        for (; depth < 4 && rows[i][depth]; depth++)
            f[depth] = profile_function(p, rows[i][depth], strlen(rows[i][depth]), NULL, 0, NULL);
        profile_stack(p, f, depth, samples[i], &(double){samples[i]});
    }
    profile_finish(p);
    return p;
}

static void says(const struct profile *a, const struct profile *b, const char *name, const char *expected)
{
    struct profile_comparison c = profile_compare(a, b);
    const char *change = profile_change_name(pair_named(&c, a, b, name)->change);
    if (!str_eq(change, expected))
        fail_msg("%s: %s, not %s", name, change ? change : "unknown", expected);
    profile_comparison_free(&c);
}

static void new_gone_and_moved(void **state)
{
    (void)state;
    static const char *const rows[][4] = {{"main", "parse"}, {"main", "parse", "scan"},
                                          {"main", "send"},  {"main", "send", "copy"},
                                          {"main", "old"},   {"main", "wait"}};
    static const char *const after[][4] = {{"main", "parse"},  {"main", "parse", "scan"},
                                           {"main", "send"},   {"main", "send", "copy"},
                                           {"other", "fresh"}, {"main", "wait"}};
    /* the compiler put scan into parse; old is gone, fresh is new elsewhere, of another size */
    struct profile *a = stacks(rows, (const int[]){300, 400, 500, 600, 300, 900}, 6);
    struct profile *b = stacks(after, (const int[]){690, 8, 510, 590, 700, 890}, 6);
    says(a, b, "parse", "moved");
    says(a, b, "scan", "moved");
    says(a, b, "send", "same");
    says(a, b, "wait", "same");
    says(a, b, "old", "gone");
    says(a, b, "fresh", "new");
    says(b, a, "old", "new");
    profile_free(a);
    profile_free(b);
}

/* Few samples, none, and figures that are no numbers of samples: nothing is said. */
static void too_little_to_say(void **state)
{
    (void)state;
    static const char *const rows[][4] = {{"main", "f"}, {"main", "g"}};
    struct profile *a = stacks(rows, (const int[]){2, 1}, 2), *b = stacks(rows, (const int[]){1, 4}, 2);
    struct profile *none = stacks(rows, NULL, 0);
    says(a, b, "f", "same");
    b->counted = false;
    says(a, b, "f", NULL);
    says(none, a, "f", NULL);
    says(a, none, "g", NULL);
    profile_free(a);
    profile_free(b);
    profile_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identical_workloads),
        cmocka_unit_test(one_costs_more),
        cmocka_unit_test(a_large_one_does_not_shrink_the_others),
        cmocka_unit_test(faster_than_the_load),
        cmocka_unit_test(new_gone_and_moved),
        cmocka_unit_test(too_little_to_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
