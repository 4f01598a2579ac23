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
#include "tests/lib/pg_watch.h"

/* ---- tests ---- */

static void statements_are_read_with_fingerprints(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_run_sql(
        "shop",
        "select count(*) from orders where note = 'abc'; select count(*) from orders where note = 'def'");
    pg_watch_start(&w, "postgres", "shop");
    assert_true(pg_until(&w, pg_has_statement, "note = $1", 15));
    const struct sd_statement *s = pg_statement(&w, "note = $1");
    assert_string_equal(s->database, "shop");
    assert_string_equal(s->role, "postgres");
    assert_int_equal(strlen(s->fingerprint), 16);
    assert_true(s->calls >= 2);
    assert_true(s->total_ns > 0 && s->min_ns > 0 && s->max_ns >= s->min_ns);
    assert_true(s->shared_hit + s->shared_read > 0);
    assert_true(s->rows >= 2);
    assert_true(s->toplevel == (pg_version >= 14 ? 1 : SD_UNKNOWN)); /* 13 has no such column */
    assert_true(sd_known(s->io_ns));
    assert_false(sd_known(s->plan_ns)); /* track_planning is off: unknown, not 0 */
    if (pg_version >= 14)               /* before, nothing says since when */
        assert_true(s->since > 1500000000 * SD_S && s->since <= clock_wall());
    else
        assert_false(sd_known(s->since));

    int64_t calls = s->calls;
    pg_run_sql("shop", "select count(*) from orders where note = 'ghi'");
    for (int64_t end = clock_mono() + 10 * SD_S;
         pg_statement(&w, "note = $1")->calls == calls && clock_mono() < end;)
        pg_until(&w, pg_has_statement, "\x01", 0);
    assert_int_equal(pg_statement(&w, "note = $1")->calls, calls + 1);
    assert_false(pg_has_statement(&w, "slowdive")); /* ourselves are left out */

    /* An unchanged statement is not sent again. */
    size_t seen = 0;
    const struct sd_statement *each;
    for (size_t k = 0; k < w.n; k++)
        for (size_t i = 0; (each = batch_each(w.batches[k], SD_STATEMENT, &i));)
            seen += each->text && strstr(each->text, "note = $1") != NULL;
    assert_int_equal(seen, 2);
    pg_watch_stop(&w);
}

static bool has_event_text(struct pg_watch *w, void *text)
{
    const struct sd_event *e;
    for (size_t k = 0; k < w->n; k++)
        for (size_t i = 0; (e = batch_each(w->batches[k], SD_EVENT, &i));)
            if (e->text && strstr(e->text, text))
                return true;
    return false;
}

static bool has_new_statement(struct pg_watch *w, void *text)
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
    struct pg_watch w;
    pg_run_sql("shop", "select min(total) - max(id) as known_before from orders");
    pg_watch_start(&w, "postgres", "shop");
    assert_true(pg_until(&w, pg_has_statement, "known_before", 15));
    pg_run_sql("shop", "select max(total) - min(id) as first_seen from orders");
    assert_true(pg_until(&w, has_new_statement, "first_seen", 15));
    assert_false(has_new_statement(&w, "known_before"));
    pg_run_sql("shop", "select pg_stat_statements_reset()");
    assert_true(pg_until(&w, has_event_text, "were reset", 15)); /* a listing without it was read */
    pg_run_sql("shop", "select min(total) - max(id) as known_before from orders");
    assert_true(pg_until(&w, has_new_statement, "known_before", 15));
    pg_watch_stop(&w);
    /* A listing that is full does not say what is new. */
    char target[512];
    snprintf(target, sizeof target, "host=127.0.0.1 port=%s user=postgres dbname=shop", pg.port);
    pg_watch_start_as(&w, target, "top", "2");
    assert_true(pg_until(&w, pg_has_metric, "postgresql.connections", 15));
    pg_run_sql("shop", "select sum(total) as one_more, pg_sleep(0.4) from orders");
    assert_true(pg_until(&w, pg_has_statement, "one_more", 15));
    assert_false(has_new_statement(&w, "one_more"));
    pg_watch_stop(&w);
}

/* The view has no text at all for a UTF-8 database while one is not valid there. */
static void a_text_in_another_encoding_stops_no_counters(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_run_sql(NULL,
               "create database bytes encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0");
    PGconn *odd = pg_client("postgres", "bytes", "odd"), *app = pg_client("postgres", "shop", "shop");
    pg_client_run(app, "create role plain_app login; set role plain_app");
    pg_client_run(odd, "set role plain_app; select 1 as \"caf\xe9\"");
    pg_watch_start(&w, "postgres", "shop");
    pg_client_run(app, "select 'x' as still_counted");
    pg_expect_status(&w, "CREATE EXTENSION pg_stat_statements; in database bytes makes", 15);
    if (pg_version >= 14) { /* sessions say which statement theirs is */
        assert_true(pg_until(&w, pg_has_statement, "still_counted", 15));
        assert_true(pg_statement(&w, "still_counted")->calls >= 1);
    }
    /* With the extension the database itself has all texts. */
    pg_client_run(odd, "reset role; create extension pg_stat_statements");
    assert_true(pg_until(&w, pg_has_statement, "caf\xe9", 25));
    pg_watch_stop(&w);
    pg_run_sql("shop", "select pg_stat_statements_reset()");
    PQfinish(odd);
    PQfinish(app);
    pg_run_sql(NULL, "drop database bytes");
}

static void figures_of_the_server_come_in_one_batch(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_watch_start(&w, "postgres", "shop");
    assert_true(pg_until(&w, pg_has_metric, "postgresql.max_connections", 15));
    assert_true(pg_metric(&w, "postgresql.max_connections", NULL) == 50);
    assert_true(pg_metric(&w, "postgresql.connections", NULL) >= 1);
    assert_true(pg_metric(&w, "postgresql.blks_hit", "database=shop") > 0);
    assert_true(pg_metric(&w, "postgresql.xact_commit", NULL) >=
                pg_metric(&w, "postgresql.xact_commit", "database=shop"));
    assert_true(pg_metric(&w, "postgresql.locks_waiting", NULL) == 0);
    /* None of ours is counted that the server does not count, too. */
    assert_true(pg_metric(&w, "postgresql.own_transactions", NULL) > 0);
    assert_true(pg_metric(&w, "postgresql.own_transactions", NULL) <=
                pg_metric(&w, "postgresql.xact_commit", NULL) +
                    pg_metric(&w, "postgresql.xact_rollback", NULL) + 60);
    assert_true(pg_until(&w, pg_has_metric, "activity.sampled", 5));
    pg_watch_stop(&w);
}

static void the_server_is_told_at_a_glance(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    PGconn *old = pg_client("postgres", "shop", "old");
    pg_client_run(old, "begin; select 1");
    pg_watch_start(&w, "postgres", "shop");
    assert_true(pg_until(&w, pg_has_metric, "postgresql.size", 15));
    char *bytes = pg_sql("shop", "select sum(pg_database_size(oid))::int8 from pg_database");
    assert_true(fabs(pg_metric(&w, "postgresql.size", NULL) / atof(bytes) - 1) < 0.1);
    free(bytes);
    double up = pg_metric(&w, "postgresql.uptime", NULL),
           oldest = pg_metric(&w, "postgresql.oldest_xact", NULL);
    assert_true(up > 0 && up < 3600e9);
    assert_true(oldest > 0 && oldest <= up);
    assert_true(pg_metric(&w, "postgresql.wraparound", NULL) > 0 &&
                pg_metric(&w, "postgresql.wraparound", NULL) < 0.01);
    assert_false(pg_has_metric(&w, "postgresql.replication_lag")); /* there is no standby: nothing, not 0 */
    PQfinish(old);
    pg_watch_stop(&w);
}

static void tools_are_no_workload(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_run_sql("shop", "select pg_stat_reset_single_table_counters(0::oid)");
    PGconn *app = pg_client("postgres", "shop", "app");
    pg_client_run(app,
                  "select 'for a route', count(*) from pg_class /*method='GET',route='%2Fcarts%2F%3Aid'*/");
    pg_watch_start(&w, "postgres", "shop");
    assert_true(pg_until(&w, pg_has_statement, "count(*) from pg_class", 15));
    assert_string_equal(pg_statement(&w, "count(*) from pg_class")->route, "GET /carts/:id");
    assert_false(pg_has_statement(&w, "pg_stat_reset"));
    PQfinish(app);
    pg_watch_stop(&w);
}

static void a_reset_of_the_statement_counters_is_an_event(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_run_sql("shop", "select count(*) as before_the_reset from pg_class");
    pg_watch_start(&w, "postgres", "shop");
    assert_true(pg_until(&w, pg_has_statement, "before_the_reset", 15));
    /* Since 17 each statement has a time of its own; one that is new at the head of the list is no reset. */
    pg_run_sql("shop", "select pg_sleep(1), 'the longest' as the_new_head");
    assert_true(pg_until(&w, pg_has_statement, "the_new_head", 15));
    assert_false(has_event_text(&w, "were reset"));
    pg_run_sql("shop", "select pg_stat_statements_reset()");
    assert_true(
        pg_until(&w, has_event_text, "The counters of statements (pg_stat_statements) were reset.", 15));
    pg_watch_stop(&w);
}

static bool has_work_mem(struct pg_watch *w, void *ctx)
{
    (void)ctx;
    return pg_metric(w, "postgresql.setting", "name=work_mem,value=5120 kB") == 1;
}

static void settings_that_are_no_default_are_told(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_run_sql("shop", "ALTER DATABASE shop SET work_mem = '5MB'");
    pg_watch_start(&w, "postgres", "shop");
    assert_true(pg_until(&w, has_work_mem, NULL, 15));
    /* Texts may hold secrets. */
    for (size_t i = 0; i < w.n; i++) {
        const struct sd_metric *m;
        for (size_t k = 0; (m = batch_each(w.batches[i], SD_METRIC, &k));)
            assert_true(!m->labels || !strstr(m->labels, "name=shared_preload_libraries"));
    }
    pg_watch_stop(&w);
    pg_run_sql("shop", "ALTER DATABASE shop RESET work_mem");
}

static void sessions_have_waits_blockers_and_routes(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_run_sql("shop", "update orders set total = 0 where id = 2"); /* before 14 found by its counters */
    PGconn *holder = pg_client("postgres", "shop", "holder"),
           *waiter = pg_client("postgres", "shop", "waiter");
    pg_client_run(holder, "begin");
    pg_client_run(holder, "update orders set total = total where id = 1");
    assert_true(PQsendQuery(
        waiter, "update orders set total = 0 where id = 1 /*method='POST',route='%2Forders%2F%3Aid',"
                "traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'*/"));
    pg_watch_start(&w, "postgres", "shop");
    struct pg_who who = {"waiter", "Lock"};
    assert_true(pg_until(&w, pg_has_linked_session, &who, 15));
    const struct sd_activity *a = pg_session(&w, "waiter", "Lock");
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
    who = (struct pg_who){"holder", NULL};
    assert_true(pg_until(&w, pg_has_session, &who, 5));
    assert_string_equal(pg_session(&w, "holder", NULL)->state, "idle in transaction");
    assert_null(pg_session(&w, "slowdive", NULL)); /* not ourselves */
    assert_true(pg_until(&w, pg_has_metric, "postgresql.locks_waiting", 5));
    pg_client_run(holder, "rollback");
    PQfinish(holder);
    PQfinish(waiter);
    pg_watch_stop(&w);
}

/* A name is one value of a label, whatever is in it. */
static bool has_figures_of(struct pg_watch *w, void *database)
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
    struct pg_watch w;
    static const char evil[] = "x,y=\\z\033]52;c;aGk=\007\033[2J' \"%s";
    PGconn *admin = pg_client("postgres", "postgres", "admin");
    char *role = PQescapeIdentifier(admin, evil, strlen(evil));
    struct strbuf b = {0};
    strbuf_printf(&b, "create role %s login superuser", role);
    pg_client_run(admin, b.text);
    strbuf_clear(&b);
    strbuf_printf(&b, "create database %s", role);
    pg_client_run(admin, b.text);
    PGconn *c = pg_client(evil, evil, "plain");
    pg_client_run(c, "begin");
    char *application = PQescapeLiteral(c, evil, strlen(evil));
    strbuf_clear(&b);
    strbuf_printf(&b, "set application_name = %s", application);
    pg_client_run(c, b.text);
    pg_watch_start(&w, "postgres", "shop");
    const struct sd_activity *found = NULL;
    for (int64_t end = clock_mono() + 15 * SD_S; !found && clock_mono() < end;) {
        pg_until(&w, pg_has_statement, "\x01", 0);
        const struct sd_activity *a;
        for (size_t k = 0; k < w.n; k++)
            for (size_t i = 0; (a = batch_each(w.batches[k], SD_ACTIVITY, &i));)
                if (a->pid == PQbackendPID(c))
                    found = a;
    }
    assert_non_null(found);
    assert_string_equal(found->role, evil);
    assert_string_equal(found->database, evil);
    assert_true(pg_until(&w, has_figures_of, (void *)(uintptr_t)evil, 15));
    /* The server itself takes control bytes out of application names. */
    assert_true(str_starts(found->application, "x"));
    pg_watch_stop(&w);
    PQfreemem(application);
    PQfinish(c);
    strbuf_clear(&b);
    strbuf_printf(&b, "drop database %s", role);
    pg_client_run(admin, b.text);
    PQfreemem(role);
    strbuf_free(&b);
    PQfinish(admin);
}

static void an_absent_extension_is_explained(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_watch_start(&w, "postgres", "bare");
    pg_expect_status(&w, "CREATE EXTENSION pg_stat_statements", 15);
    assert_null(strstr(w.status, "shared_preload_libraries")); /* it is loaded already */
    struct pg_who who = {"busy", NULL};
    PGconn *c = pg_client("postgres", "bare", "busy");
    pg_client_run(c, "begin");
    assert_true(pg_until(&w, pg_has_session, &who, 15)); /* the rest goes on */
    PQfinish(c);
    pg_watch_stop(&w);
    /* A role that may not see the setting is told both lines. */
    pg_watch_start(&w, "nobody_special", "bare");
    pg_expect_status(&w, "shared_preload_libraries", 15);
    pg_expect_status(&w, "CREATE EXTENSION", 15);
    pg_watch_stop(&w);
}

static void the_extension_may_live_in_any_schema(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_run_sql("elsewhere", "select 'elsewhere', count(*) from pg_class where relname = 'a'");
    pg_watch_start(&w, "postgres", "elsewhere");
    assert_true(pg_until(&w, pg_has_statement, "relname = $", 15));
    pg_watch_stop(&w);
}

static void a_plain_role_sees_less_and_is_told(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    PGconn *c = pg_client("postgres", "shop", "secretive");
    pg_client_run(c, "begin");
    pg_watch_start(&w, "nobody_special", "shop");
    pg_expect_status(&w, "GRANT pg_monitor TO nobody_special", 15);
    assert_true(pg_until(&w, pg_has_metric, "postgresql.max_connections", 15));
    pg_watch_stop(&w);

    pg_watch_start(&w, "monitor", "shop");
    struct pg_who who = {"secretive", NULL};
    assert_true(pg_until(&w, pg_has_session, &who, 15));
    assert_non_null(strstr(pg_session(&w, "secretive", NULL)->query, "begin"));
    assert_true(pg_until(&w, pg_has_statement, "note = $1", 15));
    assert_null(strstr(w.status, "GRANT"));
    pg_watch_stop(&w);
    PQfinish(c);
}

static void wrong_targets_fail_with_a_sentence(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
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
        pg_watch_start_as(&w, full, NULL, NULL);
        pg_expect_status(&w, cases[i].sentence, 15);
        assert_int_equal(w.state, cases[i].state);
        assert_null(strchr(w.status, '\n'));
        pg_watch_stop(&w);
        free(full);
        free(target);
    }
}

static void a_stopped_server_is_noticed_and_found_again(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_watch_start(&w, "postgres", "shop");
    assert_true(pg_until(&w, pg_has_metric, "activity.sampled", 15));
    private_pg_halt(&pg);
    int64_t at = clock_mono();
    for (; w.state != SD_STATE_BACKOFF && clock_mono() < at + 10 * SD_S;)
        pg_until(&w, pg_has_statement, "\x01", 0);
    assert_int_equal(w.state, SD_STATE_BACKOFF);
    assert_true(clock_mono() - at < 3 * SD_S);
    assert_true(strstr(w.status, "administrator") || strstr(w.status, "shutting down") ||
                strstr(w.status, "refused") || strstr(w.status, "closed"));
    for (size_t i = 0; i < w.n; i++)
        batch_unref(w.batches[i]);
    w.n = 0;
    assert_true(private_pg_resume(&pg));
    at = clock_mono();
    assert_true(pg_until(&w, pg_has_metric, "activity.sampled", 10));
    assert_true(clock_mono() - at < 5 * SD_S);
    assert_int_equal(w.state, SD_STATE_LIVE);
    pg_watch_stop(&w);
}

static void sessions_without_query_id_are_explained(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    if (pg_version < 14) { /* it computes none at all: there is nothing to switch on */
        pg_watch_start(&w, "postgres", "shop");
        pg_expect_status(&w, "database shop", 15);
        assert_null(strstr(w.status, "compute_query_id"));
        pg_watch_stop(&w);
        return;
    }
    pg_run_sql("postgres", "alter system set compute_query_id = off");
    pg_run_sql("postgres", "select pg_reload_conf()");
    for (int64_t end = clock_mono() + 10 * SD_S;;) {
        char *now = pg_sql("postgres", "show compute_query_id");
        bool off = strcmp(now, "off") == 0;
        free(now);
        if (off)
            break;
        assert_true(clock_mono() < end);
    }
    pg_watch_start(&w, "postgres", "shop");
    pg_expect_status(&w, "compute_query_id = on", 15);
    pg_watch_stop(&w);
    pg_run_sql("postgres", "alter system reset compute_query_id");
    pg_run_sql("postgres", "select pg_reload_conf()");
}

static void sessions_of_ours_are_safe(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_watch_start(&w, "postgres", "shop");
    assert_true(pg_until(&w, pg_has_metric, "postgresql.max_connections", 15));
    char *n = pg_sql("shop", "select count(*) from pg_stat_activity where application_name = 'slowdive'");
    assert_string_equal(n, "1");
    free(n);
    pg_watch_stop(&w);
}

/* 200 times: open, perhaps interrupted anywhere, close. */
static void opening_and_closing_leaks_nothing(void **state)
{
    NEED_SERVER();
    for (int i = 0; i < 60; i++) {
        struct pg_watch w;
        pg_watch_start(&w, "postgres", "shop");
        if (i % 3 == 1)
            pg_until(&w, pg_has_metric, "activity.sampled", 10);
        if (i % 3 == 2)
            rt_stop_source(w.rt, "pg");
        pg_watch_stop(&w);
    }
    for (int64_t end = clock_mono() + 10 * SD_S;;) {
        char *n = pg_sql("shop", "select count(*) from pg_stat_activity where application_name = 'slowdive'");
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
        struct pg_watch w;
        pg_watch_start_as(&w, target, NULL, NULL);
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
        pg_until(&w, pg_has_statement, "\x01", 0);
        int64_t begin = clock_mono();
        pg_watch_stop(&w);
        assert_true(clock_mono() - begin < 2 * SD_S);
        close(c);
        close(fd);
    }
}

static bool is_live(struct pg_watch *w, void *ctx)
{
    (void)ctx;
    return w->state == SD_STATE_LIVE;
}

static void a_hanging_server_is_told_and_forgiven(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_watch_start(&w, "postgres", "shop");
    assert_true(pg_until(&w, pg_has_metric, "postgresql.max_connections", 15));
    char *pid = pg_sql("shop", "select pid from pg_stat_activity where application_name = 'slowdive'");
    pid_t backend = (pid_t)strtol(pid, NULL, 10);
    free(pid);
    if (kill(backend, SIGSTOP) != 0) {
        pg_watch_stop(&w);
        skip();
    }
    pg_expect_status(&w, "has not answered", 5);
    assert_int_equal(w.state, SD_STATE_STALE);
    kill(backend, SIGCONT);
    assert_true(pg_until(&w, is_live, NULL, 10));
    pg_expect_status(&w, "database shop", 10);
    kill(backend, SIGSTOP);
    int64_t begin = clock_mono();
    pg_watch_stop(&w); /* leaving does not wait for it */
    kill(backend, SIGCONT);
    assert_true(clock_mono() - begin < 2 * SD_S);
}

#define TEST(f) cmocka_unit_test_teardown(f, pg_close_all)

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
        TEST(sessions_without_query_id_are_explained),
        TEST(new_statements_are_told_from_old_ones),
        TEST(a_text_in_another_encoding_stops_no_counters),
        TEST(sessions_of_ours_are_safe),
        TEST(a_hanging_server_is_told_and_forgiven),
        TEST(opening_and_closing_leaks_nothing),
        TEST(a_stopped_server_is_noticed_and_found_again),
        TEST(a_reset_of_the_statement_counters_is_an_event),
    };
    return cmocka_run_group_tests(tests, pg_watch_server, pg_watch_no_server);
}
