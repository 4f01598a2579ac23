/* A history as a source: what is recorded while it is followed comes once; a span on demand comes whole, and
 * marked with its request. */
#include "tests/lib/test.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "conf/option.h"
#include "core/history/history.h"
#include "core/schema.h"
#include "rt/registry.h"
#include "rt/rt.h"
#include "source/built_in.h"
#include "store/store.h"

#define TEN (10 * SD_S)
#define DAY (86400 * SD_S)

static char folder[] = "/tmp/slowdive-history-XXXXXX";
static sd_time now; /* the end of what is written first, a full minute */

/* ---- a recorder ---- */

static struct store *open_to_write(void)
{
    const struct store_options o = {.write = true};
    struct store *s = NULL;
    struct sd_error err = {""};
    char *url = mem_printf("history:%s/all.db", folder);
    if (store_open(url, &o, &s, &err) != SD_OK)
        fail_msg("%s", err.text);
    free(url);
    return s;
}

/* One row of `n` requests, and a counter, of the ten seconds that end at `end`. */
static void put(struct store *s, const char *host, uint64_t number, sd_time end, int64_t n)
{
    struct sd_bucket bucket = {.index = sd_hist_index(SD_MS), .count = (uint32_t)n};
    struct sd_hist h = {.n = 1, .buckets = &bucket};
    struct sd_http r;
    struct sd_error err = {""};
    schema_clear(schema_of(SD_HTTP), &r);
    r.method = "GET";
    r.route = "/orders";
    r.interval_ns = TEN;
    r.count = r.timed = n;
    r.total_ns = n * SD_MS;
    r.latency = &h;
    const struct sd_metric m = {.name = "done", .value = (double)number, .counter = 1, .samples = SD_UNKNOWN};
    const struct history_row rows[] = {
        {.kind = SD_HTTP, .host = host, .source = "log", .at = end - TEN, .length_ns = TEN, .record = &r},
        {.kind = SD_METRIC, .host = host, .source = "app", .at = end - SD_S, .record = &m}};
    const struct store_run run = {.id = host, .host = host, .version = "1", .began = now - DAY};
    const struct store_put p = {
        .number = number, .from = end - TEN, .to = end, .sent = end, .rows = rows, .n = ARRAY_LEN(rows)};
    if (store_put(s, &run, &p, &err) != SD_OK)
        fail_msg("%s", err.text);
}

/* ---- what comes ---- */

struct seen {
    int64_t live, asked; /* requests outside and within the job */
    uint64_t job;
    bool answered, told, host_a, host_b, origin;
    char failure[200];
    struct sd_history answer;
};

static void take(void *ctx, const struct sd_batch *b)
{
    struct seen *x = ctx;
    const struct sd_http *h;
    const struct sd_history *r;
    const struct sd_history_host *m;
    const struct sd_failure *f;
    for (size_t i = 0; (h = batch_each(b, SD_HTTP, &i));)
        *(batch_during(b) ? &x->asked : &x->live) += h->count;
    if (batch_during(b))
        assert_int_equal(batch_during(b), x->job);
    for (size_t i = 0; (r = batch_each(b, SD_HISTORY, &i));) {
        x->told = true;
        if (batch_answer(b)) {
            x->answered = true;
            x->answer = *r;
        }
    }
    for (size_t i = 0; (m = batch_each(b, SD_HISTORY_HOST, &i));) {
        x->host_a |= str_eq(m->name, "a");
        x->host_b |= str_eq(m->name, "b");
    }
    for (size_t i = 0; (f = batch_each(b, SD_FAILURE, &i)); x->answered = true)
        snprintf(x->failure, sizeof x->failure, "%s", f->text);
    if (batch_kinds(b) & SD_KIND_BIT(SD_METRIC))
        x->origin |= str_eq(batch_origin(b), "a/app");
}

static void until(struct rt *rt, struct seen *x, bool (*is)(const struct seen *x))
{
    int64_t deadline = clock_mono() + 30 * SD_S;
    while (!is(x) && clock_mono() < deadline) {
        struct pollfd p = {.fd = rt_fd(rt), .events = POLLIN};
        poll(&p, 1, 200);
        rt_drain(rt, SD_S, take, x);
    }
    assert_true(is(x));
}

static struct rt *start(void)
{
    struct sd_error err;
    struct registry_resolved r;
    struct rt *rt = rt_new(&RT_DEFAULTS);
    char *target = mem_printf("history:%s/all.db", folder);
    assert_true(registry_resolve(target, &r, &err));
    assert_non_null(
        rt_start(rt, r.ops, "all", r.target, options_new(r.ops->options, r.ops->opts_size), true, &err));
    registry_resolved_free(&r);
    free(target);
    return rt;
}

static bool sixty(const struct seen *x)
{
    return x->live >= 60 && x->told;
}
static bool more(const struct seen *x)
{
    return x->live >= 60 + 7 + 11 && x->host_a && x->host_b;
}
static bool is_answered(const struct seen *x)
{
    return x->answered;
}

static void test_follow_and_ask(void **state)
{
    (void)state;
    struct store *s = open_to_write();
    struct seen x = {.live = 0};
    struct sd_error err;
    put(s, "a", 1, now - 3600 * SD_S, 1000); /* older than what is read at first */
    put(s, "a", 2, now - 60 * SD_S, 20);
    put(s, "b", 1, now - 60 * SD_S, 30);
    put(s, "a", 3, now, 10);
    struct rt *rt = start();
    until(rt, &x, sixty);
    assert_int_equal(x.live, 60);
    put(s, "a", 4, now + TEN, 7); /* while it is followed */
    put(s, "b", 2, now + TEN, 11);
    put(s, "b", 2, now + TEN, 11); /* the same again is nothing */
    until(rt, &x, more);
    assert_int_equal(x.live, 78);
    assert_true(x.origin);

    struct sd_job_read_history job = {
        .from = now - 7200 * SD_S, .to = now - 1800 * SD_S, .step_ns = 0, .by_host = 0, .goals = 0};
    const struct sd_request q = {.job = SD_JOB_READ_HISTORY, .args = &job};
    x.job = rt_request(rt, "all", &q, &err);
    until(rt, &x, is_answered);
    assert_string_equal(x.failure, "");
    assert_int_equal(x.asked, 1000);
    assert_int_equal(x.live, 78);
    assert_int_equal(x.answer.to, job.to);
    assert_int_equal(x.answer.newest, now + TEN);

    job.host = "b";
    job.from = now - DAY;
    job.to = now + DAY;
    job.goals = 1;
    job.windows = "5m,1h";
    x.answered = false;
    x.asked = 0;
    x.job = rt_request(rt, "all", &q, &err);
    until(rt, &x, is_answered);
    assert_int_equal(x.asked, 41);
    assert_int_equal(x.live, 78);

    job.windows = "soon";
    x.answered = false;
    x.job = rt_request(rt, "all", &q, &err);
    until(rt, &x, is_answered);
    assert_non_null(strstr(x.failure, "durations"));
    assert_int_equal(rt_free(rt, 5 * SD_S), 0);
    store_close(s);
}

static int set_up(void **state)
{
    (void)state;
    registry_begin(SOURCES_BUILT_IN);
    now = clock_wall() / (60 * SD_S) * (60 * SD_S);
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char *command = mem_printf("rm -rf %s", folder);
    int failed = system(command);
    free(command);
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_follow_and_ask)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
