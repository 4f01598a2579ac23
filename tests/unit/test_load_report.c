/* Results of other load tools: every form, its traps, several files together. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/loads/report.h"
#include "core/result.h"
#include "format/loads/load_reader.h"
#include "tests/lib/load_text.h"

#define U     SD_UNKNOWN
#define MS(x) ((int64_t)((x)*1e6 + 0.5))

/* ---- every form ---- */

static const struct expected {
    const char *file, *tool;
    int64_t requests, failed, duration_ns;
    double rate;
    int64_t bytes;
    /* count min mean p50 p75 p90 p95 p99 p999 max */
    int64_t latency[10];
    int64_t ok_p50;
    enum load_start start;
    enum load_values values;
    int64_t resolution_ns;
    const char *statuses;
} FILES[] = {
    {"wrk.txt",
     "wrk",
     24008,
     250,
     MS(10050),
     2388.06,
     13107200,
     {23998, U, MS(2.5), MS(0.85), MS(1.75), MS(4.2), U, MS(980), U, MS(1050)},
     U,
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     U,
     ""},
    {"wrk2.txt",
     "wrk2",
     29980,
     30,
     MS(30000),
     999.33,
     6291456,
     {20000, MS(0.804), MS(5), MS(3.1), MS(4.4), MS(7.2), MS(9.615), MS(48.06), MS(201.98), MS(310.27)},
     U,
     LOAD_FROM_INTENDED,
     LOAD_VALUES_PERCENTILES,
     U,
     ""},
    {"hey.txt",
     "hey",
     1000,
     40,
     MS(4000),
     250,
     49000,
     {980, MS(2.1), MS(18), MS(12), MS(20), MS(35), MS(50), MS(210), U, MS(425)},
     U,
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     MS(0.1),
     "200:950 302:10 503:20 "},
    {"hey.csv",
     "hey",
     4,
     2,
     MS(2000),
     2,
     U,
     {4, MS(10), MS(25.025), MS(20), MS(30.1), MS(40), MS(40), MS(40), MS(40), MS(40)},
     MS(10),
     LOAD_FROM_SENT,
     LOAD_VALUES_ALL,
     MS(0.1),
     "200:2 404:1 503:1 "},
    {"ab.txt",
     "ab",
     500,
     28,
     MS(2500),
     200,
     422500,
     {500, MS(4), MS(48), MS(42), MS(60), MS(90), MS(120), MS(240), U, MS(400)},
     U,
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     MS(1),
     ""},
    {"h2load.txt",
     "h2load",
     300,
     30,
     MS(1200),
     250,
     6012,
     {U, MS(0.101), MS(14.54), U, U, U, U, U, U, MS(100.43)},
     U,
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     U,
     "2xx:265 3xx:5 4xx:10 5xx:5 "},
    {"siege.json",
     "siege",
     200,
     20,
     MS(500),
     360,
     262144,
     {U, MS(10), MS(20), U, U, U, U, U, U, MS(310)},
     U,
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     MS(10),
     ""},
    {"siege.txt",
     "siege",
     200,
     20,
     MS(500),
     360,
     262144,
     {U, MS(10), MS(20), U, U, U, U, U, U, MS(310)},
     U,
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     MS(10),
     ""},
    {"autocannon.json",
     "autocannon",
     888,
     48,
     MS(4000),
     220,
     44000,
     {880, MS(1), MS(4.5), MS(3), MS(6), MS(7), U, MS(12), MS(33), MS(56)},
     U,
     LOAD_FROM_UNKNOWN,
     LOAD_VALUES_PERCENTILES,
     MS(1),
     "200:830 302:10 404:10 503:30 "},
    {"artillery.json",
     "artillery",
     120,
     15,
     MS(3000),
     40,
     2280,
     {114, MS(3), MS(14.5), MS(10.1), MS(15), MS(27.9), MS(53), MS(117.9), MS(130.3), MS(131)},
     U,
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     MS(0.1),
     "200:102 302:3 503:9 "},
    {"oha.json",
     "oha",
     1000,
     100,
     MS(10000),
     100.4,
     98000,
     {980, MS(1.5), MS(12.5), MS(8.1), MS(12), MS(21), MS(35), MS(200), MS(700), MS(750)},
     MS(9),
     LOAD_FROM_UNKNOWN,
     LOAD_VALUES_PERCENTILES,
     1,
     "200:900 429:50 500:30 "},
    {"oha.csv",
     "oha",
     4,
     1,
     MS(2000),
     2,
     400,
     {4, 10000001, MS(22.75), MS(20), MS(30), MS(31), MS(31), MS(31), MS(31), MS(31)},
     MS(30),
     LOAD_FROM_UNKNOWN,
     LOAD_VALUES_ALL,
     1,
     "200:2 302:1 500:1 "},
    {"vegeta.ndjson",
     "vegeta",
     4,
     2,
     MS(32000),
     0.125,
     160,
     {4, MS(1), MS(7501.5), MS(2), MS(3), MS(30000), MS(30000), MS(30000), MS(30000), MS(30000)},
     MS(1),
     LOAD_FROM_SENT,
     LOAD_VALUES_ALL,
     1,
     "200:1 301:1 404:1 "},
    {"vegeta.csv",
     "vegeta",
     3,
     2,
     MS(7000),
     3 / 7.0,
     160,
     {3, MS(1.5), MS(1668), MS(2.5), MS(5000), MS(5000), MS(5000), MS(5000), MS(5000), MS(5000)},
     MS(1.5),
     LOAD_FROM_SENT,
     LOAD_VALUES_ALL,
     1,
     "200:1 500:1 "},
    {"vegeta.json",
     "vegeta",
     100,
     8,
     MS(9900),
     10.1010101,
     50000,
     {100, MS(0.9), MS(4.1), MS(2.5), U, MS(8), MS(12), MS(45), U, MS(60)},
     U,
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     1,
     "200:90 302:2 500:5 "},
    {"vegeta.txt",
     "vegeta",
     100,
     8,
     MS(69900),
     10.1,
     50000,
     {100, MS(0.9), MS(4.1), MS(2.5), U, MS(8), MS(12), MS(45), U, MS(1500)},
     U,
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     1,
     "200:90 302:2 500:5 "},
    {"k6.ndjson",
     "k6",
     4,
     2,
     MS(6000),
     4 / 6.0,
     2000,
     {4, MS(7), MS(759.4375), MS(10), MS(20.5), MS(3000.25), MS(3000.25), MS(3000.25), MS(3000.25),
      MS(3000.25)},
     MS(7),
     LOAD_FROM_SENT,
     LOAD_VALUES_ALL,
     1,
     "200:1 301:1 503:1 "},
    {"k6-handle.json",
     "k6",
     2000,
     20,
     MS(20000),
     100,
     123456,
     {2000, MS(0.75), MS(12.5), MS(8.25), U, MS(25), MS(50.5), MS(210), U, MS(400)},
     MS(8),
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     1,
     ""},
    {"k6-export.json",
     "k6",
     2000,
     20,
     MS(20000),
     100,
     123456,
     {2000, MS(0.75), MS(12.5), MS(8.25), U, MS(25), MS(50.5), U, U, MS(400)},
     MS(8),
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     1,
     ""},
    {"k6-list.json",
     "k6",
     2000,
     20,
     MS(20000),
     100,
     123456,
     {2000, MS(0.75), MS(12.5), MS(8.25), U, MS(25), MS(50.5), U, U, MS(400)},
     MS(8),
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     1,
     ""},
    {"jmeter.jtl",
     "jmeter",
     4,
     2,
     MS(5040),
     4 / 5.04,
     1300,
     {4, MS(40), MS(810), MS(80), MS(120), MS(3000), MS(3000), MS(3000), MS(3000), MS(3000)},
     MS(40),
     LOAD_FROM_SENT,
     LOAD_VALUES_ROUNDED,
     MS(1),
     "200:2 503:1 "},
    {"jmeter.xml",
     "jmeter",
     4,
     2,
     MS(5040),
     4 / 5.04,
     810,
     {4, MS(40), MS(810), MS(80), MS(120), MS(3000), MS(3000), MS(3000), MS(3000), MS(3000)},
     MS(40),
     LOAD_FROM_SENT,
     LOAD_VALUES_ROUNDED,
     MS(1),
     "200:2 503:1 "},
    {"locust.csv",
     "locust",
     400,
     6,
     MS(10000),
     40,
     63400,
     {400, MS(5), MS(88.9), MS(84), MS(100), MS(140), MS(180), MS(250), MS(400), MS(400.75)},
     U,
     LOAD_FROM_SENT,
     LOAD_VALUES_PERCENTILES,
     U,
     ""},
    {"gatling.log",
     "gatling",
     4,
     1,
     MS(2090),
     4 / 2.09,
     U,
     {4, MS(40), MS(85), MS(80), MS(100), MS(120), MS(120), MS(120), MS(120), MS(120)},
     MS(100),
     LOAD_FROM_SENT,
     LOAD_VALUES_ROUNDED,
     MS(1),
     ""},
    {"samples.csv",
     "slowdive",
     5,
     3,
     MS(1020),
     5 / 1.02,
     210,
     {5, MS(5.02), MS(406.204), MS(30), MS(990), MS(1000), MS(1000), MS(1000), MS(1000), MS(1000)},
     MS(5.02),
     LOAD_FROM_INTENDED,
     LOAD_VALUES_ALL,
     1,
     "200:1 204:1 503:1 "},
    {"load.json",
     "slowdive",
     1000,
     20,
     MS(10000),
     100,
     99000,
     {1000, MS(1), MS(12), MS(8), MS(11), MS(20), MS(40), MS(200), MS(5000), 5000000001},
     MS(7.9),
     LOAD_FROM_INTENDED,
     LOAD_VALUES_PERCENTILES,
     U,
     "200:980 503:10 "},
};

static void check_block(const struct load_block *b, const int64_t *want, const char *what)
{
    const int64_t got[] = {b->count,  b->min_ns, b->mean_ns, b->p50_ns,  b->p75_ns,
                           b->p90_ns, b->p95_ns, b->p99_ns,  b->p999_ns, b->max_ns};
    for (size_t i = 0; i < ARRAY_LEN(got); i++)
        if (got[i] != want[i])
            fail_msg("%s: figure %zu is %lld, not %lld", what, i, (long long)got[i], (long long)want[i]);
}

static void check_figures(const struct expected *e, const struct load_report *r)
{
    struct strbuf statuses = {0};
    assert_string_equal(r->r.tool, e->tool);
    assert_int_equal(r->r.requests, e->requests);
    assert_int_equal(r->r.failed, e->failed);
    assert_int_equal(r->r.duration_ns, e->duration_ns);
    assert_true(fabs(r->r.rate_per_s - e->rate) < 1e-9 * e->rate);
    assert_int_equal(r->r.bytes_received, e->bytes);
    check_block(&r->r.latency, e->latency, e->file);
    assert_int_equal(r->r.ok.p50_ns, e->ok_p50);
    assert_int_equal(r->r.start, e->start);
    assert_int_equal(r->r.values, e->values);
    assert_int_equal(r->r.resolution_ns, e->resolution_ns);
    for (size_t i = 0; i < r->r.n_statuses; i++)
        strbuf_printf(&statuses, "%s:%lld ", r->r.statuses[i].status, (long long)r->r.statuses[i].count);
    assert_string_equal(strbuf_text(&statuses), e->statuses);
    strbuf_free(&statuses);
}

/* By its content and by its tool's name, and in pieces of any length. */
static void test_every_form(void **state)
{
    (void)state;
    static const size_t STEPS[] = {1, 7, 100000};
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        size_t n;
        char *text = load_file_text(FILES[i].file, &n);
        print_message("%s\n", FILES[i].file);
        for (size_t k = 0; k < ARRAY_LEN(STEPS); k++) {
            struct load_report r = load_report_of(text, k ? NULL : FILES[i].tool, STEPS[k]);
            check_figures(&FILES[i], &r);
            load_report_free(&r);
        }
        assert_true(load_result_sure(text, n) >= 50);
        free(text);
    }
}

/* Cut at every byte a file is refused with a sentence, or read as far as it goes. */
static void test_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        size_t n;
        char *text = load_file_text(FILES[i].file, &n);
        for (size_t cut = 0; cut < n; cut++) {
            struct load_result r;
            struct sd_error err = {""};
            char *copy = mem_strndup(text, cut); /* its end is seen by a sanitizer */
            if (!load_read_bytes(copy, cut, 4096, NULL, &r, &err))
                assert_true(*err.text);
            else if (r.values != LOAD_VALUES_PERCENTILES)
                assert_true((int64_t)r.samples.n <= FILES[i].requests);
            load_result_free(&r);
            free(copy);
        }
        free(text);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *file, *rows;
    } rows[] = {
        {"jmeter.jtl", "list:2:0 order:2:2 "},
        {"jmeter.xml", "order:2:2 compute:1:0 list <a> & b:1:0 "},
        {"gatling.log", "list:2:0 cart / pay / order:1:1 old:1:0 "},
        {"locust.csv", "GET /items:300:0 POST /items:60:6 /q,x:40:0 "},
        {"samples.csv", "list:3:1 a, \"b\":1:1 order:1:1 "},
        {"k6.ndjson", "list:2:0 order:2:2 "},
        {"artillery.json", "/a:114:12 "},
        {"vegeta.csv", "GET http://127.0.0.1:8080/items:2:1 POST http://127.0.0.1:8080/orders:1:1 "},
        {"load.json", "list:800:10 order:200:10 "},
        {"hey.csv", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t n;
        struct strbuf got = {0};
        char *text = load_file_text(rows[i].file, &n);
        struct load_report r = load_report_of(text, NULL, 1000);
        for (size_t k = 0; k < r.r.n_rows; k++)
            strbuf_printf(&got, "%s:%lld:%lld ", r.r.rows[k].name, (long long)r.r.rows[k].requests,
                          (long long)r.r.rows[k].failed);
        assert_string_equal(strbuf_text(&got), rows[i].rows);
        strbuf_free(&got);
        load_report_free(&r);
        free(text);
    }
}

/* ---- several files ---- */

static struct load_report report_of_two(const char *a, const char *b)
{
    struct load_result r[2];
    const struct load_result *list[] = {&r[0], &r[1]};
    struct load_report report;
    struct sd_error err;
    size_t n;
    const char *const names[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        char *text = load_file_text(names[i], &n);
        assert_true(load_read_bytes(text, n, n, NULL, &r[i], &err));
        free(text);
    }
    load_report_make(&report, list, 2);
    load_result_free(&r[0]);
    load_result_free(&r[1]);
    return report;
}

static void test_merged(void **state)
{
    (void)state;
    /* Every request of both, on a common clock: 2026-11-30 09:00:00 to :32 and 09:00:00 to :07 of 1796029200.
     */
    struct load_report r = report_of_two("vegeta.ndjson", "vegeta.csv");
    static const int64_t all[] = {7,         MS(1),     5001428571, MS(2.5),   MS(5000),
                                  MS(30000), MS(30000), MS(30000),  MS(30000), MS(30000)};
    assert_string_equal(r.r.tool, "vegeta");
    assert_int_equal(r.r.requests, 7);
    assert_int_equal(r.r.failed, 4);
    check_block(&r.r.latency, all, "merged");
    assert_int_equal(r.r.bytes_received, 320);
    assert_int_equal(r.r.values, LOAD_VALUES_ALL);
    load_report_free(&r);

    r = report_of_two("hey.csv", "jmeter.jtl");
    assert_string_equal(r.r.tool, "hey, jmeter");
    assert_int_equal(r.r.requests, 8);
    assert_int_equal(r.r.values, LOAD_VALUES_ROUNDED);
    assert_int_equal(r.r.resolution_ns, MS(1));
    assert_int_equal(r.r.latency.p50_ns, MS(40));
    assert_int_equal(r.r.duration_ns, MS(5040));
    assert_true(fabs(r.r.rate_per_s - (2 + 4 / 5.04)) < 1e-9);
    assert_false(sd_known(r.r.bytes_received));
    load_report_free(&r);

    /* One has percentiles only: means, least and most are known of both together, percentiles are not. */
    r = report_of_two("hey.txt", "hey.csv");
    static const int64_t some[] = {984, MS(2.1), 18028557, U, U, U, U, U, U, MS(425)};
    assert_int_equal(r.r.requests, 1004);
    assert_int_equal(r.r.failed, 42);
    check_block(&r.r.latency, some, "hey");
    assert_int_equal(r.r.values, LOAD_VALUES_PERCENTILES);
    assert_true(load_has_note(&r.r, "percentiles of all together are not known"));
    load_report_free(&r);

    r = report_of_two("locust.csv", "locust.csv");
    assert_int_equal(r.r.n_rows, 3);
    assert_int_equal(r.r.rows[0].requests, 600);
    assert_int_equal(r.r.rows[0].latency.mean_ns, MS(90.25));
    assert_false(sd_known(r.r.rows[0].latency.p95_ns));
    load_report_free(&r);
}

/* The document has every key, in order, and null for what is unknown. */
static void test_document(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"view",        "tool",          "requests",   "failed",
                                       "error_share", "duration_ns",   "rate_per_s", "bytes_received",
                                       "statuses",    "latency",       "ok_latency", "latency_from",
                                       "values",      "resolution_ns", "rows",       "notes"};
    size_t n, i = 0;
    char *text = load_file_text("wrk.txt", &n);
    struct load_report r = load_report_of(text, NULL, 10);
    cJSON *o = load_report_document(&r);
    for (const cJSON *v = o->child; v; v = v->next)
        assert_string_equal(v->string, KEYS[i++]);
    assert_int_equal(i, ARRAY_LEN(KEYS));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(o, "statuses")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "latency"), "p95_ns")));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "latency")), 10);
    char *printed = result_print(o);
    struct load_report again = load_report_of(printed, NULL, 100);
    assert_int_equal(again.r.requests, r.r.requests);
    assert_int_equal(again.r.latency.p99_ns, r.r.latency.p99_ns);
    assert_true(again.r.start == r.r.start && again.r.n_notes == r.r.n_notes);
    load_report_free(&again);
    free(printed);
    cJSON_Delete(o);
    load_report_free(&r);
    free(text);
}

/* ---- real files with what other programs say of them ---- */

static struct load_report report_of_corpus(const char *path)
{
    char *text = NULL, name[200];
    size_t n;
    struct sd_error err;
    struct load_result r;
    struct load_report report;
    const struct load_result *list = &r;
    snprintf(name, sizeof name, "load_tests/%s", path);
    if (!file_read(test_corpus(name), 64 << 20, &text, &n, &err) ||
        !load_read_bytes(text, n, 65536, NULL, &r, &err))
        fail_msg("%s: %s", path, err.text);
    load_report_make(&report, &list, 1);
    load_result_free(&r);
    free(text);
    return report;
}

static void test_corpora(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int64_t requests, failed, min_ns, mean_ns, p50_ns, p90_ns, p95_ns, p99_ns, max_ns;
    } rows[] = {
        {"autocannon/autocannon-products.json", 27194, 0, MS(1), MS(4.1), MS(3), MS(7), U, MS(12), MS(56)},
        {"hey/hey-orders.txt", 2000, 0, MS(1.2), MS(21.5), MS(14), MS(22.5), MS(25.6), MS(687.4), MS(702)},
        {"hey/hey-search.csv", 600, 0, MS(7.2), 39099167, MS(38.8), MS(55.6), MS(59.9), MS(71.1), MS(96.2)},
        {"k6/lab-shop.ndjson", 1200, 19, MS(0.158), 13399438, MS(2.314), MS(10.804), MS(13.627), MS(321.601),
         MS(335.079)},
        {"oha/lab-shop.json", 6599, 82, MS(0.119), 13722274, MS(2.367), MS(10.165), MS(12.941), MS(316.488),
         MS(339.024)},
        {"vegeta/lab-shop.ndjson", 2000, 28, MS(0.158), 12741776, MS(2.124), MS(10.488), MS(13.178),
         MS(313.319), MS(335.079)},
        {"vegeta/metrics-add.csv", 10000, 3333, MS(0.001), MS(5.0005), MS(5), MS(9), MS(9.5), MS(9.9),
         MS(10)},
        {"vegeta/report.json", 100, 0, 1949582, 2371194, 2854306, 3228223, 3478629, 3530000, 3660505},
        {"vegeta/report.txt", 1200, 535, 90438129, 113172398, 108272568, U, MS(140.18235), 247771566,
         264815246},
        {"wrk/wrk-404-nolatency.txt", 24564, 24564, U, MS(0.9), U, U, U, U, MS(20.37)},
        {"wrk/wrk-products.txt", 32086, 0, U, MS(7.89), MS(4.86), MS(12.15), U, MS(67.77), MS(222.92)},
    };
    if (!test_corpus("load_tests/wrk/wrk-products.txt"))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct load_report r = report_of_corpus(rows[i].path);
        const struct load_block *b = &r.r.latency;
        const int64_t want[] = {b->count,   rows[i].min_ns, rows[i].mean_ns, rows[i].p50_ns,
                                b->p75_ns,  rows[i].p90_ns, rows[i].p95_ns,  rows[i].p99_ns,
                                b->p999_ns, rows[i].max_ns};
        assert_int_equal(r.r.requests, rows[i].requests);
        assert_int_equal(r.r.failed, rows[i].failed);
        check_block(b, want, rows[i].path);
        load_report_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form), cmocka_unit_test(test_every_cut), cmocka_unit_test(test_names),
        cmocka_unit_test(test_merged),     cmocka_unit_test(test_document),  cmocka_unit_test(test_corpora),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
