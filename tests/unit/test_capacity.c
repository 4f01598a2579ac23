/* Queues, the scalability law, plans and hops: figures beside those of R, of simulations and of hand. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/capacity/hop_latency.h"
#include "core/capacity/capacity_plan.h"
#include "core/capacity/queue.h"
#include "core/capacity/usl.h"

static void near(const char *what, double is, double should, double within)
{
    if (!(fabs(is - should) <= within * fabs(should) + 1e-12))
        fail_msg("%s is %.10g, not %.10g", what, is, should);
}

/* ---- queues ---- */

static void test_queue(void **state)
{
    static const struct {
        double rate, service_s;
        int64_t servers;
        double p_wait, mean, p50, p95, p99;
    } CASES[] = {
        {64, 0.1, 8, .457645, .128603, .098633, .350844, .515218},
        {72, 0.1, 8, .701533, .187692, .148936, .492515, .708735},
        {79.2, 0.1, 8, .967804, 1.309755, .929741, 3.807985, 5.819782},
        {144, 0.1, 16, .591343, .136959, .107801, .362354, .526983},
        {576, 0.1, 64, .310663, .104854, .074813, .305167, .466111},
        {9, 0.1, 1, .9, 1, .693147, 2.995732, 4.605170},
        {9900, 0.1, 1000, .659080, .106591, .076375, .306641, .467584},
        /* eta = mu, where the fraction of the formula is 0 / 0: (1 + mu t) exp(-mu t) of those that wait */
        {10, 0.1, 2, .333333333, .133333333, .0944867, .3589136, .5282},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct queue q = {CASES[i].rate, CASES[i].service_s * 1e9, CASES[i].servers};
        struct queue_figures f;
        queue_figures(&f, &q, 1, 1);
        assert_true(f.stable && !f.approximate);
        near("C", f.p_wait, CASES[i].p_wait, 2e-6);
        near("mean", f.response_mean_ns, CASES[i].mean * 1e9, 1e-5);
        near("Little", f.in_system_mean, CASES[i].rate * f.response_mean_ns / 1e9, 1e-9);
        if (i == ARRAY_LEN(CASES) - 1)
            break;
        near("p50", f.response_p50_ns, CASES[i].p50 * 1e9, 1e-5);
        near("p95", f.response_p95_ns, CASES[i].p95 * 1e9, 1e-5);
        near("p99", f.response_p99_ns, CASES[i].p99 * 1e9, 1e-5);
    }
}

/* On both sides of eta = mu, and on it, the percentiles are one curve. */
static void test_queue_is_smooth(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        double off = pow(10, -14.0 + i / 4.0);
        struct queue at = {10, 1e8, 2}, more = {10 * (1 + off), 1e8, 2}, less = {10 * (1 - off), 1e8, 2};
        double p = queue_response_ns(&at, 0.99);
        near("above", queue_response_ns(&more, 0.99), p, 2 * off + 1e-12);
        near("below", queue_response_ns(&less, 0.99), p, 2 * off + 1e-12);
    }
}

static void test_queue_at_its_ends(void **state)
{
    struct queue_figures f;
    (void)state;
    /* nothing comes: a response is a service */
    queue_figures(&f, &(struct queue){0, 1e8, 3}, 1, 1);
    assert_true(f.stable && f.p_wait == 0 && f.queue_mean == 0 && f.wait_p95_ns == 0);
    near("p99 of one service", f.response_p99_ns, log(100) * 1e8, 1e-9);
    /* as many as can be served, and more */
    queue_figures(&f, &(struct queue){80, 1e8, 8}, 1, 1);
    assert_false(f.stable);
    near("utilisation", f.utilisation, 1, 0);
    assert_true(isnan(f.p_wait) && isnan(f.response_p99_ns) && isnan(f.queue_mean));
    queue_figures(&f, &(struct queue){QUEUE_RATE_MAX, 9e18, 1}, 1, 1);
    assert_true(!f.stable && isfinite(f.utilisation));
    /* very close to it: waiting is all there is, and is exponential */
    queue_figures(&f, &(struct queue){10 * (1 - 1e-9), 1e8, 1}, 1, 1);
    near("p99 of waiting", f.response_p99_ns, log(100) * 1e17, 1e-5);
    /* ten thousand servers, and the most that are allowed */
    queue_figures(&f, &(struct queue){99500, 1e8, 10000}, 1, 1);
    near("C of 10,000", f.p_wait, 0.509177, 2e-2);
    queue_figures(&f, &(struct queue){9990000, 1e8, QUEUE_SERVERS_MAX}, 1, 1);
    assert_true(f.p_wait > 0.2 && f.p_wait < 0.4);
}

static void test_queue_that_varies(void **state)
{
    struct queue_figures m, g;
    struct queue q = {64, 1e8, 8};
    (void)state;
    queue_figures(&m, &q, 1, 1);
    queue_figures(&g, &q, 0.5, 2);
    assert_true(g.approximate && isnan(g.response_p99_ns) && isnan(g.wait_p95_ns) &&
                isnan(g.response_p50_ns));
    near("wait", g.wait_mean_ns, m.wait_mean_ns * (0.25 + 4) / 2, 1e-12);
    near("Little", g.queue_mean, q.rate_per_s * g.wait_mean_ns / 1e9, 1e-12);
    queue_figures(&g, &q, 0, 0); /* clockwork: no waiting, says the approximation */
    assert_true(g.wait_mean_ns == 0);
}

static void test_servers_for(void **state)
{
    static const struct {
        double rate, service_ms, limit_ms;
        int64_t servers;
    } CASES[] = {{1200, 40, 200, 51},
                 {50, 100, 500, 7},
                 {5000, 20, 100, 103},
                 {0, 40, 200, 1},
                 {1200, 40, 184, SD_UNKNOWN},
                 {1200, 40, 1, SD_UNKNOWN},
                 {1e9, 40, 200, QUEUE_SERVERS_MAX + 1}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct queue q = {CASES[i].rate, CASES[i].service_ms * 1e6, 0};
        assert_int_equal(queue_servers_for(&q, 0.99, CASES[i].limit_ms * 1e6), CASES[i].servers);
        if (CASES[i].servers < 2 || CASES[i].servers > 200)
            continue;
        q.servers = CASES[i].servers;
        assert_true(queue_response_ns(&q, 0.99) <= CASES[i].limit_ms * 1e6);
        q.servers--; /* and with one less it takes longer, or for ever */
        assert_false(queue_response_ns(&q, 0.99) <= CASES[i].limit_ms * 1e6);
    }
}

/* R's package queueing on 24 queues: model, rate, rate of one server, servers, utilisation, and its figures.
 */
static void test_queues_of_r(void **state)
{
    const char *path = test_corpus("forecast/queueing/mmc.csv");
    FILE *f = path ? fopen(path, "r") : NULL;
    char line[256];
    size_t n = 0;
    (void)state;
    if (!f)
        skip();
    while (fgets(line, sizeof line, f)) {
        double rate, mu, servers, busy, p_wait, queue, wait, response, p95;
        struct queue_figures q;
        if (sscanf(line, "%*[^,],%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", &rate, &mu, &servers, &busy, &p_wait,
                   &queue, &wait, &response, &p95) != 9)
            continue;
        queue_figures(&q, &(struct queue){rate, 1e9 / mu, (int64_t)servers}, 1, 1);
        near("utilisation", q.utilisation, busy, 1e-9);
        assert_true(fabs(q.p_wait - p_wait) < 1e-9 && fabs(q.queue_mean - queue) < 1e-9 * (1 + queue));
        near("wait", q.wait_mean_ns / 1e9 + 1, wait + 1, 1e-9);
        near("response", q.response_mean_ns / 1e9, response, 1e-8);
        near("p95 of the wait", q.wait_p95_ns / 1e9 + 1, p95 + 1, 1e-9);
        n++;
    }
    fclose(f);
    assert_true(n >= 20);
}

/* ---- the scalability law ---- */

struct law {
    const char *name;
    struct usl_point p[12];
    size_t n;
    double gamma, alpha, beta, se, peak, throughput;
};

/* R's nls and its package usl say the same of these; raytracer's beta is held at 0. */
static const struct law LAWS[] = {
    {"specsdm91",
     {{1, 64.9}, {18, 995.9}, {36, 1652.4}, {72, 1853.2}, {108, 1828.9}, {144, 1775.0}, {216, 1702.2}},
     7,
     89.99526,
     .02772849,
     1.043655e-4,
     82.846,
     96.52,
     1883.8},
    {"raytracer",
     {{1, 20},
      {4, 78},
      {8, 130},
      {12, 170},
      {16, 190},
      {20, 200},
      {24, 210},
      {28, 230},
      {32, 260},
      {48, 280},
      {64, 310}},
     11,
     21.8488409,
     .05777077,
     0,
     9.33566947,
     NAN,
     NAN},
    {"raytracer, six",
     {{1, 20}, {4, 78}, {8, 130}, {12, 170}, {16, 190}, {20, 200}},
     6,
     20.85605,
     .02444,
     .00163,
     NAN,
     24.46,
     NAN},
    {"synthetic",
     {{1, 1}, {2, 1.8868}, {4, 3.0769}, {6, 3.5294}, {8, 3.5398}, {10, 3.3557}},
     6,
     1,
     .02,
     .02,
     NAN,
     7,
     3.5714},
};

static void test_usl(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(LAWS); i++) {
        const struct law *l = &LAWS[i];
        bool published = i >= 2; /* with so many digits only */
        struct usl_fit f;
        struct sd_error err;
        assert_true(usl_fit(&f, l->p, l->n, &err));
        near(l->name, f.gamma, l->gamma, published ? 5e-4 : 1e-6);
        near(l->name, f.alpha, l->alpha, published ? 2e-3 : 1e-6);
        near(l->name, f.beta, l->beta, published ? 3e-3 : 1e-6);
        assert_true(isnan(f.peak_load) == isnan(l->peak));
        if (!isnan(l->se))
            near(l->name, f.residual_se, l->se, 1e-4);
        if (!isnan(l->peak))
            near(l->name, f.peak_load, l->peak, published ? 2e-3 : 1e-3);
        if (!isnan(l->throughput))
            near(l->name, f.peak_throughput, l->throughput, 1e-3);
        near("1 / alpha", f.optimal_load * f.alpha, 1, 1e-12);
        near("gamma / alpha", f.limit_throughput * f.alpha, f.gamma, 1e-12);
        assert_true(!f.few_points && !f.poor_fit && !f.extrapolated);
    }
}

/* Data made by the law gives its coefficients back, at any scale. */
static void test_usl_gives_back(void **state)
{
    static const double ALPHA[] = {0, 1e-4, 0.03, 0.5, 0.9, 1.5}, BETA[] = {0, 1e-6, 1e-3, 0.05},
                        GAMMA[] = {1e-6, 1, 995.5, 1e12, 1e300};
    static const double LOADS[] = {0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256};
    struct sd_error err;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ALPHA) * ARRAY_LEN(BETA) * ARRAY_LEN(GAMMA); i++) {
        struct usl_fit f, law = {.gamma = GAMMA[i % 5], .alpha = ALPHA[i / 5 % 6], .beta = BETA[i / 30]};
        struct usl_point p[ARRAY_LEN(LOADS)];
        for (size_t k = 0; k < ARRAY_LEN(p); k++)
            p[k] = (struct usl_point){LOADS[k], usl_throughput(&law, LOADS[k])};
        assert_true(usl_fit(&f, p, ARRAY_LEN(p), &err));
        near("gamma", f.gamma, law.gamma, 1e-5);
        if (fabs(f.alpha - law.alpha) > 1e-5 * law.alpha + 1e-9 ||
            fabs(f.beta - law.beta) > 1e-4 * law.beta + 1e-10)
            fail_msg("alpha %g beta %g gamma %g, not %g %g %g", f.alpha, f.beta, f.gamma, law.alpha, law.beta,
                     law.gamma);
        assert_true(isnan(f.peak_load) == (law.beta == 0 || law.alpha >= 1));
        assert_true(isnan(f.limit_throughput) == (law.alpha == 0));
    }
}

static void test_usl_warns_and_refuses(void **state)
{
    static const struct usl_point STRAIGHT[] = {{1, 10}, {2, 20}, {3, 30}, {4, 40}};
    static const struct usl_point NOISE[] = {{1, 10}, {2, 3}, {3, 12}, {4, 2}, {5, 11}, {6, 3}};
    static const struct usl_point FLAT[] = {{5, 10}, {5, 11}, {5, 12}, {5, 13}};
    static const struct usl_point NOTHING[] = {{1, 0}, {2, 0}, {3, 0}, {4, 0}};
    struct usl_fit f;
    struct sd_error err;
    (void)state;
    assert_true(usl_fit(&f, STRAIGHT, 4, &err));
    assert_true(f.few_points && !f.poor_fit && !f.extrapolated && f.alpha == 0 && f.beta == 0);
    assert_true(isnan(f.peak_load) && isnan(f.limit_throughput) && isnan(f.optimal_load));
    assert_true(usl_fit(&f, NOISE, 6, &err) && f.poor_fit);
    struct usl_point early[8];
    for (int i = 0; i < 8; i++)
        early[i] = (struct usl_point){
            i + 1, usl_throughput(&(struct usl_fit){.gamma = 1, .alpha = 0.01, .beta = 1e-4}, i + 1)};
    assert_true(usl_fit(&f, early, 8, &err) && f.extrapolated);
    assert_false(usl_fit(&f, STRAIGHT, 3, &err));
    assert_non_null(strstr(err.text, "at least 4 points, there are 3"));
    assert_false(usl_fit(&f, FLAT, 4, &err));
    assert_false(usl_fit(&f, NOTHING, 4, &err));
}

/* ---- plans ---- */

static struct capacity_ask asked(void)
{
    return (struct capacity_ask){.peak = 1200,
                                 .growth = 1.8,
                                 .event = 1.5,
                                 .workers = 8,
                                 .service_ns = 40000000,
                                 .max_rate = NAN,
                                 .slo_p99_ns = 200000000,
                                 .headroom = 0.3,
                                 .zones = 3,
                                 .lost = 1,
                                 .price_per_hour = 0.192,
                                 .currency = "EUR"};
}

static void test_plan(void **state)
{
    static const struct plan_limit LIMITS[] = {
        {"reads", 2, 1e6}, {"writes", 0.4, 900}, {"queue", 1, 3000}, {"idle", 0, 1}};
    struct capacity_ask ask = asked();
    struct capacity_plan p;
    struct sd_error err;
    (void)state;
    assert_true(plan_capacity(&p, &ask, &err));
    near("peak", p.peak_per_s, 3240, 1e-12);
    assert_int_equal(p.instances_headroom, 24); /* 3240 / (0.7 x 200) = 23.14 */
    struct queue q = {3240.0 / (double)p.instances_slo, 4e7, 8},
                 less = {3240.0 / (double)(p.instances_slo - 1), 4e7, 8};
    assert_true(queue_response_ns(&q, 0.99) <= 2e8 && !(queue_response_ns(&less, 0.99) <= 2e8));
    assert_int_equal(p.instances, MAX(p.instances_slo, 24));
    assert_int_equal(p.instances_total, 3 * ((p.instances + 1) / 2));
    near("cost", p.cost_per_month, (double)p.instances_total * 0.192 * 730, 1e-12);
    assert_true(p.holds && p.p99_ns <= 200000000);
    capacity_plan_free(&p);

    ask.limits = LIMITS;
    ask.n_limits = 4;
    assert_true(plan_capacity(&p, &ask, &err));
    assert_true(!p.holds && p.limits[0].ok && !p.limits[1].ok && !p.limits[2].ok && p.limits[3].ok);
    assert_string_equal(p.binding, "writes"); /* at 2250, the queue at 3000 */
    near("reached", p.limits[1].max_rate_per_s, 2250, 1e-12);
    assert_true(isnan(p.limits[3].max_rate_per_s));
    capacity_plan_free(&p);

    ask = asked();
    ask.workers = SD_UNKNOWN;
    ask.max_rate = 150;
    assert_true(plan_capacity(&p, &ask, &err));
    assert_true(!sd_known(p.instances_slo) && !sd_known(p.p99_ns) && p.instances == 31);
    assert_string_equal(p.binding, "headroom");
    near("utilisation", p.utilisation, 3240.0 / 48 / 150, 1e-12);
    capacity_plan_free(&p);

    ask = asked();
    ask.slo_p99_ns = 184000000; /* 4.605 x 40 ms is 184.2 ms */
    assert_true(plan_capacity(&p, &ask, &err));
    assert_true(p.slo_impossible && !p.holds && !sd_known(p.instances) && isnan(p.cost_per_month));
    assert_string_equal(p.binding, "slo");
    capacity_plan_free(&p);
}

static void test_plan_at_its_ends(void **state)
{
    struct capacity_ask ask = asked();
    struct capacity_plan p;
    struct sd_error err;
    (void)state;
    ask.peak = 1e-9;
    assert_true(plan_capacity(&p, &ask, &err) && p.instances == 1 && p.instances_total == 3);
    capacity_plan_free(&p);
    ask.peak = 1e11;
    assert_true(plan_capacity(&p, &ask, &err) && p.instances > 100000000);
    capacity_plan_free(&p);
    ask.peak = 1e13;
    assert_false(plan_capacity(&p, &ask, &err));
    capacity_plan_free(&p);
    ask = asked(); /* 1400 / (0.7 x 200) is 10, whatever the fractions of binary numbers add up to */
    ask.peak = 1400, ask.growth = ask.event = 1, ask.slo_p99_ns = SD_UNKNOWN;
    assert_true(plan_capacity(&p, &ask, &err) && p.instances_headroom == 10);
    capacity_plan_free(&p);
}

/* ---- hops ---- */

static void test_hops(void **state)
{
    static const struct hop_ask HOPS[] = {{"edge", 5000000, 20000000, 1, 1},
                                          {"cache", 8000000, 60000000, 1, 1},
                                          {"db", 30000000, 200000000, 3, 1},
                                          {"shards", 12000000, 90000000, 1, 4}};
    struct hop_times t;
    (void)state;
    hop_times(&t, HOPS, 4, 300000000);
    near("sum of p99", t.sum_of_p99_ns, 770e6, 1e-12); /* the rest by a simulation of 20 million requests */
    near("p99", t.p99_ns, 438e6, 5e-3);
    near("p95", t.p95_ns, 320e6, 5e-3);
    near("mean", t.mean_ns, 179e6, 5e-3);
    assert_false(t.holds);
    double shares = 0;
    for (size_t i = 0; i < t.n; i++)
        shares += t.rows[i].share;
    near("shares", shares, 1, 1e-12);
    hop_times_free(&t);
    hop_times(&t, HOPS, 1, SD_UNKNOWN); /* one call is as it was given */
    near("p50", t.p50_ns, 5e6, 1e-6);
    near("p99", t.p99_ns, 20e6, 1e-12);
    assert_true(t.holds);
    hop_times_free(&t);
    /* constant times add up; the slowest of alike ones is one */
    hop_times(&t, (struct hop_ask[]){{"a", 1000000, 1000000, 61, 9}, {"b", 3000000, 3000000, 1, 1}}, 2,
              10000000);
    near("p50", t.p50_ns, 10e6, 1e-9);
    near("p99", t.p99_ns, 10e6, 1e-9);
    near("mean", t.mean_ns, 10e6, 1e-9);
    hop_times_free(&t);
}

/* The simulation that the percentiles are held against: counted, with a fixed seed. */
static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*seed >> 11) + 0.5) / 0x1p53;
}

static double normal(uint64_t *seed)
{
    double radius = sqrt(-2 * log(uniform(seed)));
    return radius * cos(2 * M_PI * uniform(seed));
}

static int smallest_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_hops_beside_simulation(void **state)
{
    static const struct hop_ask CASES[][2] = {
        {{"a", 1000000, 1000000000, 1, 1}, {"b", 100000, 100000000, 5, 3}},
        {{"a", 1000000, 5000000, 50, 1}, {"b", 100000000, 101000000, 1, 1}},
        {{"a", 1000, 100000, 20, 20}, {"b", 1000000000, 1500000000, 1, 2}},
    };
    enum { N = 100000 };
    uint64_t seed = 7;
    (void)state;
    for (size_t c = 0; c < ARRAY_LEN(CASES); c++) {
        double *sums = mem_array(N, sizeof *sums);
        struct hop_times t;
        hop_times(&t, CASES[c], 2, SD_UNKNOWN);
        for (size_t i = 0; i < N; i++)
            for (int h = 0; h < 2; h++) {
                const struct hop_ask *ask = &CASES[c][h];
                double sigma = log((double)ask->p99_ns / (double)ask->p50_ns) / 2.3263478740408408;
                int64_t left = ask->calls < ask->parallel ? ask->parallel : ask->calls;
                for (; left > 0; left -= ask->parallel) {
                    double worst = -1e9;
                    for (int64_t p = 0; p < ask->parallel && p < left; p++)
                        worst = fmax(worst, normal(&seed));
                    sums[i] += (double)ask->p50_ns * exp(sigma * worst);
                }
            }
        qsort(sums, N, sizeof *sums, smallest_first);
        double within = c == 0 ? 0.1 : 0.02; /* such a wide one scatters so with N requests */
        near("p50", t.p50_ns, sums[N / 2 - 1], within);
        near("p95", t.p95_ns, sums[N / 100 * 95 - 1], within);
        near("p99", t.p99_ns, sums[N / 100 * 99 - 1], within);
        hop_times_free(&t);
        free(sums);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_queue_is_smooth),
        cmocka_unit_test(test_queue_at_its_ends),
        cmocka_unit_test(test_queue_that_varies),
        cmocka_unit_test(test_servers_for),
        cmocka_unit_test(test_queues_of_r),
        cmocka_unit_test(test_usl),
        cmocka_unit_test(test_usl_gives_back),
        cmocka_unit_test(test_usl_warns_and_refuses),
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_plan_at_its_ends),
        cmocka_unit_test(test_hops),
        cmocka_unit_test(test_hops_beside_simulation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
