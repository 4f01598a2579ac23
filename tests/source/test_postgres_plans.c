/* The plans that the PostgreSQL source asks a server of its own for, and those it refuses. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "core/batch.h"
#include "rt/rt.h"
#include "tests/lib/pg_watch.h"

static bool has_plan(struct pg_watch *w, void *batch)
{
    for (size_t k = 0; k < w->n; k++)
        if (batch_answer(w->batches[k])) {
            *(const struct sd_batch **)batch = w->batches[k];
            return true;
        }
    return false;
}

/* Asks for a plan and waits for the reply. */
static const struct sd_batch *explain(struct pg_watch *w, const char *database, int64_t query_id,
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
    assert_true(pg_until(w, has_plan, &b, 15));
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

static void expect_plan(struct pg_watch *w, const char *text, const char *contains, int generic)
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

static void expect_refusal(struct pg_watch *w, const char *database, const char *text, const char *contains)
{
    const struct sd_plan *p = plan_in(explain(w, database, SD_UNKNOWN, text));
    if (p->body)
        fail_msg("%s: there is a plan: %s", text, p->body);
    if (!strstr(p->failed, contains))
        fail_msg("%s: '%s' does not say '%s'", text, p->failed, contains);
}

/* ---- tests ---- */

static void plans_come_with_their_tables_and_indexes(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_watch_start(&w, "postgres", "shop");
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
    pg_watch_stop(&w);
}

static void generic_plans_need_no_values(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_watch_start(&w, "postgres", "shop");
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
    char *left = pg_sql("shop", "select count(*) from orders");
    assert_string_equal(left, "5000");
    free(left);
    /* another database than the target's */
    const struct sd_plan *p = plan_in(explain(&w, "bare", 1, "select * from only_here"));
    assert_non_null(p->body);
    assert_string_equal(p->database, "bare");
    pg_watch_stop(&w);
}

static void refusals_say_why(void **state)
{
    NEED_SERVER();
    struct pg_watch w;
    pg_watch_start(&w, "postgres", "shop");
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

    PGconn *c = pg_client("postgres", "shop", "locker");
    pg_client_run(c, "begin; lock table orders in access exclusive mode");
    int64_t at = clock_mono();
    expect_refusal(&w, NULL, "select * from orders", "locked by another session");
    assert_true(clock_mono() - at < 3 * SD_S);
    pg_client_run(c, "rollback");
    PQfinish(c);
    pg_watch_stop(&w);

    /* Functions that lie about what they do. */
    pg_watch_start(&w, "reader", "shop");
    expect_refusal(&w, NULL, "select * from orders where id = liar()", "INSERT is not allowed");
    pg_watch_stop(&w);
    char target[256];
    snprintf(target, sizeof target, "host=127.0.0.1 port=%s user=reader dbname=shop", pg.port);
    pg_watch_start_as(&w, target, "timeout", "300ms");
    expect_refusal(&w, NULL, "select * from orders where id = slower()", "planning took too long");
    pg_watch_stop(&w);

    pg_watch_start(&w, "monitor", "shop");
    expect_refusal(&w, NULL, "select * from orders", "needs SELECT");
    pg_watch_stop(&w);

    /* Nothing of all this stayed. */
    char *left = pg_sql("shop", "select count(*) from pg_class where relname = 'evil'");
    assert_string_equal(left, "0");
    free(left);
    left = pg_sql(
        "shop",
        "select count(*) from pg_stat_activity where application_name = 'slowdive' and state <> 'idle'");
    assert_string_equal(left, "0");
    free(left);
    left = pg_sql("shop", "select count(*) from orders");
    assert_string_equal(left, "5000");
    free(left);
}

#define TEST(f) cmocka_unit_test_teardown(f, pg_close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plans_come_with_their_tables_and_indexes),
        TEST(generic_plans_need_no_values),
        TEST(refusals_say_why),
    };
    return cmocka_run_group_tests(tests, pg_watch_server, pg_watch_no_server);
}
