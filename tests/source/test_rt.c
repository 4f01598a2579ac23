/* The runtime, with sources made for it. */
#include "tests/lib/test.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lib/rt_watch.h"

/* How long a condition may take before a test fails; generous, for sanitizers. */
#define SOON (20 * SD_S)

static const struct rt_limits FAST = {
    .mailbox_bytes = 1 << 20,
    .backoff_min_ns = 2 * SD_MS,
    .backoff_max_ns = 20 * SD_MS,
    .stale_after_ns = 3600 * SD_S,
    .now = clock_wall,
};

/* ---- the fake source: its target tells what it does ---- */

static atomic_int opens, closes, collects, runs, interrupts, served;
static atomic_bool gate; /* what the deaf one waits for */

static void add_metric(struct sd_source *s, struct sd_batch *b, double value)
{
    struct sd_metric m = {.name = "fake", .value = value, .counter = 0};
    s->host->add(b, SD_METRIC, &m);
}

static bool is(struct sd_source *s, const char *what)
{
    return str_eq(s->target, what);
}

static enum sd_result fake_open(struct sd_source *s, struct sd_error *err)
{
    int n = ++opens;
    if (is(s, "hang in open"))
        s->host->wait(s, -1, 0, s->host->now(s) + 30 * SD_S);
    while (is(s, "deaf in open") && !gate)
        poll(NULL, 0, 1);
    if (is(s, "wrong config"))
        return sd_fail(err, SD_CONFIG, "the port is\n  not a number in password=hunter2\n");
    if (is(s, "refused") || (is(s, "third time") && n < 3))
        return sd_fail(err, SD_RETRY, "connection refused");
    return is(s, "silent failure") ? SD_RETRY : SD_OK;
}

static enum sd_result fake_collect(struct sd_source *s, struct sd_batch *b, struct sd_error *err)
{
    int n = ++collects;
    add_metric(s, b, n);
    if (is(s, "slow"))
        s->host->wait(s, -1, 0, s->host->now(s) + 5 * SD_MS);
    if (is(s, "breaks") && n % 3 == 0)
        return sd_fail(err, SD_RETRY, "broken pipe");
    return is(s, "ends") && n == 5 ? SD_GONE : SD_OK;
}

static enum sd_result fake_run(struct sd_source *s, struct sd_error *err)
{
    runs++;
    if (is(s, "spins"))
        return SD_OK;
    if (is(s, "pipe")) {
        int fds[2];
        if (pipe(fds) < 0)
            return sd_fail(err, SD_CONFIG, "no pipe");
        close(fds[0]);
        ssize_t n = write(fds[1], "x", 1); /* SIGPIPE */
        close(fds[1]);
        return n < 0 ? SD_GONE : SD_CONFIG;
    }
    int limit = is(s, "count to 500") ? 500 : is(s, "one") ? 1 : INT32_MAX;
    for (int i = 0; i < limit && !s->host->should_stop(s); i++) {
        struct sd_batch *b = s->host->batch(s, s->host->now(s));
        for (int k = 0; k < (limit == 1 ? 1 : 100); k++)
            add_metric(s, b, i);
        s->host->publish(s, b);
    }
    if (limit == 1)
        s->host->wait(s, -1, 0, INT64_MAX);
    return limit == 500 ? SD_GONE : SD_OK;
}

static enum sd_result fake_request(struct sd_source *s, const struct sd_request *req, struct sd_batch *reply,
                                   struct sd_error *err)
{
    served++;
    if (is(s, "slow"))
        return sd_fail(err, SD_UNSUPPORTED, "no plan for this one");
    const struct sd_job_explain *job = req->args;
    struct sd_plan plan = {.query_id = job->query_id, .query = job->query, .body = "[]"};
    s->host->add(reply, SD_PLAN, &plan);
    return SD_OK;
}

static void fake_interrupt(struct sd_source *s)
{
    (void)s;
    interrupts++;
}

static void fake_close(struct sd_source *s)
{
    (void)s;
    closes++;
}

static const struct sd_source_ops POLLED = {
    .abi = SD_ABI,
    .size = sizeof POLLED,
    .name = "fake",
    .summary = "a fake",
    .targets = "fake:",
    .provides = SD_KIND_BIT(SD_METRIC),
    .priv_size = 64,
    .interval_ns = 2 * SD_MS,
    .open = fake_open,
    .collect = fake_collect,
    .request = fake_request,
    .interrupt = fake_interrupt,
    .close = fake_close,
};
static const struct sd_source_ops STREAM = {
    .abi = SD_ABI,
    .size = sizeof STREAM,
    .name = "stream",
    .summary = "a fake",
    .targets = "stream:",
    .provides = SD_KIND_BIT(SD_METRIC),
    .open = fake_open,
    .run = fake_run,
    .request = fake_request,
    .interrupt = fake_interrupt,
    .close = fake_close,
};

static size_t threads_before, fds_before;

static int setup(void **state)
{
    (void)state;
    opens = closes = collects = runs = interrupts = served = 0;
    gate = false;
    threads_before = process_threads();
    fds_before = process_fds();
    return 0;
}

static struct rt_watch start(const struct rt_limits *limits, const struct sd_source_ops *ops,
                             const char *target, bool follow)
{
    struct rt_watch w = {.rt = rt_new(limits)};
    struct sd_error err = {""};
    if (!rt_start(w.rt, ops, "one", target, NULL, follow, &err))
        fail_msg("%s", err.text);
    return w;
}

static void finish(struct rt_watch *w)
{
    assert_int_equal(rt_free(w->rt, SOON), 0);
    assert_true(process_back_to(threads_before, fds_before, SOON));
    assert_int_equal(opens, closes);
}

/* ---- conditions ---- */

static bool ten_metrics(const struct rt_watch *w)
{
    return w->records[SD_METRIC] >= 10;
}
static bool live_state(const struct rt_watch *w)
{
    return w->statuses && w->status.state == SD_STATE_LIVE;
}
static bool stale_state(const struct rt_watch *w)
{
    return w->status.state == SD_STATE_STALE;
}
static bool backing_off(const struct rt_watch *w)
{
    return w->status.state == SD_STATE_BACKOFF;
}
static bool four_errors(const struct rt_watch *w)
{
    return w->status.errors >= 4;
}
static bool a_plan(const struct rt_watch *w)
{
    return w->records[SD_PLAN] + w->records[SD_FAILURE] >= 1;
}
static bool was_opened(const struct rt_watch *w)
{
    (void)w;
    return opens > 0;
}
static bool never(const struct rt_watch *w)
{
    (void)w;
    return false;
}

/* As rt_watch_until, for what no batch tells. */
static void wait_for(struct rt_watch *w, bool (*done)(const struct rt_watch *))
{
    for (int i = 0; i < 2000 && !done(w); i++)
        rt_watch_until(w, done, 10 * SD_MS);
    assert_true(done(w));
}

/* ---- tests ---- */

static void polled_data_arrives(void **state)
{
    (void)state;
    struct rt_watch w = start(&FAST, &POLLED, "ok", true);
    assert_true(rt_watch_until(&w, ten_metrics, SOON));
    assert_true(w.seen & 1u << SD_STATE_LIVE);
    assert_false(rt_finished(w.rt));
    finish(&w);
    assert_int_equal(opens, 1);
}

static void an_ended_source_finishes(void **state)
{
    (void)state;
    struct rt_watch w = start(&FAST, &POLLED, "ends", true);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.status.state, SD_STATE_ENDED);
    assert_int_equal(w.records[SD_METRIC], 4);
    assert_int_equal(w.status.records, 4);
    finish(&w);
}

static void wrong_configuration_fails_with_one_line(void **state)
{
    (void)state;
    struct rt_watch w = start(&FAST, &POLLED, "wrong config", true);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.status.state, SD_STATE_FAILED);
    assert_string_equal(w.text, "the port is not a number in password=***");
    const struct sd_job_explain job = {.query = "select 1"};
    const struct sd_request q = {.job = SD_JOB_EXPLAIN, .args = &job};
    struct sd_error err;
    assert_false(rt_request(w.rt, "one", &q, &err));
    assert_string_equal(err.text,
                        "the source one is no longer running: the port is not a number in password=***");
    finish(&w);
    assert_int_equal(opens, 1);
}

static void failures_back_off_and_recover(void **state)
{
    (void)state;
    struct rt_watch w = start(&FAST, &POLLED, "refused", true);
    assert_true(rt_watch_until(&w, four_errors, SOON));
    assert_int_equal(w.status.state, SD_STATE_BACKOFF);
    assert_string_equal(w.text, "connection refused");
    assert_true(sd_known(w.status.next_at));
    finish(&w);

    setup(NULL);
    w = start(&FAST, &POLLED, "third time", true);
    assert_true(rt_watch_until(&w, ten_metrics, SOON));
    assert_true(rt_watch_until(&w, live_state, SOON));
    assert_true(w.seen & 1u << SD_STATE_BACKOFF);
    assert_string_equal(w.text, "");
    assert_int_equal(w.status.next_at, SD_UNKNOWN);
    finish(&w);
    assert_int_equal(opens, 3);

    setup(NULL);
    w = start(&FAST, &POLLED, "breaks", true);
    assert_true(rt_watch_until(&w, ten_metrics, SOON));
    finish(&w);
    assert_true(opens >= 5);

    setup(NULL);
    w = start(&FAST, &POLLED, "silent failure", false);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.status.state, SD_STATE_FAILED);
    assert_string_equal(w.text, "one failed and gave no reason");
    finish(&w);
}

static void back_off_doubles_up_to_its_cap(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 200; n++) {
        double middle = n >= 4 ? 2000 : 250 * (double)(1u << (n - 1));
        assert_int_equal(rt_backoff(250, 2000, n, 0.5), (int64_t)middle);
        assert_true(rt_backoff(250, 2000, n, 0) >= (int64_t)(middle * 0.9) - 1);
        assert_true(rt_backoff(250, 2000, n, 1) <= (int64_t)(middle * 1.1) + 1);
    }
    assert_int_equal(rt_backoff(5000, 2000, 1, 0.5), 2000);
    assert_true(rt_backoff(1, INT64_MAX / 2, UINT32_MAX, 0.5) > 0);
}

static void a_hanging_open_ends_with_the_runtime(void **state)
{
    (void)state;
    struct rt_watch w = start(&FAST, &POLLED, "hang in open", true);
    wait_for(&w, was_opened);
    int64_t before = clock_mono();
    finish(&w);
    assert_true(clock_mono() - before < 10 * SD_S);
}

static void a_deaf_worker_is_left_behind(void **state)
{
    (void)state;
    struct rt_watch w = start(&FAST, &POLLED, "deaf in open", true);
    wait_for(&w, was_opened);
    int64_t before = clock_mono();
    assert_int_equal(rt_free(w.rt, 100 * SD_MS), 1);
    assert_true(clock_mono() - before < 5 * SD_S);
    assert_true(interrupts >= 2);
    /* Once it wakes it ends and frees what was left to it. */
    gate = true;
    assert_true(process_back_to(threads_before, fds_before, SOON));
    assert_int_equal(opens, closes);
}

static void count_batches(void *ctx, const struct sd_batch *b)
{
    size_t *by_source = ctx;
    by_source[str_eq(batch_origin(b), "two")]++;
}

static void a_flood_costs_the_budget_and_starves_nobody(void **state)
{
    (void)state;
    struct rt_watch w = start(&FAST, &STREAM, "flood", true);
    struct sd_error err;
    size_t by_source[2] = {0, 0};
    int64_t until = clock_mono() + SD_S / 2, slowest = 0;
    assert_non_null(rt_start(w.rt, &POLLED, "two", "ok", NULL, true, &err));
    while (clock_mono() < until || !by_source[1]) {
        int64_t before = clock_mono();
        rt_drain(w.rt, 5 * SD_MS, count_batches, by_source);
        slowest = MAX(slowest, clock_mono() - before);
        poll(NULL, 0, 20); /* the console paints */
        assert_true(clock_mono() < until + SOON);
    }
    assert_true(by_source[0] > 0);
    assert_true(by_source[1] > 2);
    printf("    slowest drain at a budget of 5 ms: %.1f ms, %zu batches\n", (double)slowest / 1e6,
           by_source[0]);
    assert_true(slowest < SD_S); /* 5 ms and one batch, on a busy machine */
    finish(&w);
}

struct tally {
    int64_t drops, batches;
    double last;
    bool out_of_order, host;
};

static void tally(void *ctx, const struct sd_batch *b)
{
    struct tally *t = ctx;
    for (size_t i = 0; i < batch_len(b); i++) {
        enum sd_kind kind;
        const void *r = batch_record(b, i, &kind);
        if (kind == SD_METRIC) {
            double value = ((const struct sd_metric *)r)->value;
            t->out_of_order |= value < t->last;
            t->last = value;
        } else if (kind == SD_STATUS) {
            t->drops = ((const struct sd_status *)r)->drops;
            t->batches = ((const struct sd_status *)r)->batches;
            t->host = ((const struct sd_status *)r)->host != NULL;
        }
    }
}

/* One that follows loses its oldest and says how many; one that reads to an end waits. */
static void full_mailboxes_drop_or_wait(void **state)
{
    (void)state;
    struct rt_limits small = FAST;
    small.mailbox_bytes = 100000;
    for (int follow = 0; follow < 2; follow++) {
        setup(NULL);
        struct tally t = {0};
        struct rt_watch w = start(&small, &STREAM, "count to 500", follow);
        w.on_batch = tally;
        w.ctx = &t;
        while (follow && !closes) /* unread until it has ended */
            poll(NULL, 0, 1);
        assert_true(rt_watch_until(&w, NULL, SOON));
        assert_int_equal(t.batches, 500);
        assert_true(t.host);
        assert_int_equal(w.records[SD_METRIC], (500 - t.drops) * 100);
        assert_true(follow ? t.drops > 0 : t.drops == 0);
        assert_true(t.last == 499);
        assert_false(t.out_of_order);
        finish(&w);
    }
}

static void waiting_for_room_ends_with_stop(void **state)
{
    (void)state;
    struct rt_limits small = FAST;
    small.mailbox_bytes = 100000;
    struct rt_watch w = start(&small, &STREAM, "flood", false);
    wait_for(&w, was_opened);
    finish(&w);
}

static void overruns_are_counted(void **state)
{
    (void)state;
    struct rt_watch w = start(&FAST, &POLLED, "slow", true);
    assert_true(rt_watch_until(&w, ten_metrics, SOON));
    rt_stop_source(w.rt, "one");
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.status.state, SD_STATE_OFF);
    assert_true(w.status.overruns >= 9);
    assert_true(w.status.overruns <= collects);
    assert_true(w.status.took_ns > 0);
    assert_true(w.status.cpu_ns > 0);
    finish(&w);
}

static void requests_are_answered(void **state)
{
    (void)state;
    struct sd_job_explain job = {.query_id = 7, .query = "select 1"};
    struct sd_request q = {.job = SD_JOB_EXPLAIN, .args = &job};
    struct sd_error err;
    const struct {
        const struct sd_source_ops *ops;
        const char *target, *failed;
    } rows[] = {
        {&POLLED, "ok", ""},
        {&STREAM, "one", ""},
        {&POLLED, "slow", "no plan for this one"},
        {&POLLED, "refused", "connection refused"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        setup(NULL);
        struct rt_watch w = start(&FAST, rows[i].ops, rows[i].target, true);
        for (int again = 0; again < 2; again++) { /* at its start and amid its life */
            w.records[SD_PLAN] = w.records[SD_FAILURE] = 0;
            w.failed[0] = 0;
            assert_true(rt_request(w.rt, "one", &q, &err));
            assert_true(rt_watch_until(&w, a_plan, SOON));
            assert_string_equal(w.failed, rows[i].failed);
        }
        assert_false(rt_request(w.rt, "none", &q, &err));
        assert_string_equal(err.text, "there is no source named none");
        assert_false(rt_request(w.rt, "one", &(struct sd_request){.job = SD_JOB_END, .args = &job}, &err));
        assert_non_null(strstr(err.text, "there is no job"));
        finish(&w);
    }
}

static void equal_requests_are_one(void **state)
{
    (void)state;
    struct sd_job_explain job = {.query_id = 7, .query = "select 1"};
    struct sd_request q = {.job = SD_JOB_EXPLAIN, .args = &job};
    struct sd_error err;
    struct rt_watch w = start(&FAST, &POLLED, "deaf in open", true);
    uint64_t number = rt_request(w.rt, "one", &q, &err);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rt_request(w.rt, "one", &q, &err), number);
    for (job.query_id = 8; rt_request(w.rt, "one", &q, &err); job.query_id++)
        assert_true(job.query_id < 1000);
    assert_string_equal(err.text, "the source one has 32 requests waiting already; try again later");
    gate = true;
    assert_true(rt_watch_until(&w, ten_metrics, SOON));
    assert_int_equal(w.records[SD_PLAN], 32);
    assert_int_equal(served, 32);
    finish(&w);
}

static void quiet_sources_turn_stale_and_stay_silent(void **state)
{
    (void)state;
    struct rt_limits limits = FAST;
    limits.stale_after_ns = 30 * SD_MS;
    struct rt_watch w = start(&limits, &STREAM, "one", true);
    assert_true(rt_watch_until(&w, stale_state, SOON));
    size_t before = w.batches;
    assert_false(rt_watch_until(&w, never, 300 * SD_MS));
    assert_true(w.batches <= before + 1);
    finish(&w);
}

static void a_run_that_returns_at_once_does_not_spin(void **state)
{
    (void)state;
    struct rt_watch w = start(&FAST, &STREAM, "spins", true);
    assert_false(rt_watch_until(&w, never, 200 * SD_MS));
    assert_true(runs < 100);
    finish(&w);
}

static void a_broken_pipe_kills_nothing(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    struct rt_watch w = start(&FAST, &STREAM, "pipe", true);
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_int_equal(w.status.state, SD_STATE_ENDED);
    finish(&w);
}

static void names_are_unique_among_the_running(void **state)
{
    (void)state;
    struct sd_error err;
    struct rt_watch w = start(&FAST, &POLLED, "ok", true);
    assert_null(rt_start(w.rt, &POLLED, "one", "x", NULL, true, &err));
    assert_string_equal(err.text, "a source named one is running already");
    rt_stop_source(w.rt, "one");
    assert_true(rt_watch_until(&w, NULL, SOON));
    assert_non_null(rt_start(w.rt, &POLLED, "one", "refused", NULL, true, &err));
    assert_true(rt_watch_until(&w, backing_off, SOON));
    finish(&w);
}

/* A sanitizer makes what it needs for threads with the first one. */
static int warm_up(void **state)
{
    struct rt_watch w = start(&FAST, &POLLED, "ends", true);
    (void)state;
    rt_watch_until(&w, NULL, SOON);
    rt_free(w.rt, SOON);
    return 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        T(polled_data_arrives),
        T(an_ended_source_finishes),
        T(wrong_configuration_fails_with_one_line),
        T(failures_back_off_and_recover),
        T(back_off_doubles_up_to_its_cap),
        T(a_hanging_open_ends_with_the_runtime),
        T(a_deaf_worker_is_left_behind),
        T(a_flood_costs_the_budget_and_starves_nobody),
        T(full_mailboxes_drop_or_wait),
        T(waiting_for_room_ends_with_stop),
        T(overruns_are_counted),
        T(requests_are_answered),
        T(equal_requests_are_one),
        T(quiet_sources_turn_stale_and_stay_silent),
        T(a_run_that_returns_at_once_does_not_spin),
        T(a_broken_pipe_kills_nothing),
        T(names_are_unique_among_the_running),
    };
    return cmocka_run_group_tests(tests, warm_up, NULL);
}
