/* Cancelling statements and ending sessions of a real server: the right one, or none. */
#include "tests/lib/test.h"

#include <poll.h>
#include <stdlib.h>
#include <libpq-fe.h>

#include "base/clock.h"
#include "conf/option.h"
#include "core/batch.h"
#include "rt/rt.h"
#include "source/postgres/postgres.h"
#include "tests/lib/private_pg.h"

static struct private_pg pg;
static bool have_pg;
static struct rt *rt;

#define NEED_SERVER() PRIVATE_PG_NEEDED(pg, have_pg)

/* ---- what the sources say ---- */

static struct {
    int64_t pid; /* of interest */
    bool seen;
    sd_time backend_start, query_start;
    char state[64];
    char severity[16], event[600], origin[32];
    int events;
} now;

static void take(void *ctx, const struct sd_batch *b)
{
    const struct sd_activity *a;
    const struct sd_event *e;
    (void)ctx;
    for (size_t i = 0; (a = batch_each(b, SD_ACTIVITY, &i));)
        if (a->pid == now.pid && sd_known(a->backend_start)) {
            now.seen = true;
            now.backend_start = a->backend_start;
            now.query_start = a->query_start;
            snprintf(now.state, sizeof now.state, "%s", a->state ? a->state : "");
        }
    for (size_t i = 0; (e = batch_each(b, SD_EVENT, &i));) {
        now.events++;
        snprintf(now.severity, sizeof now.severity, "%s", e->severity);
        snprintf(now.event, sizeof now.event, "%s", e->text);
        snprintf(now.origin, sizeof now.origin, "%s", batch_origin(b));
    }
    const struct sd_failure *f;
    for (size_t i = 0; (f = batch_each(b, SD_FAILURE, &i));) {
        now.events++;
        snprintf(now.severity, sizeof now.severity, "warn");
        snprintf(now.event, sizeof now.event, "%s", f->text);
        snprintf(now.origin, sizeof now.origin, "%s", batch_origin(b));
    }
}

static bool until(bool (*done)(void), int seconds)
{
    for (int64_t end = clock_mono() + seconds * SD_S; clock_mono() < end;) {
        rt_drain(rt, SD_S, take, NULL);
        if (done())
            return true;
        struct pollfd p = {.fd = rt_fd(rt), .events = POLLIN};
        poll(&p, 1, 100);
    }
    return false;
}

static bool is_seen(void)
{
    return now.seen;
}

static bool is_seen_idle(void)
{
    return now.seen && str_starts(now.state, "idle in transaction");
}

static bool is_answered(void)
{
    return now.events > 0;
}

/* ---- who is to be ended ---- */

static PGconn *client(const char *role, const char *application)
{
    const char *keys[] = {"host", "port", "user", "dbname", "application_name", NULL};
    const char *values[] = {"127.0.0.1", pg.port, role, "postgres", application, NULL};
    PGconn *c = PQconnectdbParams(keys, values, 0);
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    return c;
}

static void look_for(PGconn *c)
{
    memset(&now, 0, sizeof now);
    now.pid = PQbackendPID(c);
}

/* A client whose statement runs long, as the source sees it. */
static PGconn *sleeper(const char *role)
{
    PGconn *c = client(role, "sleeper");
    look_for(c);
    assert_int_equal(PQsendQuery(c, "select pg_sleep(600), 'a secret'"), 1);
    assert_true(until(is_seen, 20));
    return c;
}

static bool still_runs(PGconn *c)
{
    PQconsumeInput(c);
    return PQisBusy(c);
}

/* SQLSTATE that its statement ended with. */
static const char *outcome(PGconn *c)
{
    static char state[8];
    PGresult *r = PQgetResult(c);
    const char *s = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    snprintf(state, sizeof state, "%s", s ? s : "");
    PQclear(r);
    while ((r = PQgetResult(c)))
        PQclear(r);
    return state;
}

static bool answers(PGconn *c)
{
    PGresult *r = PQexec(c, "select 1");
    bool ok = PQresultStatus(r) == PGRES_TUPLES_OK;
    PQclear(r);
    return ok;
}

/* ---- asking ---- */

static void ask(const char *origin, enum sd_job kind, int64_t pid, sd_time backend_start, sd_time query_start)
{
    const struct sd_job_cancel cancel = {pid, backend_start, query_start};
    const struct sd_job_terminate end = {pid, backend_start};
    const struct sd_request r = {.job = kind, .args = kind == SD_JOB_CANCEL ? (const void *)&cancel : &end};
    struct sd_error err = {""};
    now.events = 0;
    if (!rt_request(rt, origin, &r, &err))
        fail_msg("%s", err.text);
    assert_true(until(is_answered, 20));
    assert_int_equal(now.events, 1);
    assert_string_equal(now.origin, origin);
}

static void expect(const char *severity, const char *text)
{
    if (strcmp(now.severity, severity) != 0 || !strstr(now.event, text))
        fail_msg("expected %s: '%s', got %s: '%s'", severity, text, now.severity, now.event);
}

static void cancel_stops_the_statement_only(void **state)
{
    NEED_SERVER();
    PGconn *c = sleeper("app");
    ask("admin", SD_JOB_CANCEL, now.pid, now.backend_start, now.query_start);
    expect("info", "cancelled the statement of session ");
    expect("info", "(app, sleeper: select pg_sleep(");
    assert_null(strstr(now.event, "secret"));
    assert_string_equal(outcome(c), "57014");
    assert_true(answers(c));
    PQfinish(c);
}

static void terminate_ends_the_session(void **state)
{
    NEED_SERVER();
    PGconn *c = sleeper("app");
    ask("signaller", SD_JOB_TERMINATE, now.pid, now.backend_start, SD_UNKNOWN);
    expect("info", "ended session ");
    assert_string_equal(outcome(c), "57P01");
    assert_false(answers(c));
    int64_t pid = now.pid;
    sd_time start = now.backend_start;
    PQfinish(c);
    ask("admin", SD_JOB_TERMINATE, pid, start, SD_UNKNOWN);
    expect("warn", "has already ended");
}

static void another_session_or_statement_is_left_alone(void **state)
{
    NEED_SERVER();
    PGconn *c = sleeper("app");
    static const enum sd_job kinds[] = {SD_JOB_CANCEL, SD_JOB_TERMINATE};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        ask("admin", kinds[i], now.pid, now.backend_start + 1000, now.query_start); /* a microsecond later */
        expect("warn", "is another session now (it began at ");
        ask("admin", kinds[i], now.pid, 0, 0);
        expect("warn", "the start of session ");
    }
    ask("admin", SD_JOB_CANCEL, now.pid, now.backend_start, now.query_start - 1000);
    expect("warn", "runs another statement now: nothing was done");
    assert_true(still_runs(c));
    ask("admin", SD_JOB_CANCEL, now.pid, now.backend_start, 0); /* whichever */
    expect("info", "cancelled");
    assert_string_equal(outcome(c), "57014");

    look_for(c);
    PGresult *r = PQexec(c, "begin; select 1");
    PQclear(r);
    assert_true(until(is_seen_idle, 20));
    ask("admin", SD_JOB_CANCEL, now.pid, now.backend_start, now.query_start);
    expect("warn", "has already ended: nothing was done");
    assert_true(answers(c));
    ask("admin", SD_JOB_TERMINATE, now.pid, now.backend_start, 0);
    expect("info", "ended session");
    assert_false(answers(c));
    PQfinish(c);
}

static void roles_are_told_what_they_lack(void **state)
{
    NEED_SERVER();
    static const struct {
        const char *origin, *role, *sentence;
    } rows[] = {
        {"monitor", "app",
         "the role monitor may not cancel sessions of app: GRANT pg_signal_backend TO monitor;"},
        {"plain", "app", "the role plain may not cancel sessions of app: GRANT pg_signal_backend TO plain;"},
        {"signaller", "postgres", "the role signaller may not cancel sessions of postgres, a superuser"},
        {"blind", "app", "the role blind does not see when session "},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        PGconn *c = sleeper(rows[i].role);
        ask(rows[i].origin, SD_JOB_CANCEL, now.pid, now.backend_start, now.query_start);
        expect("warn", rows[i].sentence);
        assert_true(still_runs(c));
        ask("admin", SD_JOB_TERMINATE, now.pid, now.backend_start, 0);
        expect("info", "ended");
        PQfinish(c);
    }
}

static void a_role_may_end_its_own(void **state)
{
    NEED_SERVER();
    PGconn *c = sleeper("plain");
    ask("plain", SD_JOB_CANCEL, now.pid, now.backend_start, now.query_start);
    expect("info", "cancelled");
    assert_string_equal(outcome(c), "57014");
    PQfinish(c);
}

/* Never the session that asks; and a process of the server's own is named. */
static void our_own_session_is_never_ended(void **state)
{
    NEED_SERVER();
    static const char own[] =
        "select pid::text || ' ' || (extract(epoch from backend_start) * 1000000)::bigint "
        "from pg_stat_activity where application_name = 'slowdive' and usename = 'postgres'";
    char *text = private_pg_sql(&pg, NULL, own);
    long long pid, us;
    assert_non_null(text);
    assert_int_equal(sscanf(text, "%lld %lld", &pid, &us), 2);
    free(text);
    ask("admin", SD_JOB_TERMINATE, pid, us * 1000, 0);
    expect("warn", "is slowdive's own");
    text = private_pg_sql(&pg, NULL,
                          "select pid::text || ' ' || (extract(epoch from backend_start) * 1000000)::bigint "
                          "from pg_stat_activity where backend_type = 'checkpointer'");
    assert_int_equal(sscanf(text, "%lld %lld", &pid, &us), 2);
    free(text);
    ask("signaller", SD_JOB_TERMINATE, pid, us * 1000, 0);
    expect("warn", "checkpointer");
    ask("admin", SD_JOB_CANCEL, (int64_t)1 << 40, us * 1000, 0);
    expect("warn", "there is no session");
}

static void a_server_that_is_gone_is_an_answer(void **state)
{
    NEED_SERVER();
    private_pg_halt(&pg);
    ask("admin", SD_JOB_TERMINATE, 4242, SD_S, 0);
    assert_string_equal(now.severity, "warn");
    assert_true(strlen(now.event) > 10);
}

static void start_as(const char *role, const char *name)
{
    struct sd_error err;
    char target[512];
    const struct sd_source_ops *ops = &postgres_source_ops;
    void *opts = options_new(ops->options, ops->opts_size);
    snprintf(target, sizeof target, "host=127.0.0.1 port=%s user=%s dbname=postgres", pg.port, role);
    assert_true(option_set(ops->options, opts, "interval", "500ms", &err));
    assert_non_null(rt_start(rt, ops, name, target, opts, true, &err));
}

static int start(void **state)
{
    (void)state;
    have_pg = private_pg_start(&pg);
    if (!have_pg)
        return 0;
    char *out = private_pg_sql(&pg, NULL,
                               "create role app login; create role plain login;"
                               "create role monitor login in role pg_monitor;"
                               "create role blind login in role pg_signal_backend;"
                               "create role signaller login in role pg_monitor, pg_signal_backend");
    bool ok = out != NULL;
    free(out);
    rt = rt_new(&RT_DEFAULTS);
    start_as("postgres", "admin");
    start_as("monitor", "monitor");
    start_as("plain", "plain");
    start_as("blind", "blind");
    start_as("signaller", "signaller");
    return ok ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    if (rt)
        assert_int_equal(rt_free(rt, 10 * SD_S), 0);
    if (have_pg)
        private_pg_stop(&pg);
    return 0;
}

#define TEST(f) cmocka_unit_test_teardown(f, private_pg_end_sessions)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cancel_stops_the_statement_only),
        TEST(terminate_ends_the_session),
        TEST(another_session_or_statement_is_left_alone),
        TEST(roles_are_told_what_they_lack),
        TEST(a_role_may_end_its_own),
        TEST(our_own_session_is_never_ended),
        TEST(a_server_that_is_gone_is_an_answer), /* the last */
    };
    return cmocka_run_group_tests_name("signal", tests, start, stop);
}
