/* What is worth fixing: made requests and statements, beside the same figures computed from the raw
 * durations. And costs, shared out among endpoints. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/insight/bottlenecks.h"
#include "core/schema.h"
#include "tests/lib/shop.h"

#define T0 SHOP_START
#define T  (T0 + 300 * SD_S)

static const struct goal_kpi KPIS[] = {
    {.name = "errors", .figure = {.signal = GOAL_HTTP_ERRORS}, .target = 0.001},
    {.name = "search",
     .figure = {.signal = GOAL_HTTP_LATENCY, .match = {.route = "/search*"}},
     .target = 50e6},
    {.name = "later", .figure = {.signal = GOAL_HTTP_LATENCY, .match = {.route = "/search"}}, .target = 5e6},
    {.name = "host", .figure = {.signal = GOAL_HTTP_LATENCY, .match = {.host = "web1"}}, .target = 1},
};
static const struct goal_effort EFFORTS[] = {{"index", 2}, {"rewrite", 4}, {"cache", 8}, {"split", 6}};
static const struct goal_policy POLICY = {
    .kpis = KPIS,
    .n_kpis = ARRAY_LEN(KPIS),
    .efforts = EFFORTS,
    .n_efforts = ARRAY_LEN(EFFORTS),
    .costs = {.given = true, .currency = "USD", .month = 10000, .hour = 100, .wait_hour = 7},
};

static uint64_t seed = 88172645463325252U;
static double chance(void) /* xorshift: the same everywhere */
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static void near(double got, double wanted, double part)
{
    if (!(fabs(got - wanted) <= part * fabs(wanted)))
        fail_msg("%.9g is not within %g of %.9g", got, part, wanted);
}

static const struct bottleneck *named(const struct bottlenecks *b, const char *name)
{
    for (size_t i = 0; i < b->n; i++)
        if (!strcmp(b->items[i].name, name))
            return &b->items[i];
    return NULL;
}

static void find(const struct model *m, const struct goal_policy *p, struct bottlenecks *b)
{
    bottlenecks_find(&(struct bottleneck_ask){.model = m, .policy = p, .from = T0, .to = T}, b);
    bottlenecks_done(b, p);
}

/* Of 4,000 random durations each second the same sums from the raw values. */
static void endpoints_wait_as_their_raw_durations_say(void **state)
{
    (void)state;
    static const char *const ROUTES[] = {"/search", "/cart", "/search/next", "/static"};
    static const double TARGETS[] = {50e6, 100e6, 50e6, 100e6}, MEDIANS[] = {40e6, 150e6, 500e6, 1e6};
    double excess[4] = {0}, total[4] = {0}, above[4] = {0};
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct bottlenecks b;
    for (int i = 0; i < 4000; i++) {
        int k = i % 4;
        int64_t ns = (int64_t)(MEDIANS[k] * exp(2 * chance() - 1));
        shop_requests(m, T0 + (i % 300) * SD_S, "GET", ROUTES[k], 1, 0, ns);
        total[k] += (double)ns;
        excess[k] += fmax(0, (double)ns - TARGETS[k]);
        above[k] += (double)ns > TARGETS[k];
    }
    shop_requests(m, T0 - SD_S, "GET", "/cart", 900, 0, 9 * SD_S); /* before the window */
    shop_requests(m, T, "GET", "/cart", 900, 0, 9 * SD_S);         /* and after it */
    find(m, &POLICY, &b);
    double busy = (total[0] + total[1] + total[2] + total[3]) / 300;
    double all = (excess[0] + excess[1] + excess[2] + excess[3]) / 300;
    near(b.busy_ns_per_s, busy, 1e-12);
    near(b.impact_ns_per_s, all, 0.01);
    assert_int_equal(b.n, 4);
    assert_string_equal(b.items[0].subject, "GET /search/next");
    assert_string_equal(b.items[3].subject, "GET /static");
    assert_true(b.items[3].impact_ns_per_s == 0 && b.items[3].impact_share == 0);
    for (int k = 0; k < 4; k++) {
        char *name = mem_printf("GET %s", ROUTES[k]);
        const struct bottleneck *x = named(&b, name);
        near(x->impact_ns_per_s, excess[k] / 300, 0.02);
        near(x->impact_share, excess[k] / 300 / all, 0.03);
        near(x->affected_per_s, above[k] / 300, 0.05);
        near(x->current_ns, total[k] / 1000, 1e-9);
        near(x->saves_cost_per_month, 10000 * excess[k] / 300 / busy, 0.02);
        near(x->saves_wait_hours_per_month, excess[k] / 300 / 1e9 * 2629800 / 3600, 0.02);
        assert_true(isnan(x->effort_hours) && isnan(x->roi) && isnan(x->payback_months));
        assert_int_equal(x->confidence, BOTTLENECK_UNKNOWN);
        free(name);
    }
    bottlenecks_free(&b);
    model_free(m);
}

static void plan_with_advice(struct model *m, int64_t id, double before, double after, int64_t proven)
{
    struct sd_batch *b = batch_new("prod", T0 + SD_S);
    batch_add(
        b, SD_PLAN,
        &(struct sd_plan){.database = "shop", .query_id = id, .body = "[]", .analyzed = 0, .generic = 0});
    batch_add(b, SD_ADVICE,
              &(struct sd_advice){.database = "shop",
                                  .query_id = id,
                                  .schema = "public",
                                  .table = "orders",
                                  .ddl = "CREATE INDEX CONCURRENTLY ON orders (customer_id)",
                                  .cost_before = before,
                                  .cost_after = after,
                                  .write_overhead = 0.1,
                                  .size_bytes = SD_UNKNOWN,
                                  .proven = proven});
    model_apply(m, b);
    batch_unref(b);
}

static bool rewrites_third(void *ctx, struct arena *a, const struct query *q, struct bottleneck_saving *out)
{
    (void)ctx;
    if (query_id(q) != 3)
        return false;
    *out = (struct bottleneck_saving){
        .share = 0.5, .technique = "rewrite", .approach = arena_strdup(a, "write it anew")};
    return true;
}

static void statements_save_what_their_advice_says(void **state)
{
    (void)state;
    static const int64_t IDS[] = {1, 2, 3};
    static const char *const TEXTS[] = {"SELECT a FROM orders", "SELECT b FROM orders",
                                        "SELECT c FROM orders"};
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct bottlenecks b;
    for (int at = -30; at <= 300;
         at += 30) /* the reading at the start of the window is the first that counts */
        for (int k = 0; k < 3; k++)
            shop_statement(m, T0 + at * SD_S, T0 - 3600 * SD_S, IDS[k], TEXTS[k], 1000 + (at + 30) * (k + 1),
                           (int64_t)(at + 30) * (k + 1) * 20 * SD_MS);
    for (int i = 0; i < 300; i++)
        shop_requests(m, T0 + i * SD_S, "GET", "/cart", 10, 0, 200 * SD_MS);
    plan_with_advice(m, 1, 800, 200, 1);
    bottlenecks_find(
        &(struct bottleneck_ask){
            .model = m, .policy = &POLICY, .from = T0, .to = T, .estimate = rewrites_third},
        &b);
    bottlenecks_done(&b, &POLICY);
    assert_int_equal(b.n, 4);
    const struct bottleneck *one = named(&b, "shop/1"), *two = named(&b, "shop/2"),
                            *three = named(&b, "shop/3");
    near(one->impact_ns_per_s, 20e6 * 0.75, 1e-9);
    near(three->impact_ns_per_s, 60e6 * 0.5, 1e-9);
    assert_true(isnan(two->impact_ns_per_s) && two == &b.items[3]);
    assert_int_equal(one->confidence, BOTTLENECK_PROVEN);
    assert_int_equal(three->confidence, BOTTLENECK_ESTIMATED);
    assert_int_equal(two->confidence, BOTTLENECK_UNKNOWN);
    near(one->affected_per_s, 1, 1e-9);
    near(one->current_ns, 20e6, 1e-9);
    near(one->expected_ns, 5e6, 1e-9);
    assert_string_equal(one->technique, "index");
    assert_string_equal(one->approach, "CREATE INDEX CONCURRENTLY ON orders (customer_id)");
    assert_true(one->effort_hours == 2 && three->effort_hours == 4 && isnan(two->effort_hours));
    /* 10 requests a second of 200 ms are busy for 2 s each second, and 1 s of it is above 100 ms. */
    double gain = 10000 * 15e6 / 2e9 + 15e6 / 1e9 * 2629800 / 3600 * 7;
    near(one->roi, (12 * gain - 200) / 200, 1e-9);
    near(one->payback_months, 200 / gain, 1e-9);
    near(one->impact_share, 15e6 / 1e9, 1e-9);
    bottlenecks_free(&b);

    struct goal_policy poor = POLICY;
    poor.costs.given = false;
    find(m, &poor, &b);
    one = named(&b, "shop/1");
    assert_true(isnan(one->saves_cost_per_month) && isnan(one->roi) && isnan(one->payback_months));
    assert_true(one->saves_wait_hours_per_month > 0);
    bottlenecks_free(&b);
    model_free(m);
}

static void nothing_above_the_target_is_shared_by_time(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct bottlenecks b;
    for (int at = 0; at <= 300; at += 30)
        shop_statement(m, T0 + at * SD_S, T0 - 3600 * SD_S, 1, "SELECT 1", at, (int64_t)at * 10 * SD_MS);
    for (int i = 0; i < 300; i++)
        shop_requests(m, T0 + i * SD_S, "GET", "/", 2, 0, 20 * SD_MS);
    plan_with_advice(m, 1, 100, 50, 0);
    find(m, NULL, &b);
    assert_true(b.impact_ns_per_s == 0);
    near(named(&b, "shop/1")->impact_share, 5e6 / 40e6, 1e-9);
    assert_int_equal(named(&b, "shop/1")->confidence, BOTTLENECK_ESTIMATED);
    bottlenecks_free(&b);
    model_free(m);

    m = model_new(&MODEL_DEFAULTS);
    find(m, NULL, &b);
    assert_int_equal(b.n, 0);
    bottlenecks_free(&b);
    model_free(m);
}

static void costs_add_up_to_the_month(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct endpoint_costs c;
    for (int i = 0; i < 300; i++) {
        shop_requests(m, T0 + i * SD_S, "GET", "/cart", 3, 0, 100 * SD_MS);
        shop_requests(m, T0 + i * SD_S, "POST", "/cart", 1, 0, 400 * SD_MS);
    }
    shop_requests(m, T0, "GET", "/untimed", 1, 0, SD_UNKNOWN);
    endpoint_costs_find(m, &POLICY, T0, T, &c);
    assert_int_equal(c.n, 3);
    assert_true(c.by_time && c.requests == 1201);
    assert_true(c.items[2].cost_per_month == 0 && isnan(c.items[2].saves_per_month));
    assert_string_equal(c.items[0].method, "POST");
    near(c.items[0].share, 4.0 / 7, 1e-12);
    near(c.items[0].cost_per_month, 40000.0 / 7, 1e-12);
    near(c.items[0].cost_per_million, 40000.0 / 7 / 2629800 * 1e6, 1e-12);
    near(c.items[0].saves_per_month, 10000 * 300e6 / 700e6, 1e-9);
    near(c.items[0].cost_per_month + c.items[1].cost_per_month, 10000, 1e-12);
    assert_true(c.items[1].saves_per_month == 0);
    endpoint_costs_free(&c);
    model_free(m);

    m = model_new(&MODEL_DEFAULTS);
    shop_requests(m, T0, "GET", "/a", 3, 0, SD_UNKNOWN);
    shop_requests(m, T0, "GET", "/b", 1, 0, SD_UNKNOWN);
    endpoint_costs_find(m, &POLICY, T0, T, &c);
    assert_false(c.by_time);
    near(c.items[0].share, 0.75, 1e-12);
    assert_true(isnan(c.items[0].saves_per_month));
    endpoint_costs_free(&c);
    model_free(m);
}

/* An interval belongs to the moment it ends, whatever the moment that is asked for and wherever in a second
 * it begins. */
static void intervals_count_by_their_end(void **state)
{
    (void)state;
    static const struct {
        int64_t from, width;
    } FORMS[] = {{0, 10 * SD_S}, {700 * SD_MS, 10 * SD_S}, {300 * SD_MS, SD_S}, {0, 0}, {250 * SD_MS, 0}};
    for (size_t f = 0; f < ARRAY_LEN(FORMS); f++) {
        struct model *m = model_new(&MODEL_DEFAULTS);
        for (int i = -3; i < 40; i++) {
            struct sd_bucket bucket = {.index = sd_hist_index(200 * SD_MS), .count = 1};
            struct sd_hist h = {.n = 1, .buckets = &bucket};
            struct sd_http r = {.method = "GET",
                                .route = "/",
                                .interval_ns = FORMS[f].width,
                                .count = 1,
                                .timed = 1,
                                .total_ns = 200 * SD_MS,
                                .min_ns = 200 * SD_MS,
                                .max_ns = 200 * SD_MS,
                                .first_at = SD_UNKNOWN,
                                .last_at = SD_UNKNOWN,
                                .latency = &h,
                                .upgraded = SD_UNKNOWN,
                                .queue_ns = SD_UNKNOWN,
                                .upstream_ns = SD_UNKNOWN};
            shop_add(m, "hours", T0 + i * 10 * SD_S + FORMS[f].from, SD_HTTP, &r);
        }
        for (int shift = 0; shift < 200; shift++) { /* of (from, from + 100 s] */
            sd_time from = T0 + shift * 100 * SD_MS, to = from + 100 * SD_S;
            struct bottlenecks b;
            struct endpoint_point all;
            int wanted = 0;
            for (int i = -3; i < 40; i++) {
                sd_time end = T0 + i * 10 * SD_S + FORMS[f].from + FORMS[f].width;
                wanted += end > from && end <= to;
            }
            bottlenecks_find(&(struct bottleneck_ask){.model = m, .from = from, .to = to}, &b);
            assert_int_equal(b.requests, wanted);
            bottlenecks_free(&b);
            model_requests_ended(m, from, to, &all);
            assert_int_equal(all.count, wanted);
            near((double)all.p95, 200e6, 1.0 / 128);
        }
        model_free(m);
    }
}

static void a_histogram_on_one_side_is_exact(void **state)
{
    (void)state;
    struct hist h;
    hist_clear(&h);
    assert_true(bottleneck_excess(&h, 5).ns == 0);
    hist_record(&h, 1000003);
    hist_record(&h, 9000001);
    assert_true(bottleneck_excess(&h, 7).ns == 10000004.0 - 14);
    assert_int_equal(bottleneck_excess(&h, 7).above, 2);
    assert_true(bottleneck_excess(&h, 9000001).ns == 0);
    assert_int_equal(bottleneck_excess(&h, 5000000).above, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_wait_as_their_raw_durations_say),
        cmocka_unit_test(statements_save_what_their_advice_says),
        cmocka_unit_test(nothing_above_the_target_is_shared_by_time),
        cmocka_unit_test(costs_add_up_to_the_month),
        cmocka_unit_test(intervals_count_by_their_end),
        cmocka_unit_test(a_histogram_on_one_side_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
