/* The log of a real server with auto_explain, followed as it grows. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <unistd.h>
#include <libpq-fe.h>

#include "conf/option.h"
#include "format/plans/explain_input.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "tests/lib/private_pg.h"
#include "tests/lib/rt_watch.h"

#define SOON (60 * SD_S)

static struct private_pg pg;
static bool have_pg;
static char server_log[400];

/* What came, by the marker in its text: "marker_text" and so on. */
static struct {
    size_t n;
    bool analyzed[8], seen[8];
} got;
static const char *const FORMATS[] = {"text", "json", "yaml", "xml"};

static void look(void *ctx, const struct sd_batch *b)
{
    const struct sd_plan *p;
    (void)ctx;
    for (size_t i = 0; (p = batch_each(b, SD_PLAN, &i));) {
        for (size_t f = 0; f < ARRAY_LEN(FORMATS); f++) {
            char marker[40];
            snprintf(marker, sizeof marker, "marker_%s", FORMATS[f]);
            if (!strstr(p->query, marker))
                continue;
            struct explain e;
            struct sd_error err;
            if (!explain_read(p->body, strlen(p->body), &e, &err))
                fail_msg("%s: %s", p->body, err.text);
            assert_int_equal(e.n_plans, 1);
            assert_string_equal(e.plans[0]->nodes[0]->type, "Aggregate");
            assert_true(e.plans[0]->execution_ns > 0 && e.plans[0]->nodes[0]->rows == 1);
            assert_true(e.plans[0]->n_nodes == 2 && e.plans[0]->nodes[1]->rows_removed == 500);
            explain_free(&e);
            got.seen[f] = true;
            got.analyzed[f] = p->analyzed == 1;
            got.n++;
        }
    }
}

static bool all_seen(const struct rt_watch *w)
{
    (void)w;
    return got.n >= ARRAY_LEN(FORMATS);
}

static void followed(void **state)
{
    PRIVATE_PG_NEEDED(pg, have_pg);
    struct rt_watch w = {.rt = rt_new(&RT_DEFAULTS), .on_batch = look};
    struct registry_resolved r;
    struct sd_error err = {""};
    if (!registry_resolve(server_log, &r, &err)) /* recognised by what is in it */
        fail_msg("%s", err.text);
    assert_string_equal(r.ops->name, "pglog");
    assert_non_null(
        rt_start(w.rt, r.ops, "log", r.target, options_new(r.ops->options, r.ops->opts_size), true, &err));
    registry_resolved_free(&r);
    for (size_t f = 0; f < ARRAY_LEN(FORMATS); f++) {
        char sql[600];
        snprintf(sql, sizeof sql,
                 "SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on;"
                 "SET auto_explain.log_format = %s;"
                 "SELECT count(*) AS marker_%s FROM generate_series(1, 1000) g WHERE g %% 2 = 0;",
                 FORMATS[f], FORMATS[f]);
        free(private_pg_sql(&pg, NULL, sql));
    }
    if (!rt_watch_until(&w, all_seen, SOON))
        fail_msg("only %zu plans came", got.n);
    for (size_t f = 0; f < ARRAY_LEN(FORMATS); f++)
        assert_true(got.seen[f] && got.analyzed[f]);
    assert_int_equal(w.status.state, SD_STATE_LIVE);
    assert_int_equal(rt_free(w.rt, SOON), 0);
}

/* ---- statements and events ---- */

/* What came of the server's log in one of its forms: kinds, by words in their texts. */
static struct {
    bool slow, temporary, waited, got_it, cancelled, deleted, checkpoint, vacuum, refused;
    int64_t calls;
} said;

static bool has(const char *text, const char *word)
{
    return text && strstr(text, word);
}

static void listen(void *ctx, const struct sd_batch *b)
{
    const struct sd_statement *s;
    const struct sd_event *e;
    (void)ctx;
    for (size_t i = 0; (s = batch_each(b, SD_STATEMENT, &i));) {
        if (has(s->text, "pg_sleep")) {
            said.slow |= s->calls == 1 && s->total_ns >= 300 * SD_MS && s->max_ns == s->total_ns &&
                         s->logged == 1 && str_eq(s->database, "postgres") && str_eq(s->role, "postgres");
        } else if (has(s->text, "sorted")) {
            said.temporary |= s->temp_written > 0;
        } else if (has(s->text, "delete from held")) {
            said.deleted |= s->calls == 1;
        } else if (has(s->text, "three_times")) {
            said.calls = MAX(said.calls, s->calls);
        }
    }
    for (size_t i = 0; (e = batch_each(b, SD_EVENT, &i));) {
        said.waited |= str_eq(e->title, "lock wait") && has(e->text, "delete from held where id = $1");
        said.got_it |= str_eq(e->title, "lock wait ended");
        said.cancelled |= str_eq(e->title, "statement cancelled") && has(e->text, "generate_series");
        said.checkpoint |= str_eq(e->title, "checkpoint");
        said.vacuum |= str_eq(e->title, "autovacuum") && has(e->text, "held");
        said.refused |= has(e->text, "nobody_here");
    }
}

static bool all_said(const struct rt_watch *w)
{
    return w->intake.total > 10 && said.slow && said.temporary && said.waited && said.got_it &&
           said.cancelled && said.deleted && said.checkpoint && said.vacuum && said.refused &&
           said.calls == 3;
}

static PGconn *client(void)
{
    PGconn *c = PQconnectdb(pg.url);
    if (PQstatus(c) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(c));
    return c;
}

/* A session holds a row until another one has waited for it for longer than deadlock_timeout. */
static void wait_for_a_lock(void)
{
    PGconn *holder = client(), *waiter = client();
    PQclear(PQexec(holder, "begin; update held set n = 1 where id = 7"));
    assert_true(PQsendQuery(waiter, "delete from held where id = 7"));
    for (bool waited = false; !waited;) {
        char *n = private_pg_sql(&pg, NULL,
                                 "select count(*) from pg_stat_activity where wait_event_type = 'Lock' "
                                 "and clock_timestamp() - query_start > '500 ms'");
        assert_non_null(n);
        waited = strtol(n, NULL, 10) > 0;
        free(n);
    }
    PQclear(PQexec(holder, "commit"));
    for (PGresult *r; (r = PQgetResult(waiter));)
        PQclear(r);
    PQfinish(holder);
    PQfinish(waiter);
}

static void make_noise(void)
{
    free(private_pg_sql(&pg, NULL,
                        "set work_mem = '64kB'; select count(*) from (select g as sorted from "
                        "generate_series(1, 100000) g order by md5(g::text)) s"));
    for (int i = 0; i < 3; i++)
        free(private_pg_sql(&pg, NULL, "select count(*) as three_times from pg_class where relpages > 3"));
    char *ignored = private_pg_sql(&pg, NULL,
                                   "set statement_timeout = '50ms'; select count(*) from "
                                   "generate_series(1, 1000000000)");
    assert_null(ignored);
    wait_for_a_lock();
    char *refused = mem_printf(
        "psql -Xq -h 127.0.0.1 -p %s -U nobody_here postgres -c 'select 1' >/dev/null 2>&1", pg.port);
    assert_int_not_equal(system(refused), 0);
    free(refused);
    free(private_pg_sql(&pg, NULL, "select pg_sleep(0.3)"));
    free(private_pg_sql(&pg, NULL, "checkpoint"));
}

static void heard(const char *path)
{
    struct rt_watch w = {.rt = rt_new(&RT_DEFAULTS), .on_batch = listen};
    struct registry_resolved r;
    struct sd_error err = {""};
    memset(&said, 0, sizeof said);
    if (!registry_resolve(path, &r, &err)) /* recognised by what is in it */
        fail_msg("%s", err.text);
    assert_string_equal(r.ops->name, "pglog");
    assert_non_null(
        rt_start(w.rt, r.ops, "log", r.target, options_new(r.ops->options, r.ops->opts_size), true, &err));
    registry_resolved_free(&r);
    if (!rt_watch_until(&w, all_said, SOON))
        fail_msg("%s: slow %d temporary %d waited %d got %d cancelled %d deleted %d checkpoint %d vacuum %d "
                 "refused %d "
                 "calls %d",
                 path, said.slow, said.temporary, said.waited, said.got_it, said.cancelled, said.deleted,
                 said.checkpoint, said.vacuum, said.refused, (int)said.calls);
    assert_true(w.intake.total > 10);
    assert_int_equal(w.intake.unparsed, 0);
    assert_int_equal(rt_free(w.rt, SOON), 0);
}

static void statements_and_events(void **state)
{
    PRIVATE_PG_NEEDED(pg, have_pg);
    static const char *const settings[] = {"log_min_duration_statement = 0",
                                           "log_lock_waits = on",
                                           "deadlock_timeout = '100ms'",
                                           "log_temp_files = 0",
                                           "log_checkpoints = on",
                                           "log_autovacuum_min_duration = 0",
                                           "log_connections = on",
                                           "log_disconnections = on",
                                           "autovacuum_naptime = '1s'",
                                           "logging_collector = on",
                                           "log_directory = 'forms'",
                                           "log_filename = 'postgresql.log'",
                                           "log_destination = 'stderr,csvlog,jsonlog'",
                                           "log_line_prefix = '%m [%p] %q%u@%d '"};
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        char *sql = mem_printf("alter system set %s", settings[i]), *out = private_pg_sql(&pg, NULL, sql);
        bool json = strstr(sql, "jsonlog") != NULL;
        if (!out && json) { /* before 15 */
            free(sql);
            sql = mem_strdup("alter system set log_destination = 'stderr,csvlog'");
            out = private_pg_sql(&pg, NULL, sql);
        }
        assert_non_null(out);
        free(out);
        free(sql);
    }
    private_pg_halt(&pg);
    assert_true(private_pg_resume(&pg));
    free(private_pg_sql(&pg, NULL,
                        "create table held (id int primary key, n int); insert into held select g, 0 from "
                        "generate_series(1, 5000) g; delete from held where id > 100"));
    make_noise();
    char *folder = private_pg_sql(&pg, NULL, "SHOW data_directory");
    folder[strcspn(folder, "\n")] = '\0';
    static const char *const forms[] = {"log", "csv", "json"};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        char *path = mem_printf("%s/forms/postgresql.%s", folder, forms[i]);
        if (access(path, R_OK) == 0 || i < 2)
            heard(path);
        free(path);
    }
    free(folder);
}

#define TEST(f) cmocka_unit_test_teardown(f, private_pg_end_sessions)

int main(void)
{
    registry_begin(SOURCES_BUILT_IN);
    const struct CMUnitTest tests[] = {TEST(followed), TEST(statements_and_events)};
    have_pg = private_pg_start(&pg);
    if (have_pg) {
        char *folder = private_pg_sql(&pg, NULL, "SHOW data_directory");
        snprintf(server_log, sizeof server_log, "%.*s/server.log", (int)strcspn(folder, "\n"), folder);
        free(folder);
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    private_pg_stop(&pg);
    return failed;
}
