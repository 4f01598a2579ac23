/* Policies that scale: physics on traces small enough to be reckoned by hand, and what the predictive policy
 * promises on made traffic: it knows nothing of what comes, never has less than the reactive one, is ready
 * for events, and misses far fewer mornings. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/capacity/documents.h"
#include "core/capacity/scale.h"

#define DAY (86400 * SD_S)
enum { FIXED, REACTIVE, PREDICTIVE, CLAIRVOYANT };

static struct scale_policy policy_of(int64_t start_steps, int64_t cool_steps, size_t from)
{
    return (struct scale_policy){.rate = 10,
                                 .start_ns = start_steps * 60 * SD_S,
                                 .price_per_hour = 6,
                                 .from_ns = (int64_t)from * 60 * SD_S,
                                 .target = 0.5,
                                 .min = 1,
                                 .max = 8,
                                 .cool_down_ns = cool_steps * 60 * SD_S,
                                 .kinds = {SCALE_FIXED, SCALE_REACTIVE, SCALE_PREDICTIVE, SCALE_CLAIRVOYANT},
                                 .n_kinds = SCALE_KINDS};
}

static void same(const char *what, const int64_t *is, const int64_t *should, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is[i] != should[i])
            fail_msg("%s in step %zu is %lld, not %lld", what, i, (long long)is[i], (long long)should[i]);
}

/* Instances of 10 a second at 50 %: one for each 5. They take 2 steps to start, removals wait 3 steps. */
static void test_physics(void **state)
{
    static const double X[] = {5, 5, 20, 35, 8, 5, 5, 5, 90, 5};
    static const int64_t WANTED[] = {1, 1, 4, 7, 7, 7, 1, 1, 8}, RUNNING[] = {1, 1, 1, 1, 4, 7, 1, 1, 1},
                         AHEAD[] = {7, 7, 7, 2, 1, 8, 8, 8, 1}, AHEAD_RUNS[] = {1, 1, 7, 2, 1, 1, 1, 8, 1};
    struct scale_trace t = {0, 60 * SD_S, X, ARRAY_LEN(X)};
    struct scale_policy p = policy_of(2, 3, 1);
    struct scale s;
    struct sd_error err;
    (void)state;
    assert_true(scale_replay(&s, &t, &p, &err));
    assert_int_equal(s.steps, 9);
    same("reactive wants", s.wanted[REACTIVE], WANTED, 9);
    same("reactive runs", s.running[REACTIVE], RUNNING, 9);
    same("clairvoyant wants", s.wanted[CLAIRVOYANT], AHEAD, 9);
    same("clairvoyant runs", s.running[CLAIRVOYANT], AHEAD_RUNS, 9);
    /* of 5 20 35 8 5 5 5 90 5 the 20, 35 and 90 are too much */
    assert_int_equal(s.rows[REACTIVE].violations, 3);
    assert_float_equal(s.rows[REACTIVE].overload_share, (10.0 + 25 + 80) / 178, 1e-12);
    assert_float_equal(s.rows[REACTIVE].instance_hours, 37 / 60.0, 1e-12);
    assert_float_equal(s.rows[REACTIVE].cost, 3.7, 1e-12);
    assert_int_equal(s.rows[REACTIVE].actions, 4);
    assert_int_equal(s.rows[REACTIVE].peak_instances, 8);
    assert_int_equal(s.rows[FIXED].peak_instances, 8);
    assert_int_equal(s.rows[FIXED].violations, 1); /* 90 is more than all that are allowed serve */
    assert_int_equal(s.rows[FIXED].actions, 0);
    scale_free(&s);
}

/* What is removed while it starts never ran, and an instance that is wanted again starts anew. */
static void test_youngest_first(void **state)
{
    static const double X[] = {5, 5, 30, 5, 5, 30, 30, 30, 30, 30};
    static const int64_t WANTED[] = {1, 1, 6, 1, 1, 6, 6, 6, 6}, RUNNING[] = {1, 1, 1, 1, 1, 1, 1, 6, 6};
    struct scale_trace t = {0, 60 * SD_S, X, ARRAY_LEN(X)};
    struct scale_policy p = policy_of(2, 0, 1);
    struct scale s;
    struct sd_error err;
    (void)state;
    assert_true(scale_replay(&s, &t, &p, &err));
    same("reactive wants", s.wanted[REACTIVE], WANTED, 9);
    same("reactive runs", s.running[REACTIVE], RUNNING, 9);
    scale_free(&s);
}

static void test_refused(void **state)
{
    static const double X[] = {1, 2, NAN, 4};
    struct scale_trace t = {0, 60 * SD_S, X, 2};
    struct scale_policy p = policy_of(0, 0, 0);
    struct scale s;
    struct sd_error err;
    (void)state;
    assert_false(scale_replay(&s, &t, &p, &err)); /* no step before */
    scale_free(&s);
    p.from_ns = 2 * 60 * SD_S;
    assert_false(scale_replay(&s, &t, &p, &err)); /* nothing left */
    scale_free(&s);
    t.n = 4;
    assert_false(scale_replay(&s, &t, &p, &err)); /* unknown where it is judged */
    assert_non_null(strstr(err.text, "step 1"));
    scale_free(&s);
    p.from_ns = 3 * 60 * SD_S; /* unknown before is a gap */
    assert_true(scale_replay(&s, &t, &p, &err));
    scale_free(&s);
}

/* ---- made traffic: steps of 5 minutes, steep mornings, quiet weekends ---- */

#define STEP (300 * SD_S)
enum { A_DAY = 288, HISTORY = 14, DAYS = 21 };

static double chance(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(*seed >> 11) / 0x1p53;
}

static double shape(double hour)
{
    return hour < 8      ? 0.2
           : hour < 8.25 ? 0.2 + 0.8 * (hour - 8) / 0.25
           : hour < 18   ? 1
           : hour < 22   ? 1 - 0.2 * (hour - 18)
                         : 0.2;
}

static double *traffic(uint64_t seed, double noise)
{
    double *x = mem_array(DAYS * A_DAY, sizeof *x);
    for (size_t i = 0; i < DAYS * A_DAY; i++) {
        double around = chance(&seed) + chance(&seed) + chance(&seed) - 1.5; /* of standard deviation 0.5 */
        x[i] =
            2000 * shape((double)(i % A_DAY) / 12) * (i / A_DAY % 7 >= 5 ? 0.5 : 1) * exp(2 * noise * around);
    }
    return x;
}

static struct scale_policy weekly(const struct scale_event *events, size_t n)
{
    return (struct scale_policy){.rate = 100,
                                 .start_ns = 600 * SD_S,
                                 .price_per_hour = 0.2,
                                 .from_ns = HISTORY * DAY,
                                 .target = 0.7,
                                 .min = 2,
                                 .max = 500,
                                 .cool_down_ns = 300 * SD_S,
                                 .lead_ns = 900 * SD_S,
                                 .kinds = {SCALE_FIXED, SCALE_REACTIVE, SCALE_PREDICTIVE, SCALE_CLAIRVOYANT},
                                 .n_kinds = SCALE_KINDS,
                                 .events = events,
                                 .n_events = n};
}

static void replay(struct scale *s, const double *x, size_t n, const struct scale_policy *p)
{
    struct scale_trace t = {0, STEP, x, n};
    struct sd_error err = {.text = ""};
    if (!scale_replay(s, &t, p, &err))
        fail_msg("%s", err.text);
}

static void never_less(const struct scale *s)
{
    for (size_t i = 0; i < s->steps; i++)
        if (s->wanted[PREDICTIVE][i] < s->wanted[REACTIVE][i] ||
            s->running[PREDICTIVE][i] < s->running[REACTIVE][i])
            fail_msg("fewer than the reactive policy has in step %zu", i);
    assert_true(s->holds && s->rows[PREDICTIVE].violations <= s->rows[REACTIVE].violations);
}

static void test_season(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        double *x = traffic(seed, 0.02 * (double)(seed % 5 + 1));
        struct scale_policy p = weekly(NULL, 0);
        struct scale s;
        replay(&s, x, DAYS * A_DAY, &p);
        never_less(&s);
        const struct scale_row *r = &s.rows[REACTIVE], *q = &s.rows[PREDICTIVE];
        assert_true(r->violations >= 10);
        if (q->violations * 4 > r->violations || q->cost > 1.3 * r->cost)
            fail_msg("%lld violations, %g, beside %lld, %g", (long long)q->violations, q->cost,
                     (long long)r->violations, r->cost);
        scale_free(&s);
        free(x);
    }
}

static void test_event(void **state)
{
    const struct scale_event campaign = {"campaign", 17 * DAY + 18 * 3600 * SD_S, 17 * DAY + 20 * 3600 * SD_S,
                                         3};
    size_t from = 17 * A_DAY + 18 * 12, to = from + 24, first = HISTORY * A_DAY;
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        double *x = traffic(seed, 0.06);
        struct scale_policy p = weekly(&campaign, 1);
        struct scale s;
        for (size_t i = from; i < to; i++)
            x[i] *= 3;
        replay(&s, x, DAYS * A_DAY, &p);
        never_less(&s);
        size_t missed = 0;
        bool asked = false;
        for (size_t i = from; i < to; i++)
            missed += x[i] > 100 * (double)s.running[PREDICTIVE][i - first];
        for (size_t i = 0; i < s.n_decisions; i++)
            asked |= s.decisions[i].reason == SCALE_BY_EVENT &&
                     s.decisions[i].at_ns <= campaign.from_ns - p.lead_ns;
        assert_true(missed == 0 && asked);
        scale_free(&s);
        free(x);
    }
}

/* Crowds that nothing foretold, and a season that is over: not worse than the reactive policy. */
static void test_unforeseen(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        double *x = traffic(seed, 0.06);
        struct scale_policy p = weekly(NULL, 0);
        struct scale s;
        uint64_t dice = seed;
        for (size_t i = HISTORY * A_DAY; i < DAYS * A_DAY; i++)
            if (seed % 2)
                x[i] = 1500 * (0.5 + chance(&dice)); /* no day any more */
        for (size_t d = HISTORY; d < DAYS; d++)
            for (size_t i = 0; i < 24 && seed % 2 == 0; i++)
                x[d * A_DAY + 150 + i] *= fmin(4, 1 + (double)i);
        replay(&s, x, DAYS * A_DAY, &p);
        never_less(&s);
        scale_free(&s);
        free(x);
    }
}

/* Decisions up to T do not change when the trace after T does, for several T, with and without an event. */
static void test_knows_nothing_of_what_comes(void **state)
{
    const struct scale_event event = {"sale", 16 * DAY, 16 * DAY + 7200 * SD_S, 2};
    double *x = traffic(3, 0.08), *y = mem_array(DAYS * A_DAY, sizeof *y);
    struct scale_policy p = weekly(&event, 1);
    struct scale a, b;
    (void)state;
    replay(&a, x, DAYS * A_DAY, &p);
    for (size_t at = HISTORY * A_DAY + 1; at < DAYS * A_DAY; at += 97) {
        memcpy(y, x, DAYS * A_DAY * sizeof *y);
        for (size_t i = at; i < DAYS * A_DAY; i++)
            y[i] = i % 3 ? 0 : 9000;
        replay(&b, y, at % 2 ? DAYS * A_DAY : at + 1, &p); /* and when it ends there */
        same("predictive", b.wanted[PREDICTIVE], a.wanted[PREDICTIVE], at - HISTORY * A_DAY + 1);
        scale_free(&b);
    }
    scale_free(&a);
    free(x);
    free(y);
}

/* Hardly any history, gaps in it, nothing but zeros, one step: no sum goes wrong. */
static void test_at_its_ends(void **state)
{
    double *x = traffic(5, 0.1);
    struct scale_policy p = weekly(NULL, 0);
    struct scale s;
    (void)state;
    p.from_ns = STEP;
    replay(&s, x, 3 * A_DAY, &p);
    never_less(&s);
    scale_free(&s);
    p.from_ns = 7 * DAY;
    for (size_t i = 0; i < 6 * A_DAY; i += 5)
        x[i] = NAN;
    replay(&s, x, 10 * A_DAY, &p);
    never_less(&s);
    scale_free(&s);
    memset(x, 0, DAYS * A_DAY * sizeof *x);
    p.min = 0;
    replay(&s, x, 10 * A_DAY, &p);
    never_less(&s);
    assert_true(isnan(s.rows[PREDICTIVE].overload_share) && s.rows[PREDICTIVE].peak_instances == 0);
    scale_free(&s);
    x[0] = x[1] = 1e15;
    p.from_ns = STEP;
    p.lead_ns = 30 * DAY;
    p.start_ns = 29 * DAY;
    replay(&s, x, 2, &p);
    assert_int_equal(s.rows[PREDICTIVE].peak_instances, p.max);
    cJSON *o = scale_document(&s, &(struct scale_trace){0, STEP, x, 2}, &p);
    assert_string_equal(result_get_text(o, "verdict"), "pass");
    cJSON_Delete(o);
    scale_free(&s);
    /* steps as long as times can be apart, an event at the end of time */
    const struct scale_event last = {"last", -NUM_MAX, NUM_MAX, 1e6};
    struct scale_trace centuries = {-4 * (NUM_MAX / 10), 4 * (NUM_MAX / 10), x, 3};
    struct sd_error err;
    p.from_ns = NUM_MAX;
    p.events = &last;
    p.n_events = 1;
    assert_false(scale_replay(&s, &centuries, &p, &err));
    scale_free(&s);
    p.from_ns = 0;
    assert_true(scale_replay(&s, &centuries, &p, &err));
    o = scale_document(&s, &centuries, &p);
    cJSON_Delete(o);
    scale_free(&s);
    free(x);
}

/* What each step would look at is bounded. */
static void test_too_far(void **state)
{
    double *x = traffic(1, 0);
    struct scale_policy p = weekly(NULL, 0);
    struct scale_trace t = {0, SD_S, x, DAYS * A_DAY};
    struct scale s;
    struct sd_error err;
    (void)state;
    p.from_ns = 100 * SD_S;
    p.lead_ns = 30 * DAY;
    x = realloc(x, 30000 * sizeof *x);
    memset(x, 0, 30000 * sizeof *x);
    t.rate = x;
    t.n = 30000;
    assert_false(scale_replay(&s, &t, &p, &err));
    assert_non_null(strstr(err.text, "cannot be looked at"));
    scale_free(&s);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_physics),
        cmocka_unit_test(test_youngest_first),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_season),
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_unforeseen),
        cmocka_unit_test(test_at_its_ends),
        cmocka_unit_test(test_too_far),
        cmocka_unit_test(test_knows_nothing_of_what_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
