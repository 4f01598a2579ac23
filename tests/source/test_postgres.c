/* The PostgreSQL source against a server of its own. */
#include "tests/lib/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <libpq-fe.h>

#include "base/clock.h"
#include "conf/option.h"
#include "core/batch.h"
#include "core/labels.h"
#include "rt/rt.h"
#include "source/postgres/internal.h"
#include "source/postgres/postgres.h"
#include "tests/lib/private_pg.h"

static struct private_pg pg;
static bool have_pg;
static int version; /* 15 */

#define NEED_SERVER() PRIVATE_PG_NEEDED(pg, have_pg)

static char *sql(const char *database, const char *text)
{
    char *out = private_pg_sql(&pg, database, text);
    assert_non_null(out);
    out[strcspn(out, "\n")] = '\0';
    return out;
}

static void run_sql(const char *database, const char *text)
{
    free(sql(database, text));
}

/* ---- one instance under observation ---- */
struct watch {
    struct rt *rt;
    const struct sd_batch **batches;
    size_t n, cap;
    char status[2000]; /* the newest state and sentence */
    int64_t state;
};

static struct rt *running; /* of the test under way */

static void keep(void *ctx, const struct sd_batch *b)
{
    struct watch *w = ctx;
    w->batches = mem_grow(w->batches, w->n, &w->cap, sizeof *w->batches);
    w->batches[w->n++] = batch_ref(b);
    const struct sd_status *st;
    for (size_t i = 0; (st = batch_each(b, SD_STATUS, &i));) {
        w->state = st->state;
        snprintf(w->status, sizeof w->status, "%s", st->text ? st->text : "");
    }
}

static void watch_start_as(struct watch *w, const char *target, const char *option, const char *value)
{
    struct sd_error err;
    const struct sd_source_ops *ops = &postgres_source_ops;
    *w = (struct watch){.rt = rt_new(&RT_DEFAULTS)};
    running = w->rt;
    void *opts = options_new(ops->options, ops->opts_size);
    assert_true(option_set(ops->options, opts, "interval", "200ms", &err));
    if (option)
        assert_true(option_set(ops->options, opts, option, value, &err));
    assert_non_null(rt_start(w->rt, ops, "pg", target, opts, true, &err));
}

static void watch_start(struct watch *w, const char *role, const char *database)
{
    char target[512];
    snprintf(target, sizeof target, "host=127.0.0.1 port=%s user='%s' dbname='%s'", pg.port, role, database);
    watch_start_as(w, target, NULL, NULL);
}

static void watch_stop(struct watch *w)
{
    running = NULL;
    assert_int_equal(rt_free(w->rt, 10 * SD_S), 0);
    for (size_t i = 0; i < w->n; i++)
        batch_unref(w->batches[i]);
    free(w->batches);
}

/* Waits until `done` says so; false after `seconds`. */
static bool until(struct watch *w, bool (*done)(struct watch *w, void *ctx), void *ctx, int seconds)
{
    for (int64_t end = clock_mono() + seconds * SD_S;;) {
        rt_drain(w->rt, SD_S, keep, w);
        if (done(w, ctx))
            return true;
        if (clock_mono() > end)
            return false;
        struct pollfd p = {.fd = rt_fd(w->rt), .events = POLLIN};
        poll(&p, 1, 100);
    }
}

static bool says(struct watch *w, void *text)
{
    return strstr(w->status, text) != NULL;
}

static void expect_status(struct watch *w, const char *text, int seconds)
{
    if (!until(w, says, (void *)text, seconds))
        fail_msg("no status with '%s'; the last is '%s'", text, w->status);
}

/* The newest statement whose text contains `text`. */
static const struct sd_statement *statement(const struct watch *w, const char *text)
{
    const struct sd_statement *found = NULL, *s;
    for (size_t k = 0; k < w->n; k++)
        for (size_t i = 0; (s = batch_each(w->batches[k], SD_STATEMENT, &i));)
            if (s->text && strstr(s->text, text))
                found = s;
    return found;
}

static bool has_statement(struct watch *w, void *text)
{
    return statement(w, text) != NULL;
}

static const struct sd_activity *session(const struct watch *w, const char *application,
                                         const char *wait_type)
{
    const struct sd_activity *found = NULL, *a;
    for (size_t k = 0; k < w->n; k++)
        for (size_t i = 0; (a = batch_each(w->batches[k], SD_ACTIVITY, &i));)
            if (str_eq(a->application, application) && (!wait_type || str_eq(a->wait_type, wait_type)))
                found = a;
    return found;
}

struct who {
    const char *application, *wait_type;
};

static bool has_session(struct watch *w, void *ctx)
{
    const struct who *who = ctx;
    return session(w, who->application, who->wait_type) != NULL;
}

static bool has_linked_session(struct watch *w, void *ctx)
{
    const struct who *who = ctx;
    const struct sd_activity *a = session(w, who->application, who->wait_type);
    return a && sd_known(a->query_id);
}

static double metric(const struct watch *w, const char *name, const char *labels)
{
    double value = NAN;
    const struct sd_metric *m;
    for (size_t k = 0; k < w->n; k++)
        for (size_t i = 0; (m = batch_each(w->batches[k], SD_METRIC, &i));)
            if (str_eq(m->name, name) && str_eq(m->labels, labels))
                value = m->value;
    return value;
}

static bool has_metric(struct watch *w, void *name)
{
    return !isnan(metric(w, name, NULL));
}

static bool has_plan(struct watch *w, void *batch)
{
    for (size_t k = 0; k < w->n; k++)
        if (batch_answer(w->batches[k])) {
            *(const struct sd_batch **)batch = w->batches[k];
            return true;
        }
    return false;
}

/* Asks for a plan and waits for the reply. */
static const struct sd_batch *explain(struct watch *w, const char *database, int64_t query_id,
                                      const char *text)
{
    for (size_t i = 0; i < w->n; i++)
        batch_unref(w->batches[i]);
    w->n = 0;
    const struct sd_job_explain job = {.query_id = query_id, .database = database, .query = text};
    const struct sd_request q = {.job = SD_JOB_EXPLAIN, .args = &job};
    struct sd_error err = {{0}};
    if (!rt_request(w->rt, "pg", &q, &err))
        fail_msg("request refused: %s", err.text);
    const struct sd_batch *b = NULL;
    assert_true(until(w, has_plan, &b, 15));
    return b;
}

static const struct sd_plan *plan_in(const struct sd_batch *b)
{
    size_t i = 0, k = 0;
    const struct sd_plan *p = batch_each(b, SD_PLAN, &i);
    const struct sd_failure *f = batch_each(b, SD_FAILURE, &k);
    static struct sd_plan none; /* a failure, in the words of a plan */
    none = (struct sd_plan){.failed = f ? f->text : "neither plan nor failure"};
    return p ? p : &none;
}

static void expect_plan(struct watch *w, const char *text, const char *contains, int generic)
{
    const struct sd_plan *p = plan_in(explain(w, NULL, 42, text));
    if (!p->body)
        fail_msg("%s: no plan: %s", text, p->failed ? p->failed : "no reason");
    if (!strstr(p->body, contains))
        fail_msg("%s: the plan has no '%s': %s", text, contains, p->body);
    assert_int_equal(p->generic, generic);
    assert_int_equal(p->analyzed, 0);
    assert_int_equal(p->query_id, 42);
    assert_null(p->failed);
}

static void expect_refusal(struct watch *w, const char *database, const char *text, const char *contains)
{
    const struct sd_plan *p = plan_in(explain(w, database, SD_UNKNOWN, text));
    if (p->body)
        fail_msg("%s: there is a plan: %s", text, p->body);
    if (!strstr(p->failed, contains))
        fail_msg("%s: '%s' does not say '%s'", text, p->failed, contains);
}

/* ---- a client that does things ---- */
static PGconn *client(const char *role, const char *database, const char *application)
{
    const char *keys[] = {"host", "port", "user", "dbname", "application_name", NULL};
    const char *values[] = {"127.0.0.1", pg.port, role, database, application, NULL};
    PGconn *c = PQconnectdbParams(keys, values, 0);
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    return c;
}

/* A test that failed has left open what it had. */
static int close_all(void **state)
{
    if (running)
        rt_free(running, 10 * SD_S);
    running = NULL;
    return private_pg_end_sessions(state);
}

static void client_run(PGconn *c, const char *text)
{
    PGresult *r = PQexec(c, text);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(c));
    PQclear(r);
}

/* ---- tests ---- */

static void statements_are_read_with_fingerprints(void **state)
{
    NEED_SERVER();
    struct watch w;
    run_sql("shop",
            "select count(*) from orders where note = 'abc'; select count(*) from orders where note = 'def'");
    watch_start(&w, "postgres", "shop");
    assert_true(until(&w, has_statement, "note = $1", 15));
    const struct sd_statement *s = statement(&w, "note = $1");
    assert_string_equal(s->database, "shop");
    assert_string_equal(s->role, "postgres");
    assert_int_equal(strlen(s->fingerprint), 16);
    assert_true(s->calls >= 2);
    assert_true(s->total_ns > 0 && s->min_ns > 0 && s->max_ns >= s->min_ns);
    assert_true(s->shared_hit + s->shared_read > 0);
    assert_true(s->rows >= 2);
    assert_true(s->toplevel == (version >= 14 ? 1 : SD_UNKNOWN)); /* 13 has no such column */
    assert_true(sd_known(s->io_ns));
    assert_false(sd_known(s->plan_ns)); /* track_planning is off: unknown, not 0 */
    if (version >= 14)                  /* before, nothing says since when */
        assert_true(s->since > 1500000000 * SD_S && s->since <= clock_wall());
    else
        assert_false(sd_known(s->since));

    int64_t calls = s->calls;
    run_sql("shop", "select count(*) from orders where note = 'ghi'");
    for (int64_t end = clock_mono() + 10 * SD_S;
         statement(&w, "note = $1")->calls == calls && clock_mono() < end;)
        until(&w, has_statement, "\x01", 0);
    assert_int_equal(statement(&w, "note = $1")->calls, calls + 1);
    assert_false(has_statement(&w, "slowdive")); /* ourselves are left out */

    /* An unchanged statement is not sent again. */
    size_t seen = 0;
    const struct sd_statement *each;
    for (size_t k = 0; k < w.n; k++)
        for (size_t i = 0; (each = batch_each(w.batches[k], SD_STATEMENT, &i));)
            seen += each->text && strstr(each->text, "note = $1") != NULL;
    assert_int_equal(seen, 2);
    watch_stop(&w);
}

static bool has_event_text(struct watch *w, void *text)
{
    const struct sd_event *e;
    for (size_t k = 0; k < w->n; k++)
        for (size_t i = 0; (e = batch_each(w->batches[k], SD_EVENT, &i));)
            if (e->text && strstr(e->text, text))
                return true;
    return false;
}

static bool has_new_statement(struct watch *w, void *text)
{
    const struct sd_statement *s;
    for (size_t k = 0; k < w->n; k++)
        for (size_t i = 0; (s = batch_each(w->batches[k], SD_STATEMENT, &i));)
            if (s->text && strstr(s->text, text) && sd_known(s->absent_at))
                return true;
    return false;
}

/* PostgreSQL before 17 does not say when it began to count a statement. */
static void new_statements_are_told_from_old_ones(void **state)
{
    NEED_SERVER();
    struct watch w;
    run_sql("shop", "select min(total) - max(id) as known_before from orders");
    watch_start(&w, "postgres", "shop");
    assert_true(until(&w, has_statement, "known_before", 15));
    run_sql("shop", "select max(total) - min(id) as first_seen from orders");
    assert_true(until(&w, has_new_statement, "first_seen", 15));
    assert_false(has_new_statement(&w, "known_before"));
    run_sql("shop", "select pg_stat_statements_reset()");
    assert_true(until(&w, has_event_text, "were reset", 15)); /* a listing without it was read */
    run_sql("shop", "select min(total) - max(id) as known_before from orders");
    assert_true(until(&w, has_new_statement, "known_before", 15));
    watch_stop(&w);
    /* A listing that is full does not say what is new. */
    char target[512];
    snprintf(target, sizeof target, "host=127.0.0.1 port=%s user=postgres dbname=shop", pg.port);
    watch_start_as(&w, target, "top", "2");
    assert_true(until(&w, has_metric, "postgresql.connections", 15));
    run_sql("shop", "select sum(total) as one_more, pg_sleep(0.4) from orders");
    assert_true(until(&w, has_statement, "one_more", 15));
    assert_false(has_new_statement(&w, "one_more"));
    watch_stop(&w);
}

/* The view has no text at all for a UTF-8 database while one is not valid there. */
static void a_text_in_another_encoding_stops_no_counters(void **state)
{
    NEED_SERVER();
    struct watch w;
    run_sql(NULL,
            "create database bytes encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0");
    PGconn *odd = client("postgres", "bytes", "odd"), *app = client("postgres", "shop", "shop");
    client_run(app, "create role plain_app login; set role plain_app");
    client_run(odd, "set role plain_app; select 1 as \"caf\xe9\"");
    watch_start(&w, "postgres", "shop");
    client_run(app, "select 'x' as still_counted");
    expect_status(&w, "CREATE EXTENSION pg_stat_statements; in database bytes makes", 15);
    if (version >= 14) { /* sessions say which statement theirs is */
        assert_true(until(&w, has_statement, "still_counted", 15));
        assert_true(statement(&w, "still_counted")->calls >= 1);
    }
    /* With the extension the database itself has all texts. */
    client_run(odd, "reset role; create extension pg_stat_statements");
    assert_true(until(&w, has_statement, "caf\xe9", 25));
    watch_stop(&w);
    run_sql("shop", "select pg_stat_statements_reset()");
    PQfinish(odd);
    PQfinish(app);
    run_sql(NULL, "drop database bytes");
}

static void figures_of_the_server_come_in_one_batch(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres", "shop");
    assert_true(until(&w, has_metric, "postgresql.max_connections", 15));
    assert_true(metric(&w, "postgresql.max_connections", NULL) == 50);
    assert_true(metric(&w, "postgresql.connections", NULL) >= 1);
    assert_true(metric(&w, "postgresql.blks_hit", "database=shop") > 0);
    assert_true(metric(&w, "postgresql.xact_commit", NULL) >=
                metric(&w, "postgresql.xact_commit", "database=shop"));
    assert_true(metric(&w, "postgresql.locks_waiting", NULL) == 0);
    /* None of ours is counted that the server does not count, too. */
    assert_true(metric(&w, "postgresql.own_transactions", NULL) > 0);
    assert_true(metric(&w, "postgresql.own_transactions", NULL) <=
                metric(&w, "postgresql.xact_commit", NULL) + metric(&w, "postgresql.xact_rollback", NULL) +
                    60);
    assert_true(until(&w, has_metric, "activity.sampled", 5));
    watch_stop(&w);
}

static void the_server_is_told_at_a_glance(void **state)
{
    NEED_SERVER();
    struct watch w;
    PGconn *old = client("postgres", "shop", "old");
    client_run(old, "begin; select 1");
    watch_start(&w, "postgres", "shop");
    assert_true(until(&w, has_metric, "postgresql.size", 15));
    char *bytes = sql("shop", "select sum(pg_database_size(oid))::int8 from pg_database");
    assert_true(fabs(metric(&w, "postgresql.size", NULL) / atof(bytes) - 1) < 0.1);
    free(bytes);
    double up = metric(&w, "postgresql.uptime", NULL), oldest = metric(&w, "postgresql.oldest_xact", NULL);
    assert_true(up > 0 && up < 3600e9);
    assert_true(oldest > 0 && oldest <= up);
    assert_true(metric(&w, "postgresql.wraparound", NULL) > 0 &&
                metric(&w, "postgresql.wraparound", NULL) < 0.01);
    assert_false(has_metric(&w, "postgresql.replication_lag")); /* there is no standby: nothing, not 0 */
    PQfinish(old);
    watch_stop(&w);
}

static void tools_are_no_workload(void **state)
{
    NEED_SERVER();
    struct watch w;
    run_sql("shop", "select pg_stat_reset_single_table_counters(0::oid)");
    PGconn *app = client("postgres", "shop", "app");
    client_run(app, "select 'for a route', count(*) from pg_class /*method='GET',route='%2Fcarts%2F%3Aid'*/");
    watch_start(&w, "postgres", "shop");
    assert_true(until(&w, has_statement, "count(*) from pg_class", 15));
    assert_string_equal(statement(&w, "count(*) from pg_class")->route, "GET /carts/:id");
    assert_false(has_statement(&w, "pg_stat_reset"));
    PQfinish(app);
    watch_stop(&w);
}

static void a_reset_of_the_statement_counters_is_an_event(void **state)
{
    NEED_SERVER();
    struct watch w;
    run_sql("shop", "select count(*) as before_the_reset from pg_class");
    watch_start(&w, "postgres", "shop");
    assert_true(until(&w, has_statement, "before_the_reset", 15));
    /* Since 17 each statement has a time of its own; one that is new at the head of the list is no reset. */
    run_sql("shop", "select pg_sleep(1), 'the longest' as the_new_head");
    assert_true(until(&w, has_statement, "the_new_head", 15));
    assert_false(has_event_text(&w, "were reset"));
    run_sql("shop", "select pg_stat_statements_reset()");
    assert_true(until(&w, has_event_text, "The counters of statements (pg_stat_statements) were reset.", 15));
    watch_stop(&w);
}

static bool has_work_mem(struct watch *w, void *ctx)
{
    (void)ctx;
    return metric(w, "postgresql.setting", "name=work_mem,value=5120 kB") == 1;
}

static void settings_that_are_no_default_are_told(void **state)
{
    NEED_SERVER();
    struct watch w;
    run_sql("shop", "ALTER DATABASE shop SET work_mem = '5MB'");
    watch_start(&w, "postgres", "shop");
    assert_true(until(&w, has_work_mem, NULL, 15));
    /* Texts may hold secrets. */
    for (size_t i = 0; i < w.n; i++) {
        const struct sd_metric *m;
        for (size_t k = 0; (m = batch_each(w.batches[i], SD_METRIC, &k));)
            assert_true(!m->labels || !strstr(m->labels, "name=shared_preload_libraries"));
    }
    watch_stop(&w);
    run_sql("shop", "ALTER DATABASE shop RESET work_mem");
}

static void sessions_have_waits_blockers_and_routes(void **state)
{
    NEED_SERVER();
    struct watch w;
    run_sql("shop", "update orders set total = 0 where id = 2"); /* before 14 found by its counters */
    PGconn *holder = client("postgres", "shop", "holder"), *waiter = client("postgres", "shop", "waiter");
    client_run(holder, "begin");
    client_run(holder, "update orders set total = total where id = 1");
    assert_true(PQsendQuery(
        waiter, "update orders set total = 0 where id = 1 /*method='POST',route='%2Forders%2F%3Aid',"
                "traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'*/"));
    watch_start(&w, "postgres", "shop");
    struct who who = {"waiter", "Lock"};
    assert_true(until(&w, has_linked_session, &who, 15));
    const struct sd_activity *a = session(&w, "waiter", "Lock");
    char pid[32];
    snprintf(pid, sizeof pid, "%d", PQbackendPID(holder));
    assert_string_equal(a->blocked_by, pid);
    assert_int_equal(a->pid, PQbackendPID(waiter));
    assert_string_equal(a->route, "POST /orders/:id");
    assert_string_equal(a->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_string_equal(a->state, "active");
    assert_string_equal(a->wait_event, "transactionid");
    assert_string_equal(a->database, "shop");
    assert_string_equal(a->client, "127.0.0.1");
    assert_string_equal(a->backend_type, "client backend");
    assert_true(a->period_ns > 0 && a->period_ns < SD_S);
    assert_true(a->query_start <= clock_wall() && a->query_start > clock_wall() - 600 * SD_S);
    who = (struct who){"holder", NULL};
    assert_true(until(&w, has_session, &who, 5));
    assert_string_equal(session(&w, "holder", NULL)->state, "idle in transaction");
    assert_null(session(&w, "slowdive", NULL)); /* not ourselves */
    assert_true(until(&w, has_metric, "postgresql.locks_waiting", 5));
    client_run(holder, "rollback");
    PQfinish(holder);
    PQfinish(waiter);
    watch_stop(&w);
}

/* A name is one value of a label, whatever is in it. */
static bool has_figures_of(struct watch *w, void *database)
{
    bool found = false;
    const struct sd_metric *m;
    for (size_t k = 0; k < w->n; k++)
        for (size_t i = 0; (m = batch_each(w->batches[k], SD_METRIC, &i));) {
            char name[200];
            found |= label_value(m->labels, "database", name, sizeof name) && !strcmp(name, database);
            assert_false(label_value(m->labels, "y", name, sizeof name));
        }
    return found;
}

static void hostile_names_stay_data(void **state)
{
    NEED_SERVER();
    struct watch w;
    static const char evil[] = "x,y=\\z\033]52;c;aGk=\007\033[2J' \"%s";
    PGconn *admin = client("postgres", "postgres", "admin");
    char *role = PQescapeIdentifier(admin, evil, strlen(evil));
    struct strbuf b = {0};
    strbuf_printf(&b, "create role %s login superuser", role);
    client_run(admin, b.text);
    strbuf_clear(&b);
    strbuf_printf(&b, "create database %s", role);
    client_run(admin, b.text);
    PGconn *c = client(evil, evil, "plain");
    client_run(c, "begin");
    char *application = PQescapeLiteral(c, evil, strlen(evil));
    strbuf_clear(&b);
    strbuf_printf(&b, "set application_name = %s", application);
    client_run(c, b.text);
    watch_start(&w, "postgres", "shop");
    const struct sd_activity *found = NULL;
    for (int64_t end = clock_mono() + 15 * SD_S; !found && clock_mono() < end;) {
        until(&w, has_statement, "\x01", 0);
        const struct sd_activity *a;
        for (size_t k = 0; k < w.n; k++)
            for (size_t i = 0; (a = batch_each(w.batches[k], SD_ACTIVITY, &i));)
                if (a->pid == PQbackendPID(c))
                    found = a;
    }
    assert_non_null(found);
    assert_string_equal(found->role, evil);
    assert_string_equal(found->database, evil);
    assert_true(until(&w, has_figures_of, (void *)(uintptr_t)evil, 15));
    /* The server itself takes control bytes out of application names. */
    assert_true(str_starts(found->application, "x"));
    watch_stop(&w);
    PQfreemem(application);
    PQfinish(c);
    strbuf_clear(&b);
    strbuf_printf(&b, "drop database %s", role);
    client_run(admin, b.text);
    PQfreemem(role);
    strbuf_free(&b);
    PQfinish(admin);
}

static void an_absent_extension_is_explained(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres", "bare");
    expect_status(&w, "CREATE EXTENSION pg_stat_statements", 15);
    assert_null(strstr(w.status, "shared_preload_libraries")); /* it is loaded already */
    struct who who = {"busy", NULL};
    PGconn *c = client("postgres", "bare", "busy");
    client_run(c, "begin");
    assert_true(until(&w, has_session, &who, 15)); /* the rest goes on */
    PQfinish(c);
    watch_stop(&w);
    /* A role that may not see the setting is told both lines. */
    watch_start(&w, "nobody_special", "bare");
    expect_status(&w, "shared_preload_libraries", 15);
    expect_status(&w, "CREATE EXTENSION", 15);
    watch_stop(&w);
}

static void the_extension_may_live_in_any_schema(void **state)
{
    NEED_SERVER();
    struct watch w;
    run_sql("elsewhere", "select 'elsewhere', count(*) from pg_class where relname = 'a'");
    watch_start(&w, "postgres", "elsewhere");
    assert_true(until(&w, has_statement, "relname = $", 15));
    watch_stop(&w);
}

static void a_plain_role_sees_less_and_is_told(void **state)
{
    NEED_SERVER();
    struct watch w;
    PGconn *c = client("postgres", "shop", "secretive");
    client_run(c, "begin");
    watch_start(&w, "nobody_special", "shop");
    expect_status(&w, "GRANT pg_monitor TO nobody_special", 15);
    assert_true(until(&w, has_metric, "postgresql.max_connections", 15));
    watch_stop(&w);

    watch_start(&w, "monitor", "shop");
    struct who who = {"secretive", NULL};
    assert_true(until(&w, has_session, &who, 15));
    assert_non_null(strstr(session(&w, "secretive", NULL)->query, "begin"));
    assert_true(until(&w, has_statement, "note = $1", 15));
    assert_null(strstr(w.status, "GRANT"));
    watch_stop(&w);
    PQfinish(c);
}

static void wrong_targets_fail_with_a_sentence(void **state)
{
    NEED_SERVER();
    struct watch w;
    static const struct {
        const char *target, *sentence;
        int64_t state;
    } cases[] = {
        {"host=127.0.0.1 port=%s user=postgres dbname=nowhere", "database \"nowhere\" does not exist",
         SD_STATE_FAILED},
        {"host=127.0.0.1 port=%s user=nobody_there dbname=shop", "role \"nobody_there\" does not exist",
         SD_STATE_FAILED},
        {"host=127.0.0.1 port=%s user='nologin' dbname=shop", "not permitted to log in", SD_STATE_FAILED},
        {"postgresql://[bad:%s/shop", "the address is not valid", SD_STATE_FAILED},
        {"host=127.0.0.1 port=%s nonsense=1", "connection string is not valid", SD_STATE_FAILED},
        {"service=none_%s", "service", SD_STATE_FAILED},
        {"host=127.0.0.1 port=1 user=x%s", "refused", SD_STATE_BACKOFF},
        {"host=127.0.0.1 port=%s user=locked dbname=shop", "no password supplied", SD_STATE_FAILED},
        {"host=127.0.0.1 port=%s user=locked dbname=shop password=wrong", "password authentication failed",
         SD_STATE_FAILED},
        {"host=127.0.0.1 port=%s user=nobody_special dbname=full_up", "too many connections",
         SD_STATE_BACKOFF},
        {"host=127.0.0.1 port=%s user=nobody_special dbname=private", "permission denied for database",
         SD_STATE_FAILED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *target = mem_printf("%s", cases[i].target);
        char *at = strstr(target, "%s");
        char *full = mem_printf("%.*s%s%s", (int)(at - target), target, pg.port, at + 2);
        watch_start_as(&w, full, NULL, NULL);
        expect_status(&w, cases[i].sentence, 15);
        assert_int_equal(w.state, cases[i].state);
        assert_null(strchr(w.status, '\n'));
        watch_stop(&w);
        free(full);
        free(target);
    }
}

static void a_stopped_server_is_noticed_and_found_again(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres", "shop");
    assert_true(until(&w, has_metric, "activity.sampled", 15));
    private_pg_halt(&pg);
    int64_t at = clock_mono();
    for (; w.state != SD_STATE_BACKOFF && clock_mono() < at + 10 * SD_S;)
        until(&w, has_statement, "\x01", 0);
    assert_int_equal(w.state, SD_STATE_BACKOFF);
    assert_true(clock_mono() - at < 3 * SD_S);
    assert_true(strstr(w.status, "administrator") || strstr(w.status, "shutting down") ||
                strstr(w.status, "refused") || strstr(w.status, "closed"));
    for (size_t i = 0; i < w.n; i++)
        batch_unref(w.batches[i]);
    w.n = 0;
    assert_true(private_pg_resume(&pg));
    at = clock_mono();
    assert_true(until(&w, has_metric, "activity.sampled", 10));
    assert_true(clock_mono() - at < 5 * SD_S);
    assert_int_equal(w.state, SD_STATE_LIVE);
    watch_stop(&w);
}

static void plans_come_with_their_tables_and_indexes(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres", "shop");
    const struct sd_batch *b = explain(&w, "shop", 7, "select * from recent where note = 'x'"); /* a view */
    const struct sd_plan *p = plan_in(b);
    assert_null(p->failed);
    assert_non_null(strstr(p->body, "\"Relation Name\": \"orders\""));
    assert_int_equal(p->query_id, 7);
    size_t i = 0, n = 0;
    const struct sd_table *t = batch_each(b, SD_TABLE, &i);
    assert_non_null(t);
    assert_string_equal(t->name, "orders");
    assert_string_equal(t->schema, "public");
    assert_true(t->rows >= 1000 && t->size_bytes > 0);
    const struct sd_index *x, *pkey = NULL, *expression = NULL;
    for (i = 0; (x = batch_each(b, SD_INDEX, &i)); n++) {
        if (str_eq(x->name, "orders_pkey"))
            pkey = x;
        if (str_eq(x->name, "orders_lower"))
            expression = x;
    }
    assert_int_equal(n, 3);
    assert_non_null(pkey);
    assert_string_equal(pkey->columns, "id");
    assert_int_equal(pkey->is_unique, 1);
    assert_int_equal(pkey->is_valid, 1);
    assert_true(str_starts(pkey->definition, "CREATE UNIQUE INDEX"));
    assert_non_null(expression);
    assert_string_equal(expression->columns, "");
    assert_int_equal(expression->is_partial, 1);
    watch_stop(&w);
}

static void generic_plans_need_no_values(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres", "shop");
    expect_plan(&w, "select * from orders where id = 5", "orders_pkey", 0);
    expect_plan(&w, "select * from orders where id = $1", "orders_pkey", 1);
    expect_plan(&w, "select * from orders where created > now() - interval $1 and note = $2", "Seq Scan", 1);
    expect_plan(&w, "select * from orders where created > date $1 or created < timestamp with time zone $2",
                "Seq Scan", 1);
    expect_plan(&w, "select * from orders where $1 is null or id = $1", "Seq Scan", 1);
    expect_plan(&w, "select * from orders where ($1 is null or note = $1) and ($2 is null or id = $2)",
                "Seq Scan", 1);
    expect_plan(&w, "insert into orders (customer) values ($1)", "ModifyTable", 1);
    expect_plan(&w, "delete from orders where id = $1", "ModifyTable", 1);
    expect_plan(&w, "select * from orders where id = 1 for update", "LockRows", 0);
    expect_plan(&w, "select $1 /* c */ -- d\n from orders -- e", "Seq Scan", 1);
    /* One statement for the gate must be one for the server: backslashes are plain,
     * although the database is set up otherwise. */
    expect_plan(&w, "select 'a\\''; drop table orders; --'", "Result", 0);
    char *left = sql("shop", "select count(*) from orders");
    assert_string_equal(left, "5000");
    free(left);
    /* another database than the target's */
    const struct sd_plan *p = plan_in(explain(&w, "bare", 1, "select * from only_here"));
    assert_non_null(p->body);
    assert_string_equal(p->database, "bare");
    watch_stop(&w);
}

static void refusals_say_why(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres", "shop");
    expect_refusal(&w, NULL, "select 1; drop table orders", "2 statements");
    expect_refusal(&w, NULL, "create table evil as select 1", "CREATE TABLE AS");
    expect_refusal(&w, NULL, "select * into evil from orders", "INTO");
    expect_refusal(&w, NULL, "select pg_read_file('PG_VERSION')", "pg_read_file");
    expect_refusal(&w, NULL, "select * from missing", "search_path");
    expect_refusal(&w, NULL, "select * from orders where id = $1 and note = $1", "operator does not exist");
    expect_refusal(&w, "nowhere", "select 1", "does not exist");
    /* A function of somebody's own, for who has rights that it could use. */
    expect_refusal(&w, NULL, "select * from orders where id = liar()",
                   "the role postgres has the right SUPERUSER");
    char *cut = mem_printf("select * from orders where note = '%0*d", 1024 - 36, 0);
    cut[1023] = '\0';
    expect_refusal(&w, NULL, cut, "track_activity_query_size");
    free(cut);

    PGconn *c = client("postgres", "shop", "locker");
    client_run(c, "begin; lock table orders in access exclusive mode");
    int64_t at = clock_mono();
    expect_refusal(&w, NULL, "select * from orders", "locked by another session");
    assert_true(clock_mono() - at < 3 * SD_S);
    client_run(c, "rollback");
    PQfinish(c);
    watch_stop(&w);

    /* Functions that lie about what they do. */
    watch_start(&w, "reader", "shop");
    expect_refusal(&w, NULL, "select * from orders where id = liar()", "INSERT is not allowed");
    watch_stop(&w);
    char target[256];
    snprintf(target, sizeof target, "host=127.0.0.1 port=%s user=reader dbname=shop", pg.port);
    watch_start_as(&w, target, "timeout", "300ms");
    expect_refusal(&w, NULL, "select * from orders where id = slower()", "planning took too long");
    watch_stop(&w);

    watch_start(&w, "monitor", "shop");
    expect_refusal(&w, NULL, "select * from orders", "needs SELECT");
    watch_stop(&w);

    /* Nothing of all this stayed. */
    char *left = sql("shop", "select count(*) from pg_class where relname = 'evil'");
    assert_string_equal(left, "0");
    free(left);
    left =
        sql("shop",
            "select count(*) from pg_stat_activity where application_name = 'slowdive' and state <> 'idle'");
    assert_string_equal(left, "0");
    free(left);
    left = sql("shop", "select count(*) from orders");
    assert_string_equal(left, "5000");
    free(left);
}

static void sessions_without_query_id_are_explained(void **state)
{
    NEED_SERVER();
    struct watch w;
    if (version < 14) { /* it computes none at all: there is nothing to switch on */
        watch_start(&w, "postgres", "shop");
        expect_status(&w, "database shop", 15);
        assert_null(strstr(w.status, "compute_query_id"));
        watch_stop(&w);
        return;
    }
    run_sql("postgres", "alter system set compute_query_id = off");
    run_sql("postgres", "select pg_reload_conf()");
    for (int64_t end = clock_mono() + 10 * SD_S;;) {
        char *now = sql("postgres", "show compute_query_id");
        bool off = strcmp(now, "off") == 0;
        free(now);
        if (off)
            break;
        assert_true(clock_mono() < end);
    }
    watch_start(&w, "postgres", "shop");
    expect_status(&w, "compute_query_id = on", 15);
    watch_stop(&w);
    run_sql("postgres", "alter system reset compute_query_id");
    run_sql("postgres", "select pg_reload_conf()");
}

static void sessions_of_ours_are_safe(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres", "shop");
    assert_true(until(&w, has_metric, "postgresql.max_connections", 15));
    char *n = sql("shop", "select count(*) from pg_stat_activity where application_name = 'slowdive'");
    assert_string_equal(n, "1");
    free(n);
    watch_stop(&w);
}

/* 200 times: open, perhaps interrupted anywhere, close. */
static void opening_and_closing_leaks_nothing(void **state)
{
    NEED_SERVER();
    for (int i = 0; i < 60; i++) {
        struct watch w;
        watch_start(&w, "postgres", "shop");
        if (i % 3 == 1)
            until(&w, has_metric, "activity.sampled", 10);
        if (i % 3 == 2)
            rt_stop_source(w.rt, "pg");
        watch_stop(&w);
    }
    for (int64_t end = clock_mono() + 10 * SD_S;;) {
        char *n = sql("shop", "select count(*) from pg_stat_activity where application_name = 'slowdive'");
        bool none = strcmp(n, "0") == 0;
        free(n);
        if (none)
            break;
        assert_true(clock_mono() < end);
    }
}

/* A server that accepts and never says a word, or says nonsense and hangs. */
static void a_silent_server_can_be_left(void **state)
{
    (void)state;
    static const char *const greetings[] = {"", "N", "E\0\0\0\x7fSFATAL", "HTTP/1.1 400 Bad Request\r\n\r\n",
                                            "R\x7f\xff\xff\xff"};
    static const size_t lengths[] = {0, 1, 11, 28, 5};
    for (size_t i = 0; i < ARRAY_LEN(greetings); i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof at;
        assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
        assert_int_equal(listen(fd, 4), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
        char target[128];
        snprintf(target, sizeof target, "host=127.0.0.1 port=%d user=x dbname=x", ntohs(at.sin_port));
        struct watch w;
        watch_start_as(&w, target, NULL, NULL);
        struct pollfd p = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        int c = accept(fd, NULL, NULL);
        p = (struct pollfd){.fd = c, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        if (lengths[i])
            assert_true(write(c, greetings[i], lengths[i]) == (ssize_t)lengths[i]);
        const struct sd_job_explain job = {.query_id = 1, .query = "select 1"};
        const struct sd_request q = {.job = SD_JOB_EXPLAIN, .args = &job};
        struct sd_error err;
        rt_request(w.rt, "pg", &q, &err);
        until(&w, has_statement, "\x01", 0);
        int64_t begin = clock_mono();
        watch_stop(&w);
        assert_true(clock_mono() - begin < 2 * SD_S);
        close(c);
        close(fd);
    }
}

static bool is_live(struct watch *w, void *ctx)
{
    (void)ctx;
    return w->state == SD_STATE_LIVE;
}

static void a_hanging_server_is_told_and_forgiven(void **state)
{
    NEED_SERVER();
    struct watch w;
    watch_start(&w, "postgres", "shop");
    assert_true(until(&w, has_metric, "postgresql.max_connections", 15));
    char *pid = sql("shop", "select pid from pg_stat_activity where application_name = 'slowdive'");
    pid_t backend = (pid_t)strtol(pid, NULL, 10);
    free(pid);
    if (kill(backend, SIGSTOP) != 0) {
        watch_stop(&w);
        skip();
    }
    expect_status(&w, "has not answered", 5);
    assert_int_equal(w.state, SD_STATE_STALE);
    kill(backend, SIGCONT);
    assert_true(until(&w, is_live, NULL, 10));
    expect_status(&w, "database shop", 10);
    kill(backend, SIGSTOP);
    int64_t begin = clock_mono();
    watch_stop(&w); /* leaving does not wait for it */
    kill(backend, SIGCONT);
    assert_true(clock_mono() - begin < 2 * SD_S);
}

static int start_server(void **state)
{
    (void)state;
    unsetenv("PGSERVICE");
    have_pg = private_pg_start(&pg);
    if (!have_pg && !strstr(pg.why, "not installed")) {
        fprintf(stderr, "the private server does not start: %s\n", pg.why);
        return -1;
    }
    if (!have_pg)
        return 0;
    static const char *const setup[][2] = {
        {"postgres", "create database shop"},
        {"postgres", "create database bare"},
        {"postgres", "create database elsewhere"},
        {"postgres", "create role nobody_special login; create role monitor login in role pg_monitor; create "
                     "role nologin"},
        {"postgres", "create database full_up connection limit 0"},
        {"postgres", "create database private"},
        {"postgres", "revoke connect on database private from public"},
        {"postgres", "create role locked login password 'right'"},
        {"postgres",
         "do $$ begin execute format($f$copy (select 'host all locked 127.0.0.1/32 scram-sha-256' union all "
         "select 'host all all 127.0.0.1/32 trust') to %L$f$, current_setting('hba_file')); "
         "perform pg_reload_conf(); end $$"},
        {"bare", "create table only_here (a int)"},
        {"elsewhere",
         "create schema \"Odd Place\"; create extension pg_stat_statements schema \"Odd Place\""},
        {"shop", "create extension pg_stat_statements"},
        {"shop", "alter database shop set standard_conforming_strings = off"},
        {"shop", "create table orders (id serial primary key, customer int, note text, total numeric, "
                 "created timestamptz default now()); "
                 "insert into orders (customer, note, total) select i % 100, md5(i::text), i from "
                 "generate_series(1, 5000) i; "
                 "create index orders_customer on orders (customer, created); "
                 "create index orders_lower on orders (lower(note)) where total > 10; "
                 "create function liar() returns int immutable language plpgsql as "
                 "'begin insert into orders (note) values (1); return 1; end'; "
                 "create function slower() returns int immutable language plpgsql as "
                 "'begin perform count(*) from generate_series(1, 1000000000); return 1; end'; "
                 "create role reader login; grant select on orders to reader; "
                 "create view recent as select * from orders where customer > 3; analyze orders"},
    };
    for (size_t i = 0; i < ARRAY_LEN(setup); i++) {
        char *out = private_pg_sql(&pg, setup[i][0], setup[i][1]);
        if (!out) {
            private_pg_stop(&pg);
            return -1;
        }
        free(out);
    }
    char *number = sql(NULL, "show server_version_num");
    version = atoi(number) / 10000;
    free(number);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    if (have_pg)
        private_pg_stop(&pg);
    return 0;
}

#define TEST(f) cmocka_unit_test_teardown(f, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_silent_server_can_be_left),
        TEST(statements_are_read_with_fingerprints),
        TEST(figures_of_the_server_come_in_one_batch),
        TEST(the_server_is_told_at_a_glance),
        TEST(tools_are_no_workload),
        TEST(settings_that_are_no_default_are_told),
        TEST(sessions_have_waits_blockers_and_routes),
        TEST(hostile_names_stay_data),
        TEST(an_absent_extension_is_explained),
        TEST(the_extension_may_live_in_any_schema),
        TEST(a_plain_role_sees_less_and_is_told),
        TEST(wrong_targets_fail_with_a_sentence),
        TEST(plans_come_with_their_tables_and_indexes),
        TEST(generic_plans_need_no_values),
        TEST(refusals_say_why),
        TEST(sessions_without_query_id_are_explained),
        TEST(new_statements_are_told_from_old_ones),
        TEST(a_text_in_another_encoding_stops_no_counters),
        TEST(sessions_of_ours_are_safe),
        TEST(a_hanging_server_is_told_and_forgiven),
        TEST(opening_and_closing_leaks_nothing),
        TEST(a_stopped_server_is_noticed_and_found_again),
        TEST(a_reset_of_the_statement_counters_is_an_event),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
