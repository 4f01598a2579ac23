/* Runs of each kind against modelled servers: what the document says is what the server did. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/loads/dice.h"
#include "core/loads/slope.h"
#include "core/result.h"
#include "sink/print.h"
#include "tests/lib/load_sim.h"
#include "view/result_doc.h"

#define HEAD "requests: [{name: a, path: /a}]\n"

/* A run and its document; free with run_free. */
struct ran {
    struct load_scenario *s; /* a run points to it */
    struct load_run *r;
    cJSON *o;
};

static struct ran run_yaml(const char *yaml, load_sim_server *server, void *ctx, int64_t stop_ns)
{
    struct ran x = {.s = mem_alloc(sizeof *x.s), .r = mem_alloc(sizeof *x.r)};
    static const char *const column[] = {"k"}, *const cells[] = {"a", "b", "c"};
    *x.s = load_sim_scenario(yaml);
    if (x.s->kind == LOAD_LIMITS)
        x.s->credentials = (struct load_credentials){column, 1, 3, cells};
    load_run_init(x.r, x.s, 1764500000 * SD_S);
    load_sim(x.r, server, ctx, stop_ns);
    x.o = load_run_document(x.r);
    return x;
}

static void run_free(struct ran *x)
{
    load_run_free(x->r);
    free(x->r);
    load_scenario_free(x->s);
    free(x->s);
    cJSON_Delete(x->o);
}

static const cJSON *at(const cJSON *o, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(o, key);
    assert_non_null(v);
    return v;
}

static double number(const cJSON *o, const char *key)
{
    return result_get_real(o, key);
}

static const char *verdict(const struct ran *x)
{
    return result_get_text(x->o, "verdict");
}

/* ---- figures ---- */

/* Answers that differ by the number of the request: a status, a time-out, a reset, no connection. */
static void mixed_server(void *ctx, struct load_outcome *o)
{
    (void)ctx;
    o->done_ns = o->sent_ns + (int64_t)(o->order.seq % 100 + 1) * SD_MS;
    switch (o->order.seq % 10) {
    case 0:
        o->status = 503;
        o->sample = "too busy";
        break;
    case 1:
        o->done_ns = o->sent_ns + 100 * SD_S;
        break;
    case 2:
        o->failure = LOAD_RESET;
        o->status = 0;
        break;
    case 3:
        o->failure = LOAD_CONNECT;
        o->status = 0;
        o->sent_ns = SD_UNKNOWN;
        o->done_ns = o->order.intended_ns + SD_MS;
        break;
    case 4:
        o->status = 429;
        break;
    default:
        break;
    }
}

static void every_request_is_in_the_figures(void **state)
{
    (void)state;
    struct ran x =
        run_yaml(HEAD "stages: [{for: 11s, rate: 100}]\nwarmup: 1s\ntimeout: 2s\n"
                      "thresholds: [p99 < 3s, error_share < 10%, ok_per_s > 40, max <= 2s, 'p50{a} < 1s']\n",
                 mixed_server, NULL, INT64_MAX);
    static const struct {
        const char *key;
        double value;
    } WANT[] = {{"planned", 1000},     {"sent", 900},        {"answered", 700},
                {"ok", 500},           {"failed", 500},      {"timeouts", 100},
                {"limited", 100},      {"unsent", 0},        {"rate_planned_per_s", 100},
                {"ok_per_s", 50},      {"error_share", 0.5}, {"duration_ns", 11e9},
                {"measured_ns", 10e9}, {"seed", 1}};
    for (size_t i = 0; i < ARRAY_LEN(WANT); i++)
        assert_true(number(x.o, WANT[i].key) == WANT[i].value);
    assert_true(number(at(x.o, "latency"), "count") == 1000);
    assert_true(number(at(x.o, "service"), "count") == 900);
    assert_true(number(at(x.o, "ok_latency"), "count") == 500);
    assert_true(number(at(x.o, "latency"), "max_ns") == 2e9);
    assert_true(number(at(x.o, "latency"), "p95_ns") == 2e9);
    assert_true(number(at(x.o, "statuses"), "200") == 500);
    assert_int_equal(cJSON_GetArraySize(at(x.o, "errors")), 5);
    assert_int_equal(cJSON_GetArraySize(at(x.o, "series")), 11);
    const cJSON *row;
    double passed = 0, planned = 0;
    cJSON_ArrayForEach(row, at(x.o, "thresholds")) passed = passed * 2 + cJSON_IsTrue(at(row, "passed"));
    assert_true(passed == 23); /* 1 0 1 1 1 */
    cJSON_ArrayForEach(row, at(x.o, "series")) planned += number(row, "planned");
    assert_true(planned == 1100);
    assert_string_equal(verdict(&x), "fail");
    run_free(&x);
}

static void percentiles_are_by_rank(void **state)
{
    (void)state;
    struct load_scenario s = load_sim_scenario(HEAD "stages: [{for: 1s, rate: 1}]\n");
    struct load_figures *f = mem_alloc(sizeof *f);
    load_figures_init(f, &s);
    for (int i = 5000; i > 0; i--) {
        struct load_outcome o = {
            .order = {.tag = LOAD_TAG_MEASURED}, .sent_ns = 0, .done_ns = i * SD_MS, .status = 200};
        load_figures_add(f, &o);
    }
    static const double Q[] = {0.5, 0.75, 0.9, 0.95, 0.99, 0.999};
    for (size_t i = 0; i < ARRAY_LEN(Q); i++) {
        double want = ceil(Q[i] * 5000) * 1e6;
        assert_true(fabs((double)hist_quantile(&f->all.latency, Q[i]) - want) <= want / 128);
        assert_true(fabs((double)load_durations_quantile(&f->all.rows[0].latency, Q[i]) - want) <=
                    want / 128);
    }
    load_figures_free(f);
    load_scenario_free(&s);
    free(f);
}

static void a_stopped_run_counts_what_ended(void **state)
{
    (void)state;
    struct load_sim_queue q = {.per_s = 50};
    struct ran x = run_yaml(HEAD "stages: [{for: 60s, rate: 100}]\n", load_sim_queue, &q, 2 * SD_S);
    assert_string_equal(verdict(&x), "stopped");
    assert_true(number(x.o, "planned") == number(x.o, "ok") + number(x.o, "failed"));
    assert_true(number(x.o, "sent") >= 199 && number(x.o, "sent") <= 201);
    assert_true(number(x.o, "planned") >= 98 && number(x.o, "planned") <= 101);
    assert_true(number(x.o, "measured_ns") == 2e9);
    run_free(&x);
}

static void nothing_planned_is_null(void **state)
{
    (void)state;
    struct load_sim_queue q = {.per_s = 50};
    struct ran x = run_yaml(HEAD "stages: [{for: 60s, rate: 100}]\nwarmup: 50s\nthresholds: [p99 < 1s]\n",
                            load_sim_queue, &q, 2 * SD_S);
    assert_true(number(x.o, "planned") == 0);
    assert_true(cJSON_IsNull(at(x.o, "error_share")));
    assert_true(cJSON_IsNull(at(at(x.o, "latency"), "p50_ns")));
    assert_true(cJSON_IsNull(at(x.o, "ok_per_s")));
    assert_true(cJSON_IsFalse(at(at(x.o, "thresholds")->child, "passed")));
    run_free(&x);
}

static void late_server(void *ctx, struct load_outcome *o)
{
    int64_t *every = ctx;
    o->late = o->order.seq % (uint64_t)*every == 0;
    o->done_ns = o->sent_ns + SD_MS;
}

static void lateness_of_our_own_voids_a_run(void **state)
{
    (void)state;
    for (int64_t every = 50; every <= 200; every += 150) {
        struct ran x = run_yaml(HEAD "stages: [{for: 10s, rate: 100}]\n", late_server, &every, INT64_MAX);
        assert_string_equal(verdict(&x), every == 50 ? "unreliable" : "pass");
        assert_true(cJSON_IsTrue(at(at(x.o, "generator"), "saturated")) == (every == 50));
        run_free(&x);
    }
}

/* The keys of the contract, in its order. */
static void keys_are_in_order(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"view",
                                       "kind",
                                       "model",
                                       "arrivals",
                                       "seed",
                                       "target",
                                       "scenario",
                                       "started",
                                       "duration_ns",
                                       "measured_ns",
                                       "planned",
                                       "sent",
                                       "answered",
                                       "ok",
                                       "failed",
                                       "timeouts",
                                       "limited",
                                       "unsent",
                                       "rate_planned_per_s",
                                       "rate_sent_per_s",
                                       "answered_per_s",
                                       "ok_per_s",
                                       "error_share",
                                       "bytes_received",
                                       "in_flight_mean",
                                       "latency",
                                       "ok_latency",
                                       "service",
                                       "delay",
                                       "statuses",
                                       "errors",
                                       "rows",
                                       "series",
                                       "thresholds",
                                       "generator",
                                       "comparison",
                                       "verdict"};
    struct load_sim_queue q = {.per_s = 50};
    struct ran x = run_yaml(HEAD "stages: [{for: 1s, rate: 10}]\n", load_sim_queue, &q, INT64_MAX);
    const cJSON *v = x.o->child;
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++, v = v->next)
        assert_string_equal(v->string, KEYS[i]);
    assert_null(v);
    assert_string_equal(result_get_text(x.o, "started"), "2025-11-30T10:53:20.000Z");
    run_free(&x);
}

/* 100 a second answered in 1 ms for 10 s, then nothing until 20 s: the oracle of coordinated omission. */
static void stalling_server(void *ctx, struct load_outcome *o)
{
    (void)ctx;
    o->done_ns = o->sent_ns + SD_MS;
    if (o->sent_ns >= 10 * SD_S)
        o->done_ns = 20 * SD_S;
}

static void a_stall_is_in_every_percentile(void **state)
{
    (void)state;
    struct ran x = run_yaml(HEAD "stages: [{for: 20s, rate: 100}]\n", stalling_server, NULL, INT64_MAX);
    const cJSON *latency = at(x.o, "latency");
    assert_true(fabs(number(latency, "p75_ns") - 5e9) < 0.03 * 5e9);
    assert_true(fabs(number(latency, "p90_ns") - 8e9) < 0.03 * 8e9);
    assert_true(fabs(number(latency, "p99_ns") - 9.8e9) < 0.03 * 9.8e9);
    assert_true(fabs(number(latency, "mean_ns") - 2.503e9) < 0.02 * 2.5e9);
    run_free(&x);
}

/* ---- search ---- */

struct hiccup {
    struct load_sim_queue queue;
    int64_t from_ns, to_ns; /* nothing is answered then */
};

static void hiccup_server(void *ctx, struct load_outcome *o)
{
    struct hiccup *h = ctx;
    if (o->sent_ns >= h->from_ns && o->sent_ns < h->to_ns)
        h->queue.free_ns = MAX(h->queue.free_ns, h->to_ns);
    load_sim_queue(&h->queue, o);
}

static void breaking_points(void **state)
{
    (void)state;
    static const double CAPACITIES[] = {47, 63, 137, 200, 487, 1100};
    static const char *const ARRIVALS[] = {"constant", "poisson"};
    static const char *const THRESHOLDS[] = {"", "thresholds: [p99 < 150ms]\n",
                                             "thresholds: [p95 < 1s, error_share < 1%]\n"};
    for (size_t i = 0; i < ARRAY_LEN(CAPACITIES) * 6; i++) {
        double c = CAPACITIES[i / 6], precision = 0.05;
        char *yaml = mem_printf(
            HEAD "kind: search\nsearch: {from: 20, to: 3000, step: 5s, precision: 5%%, require: %g}\n"
                 "arrivals: %s\nwarmup: 1s\n%s",
            c * 0.8, ARRIVALS[i % 2], THRESHOLDS[i / 2 % 3]);
        if (i % 6 ==
            3) { /* Poisson arrivals wait longer than 150 ms at four fifths of the capacity already */
            free(yaml);
            continue;
        }
        struct load_sim_queue q = {.per_s = c};
        struct ran x = run_yaml(yaml, load_sim_queue, &q, INT64_MAX);
        const cJSON *search = at(x.o, "search");
        double held = number(search, "held_per_s"), broke = number(search, "broke_per_s");
        double slack = precision + 0.05;
        if (!(held <= c * (1 + slack) && broke >= c * (1 - slack) && broke <= c * (1 + slack + precision)))
            print_message("capacity %g %s: %g..%g\n", c, ARRIVALS[i % 2], held, broke);
        assert_true(held <= c * (1 + slack) && broke >= c * (1 - slack));
        assert_true((broke - held) / broke <= precision);
        assert_string_equal(verdict(&x), "pass");
        run_free(&x);
        free(yaml);
    }
}

static void a_hiccup_breaks_no_level(void **state)
{
    (void)state;
    struct hiccup h = {.queue = {.per_s = 1000}, .from_ns = 7 * SD_S, .to_ns = 9 * SD_S};
    struct ran x =
        run_yaml(HEAD "kind: search\nsearch: {from: 50, to: 400, step: 5s}\nthresholds: [p99 < 100ms]\n",
                 hiccup_server, &h, INT64_MAX);
    const cJSON *search = at(x.o, "search");
    assert_true(number(search, "held_per_s") == 400);
    assert_true(cJSON_IsNull(at(search, "broke_per_s")) && cJSON_IsNull(at(search, "reason")));
    assert_int_equal(cJSON_GetArraySize(at(search, "levels")), 5);
    run_free(&x);
}

static void a_search_says_why(void **state)
{
    (void)state;
    struct load_sim_queue q = {.per_s = 30};
    struct ran x = run_yaml(HEAD "kind: search\nsearch: {from: 50, to: 400, step: 2s, require: 40}\n"
                                 "thresholds: [p99 < 100ms]\n",
                            load_sim_queue, &q, INT64_MAX);
    const cJSON *search = at(x.o, "search");
    assert_true(cJSON_IsNull(at(search, "held_per_s")));
    assert_true(number(search, "broke_per_s") == 50);
    assert_string_equal(result_get_text(search, "reason"), "p99 < 100ms");
    assert_string_equal(result_get_text(search, "threshold"), "p99 < 100ms");
    assert_string_equal(verdict(&x), "fail");
    run_free(&x);
    q = (struct load_sim_queue){.per_s = 100};
    x = run_yaml(HEAD "kind: search\nsearch: {from: 50, to: 400, step: 2s}\n", load_sim_queue, &q, INT64_MAX);
    search = at(x.o, "search");
    assert_string_equal(result_get_text(search, "reason"), "saturated");
    assert_true(cJSON_IsNull(at(search, "threshold")));
    const cJSON *first = at(search, "degradation")->child;
    assert_string_equal(result_get_text(first, "what"), "latency_doubled");
    run_free(&x);
}

/* ---- spike ---- */

#define SPIKE                                                                                                \
    HEAD "kind: spike\nspike: {base: 50, factor: 8, before: 10s, rise: 2s, hold: 2s, after: 30s, stable: "   \
         "3s, within: %s}\n"

static void a_spike_is_recovered_from(void **state)
{
    (void)state;
    static const struct {
        double per_s;
        const char *within, *verdict;
        double recovery_s; /* -1: not */
    } ROWS[] = {
        {1000, "10s", "pass", 0}, {200, "10s", "pass", -2}, {200, "2s", "fail", -2}, {60, "20s", "fail", -1}};
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        char *yaml = mem_printf(SPIKE, ROWS[i].within);
        struct load_sim_queue q = {.per_s = ROWS[i].per_s};
        struct ran x = run_yaml(yaml, load_sim_queue, &q, INT64_MAX);
        const cJSON *spike = at(x.o, "spike");
        assert_string_equal(verdict(&x), ROWS[i].verdict);
        assert_true(number(at(spike, "before"), "count") == 500);
        assert_true(number(at(spike, "during"), "count") == 450 + 800);
        assert_true(number(at(spike, "after"), "count") == 1500);
        assert_true(number(spike, "peak_per_s") == 400);
        if (ROWS[i].recovery_s == -1)
            assert_true(cJSON_IsNull(at(spike, "recovery_ns")) && cJSON_IsFalse(at(spike, "recovered")));
        else if (ROWS[i].recovery_s == 0)
            assert_true(number(spike, "recovery_ns") == 0);
        else /* 1250 - 4 x 200 requests too many, worked off at 150 a second */
            assert_true(number(spike, "recovery_ns") >= 2e9 && number(spike, "recovery_ns") <= 4e9);
        run_free(&x);
        free(yaml);
    }
}

static void a_spike_that_is_stopped(void **state)
{
    (void)state;
    char *yaml = mem_printf(SPIKE, "10s");
    struct load_sim_queue q = {.per_s = 1000};
    struct ran x = run_yaml(yaml, load_sim_queue, &q, 5 * SD_S);
    assert_string_equal(verdict(&x), "stopped");
    assert_true(cJSON_IsNull(at(at(x.o, "spike"), "recovery_ns")));
    run_free(&x);
    free(yaml);
}

/* ---- soak ---- */

struct noisy {
    double base_ms, per_s_ms; /* latency grows by so much each second */
    double rho, noise, level; /* AR(1) of its logarithm */
};

static void noisy_server(void *ctx, struct load_outcome *o)
{
    struct noisy *n = ctx;
    n->level = n->rho * n->level + sqrt(1 - n->rho * n->rho) * dice_normal(5, 1, o->order.seq);
    double ms = (n->base_ms + n->per_s_ms * (double)o->sent_ns / 1e9) * exp(n->noise * n->level);
    o->done_ns = o->sent_ns + (int64_t)(ms * 1e6);
}

static const cJSON *growth_named(const struct ran *x, const char *name)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, at(x->o, "growth"))
    {
        if (!strcmp(result_get_text(row, "name"), name))
            return row;
    }
    fail_msg("no growth of %s", name);
    return NULL;
}

static void latency_that_grows(void **state)
{
    (void)state;
    struct noisy flat = {.base_ms = 10, .rho = 0.95, .noise = 0.4}, leak = flat;
    leak.per_s_ms = 0.05; /* 10 to 40 ms in 600 s */
    struct ran x =
        run_yaml(HEAD "kind: soak\nstages: [{for: 600s, rate: 50}]\n", noisy_server, &flat, INT64_MAX);
    assert_true(cJSON_IsFalse(at(growth_named(&x, "latency_p50"), "significant")));
    assert_true(cJSON_IsFalse(at(growth_named(&x, "error_share"), "significant")));
    assert_string_equal(verdict(&x), "pass");
    run_free(&x);
    x = run_yaml(HEAD "kind: soak\nstages: [{for: 600s, rate: 50}]\n", noisy_server, &leak, INT64_MAX);
    const cJSON *p50 = growth_named(&x, "latency_p50");
    assert_true(cJSON_IsTrue(at(p50, "significant")));
    assert_true(fabs(number(p50, "slope_per_h") - 0.05e6 * 3600) < 0.2 * 0.05e6 * 3600);
    assert_string_equal(verdict(&x), "fail");
    run_free(&x);
}

static void watched_metrics(void **state)
{
    (void)state;
    struct load_scenario s = load_sim_scenario(
        HEAD "kind: soak\nstages: [{for: 100s, rate: 1}]\nsoak: {watch: [{name: rss, limit: 200MB}, "
             "{name: pool, limit: pool_max}, {name: flat, limit: 5}, {name: gone}]}\n");
    struct load_soak_result r;
    load_soak_init(&r, &s);
    for (int i = 0; i <= 100; i++) {
        struct load_sample_point rss = {i * SD_S, 100e6 + 0.5e6 * i, (double)NAN};
        struct load_sample_point pool = {i * SD_S, i < 40 ? 3 : 10, 10}, flat = {i * SD_S, 4, (double)NAN};
        load_soak_watched(&r, 0, &rss);
        load_soak_watched(&r, 1, &pool);
        load_soak_watched(&r, 2, &flat);
    }
    load_soak_finish(&r, &s, 100 * SD_S);
    assert_int_equal(r.n_growth, 7);
    const struct load_growth *g = r.growth + 3;
    assert_true(g[0].significant && fabs(g[0].slope_per_h - 0.5e6 * 3600) < 1e3);
    assert_false(sd_known(g[0].reached_ns));
    assert_true(llabs(g[0].exhausted_in_ns - 100 * SD_S) < 100 * SD_MS);
    assert_int_equal(g[1].reached_ns, 40 * SD_S);
    assert_true(g[1].limit == 10);
    assert_true(!g[2].significant && !sd_known(g[2].reached_ns) && g[2].known);
    assert_true(!g[3].known && isnan(g[3].first));
    assert_false(load_soak_passed(&r));
    load_soak_free(&r, &s);
    load_scenario_free(&s);
}

/* Correlated noise without a slope: of many series few are called growing; a leak of some deviations is
 * found. */
static void slopes_know_correlation(void **state)
{
    (void)state;
    static const struct {
        double rho, slope; /* over the whole, in deviations */
        size_t n;
        int least, most; /* significant ones of 400 */
    } ROWS[] = {{0, 0, 60, 0, 14},    {0.5, 0, 60, 0, 14},    {0.8, 0, 60, 0, 18},
                {0.95, 0, 60, 0, 24}, {0, 0, 10, 0, 16},      {0.6, 0, 10, 0, 24},
                {0, 3, 60, 390, 400}, {0.5, 6, 60, 380, 400}, {0, 30, 10, 360, 400}};
    double x[60], y[60];
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        int found = 0;
        for (uint64_t k = 0; k < 400; k++) {
            double level = dice_normal(i, k, 1000);
            struct slope fit;
            for (size_t t = 0; t < ROWS[i].n; t++) {
                level = ROWS[i].rho * level + sqrt(1 - ROWS[i].rho * ROWS[i].rho) * dice_normal(i, k, t);
                x[t] = (double)t;
                y[t] = 100 + level + ROWS[i].slope * (double)t / (double)ROWS[i].n;
            }
            assert_true(slope_fit(x, y, ROWS[i].n, &fit));
            found += fit.lo > 0 || fit.hi < 0;
        }
        if (found < ROWS[i].least || found > ROWS[i].most)
            print_message("row %zu: %d\n", i, found);
        assert_true(found >= ROWS[i].least && found <= ROWS[i].most);
    }
    struct slope fit;
    assert_false(slope_fit(x, y, 4, &fit));
}

/* ---- limits ---- */

struct bucket_server {
    double rate, burst;
    int64_t retry_s; /* what it says; -1: nothing, -2: a date, one second on */
    bool shared;     /* one bucket for all */
    bool lies;       /* it refuses also what comes when it said */
    double tokens[3];
    int64_t last_ns[3], lie_until[3];
    bool begun[3];
};

static void bucket(void *ctx, struct load_outcome *o)
{
    struct bucket_server *b = ctx;
    size_t i = b->shared ? 0 : (size_t)o->order.user;
    o->done_ns = o->sent_ns + SD_MS;
    double more = (double)(o->sent_ns - b->last_ns[i]) / 1e9 * b->rate;
    b->tokens[i] = b->begun[i] ? fmin(b->burst, b->tokens[i] + more) : b->burst;
    b->begun[i] = true;
    b->last_ns[i] = o->sent_ns;
    if (b->tokens[i] >= 1 && o->sent_ns >= b->lie_until[i]) {
        b->tokens[i]--;
        return;
    }
    o->status = 429;
    if (b->lies)
        b->lie_until[i] = MAX(b->lie_until[i], o->sent_ns + 2 * SD_S);
    if (b->retry_s >= 0)
        o->retry_after_s = b->retry_s;
    else if (b->retry_s == -2)
        o->retry_at = (1764500000 + o->done_ns / SD_S + 1) * SD_S;
}

static void rate_limits(void **state)
{
    (void)state;
    static const struct {
        struct bucket_server server;
        const char *kind, *findings[4];
    } ROWS[] = {
        {{.rate = 50, .burst = 10, .retry_s = 1}, "seconds", {NULL}},
        {{.rate = 50, .burst = 10, .retry_s = -2}, "date", {NULL}},
        {{.rate = 50, .burst = 10, .retry_s = -1}, "none", {"no_retry_after"}},
        {{.rate = 80, .burst = 10, .retry_s = 1}, "seconds", {"threshold_off"}},
        {{.rate = 500, .burst = 10, .retry_s = 1}, "none", {"threshold_off"}},
        {{.rate = 50, .burst = 10, .retry_s = 1, .shared = true},
         "seconds",
         {"dishonest_retry_after", "modest_limited"}},
        {{.rate = 50, .burst = 10, .retry_s = 1, .lies = true},
         "seconds",
         {"dishonest_retry_after", "threshold_off"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct bucket_server b = ROWS[i].server;
        struct ran x = run_yaml(
            HEAD "kind: limits\nlimits: {rate: 50, burst: 10, over: 3, for: 10s}\ncredentials: x.csv\n",
            bucket, &b, INT64_MAX);
        const cJSON *limits = at(x.o, "limits"), *findings = at(limits, "findings"), *f = findings->child;
        assert_string_equal(result_get_text(at(limits, "retry_after"), "kind"), ROWS[i].kind);
        for (size_t k = 0; ROWS[i].findings[k]; k++, f = f ? f->next : NULL) {
            if (!f || !str_starts(f->valuestring, ROWS[i].findings[k]))
                print_message("row %zu: %s\n", i, f ? f->valuestring : "no finding");
            assert_true(f && str_starts(f->valuestring, ROWS[i].findings[k]));
        }
        if (f)
            print_message("row %zu: %s\n", i, f->valuestring);
        assert_null(f);
        assert_string_equal(verdict(&x), ROWS[i].findings[0] ? "fail" : "pass");
        if (i < 3) {
            assert_true(fabs(number(limits, "allowed_per_s") - 50) < 1);
            assert_true(fabs(number(limits, "burst") - 10) < 0.5);
        }
        if (i == 0)
            assert_true(number(at(limits, "retry_after"), "honest_share") == 1);
        run_free(&x);
    }
}

/* ---- what people see ---- */

static void says(const struct ran *x, const char *const *lines)
{
    struct print_options options = {.width = 0};
    struct strbuf out = {0};
    struct doc *d = result_doc(x->o);
    print_doc(d, PRINT_TEXT, &options, &out);
    doc_free(d);
    for (; *lines; lines++) {
        if (!strstr(strbuf_text(&out), *lines))
            print_message("%s\n%.1200s\n", *lines, strbuf_text(&out));
        assert_non_null(strstr(strbuf_text(&out), *lines));
    }
    strbuf_free(&out);
}

static void the_reason_comes_first(void **state)
{
    (void)state;
    struct load_sim_queue q = {.per_s = 50};
    struct ran x =
        run_yaml(HEAD "stages: [{for: 4s, rate: 60}]\nthresholds: [p99 < 100ms, error_share < 1%]\n",
                 load_sim_queue, &q, INT64_MAX);
    says(&x, (const char *const[]){"Does not hold\n  p99 < 100ms does not hold: it is 810 ms.\n  240 of 240 "
                                   "requests sent, 60/s; p50",
                                   "Threshold", "error_share < 1%  0.0 %   yes", "Latency, by second", NULL});
    run_free(&x);
    q = (struct load_sim_queue){.per_s = 100};
    x = run_yaml(HEAD "kind: search\nsearch: {from: 50, to: 400, step: 2s, require: 300}\n", load_sim_queue,
                 &q, INT64_MAX);
    says(&x, (const char *const[]){"Does not hold\n  It holds 103/s and breaks at 106/s: saturated.",
                                   "Levels", NULL});
    run_free(&x);
    q = (struct load_sim_queue){.per_s = 60};
    x = run_yaml("requests: [{path: /}]\nkind: spike\nspike: {base: 50, after: 10s}\n", load_sim_queue, &q,
                 INT64_MAX);
    says(&x, (const char *const[]){"It did not recover from the spike", NULL});
    run_free(&x);
    q = (struct load_sim_queue){.per_s = 60};
    x = run_yaml(HEAD "stages: [{for: 4s, rate: 60}]\n", load_sim_queue, &q, SD_S);
    says(&x, (const char *const[]){"Stopped after 1.00 s of measuring.", NULL});
    run_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_in_the_figures),
        cmocka_unit_test(percentiles_are_by_rank),
        cmocka_unit_test(a_stopped_run_counts_what_ended),
        cmocka_unit_test(nothing_planned_is_null),
        cmocka_unit_test(lateness_of_our_own_voids_a_run),
        cmocka_unit_test(keys_are_in_order),
        cmocka_unit_test(a_stall_is_in_every_percentile),
        cmocka_unit_test(breaking_points),
        cmocka_unit_test(a_hiccup_breaks_no_level),
        cmocka_unit_test(a_search_says_why),
        cmocka_unit_test(a_spike_is_recovered_from),
        cmocka_unit_test(a_spike_that_is_stopped),
        cmocka_unit_test(latency_that_grows),
        cmocka_unit_test(watched_metrics),
        cmocka_unit_test(slopes_know_correlation),
        cmocka_unit_test(rate_limits),
        cmocka_unit_test(the_reason_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
