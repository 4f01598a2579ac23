/* A plan runs nobody's code, on a real server: data/harmless.sql has what would.
 *
 * Each row is a statement whose planning runs, or could run, a function that acts. It is
 * given to everything that plans, as four roles; afterwards another connection looks whether
 * the server's data directory has a file more. */
#include "tests/lib/test.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "conf/option.h"
#include "core/batch.h"
#include "rt/rt.h"
#include "source/postgres/advisor.h"
#include "source/postgres/internal.h"
#include "source/postgres/postgres.h"
#include "tests/lib/private_pg.h"

static struct private_pg pg;
static bool have_pg;
static PGconn *observer;

#define NEED_SERVER() PRIVATE_PG_NEEDED(pg, have_pg)

static char *target_of(const char *role)
{
    return mem_printf("host=127.0.0.1 port=%s user=%s dbname=unsafe", pg.port, role);
}

/* One value as text, or the server's sentence; caller frees. */
static char *value(PGconn *c, const char *sql)
{
    PGresult *r = PQexec(c, sql);
    ExecStatusType status = PQresultStatus(r);
    char *out = mem_strdup(status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK ? PQerrorMessage(c)
                           : PQntuples(r) > 0                                      ? PQgetvalue(r, 0, 0)
                                                                                   : "");
    PQclear(r);
    return out;
}

static char *world(void)
{
    return value(
        observer,
        "select concat_ws(' ', 'touched', (select count(*) from pg_ls_dir('.') f where f like 'touched%'), "
        "'advisory', (select count(*) from pg_locks where locktype = 'advisory'), "
        "'listening', (select count(*) from pg_listening_channels()))");
}

/* ---- what plans ---- */

struct watch {
    struct rt *rt;
    const struct sd_batch *plan;
};

static void look(void *ctx, const struct sd_batch *b)
{
    struct watch *w = ctx;
    if (batch_answer(b)) {
        batch_unref(w->plan);
        w->plan = batch_ref(b);
    }
}

static void watch_start(struct watch *w, const char *role)
{
    struct sd_error err;
    const struct sd_source_ops *ops = &postgres_source_ops;
    char *target = target_of(role);
    *w = (struct watch){.rt = rt_new(&RT_DEFAULTS)};
    void *opts = options_new(ops->options, ops->opts_size);
    assert_true(option_set(ops->options, opts, "sample_hz", "0", &err));
    assert_non_null(rt_start(w->rt, ops, "pg", target, opts, true, &err));
    free(target);
}

static void watch_stop(struct watch *w)
{
    assert_int_equal(rt_free(w->rt, 10 * SD_S), 0);
    batch_unref(w->plan);
}

/* The reply is w->plan then. */
static void answer_to(struct watch *w, const struct sd_request *q)
{
    struct sd_error err;
    batch_unref(w->plan);
    w->plan = NULL;
    for (int64_t end = clock_mono() + 30 * SD_S; !rt_request(w->rt, "pg", q, &err);) {
        if (clock_mono() > end)
            fail_msg("%s", err.text);
        poll(NULL, 0, 20);
    }
    for (int64_t end = clock_mono() + 30 * SD_S; !w->plan;) {
        struct pollfd p = {.fd = rt_fd(w->rt), .events = POLLIN};
        poll(&p, 1, 50);
        rt_drain(w->rt, SD_S, look, w);
        if (clock_mono() > end)
            fail_msg("no answer to job %d", (int)q->job);
    }
}

static const struct sd_plan *ask(struct watch *w, enum sd_job kind, bool unattended, const char *sql)
{
    const struct sd_job_explain plan = {.query_id = 7, .query = sql, .unattended = unattended};
    const struct sd_job_analyze job = {.query_id = 7, .query = sql, .limit_ns = 20 * SD_S};
    const struct sd_job_may_analyze check = {.query_id = 7, .query = sql, .limit_ns = 20 * SD_S};
    const struct sd_request q = {.job = kind,
                                 .args = kind == SD_JOB_EXPLAIN   ? (const void *)&plan
                                         : kind == SD_JOB_ANALYZE ? (const void *)&job
                                                                  : &check};
    answer_to(w, &q);
    size_t i = 0, k = 0;
    const struct sd_plan *p = batch_each(w->plan, SD_PLAN, &i);
    const struct sd_failure *f = batch_each(w->plan, SD_FAILURE, &k);
    static struct sd_plan none; /* a failure, in the words of a plan */
    none = (struct sd_plan){.query_id = 7, .failed = f ? f->text : "neither plan nor failure"};
    assert_true(!p != !f);
    return p ? p : &none;
}

/* ---- index advice, over a connection of the source ---- */

static bool never(struct sd_source *s)
{
    (void)s;
    return false;
}

static sd_time host_now(struct sd_source *s)
{
    (void)s;
    return clock_mono();
}

static int host_wait(struct sd_source *s, int fd, int events, sd_time deadline)
{
    struct pollfd p = {.fd = fd, .events = (short)events};
    int64_t left = deadline - host_now(s);
    return left > 0 && poll(&p, 1, (int)(left / SD_MS + 1)) > 0;
}

static const struct sd_host HOST = {
    .should_stop = never, .wait = host_wait, .now = host_now, .withdrawn = never};
static const struct postgres_options OPTIONS = {.timeout = 10 * SD_S};

struct advice {
    struct sd_source source;
    struct postgres postgres;
    struct conn conn;
    struct advisor *advisor;
};

static void advice_begin(struct advice *a, const char *target)
{
    struct sd_error err = {""};
    *a = (struct advice){.source = {.host = &HOST, .name = "advise", .target = target}};
    a->postgres = (struct postgres){.s = &a->source, .o = &OPTIONS};
    if (conn_open(&a->conn, &a->postgres, NULL, &err) == SD_OK)
        a->advisor = advisor_borrow(&a->conn, 600 * SD_S, false, &err);
    if (!a->advisor)
        fail_msg("%s", err.text);
}

static void advice_end(struct advice *a)
{
    advisor_close(a->advisor);
    conn_close(&a->conn);
}

/* ---- the rows ---- */

enum {
    QUIET = 1,     /* it acts in a way that leaves no file, or not at all: it is refused all the same */
    SHADOWED = 2,  /* for a role with another search_path */
    POLICY = 4,    /* a superuser is above policies */
    SUPERUSER = 8, /* refused only where the planner would have the rights */
};

static const struct row {
    const char *sql;
    int flags;
    const char *needs; /* an extension, perhaps of a version; or the version of the server: "14" */
} ROWS[] = {
    {"select act_i()", 0, NULL},
    {"select * from plain where id = act_i()", 0, NULL},
    {"select * from plain limit act_i()", 0, NULL},
    {"select * from plain order by id offset (select act_i())", 0, NULL},
    {"with x as (select act_i() a) select * from x", 0, NULL},
    {"select sum(id) over (order by id rows between act_i() preceding and current row) from plain", 0, NULL},
    {"select * from plain p, lateral (values (act_i())) v(a)", 0, NULL},
    {"select coalesce(null, case when true then act_i() end)", 0, NULL},
    {"update plain set total = act_i() where id = 3", 0, NULL},
    {"select trace_i()", 0, NULL},
    {"select by_inner()", 0, NULL},
    {"select by_copy()", SUPERUSER, NULL},
    {"select deep_4()", 0, NULL},
    {"select by_atomic()", 0, "14"},
    {"select by_return()", QUIET, "14"},
    {"select by_atomic_inner()", 0, "14"},
    {"select * from rows_of()", 0, NULL},
    {"select by_default()", 0, NULL},
    {"select by_inner_default()", 0, NULL},
    {"select v from hides", 0, NULL},
    {"select id from hides_deep where id = 3", 0, NULL},
    {"select by_view()", 0, NULL},
    {"select by_xml()", 0, NULL},
    {"select by_odd_name()", 0, NULL},
    {"select by_unicode()", 0, NULL},
    {"select by_long_name()", 0, NULL},
    {"select by_perl()", 0, "plperl"},
    /* aggregates */
    {"select by_step()", 0, NULL},
    {"select by_final()", QUIET, NULL},
    {"select by_moving()", 0, NULL},
    {"select by_cancel()", QUIET, NULL},
    {"select agg_start(id) from plain", 0, NULL},
    /* operators */
    {"select 1 #### 2", 0, NULL},
    {"select * from plain where total ==== 3", 0, NULL},
    {"select * from plain where 3 ==== total", 0, NULL},
    {"select * from plain a join plain b on a.total ==== b.total", 0, NULL},
    {"select * from plain where id <<<< 3", 0, NULL},
    {"select * from plain where total ~==~ 2", 0, NULL},
    {"select * from plain where total operator(public.====) any (array[1, 2])", 0, NULL},
    {"select by_operator()", 0, NULL},
    {"select by_operator_after_comment()", 0, NULL},
    {"select by_operator_and_minus()", 0, NULL},
    {"select by_operator_call()", 0, NULL},
    /* types */
    {"select 1::pair", 0, NULL},
    {"select cast(array[1, 2] as pair[])", QUIET, NULL},
    {"insert into pairs values (1, 5)", 0, NULL},
    {"select abs(row(1)::coin)", 0, NULL},
    {"select by_cast()", 0, NULL},
    {"select (row(1)::pair).of_pair", 0, NULL},
    {"select * from plain where id = (7).of_int", 0, NULL},
    {"select ('x'::text).of_text", 0, NULL},
    {"select (array[1, 2]).of_array", 0, NULL},
    {"select (1).of_many", 0, NULL},
    {"select (5).of_two", 0, NULL},
    {"select (x.a).of_int from (select 5 a) x", 0, NULL},
    {"select by_attribute()", 0, NULL},
    {"select by_attribute_sql()", 0, NULL},
    {"select by_attribute_after_comment()", 0, NULL},
    /* 1.2, with 16, has its functions bound to its own */
    {"select ext.sec_to_gc(5)", 0, "earthdistance 1.1"},
    {"select '{1}'::watched[]", 0, NULL},
    {"select '{1}'::watched_too[]", 0, NULL},
    {"select '(1)'::holder", 0, NULL},
    {"select * from holders where h = '(1)'::holder", 0, NULL},
    {"select 1::watched", QUIET, NULL},
    {"select by_domain()", 0, NULL},
    {"select * from spans where s && '[1,5]'", 0, NULL},
    {"select '[1,2]'::watched_span", 0, NULL},
    {"select '{[1,2]}'::watched_multispan", QUIET, "14"},
    {"select to_json(row(1)::coin)", QUIET, NULL},
    {"select '{x}'::lister[]", QUIET, NULL},
    /* relations */
    {"select * from indexed where id = 3", 0, NULL},
    {"select * from partly where id = 3", 0, NULL},
    {"select * from parts where id = 3", 0, NULL},
    {"select * from parts_1 where id = 3", QUIET, NULL},
    {"select * from measured where total = 3", 0, "14"},
    {"insert into defaults (id) values (1)", 0, NULL},
    {"insert into computed (id) values (1)", QUIET, NULL},
    {"insert into ruled values (1)", 0, NULL},
    {"select * from bounded where id = 0", 0, NULL},
    {"select * from guarded", POLICY, NULL},
    /* rights and names */
    {"select as_root()", QUIET, NULL},
    {"select by_role()", QUIET, NULL},
    {"select by_path()", 0, NULL},
    {"select lower('X'::text)", SHADOWED, NULL},
    {"select 1 > 2", SHADOWED, NULL},
    {"select 1 @@@@ 2", 0, "citext"},
    {"select '{1}'::smuggled[]", 0, "citext"},
    {"select by_smuggled()", QUIET, "citext"},
    /* SQL put together, and commands */
    {"select by_execute()", 0, NULL},
    {"select by_execute_constant()", 0, NULL},
    {"select by_execute_do()", 0, NULL},
    {"select by_execute_rows()", 0, NULL},
    {"select by_return_query_inner()", 0, NULL},
    {"select by_open()", 0, NULL},
    {"select by_do()", 0, NULL},
    {"select by_call()", 0, NULL},
    {"select by_explain()", 0, NULL},
    {"select by_cursor()", 0, NULL},
    {"select by_lock()", QUIET, NULL},
    {"select by_set()", QUIET, NULL},
    {"select by_load()", QUIET, NULL},
    {"select by_notify()", QUIET, NULL},
    {"select by_listen()", QUIET, NULL},
    {"select by_analyze()", QUIET, NULL},
    {"select by_advisory()", QUIET, NULL},
    {"select by_advisory_deep()", QUIET, NULL},
    {"select by_bracket()", QUIET, NULL},
    {"select by_backslash()", QUIET, NULL},
    {"select * from distant", QUIET, "postgres_fdw"},
    {"select * from distant_view", QUIET, "postgres_fdw"},
};

static bool has_needs(const struct row *row)
{
    if (!row->needs)
        return true;
    if (strspn(row->needs, "0123456789") == strlen(row->needs))
        return PQserverVersion(observer) / 10000 >= atoi(row->needs);
    char *sql =
        mem_printf("select exists (select from pg_extension where '%s' in (extname, extname || ' ' || "
                   "extversion))",
                   row->needs);
    char *there = value(observer, sql);
    bool yes = str_eq(there, "t");
    free(there);
    free(sql);
    return yes;
}

static size_t wrong;
#define WRONG(role, row, ...)                                                                                \
    do {                                                                                                     \
        print_error("%s: %s: ", role, (row)->sql);                                                           \
        print_error(__VA_ARGS__);                                                                            \
        print_error("\n");                                                                                   \
        wrong++;                                                                                             \
    } while (0)

static void expect_same(const char *role, const struct row *row, const char *verb, char **before)
{
    char *after = world();
    if (strcmp(*before, after) != 0)
        WRONG(role, row, "%s has run it: %s, before: %s", verb, after, *before);
    free(*before);
    *before = after;
}

static void run_row(const char *role, struct watch *w, struct advisor *a, const struct row *row)
{
    static const struct {
        enum sd_job kind;
        bool unattended;
        const char *verb;
    } asks[] = {
        {SD_JOB_EXPLAIN, false, "EXPLAIN"},
        {SD_JOB_EXPLAIN, true, "an unattended EXPLAIN"},
        {SD_JOB_MAY_ANALYZE, false, "the dry run of EXPLAIN ANALYZE"},
        {SD_JOB_ANALYZE, false, "EXPLAIN ANALYZE"},
    };
    struct sd_error err;
    char *before = world();
    /* The ordinary role is asked for all of them: who may more is refused earlier. */
    size_t n = strcmp(role, "porter") == 0 ? 1 : strcmp(role, "postgres") == 0 ? 2 : ARRAY_LEN(asks);
    for (size_t i = 0; i < n; i++) {
        const struct sd_plan *p = ask(w, asks[i].kind, asks[i].unattended, row->sql);
        if (p->body)
            WRONG(role, row, "%s gave a plan", asks[i].verb);
        else if (strlen(p->failed) > 400 || strstr(p->failed, "ERROR") || strstr(p->failed, "does not exist"))
            WRONG(role, row, "%s says: %s", asks[i].verb, p->failed);
        expect_same(role, row, asks[i].verb, &before);
    }
    if (advisor_add(a, row->sql, &err) != SIZE_MAX)
        WRONG(role, row, "advise took it");
    expect_same(role, row, "advise", &before);
    free(before);
}

/* All of them as the workload of one search. */
static void search_as(const char *role, struct watch *w, bool shadowed)
{
    const char *texts[ARRAY_LEN(ROWS)];
    struct sd_texts list = {.items = texts};
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++)
        if (!(ROWS[i].flags & SHADOWED) != shadowed && has_needs(&ROWS[i]))
            texts[list.n++] = ROWS[i].sql;
    const struct sd_job_advise job = {.limit_ns = 20 * SD_S, .budget_bytes = SD_UNKNOWN, .statements = &list};
    char *before = world();
    answer_to(w, &(struct sd_request){.job = SD_JOB_ADVISE, .args = &job});
    const struct sd_workload_statement *s;
    for (size_t i = 0; (s = batch_each(w->plan, SD_WORKLOAD_STATEMENT, &i));)
        if (!isnan(s->cost_before) || !s->problem)
            WRONG(role, &ROWS[0], "the search has planned %s", s->text);
    expect_same(role, &ROWS[0], "the search for indexes", &before);
    free(before);
}

static void rows_as(const char *role)
{
    struct watch w;
    struct advice advice;
    char *target = target_of(role);
    advice_begin(&advice, target);
    watch_start(&w, role);
    wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        bool shadowed = strcmp(role, "shadowed") == 0;
        if (!(ROWS[i].flags & SHADOWED) == shadowed)
            continue;
        if (has_needs(&ROWS[i]))
            run_row(role, &w, advice.advisor, &ROWS[i]);
        else
            print_message("not here, so not tested: %s\n", ROWS[i].needs);
    }
    search_as(role, &w, strcmp(role, "shadowed") == 0);
    watch_stop(&w);
    advice_end(&advice);
    free(target);
    assert_int_equal(wrong, 0);
}

static void nothing_runs_for_a_superuser(void **state)
{
    NEED_SERVER();
    rows_as("postgres");
}

static void nothing_runs_for_a_role_with_a_right(void **state)
{
    NEED_SERVER();
    rows_as("porter");
}

static void nothing_runs_for_an_ordinary_role(void **state)
{
    NEED_SERVER();
    rows_as("clerk");
}

static void nothing_runs_by_another_search_path(void **state)
{
    NEED_SERVER();
    rows_as("shadowed");
}

/* The rows prove something: without the check each of them acts. */
static void without_the_check_they_act(void **state)
{
    NEED_SERVER();
    wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct row *row = &ROWS[i];
        if ((row->flags & (QUIET | SHADOWED | POLICY)) || !has_needs(row))
            continue;
        char *before = world();
        free(value(observer, "begin read only"));
        char *sql = mem_printf("explain %s", row->sql), *answer = value(observer, sql);
        free(value(observer, "rollback"));
        char *after = world();
        if (strcmp(before, after) == 0)
            WRONG("without the check", row, "does nothing, so that its row proves nothing: %s", answer);
        free(before);
        free(after);
        free(answer);
        free(sql);
    }
    assert_int_equal(wrong, 0);
}

/* ---- what is planned ---- */

static const char *const HARMLESS[] = {
    "select twice(3)",
    "select * from plain where id = twice(3)",
    "select thrice(id) from plain where total = thrice(1)",
    "select grade(3)",
    "select * from plain where note = grade(1)",
    "select * from tenants",
    "select * from plain where id = tenant()",
    "select best()",
    "select my_max(id) from plain",
    "select * from plain where total ~~~~ 3",
    "select '{3}'::positive[]",
    "select * from prices where id = 3",
    "insert into prices values (3, 1)",
    "select t from doubled where t = 4",
    "select * from grades where twice(id) = 4",
    "select of_mallory()",
    "select act_v() from plain", /* VOLATILE: not run */
};

static const char *const BUILT_IN[] = {
    "select * from plain where id = 5",
    "select lower(note), total + 1 from plain where note like 'note 1%' order by total",
    "select count(*) from pg_stat_activity",
    "select * from information_schema.tables",
    "select now(), random(), clock_timestamp()",
    "select * from plain where id = $1 and note = $2",
    "update plain set total = 3 where id = 7",
    "delete from plain where id = any (array[1, 2])",
    "select * from plain where id = 3 for update",
    "select note::citext = 'NOTE 1' from plain",
    "select 'a=>1'::hstore -> 'a'",
    "select * from plain where note % 'note 7'",
    "select * from nearby where id = 3",
};

static void planned(const char *role, bool unattended, const char *const *sql, size_t n)
{
    struct watch w;
    watch_start(&w, role);
    wrong = 0;
    for (size_t i = 0; i < n; i++) {
        const struct sd_plan *p = ask(&w, SD_JOB_EXPLAIN, unattended, sql[i]);
        if (!p->body) {
            print_error("%s%s: %s: %s\n", role, unattended ? ", unattended" : "", sql[i], p->failed);
            wrong++;
        }
    }
    watch_stop(&w);
    assert_int_equal(wrong, 0);
}

static void an_ordinary_role_plans_what_is_harmless(void **state)
{
    NEED_SERVER();
    planned("clerk", false, HARMLESS, ARRAY_LEN(HARMLESS));
}

static void everybody_plans_what_is_built_in(void **state)
{
    NEED_SERVER();
    planned("clerk", false, BUILT_IN, ARRAY_LEN(BUILT_IN));
    planned("clerk", true, BUILT_IN, ARRAY_LEN(BUILT_IN));
    planned("postgres", false, BUILT_IN, ARRAY_LEN(BUILT_IN));
    planned("porter", true, BUILT_IN, ARRAY_LEN(BUILT_IN));
}

static void the_refusal_says_why_and_what_to_do(void **state)
{
    NEED_SERVER();
    static const struct {
        const char *role, *sql, *says;
        bool unattended;
    } rows[] = {
        {"postgres", "select twice(3)",
         "planning may run public.twice; the role postgres has the right SUPERUSER", false},
        {"postgres", "select twice(3)", "use a monitoring role without such rights", false},
        {"porter", "select twice(3)", "the role porter has the right CREATEROLE", false},
        {"indirect", "select twice(3)", "the role indirect has the right pg_write_server_files", false},
        {"clerk", "select twice(3)", "automatic plans use only built-in functions", true},
        {"clerk", "select by_copy()", "public.copy_v, and it contains COPY", false},
        {"clerk", "select by_execute()", "its text does not show", false},
        {"clerk", "select by_lock()", "it contains LOCK", false},
        {"clerk", "select trace_i()", "(SECURITY DEFINER), who has SUPERUSER", false},
        {"clerk", "select by_perl()", "written in plperl and may do anything", false},
        {"clerk", "select as_root()", "which sets role while it runs", false},
        {"clerk", "select by_cancel()", "pg_catalog.pg_cancel_backend, which may change", false},
        {"clerk", "select * from distant", "is a foreign table, and planning may act on another server",
         false},
    };
    char *perl = value(observer, "select exists (select from pg_proc where proname = 'by_perl')");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct watch w;
        if (strstr(rows[i].sql, "by_perl") && !str_eq(perl, "t"))
            continue;
        watch_start(&w, rows[i].role);
        const struct sd_plan *p = ask(&w, SD_JOB_EXPLAIN, rows[i].unattended, rows[i].sql);
        if (p->body || !strstr(p->failed, rows[i].says))
            fail_msg("%s: %s: %s", rows[i].role, rows[i].sql, p->body ? "planned" : p->failed);
        watch_stop(&w);
    }
    free(perl);
}

/* What a superuser gives away is gone while the statement is planned. */
static void a_superuser_plans_as_another_role(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres");
    /* To estimate, the planner takes current_user for what it is at that moment. */
    const char *sql =
        "select * from plain where id <= case current_user when 'pg_read_all_data' then 2000 else 0 end";
    const struct sd_plan *p = ask(&w, SD_JOB_EXPLAIN, false, sql);
    assert_non_null(p->body);
    int rows = 0;
    const char *at = strstr(p->body, "\"Plan Rows\": ");
    assert_non_null(at);
    rows = atoi(at + strlen("\"Plan Rows\": "));
    /* 13 has no such role: it plans as itself, what is built in. */
    if ((rows >= 50) != (PQserverVersion(observer) >= 140000))
        fail_msg("planned as another role: %d rows in %s", rows, p->body);
    watch_stop(&w);
}

/* The recipe of README.md. */
static void the_monitoring_role_of_the_manual_has_no_rights(void **state)
{
    NEED_SERVER();
    free(value(observer, "create role monitor login"));
    free(value(observer, PQserverVersion(observer) >= 140000
                             ? "grant pg_monitor, pg_read_all_data to monitor"
                             : "grant pg_monitor to monitor; grant select on all tables in schema public to "
                               "monitor"));
    planned("monitor", false, HARMLESS, 12);
    planned("monitor", true, BUILT_IN, 6);
}

static int start_server(void **state)
{
    (void)state;
    have_pg = private_pg_start(&pg);
    if (!have_pg)
        return 0;
    const char *path = test_file("source/data/harmless.sql");
    FILE *f = fopen(path, "r");
    char *text = mem_alloc(65536);
    size_t len = f ? fread(text, 1, 65535, f) : 0;
    if (f)
        fclose(f);
    text[len] = '\0';
    /* It would run what the tables have, too, as their owner. */
    free(private_pg_sql(&pg, NULL, "alter system set autovacuum = off"));
    free(private_pg_sql(&pg, NULL, "select pg_reload_conf()"));
    free(private_pg_sql(&pg, NULL, "create database unsafe"));
    char *out = private_pg_sql(&pg, "unsafe", text);
    free(text);
    if (len == 0 || !out)
        return -1;
    free(out);
    char *target = target_of("postgres");
    observer = PQconnectdb(target);
    free(target);
    return PQstatus(observer) == CONNECTION_OK ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    if (have_pg) {
        PQfinish(observer);
        private_pg_stop(&pg);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_check_they_act),
        cmocka_unit_test(nothing_runs_for_a_superuser),
        cmocka_unit_test(nothing_runs_for_a_role_with_a_right),
        cmocka_unit_test(nothing_runs_for_an_ordinary_role),
        cmocka_unit_test(nothing_runs_by_another_search_path),
        cmocka_unit_test(an_ordinary_role_plans_what_is_harmless),
        cmocka_unit_test(everybody_plans_what_is_built_in),
        cmocka_unit_test(the_refusal_says_why_and_what_to_do),
        cmocka_unit_test(a_superuser_plans_as_another_role),
        cmocka_unit_test(the_monitoring_role_of_the_manual_has_no_rights),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
