/* What the steps of a playbook say about made-up data. */
#include "tests/lib/shop.h"
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>

#include "core/schema.h"
#include "view/goals/playbook.h"

#define T0     SHOP_START
#define MINUTE (60 * SD_S)

static void metric(struct model *m, sd_time at, const char *name, double value)
{
    struct sd_metric r;
    schema_clear(schema_of(SD_METRIC), &r);
    r.name = name;
    r.labels = "host=web1";
    r.value = value;
    shop_add(m, "host", at, SD_METRIC, &r);
}

static struct model *empty(void)
{
    struct model_limits limits = MODEL_DEFAULTS;
    limits.retention_ns = 0;
    return model_new(&limits);
}

static void says(struct model *m, sd_time now, const char *view, const char *wanted, enum severity severity)
{
    const struct view_ctx c = {.model = m, .span = {now - 5 * MINUTE, now}, .now = now};
    struct doc *d = doc_new("test", "Test");
    struct finding f = playbook_finding(d, &c, &(struct goal_play){.text = "?", .view = view});
    if (!str_eq(f.text, wanted))
        print_error("%s says: %s\n", view, f.text ? f.text : "(nothing)");
    assert_true(str_eq(f.text, wanted));
    if (wanted)
        assert_int_equal(f.severity, severity);
    doc_free(d);
    model_free(m);
}

static struct model *two_hours(int64_t rate, int64_t rate_then, int64_t ns, int64_t ns_then)
{
    struct model *m = empty();
    for (int i = 0; i < 300; i++) {
        shop_requests(m, T0 + i * SD_S, "GET", "/a", rate_then, 0, ns_then);
        shop_requests(m, T0 + 60 * MINUTE + i * SD_S, "GET", "/a", rate, 0, ns);
    }
    return m;
}

static void traffic(void **state)
{
    (void)state;
    sd_time now = T0 + 65 * MINUTE;
    says(empty(), now, "endpoints", NULL, SEVERITY_NONE);
    says(two_hours(8, 4, SD_MS, SD_MS), now, "endpoints", "requests at 8/s, an hour ago 4/s (+100 %)",
         SEVERITY_WARN);
    says(two_hours(16, 4, SD_MS, SD_MS), now, "endpoints", "requests at 16/s, an hour ago 4/s (+300 %)",
         SEVERITY_BAD);
    says(two_hours(4, 4, SD_MS, SD_MS), now, "endpoints", "requests at 4/s, an hour ago 4/s (+0 %)",
         SEVERITY_GOOD);
    says(two_hours(4, 4, SD_MS, SD_MS), T0 + 5 * MINUTE, "endpoints",
         "requests at 4/s; the data does not reach back to an hour ago", SEVERITY_INFO);
    says(two_hours(4, 4, 200 * SD_MS, 50 * SD_MS), now, "changes",
         "GET /a: p95 200 ms, an hour ago 50.0 ms (+300 %)", SEVERITY_BAD);
    says(two_hours(4, 4, SD_MS, SD_MS), now, "changes", "none of 1 endpoints is much slower than an hour ago",
         SEVERITY_GOOD);
}

static void failures(void **state)
{
    (void)state;
    struct model *m = empty();
    shop_requests(m, T0, "GET", "/a", 90, 0, SD_MS);
    shop_requests(m, T0, "GET", "/b", 10, 2, SD_MS);
    says(m, T0 + MINUTE, "statuses", "2.0 % of all requests failed; most at GET /b, 2 of 10 (20.0 %)",
         SEVERITY_BAD);
    m = empty();
    shop_requests(m, T0, "GET", "/a", 90, 0, SD_MS);
    says(m, T0 + MINUTE, "statuses", "none of 90 requests failed", SEVERITY_GOOD);
}

static void database(void **state)
{
    (void)state;
    struct model *m = empty();
    for (int i = 0; i < 2; i++) {
        shop_statement(m, T0 + i * MINUTE, T0, 1, "select a from t where id = 'secret'", 100 + i * 10,
                       SD_S + i * 90 * SD_MS);
        shop_statement(m, T0 + i * MINUTE, T0, 2, "select b from u", 100 + i * 10, SD_S + i * 10 * SD_MS);
    }
    says(m, T0 + MINUTE, "queries",
         "90.0 % of the statements' time is in select a from t where id = $1 (mean 9.00 ms)", SEVERITY_BAD);
}

static void sessions(void **state)
{
    (void)state;
    struct model *m = empty();
    struct sd_activity a;
    struct sd_batch *b = batch_new("db", T0);
    for (int64_t pid = 1; pid <= 3; pid++) {
        schema_clear(schema_of(SD_ACTIVITY), &a);
        a.pid = pid;
        a.state = "active";
        a.query_start = T0 - 12 * SD_S;
        a.blocked_by = pid == 3 ? "1" : NULL;
        batch_add(b, SD_ACTIVITY, &a);
    }
    model_apply(m, b);
    batch_unref(b);
    says(m, T0 + SD_S, "activity", "1 blocked; pid 3 has waited 12 s for pid 1", SEVERITY_BAD);
}

static void machines(void **state)
{
    (void)state;
    struct model *m = empty();
    for (int i = 0; i <= 360; i++) {
        metric(m, T0 + i * 10 * SD_S, "host.cpu", .25);
        metric(m, T0 + i * 10 * SD_S, "host.memory", .60 + .10 * i / 360);
    }
    says(m, T0 + 60 * MINUTE, "resources",
         "web1: CPU 25.0 %, memory 69.6 %, growing 10.0 % an hour, full in 3.0 h", SEVERITY_BAD);
}

/* A playbook is found by its own name, and by that of an alert. */
static void meant(void **state)
{
    (void)state;
    const struct goal_playbook books[] = {{.name = "api"}, {.name = "slow"}};
    const struct goal_kpi kpis[] = {{.name = "latency", .playbook = "slow"}, {.name = "cpu"}};
    const struct goal_slo slos[] = {{.name = "checkout", .playbook = "api"}};
    const struct goal_policy p = {
        .kpis = kpis, .n_kpis = 2, .slos = slos, .n_slos = 1, .playbooks = books, .n_playbooks = 2};
    assert_ptr_equal(playbook_meant(&p, "api"), &books[0]);
    assert_ptr_equal(playbook_meant(&p, "latency"), &books[1]);
    assert_ptr_equal(playbook_meant(&p, "checkout/critical"), &books[0]);
    assert_null(playbook_meant(&p, "cpu"));
    assert_null(playbook_meant(&p, "check"));
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traffic),  cmocka_unit_test(failures), cmocka_unit_test(database),
        cmocka_unit_test(sessions), cmocka_unit_test(machines), cmocka_unit_test(meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
