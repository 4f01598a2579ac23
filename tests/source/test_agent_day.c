/* A day of the agent in simulated time: traffic of a shop every second, puts every 10 s into a history of
 * SQLite, compaction every hour, alerts every 15 s from the written state. Twice the store is locked for
 * minutes, receivers fail now and then. Nothing is lost, put or sent twice, and memory stays flat. */
#include "tests/lib/test.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/policy.h"
#include "core/goals/alert_inputs.h"
#include "core/schema.h"
#include "format/goals/alert_state.h"
#include "store/gather.h"

#define T0 (INT64_C(1795910400) * SD_S) /* 2026-11-29T00:00:00Z */
enum { DAY = 86400, ROUTES = 12, SENT_MAX = 400 };

static const char POLICY[] =
    "kpis:\n"
    "  - {name: api, signal: http.latency, quantile: 0.95, target: 100ms, alert: {above: 2x}}\n"
    "  - {name: errors, signal: http.errors, target: 0.001, alert: {above: 0.05, severity: critical}}\n"
    "receivers:\n"
    "  chat: {type: webhook, url: 'http://127.0.0.1:1/c'}\n"
    "  page: {type: webhook, url: 'http://127.0.0.1:1/p'}\n"
    "escalations: {default: [{after: 0s, to: chat}, {after: 5m, to: page}]}\n";

static char folder[] = "/tmp/slowdive-day.XXXXXX";

static uint64_t dice = 1;
static uint64_t roll(uint64_t sides)
{
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (dice >> 33) % sides;
}

/* Two hours are slow, one is full of errors. */
static bool is_slow(int64_t s)
{
    return s / 3600 == 5 || s / 3600 == 17;
}

static int64_t traffic(struct sd_batch *b, int64_t s)
{
    int64_t all = 0;
    for (int i = 0; i < ROUTES; i++) {
        int64_t n = (int64_t)roll(6);
        char route[24];
        struct sd_bucket k = {sd_hist_index((is_slow(s) ? 400 : 20) * SD_MS), (uint32_t)n};
        struct sd_hist h = {1, &k};
        struct sd_http r;
        if (!n)
            continue;
        schema_clear(schema_of(SD_HTTP), &r);
        snprintf(route, sizeof route, "/shop/%d", i);
        r.method = "GET";
        r.route = route;
        r.interval_ns = SD_S;
        r.count = r.timed = n;
        r.errors = r.status_5xx = s / 3600 == 11 && i < 3 ? n : 0;
        r.status_2xx = n - r.errors;
        r.latency = &h;
        batch_add(b, SD_HTTP, &r);
        all += n;
    }
    struct sd_metric m;
    schema_clear(schema_of(SD_METRIC), &m);
    m.name = "host.cpu";
    m.labels = "host=web1";
    m.unit = "share";
    m.value = 0.3;
    if (s % 10 == 0)
        batch_add(b, SD_METRIC, &m);
    return all;
}

/* ---- alerts ---- */

struct told {
    struct goal_policy policy;
    struct signals *signals;
    struct alert_inputs room;
    struct strbuf state; /* as it is written between evaluations */
    char *keys[SENT_MAX];
    size_t n;
    size_t failed;
};

static void evaluate(struct told *t, sd_time at)
{
    struct sd_error err = {""};
    const struct delivery *due;
    struct alerting *a = alerting_new(&t->policy, 15 * SD_S);
    assert_true(!t->state.len || alert_state_read(a, t->state.text, t->state.len, &err));
    assert_true(alert_evaluate(a, t->signals, at, &t->room, &err));
    size_t n = alerting_due(a, &due);
    for (size_t i = 0; i < n; i++) {
        struct delivery_answer answer = {.status = roll(3) ? 200 : 503, .retry_after_ns = SD_UNKNOWN};
        t->failed += answer.status != 200;
        for (size_t k = 0; k < t->n && answer.status == 200; k++)
            assert_string_not_equal(t->keys[k], due[i].key);
        if (answer.status == 200) {
            assert_true(t->n < SENT_MAX);
            t->keys[t->n++] = mem_strdup(due[i].key);
        }
        alerting_answer(a, i, &answer);
    }
    strbuf_clear(&t->state);
    alert_state_write(a, &t->state);
    alerting_free(a);
}

/* ---- the history ---- */

static bool add_requests(void *ctx, const struct history_row *row)
{
    if (row->kind == SD_HTTP)
        *(int64_t *)ctx += ((const struct sd_http *)row->record)->count;
    return true;
}

static int64_t requests_in(struct store *s)
{
    struct store_ask ask = {
        .steps = {.step_ns = 3600 * SD_S}, .from = T0 - SD_S, .to = T0 + (DAY + 60) * SD_S};
    struct store_answer answer;
    struct sd_error err = {""};
    int64_t n = 0;
    assert_int_equal(store_read(s, &ask, add_requests, &n, &answer, &err), SD_OK);
    return n;
}

/* Whether the store can be reached: away for ten minutes twice. */
static bool is_away(int64_t s)
{
    return (s >= 30000 && s < 30600) || (s >= 70000 && s < 70600);
}

static void deliver(struct gather *g, struct store *s, const struct store_run *run, bool twice)
{
    struct sd_error err = {""};
    for (const struct store_put *p; (p = gather_first(g)); gather_done(g)) {
        assert_int_equal(store_put(s, run, p, &err), SD_OK);
        if (twice) /* the answer was lost */
            assert_int_equal(store_put(s, run, p, &err), SD_OK);
    }
}

static void test_a_day(void **state)
{
    (void)state;
    struct sd_error err = {""};
    struct told told = {.n = 0};
    struct store *store;
    char url[64];
    snprintf(url, sizeof url, "history:%s/day.db", folder);
    assert_true(policy_read_text(&told.policy, "p", POLICY, sizeof POLICY - 1, &err));
    assert_int_equal(store_open(url, &(struct store_options){.write = true}, &store, &err), SD_OK);
    told.signals = signals_new(&told.policy, NULL);
    signals_set_live(told.signals, true);
    struct gather *g = gather_new(&(struct gather_options){.host = "web1"}, T0);
    const struct store_run run = {.id = "day", .host = "web1", .version = "1", .began = T0};
    int64_t sent = 0;
    size_t early = 0, most = 0;
    for (int64_t s = 0; s < DAY; s++) {
        sd_time at = T0 + s * SD_S, now = at + SD_S;
        struct sd_batch *b = batch_new("log", at);
        sent += traffic(b, s);
        signals_take(told.signals, b);
        gather_take(g, b, now);
        batch_unref(b);
        if (s % 10 == 9)
            gather_cut(g, SD_UNKNOWN, now);
        if (s % 10 == 9 && !is_away(s))
            deliver(g, store, &run, s % 1000 == 999);
        if (s % 15 == 14)
            evaluate(&told, now);
        if (s % 3600 == 3599) {
            struct store_compaction c;
            assert_int_equal(store_compact(store, now, &c, &err), SD_OK);
        }
        if (s % 600 != 599 || is_away(s) || s < 4 * 3600)
            continue;
        size_t used = mallinfo2().uordblks;
        early = early ? early : used;
        most = used > most ? used : most;
    }
    gather_cut(g, SD_UNKNOWN, T0 + DAY * SD_S);
    deliver(g, store, &run, true);
    print_message("requests %lld, sent %zu of which failed %zu, memory %zu kB, at most %zu kB\n",
                  (long long)sent, told.n, told.failed, early >> 10, most >> 10);
    assert_int_equal(requests_in(store), sent);
    assert_int_equal(gather_stats(g).lost, 0);
    assert_true(told.n >= 6); /* two incidents of api, one of errors: chat, page, and that it is over */
    assert_true(most < early + (4 << 20));
    struct arena *arena = arena_new();
    struct store_state st;
    assert_int_equal(store_state(store, true, arena, &st, &err), SD_OK);
    assert_null(st.damage);
    assert_int_equal(st.n_gaps, 0);
    print_message("%lld bytes\n", (long long)st.bytes);
    arena_free(arena);
    store_close(store);
    gather_free(g);
    signals_free(told.signals);
    alert_inputs_free(&told.room);
    strbuf_free(&told.state);
    for (size_t i = 0; i < told.n; i++)
        free(told.keys[i]);
    policy_free(&told.policy);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_day)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
