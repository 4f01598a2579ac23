/* The console, the runtime and a real server together: keys in, sessions ended, plans
 * executed, sentences on the screen. */
#include "tests/lib/test.h"

#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <libpq-fe.h>

#include "base/clock.h"
#include "conf/option.h"
#include "core/batch.h"
#include "core/model/model.h"
#include "rt/rt.h"
#include "source/postgres/postgres.h"
#include "tests/lib/private_pg.h"
#include "ui/actions.h"
#include "ui/script.h"
#include "ui/state.h"

static struct private_pg pg;
static bool have_pg;
static struct rt *rt;
static struct model *model;
static struct config *config;
static struct console *console;
static struct grid *grid;

#define NEED_SERVER() PRIVATE_PG_NEEDED(pg, have_pg)

static uint64_t request(void *app, const char *origin, const struct sd_request *req, struct sd_error *err)
{
    (void)app;
    return rt_request(rt, origin, req, err);
}

static void withdraw(void *app, const char *origin)
{
    (void)app;
    rt_withdraw(rt, origin);
}

static void take(void *ctx, const struct sd_batch *b)
{
    (void)ctx;
    model_apply(model, b);
    console_take(console, b);
}

static bool on_screen(const char *text)
{
    struct strbuf b = {0};
    int64_t wait;
    rt_drain(rt, SD_S, take, NULL);
    console_tick(console, &wait);
    console_draw(console, grid);
    grid_dump(grid, &b);
    bool found = strstr(strbuf_text(&b), text) != NULL;
    strbuf_free(&b);
    return found;
}

/* Waits for it, at most a minute. */
static void see(const char *text)
{
    for (int64_t end = clock_mono() + 60 * SD_S; !on_screen(text);) {
        if (clock_mono() > end) {
            struct strbuf b = {0};
            grid_dump(grid, &b);
            fail_msg("\"%s\" is not on the screen:\n%s", text, strbuf_text(&b));
        }
        struct pollfd p = {.fd = rt_fd(rt), .events = POLLIN};
        poll(&p, 1, 50);
    }
}

static void play(const char *steps)
{
    struct strbuf out = {0};
    struct sd_error err = {""};
    if (!script_run(console, grid, steps, &out, &err))
        fail_msg("%s", err.text);
    strbuf_free(&out);
}

static PGconn *client(const char *application)
{
    const char *keys[] = {"host", "port", "user", "dbname", "application_name", NULL};
    const char *values[] = {"127.0.0.1", pg.port, "app", "postgres", application, NULL};
    PGconn *c = PQconnectdbParams(keys, values, 0);
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    return c;
}

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

static void sessions_are_cancelled_and_ended(void **state)
{
    NEED_SERVER();
    PGconn *c = client("victim");
    char pid[32], found[64];
    snprintf(pid, sizeof pid, "%d", PQbackendPID(c));
    assert_int_equal(PQsendQuery(c, "select pg_sleep(601)"), 1);
    play(": activity");
    see(pid);
    snprintf(found, sizeof found, ": search %s", pid);
    play(found);
    play("key K");
    see("Not allowed: to end sessions");
    play(": set allow_actions=yes\nkey C");
    see("Cancel the statement of");
    see("application victim");
    assert_int_equal(PQisBusy(c), 1);
    play("key y");
    see("pg: cancelled the statement of session");
    assert_string_equal(outcome(c), "57014");

    assert_int_equal(PQsendQuery(c, "select pg_sleep(602)"), 1);
    for (int64_t end = clock_mono() + 20 * SD_S; !on_screen("!! Terminate session") && clock_mono() < end;) {
        see(pid); /* until the new statement is sampled it does nothing */
        play(found);
        play("key K");
    }
    see("!! Terminate session");
    play("key Enter Space Enter");
    see("!! Terminate session");
    play("key y");
    see("pg: ended session");
    assert_string_equal(outcome(c), "57P01");
    PQfinish(c);
}

/* The row of a client that executes `sql`; its client is to be finished. */
static PGconn *running(const char *sql)
{
    PGconn *c = client("reader");
    char pid[32], found[64];
    snprintf(pid, sizeof pid, "%d", PQbackendPID(c));
    assert_int_equal(PQsendQuery(c, sql), 1);
    play(": activity");
    see(pid);
    snprintf(found, sizeof found, ": search %s", pid);
    play(found);
    return c;
}

#define LONG_QUERY "select count(*) from numbers a, numbers b, numbers c where a.n + b.n + c.n = 42"

static void a_query_is_executed_when_confirmed(void **state)
{
    NEED_SERVER();
    PGconn *c = running(LONG_QUERY), *again;
    play("key X");
    see("Execute this query (EXPLAIN ANALYZE)?");
    play("key y");
    see("EXPLAIN ANALYZE runs on postgres@pg: 2 s of at most 30 s; Esc stops it");
    /* The statement is checked before it runs. */
    char *n = NULL;
    for (int64_t end = clock_mono() + 20 * SD_S; !str_eq(n, "1\n");) {
        assert_true(clock_mono() < end);
        free(n);
        n = private_pg_sql(
            &pg, NULL,
            "select count(*) from pg_stat_activity where query ~ '^EXPLAIN /. slowdive ./' and "
            "pid <> pg_backend_pid()");
    }
    free(n);
    play("key Esc");
    see("cancelled after");
    n = private_pg_sql(&pg, NULL,
                       "select count(*) from pg_stat_activity where state = 'active' and query ~ '^EXPLAIN "
                       "/. slowdive ./' and pid <> pg_backend_pid()");
    assert_string_equal(n, "0\n");
    free(n);
    see("EXPLAIN ANALYZE was not done"); /* beside the plan there is */
    see("Seq Scan");
    PQfinish(c);

    /* The limit holds. */
    play("key q\n: set analyze_limit=1s");
    again = running(LONG_QUERY);
    play("key X y");
    see("stopped by the server at the time limit");
    PQfinish(again);

    /* And one that ends is shown; this one has no constants, so the statistics know all of it. */
    n = private_pg_sql(&pg, NULL, "select sum(n) from numbers");
    free(n);
    play(": set analyze_limit=30s\n: queries");
    see("select sum(n) from numbers");
    play(": search sum.n. from numbers\nkey X y");
    see("Executed on postgres@pg");
    see("Execution");
    play("wait plan");
    assert_false(on_screen("not executed"));
}

static void run_sql(const char *sql)
{
    char *out = private_pg_sql(&pg, NULL, sql);
    assert_non_null(out);
    free(out);
}

/* From the list of indexes: the search runs on the server, and its answer is shown; Esc stops it. */
static void indexes_are_searched_for(void **state)
{
    NEED_SERVER();
    run_sql("create table wide (id int primary key, code text, pad text);"
            "insert into wide select i, md5(i::text), md5('p' || i) from generate_series(1, 30000) i;"
            "create index wide_code on wide (code); create index wide_code_id on wide (code, id);"
            "analyze wide");
    for (int i = 0; i < 3; i++)
        run_sql("select id from wide where pad = 'none'");
    play("key q\n: indexes");
    see("wide_code");
    play("key a");
    see("The search for indexes runs on postgres@pg");
    see("Searched on postgres@pg");
    see("Index advice for postgres@pg");
    see("Indexes to create");
    see("select id from wide where pad = $1");
    see("Indexes another one replaces");
    /* The statement was planned, not executed; and nothing was built. */
    char *n = private_pg_sql(&pg, NULL,
                             "select sum(calls) from pg_stat_statements where query like "
                             "'select id from wide where pad%';"
                             "select count(*) from pg_index where indrelid = 'wide'::regclass");
    assert_string_equal(n, "3\n3\n");
    free(n);

    /* From now on the server takes its time with new connections: the job waits for its own. */
    run_sql("alter system set post_auth_delay = 4");
    run_sql("select pg_reload_conf()");
    play("key a");
    see("The search for indexes runs on postgres@pg: 1 s");
    play("key Esc");
    see("withdrawn after");
    see("Indexes to create"); /* what was found before stays */
    run_sql("alter system reset post_auth_delay");
    run_sql("select pg_reload_conf()");
}

/* Both run in the view of the sessions: a wait has its own age, not that of the long statement that waits. */
static void a_lock_wait_has_its_true_age(void **state)
{
    NEED_SERVER();
    char *out = private_pg_sql(&pg, NULL, "create table held as select 1 as id; grant all on held to app"),
         *age;
    assert_non_null(out);
    free(out);
    PGconn *holder = client("holder"), *waiter = client("waiter");
    PQclear(PQexec(holder, "begin; update held set id = 2"));
    assert_int_equal(PQsendQuery(waiter, "update held set id = 3"), 1);
    play(": activity");
    see("waits for row of public.held");
    const struct screen *s = console_screen(console);
    int64_t shown = SD_UNKNOWN;
    for (size_t i = 0; i < s->doc->n_sections; i++)
        if (str_eq(s->doc->sections[i].key, "notable"))
            for (size_t r = 0; r < s->doc->sections[i].table.n_rows; r++)
                if (s->doc->sections[i].table.rows[r].cells[1].i == PQbackendPID(waiter))
                    shown = s->doc->sections[i].table.rows[r].cells[2].i;
    /* Before 14 no server says since when: then the statement waits since before that. */
    age = private_pg_sql(&pg, NULL,
                         "select (extract(epoch from clock_timestamp() - max(coalesce((to_jsonb(l) ->> "
                         "'waitstart')::timestamptz, query_start))) * 1e9)::int8 "
                         "from pg_locks l join pg_stat_activity using (pid) where not granted");
    assert_non_null(age);
    assert_true(shown >= SD_S); /* listed from a second on */
    if (*age && *age != '\n')
        assert_true(shown <= strtoll(age, NULL, 10));
    free(age);
    PQclear(PQexec(holder, "commit"));
    assert_string_equal(outcome(waiter), "");
    PQfinish(holder);
    PQfinish(waiter);
}

static void what_happens_to_the_server_is_an_event(void **state)
{
    NEED_SERVER();
    play(": overview");
    see("Active sessions");
    char *out = private_pg_sql(&pg, NULL, "select pg_stat_reset()");
    assert_non_null(out);
    free(out);
    see("statistics reset");
    play(": activity");
    see("Active sessions by wait");
    private_pg_halt(&pg);
    see(", connection lost");
    see("connection refused (server at");
    assert_true(private_pg_resume(&pg));
    play(": overview");
    see("restart");
    play(": activity");
    for (int64_t end = clock_mono() + 20 * SD_S; on_screen(", connection lost");)
        assert_true(clock_mono() < end);
}

static int start(void **state)
{
    (void)state;
    struct sd_error err;
    have_pg = private_pg_start(&pg);
    if (!have_pg)
        return 0;
    char *out = private_pg_sql(&pg, NULL,
                               "create extension pg_stat_statements; create role app login; create table "
                               "numbers (n int); " LONG_QUERY "; insert into numbers "
                               "select n from generate_series(1, 3000) n; grant select on numbers to app; "
                               "analyze numbers; select sum(n) from numbers");
    bool ok = out != NULL;
    free(out);
    rt = rt_new(&RT_DEFAULTS);
    model = model_new(&MODEL_DEFAULTS);
    config = config_new(actions_all());
    console = console_new(
        &(struct console_env){.model = model, .config = config, .request = request, .withdraw = withdraw});
    grid = grid_new(120, 40, false);
    console_resize(console, 120, 40);
    const struct sd_source_ops *ops = &postgres_source_ops;
    void *opts = options_new(ops->options, ops->opts_size);
    ok = ok && option_set(ops->options, opts, "interval", "300ms", &err) &&
         option_set(ops->options, opts, "catalog_interval", "1s", &err) &&
         rt_start(rt, ops, "pg", pg.url, opts, true, &err) != NULL;
    return ok ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    if (!have_pg)
        return 0;
    assert_int_equal(rt_free(rt, 10 * SD_S), 0);
    console_free(console);
    grid_free(grid);
    config_free(config);
    model_free(model);
    private_pg_stop(&pg);
    return 0;
}

#define TEST(f) cmocka_unit_test_teardown(f, private_pg_end_sessions)

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        TEST(sessions_are_cancelled_and_ended),
        TEST(a_query_is_executed_when_confirmed),
        TEST(indexes_are_searched_for),
        TEST(a_lock_wait_has_its_true_age),
        TEST(what_happens_to_the_server_is_an_event),
    };
    return cmocka_run_group_tests_name("console and server", tests, start, stop);
}
