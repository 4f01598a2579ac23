/* What differs between the versions of PostgreSQL, on the server at hand: Debian's, and with
 * `make check-versions` one of each other version. */
#include "tests/lib/test.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "conf/option.h"
#include "core/batch.h"
#include "core/sql/statement.h"
#include "rt/rt.h"
#include "source/postgres/postgres.h"
#include "tests/lib/private_pg.h"

static struct private_pg pg;
static bool have_pg;
static int version;

#define NEED_SERVER() PRIVATE_PG_NEEDED(pg, have_pg)

static char *sql(const char *text)
{
    char *out = private_pg_sql(&pg, NULL, text);
    assert_non_null(out);
    out[strcspn(out, "\n")] = '\0';
    return out;
}

static void run_sql(const char *text)
{
    free(sql(text));
}

/* ---- one instance under observation ---- */

static struct {
    struct rt *rt;
    const struct sd_batch **batches;
    size_t n, cap;
} seen;

static void keep(void *ctx, const struct sd_batch *b)
{
    (void)ctx;
    seen.batches = mem_grow(seen.batches, seen.n, &seen.cap, sizeof *seen.batches);
    seen.batches[seen.n++] = batch_ref(b);
}

static void forget(void)
{
    for (size_t i = 0; i < seen.n; i++)
        batch_unref(seen.batches[i]);
    seen.n = 0;
}

static void start(const char *role)
{
    char target[256];
    struct sd_error err;
    const struct sd_source_ops *ops = &postgres_source_ops;
    void *opts = options_new(ops->options, ops->opts_size);
    assert_true(option_set(ops->options, opts, "interval", "200ms", &err));
    assert_true(option_set(ops->options, opts, "catalog_interval", "1s", &err));
    snprintf(target, sizeof target, "host=127.0.0.1 port=%s user=%s dbname=postgres", pg.port, role);
    seen.rt = rt_new(&RT_DEFAULTS);
    assert_non_null(rt_start(seen.rt, ops, "pg", target, opts, true, &err));
}

static void stop(void)
{
    assert_int_equal(rt_free(seen.rt, 10 * SD_S), 0);
    forget();
    free(seen.batches);
    memset(&seen, 0, sizeof seen);
}

/* A test that failed has left open what it had. */
static int close_all(void **state)
{
    if (seen.rt)
        stop();
    return private_pg_end_sessions(state);
}

/* Waits until `done` says so. */
static bool until(bool (*done)(const void *what), const void *what)
{
    for (int64_t end = clock_mono() + 30 * SD_S; clock_mono() < end;) {
        rt_drain(seen.rt, SD_S, keep, NULL);
        if (done(what))
            return true;
        struct pollfd p = {.fd = rt_fd(seen.rt), .events = POLLIN};
        poll(&p, 1, 100);
    }
    return false;
}

/* The newest statement whose text contains `text`. */
static const struct sd_statement *statement(const char *text)
{
    const struct sd_statement *found = NULL, *s;
    for (size_t k = 0; k < seen.n; k++)
        for (size_t i = 0; (s = batch_each(seen.batches[k], SD_STATEMENT, &i));)
            if (s->text && strstr(s->text, text))
                found = s;
    return found;
}

static bool has_statement(const void *text)
{
    return statement(text) != NULL;
}

static bool has_answer(const void *batch)
{
    for (size_t k = 0; k < seen.n; k++)
        if (batch_answer(seen.batches[k])) {
            *(const struct sd_batch **)(uintptr_t)batch = seen.batches[k];
            return true;
        }
    return false;
}

/* Asks for a job and waits for its answer, which stays until the next. */
static const struct sd_batch *answer(const struct sd_request *q)
{
    const struct sd_batch *b = NULL;
    struct sd_error err = {{0}};
    forget();
    if (!rt_request(seen.rt, "pg", q, &err))
        fail_msg("request refused: %s", err.text);
    assert_true(until(has_answer, &b));
    return b;
}

static const struct sd_plan *explain(const char *text)
{
    const struct sd_job_explain job = {.query_id = SD_UNKNOWN, .query = text};
    const struct sd_batch *b = answer(&(struct sd_request){.job = SD_JOB_EXPLAIN, .args = &job});
    size_t i = 0, k = 0;
    const struct sd_plan *p = batch_each(b, SD_PLAN, &i);
    const struct sd_failure *f = batch_each(b, SD_FAILURE, &k);
    static struct sd_plan none; /* a failure, in the words of a plan */
    none = (struct sd_plan){.failed = f ? f->text : "neither plan nor failure"};
    return p ? p : &none;
}

/* ---- our own statements ---- */

/* All that slowdive does there, and at last one statement of an application. */
static void an_idle_server_shows_no_statement_of_ours(void **state)
{
    NEED_SERVER();
    run_sql("select pg_stat_statements_reset()");
    start("postgres");
    assert_non_null(explain("select * from items where id = $1")->body);
    assert_non_null(explain("select * from items where ($1 is null or id = $1)")->body);
    answer(&(struct sd_request){
        .job = SD_JOB_ADVISE,
        .args = &(struct sd_job_advise){.limit_ns = 10 * SD_S, .budget_bytes = SD_UNKNOWN}});
    answer(&(struct sd_request){
        .job = SD_JOB_ANALYZE,
        .args = &(struct sd_job_analyze){SD_UNKNOWN, NULL, "select count(*) from items", 5 * SD_S}});
    run_sql("select 'an application' from items limit 1");
    assert_true(until(has_statement, "from items limit $2"));
    const struct sd_statement *s;
    for (size_t k = 0; k < seen.n; k++)
        for (size_t i = 0; (s = batch_each(seen.batches[k], SD_STATEMENT, &i));)
            if (!s->text || !strstr(s->text, "from items limit $2"))
                fail_msg("shown: %s", s->text ? s->text : "a statement without text");
    /* All were there to be seen, and are known by their text. */
    char *others =
        sql("select count(*) filter (where query like '%slowdive%') > 10, string_agg(query, E'; ') "
            "filter (where query not like '% /* slowdive */%' and query not like '%items limit%' "
            "and query not like '%statements_reset%') from pg_stat_statements");
    assert_string_equal(others, "t|");
    free(others);
    stop();
}

/* 16 and later have one entry for a command, whoever sends it first and with whatever comment. */
static void an_application_keeps_its_transactions(void **state)
{
    NEED_SERVER();
    run_sql("select pg_stat_statements_reset()");
    start("postgres");
    assert_non_null(explain("select * from items where id = $1")->body);
    PGconn *c = PQconnectdb(pg.url);
    static const char *const commands[] = {"begin read only", "rollback"};
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        PQclear(PQexec(c, commands[i]));
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        assert_true(until(has_statement, commands[i]));
        assert_int_equal(statement(commands[i])->calls, 1);
    }
    PQfinish(c);
    stop();
}

/* ---- sessions ---- */

static const struct sd_server *server(void)
{
    const struct sd_server *found = NULL, *s;
    for (size_t k = 0; k < seen.n; k++)
        for (size_t i = 0; (s = batch_each(seen.batches[k], SD_SERVER, &i));)
            found = s;
    return found;
}

static bool counts_active(const void *number)
{
    const struct sd_server *s = server();
    return s && s->active == *(const int64_t *)number;
}

static const struct sd_activity *session(const char *application)
{
    const struct sd_activity *found = NULL, *a;
    for (size_t k = 0; k < seen.n; k++)
        for (size_t i = 0; (a = batch_each(seen.batches[k], SD_ACTIVITY, &i));)
            if (str_eq(a->application, application))
                found = a;
    return found;
}

static bool is_linked(const void *application)
{
    const struct sd_activity *a = session(application);
    return a && sd_known(a->query_id);
}

static bool is_seen(const void *application)
{
    return session(application) != NULL;
}

/* Runs until it is closed. */
static PGconn *client(const char *application, const char *text)
{
    char target[320];
    snprintf(target, sizeof target, "%s?application_name=%s", pg.url, application);
    PGconn *c = PQconnectdb(target);
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    assert_true(PQsendQuery(c, text));
    return c;
}

static void close_client(PGconn *c)
{
    char error[256];
    PGcancel *cancel = PQgetCancel(c);
    PQcancel(cancel, error, sizeof error);
    PQfreeCancel(cancel);
    PQfinish(c);
}

/* On every version, by query_id or by fingerprint; lists of values of another length are another. */
static void a_session_is_linked_with_its_statement(void **state)
{
    NEED_SERVER();
    start("postgres");
    run_sql("select pg_sleep(0), name from items where id in (7, 8)");
    run_sql("select pg_sleep(0), name from items where id in (7, 8, 9)");
    run_sql("select pg_sleep(0), name from items where id = 7");
    assert_true(until(has_statement, "where id = $2"));
    PGconn *one = client("one", "select pg_sleep(600), name from items where id = 9 "
                                "/*action='/items/:id',framework='x',route='/items/:id'*/"),
           *three = client("three", "select pg_sleep(600), name from items where id in (1, 2, 3)"),
           *other = client("other", "select pg_sleep(600) as nothing_of_the_kind");
    assert_true(until(is_linked, "one"));
    assert_true(until(is_linked, "three"));
    assert_true(until(is_seen, "other"));
    assert_true(session("one")->query_id == statement("where id = $2")->query_id);
    assert_string_equal(session("one")->route, "/items/:id");
    assert_true(session("three")->query_id == statement(version >= 18 ? "in ($2" : "$2, $3, $4)")->query_id);
    if (version < 14)
        assert_false(sd_known(session("other")->query_id)); /* never counted: there is no such statement */
    close_client(one);
    close_client(three);
    close_client(other);
    stop();
}

/* Another slowdive at work is no load of the server's. */
static void what_slowdive_asks_is_not_active(void **state)
{
    NEED_SERVER();
    PGconn *app = client("app", "select pg_sleep(600)"),
           *ours = client("ours", "select /* slowdive */ pg_sleep(600)");
    start("postgres");
    const int64_t one = 1;
    assert_true(until(is_seen, "app")); /* sent first */
    assert_true(until(counts_active, &one));
    for (int64_t end = clock_mono() + 30 * SD_S;;) {
        char *active = sql("select count(*) from pg_stat_activity where query like '%pg_sleep(600)' and "
                           "state = 'active'");
        bool both = str_eq(active, "2");
        free(active);
        if (both)
            break;
        assert_true(clock_mono() < end);
    }
    forget();
    assert_true(until(counts_active, &one));
    assert_null(session("ours"));
    close_client(app);
    close_client(ours);
    stop();
}

/* ---- plans ---- */

/* 18 keeps a list as its first parameter and a comment. */
static void a_list_is_shown_and_planned_as_one(void **state)
{
    NEED_SERVER();
    start("postgres");
    run_sql("select id, 'squashed' from items where id in (1, 2, 3)");
    assert_true(until(has_statement, "select id, $1 from items"));
    char *text = mem_strdup(statement("select id, $1 from items")->text);
    if (version >= 18)
        assert_non_null(strstr(text, "in ($2 /*, ... */)"));
    const struct sd_plan *p = explain(text);
    if (!p->body || !strstr(p->body, "= ANY (ARRAY[$2, "))
        fail_msg("%s: %s", text, p->body ? p->body : p->failed);
    assert_string_equal(p->query, text);
    free(text);
    stop();
}

/* The server's syntax may be newer than that of slowdive's parser, 15. */
static void newer_syntax_is_planned_or_refused_by_name(void **state)
{
    NEED_SERVER();
    static const struct {
        int since;
        const char *sql, *refused; /* NULL: planned */
    } rows[] = {
        {16, "select name is json from items where id = 1", NULL},
        {16, "select * from (select id from items) where id = 1_00", NULL},
        {16, "select name is json from items where id = $1", NULL},
        {16, "select name is json from items where ($1 is null or id = $1)", NULL},
        {17, "select json_value('{}'::jsonb, '$.a' returning int) from items", NULL},
        {17,
         "merge into items i using items s on i.id = s.id when not matched by source then delete "
         "returning i.id",
         NULL},
        {16, "select name is json, pg_read_file('x') from items", "it may call pg_read_file"},
        {16, "select name is json, outside.acts() from items", "acts"},
        {16, "select name is json from items; select 1", "multiple commands"},
        {16, "select name is json frm items where", "the server does not read the statement: syntax error"},
        {12, "selec 1", "the parser of PostgreSQL 15 cannot read the statement"},
        {12, "select * from items wher id = 1", "the server does not read the statement: syntax error"},
        {12, "create table x as select name is json from items", "the parser of PostgreSQL 15 cannot read"},
    };
    run_sql(
        "create schema outside; create function outside.acts() returns int stable language plpgsql as "
        "$$begin perform pg_notify('a', 'b'); return 1; end$$; create role reader login; "
        "grant select on items to reader; grant usage on schema outside to reader; create role writer login; "
        "grant all on items to writer");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (version < rows[i].since)
            continue;
        start(str_starts(rows[i].sql, "merge") ? "writer" : "reader");
        const struct sd_plan *p = explain(rows[i].sql);
        if (rows[i].refused ? p->body || !strstr(p->failed, rows[i].refused) : !p->body)
            fail_msg("%s: %s", rows[i].sql, p->body ? p->body : p->failed);
        stop();
    }
    char *kept = sql("select count(*) from items");
    assert_string_equal(kept, "1000");
    free(kept);
}

static void a_role_without_rights_is_told_what_to_grant(void **state)
{
    NEED_SERVER();
    run_sql("create role monitor login; grant pg_monitor to monitor; select count(*) from items where name = "
            "'x'");
    start("monitor");
    const struct sd_plan *p = explain("select count(*) from items where name = 'x'");
    assert_null(p->body);
    assert_non_null(strstr(p->failed, "a plan needs SELECT on the tables"));
    const struct sd_batch *b = answer(&(struct sd_request){
        .job = SD_JOB_ADVISE,
        .args = &(struct sd_job_advise){.limit_ns = 10 * SD_S, .budget_bytes = SD_UNKNOWN}});
    size_t i = 0;
    const struct sd_failure *f = batch_each(b, SD_FAILURE, &i);
    if (!f || !strstr(f->text, "a plan needs SELECT on the tables"))
        fail_msg("%s", f ? f->text : "no failure");
    stop();
}

static int setup(void **state)
{
    (void)state;
    if (!have_pg)
        return 0;
    run_sql("CREATE EXTENSION pg_stat_statements; CREATE TABLE items (id int PRIMARY KEY, name text); "
            "INSERT INTO items SELECT i, i FROM generate_series(1, 1000) i; ANALYZE items");
    char *number = sql("SHOW server_version_num");
    version = atoi(number) / 10000;
    free(number);
    return 0;
}

#define TEST(f) cmocka_unit_test_teardown(f, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_idle_server_shows_no_statement_of_ours),   TEST(an_application_keeps_its_transactions),
        TEST(a_session_is_linked_with_its_statement),      TEST(what_slowdive_asks_is_not_active),
        TEST(a_list_is_shown_and_planned_as_one),          TEST(newer_syntax_is_planned_or_refused_by_name),
        TEST(a_role_without_rights_is_told_what_to_grant),
    };
    have_pg = private_pg_start(&pg);
    int failed = cmocka_run_group_tests(tests, setup, NULL);
    private_pg_stop(&pg);
    return failed;
}
