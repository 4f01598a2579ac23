/* Who sends what when: schedules, users, rows of credentials, the search. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/loads/dice.h"
#include "core/loads/schedule.h"
#include "tests/lib/load_sim.h"

#define HEAD "requests: [{name: a, path: /a, weight: 3}, {name: b, path: /b}]\n"

/* ---- schedules ---- */

static void moments(void **state)
{
    (void)state;
    static const struct {
        struct load_stage stages[3];
        size_t n_stages;
        uint64_t count, i;
        double seconds; /* of request i */
    } ROWS[] = {
        {{{10 * SD_S, 100, 100}}, 1, 1000, 0, 0},
        {{{10 * SD_S, 100, 100}}, 1, 1000, 999, 9.99},
        {{{30 * SD_S, 0.1, 0.1}}, 1, 3, 2, 20},
        {{{SD_S, 2.5, 2.5}}, 1, 3, 2, 0.8},
        {{{10 * SD_S, 0, 100}}, 1, 500, 125, 5}, /* 5 t^2 = 125 */
        {{{10 * SD_S, 100, 0}}, 1, 500, 375, 5}, /* 100 t - 5 t^2 = 375 */
        {{{10 * SD_S, 100, 100}, {30 * SD_S, 100, 300}}, 2, 7000, 1000, 10},
        {{{10 * SD_S, 100, 100}, {30 * SD_S, 100, 300}}, 2, 7000, 3250, 25}, /* 100 t + 10 t^2 / 3 at 15 */
        {{{SD_S, 10, 10}, {5 * SD_S, 0, 0}, {SD_S, 10, 10}}, 3, 20, 10, 6},
    };
    for (size_t r = 0; r < ARRAY_LEN(ROWS); r++) {
        struct load_schedule s;
        load_schedule_begin(&s, ROWS[r].stages, ROWS[r].n_stages, false, 1);
        uint64_t n = 0;
        int64_t at, last = -1;
        for (; (at = load_schedule_at(&s)) >= 0; load_schedule_next(&s), n++) {
            assert_true(at >= last);
            last = at;
            if (s.i == ROWS[r].i)
                assert_true(llabs(at - (int64_t)llround(ROWS[r].seconds * 1e9)) <= 1);
        }
        assert_int_equal(n, ROWS[r].count);
    }
}

static void poisson_is_random_and_repeats(void **state)
{
    (void)state;
    static const struct load_stage stage = {100 * SD_S, 100, 100};
    struct load_schedule a, b, c;
    double sum = 0, square = 0, last = 0, differ = 0;
    load_schedule_begin(&a, &stage, 1, true, 1);
    load_schedule_begin(&b, &stage, 1, true, 1);
    load_schedule_begin(&c, &stage, 1, true, 2);
    int64_t at;
    for (; (at = load_schedule_at(&a)) >= 0; load_schedule_next(&a)) {
        assert_int_equal(at, load_schedule_at(&b));
        differ += at != load_schedule_at(&c);
        double gap = (double)at / 1e9 - last;
        last = (double)at / 1e9;
        sum += a.i ? gap : 0;
        square += a.i ? gap * gap : 0;
        load_schedule_next(&b);
        load_schedule_next(&c);
    }
    double n = (double)a.i - 1, mean = sum / n;
    assert_true(fabs(mean - 0.01) < 0.0005); /* 10,000 of them: 1 % is one sigma */
    assert_true(fabs(sqrt(square / n - mean * mean) / mean - 1) < 0.06); /* as an exponential's */
    assert_true(differ > 9000);
}

/* ---- the open model ---- */

struct seen {
    int64_t n, requests[2], max_rows;
    bool busy[8];
    int64_t n_busy;
    int64_t service_ns;
};

static void row_server(void *ctx, struct load_outcome *o)
{
    struct seen *x = ctx;
    x->n++;
    x->requests[o->order.request]++;
    o->done_ns = o->sent_ns + x->service_ns;
}

static void choices_by_weight(void **state)
{
    (void)state;
    struct load_scenario s = load_sim_scenario(HEAD "stages: [{for: 100s, rate: 100}]\n");
    struct load_run *r = mem_alloc(sizeof *r);
    struct seen x = {.service_ns = SD_MS};
    load_run_init(r, &s, 0);
    load_sim(r, row_server, &x, INT64_MAX);
    assert_int_equal(x.n, 10000);
    assert_true(llabs(x.requests[0] - 7500) < 200);
    load_run_free(r);
    load_scenario_free(&s);
    free(r);
}

/* Two rows, each busy for 100 ms, are 20 requests a second: the others wait, and the wait is theirs. */
static void rows_are_waited_for(void **state)
{
    (void)state;
    struct load_scenario s = load_sim_scenario(HEAD "stages: [{for: 2s, rate: 40}]\ntimeout: 1s\n");
    static const char *const column[] = {"name"}, *const cells[] = {"anna", "ben"};
    s.credentials = (struct load_credentials){.columns = column, .n_columns = 1, .n_rows = 2, .cells = cells};
    struct load_run *r = mem_alloc(sizeof *r);
    struct seen x = {.service_ns = 100 * SD_MS};
    load_run_init(r, &s, 0);
    load_sim(r, row_server, &x, INT64_MAX);
    const struct load_tally *t = &r->figures.all;
    assert_int_equal(t->planned, 80);
    assert_int_equal(t->ok + t->failed, 80);
    assert_true(x.n >= 58 && x.n <= 62); /* 20 a second for 3 s */
    assert_int_equal(t->unsent, 80 - x.n);
    assert_int_equal(t->unsent, t->failed);
    assert_int_equal(r->figures.late, 0);
    load_run_free(r);
    load_scenario_free(&s);
    free(r);
}

/* ---- the closed model ---- */

static void users_wait_and_think(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        int64_t service_ns, planned;
    } ROWS[] = {
        {"stages: [{for: 10s, users: 5}]\n", 100 * SD_MS, 500},
        {"stages: [{for: 10s, users: 5}]\nthink: {constant: 400ms}\n", 100 * SD_MS, 100},
        {"stages: [{for: 10s, users: 1}]\nthink: {constant: 20s}\n", 100 * SD_MS, 1},
        /* 0 to 10 users in 10 s: user u from second u on */
        {"stages: [{for: 10s, from: 0, users: 10}]\nthink: {constant: 1s}\n", 0, 55},
        /* down again: user u until second 10 - u */
        {"stages: [{for: 10s, from: 10, users: 0}]\nthink: {constant: 1s}\n", 0, 55},
        {"stages: [{for: 2s, users: 1}, {for: 2s, users: 0}, {for: 2s, users: 1}]\nthink: {constant: 1s}\n",
         0, 4},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        char *yaml = mem_printf(HEAD "model: closed\n%s", ROWS[i].yaml);
        struct load_scenario s = load_sim_scenario(yaml);
        struct load_run *r = mem_alloc(sizeof *r);
        struct seen x = {.service_ns = ROWS[i].service_ns};
        load_run_init(r, &s, 0);
        load_sim(r, row_server, &x, INT64_MAX);
        assert_int_equal(r->figures.all.planned, ROWS[i].planned);
        assert_int_equal(r->figures.all.ok, ROWS[i].planned);
        load_run_free(r);
        load_scenario_free(&s);
        free(r);
        free(yaml);
    }
}

static void thinking_is_lognormal(void **state)
{
    (void)state;
    enum { N = 20000 };
    double *v = mem_array(N, sizeof *v);
    size_t below_median = 0, below_p95 = 0;
    double sigma = log(4) / 1.6448536;
    for (size_t i = 0; i < N; i++) {
        v[i] = exp(sigma * dice_normal(1, 7, i));
        below_median += v[i] < 1;
        below_p95 += v[i] < 4;
    }
    assert_true(fabs((double)below_median / N - 0.5) < 0.015);
    assert_true(fabs((double)below_p95 / N - 0.95) < 0.007);
    free(v);
}

struct steps {
    uint32_t requests[100];
    int64_t at[100];
    size_t n;
};

static void note_step(void *ctx, struct load_outcome *o)
{
    struct steps *x = ctx;
    assert_int_equal(o->order.user, 0); /* the one user, although there are no credentials */
    x->requests[x->n] = o->order.request;
    x->at[x->n++] = o->order.intended_ns;
    o->done_ns = o->sent_ns + 100 * SD_MS;
}

static void sequences_keep_their_order(void **state)
{
    (void)state;
    struct load_scenario s =
        load_sim_scenario(HEAD "model: closed\nstages: [{for: 5s, users: 1}]\nthink: {constant: 300ms}\n"
                               "sequences: [{name: s, steps: [{request: b, think: 500ms}, {request: a}, "
                               "{request: a, think: 0}]}]\n");
    struct load_run *r = mem_alloc(sizeof *r);
    struct steps x = {.n = 0};
    static const uint32_t WANT[] = {1, 0, 0, 1, 0, 0};
    static const int64_t AT[] = {0, 600, 1000, 1100, 1700, 2100};
    load_run_init(r, &s, 0);
    load_sim(r, note_step, &x, INT64_MAX);
    for (size_t i = 0; i < ARRAY_LEN(WANT); i++) {
        assert_int_equal(x.requests[i], WANT[i]);
        assert_int_equal(x.at[i], AT[i] * SD_MS);
    }
    load_run_free(r);
    load_scenario_free(&s);
    free(r);
}

static void a_closed_model_is_kept_below_the_limit(void **state)
{
    (void)state;
    struct load_scenario s = load_sim_scenario(HEAD "model: closed\nstages: [{for: 2s, users: 50}]\n");
    struct load_run *r = mem_alloc(sizeof *r);
    struct seen x = {.service_ns = SD_MS};
    s.rate_cap = 100;
    load_run_init(r, &s, 0);
    load_sim(r, row_server, &x, INT64_MAX);
    assert_int_equal(x.n, 200);
    load_run_free(r);
    load_scenario_free(&s);
    free(r);
}

/* ---- the search ---- */

/* Which levels are run when all up to a rate hold. */
static void search_states(void **state)
{
    (void)state;
    static const struct {
        struct load_search rules;
        double capacity, held, broke;
        size_t levels;
    } ROWS[] = {
        {{.from = 50, .to = 2000, .precision = 0.05}, 430, 425, 437.5, 15},
        {{.from = 50, .to = 2000, .precision = 0.05}, 5000, 2000, NAN, 7},
        {{.from = 50, .to = 2000, .precision = 0.05}, 40, NAN, 50, 2},
        {{.from = 100, .to = 100, .precision = 0.05}, 100, 100, NAN, 1},
        {{.from = 100, .to = 150, .precision = 0.5}, 100, 100, 150, 3},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct load_search_state s;
        size_t n = 0;
        load_search_begin(&s, &ROWS[i].rules);
        for (; !isnan(s.rate) && n < 100; n++)
            load_search_told(&s, s.rate <= ROWS[i].capacity);
        assert_true(s.held == ROWS[i].held || (isnan(s.held) && isnan(ROWS[i].held)));
        assert_true(s.broke == ROWS[i].broke || (isnan(s.broke) && isnan(ROWS[i].broke)));
        assert_int_equal(n, ROWS[i].levels);
        assert_true(isnan(s.broke) || isnan(s.held) ||
                    (s.broke - s.held) / s.broke <= ROWS[i].rules.precision);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments),
        cmocka_unit_test(poisson_is_random_and_repeats),
        cmocka_unit_test(choices_by_weight),
        cmocka_unit_test(rows_are_waited_for),
        cmocka_unit_test(users_wait_and_think),
        cmocka_unit_test(thinking_is_lognormal),
        cmocka_unit_test(sequences_keep_their_order),
        cmocka_unit_test(a_closed_model_is_kept_below_the_limit),
        cmocka_unit_test(search_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
