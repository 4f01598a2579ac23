/* EXPLAIN ANALYZE on a real server: what it executes, and that nothing else ever runs.
 *
 * Each row is a statement. It is given to EXPLAIN and to EXPLAIN ANALYZE, and afterwards
 * another connection looks whether anything has changed that a statement could change. */
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
static PGconn *observer, *victim, *listener;

#define NEED_SERVER() PRIVATE_PG_NEEDED(pg, have_pg)

/* ---- clients ---- */

static PGconn *client(const char *role, const char *database, const char *application)
{
    const char *keys[] = {"host", "port", "user", "dbname", "application_name", NULL};
    const char *values[] = {"127.0.0.1", pg.port, role, database, application, NULL};
    PGconn *c = PQconnectdbParams(keys, values, 0);
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    return c;
}

/* One value as text; caller frees. */
static char *value(PGconn *c, const char *sql)
{
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK) {
        char *message = mem_strdup(PQerrorMessage(c));
        PQclear(PQexec(c, "rollback"));
        fail_msg("%s: %s", sql, message);
    }
    char *out = mem_strdup(PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return out;
}

static bool holds(const char *sql)
{
    char *v = value(observer, sql);
    bool yes = strcmp(v, "t") == 0;
    free(v);
    return yes;
}

/* Waits until the server says so. */
static bool becomes_true(const char *sql, int seconds)
{
    for (int64_t end = clock_mono() + seconds * SD_S; clock_mono() < end;) {
        if (holds(sql))
            return true;
        poll(NULL, 0, 20);
    }
    return false;
}

/* ---- the source ---- */

struct watch {
    struct rt *rt;
    const struct sd_batch *plan; /* the last reply */
    size_t samples;              /* batches with sessions */
    bool busy_seen;              /* a session named "busy" */
};

static void look(void *ctx, const struct sd_batch *b)
{
    struct watch *w = ctx;
    size_t i = 0;
    const struct sd_activity *a;
    const struct sd_metric *m;
    if (batch_answer(b)) {
        batch_unref(w->plan);
        w->plan = batch_ref(b);
    }
    for (i = 0; (m = batch_each(b, SD_METRIC, &i));)
        w->samples += str_eq(m->name, "activity.sampled");
    for (i = 0; (a = batch_each(b, SD_ACTIVITY, &i));)
        w->busy_seen = w->busy_seen || str_eq(a->application, "busy");
}

static void drain(struct watch *w)
{
    struct pollfd p = {.fd = rt_fd(w->rt), .events = POLLIN};
    poll(&p, 1, 50);
    rt_drain(w->rt, SD_S, look, w);
}

static void watch_start(struct watch *w, const char *role)
{
    struct sd_error err;
    char target[512];
    const struct sd_source_ops *ops = &postgres_source_ops;
    snprintf(target, sizeof target, "host=127.0.0.1 port=%s user=%s dbname=unsafe", pg.port, role);
    *w = (struct watch){.rt = rt_new(&RT_DEFAULTS)};
    void *opts = options_new(ops->options, ops->opts_size);
    assert_true(option_set(ops->options, opts, "interval", "500ms", &err));
    assert_non_null(rt_start(w->rt, ops, "pg", target, opts, true, &err));
    for (int64_t end = clock_mono() + 20 * SD_S; w->samples == 0;) {
        drain(w);
        assert_true(clock_mono() < end);
    }
}

static void watch_stop(struct watch *w)
{
    assert_int_equal(rt_free(w->rt, 10 * SD_S), 0);
    batch_unref(w->plan);
}

static void request(struct watch *w, enum sd_job kind, const char *sql, int64_t limit_ns)
{
    struct sd_error err;
    const struct sd_job_analyze job = {.query_id = 7, .query = sql, .limit_ns = limit_ns};
    const struct sd_job_may_analyze check = {.query_id = 7, .query = sql, .limit_ns = limit_ns};
    const struct sd_job_explain plan = {.query_id = 7, .query = sql};
    const struct sd_request q = {.job = kind,
                                 .args = kind == SD_JOB_EXPLAIN   ? (const void *)&plan
                                         : kind == SD_JOB_ANALYZE ? (const void *)&job
                                                                  : &check};
    batch_unref(w->plan);
    w->plan = NULL;
    if (!rt_request(w->rt, "pg", &q, &err))
        fail_msg("%s", err.text);
}

static const struct sd_plan *answer(struct watch *w, int seconds)
{
    for (int64_t end = clock_mono() + seconds * SD_S; !w->plan;) {
        drain(w);
        if (clock_mono() > end)
            fail_msg("no answer within %d s", seconds);
    }
    size_t i = 0, k = 0;
    const struct sd_plan *p = batch_each(w->plan, SD_PLAN, &i);
    const struct sd_failure *f = batch_each(w->plan, SD_FAILURE, &k);
    static struct sd_plan none; /* a failure, in the words of a plan */
    none = (struct sd_plan){.query_id = 7, .analyzed = 1, .failed = f ? f->text : "neither plan nor failure"};
    assert_true(!p != !f);
    return p ? p : &none;
}

static const struct sd_plan *ask(struct watch *w, enum sd_job kind, const char *sql)
{
    request(w, kind, sql, 20 * SD_S);
    return answer(w, 30);
}

/* ---- the world as another connection sees it ---- */

static char *world(void)
{
    return value(
        observer,
        "select concat_ws(' ', "
        "(select count(*) from pg_class), (select count(*) from pg_proc), "
        "'large objects', (select count(*) from pg_largeobject_metadata), "
        "'sequence', (select last_value::text || is_called from seq), "
        "'rows', (select count(*) from plain), (select sum(total) from plain), (select count(*) from other), "
        "'touched', (select count(*) from pg_ls_dir('.') f where f like 'touched%'), "
        "(select size from pg_stat_file('touched', true)), "
        "'exported', coalesce((select size from pg_stat_file('exported', true)), 0), "
        "'advisory', (select count(*) from pg_locks where locktype = 'advisory'), "
        "'victims', (select count(*) from pg_stat_activity where application_name = 'victim'), "
        "'settings', (select count(*) from pg_db_role_setting), "
        "'slots', (select count(*) from pg_replication_slots))");
}

static bool notified(void)
{
    free(value(listener, "select 1")); /* takes what has come */
    PGnotify *n = PQnotifies(listener);
    bool yes = n != NULL;
    PQfreemem(n);
    return yes;
}

/* ---- the rows ---- */

enum { AS_CLERK = 1 /* not a superuser, with "first" before pg_catalog on the search_path */ };

#define ROW(n, s, w)                                                                                         \
    {                                                                                                        \
        .name = n, .sql = s, .words = w                                                                      \
    }
#define ROW_WITH(n, s, w, extra)                                                                             \
    {                                                                                                        \
        .name = n, .sql = s, .words = w, extra                                                               \
    }

static const struct row {
    const char *name, *sql;
    const char *words; /* of the refusal; NULL: it is executed */
    int flags;
    const char *needs; /* an extension */
} ROWS[] = {
    /* what is no SELECT */
    ROW("insert", "insert into plain values (-1, 'x', 1)", "only SELECT and VALUES are executed"),
    ROW("update", "update plain set total = total + 1", "only SELECT and VALUES are executed"),
    ROW("delete", "delete from other", "only SELECT and VALUES are executed"),
    ROW("merge", "merge into other o using plain p on o.id = p.id when matched then delete",
        "only SELECT and VALUES"),
    ROW("create table as", "create table made as select 1", "CREATE TABLE AS"),
    ROW("create materialized view", "create materialized view made as select 1", "CREATE TABLE AS"),
    ROW("select into", "select * into made from plain", "INTO"),
    ROW("select into below", "(select 1 as a into made) union select 2", "INTO"),
    ROW("prepare", "prepare p as select 1", "utility"),
    ROW("execute", "execute p", "EXECUTE"),
    ROW("explain", "explain analyze create table made as select 1", "EXPLAIN already"),
    ROW("explain execute", "explain analyze execute p", "EXPLAIN already"),
    ROW("declare", "declare c cursor for select 1", "DECLARE CURSOR"),
    ROW("copy to program", "copy plain to program 'cat >> touched'", "COPY"),
    ROW("copy select to program", "copy (select 1) to program 'cat >> touched'", "COPY"),
    ROW("copy from program", "copy plain from program 'echo x >> touched'", "COPY"),
    ROW("set", "set statement_timeout = 0", "utility"),
    ROW("reset", "reset all", "utility"),
    ROW("do", "do $$ begin perform act_v(); end $$", "utility"),
    ROW("call", "call proc()", "utility"),
    ROW("truncate", "truncate other", "utility"),
    ROW("drop", "drop table other", "utility"),
    ROW("lock", "lock table plain", "utility"),
    ROW("notify", "notify slowdive", "utility"),
    ROW("vacuum", "vacuum plain", "utility"),
    ROW("commit", "commit", "have no plan"),
    ROW("nothing", "", "no statement"),
    ROW("only a comment", "-- select 1", "no statement"),
    /* more than one statement */
    ROW("two statements", "select 1; drop table other", "2 statements"),
    ROW("commit first", "commit; drop table other", "2 statements"),
    ROW("two after a line comment", "select 1 -- x\n; drop table other", "2 statements"),
    ROW("two after a carriage return", "select 1 -- x\r; drop table other", "2 statements"),
    ROW("two after a nested comment", "select 1 /* a /* b */ c */ ; drop table other", "2 statements"),
    ROW("two behind a quoted comment", "select '/*' ; drop table other; select '*/'", "3 statements"),
    ROW("two behind an escape", "select E'\\'' ; drop table other; --'", "2 statements"),
    ROW("two behind a dollar quote", "select $a$ ; $a$; drop table other", "2 statements"),
    ROW("two behind a quoted name", "select 1 as \"a;\"\"\"; drop table other", "2 statements"),
    ROW("a second behind a plain backslash", "select 'a\\''; drop table other; --'", NULL),
    ROW("a statement in a comment", "select 1 /* ; drop table other; */ -- ; drop table other", NULL),
    ROW("a statement in a string", "select '; drop table other; --', $x$; drop table other$x$", NULL),
    /* data-modifying WITH, locks */
    ROW("writable with", "with w as (delete from other returning *) select * from w", "inside WITH"),
    ROW("writable with, deep",
        "select (select 1 from (with w as (insert into other values (1) returning 1) select 1) x)",
        "inside WITH"),
    ROW("for update", "select * from plain for update", "lock rows"),
    ROW("for key share below", "select * from (select * from plain for key share) x", "lock rows"),
    ROW("view for update", "select * from locks", "lock rows"),
    /* built-in functions that act */
    ROW("sleep", "select pg_sleep(0.1)", "pg_sleep"),
    ROW("sleep, quoted", "select \"pg_sleep\"(0.1)", "pg_sleep"),
    ROW("sleep, qualified", "select pg_catalog.pg_sleep(0.1)", "pg_sleep"),
    ROW("sleep, unicode", "select U&\"pg\\005fsleep\"(0.1)", "pg_sleep"),
    ROW("sleep in FROM", "select * from plain, pg_sleep(0.1)", "pg_sleep"),
    ROW("sleep, LATERAL", "select * from plain p, lateral pg_sleep(p.id)", "pg_sleep"),
    ROW("sleep in VALUES", "values ((select pg_sleep(0.1)))", "pg_sleep"),
    ROW("sleep in ORDER BY", "select id from plain order by pg_sleep(0.1)::text", "pg_sleep"),
    ROW("sleep in LIMIT", "select id from plain limit (select 1 from pg_sleep(0.1))", "pg_sleep"),
    ROW("sleep in a window", "select count(*) over (partition by pg_sleep(0)::text) from plain", "pg_sleep"),
    ROW("sleep in FILTER", "select count(*) filter (where pg_sleep(0) is null) from plain", "pg_sleep"),
    ROW("set_config", "select set_config('statement_timeout', '0', false)", "set_config"),
    ROW("lo_create", "select lo_create(0)", "lo_create"),
    ROW("lo_creat", "select lo_creat(-1)", "lo_creat"),
    ROW("lo_from_bytea", "select lo_from_bytea(0, 'x')", "lo_from_bytea"),
    ROW("lo_import", "select lo_import('PG_VERSION')", "lo_import"),
    ROW("lo_export", "select lo_export(1, 'exported')", "lo_export"),
    ROW("lo_unlink", "select lo_unlink(oid) from pg_largeobject_metadata", "lo_unlink"),
    ROW("lo_unlink in a case", "select case when lo_unlink(1) = 1 then 1 end", "lo_unlink"),
    ROW("advisory lock", "select pg_advisory_lock(1)", "pg_advisory_lock"),
    ROW("try advisory lock", "select pg_try_advisory_lock_shared(1)", "pg_try_advisory_lock"),
    ROW("terminate",
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim'",
        "pg_terminate_backend"),
    ROW("cancel", "select pg_cancel_backend(pid) from pg_stat_activity", "pg_cancel_backend"),
    ROW("notify by function", "select pg_notify('slowdive', 'x')", "pg_notify"),
    ROW("nextval", "select nextval('seq')", "nextval"),
    ROW("nextval over rows", "select nextval('seq') from plain", "nextval"),
    ROW("setval", "select setval('seq', 99)", "setval"),
    ROW("query_to_xml", "select query_to_xml('select act_v()', true, true, '')", "query_to_xml"),
    ROW("table_to_xml", "select table_to_xml('hides', true, true, '')", "table_to_xml"),
    ROW("read a file", "select pg_read_file('PG_VERSION')", "pg_read_file"),
    ROW("ts_stat", "select * from ts_stat('select act_v()::text::tsvector')", "ts_stat"),
    ROW("slot", "select pg_create_physical_replication_slot('s')", "pg_create_physical_replication_slot"),
    ROW("logical message", "select pg_logical_emit_message(false, 'a', 'b')", "pg_logical_emit_message"),
    ROW("checkpoint of statistics", "select pg_stat_reset()", "pg_stat_reset"),
    ROW("reset of statements", "select pg_stat_statements_reset()", "pg_stat_statements_reset"),
    ROW("reload", "select pg_reload_conf()", "pg_reload_conf"),
    ROW("restore point", "select pg_create_restore_point('x')", "pg_create_restore_point"),
    ROW("setseed", "select setseed(0.5)", "setseed"),
    ROW("an xid", "select txid_current()", "txid_current"),
    ROW("brin", "select brin_summarize_new_values('plain_pkey')", "brin_summarize_new_values"),
    /* functions of one's own */
    ROW("volatile function", "select act_v()", "public.act_v"),
    ROW("volatile function, qualified", "select public.act_v()", "public.act_v"),
    ROW("volatile function in FROM", "select * from act_v()", "public.act_v"),
    ROW("volatile function in ROWS FROM", "select * from rows from (act_v(), generate_series(1, 2))",
        "public.act_v"),
    ROW("stable function", "select act_s()", "public.act_s"),
    ROW("immutable liar", "select act_i()", "public.act_i"),
    ROW("immutable liar in WHERE", "select * from plain where id = act_i()", "public.act_i"),
    ROW("immutable liar over rows", "select act_1(id) from plain", "public.act_1"),
    ROW("dynamic SQL", "select act_dynamic()", "public.act_dynamic"),
    ROW("SQL function that calls one", "select act_sql()", "public.act_sql"),
    ROW("SQL function put in its place", "select act_inlined()", "public.act_inlined"),
    ROW("quoted inside", "select act_quoted()", "public.act_quoted"),
    ROW("unicode inside", "select act_unicode()", "public.act_unicode"),
    ROW("by a view inside", "select act_by_view()", "public.act_by_view"),
    ROW("by an operator inside", "select act_by_operator()", "public.act_by_operator"),
    ROW("by a domain inside", "select act_by_domain()", "public.act_by_domain"),
    ROW("default of a column", "insert into with_default (id) values (1)", "only SELECT and VALUES"),
    ROW("rule", "insert into with_rule values (1)", "only SELECT and VALUES"),
    ROW("default argument", "select act_default()", "public.act_default"),
    ROW("set-returning", "select * from act_set()", "public.act_set"),
    ROW("set-returning in SELECT", "select act_set()", "public.act_set"),
    ROW("liar: notify", "select liar_notify()", "public.liar_notify"),
    ROW("liar: set_config", "select liar_config()", "public.liar_config"),
    ROW("liar: lo_create", "select liar_large()", "public.liar_large"),
    ROW("liar: terminate", "select liar_kill()", "public.liar_kill"),
    ROW("aggregate", "select act_sum(id) from plain", "public.act_sum"),
    ROW("aggregate as a window", "select act_sum(id) over (order by id) from plain", "public.act_sum"),
    ROW("odd name", "select \"Odd \"\"Name\"(1)", "Odd"),
    ROW("never called", "select case when false then act_v() end", "public.act_v"),
    /* calls that do not look like one */
    ROW("operator", "select id ### 1 from plain", "public.###"),
    ROW("operator, qualified", "select id operator(public.###) 1 from plain", "public.###"),
    ROW("operator with ANY", "select 1 ### any (array[1]) is null", "public.###"),
    ROW("attribute", "select p.act_row from plain p", "public.act_row"),
    ROW("attribute in parentheses", "select (p).act_row from plain p", "public.act_row"),
    ROW("attribute of a subquery", "select (x.p).act_row from (select p from plain p) x", "public.act_row"),
    ROW("attribute that is a cast", "select p.pair from plain p", "cast that calls public."),
    ROW("attribute of another table's name", "select p.total from plain p", "public.total"), /* too strict */
    ROW("cast", "select 1::pair", "cast that calls public."),
    ROW("cast, CAST", "select cast(id as pair) from plain", "cast that calls public."),
    ROW("cast like a call", "select pair(id) from plain", "cast that calls public."),
    ROW("cast of an array", "select array[1, 2]::pair[]", "cast that calls public."),
    ROW("domain", "select id::watched from plain", "public.act_bool"),
    ROW("domain over a domain", "select 1::watched_too", "public.act_bool"),
    ROW("domain in an array", "select '{1}'::watched[]", "public.act_bool"),
    ROW("domain of a column", "select * from domains", "public.act_bool"),
    ROW("domain of a record", "select * from json_to_record('{\"a\": 1}') as x(a watched)",
        "public.act_bool"),
    ROW("domain, populated", "select * from json_populate_record(null::domains, '{\"w\": 1}')",
        "public.act_bool"),
    ROW("domain with a built-in function", "select 1::slow", "pg_sleep"),
    ROW("cast that to_json looks for", "select to_json(s) from shies", "public.shy_json"),
    ROW("cast that to_json looks for, constant", "select to_json('a'::shy)", "public.shy_json"),
    ROW("cast that json_agg looks for", "select json_agg(r) from shy_rows r", "public.shy_row_json"),
    ROW("operator class of ORDER BY", "select * from sorts order by s", "public.sorted_ops"),
    ROW("operator class of greatest", "select greatest(row(1)::sorted, row(2)::sorted)", "public.sorted_ops"),
    ROW("view", "select id from hides", "public.act_v"),
    ROW("view of a view", "select count(*) from hides_deep", "public.act_v"),
    ROW("view with a built-in function", "select * from sleeps", "pg_sleep"),
    ROW("view with a sequence", "select * from counts", "nextval"),
    ROW("view over a view of the server", "select * from files", "pg_show_all_file_settings"),
    ROW("view of the server", "select * from pg_file_settings", "pg_show_all_file_settings"),
    ROW("view with a cast", "select * from converts", "by a cast that calls public."),
    ROW("view in WITH", "with x as (select * from hides) select * from x", "public.act_v"),
    ROW("view by TABLE", "table hides", "public.act_v"),
    ROW("policy", "select * from guarded", "public.act_i"),
    ROW_WITH("policy, for who it binds", "select * from public.guarded", "public.act_i", .flags = AS_CLERK),
    ROW("policy with a built-in function", "select * from guarded_built_in", "pg_sleep"),
    ROW("index", "select * from indexed where id = 1", "public.act_1"),
    ROW_WITH("shadowed function", "select lower(note) from plain", "first.lower", .flags = AS_CLERK),
    ROW_WITH("shadowed operator", "select * from plain where id > 5", "first.>", .flags = AS_CLERK),
    ROW("not on the path", "select lower(note) from plain where id > 5", NULL),
    ROW("not on the path, qualified", "select first.lower(note) from plain", "first.lower"),
    ROW("unknown type", "select '1'::strange", "public.strange"),
    ROW("unknown type of a column", "select id from strangers", "public.strange"),
    ROW("function of an unknown type", "select odd('1')", "public.odd"),
    ROW("overload for an unknown type", "select abs(total) from plain", NULL),
    ROW("overload for an unknown type, unclear", "select abs('1')", "public.abs"),
    ROW("parameters", "select * from plain where id = $1", "replace them with values"),
    /* other servers and programs */
    ROW_WITH("dblink", "select * from dblink('dbname=unsafe', 'select act_v()') as t(a int)", "dblink",
             .needs = "dblink"),
    ROW_WITH("dblink_exec", "select dblink_exec('dbname=unsafe', 'delete from other')", "dblink_exec",
             .needs = "dblink"),
    ROW_WITH("crosstab", "select * from crosstab('select 1, 2, act_v()') as t(a int, b int)", "crosstab",
             .needs = "tablefunc"),
    ROW_WITH("foreign table", "select * from program", "foreign table", .needs = "file_fdw"),
    ROW_WITH("foreign table in a view", "select * from far", "foreign table", .needs = "file_fdw"),
    ROW_WITH("foreign table among children", "select * from kids", "foreign table", .needs = "file_fdw"),
    /* what is to be executed */
    ROW("plain", "select * from plain where id = 5", NULL),
    ROW("values", "values (1, 'a'), (2, 'b')", NULL),
    ROW("table", "table plain", NULL),
    ROW("semicolon", "select 1;", NULL),
    ROW("join", "select * from plain p join other o on o.plain_id = p.id where p.note like 'note 1%'", NULL),
    ROW("using", "select * from plain join other using (id)", NULL),
    ROW("aggregates",
        "select total, count(*), sum(id), avg(id), array_agg(note order by id) from plain group by total "
        "having count(*) > 1 order by 2 desc",
        NULL),
    ROW("window",
        "select id, row_number() over (partition by total order by id), lag(id) over w from plain window w "
        "as "
        "(order by id rows between 1 preceding and current row)",
        NULL),
    ROW("recursion",
        "with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r", NULL),
    ROW("time",
        "select now(), current_date, clock_timestamp(), now() - interval '1 day', extract(year from now())",
        NULL),
    ROW("random", "select random(), gen_random_uuid() from plain", NULL),
    ROW("series", "select * from generate_series(1, 10) i, lateral (select i * 2) x", NULL),
    ROW("between, in, case",
        "select case total when 1 then 'a' else 'b' end from plain where id between 1 and 10 and "
        "note in ('a', 'note 3') and (id, total) < (5, 5)",
        NULL),
    ROW("json", "select jsonb_agg(p), row_to_json(p) from plain p group by p.id", NULL),
    ROW("view over tables", "select * from tidy where other is not null", NULL),
    ROW("materialized view", "select * from heap", NULL),
    ROW("enum, harmless domain", "select m, s, 'bad'::mood, 3::small from moods", NULL),
    ROW("partitions", "select * from parts where day > '2026-01-15'", NULL),
    ROW("sample", "select * from plain tablesample system (10) repeatable (1)", NULL),
    ROW("catalog",
        "select c.relname, pg_relation_size(c.oid), a.attname from pg_class c join pg_attribute a on "
        "a.attrelid = c.oid limit 5",
        NULL),
    ROW("sessions", "select pid, state, wait_event from pg_stat_activity", NULL),
    ROW("locks", "select * from pg_locks where not granted", NULL),
    ROW("tables", "select * from pg_stat_user_tables", NULL),
    ROW("statements", "select query, calls from pg_stat_statements order by total_exec_time desc limit 3",
        NULL),
    ROW("information schema", "select table_name from information_schema.tables", NULL),
    ROW("collation, arrays",
        "select note collate \"C\", array[id, total], (array[1,2])[1] from plain order by 1", NULL),
    ROW("exists, any", "select 1 where exists (select 1 from other) and 1 = any (select id from plain)",
        NULL),
    ROW("set operations", "select id from plain union select id from other except select 5 order by 1", NULL),
    ROW("grouping sets", "select total, count(*) from plain group by rollup (total)", NULL),
    ROW_WITH("trigram", "select note % 'note 5', similarity(note, 'x') from plain where note ilike '%5%'",
             NULL, .needs = "pg_trgm"),
    ROW_WITH("hstore", "select 'a=>1'::hstore -> 'a', hstore('a', note) from plain", NULL, .needs = "hstore"),
    ROW_WITH("citext", "select note::citext = 'NOTE 1' from plain", NULL, .needs = "citext"),
    ROW_WITH("pgcrypto", "select digest(note, 'sha256') from plain", NULL, .needs = "pgcrypto"),
    ROW_WITH("a clerk's", "select note from public.plain where note = 'a' and id < 5", NULL,
             .flags = AS_CLERK),
};

/* Says what is wrong, and goes on with the next row. */
static size_t wrong;
#define WRONG(row, ...)                                                                                      \
    do {                                                                                                     \
        print_error("%s (%s): ", (row)->name, (row)->sql);                                                   \
        print_error(__VA_ARGS__);                                                                            \
        print_error("\n");                                                                                   \
        wrong++;                                                                                             \
    } while (0)

static void expect_same_world(const struct row *row, const char *verb, char **before)
{
    char *after = world();
    if (strcmp(*before, after) != 0 || notified())
        WRONG(row, "%s has changed something:\n%s\n%s", verb, *before, after);
    free(*before);
    *before = after;
}

static void run_row(struct watch *w, const struct row *row)
{
    char *before = world();
    const struct sd_plan *p = ask(w, SD_JOB_MAY_ANALYZE, row->sql);
    if (!p->body != (row->words != NULL))
        WRONG(row, "asked whether it may be executed: %s", p->body ? "yes" : p->failed);
    expect_same_world(row, "asking", &before);
    p = ask(w, SD_JOB_ANALYZE, row->sql);
    assert_int_equal(p->analyzed, 1);
    assert_int_equal(p->query_id, 7);
    if (row->words && p->body)
        WRONG(row, "was executed");
    else if (row->words && !strstr(p->failed, row->words))
        WRONG(row, "'%s' does not say '%s'", p->failed, row->words);
    else if (row->words && strlen(p->failed) > 300)
        WRONG(row, "too long: %s", p->failed);
    else if (!row->words && !p->body)
        WRONG(row, "was refused: %s", p->failed);
    else if (!row->words && !strstr(p->body, "Actual Rows"))
        WRONG(row, "was not executed");
    expect_same_world(row, "EXPLAIN ANALYZE", &before);
    /* A plan without executing: given or not, it acts on nothing either. */
    p = ask(w, SD_JOB_EXPLAIN, row->sql);
    assert_true(p->body || p->failed);
    if (!row->words && !p->body)
        WRONG(row, "has no plan: %s", p->failed);
    expect_same_world(row, "EXPLAIN", &before);
    free(before);
}

static void rows_as(const char *role, int flags)
{
    struct watch w;
    watch_start(&w, role);
    wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        if ((ROWS[i].flags & AS_CLERK) != flags)
            continue;
        if (ROWS[i].needs) {
            char *there =
                mem_printf("select exists (select from pg_extension where extname = '%s')", ROWS[i].needs);
            bool yes = holds(there);
            free(there);
            if (!yes) {
                print_message("not here, so not tested: %s\n", ROWS[i].needs);
                continue;
            }
        }
        run_row(&w, &ROWS[i]);
    }
    watch_stop(&w);
    assert_int_equal(wrong, 0);
}

static void nothing_but_harmless_statements_runs(void **state)
{
    NEED_SERVER();
    rows_as("postgres", 0);
}

static void names_before_the_servers_own_are_seen(void **state)
{
    NEED_SERVER();
    rows_as("clerk", AS_CLERK);
}

/* A function of one's own is no reason to refuse a plan, only to read the function. */
static void plans_go_through_functions_that_do_nothing(void **state)
{
    NEED_SERVER();
    static const char *const planned[] = {
        "select * from tenants",     "select tenant()",     "select * from plain where id = tenant()",
        "select act_v() from plain", "select '1'::strange", "select * from strangers where s = '1'",
    };
    struct watch w;
    watch_start(&w, "reader");
    for (size_t i = 0; i < ARRAY_LEN(planned); i++) {
        const struct sd_plan *p = ask(&w, SD_JOB_EXPLAIN, planned[i]);
        if (!p->body)
            fail_msg("%s: %s", planned[i], p->failed);
    }
    static const struct {
        const char *sql, *says;
    } refused[] = {
        {"select act_i()",
         "public.trace, which runs with the rights of its owner (SECURITY DEFINER), who has SUPERUSER"},
        {"select act_dynamic()", "its text does not show"},
        {"select liar_kill()", "which may call pg_terminate_backend"},
    };
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        const struct sd_plan *p = ask(&w, SD_JOB_EXPLAIN, refused[i].sql);
        assert_null(p->body);
        if (!strstr(p->failed, refused[i].says))
            fail_msg("%s: %s", refused[i].sql, p->failed);
    }
    watch_stop(&w);
}

/* The holes are real: without the gates each of these acts. */
static void the_holes_are_there(void **state)
{
    NEED_SERVER();
    static const char *const acts[] = {
        "select act_i()",
        "select act_dynamic()",
        "select act_quoted()",
        "select act_unicode()",
        "select act_by_view()",
        "select act_by_operator()",
        "select act_by_domain()",
        "select 1 ### 1",
        "select 1::pair",
        "select 1::watched",
        "select id from hides limit 1",
        "select to_json(s) from shies",
        "select greatest(row(1)::sorted, row(2)::sorted)",
        "select (p).act_row from plain p limit 1",
    };
    for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
        char *sql = mem_printf("begin read only; explain analyze %s; rollback", acts[i]);
        char *before = world();
        free(value(observer, sql));
        char *after = world();
        if (strcmp(before, after) == 0)
            fail_msg("%s does nothing here, so that its row proves nothing", acts[i]);
        free(before);
        free(after);
        free(sql);
    }
}

/* ---- the time it takes ---- */

static const char LONG[] = "select count(*) from plain a, plain b, plain c where a.id + b.id + c.id < 0";
#define RUNS_IN_SERVER                                                                                       \
    "select 0 < (select count(*) from pg_stat_activity where application_name = 'slowdive' "                 \
    "and state = 'active' and query ilike 'explain %(analyze%')"
#define RUNS_NO_MORE                                                                                         \
    "select 0 = (select count(*) from pg_stat_activity where application_name = 'slowdive' "                 \
    "and state = 'active' and query ilike 'explain %(analyze%')"

static void what_is_withdrawn_stops_on_the_server(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres");
    request(&w, SD_JOB_ANALYZE, LONG, 600 * SD_S);
    assert_true(becomes_true(RUNS_IN_SERVER, 20));
    /* An on-call engineer needs the sessions now. */
    PGconn *busy = client("postgres", "unsafe", "busy");
    free(value(busy, "begin"));
    w.samples = 0;
    for (int64_t end = clock_mono() + 20 * SD_S; w.samples < 10 || !w.busy_seen;) {
        drain(&w);
        assert_true(clock_mono() < end);
        assert_null(w.plan);
    }
    PQfinish(busy);
    assert_true(holds(RUNS_IN_SERVER));
    int64_t at = clock_mono();
    rt_withdraw(w.rt, "pg");
    const struct sd_plan *p = answer(&w, 20);
    print_message("withdrawn: answered after %lld ms\n", (long long)((clock_mono() - at) / SD_MS));
    assert_true(clock_mono() - at < 3 * SD_S);
    assert_null(p->body);
    assert_non_null(strstr(p->failed, "cancelled after"));
    assert_non_null(strstr(p->failed, "the server has stopped it"));
    assert_true(holds(RUNS_NO_MORE));
    /* And the next one is served. */
    assert_non_null(ask(&w, SD_JOB_ANALYZE, "select 1")->body);
    watch_stop(&w);
}

static void the_time_limit_is_the_servers(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres");
    int64_t at = clock_mono();
    request(&w, SD_JOB_ANALYZE, LONG, 700 * SD_MS);
    const struct sd_plan *p = answer(&w, 20);
    assert_true(clock_mono() - at >= 700 * SD_MS && clock_mono() - at < 5 * SD_S);
    assert_null(p->body);
    assert_non_null(strstr(p->failed, "time limit of 700 ms"));
    assert_true(holds(RUNS_NO_MORE));
    watch_stop(&w);
}

static void somebody_elses_cancel_is_told(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres");
    request(&w, SD_JOB_ANALYZE, LONG, 600 * SD_S);
    assert_true(becomes_true(RUNS_IN_SERVER, 20));
    free(value(observer,
               "select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'slowdive' and "
               "state = 'active' and query ilike 'explain %(analyze%'"));
    assert_non_null(strstr(answer(&w, 20)->failed, "by another session"));
    request(&w, SD_JOB_ANALYZE, LONG, 600 * SD_S);
    assert_true(becomes_true(RUNS_IN_SERVER, 20));
    free(value(
        observer,
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'slowdive' and "
        "state = 'active' and query ilike 'explain %(analyze%'"));
    const struct sd_plan *p = answer(&w, 20);
    assert_non_null(strstr(p->failed, "terminating connection"));
    watch_stop(&w);
}

static void who_leaves_leaves_nothing_running(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres");
    request(&w, SD_JOB_ANALYZE, LONG, 600 * SD_S);
    assert_true(becomes_true(RUNS_IN_SERVER, 20));
    int64_t at = clock_mono();
    watch_stop(&w);
    assert_true(becomes_true(RUNS_NO_MORE, 5));
    print_message("left: the server stopped after %lld ms\n", (long long)((clock_mono() - at) / SD_MS));
}

static void a_locked_table_is_not_waited_for(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres");
    PGconn *c = client("postgres", "unsafe", "locker");
    free(value(c, "begin; lock table other in access exclusive mode"));
    int64_t at = clock_mono();
    const struct sd_plan *p = ask(&w, SD_JOB_ANALYZE, "select * from other");
    assert_non_null(strstr(p->failed, "locked by another session"));
    assert_true(clock_mono() - at < 3 * SD_S);
    PQfinish(c);
    watch_stop(&w);
}

static void an_unprivileged_role_gets_a_sentence(void **state)
{
    NEED_SERVER();
    struct watch w;
    free(value(observer, "create role stranger login"));
    watch_start(&w, "stranger");
    assert_non_null(strstr(ask(&w, SD_JOB_ANALYZE, "select * from plain")->failed, "needs SELECT"));
    assert_non_null(strstr(ask(&w, SD_JOB_ANALYZE, "select * from missing")->failed, "does not exist"));
    assert_non_null(ask(&w, SD_JOB_ANALYZE, "select count(*) from pg_class")->body);
    watch_stop(&w);
}

static int start_server(void **state)
{
    (void)state;
    have_pg = private_pg_start(&pg);
    if (!have_pg)
        return 0;
    const char *path = test_file("source/data/analyze.sql");
    FILE *f = fopen(path, "r");
    char *text = mem_alloc(65536);
    size_t len = f ? fread(text, 1, 65535, f) : 0;
    if (f)
        fclose(f);
    text[len] = '\0';
    free(private_pg_sql(&pg, NULL, "create database unsafe"));
    char *out = private_pg_sql(&pg, "unsafe", text);
    free(text);
    if (len == 0 || !out)
        return -1;
    free(out);
    observer = client("postgres", "unsafe", "observer");
    victim = client("postgres", "unsafe", "victim");
    listener = client("postgres", "unsafe", "listener");
    free(value(listener, "listen slowdive"));
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    if (have_pg) {
        PQfinish(observer);
        PQfinish(victim);
        PQfinish(listener);
        private_pg_stop(&pg);
    }
    return 0;
}

/* test_postgres_analyze NAME: all tests but that one. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_harmless_statements_runs),
        cmocka_unit_test(names_before_the_servers_own_are_seen),
        cmocka_unit_test(plans_go_through_functions_that_do_nothing),
        cmocka_unit_test(the_holes_are_there),
        cmocka_unit_test(what_is_withdrawn_stops_on_the_server),
        cmocka_unit_test(the_time_limit_is_the_servers),
        cmocka_unit_test(somebody_elses_cancel_is_told),
        cmocka_unit_test(who_leaves_leaves_nothing_running),
        cmocka_unit_test(a_locked_table_is_not_waited_for),
        cmocka_unit_test(an_unprivileged_role_gets_a_sentence),
    };
    if (argc > 1)
        cmocka_set_skip_filter(argv[1]);
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
