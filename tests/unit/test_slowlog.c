/* The slow query log of MySQL, MariaDB and Percona Server, and statements without their constants. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/sql/digest.h"
#include "format/queries/slowlog.h"

static struct strbuf got;

static void keep(void *ctx, const struct logged_execution *x)
{
    (void)ctx;
    strbuf_printf(&got, "%lld %s/%s %lld us rows %lld of %lld: %s\n", (long long)(x->at / SD_MS),
                  x->database ? x->database : "-", x->role, (long long)(x->total_ns / SD_US),
                  (long long)x->rows, (long long)x->rows_examined, x->text);
}

static struct slowlog_counts read_log(const char *text, size_t step)
{
    struct slowlog_state state = {0};
    struct slowlog_counts counts = {0};
    struct strbuf pending = {0};
    size_t len = strlen(text);
    strbuf_clear(&got);
    for (size_t at = 0; at < len; at += step) {
        strbuf_add(&pending, text + at, MIN(step, len - at));
        size_t n = slowlog_read(pending.text, pending.len, false, SD_S, &state, keep, NULL, &counts);
        memmove(pending.text, pending.text + n, pending.len - n + 1);
        pending.len -= n;
    }
    slowlog_read(strbuf_text(&pending), pending.len, true, SD_S, &state, keep, NULL, &counts);
    strbuf_free(&pending);
    slowlog_free(&state);
    return counts;
}

static struct slowlog_counts expect(const char *text, const char *wanted)
{
    struct slowlog_counts c = {0};
    size_t steps[] = {1, 13, 100000};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        c = read_log(text, steps[i]);
        if (strcmp(strbuf_text(&got), wanted) != 0)
            fail_msg("in steps of %zu:\n%s\nis\n%s\nnot\n%s", steps[i], text, strbuf_text(&got), wanted);
    }
    assert_true(slowlog_like(text, strlen(text)));
    return c;
}

static void mysql_8(void **state)
{
    (void)state;
    expect("/usr/sbin/mysqld, Version: 8.0.36 (MySQL Community Server - GPL). started with:\n"
           "Tcp port: 3306  Unix socket: /var/run/mysqld/mysqld.sock\n"
           "Time                 Id Command    Argument\n"
           "# Time: 2026-11-20T15:51:40.985123Z\n"
           "# User@Host: app[app] @ web1 [10.0.0.7]  Id:     8\n"
           "# Query_time: 2.000123  Lock_time: 0.000100 Rows_sent: 1  Rows_examined: 90000\n"
           "use shop;\n"
           "SET timestamp=1795189898;\n"
           "SELECT *\n"
           "  FROM orders -- all\n"
           " WHERE note = 'x; y';\n"
           "# Time: 2026-11-20T15:51:41.000001Z\n"
           "# User@Host: app[app] @ web1 [10.0.0.7]  Id:     8\n"
           "# Query_time: 0.500000  Lock_time: 0.000100 Rows_sent: 0  Rows_examined: 3 Thread_id: 8 Errno: 0 "
           "Killed: 0 "
           "Bytes_received: 0 Bytes_sent: 56 Start: 2026-11-20T15:51:40.5Z End: 2026-11-20T15:51:41Z\n"
           "SET timestamp=1795189900;\n"
           "# administrator command: Ping;\n",
           "1795189900985 shop/app 2000123 us rows 1 of 90000: SELECT *\n  FROM orders -- all\n WHERE note = "
           "'x; y'\n"
           "1795189901000 shop/app 500000 us rows 0 of 3: administrator command: Ping\n");
}

/* MariaDB writes the time when it changes, and local; Percona has lines of its own. */
static void mariadb_and_percona(void **state)
{
    (void)state;
    expect("# Time: 261120 15:51:40\n"
           "# User@Host: root[root] @ localhost []\n"
           "# Thread_id: 3  Schema:   QC_hit: No\n"
           "# Query_time: 0.300814  Lock_time: 0.000000  Rows_sent: 1  Rows_examined: 0\n"
           "# Rows_affected: 0  Bytes_sent: 67\n"
           "#\n"
           "# explain: id\tselect_type\ttable\n"
           "# explain: 1\tSIMPLE\tNULL\n"
           "#\n"
           "SET timestamp=1795189900;\n"
           "select sleep(0.3);\n"
           "# User@Host: app[app] @ localhost []\n"
           "# Thread_id: 4  Schema: shop  QC_hit: No\n"
           "# Query_time: 1.500000  Lock_time: 0.000100  Rows_sent: 0  Rows_examined: 40\n"
           "# Rows_affected: 12  Bytes_sent: 11\n"
           "use `other`;\n"
           "SET last_insert_id=3,timestamp=1795189901;\n"
           "update orders set a = 1;\n"
           "# User@Host: app[app] @  [10.0.0.9]  Id: 9\n"
           "# Schema: shop  Last_errno: 0  Killed: 0\n"
           "# Query_time: 2.5  Lock_time: 0.0001  Rows_sent: 7  Rows_examined: 8  Rows_affected: 0\n"
           "# Bytes_sent: 77  Tmp_tables: 0  Tmp_disk_tables: 0  Tmp_table_sizes: 0\n"
           "# QC_Hit: No  Full_scan: Yes  Full_join: No  Tmp_table: No  Tmp_table_on_disk: No\n"
           "SET timestamp=1795189902;\n"
           "select 1\n",
           "1795189900300 -/root 300814 us rows 1 of 0: select sleep(0.3)\n"
           "1795189902500 shop/app 1500000 us rows 12 of 40: update orders set a = 1\n"
           "1795189904500 shop/app 2500000 us rows 7 of 8: select 1\n");
}

/* The backlog of a log that is followed begins anywhere. */
static void begun_in_the_middle(void **state)
{
    (void)state;
    struct slowlog_counts c = expect("  FROM orders;\n"
                                     "# User@Host: app[app] @ web1 [10.0.0.7]  Id:     8\n"
                                     "# Query_time: 1.0  Lock_time: 0.0 Rows_sent: 1  Rows_examined: 9\n"
                                     "SET timestamp=1795189900;\n"
                                     "select 2;\n"
                                     "# User@Host: app[app] @ web1 [10.0.0.7]  Id:     8\n"
                                     "# Query_time: nonsense\n"
                                     "select 3;\n",
                                     "1795189901000 -/app 1000000 us rows 1 of 9: select 2\n");
    assert_int_equal(c.entries, 2);
    assert_int_equal(c.unread, 1);
    assert_string_equal(c.sample, "select 3");
}

static void constants_go(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *digest;
    } cases[] = {
        {"SELECT * FROM t WHERE a = 42 AND b = \"it\\\"s\" AND c='d''e'",
         "SELECT * FROM t WHERE a = ? AND b = ? AND c=?"},
        {"select `a1` from `2fa` where x in (1, 2,3) # why\n limit 5",
         "select `a1` from `2fa` where x in (?, ...) limit ?"},
        {"select a from t where x IN(7)", "select a from t where x IN (?, ...)"},
        {"insert into t (a, b) values (1, 'x'), (2, 'y') , (3,NULL)",
         "insert into t (a, b) values (?, ...), (?, NULL)"},
        {"insert into t values (now(), 1), (now(), 2)", "insert into t values (now(), ?)"},
        {"select 0x1F, 1.5e-3, -2, x'ff', _utf8mb4'a', a-1", "select ?, ..., a-?"},
        {"select a where b = -5 and c = - 1 and d > -1.0", "select a where b = ? and c = ? and d > ?"},
        {"select /*+ NO_INDEX(t) */ a /* b */ from t2 -- c\n;", "select /*+ NO_INDEX(t) */ a from t2"},
        {"select 'unclosed", "select ?"},
        {"select a from 3col where t.`b`=1", "select a from 3col where t.`b`=?"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *d = sql_digest(cases[i].sql);
        if (strcmp(d, cases[i].digest) != 0)
            fail_msg("%s\nis  %s\nnot %s", cases[i].sql, d, cases[i].digest);
        char *again = sql_digest(d);
        free(again);
        free(d);
    }
    char a[17], b[17], c[17];
    sql_digest_fingerprint("SELECT ? FROM t", a);
    sql_digest_fingerprint("select ? from T", b);
    sql_digest_fingerprint("select ? from `T`", c);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
}

/* ---- counters from executions ---- */

static struct strbuf counters;

static void count(void *ctx, sd_time at, const struct sd_statement *r, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&counters, "%lld %lld calls %lld ms %lld..%lld absent %lld\n", (long long)(at / SD_S),
                      (long long)r[i].calls, (long long)(r[i].total_ns / SD_MS),
                      (long long)(r[i].min_ns / SD_MS), (long long)(r[i].max_ns / SD_MS),
                      sd_known(r[i].absent_at) ? (long long)(r[i].absent_at / SD_S) : -1);
}

static void run_at(struct statement_log *l, int64_t second, int64_t ms, const char *text)
{
    statement_log_add(l, &(struct logged_execution){.at = second * SD_S,
                                                    .text = text,
                                                    .calls = 1,
                                                    .total_ns = ms * SD_MS,
                                                    .plan_ns = SD_UNKNOWN,
                                                    .rows = 1,
                                                    .rows_examined = SD_UNKNOWN,
                                                    .temp_written = SD_UNKNOWN});
}

static void counters_grow(void **state)
{
    (void)state;
    struct statement_log *l =
        statement_log_new(&(struct statement_log_options){.mysql = true, .max = 2, .emit = count});
    strbuf_clear(&counters);
    run_at(l, 1000, 40, "select 1 from a");
    run_at(l, 1001, 60, "select 2 from a");
    run_at(l, 1001, 5, "/* slowdive */ SELECT 1"); /* of slowdive itself */
    run_at(l, 1004, 10, "select 3 from b");
    run_at(l, 1500, 20, "select 4 from a"); /* after a gap, which is no interval of 496 s */
    run_at(l, 1499, 30, "select 5 from c"); /* late; and more statements than are kept apart */
    statement_log_flush(l);
    assert_string_equal(strbuf_text(&counters), "1001 2 calls 100 ms 40..60 absent 999\n"
                                                "1003 2 calls 100 ms 40..60 absent -1\n"
                                                "1004 1 calls 10 ms 10..10 absent 1003\n"
                                                "1499 2 calls 100 ms 40..60 absent -1\n"
                                                "1500 3 calls 120 ms 20..60 absent -1\n"
                                                "1500 1 calls 30 ms 30..30 absent 1499\n");
    statement_log_free(l);
    strbuf_free(&counters);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mysql_8),
        cmocka_unit_test(mariadb_and_percona),
        cmocka_unit_test(begun_in_the_middle),
        cmocka_unit_test(constants_go),
        cmocka_unit_test(counters_grow),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    strbuf_free(&got);
    return failed;
}
