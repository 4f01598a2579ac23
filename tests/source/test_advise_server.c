/* A suggestion made from a real server's plan is accepted by that server, and then used. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/plans/advice.h"
#include "format/plans/explain_input.h"
#include "tests/lib/private_pg.h"

static struct private_pg pg;

static int start(void **state)
{
    (void)state;
    if (!private_pg_start(&pg))
        return 0;
    char *out = private_pg_sql(
        &pg, NULL,
        "create schema \"My Shop\";"
        "create table \"My Shop\".\"order\" (id bigserial primary key, \"user\" int, status varchar(20),"
        " placed timestamptz, pad text);"
        "insert into \"My Shop\".\"order\" (\"user\", status, placed, pad)"
        " select i % 5000, 's' || i % 50, timestamptz '2026-01-01' + i * interval '1 minute', repeat('p', 40)"
        " from generate_series(1, 100000) i;"
        "analyze;");
    free(out);
    return out ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    private_pg_stop(&pg);
    return 0;
}

/* The plan of `sql`, with one suggestion at most; the caller frees the DDL. */
static char *ddl_for(const char *sql, bool analyze, char **root)
{
    char *explain = mem_printf("explain (%sverbose, format json) %s", analyze ? "analyze, " : "", sql);
    char *text = private_pg_sql(&pg, NULL, explain);
    assert_non_null(text);
    struct explain e;
    struct sd_error err;
    if (!explain_read(text, strlen(text), &e, &err))
        fail_msg("%s", err.text);
    struct plan_facts facts = {0};
    struct advice_list l;
    advise_plan(e.plans[0], &facts, sql, &l);
    char *ddl = l.n ? mem_strdup(l.items[0].ddl) : NULL;
    if (root)
        *root = mem_strdup(e.plans[0]->nodes[0]->type);
    advise_free(&l);
    explain_free(&e);
    free(text);
    free(explain);
    return ddl;
}

static void test_suggestion_is_used(void **state)
{
    (void)state;
    if (!pg.url[0])
        skip();
    static const char *const queries[] = {
        "select * from \"My Shop\".\"order\" where \"user\" = 77",
        "select * from \"My Shop\".\"order\" where status = 's7' and placed > '2026-03-01'",
        "select * from \"My Shop\".\"order\" where placed between '2026-01-05' and '2026-01-06'",
        "select * from \"My Shop\".\"order\" where \"user\" in (1, 2, 3) and status = 's1'",
    };
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        for (int analyze = 0; analyze < 2; analyze++) {
            char *root, *ddl = ddl_for(queries[i], analyze, NULL);
            if (!ddl)
                fail_msg("no suggestion for %s", queries[i]);
            char *out = private_pg_sql(&pg, NULL, ddl);
            if (!out)
                fail_msg("the server refuses %s", ddl);
            free(out);
            char *again = ddl_for(queries[i], analyze, &root);
            if (again)
                fail_msg("%s: still suggests %s", queries[i], again);
            if (!str_eq(root, "Index Scan") && !str_eq(root, "Bitmap Heap Scan"))
                fail_msg("%s: %s after %s", queries[i], root, ddl);
            free(root);
            free(ddl);
            free(private_pg_sql(
                &pg, NULL,
                "do $$ declare r record; begin for r in select indexrelid::regclass as i from pg_index"
                " where indrelid = '\"My Shop\".\"order\"'::regclass and not indisprimary loop"
                " execute 'drop index ' || r.i; end loop; end $$"));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_suggestion_is_used)};
    return cmocka_run_group_tests(tests, start, stop);
}
