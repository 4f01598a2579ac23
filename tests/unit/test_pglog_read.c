/* A server's log in its forms and behind its prefixes -> statements and events. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "format/queries/log_time.h"
#include "format/queries/pglog_facts.h"

/* ---- what comes out ---- */

static struct strbuf got; /* a line for each statement and event */
static sd_time last_at;

static void keep_statements(void *ctx, sd_time at, const struct sd_statement *r, size_t n)
{
    (void)ctx;
    last_at = at;
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&got, "%s/%s %lld calls %lld us plan %lld us temp %lld: %s\n",
                      r[i].database ? r[i].database : "-", r[i].role ? r[i].role : "-", (long long)r[i].calls,
                      (long long)(r[i].total_ns / SD_US),
                      sd_known(r[i].plan_ns) ? (long long)(r[i].plan_ns / SD_US) : -1,
                      sd_known(r[i].temp_written) ? (long long)r[i].temp_written : -1, r[i].text);
}

static void keep_event(void *ctx, sd_time at, const struct sd_event *e)
{
    (void)ctx;
    last_at = at;
    strbuf_printf(&got, "%s %s: %s\n", e->severity, e->title, e->text);
}

struct taken {
    struct pglog_counts counts;
    int64_t nameless;
};

/* In pieces of `step` bytes, as a file that grows. */
static struct taken read_log(const char *text, size_t step)
{
    struct taken t = {0};
    struct statement_log *s =
        statement_log_new(&(struct statement_log_options){.max = 100, .emit = keep_statements});
    struct pglog_facts *f =
        pglog_facts_new(&(struct pglog_facts_options){.statements = s, .event = keep_event});
    struct strbuf pending = {0};
    size_t len = strlen(text);
    strbuf_clear(&got);
    pglog_facts_now(f, 77 * SD_S);
    for (size_t at = 0; at < len; at += step) {
        strbuf_add(&pending, text + at, MIN(step, len - at));
        size_t n = pglog_read(pending.text, pending.len, false, pglog_facts_take, f, &t.counts);
        memmove(pending.text, pending.text + n, pending.len - n + 1);
        pending.len -= n;
    }
    if (pending.len)
        pglog_read(pending.text, pending.len, true, pglog_facts_take, f, &t.counts);
    pglog_facts_flush(f);
    t.nameless = pglog_facts_nameless(f);
    pglog_facts_free(f);
    statement_log_free(s);
    strbuf_free(&pending);
    return t;
}

static struct taken expect(const char *text, const char *wanted)
{
    struct taken t = {0};
    size_t steps[] = {1, 7, 4096};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        t = read_log(text, steps[i]);
        if (strcmp(strbuf_text(&got), wanted) != 0)
            fail_msg("in steps of %zu:\n%s\nis\n%s\nnot\n%s", steps[i], text, strbuf_text(&got), wanted);
    }
    return t;
}

/* ---- statements ---- */

static void prefixes_are_understood(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "2026-11-20 15:51:40.985 UTC [4711] app@shop LOG:  ",                              /* Debian */
        "2026-11-20 15:51:40 UTC [4711]: user=app,db=shop,app=web,client=10.0.0.7 LOG:  ", /* pgbadger */
        "2026-11-20 15:51:40 UTC:10.0.0.7(50312):app@shop:[4711]:LOG:  ",                  /* RDS */
        "2026-11-20 15:51:40.985 UTC [4711]: [3-1] db=shop,user=app LOG:  ",               /* Cloud SQL */
        "2026-11-20T15:51:41.1Z stderr F 2026-11-20 15:51:40.985 UTC [4711] app@shop LOG:  ",
        "Nov 20 15:51:40 db1 postgres[4711]: [17-1] 2026-11-20 15:51:40.985 UTC [4711] app@shop LOG:  ",
        "db-1  | 2026-11-20 15:51:40.985 GMT [4711] app@shop LOG:  ",
        "2026-11-20 16:51:40.985 CET [4711] app@shop [web] LOG:  ",
        "2026-11-20 10:51:40.985 -05 pid=4711 user=app database=shop LOG:  ",
    };
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        char *text = mem_printf("%sduration: 12.345 ms  statement: SELECT * FROM t WHERE a = 42\n", heads[i]);
        expect(text, "shop/app 1 calls 12345 us plan -1 us temp -1: SELECT * FROM t WHERE a = $1\n");
        int64_t second = last_at / SD_S;
        if (second != 1795189900)
            fail_msg("%s: %lld", heads[i], (long long)second);
        free(text);
    }
}

static void steps_of_the_protocol(void **state)
{
    (void)state;
    static const char log[] =
        "2026-11-20 15:51:40.985 UTC [7] app@shop LOG:  duration: 1.000 ms  parse <unnamed>: SELECT a\n"
        "\tFROM t WHERE b = $1\n"
        "2026-11-20 15:51:40.985 UTC [7] app@shop LOG:  duration: 2.500 ms  bind <unnamed>: SELECT a\n"
        "\tFROM t WHERE b = $1\n"
        "2026-11-20 15:51:40.985 UTC [7] app@shop DETAIL:  parameters: $1 = 'secret: ''x'''\n"
        "2026-11-20 15:51:40.985 UTC [7] app@shop LOG:  duration: 30.000 ms  execute <unnamed>: SELECT a\n"
        "\tFROM t WHERE b = $1\n"
        "2026-11-20 15:51:40.985 UTC [7] app@shop DETAIL:  parameters: $1 = 'secret'\n"
        "2026-11-20 15:51:41.985 UTC [7] app@shop LOG:  duration: 5.000 ms  execute fetch from S_1/C_2: "
        "SELECT a\n"
        "\tFROM t WHERE b = $1\n"
        "2026-11-20 15:51:41.999 UTC [7] app@shop LOG:  duration: 4.000 ms  statement: EXECUTE q(1, 'x')\n"
        "2026-11-20 15:51:41.999 UTC [7] app@shop DETAIL:  prepare: PREPARE q AS SELECT c FROM u WHERE d = "
        "$1\n"
        /* a plan of auto_explain is no execution */
        "2026-11-20 15:51:41.999 UTC [7] app@shop LOG:  duration: 9.000 ms  plan:\n"
        "\tQuery Text: SELECT 1\n\tResult  (cost=0.00..0.01 rows=1 width=4)\n";
    expect(log, "shop/app 2 calls 35000 us plan 3500 us temp -1: SELECT a\nFROM t WHERE b = $1\n"
                "shop/app 1 calls 4000 us plan -1 us temp -1: SELECT c FROM u WHERE d = $1\n");
}

/* With log_statement a duration has no text of its own: the process wrote it before. */
static void durations_alone(void **state)
{
    (void)state;
    static const char log[] =
        "2026-11-20 15:51:40.000 UTC [7] app@shop LOG:  statement: INSERT INTO t VALUES (1)\n"
        "2026-11-20 15:51:40.010 UTC [8] app@shop LOG:  execute S_1: SELECT 2\n"
        "2026-11-20 15:51:40.020 UTC [7] app@shop LOG:  duration: 20.000 ms\n"
        "2026-11-20 15:51:40.030 UTC [8] app@shop LOG:  duration: 20.500 ms\n"
        "2026-11-20 15:51:40.030 UTC [9] app@shop LOG:  duration: 99.000 ms\n";
    struct taken t = expect(log, "shop/app 1 calls 20000 us plan -1 us temp -1: INSERT INTO t VALUES ($1)\n"
                                 "shop/app 1 calls 20500 us plan -1 us temp -1: SELECT $1\n");
    assert_int_equal(t.nameless, 1);
}

static void csv_and_json(void **state)
{
    (void)state;
    static const char wanted[] =
        "warn lock wait: process 28 waits for ShareLock on transaction 747 after 200 ms, held "
        "by 27: update t set n=$1 where id=$2\n"
        "shop/app 1 calls 12345 us plan -1 us temp -1: SELECT \"a\"\nFROM t, u\n";
    expect("2026-11-20 15:51:40.985 UTC,\"app\",\"shop\",4711,\"10.0.0.7:5\",6a.1,3,\"SELECT\",2026-11-20 "
           "15:00:00 "
           "UTC,3/4,0,LOG,00000,\"duration: 12.345 ms  statement: SELECT \"\"a\"\"\nFROM t, "
           "u\",,,,,,,,,\"psql\","
           "\"client backend\",,7331\n"
           "2026-11-20 15:51:40.985 UTC,\"app\",\"shop\",28,\"[local]\",6a.2,3,\"UPDATE waiting\",2026-11-20 "
           "15:00:00 "
           "UTC,4/12,748,LOG,00000,\"process 28 still waiting for ShareLock on transaction 747 after 200.498 "
           "ms\","
           "\"Process holding the lock: 27. Wait queue: 28.\",,,,\"while updating tuple (0,1) in relation "
           "\"\"t\"\"\","
           "\"update t set n='z' where id=1\",,,\"psql\",\"client backend\",,7332\n",
           wanted);
    expect("{\"timestamp\":\"2026-11-20 15:51:40.985 UTC\",\"user\":\"app\",\"dbname\":\"shop\",\"pid\":4711,"
           "\"error_severity\":\"LOG\",\"message\":\"duration: 12.345 ms  statement: SELECT \\\"a\\\"\\nFROM "
           "t, u\","
           "\"query_id\":-7331}\n"
           "{\"timestamp\":\"2026-11-20 15:51:40.985 UTC\",\"user\":\"app\",\"dbname\":\"shop\",\"pid\":28,"
           "\"error_severity\":\"LOG\",\"message\":\"process 28 still waiting for ShareLock on transaction "
           "747 after "
           "200.498 ms\",\"detail\":\"Process holding the lock: 27. Wait queue: 28.\",\"statement\":\"update "
           "t set "
           "n='z' where id=1\"}\n",
           wanted);
    /* stderr inside the JSON of a container and of a cloud */
    expect(
        "{\"log\":\"2026-11-20 15:51:40.985 UTC [4711] app@shop LOG:  duration: 12.345 ms  statement: SELECT "
        "\\\"a\\\"\\n\",\"stream\":\"stderr\"}\n"
        "{\"log\":\"\\tFROM t, u\\n\",\"stream\":\"stderr\"}\n"
        "{\"insertId\":\"x\",\"textPayload\":\"2026-11-20 15:51:40.985 UTC [28] app@shop LOG:  process 28 "
        "still "
        "waiting for ShareLock on transaction 747 after 200.498 ms\"}\n"
        "{\"textPayload\":\"2026-11-20 15:51:40.985 UTC [28] app@shop DETAIL:  Process holding the lock: 27. "
        "Wait "
        "queue: 28.\"}\n"
        "{\"textPayload\":\"2026-11-20 15:51:40.985 UTC [28] app@shop STATEMENT:  update t set n='z' where "
        "id=1\"}\n",
        wanted);
}

/* syslog cuts long lines, and writes a tab as #011. */
static void syslog_lines(void **state)
{
    (void)state;
    expect("Nov 20 15:51:40 db1 postgres[47]: [17-1] 2026-11-20 15:51:40.985 UTC [47] app@shop LOG:  "
           "duration: 5.000 ms  "
           "statement: SELECT a,\n"
           "Nov 20 15:51:40 db1 postgres[47]: [17-2]  b\n"
           "Nov 20 15:51:40 db1 postgres[47]: [17-3] #011FROM t\n",
           "shop/app 1 calls 5000 us plan -1 us temp -1: SELECT a, b\nFROM t\n");
}

/* ---- events ---- */

static void events_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *lines, *event;
    } cases[] = {
        {"LOG:  process 28 acquired ShareLock on transaction 747 after 5004.100 ms\n"
         "STATEMENT:  update t set n='z' where id=1\n",
         "info lock wait ended: process 28 got ShareLock on transaction 747 after 5.00 s: update t set n=$1 "
         "where "
         "id=$2\n"},
        {"ERROR:  deadlock detected\nDETAIL:  Process 1 waits for ShareLock on transaction 5; blocked by "
         "process 2.\n"
         "STATEMENT:  delete from t where id = 12\n",
         "bad deadlock: deadlock detected: delete from t where id = $1\n"},
        {"LOG:  checkpoint starting: time\nLOG:  checkpoint complete: wrote 48 buffers (0.3%); 0 WAL file(s) "
         "added, 0 "
         "removed, 0 recycled; write=4.534 s, sync=0.006 s, total=4.548 s; sync files=33, longest=0.003 s\n",
         "info checkpoint: 48 buffers in 4.55 s, of these 6.00 ms to sync files, begun by: time\n"},
        {"LOG:  checkpoints are occurring too frequently (9 seconds apart)\nHINT:  Consider increasing ...\n",
         "warn checkpoints too frequent: checkpoints are occurring too frequently (9 seconds apart): raise "
         "max_wal_size\n"},
        {"LOG:  automatic vacuum of table \"shop.public.orders\": index scans: 1\n\tpages: 0 removed, 500 "
         "remain\n"
         "\ttuples: 10 removed, 90000 remain, 52000 are dead but not yet removable\n"
         "\tsystem usage: CPU: user: 0.50 s, system: 0.10 s, elapsed: 12.34 s\n",
         "warn autovacuum: shop.public.orders in 12.3 s: 10 rows removed, 52.0 k dead rows cannot be removed "
         "yet: an "
         "old transaction, replication slot or standby still needs them\n"},
        {"LOG:  automatic analyze of table \"shop.public.orders\"\n\tsystem usage: CPU: user: 0.50 s, "
         "system: 0.10 s, "
         "elapsed: 1.5 s\n",
         "info autoanalyze: shop.public.orders in 1.50 s\n"},
        {"ERROR:  canceling statement due to statement timeout\nSTATEMENT:  select pg_sleep(3)\n",
         "warn statement cancelled: canceling statement due to statement timeout: select pg_sleep($1)\n"},
        {"FATAL:  sorry, too many clients already\n",
         "bad no connection left: sorry, too many clients already\n"},
        {"FATAL:  password authentication failed for user \"app\"\n",
         "warn connection refused: password authentication failed for user \"app\"\n"},
        {"FATAL:  the database system is starting up\n",
         "bad fatal error: the database system is starting up\n"},
        {"LOG:  server process (PID 71) was terminated by signal 9: Killed\n",
         "bad crash: server process (PID 71) was terminated by signal 9: Killed\n"},
        {"ERROR:  duplicate key value violates unique constraint \"t_pkey\"\n", ""},
        {"LOG:  could not receive data from client: Connection reset by peer\n", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct strbuf log = {0};
        for (const char *s = cases[i].lines; *s;) { /* every line but a continued one has its prefix */
            size_t n = strcspn(s, "\n") + 1;
            strbuf_str(&log, *s == '\t' ? "" : "2026-11-20 15:51:40.985 UTC [28] app@shop ");
            strbuf_add(&log, s, n);
            s += n;
        }
        struct taken t = expect(strbuf_text(&log), cases[i].event);
        assert_int_equal(t.counts.unread, 0);
        strbuf_free(&log);
    }
}

/* The files of one statement are one event, and count for it. */
static void temporary_files(void **state)
{
    (void)state;
    static const char P[] = "2026-11-20 15:51:40.985 UTC [28] app@shop ";
    char *log = mem_printf("%sLOG:  temporary file: path \"base/pgsql_tmp/pgsql_tmp28.0\", size 8192\n"
                           "%sSTATEMENT:  select * from t order by a\n"
                           "%sLOG:  temporary file: path \"base/pgsql_tmp/pgsql_tmp28.1\", size 16000\n"
                           "%sSTATEMENT:  select * from t order by a\n"
                           "%sLOG:  duration: 7.000 ms  statement: select * from t order by a\n",
                           P, P, P, P, P);
    expect(log, "info temporary file: 2 files, together of 24.2 kB: select * from t order by a\n"
                "shop/app 1 calls 7000 us plan -1 us temp 3: select * from t order by a\n");
    free(log);
}

static void short_sessions(void **state)
{
    (void)state;
    struct strbuf log = {0};
    for (int i = 0; i < 240; i++) {
        strbuf_printf(&log,
                      "2026-11-20 15:51:%02d.000 UTC [%d] app@shop LOG:  connection authorized: user=app "
                      "database=shop\n",
                      i / 20, i + 1);
        strbuf_printf(
            &log,
            "2026-11-20 15:51:%02d.000 UTC [%d] app@shop LOG:  disconnection: session time: 0:00:00.040 "
            "user=app database=shop host=[local]\n",
            i / 20, i + 1);
    }
    expect(strbuf_text(&log),
           "warn short sessions: 200 connections in 10 s; sessions last 40.0 ms on average: a "
           "connection pool saves the connecting\n");
    strbuf_free(&log);
}

static void what_is_no_log(void **state)
{
    (void)state;
    struct taken t = expect("hello\nworld\n", "");
    assert_int_equal(t.counts.lines, 2);
    assert_int_equal(t.counts.unread, 2);
    assert_string_equal(t.counts.sample, "hello");
    /* words that only look like levels, and a statement with one inside */
    t = expect(
        "2026-11-20 15:51:40.985 UTC [28] app@shop LOG:  duration: 1.000 ms  statement: SELECT a -- LOG:  \n"
        "\tFROM t -- ERROR:  x\n",
        "shop/app 1 calls 1000 us plan -1 us temp -1: SELECT a \nFROM t\n");
    assert_int_equal(t.counts.unread, 0);
}

/* ---- times ---- */

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* since 1795189900 s; -1: not known */
    } cases[] = {
        {"2026-11-20 15:51:40.985 UTC", 985}, {"2026-11-20T15:51:40.985123Z", 985},
        {"2026-11-20 16:51:40 CET", 0},       {"2026-11-20 10:51:40 EST", 0},
        {"2026-11-20 21:21:40.5+05:30", 500}, {"2026-11-20 12:21:40 -0330", 0},
        {"2026-11-20 15:51:40 LOG:  x", 0},   {"2026/11/20 15:51:40,250 GMT", 250},
        {"2026-11-20 15:51:40 CST", -1},      {"2026-13-20 15:51:40 UTC", -1},
        {"2026-11-20 15:61:40 UTC", -1},      {"26-11-20 15:51:40 UTC", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        sd_time t = log_time(cases[i].text, cases[i].text + strlen(cases[i].text), NULL);
        sd_time wanted = cases[i].ms < 0 ? SD_UNKNOWN : 1795189900 * SD_S + cases[i].ms * SD_MS;
        if (t - t % SD_MS != wanted - (sd_known(wanted) ? wanted % SD_MS : 0) && !(t == wanted))
            fail_msg("%s: %lld", cases[i].text, (long long)t);
    }
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_are_understood),
        cmocka_unit_test(steps_of_the_protocol),
        cmocka_unit_test(durations_alone),
        cmocka_unit_test(csv_and_json),
        cmocka_unit_test(syslog_lines),
        cmocka_unit_test(events_are_told),
        cmocka_unit_test(temporary_files),
        cmocka_unit_test(short_sessions),
        cmocka_unit_test(what_is_no_log),
        cmocka_unit_test(times),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    strbuf_free(&got);
    return failed;
}
