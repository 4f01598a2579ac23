/* The view `changes` over traffic from a seeded generator: the same traffic is noise, a shift is told. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/hist.h"
#include "tests/lib/shop.h"
#include "view/shared/figures.h"
#include "view/view.h"

#define WINDOW 60
#define BEGIN  ((sd_time)1795189860 * SD_S)

/* ---- traffic ---- */

static uint64_t seed;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(seed >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

static int64_t poisson(double mean)
{
    double limit = exp(-mean), p = 1;
    int64_t n = -1;
    do {
        p *= uniform();
        n++;
    } while (p > limit);
    return n;
}

enum { ENDPOINTS = 24, STATEMENTS = 30 };

/* What differs from the usual in one window. */
struct differing {
    double slower;    /* of endpoint and statement 0; 1: not */
    double errors;    /* share of endpoint 1's requests */
    bool statement;   /* number 90, new */
    bool endpoint;    /* number 90, new */
    bool gone;        /* endpoint 2 has no requests */
    double lock_load; /* sessions that wait for a lock */
};
static const struct differing USUAL = {.slower = 1};

static struct model *model_of_all_time(void)
{
    return model_new(&(struct model_limits){.retention_ns = 0, .resolution_ns = SD_S, .max_bytes = 64 << 20});
}

static void request(struct model *m, sd_time at, int route, double rate, double median, double errors)
{
    static struct hist h;
    static struct sd_bucket buckets[1000];
    char name[32];
    int64_t n = poisson(rate), failed = 0;
    hist_clear(&h);
    for (int64_t i = 0; i < n; i++) {
        hist_record(&h, (int64_t)(median * exp(0.6 * normal())));
        failed += uniform() < errors;
    }
    if (!n)
        return;
    uint32_t used = 0;
    for (uint32_t i = h.lo; i < h.hi; i++)
        if (h.bucket[i])
            buckets[used++] = (struct sd_bucket){i, h.bucket[i]};
    const struct sd_hist sparse = {.n = used, .buckets = buckets};
    snprintf(name, sizeof name, "/route/%c%d", 'a' + route % 26, route);
    shop_add(m, "web", at, SD_HTTP,
             &(struct sd_http){.method = "GET",
                               .route = name,
                               .interval_ns = SD_S,
                               .count = n,
                               .errors = failed,
                               .status_1xx = 0,
                               .status_2xx = n - failed,
                               .status_3xx = 0,
                               .status_4xx = 0,
                               .status_5xx = failed,
                               .bytes = 0,
                               .timed = n,
                               .total_ns = h.sum,
                               .min_ns = h.min,
                               .max_ns = h.max,
                               .first_at = at,
                               .last_at = at + SD_S - 1,
                               .latency = &sparse});
}

/* Counters as a server publishes them, every two seconds. */
static int64_t calls[100], spent[100];

static void run_statement(int id, double rate, double mean)
{
    int64_t n = poisson(rate);
    for (int64_t i = 0; i < n; i++)
        spent[id] += (int64_t)(mean * exp(0.7 * normal()));
    calls[id] += n;
}

static void publish(struct model *m, sd_time at, int id)
{
    char text[64];
    snprintf(text, sizeof text, "SELECT %c FROM t%d WHERE id = $1", 'a' + id % 26, id);
    shop_statement(m, at, SD_UNKNOWN, 1000 + id, text, calls[id], spent[id]);
}

static void sample_sessions(struct model *m, sd_time at, double lock_load)
{
    struct sd_batch *b = batch_new("shop", at);
    int n = (int)poisson(1.5), locked = (int)poisson(lock_load);
    batch_add(b, SD_METRIC,
              &(struct sd_metric){.name = "activity.sampled", .unit = "ns", .value = 1e9, .counter = 0});
    for (int i = 0; i < n + locked; i++)
        batch_add(b, SD_ACTIVITY,
                  &(struct sd_activity){.period_ns = SD_S,
                                        .pid = 100 + i,
                                        .database = "shop",
                                        .state = "active",
                                        .backend_type = "client backend",
                                        .wait_type = i >= n ? "Lock" : NULL,
                                        .wait_event = i >= n ? "tuple" : NULL});
    model_apply(m, b);
    batch_unref(b);
}

static void second(struct model *m, int s, const struct differing *x)
{
    sd_time at = BEGIN + s * SD_S;
    for (int i = 0; i < ENDPOINTS; i++)
        if (!(x->gone && i == 2))
            request(m, at, i, 12.0 / (1 + i), 5e6 * (1 + i % 7) * (i == 0 ? x->slower : 1),
                    i == 1 ? x->errors : 0.002);
    if (x->endpoint)
        request(m, at, 90, 2, 5e6, 0);
    for (int i = 0; i < STATEMENTS; i++)
        run_statement(i, 20.0 / (1 + i), 1e6 * (1 + i % 5) * (i == 0 ? x->slower : 1));
    if (x->statement)
        run_statement(90, 1, 30e6);
    if (s % 2 == 0)
        for (int i = 0; i < 100; i++)
            if (i < STATEMENTS || calls[i])
                publish(m, at, i);
    sample_sessions(m, at, x->lock_load);
}

/* Windows one after another; of each, how the traffic differs. */
static struct model *traffic(uint64_t from_seed, const struct differing *const *windows, int n)
{
    struct model *m = model_of_all_time();
    seed = from_seed;
    memset(calls, 0, sizeof calls);
    memset(spent, 0, sizeof spent);
    for (int s = 0; s < n * WINDOW; s++)
        second(m, s, windows[s / WINDOW]);
    return m;
}

/* ---- looking ---- */

static struct doc *changes(const struct model *m, int window, const struct figures *baseline)
{
    sd_time to = BEGIN + (window + 1) * WINDOW * SD_S;
    const struct view_ctx c = {.model = m, .span = {to - WINDOW * SD_S, to}, .now = to, .baseline = baseline};
    return view_named("changes")->build(&c);
}

static const struct table *rows_of(const struct doc *d)
{
    for (size_t i = 0; i < d->n_sections; i++)
        if (str_eq(d->sections[i].key, "rows"))
            return &d->sections[i].table;
    return NULL;
}

static const struct cell *cell(const struct table *t, size_t row, const char *key)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (!strcmp(t->columns[i].key, key))
            return &t->rows[row].cells[i];
    return NULL;
}

static size_t flagged(const struct table *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_rows; i++)
        n += cell(t, i, "more_than_noise")->i != 0;
    return n;
}

/* The row of a figure whose subject holds `subject`; it must have that verdict. */
static void expect(const struct doc *d, const char *kind, const char *subject, const char *figure,
                   const char *verdict)
{
    const struct table *t = rows_of(d);
    for (size_t i = 0; i < t->n_rows; i++)
        if (!strcmp(cell(t, i, "kind")->s, kind) && strstr(cell(t, i, "subject")->s, subject) &&
            !strcmp(cell(t, i, "figure")->s, figure)) {
            if (strcmp(cell(t, i, "verdict")->s, verdict) != 0)
                fail_msg("%s %s %s: %s, expected %s", kind, subject, figure, cell(t, i, "verdict")->s,
                         verdict);
            return;
        }
    fail_msg("no row %s %s %s", kind, subject, figure);
}

/* ---- tests ---- */

static void identical_traffic_is_noise(void **state)
{
    (void)state;
    const struct differing *usual[21];
    size_t rows = 0, told = 0;
    for (int i = 0; i < 21; i++)
        usual[i] = &USUAL;
    struct model *m = traffic(42, usual, 21);
    for (int pair = 1; pair <= 20; pair++) {
        struct doc *d = changes(m, pair, NULL);
        rows += rows_of(d)->n_rows;
        told += flagged(rows_of(d));
        doc_free(d);
    }
    model_free(m);
    assert_true(rows > 20 * 100);
    if (told * 100 > rows)
        fail_msg("%zu of %zu rows of identical traffic are told", told, rows);
    print_message("# %zu of %zu rows\n", told, rows);
}

static void shifts_are_told(void **state)
{
    (void)state;
    static const struct differing shifted = {
        .slower = 2, .errors = 0.08, .statement = true, .endpoint = true, .gone = true, .lock_load = 2};
    for (uint64_t s = 1; s <= 5; s++) {
        struct model *m = traffic(s, (const struct differing *const[]){&USUAL, &shifted}, 2);
        struct doc *d = changes(m, 1, NULL);
        expect(d, "endpoint", "/route/a0", "median", "changed");
        expect(d, "endpoint", "/route/a0", "p95", "changed");
        expect(d, "errors", "/route/b1", "errors", "new");
        expect(d, "endpoint", "/route/m90", "requests", "new");
        expect(d, "endpoint", "/route/c2", "requests", "gone");
        expect(d, "statement", "FROM t0 ", "mean time", "changed");
        expect(d, "statement", "FROM t90 ", "calls", "new");
        expect(d, "wait", "Lock:tuple", "sessions", "changed");
        expect(d, "endpoint", "/route/d3", "median", "noise");
        expect(d, "statement", "FROM t1 ", "calls", "noise");
        /* What got worse stands first, and is marked. */
        assert_int_equal(rows_of(d)->rows[0].severity, SEVERITY_WARN);
        assert_true(cell(rows_of(d), 0, "more_than_noise")->i != 0);
        doc_free(d);
        model_free(m);
    }
}

static void against_a_marked_baseline(void **state)
{
    (void)state;
    static const struct differing slow = {.slower = 2};
    struct model *m = traffic(7, (const struct differing *const[]){&USUAL, &slow, &slow}, 3);
    struct doc *d = changes(m, 2, NULL); /* slow before as well */
    expect(d, "endpoint", "/route/a0", "median", "noise");
    doc_free(d);
    const struct span first = {BEGIN, BEGIN + WINDOW * SD_S};
    struct figures *f =
        figures_of(&(struct view_ctx){.model = m, .span = first}, first, "the marked baseline");
    d = changes(m, 2, f);
    expect(d, "endpoint", "/route/a0", "median", "changed");
    assert_string_equal(d->sections[0].title, "Changes from the marked baseline");
    doc_free(d);
    figures_free(f);
    model_free(m);
}

static void plan(struct model *m, sd_time at, const char *node)
{
    char body[300];
    snprintf(body, sizeof body,
             "[{\"Plan\": {\"Node Type\": \"%s\", \"Relation Name\": \"t0\", \"Total Cost\": %d}}]", node,
             (int)(at % 97));
    shop_add(m, "shop", at, SD_PLAN,
             &(struct sd_plan){.query_id = 1000, .database = "shop", .query = "SELECT 1", .body = body});
}

static void a_plan_that_changed(void **state)
{
    (void)state;
    struct model *m = traffic(9, (const struct differing *const[]){&USUAL, &USUAL, &USUAL}, 3);
    plan(m, BEGIN + 10 * SD_S, "Index Scan");
    plan(m, BEGIN + 70 * SD_S, "Index Scan");
    plan(m, BEGIN + 130 * SD_S, "Seq Scan");
    struct doc *d = changes(m, 1, NULL);
    expect(d, "plan", "FROM t0 ", "plan", "noise");
    doc_free(d);
    d = changes(m, 2, NULL);
    expect(d, "plan", "FROM t0 ", "plan", "changed");
    doc_free(d);
    model_free(m);
}

static void settings(struct model *m, sd_time at, const char *const *labels)
{
    struct sd_batch *b = batch_new("shop", at);
    for (; *labels; labels++)
        batch_add(
            b, SD_METRIC,
            &(struct sd_metric){.name = "postgresql.setting", .labels = *labels, .value = 1, .counter = 0});
    model_apply(m, b);
    batch_unref(b);
}

static void a_setting_that_changed(void **state)
{
    (void)state;
    struct model *m = traffic(9, (const struct differing *const[]){&USUAL, &USUAL}, 2);
    settings(
        m, BEGIN + 5 * SD_S,
        (const char *const[]){"name=work_mem,value=4096 kB", "name=jit,value=off", "name=a,value=1", NULL});
    settings(m, BEGIN + 65 * SD_S,
             (const char *const[]){"name=work_mem,value=65536 kB", "name=jit,value=off",
                                   "name=max_parallel_workers,value=2", NULL});
    struct doc *d = changes(m, 1, NULL);
    expect(d, "setting", "work_mem", "value", "changed");
    expect(d, "setting", "jit", "value", "noise");
    expect(d, "setting", "max_parallel_workers", "value", "changed"); /* it had its default */
    expect(d, "setting", "a of shop", "value", "changed");            /* and has it again */
    doc_free(d);
    model_free(m);
}

static void too_early(void **state)
{
    (void)state;
    struct model *m = traffic(3, (const struct differing *const[]){&USUAL}, 1);
    struct doc *d = changes(m, 0, NULL);
    assert_int_equal(rows_of(d)->n_rows, 0);
    assert_non_null(strstr(d->sections[0].empty, "Too early"));
    doc_free(d);
    model_free(m);
}

static bool overview_says(const struct model *m, int second_of, const char *kind, const char *subject)
{
    sd_time to = BEGIN + second_of * SD_S;
    const struct view_ctx c = {.model = m, .span = {to - WINDOW * SD_S, to}, .now = to};
    struct doc *d = view_named("overview")->build(&c);
    const struct table *t = rows_of(d);
    bool found = false;
    for (size_t i = 0; i < t->n_rows; i++)
        found = found || (!strcmp(cell(t, i, "kind")->s, kind) && strstr(cell(t, i, "subject")->s, subject));
    doc_free(d);
    return found;
}

/* What is within noise must not look like a finding where the verdict has no room. */
static void noise_is_written_as_such(void **state)
{
    (void)state;
    struct model *m = traffic(13, (const struct differing *const[]){&USUAL, &USUAL}, 2);
    struct doc *d = changes(m, 1, NULL);
    const struct table *t = rows_of(d);
    for (size_t i = 0; i < t->n_rows; i++) {
        const struct cell *change = cell(t, i, "change");
        if (change->type == CELL_TEXT && !strcmp(cell(t, i, "verdict")->s, "noise"))
            assert_true(str_starts(change->s, "~ "));
    }
    doc_free(d);
    model_free(m);
}

static void what_fell_silent(void **state)
{
    (void)state;
    static const struct differing gone = {.slower = 1, .gone = true};
    const struct differing *const windows[] = {&USUAL, &USUAL, &USUAL, &gone, &gone};
    struct model *m = traffic(11, windows, 5);
    assert_false(overview_says(m, 180, "silent", ""));
    assert_true(overview_says(m, 240, "silent", "/route/c2"));
    assert_true(overview_says(m, 300, "silent", "/route/c2"));
    assert_false(overview_says(m, 300, "silent", "/route/a0"));
    model_free(m);
    for (uint64_t s = 20; s < 25; s++) { /* nothing fell silent, rare as some are */
        m = traffic(s, (const struct differing *const[]){&USUAL, &USUAL, &USUAL, &USUAL, &USUAL}, 5);
        for (int at = 60; at <= 300; at += 20)
            assert_false(overview_says(m, at, "silent", ""));
        model_free(m);
    }
}

/* A whole log that ends is one row, not one for each endpoint. */
static void a_silent_log_is_one_row(void **state)
{
    (void)state;
    struct model *m = traffic(5, (const struct differing *const[]){&USUAL, &USUAL}, 2);
    for (int s = 0; s < 100; s++)
        sample_sessions(m, BEGIN + (120 + s) * SD_S, 0);
    assert_true(overview_says(m, 220, "silent", "all requests"));
    assert_false(overview_says(m, 220, "silent", "/route/"));
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identical_traffic_is_noise), cmocka_unit_test(shifts_are_told),
        cmocka_unit_test(against_a_marked_baseline),  cmocka_unit_test(a_plan_that_changed),
        cmocka_unit_test(a_setting_that_changed),     cmocka_unit_test(too_early),
        cmocka_unit_test(noise_is_written_as_such),   cmocka_unit_test(what_fell_silent),
        cmocka_unit_test(a_silent_log_is_one_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
