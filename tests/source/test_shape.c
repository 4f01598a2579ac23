/* How many columns and rows the answers to our statements have, read from their text. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "source/postgres/buffer_use.h"
#include "source/postgres/internal.h"
#include "source/postgres/shape.h"

static void columns_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        int columns, rows, least;
    } cases[] = {
        {"SELECT 1", 1, 1, 0},
        {"/* tag */ select a, f(b, c), (SELECT x, y FROM z) FROM t, u", 3, -1, 0},
        {"SELECT a IS DISTINCT FROM b, 'x, FROM y', ARRAY[1, 2]", 3, 1, 0},
        {"SELECT DISTINCT a, b FROM t", 2, -1, 0},
        {"SELECT DISTINCT ON (a, b) a FROM t", 1, -1, 0},
        {"WITH a AS (SELECT 1, 2), b(x, y) AS (SELECT 3, 4) SELECT x, y, 1 FROM b", 3, -1, 0},
        {"SELECT 1, 2 UNION ALL SELECT 3, 4", 2, -1, 0},
        {"SELECT 1 WHERE false", 1, -1, 0},
        {"SELECT count(*), a * b FROM t", 2, -1, 0},
        {"SELECT extract(epoch FROM now()), 2", 2, 1, 0},
        {"SELECT * FROM t", -1, -1, 0},
        {"SELECT a, t.* FROM t", -1, -1, 0},
        {"EXPLAIN (FORMAT JSON) SELECT a, b", 1, -1, 1},
        {"BEGIN READ ONLY", -1, -1, 0},
        {"", -1, -1, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct shape s = shape_of(cases[i].sql);
        if (s.columns != cases[i].columns || s.rows != cases[i].rows || s.least != cases[i].least)
            fail_msg("%s: %d columns, %d rows, at least %d", cases[i].sql, s.columns, s.rows, s.least);
    }
}

static void our_statements_have_a_shape(void **state)
{
    (void)state;
    char *sql[] = {activity_sql("pid,query_id,leader_pid", true),
                   activity_sql("pid,query_id,leader_pid", false), database_sql(), locks_sql(true),
                   vacuums_sql()};
    static const int columns[] = {19, 19, 14, 6, 4};
    for (size_t i = 0; i < ARRAY_LEN(sql); i++) {
        assert_int_equal(shape_of(sql[i]).columns, columns[i]);
        assert_true(shape_of(sql[i]).columns > 0);
        free(sql[i]);
    }
    assert_true(shape_of(catalog_tables_sql()).columns > 10);
    assert_int_equal(shape_of(settings_sql()).columns, 2);
    assert_true(shape_of(catalog_indexes_sql(true)).columns > 10);
    assert_int_equal(shape_of(buffer_use_find_sql()).columns, 3);
    char *use[] = {buffer_use_sql("a.b", true), buffer_use_sql("a.b", false), buffer_use_tables_sql("a.b")};
    for (size_t i = 0; i < ARRAY_LEN(use); i++) {
        assert_int_equal(shape_of(use[i]).columns, i < 2 ? 1 : 3);
        free(use[i]);
    }
}

static void what_does_not_fit_is_said(void **state)
{
    (void)state;
    char why[200] = "";
    assert_true(shape_fits(SHAPE_ANY, 7, 3, why, sizeof why));
    assert_true(shape_fits(shape_of("SELECT 1, 2"), 2, 1, why, sizeof why));
    assert_false(shape_fits(shape_of("SELECT 1, 2"), 1, 1, why, sizeof why));
    assert_string_equal(why, "the server answered with 1 column where 2 were asked for");
    assert_false(shape_fits(shape_of("SELECT 1, 2"), 2, 0, why, sizeof why));
    assert_string_equal(why, "the server answered with 0 rows where 1 were asked for");
    assert_false(shape_fits(shape_of("EXPLAIN SELECT 1"), 1, 0, why, sizeof why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_counted),
        cmocka_unit_test(our_statements_have_a_shape),
        cmocka_unit_test(what_does_not_fit_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
