/* What the commands of capacity read: points of a curve (CSV), plans, hops and policies (YAML). */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conf/capacity_file.h"
#include "format/capacity/usl_csv.h"

static void test_points(void **state)
{
    static const char *const FINE[] = {
        "1,20\n2,40\n3,50\n",
        "\"processors\",\"throughput\"\n1,20\n2,40\n3,50\n",
        "\xEF\xBB\xBFN;X\r\n1;20\r\n\r\n2;40\r\n3;50",
        "load\tthroughput\tlatency\n1\t20\t9\n2\t40\t9\n3\t50\t9\n",
        "# measured in May\n \"1\" , \"20\" , x\n2,4e1\n+3,50.0\n",
        "\"a, b\",c\n1,20\n2,40\n3,50\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(FINE); i++) {
        struct usl_point *p;
        struct sd_error err = {.text = ""};
        size_t n;
        if (!usl_csv_read(FINE[i], strlen(FINE[i]), "x.csv", &p, &n, &err))
            fail_msg("%s", err.text);
        assert_int_equal(n, 3);
        assert_true(p[0].load == 1 && p[0].throughput == 20 && p[2].load == 3 && p[2].throughput == 50);
        free(p);
    }
}

static void test_bad_points(void **state)
{
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {"", "x.csv holds no points"},
        {"load,throughput\n", "x.csv holds no points"},
        {"a,b\n1,2\nx,3\n", "x.csv, line 3: the load is no number: x"},
        {"a,b\n1,2\n2,\n", "x.csv, line 3: the throughput is no number"},
        {"a,b\n1,2\n2\n", "x.csv, line 3: a load and a throughput were expected: 2"},
        {"1,2\n0,2\n", "x.csv, line 2: a load has to be above 0"},
        {"1,2\n-1,2\n", "x.csv, line 2: a load has to be above 0"},
        {"1,2\n1e13,2\n", "x.csv, line 2: a load has to be above 0 and at most 1e12"},
        {"1,2\n2,-1\n", "x.csv, line 2: a throughput cannot be negative"},
        {"1,2\nnan,1\n", "x.csv, line 2: the load is no number: nan"},
        {"1,2\n2,inf\n", "x.csv, line 2: the throughput is no number: inf"},
        {"1,2\n2,0x10\n", "x.csv, line 2: the throughput is no number"},
        {"1,2\n2,1e999\n", "x.csv, line 2: the throughput is no number"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct usl_point *p;
        struct sd_error err = {.text = ""};
        size_t n;
        if (usl_csv_read(CASES[i].text, strlen(CASES[i].text), "x.csv", &p, &n, &err) ||
            !strstr(err.text, CASES[i].says))
            fail_msg("%s: %s", CASES[i].text, err.text);
        free(p);
    }
}

#define PLAN "demand: {peak: 1200, growth: 1.8, event: 1.5}\ninstance: {workers: 8, service: 40ms}\n"

static void test_plan(void **state)
{
    static const char TEXT[] = PLAN "slo: {p99: 200ms}\nheadroom: 30%\nsurvive: {zones: 3, lost: 1}\n"
                                    "price: {per_hour: 0.192, currency: EUR}\n"
                                    "limits: [{name: database writes, per_request: 0.4, ceiling: 900}]\n";
    static const char SHORT[] = "demand: {peak: 600/m}\ninstance: {search: found.json}\nheadroom: 30\n";
    struct arena *a = arena_new();
    struct capacity_ask ask;
    struct sd_error err;
    const char *search;
    (void)state;
    assert_true(capacity_plan_file(&ask, &search, a, "p", TEXT, strlen(TEXT), &err));
    assert_true(ask.peak == 1200 && ask.growth == 1.8 && ask.event == 1.5 && ask.workers == 8);
    assert_true(ask.service_ns == 40000000 && isnan(ask.max_rate) && ask.slo_p99_ns == 200000000);
    assert_true(ask.headroom == 0.3 && ask.zones == 3 && ask.lost == 1 && ask.price_per_hour == 0.192 &&
                !search);
    assert_true(ask.n_limits == 1 && ask.limits[0].per_request == 0.4 && ask.limits[0].ceiling == 900);
    assert_string_equal(ask.currency, "EUR");
    assert_string_equal(ask.limits[0].name, "database writes");
    assert_true(capacity_plan_file(&ask, &search, a, "p", SHORT, strlen(SHORT), &err));
    assert_true(ask.peak == 10 && ask.growth == 1 && ask.event == 1 && !sd_known(ask.workers) &&
                ask.headroom == 0.3);
    assert_true(ask.zones == 1 && ask.lost == 0 && isnan(ask.price_per_hour) && !sd_known(ask.slo_p99_ns));
    assert_string_equal(search, "found.json");
    arena_free(a);
}

#define HOPS   "hops: [{name: a, p50: 1ms, p99: 2ms}]\n"
#define POLICY "from: 2026-03-15T00:00:00Z\ninstance: {rate: 100, start: 5m}\n"

enum reader { READ_PLAN, READ_HOPS, READ_POLICY };

static bool read_as(enum reader reader, const char *text, struct sd_error *err)
{
    struct arena *a = arena_new();
    struct capacity_ask ask;
    struct hop_file hops;
    struct scale_policy policy;
    const char *search;
    size_t len = strlen(text);
    bool ok = reader == READ_PLAN   ? capacity_plan_file(&ask, &search, a, "f.yaml", text, len, err)
              : reader == READ_HOPS ? capacity_hops_file(&hops, a, "f.yaml", text, len, err)
                                    : capacity_policy_file(&policy, a, "f.yaml", text, len, err);
    arena_free(a);
    return ok;
}

static void test_refused(void **state)
{
    static const struct {
        enum reader reader;
        const char *text, *says;
    } CASES[] = {
        {READ_PLAN, "", "f.yaml is empty"},
        {READ_PLAN, "[1]", "f.yaml:1:1"},
        {READ_PLAN, "demand: {peak: 1}\n", "a plan has no instance"},
        {READ_PLAN, PLAN "headrom: 3\n",
         "f.yaml:3:1: unknown key \"headrom\" in a plan; did you mean \"headroom\"?"},
        {READ_PLAN, PLAN "headroom: 100%\n", "f.yaml:3:11: headroom has to be below 100%"},
        {READ_PLAN, PLAN "headroom: -1\n", "f.yaml:3:11"},
        {READ_PLAN, PLAN "survive: {zones: 3, lost: 3}\n", "lost has to be less than zones"},
        {READ_PLAN, PLAN "survive: {zones: 0}\n", "zones has to be more than 0"},
        {READ_PLAN, PLAN "limits: [{name: a, per_request: 1, ceiling: 0}]\n",
         "ceiling has to be more than 0"},
        {READ_PLAN, PLAN "limits: {}\n", "limits is a mapping; expected a list"},
        {READ_PLAN, PLAN "slo: {p95: 1ms}\n", "unknown key \"p95\" in slo"},
        {READ_PLAN, "demand: {peak: 0}\ninstance: {max_rate: 1}\n", "peak has to be more than 0"},
        {READ_PLAN, "demand: {peak: .nan}\ninstance: {max_rate: 1}\n", "peak is not understood"},
        {READ_PLAN, "demand: {peak: 1}\ninstance: {max_rate: 1, workers: 2, service: 1s}\n",
         "or max_rate, or search"},
        {READ_PLAN, "demand: {peak: 1}\ninstance: {workers: 2}\n", "needs both workers and service"},
        {READ_PLAN, "demand: {peak: 1}\ninstance: {workers: 2000000, service: 1s}\n", "at most 1000000"},
        {READ_HOPS, "hops: []\n", "hops is a list; expected a list that is not empty"},
        {READ_HOPS, "hops: [{name: a, p50: 2ms, p99: 1ms}]\n", "the p99 of a hop is below its p50"},
        {READ_HOPS, "hops: [{name: a, p50: 1ns, p99: 1d}]\n", "a million times"},
        {READ_HOPS, "hops: [{name: a, p50: 1ms, p99: 2ms, calls: 0}]\n", "calls has to be more than 0"},
        {READ_HOPS, HOPS "budget: 300ms\n", "f.yaml:2:9"},
        {READ_POLICY, "instance: {rate: 1, start: 1s}\n", "a policy has no from"},
        {READ_POLICY, "from: yesterday\ninstance: {rate: 1, start: 1s}\n",
         "f.yaml:1:7: from is not understood"},
        {READ_POLICY, POLICY "policies: [magic]\n", "expected fixed, reactive, predictive or clairvoyant"},
        {READ_POLICY, POLICY "policies: [fixed, fixed]\n", "this policy is there before"},
        {READ_POLICY, POLICY "min: 3\nmax: 2\n", "f.yaml:3:6: min is more than max"},
        {READ_POLICY, POLICY "target: 120%\n", "target has to be at most 100%"},
        {READ_POLICY, POLICY "lead: 31d\n", "lead has to be at most 30 days"},
        {READ_POLICY, POLICY "events: [{from: 2026-03-02, to: 2026-03-01, factor: 2}]\n",
         "ends before it begins"},
        {READ_POLICY, POLICY "events: [{from: 2026-03-02, to: 2026-03-05}]\n", "an event has no factor"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct sd_error err = {.text = ""};
        if (read_as(CASES[i].reader, CASES[i].text, &err) || !strstr(err.text, CASES[i].says))
            fail_msg("%s: %s", CASES[i].text, err.text);
    }
}

static void test_policy(void **state)
{
    static const char TEXT[] =
        "instance: {rate: 100, start: 5m, price_per_hour: 0.2}\nfrom: 2026-03-15T01:00:00+01:00\n"
        "target: 70%\nmin: 2\nmax: 50\ncool_down: 5m\nlead: 15m\n"
        "policies: [reactive, predictive]\n"
        "events: [{name: c, from: 2026-03-18, to: 2026-03-18T20:00:00.5Z, factor: 3}]\n";
    struct arena *a = arena_new();
    struct scale_policy p;
    struct sd_error err = {.text = ""};
    (void)state;
    if (!capacity_policy_file(&p, a, "p", TEXT, strlen(TEXT), &err))
        fail_msg("%s", err.text);
    assert_int_equal(p.from_ns, 1773532800 * SD_S);
    assert_int_equal(p.events[0].from_ns, 1773792000 * SD_S);
    assert_int_equal(p.events[0].to_ns, 1773864000 * SD_S + SD_S / 2);
    assert_true(p.rate == 100 && p.start_ns == 300 * SD_S && p.target == 0.7 && p.min == 2 && p.max == 50);
    assert_true(p.n_kinds == 2 && p.kinds[1] == SCALE_PREDICTIVE && p.n_events == 1 &&
                p.events[0].factor == 3);
    assert_true(capacity_policy_file(&p, a, "p", POLICY, strlen(POLICY), &err));
    assert_true(p.n_kinds == SCALE_KINDS && p.target == 0.7 && p.min == 1 && isnan(p.price_per_hour));
    arena_free(a);
}

static void test_kinds(void **state)
{
    static const struct {
        const char *text;
        enum capacity_kind kind;
    } CASES[] = {{PLAN, CAPACITY_PLAN},
                 {HOPS, CAPACITY_HOPS},
                 {POLICY, CAPACITY_POLICY},
                 {"a: 1\n", CAPACITY_OTHER},
                 {"load,throughput\n1,2\n", CAPACITY_OTHER},
                 {"", CAPACITY_OTHER},
                 {"demand: [", CAPACITY_OTHER}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        assert_int_equal(capacity_file_kind(CASES[i].text, strlen(CASES[i].text)), CASES[i].kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),  cmocka_unit_test(test_bad_points), cmocka_unit_test(test_plan),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_policy),     cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
