/* What was used up first: levels of a made load test, with the figures of machines, pools, sessions and
 * statements in their spans. And the figures of machines over a window themselves. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/insight/host_use.h"
#include "core/insight/saturation.h"
#include "core/schema.h"
#include "tests/lib/shop.h"

#define T0    SHOP_START
#define STEP  (20 * SD_S)
#define AT(n) (T0 + (sd_time)(n)*SD_S)

/* Three levels of 20 s each, the last broke. */
static const struct saturation_level LEVELS[] = {
    {.span = {T0 + 2 * STEP, T0 + 3 * STEP}, .rate_per_s = 80, .held = false},
    {.span = {T0, T0 + STEP}, .rate_per_s = 20, .held = true},
    {.span = {T0 + STEP, T0 + 2 * STEP}, .rate_per_s = 40, .held = true},
};
enum { N_LEVELS = ARRAY_LEN(LEVELS) };

static void metric(struct model *m, const char *origin, sd_time at, const char *name, const char *labels,
                   double value, bool counter)
{
    shop_add(m, origin, at, SD_METRIC,
             &(struct sd_metric){.name = name, .labels = labels, .value = value, .counter = counter});
}

/* The figure of each level, sampled every 10 s. */
static void by_level(struct model *m, const char *name, const char *labels, double a, double b, double c)
{
    const double v[] = {a, b, c};
    for (int i = 1; i <= 6; i++)
        metric(m, "host", AT(10 * i), name, labels, v[(i - 1) / 2], false);
}

static const struct saturation *only(const struct saturation *s, size_t n, enum saturation_kind kind)
{
    const struct saturation *hit = NULL;
    for (size_t i = 0; i < n; i++)
        if (s[i].kind == kind) {
            assert_null(hit);
            hit = &s[i];
        }
    return hit;
}

static void the_disk_was_full_before_the_processor(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct saturation s[SATURATIONS_MAX];
    by_level(m, "host.cpu", "host=db1", 0.3, 0.6, 0.97);
    by_level(m, "host.disk.busy", "device=sda,host=db1", 0.2, 0.92, 0.99);
    by_level(m, "host.memory", "host=db1", 0.96, 0.96, 0.97);
    by_level(m, "host.pressure.io", "host=db1,kind=some", 0.1, 0.6, 0.8);
    by_level(m, "host.pressure.io", "host=db1,kind=full", 0.9, 0.9, 0.9);
    by_level(m, "host.cpu", "host=web1", 0.1, 0.2, 0.3);
    size_t n = saturation_find(m, LEVELS, N_LEVELS, s, SATURATIONS_MAX);
    assert_int_equal(n, 4);
    assert_int_equal(s[0].kind, SATURATED_DISK);
    assert_true(s[0].rate_per_s == 40 && !s[0].always);
    assert_string_equal(s[0].text,
                        "db1, sda: the disk was busy 92.0 % of the time, 20.0 % at the lowest rate");
    assert_string_equal(s[0].view, "resources");
    assert_int_equal(s[1].kind, SATURATED_PRESSURE);
    assert_int_equal(s[2].kind, SATURATED_CPU);
    assert_true(s[2].rate_per_s == 80);
    assert_string_equal(s[2].subject, "db1");
    assert_int_equal(s[3].kind, SATURATED_MEMORY); /* it always is: not by the load */
    assert_true(s[3].always);
    assert_int_equal(saturation_find(m, LEVELS, N_LEVELS, s, 1), 1); /* no more room than there is */
    model_free(m);
}

static void a_pool_and_connections_run_out(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct saturation s[SATURATIONS_MAX];
    static const double USED[] = {3, 10, 10}, CONNECTIONS[] = {20, 60, 98};
    for (int i = 1; i <= 6; i++) {
        metric(m, "app", AT(10 * i), "hikaricp_connections_active", "pool=a", USED[(i - 1) / 2], false);
        metric(m, "app", AT(10 * i), "hikaricp_connections_max", "pool=a", 10, false);
        metric(m, "app", AT(10 * i), "hikaricp_connections_active", "pool=b", 1, false);
        metric(m, "app", AT(10 * i), "hikaricp_connections_max", "pool=b", 10, false);
        metric(m, "shop", AT(10 * i), "postgresql.connections", NULL, CONNECTIONS[(i - 1) / 2], false);
        metric(m, "shop", AT(10 * i), "postgresql.max_connections", NULL, 100, false);
    }
    size_t n = saturation_find(m, LEVELS, N_LEVELS, s, SATURATIONS_MAX);
    assert_int_equal(n, 2);
    assert_string_equal(s[0].text, "app pool=a: 10 of 10 connections of the pool in use");
    assert_true(s[0].rate_per_s == 40);
    assert_string_equal(s[1].text, "shop: 98 of 100 connections in use");
    assert_int_equal(s[1].kind, SATURATED_CONNECTIONS);
    model_free(m);
}

static void sessions_wait_for_locks(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct saturation s[SATURATIONS_MAX];
    struct sd_activity a;
    struct sd_batch *b;
    for (int i = 0; i < 60; i++) {
        b = batch_new("shop", AT(i));
        int active = i < 20 ? 1 : i < 40 ? 3 : 8, waiting = i < 40 ? 0 : 6;
        for (int k = 0; k < active; k++) {
            schema_clear(schema_of(SD_ACTIVITY), &a);
            a.pid = 100 + k;
            a.state = "active";
            a.backend_type = "client backend";
            a.wait_type = k < waiting ? "Lock" : NULL;
            a.wait_event = k < waiting ? "transactionid" : NULL;
            batch_add(b, SD_ACTIVITY, &a);
        }
        model_apply(m, b);
        batch_unref(b);
    }
    size_t n = saturation_find(m, LEVELS, N_LEVELS, s, SATURATIONS_MAX);
    const struct saturation *w = only(s, n, SATURATED_WAITS);
    assert_non_null(w);
    assert_true(w->rate_per_s == 80);
    assert_non_null(strstr(w->text, "active sessions waited for locks (transactionid)"));
    assert_string_equal(w->view, "activity");
    model_free(m);
}

static void a_statement_gets_slow(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct saturation s[SATURATIONS_MAX];
    int64_t calls = 0, slow = 0, steady = 0;
    for (int i = 0; i <= 60; i += 5) {
        int64_t rate = i <= 20 ? 20 : i <= 40 ? 40 : 80, ms = i <= 40 ? 5 : 50;
        calls += i ? 5 * rate : 0;
        slow += i ? 5 * rate * ms * SD_MS : 0;
        steady += i ? 5 * rate * 20 * SD_MS : 0;
        shop_statement(m, AT(i), T0 - SD_S, 7, "SELECT slow", calls, slow);
        shop_statement(m, AT(i), T0 - SD_S, 8, "SELECT steady", calls, steady);
    }
    size_t n = saturation_find(m, LEVELS, N_LEVELS, s, SATURATIONS_MAX);
    const struct saturation *q = only(s, n, SATURATED_STATEMENT);
    assert_non_null(q);
    assert_string_equal(q->subject, "shop/7");
    assert_true(q->rate_per_s == 80 && q->value > 5);
    assert_non_null(strstr(q->text, "at the lowest rate; it kept"));
    assert_string_equal(q->view, "query");
    assert_string_equal(q->arg, "shop/7");
    model_free(m);
}

static void without_data_nothing_is_said(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct saturation s[4];
    const struct saturation_level odd[] = {{.span = {0, 0}},
                                           {.span = {INT64_MIN + 1, INT64_MAX}, .rate_per_s = NAN}};
    assert_int_equal(saturation_find(m, LEVELS, N_LEVELS, s, 4), 0);
    assert_int_equal(saturation_find(m, NULL, 0, s, 4), 0);
    by_level(m, "host.cpu", "host=db1", 1, 1, 1);
    saturation_find(m, odd, 2, s, 4);
    model_free(m);
}

/* A level is shorter than the time between two samples: the one after it is of its time. */
static void a_late_sample_counts(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct saturation s[4];
    metric(m, "host", AT(10), "host.cpu", "host=a", 0.2, false);
    metric(m, "host", AT(20), "host.cpu", "host=a", 0.95, false);
    const struct saturation_level levels[] = {{.span = {AT(6), AT(9)}, .rate_per_s = 1, .held = true},
                                              {.span = {AT(14), AT(17)}, .rate_per_s = 2}};
    assert_int_equal(saturation_find(m, levels, 2, s, 4), 1);
    assert_true(s[0].rate_per_s == 2 && fabs(s[0].before - 0.2) < 1e-9);
    model_free(m);
}

/* A sample that comes early in a level is of the level before. */
static void a_sample_is_of_the_time_before_it(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct saturation s[4];
    static const double CPU[] = {0.1, 0.2, 0.95, 0.3};
    for (int i = 0; i < 4; i++)
        metric(m, "host", AT(10 * i), "host.cpu", "host=a", CPU[i], false);
    const struct saturation_level levels[] = {
        {.span = {AT(1), AT(9)}, .rate_per_s = 1, .held = true},
        {.span = {AT(11), AT(19)}, .rate_per_s = 2, .held = true},
        {.span = {AT(20), AT(29)}, .rate_per_s = 3}}; /* with 0.3 of its own */
    assert_int_equal(saturation_find(m, levels, 3, s, 4), 1);
    assert_true(s[0].rate_per_s == 2 && fabs(s[0].before - 0.2) < 1e-9);
    model_free(m);
}

/* ---- machines over a window ---- */

static void figures_of_a_window(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct host_use u[4];
    for (int i = 0; i <= 6; i++) {
        metric(m, "host", AT(10 * i), "host.cpu", "host=b", 0.1 * i, false);
        metric(m, "host", AT(10 * i), "host.disk.read_bytes", "device=x,host=b", 1000.0 * i, true);
        metric(m, "host", AT(10 * i), "host.disk.read_bytes", "device=y,host=b",
               i < 4 ? 500.0 * i : 100 * (i - 4), true); /* its counter began anew */
        metric(m, "host", AT(10 * i), "host.filesystem", "host=b,mount=/", 0.5, false);
        metric(m, "host", AT(10 * i), "host.filesystem", "host=b,mount=/var", 0.5 + 0.05 * i, false);
    }
    metric(m, "other", AT(30), "host.cpu", NULL, 0.4, false); /* no label: the source's name */
    metric(m, "other", AT(30), "host.cpuless", "host=b", 9, false);
    assert_int_equal(host_uses(m, (struct span){AT(20), AT(40)}, NULL, u, 4), 2);
    assert_string_equal(u[0].host, "b");
    assert_true(fabs(u[0].figures[HOST_CPU] - 0.35) <
                1e-9); /* those at 30 and 40: not the one at its start */
    assert_int_equal(u[0].samples, 2);
    /* x: 1000 in 10 s; y: from 1000 to 1500, then a restart with 0 */
    assert_true(fabs(u[0].figures[HOST_DISK_READ] - (100 + 500.0 / 20)) < 1e-9);
    assert_string_equal(u[0].fullest, "/var");
    assert_true(fabs(u[0].figures[HOST_FILESYSTEM] - 0.675) < 1e-9);
    assert_true(isnan(u[0].figures[HOST_SWAP]) && isnan(u[0].figures[HOST_CGROUP_CPU]));
    assert_string_equal(u[1].host, "other");
    assert_int_equal(host_uses(m, (struct span){AT(20), AT(40)}, "other", u, 4), 1);
    assert_int_equal(host_uses(m, (struct span){AT(200), AT(300)}, NULL, u, 4), 0); /* long gone */
    double cpu[3];
    host_cpu_series(m, "b", (struct span){AT(0), AT(60)}, 3, cpu);
    assert_true(fabs(cpu[0] - 0.15) < 1e-9 && fabs(cpu[2] - 0.55) < 1e-9);
    host_cpu_series(m, NULL, (struct span){AT(20), AT(40)}, 1, cpu);
    assert_true(fabs(cpu[0] - 0.375) < 1e-9); /* the mean of two machines */
    struct host_part p[4];
    assert_int_equal(host_parts(m, (struct span){AT(20), AT(40)}, "b", p, 4), 4);
    assert_string_equal(p[0].name, "/var");
    assert_int_equal(p[2].kind, HOST_PART_DISK);
    assert_string_equal(p[2].name, "x"); /* the one that moves more first */
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_disk_was_full_before_the_processor),
        cmocka_unit_test(a_pool_and_connections_run_out),
        cmocka_unit_test(sessions_wait_for_locks),
        cmocka_unit_test(a_statement_gets_slow),
        cmocka_unit_test(without_data_nothing_is_said),
        cmocka_unit_test(a_late_sample_counts),
        cmocka_unit_test(a_sample_is_of_the_time_before_it),
        cmocka_unit_test(figures_of_a_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
