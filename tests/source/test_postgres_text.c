/* What the PostgreSQL source does with text, without a server. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "source/postgres/internal.h"

static void typed_constants_become_casts(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"select interval $1", "select $1::interval"},
        {"select now() - INTERVAL  $2 day", "select now() - $2::INTERVAL day"},
        {"select date $1 < timestamp without time zone $12",
         "select $1::date < $12::timestamp without time zone"},
        {"select 'interval $1', \"date\" /* date $1 */ from t",
         "select 'interval $1', \"date\" /* date $1 */ from t"},
        {"select interval '1 day', t.date, $1", "select interval '1 day', t.date, $1"},
        {"", ""},
        {"select date", "select date"},
        {"select timestamp with", "select timestamp with"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *out = explain_rewrite(cases[i][0]);
        assert_string_equal(out, cases[i][1]);
        free(out);
    }
}

#define COMMON                                                                                               \
    "userid,dbid,queryid,query,calls,rows,shared_blks_hit,shared_blks_read,shared_blks_dirtied,"             \
    "shared_blks_written,temp_blks_read,temp_blks_written"
#define V12 COMMON ",total_time,min_time,max_time,mean_time,stddev_time,blk_read_time,blk_write_time"
#define V13                                                                                                  \
    COMMON ",plans,total_plan_time,total_exec_time,min_exec_time,max_exec_time,mean_exec_time,"              \
           "stddev_exec_time,blk_read_time,blk_write_time,wal_records,wal_fpi,wal_bytes"
#define V14 V13 ",toplevel"
#define V17                                                                                                  \
    COMMON ",toplevel,plans,total_plan_time,total_exec_time,min_exec_time,max_exec_time,mean_exec_time,"     \
           "stddev_exec_time,shared_blk_read_time,shared_blk_write_time,local_blk_read_time,"                \
           "local_blk_write_time,wal_bytes,stats_since,minmax_stats_since"
#define V18 V17 ",wal_buffers_full,parallel_workers_to_launch"

static void columns_choose_the_statement(void **state)
{
    (void)state;
    static const struct {
        const char *columns;
        bool info;
        const char *has, *lacks;
    } cases[] = {
        {V12, false, "s.total_time", "total_exec_time"},
        {V12, false, "NULL::timestamptz", "stats_reset"},
        {V12, false, "s.blk_read_time", "toplevel::int4"},
        {V13, false, "s.total_exec_time DESC", "s.total_time"},
        {V13, false, "wal_bytes", "s.toplevel"},
        {V14, true, "s.toplevel", "stats_since"},
        {V14, true, "ext.pg_stat_statements_info", "s.total_time"},
        {V17, true, "s.local_blk_read_time", "s.blk_read_time"},
        {V17, true, "s.stats_since, s.calls", "NULL::timestamptz"}, /* of each statement */
        {V17, true, "(SELECT stats_reset FROM ext.pg_stat_statements_info) FROM",
         "s.total_time"}, /* of all */
        {V18, true, "s.shared_blk_write_time", "s.blk_read_time"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *q = statements_sql("ext", cases[i].columns, cases[i].info, true);
        assert_non_null(q);
        assert_non_null(strstr(q, "ext.pg_stat_statements(false)"));
        if (!strstr(q, cases[i].has) || strstr(q, cases[i].lacks))
            fail_msg("case %zu: %s", i, q);
        free(q);
    }
    assert_null(statements_sql("ext", "a,b,c", false, true));
    assert_null(statements_sql("ext", "", false, true));
    char *q = statements_sql("ext", V14, true, false); /* not timed: unknown, not 0 */
    assert_null(strstr(q, "blk_read_time"));
    free(q);

    q = activity_sql("datid,pid,leader_pid,query_id,query", false);
    assert_non_null(strstr(q, "pid, leader_pid,"));
    free(q);
    q = activity_sql("datid,pid,query", true); /* 12 */
    assert_non_null(strstr(q, "NULL::int4"));
    assert_non_null(strstr(q, "NULL::int8"));
    free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typed_constants_become_casts),
        cmocka_unit_test(columns_choose_the_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
