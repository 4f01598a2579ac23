/* The document of a plan, as text for people and as JSON for machines. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <locale.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "core/batch.h"
#include "format/plans/explain_input.h"
#include "sink/print.h"
#include "view/plans/plan.h"

static struct doc *explained(const char *name)
{
    char path[128], *data;
    size_t len;
    struct sd_error err = {""};
    snprintf(path, sizeof path, "data/plans/%s.json", name);
    if (!file_read(test_file(path), EXPLAIN_MAX_BYTES, &data, &len, &err))
        fail_msg("%s", err.text);
    struct doc *d = plan_explain(data, len, name, &err);
    if (!d)
        fail_msg("%s: %s", name, err.text);
    free(data);
    return d;
}

static char *printed(struct doc *d, enum print_format f)
{
    struct strbuf out = {0};
    struct print_options o = {.width = 80};
    print_doc(d, f, &o, &out);
    return strbuf_detach(&out);
}

static cJSON *as_json(struct doc *d)
{
    char *text = printed(d, PRINT_JSON);
    cJSON *json = cJSON_Parse(text);
    if (!json)
        fail_msg("no JSON: %s", text);
    free(text);
    return json;
}

static const cJSON *first(const cJSON *json, const char *list, const char *key)
{
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, list), 0);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
    if (!item)
        fail_msg("%s[0].%s is missing", list, key);
    return item;
}

static void test_contract(void **state)
{
    (void)state;
    static const char *const top[] = {"execution_ns", "planning_ns", "total_cost",  "analyzed", "generic",
                                      "notes",        "findings",    "suggestions", "nodes",    NULL};
    static const char *const node[] = {"id",
                                       "parent",
                                       "type",
                                       "relation",
                                       "total_ns",
                                       "exclusive_ns",
                                       "exclusive_share",
                                       "loops",
                                       "rows_actual",
                                       "rows_plan",
                                       "rows_plan_total",
                                       "estimate_factor",
                                       "rows_removed",
                                       "shared_hit",
                                       "shared_read",
                                       "temp_written",
                                       "io_ns",
                                       "cost_total",
                                       "cost_share",
                                       NULL};
    static const char *const finding[] = {
        "rule",  "severity", "node", "evidence", "advice", "saves_at_most_ns", "saves_at_most_share",
        "check", NULL};
    static const char *const suggestion[] = {"ddl", "table", "columns", "why", NULL};
    struct doc *d = explained("seq_scan_cast");
    cJSON *json = as_json(d);
    for (int i = 0; top[i]; i++)
        if (!cJSON_GetObjectItemCaseSensitive(json, top[i]))
            fail_msg("%s is missing", top[i]);
    for (int i = 0; node[i]; i++)
        first(json, "nodes", node[i]);
    for (int i = 0; finding[i]; i++)
        first(json, "findings", finding[i]);
    for (int i = 0; suggestion[i]; i++)
        first(json, "suggestions", suggestion[i]);
    assert_string_equal(first(json, "suggestions", "ddl")->valuestring,
                        "CREATE INDEX CONCURRENTLY orders_status_placed_idx ON shop.orders (status, placed)");
    assert_int_equal(cJSON_GetArraySize(first(json, "suggestions", "columns")), 2);
    assert_true(cJSON_IsNull(first(json, "nodes", "parent")));
    cJSON_Delete(json);
    doc_free(d);
}

static void test_unknown_is_null(void **state)
{
    (void)state;
    struct doc *d = explained("generic");
    cJSON *json = as_json(d);
    assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, "execution_ns")));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(json, "analyzed")));
    assert_true(cJSON_IsNull(first(json, "nodes", "exclusive_ns")));
    assert_true(cJSON_IsNull(first(json, "nodes", "rows_actual")));
    assert_true(cJSON_IsNull(first(json, "findings", "saves_at_most_ns")));
    assert_true(cJSON_IsNumber(first(json, "findings", "saves_at_most_share")));
    cJSON_Delete(json);
    doc_free(d);
    d = explained("never"); /* planned rows against none: an infinite factor */
    json = as_json(d);
    assert_true(cJSON_IsNull(first(json, "nodes", "estimate_factor")));
    cJSON_Delete(json);
    doc_free(d);
}

static void test_literals(void **state)
{
    (void)state;
    char *data;
    size_t len;
    struct sd_error err;
    struct explain e;
    assert_true(file_read(test_file("data/plans/seq_scan_cast.json"), 1 << 20, &data, &len, &err));
    assert_true(explain_read(data, len, &e, &err));
    for (int show = 0; show < 2; show++) {
        struct plan_source src = {.at = SD_UNKNOWN,
                                  .generic = -1,
                                  .show_literals = show,
                                  .query = "select sum(total) from shop.orders where status = 'open'"};
        struct doc *d = plan_doc(e.plans[0], &src);
        for (int f = PRINT_TEXT; f <= PRINT_CSV; f++) {
            char *text = printed(d, f);
            if (!show && (strstr(text, "'open'") || strstr(text, "2026-02-01")))
                fail_msg("a literal shows: %s", text);
            if (show && f == PRINT_JSON)
                assert_non_null(strstr(text, "'open'"));
            free(text);
        }
        doc_free(d);
    }
    explain_free(&e);
    free(data);
}

static void test_80_columns(void **state)
{
    (void)state;
    static const char *const names[] = {"seq_scan_filter", "generic",      "cte_twice",
                                        "parallel_append", "hash_batches", "healthy_join"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct doc *d = explained(names[i]);
        char *text = printed(d, PRINT_TEXT);
        for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            *end = 0;
            if (utf8_width(line) > 80)
                fail_msg("%s: %d columns: %s", names[i], utf8_width(line), line);
        }
        free(text);
        doc_free(d);
    }
}

static void test_copy_is_the_statement(void **state)
{
    (void)state;
    struct doc *d = explained("quoted");
    const struct section *s = &d->sections[d->focus];
    assert_string_equal(s->key, "suggestions"); /* `y` copies it at once */
    assert_string_equal(s->table.rows[0].copy, "CREATE INDEX CONCURRENTLY \"Sel ect_user_Ord\"\"er_idx\" ON "
                                               "public.\"Sel ect\" (\"user\", \"Ord\"\"er\");");
    doc_free(d);
}

static void test_several_plans(void **state)
{
    (void)state;
    static const char text[] =
        "[{\"Query Text\":\"select 1\",\"Plan\":{\"Node Type\":\"Result\"},\"Execution Time\":1.0},"
        "{\"Query Text\":\"select 2\",\"Plan\":{\"Node Type\":\"Limit\"},\"Execution Time\":9.0}]";
    struct sd_error err;
    struct doc *d = plan_explain(text, strlen(text), "-", &err);
    cJSON *json = as_json(d);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "plans")), 2);
    assert_string_equal(first(json, "plans", "statement")->valuestring, "select 1");
    assert_true(first(json, "plans", "execution_ns")->valuedouble == 1e6);
    assert_true(cJSON_GetObjectItemCaseSensitive(json, "execution_ns")->valuedouble == 9e6);
    assert_string_equal(first(json, "nodes", "type")->valuestring, "Limit");
    /* each of them whole: the plan that is asked for may not be the slowest */
    static const char *const keys[] = {"plan",         "at",          "statement",  "parameters",
                                       "execution_ns", "planning_ns", "total_cost", "findings_total",
                                       "findings",     "suggestions", "nodes",      "notes"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (!first(json, "plans", keys[i]))
            fail_msg("plans[] has no %s", keys[i]);
    const cJSON *nodes = first(json, "plans", "nodes");
    assert_string_equal(cJSON_GetObjectItemCaseSensitive(nodes->child, "type")->valuestring, "Result");
    const cJSON *notes = cJSON_GetObjectItemCaseSensitive(json, "notes");
    assert_int_equal(cJSON_GetArraySize(notes), 1); /* the Limit lacks its input */
    cJSON_Delete(json);
    doc_free(d);
}

static void test_hostile_text(void **state)
{
    (void)state;
    static const char text[] = "{\"Plan\":{\"Node Type\":\"Seq Scan\\u001b]0;x\\u0007\",\"Relation "
                               "Name\":\"\\u202e\\u001b[2Jt\",\"Filter\":\"(a = 1\\n\\r)\"}}";
    struct sd_error err;
    struct doc *d = plan_explain(text, strlen(text), "\033[31mfile", &err);
    char *out = printed(d, PRINT_TEXT);
    assert_null(strchr(out, '\033'));
    assert_null(strchr(out, '\a'));
    assert_null(strstr(out, "\xe2\x80\xae"));
    free(out);
    doc_free(d);
}

/* What the server advised goes before what the plan tells. */
static void advice_of_the_server(struct model *m, const struct sd_plan *plan, sd_time at)
{
    struct sd_advice advice = {.database = "shop",
                               .query_id = 42,
                               .schema = "shop",
                               .table = "orders",
                               .ddl = "CREATE INDEX CONCURRENTLY orders_part_idx ON shop.orders "
                                      "(customer_id, placed_at) WHERE state = 's3cret'",
                               .columns = "customer_id\nplaced_at",
                               .method = "btree",
                               .size_bytes = 2097152,
                               .write_overhead = 0.1,
                               .cost_before = 5000,
                               .cost_after = 50,
                               .proven = 1,
                               .why = "Finds the rows by customer_id."};
    struct sd_batch *b = batch_new("pg", at);
    assert_true(batch_add(b, SD_PLAN, plan) && batch_add(b, SD_ADVICE, &advice));
    model_apply(m, b);
    batch_unref(b);
    struct view_ctx c = {.model = m, .span = SPAN_ALL, .now = at + SD_S, .live = true, .arg = "shop/42"};
    for (int shown = 0; shown < 2; shown++) {
        c.show_literals = shown;
        struct doc *d = plan_view.build(&c);
        cJSON *json = as_json(d);
        assert_true(cJSON_IsFalse(first(json, "suggestions", "unproven")));
        assert_string_equal(first(json, "suggestions", "method")->valuestring, "btree");
        assert_true(first(json, "suggestions", "size_bytes")->valuedouble == 2097152);
        assert_true(first(json, "suggestions", "cost_after")->valuedouble == 50);
        assert_true(fabs(first(json, "suggestions", "saves_at_most_share")->valuedouble - 0.99) < 1e-9);
        assert_int_equal(cJSON_GetArraySize(first(json, "suggestions", "columns")), 2);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "suggestions")), 1);
        cJSON_Delete(json);
        char *text = printed(d, PRINT_TEXT);
        assert_non_null(strstr(text, "proven by the planner"));
        assert_non_null(strstr(text, "Create it: CREATE INDEX CONCURRENTLY orders_part_idx"));
        assert_int_equal(strstr(text, "s3cret") != NULL, shown);
        free(text);
        doc_free(d);
    }
    struct sd_advice none = {.database = "shop",
                             .query_id = 42,
                             .size_bytes = SD_UNKNOWN,
                             .write_overhead = NAN,
                             .cost_before = NAN,
                             .cost_after = NAN,
                             .proven = SD_UNKNOWN,
                             .none = "The planner would use none."};
    b = batch_new("pg", at + SD_S);
    assert_true(batch_add(b, SD_PLAN, plan) && batch_add(b, SD_ADVICE, &none));
    model_apply(m, b);
    batch_unref(b);
    c.now = at + 2 * SD_S;
    struct doc *d = plan_view.build(&c);
    cJSON *json = as_json(d);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "suggestions")), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "no_suggestion")),
                        none.none);
    cJSON_Delete(json);
    doc_free(d);
}

/* ---- who keeps the dead rows ---- */

static void sampled(struct model *m, sd_time at, const struct sd_activity *all, size_t n)
{
    struct sd_batch *b = batch_new("pg", at);
    struct sd_metric moment = {.name = "activity.sampled", .unit = "ns", .value = 1e9};
    assert_true(batch_add(b, SD_METRIC, &moment));
    for (size_t i = 0; i < n; i++)
        assert_true(batch_add(b, SD_ACTIVITY, &all[i]));
    model_apply(m, b);
    batch_unref(b);
}

/* Whom the finding about dead rows names, and what it says to do; both NULL-terminated words. */
static void expect_keeper(struct model *m, sd_time now, const char *who, const char *advice)
{
    struct view_ctx c = {
        .model = m, .span = {now - 60 * SD_S, now}, .now = now, .live = true, .arg = "shop/42"};
    struct doc *d = plan_view.build(&c);
    cJSON *json = as_json(d);
    const char *is = cJSON_GetStringValue(first(json, "findings", "kept_by"));
    assert_string_equal(first(json, "findings", "rule")->valuestring, "dead_rows");
    if (who)
        assert_string_equal(is, who);
    else
        assert_null(is);
    if (!strstr(first(json, "findings", "advice")->valuestring, advice))
        fail_msg("%s", first(json, "findings", "advice")->valuestring);
    cJSON_Delete(json);
    doc_free(d);
}

static struct sd_activity session_of(sd_time at, int64_t pid, int64_t xmin_age)
{
    return (struct sd_activity){.period_ns = SD_S,
                                .pid = pid,
                                .leader_pid = SD_UNKNOWN,
                                .database = "shop",
                                .role = "app",
                                .application = "report",
                                .backend_type = "client backend",
                                .state = "idle in transaction",
                                .query_id = SD_UNKNOWN,
                                .backend_start = at - 400 * SD_S,
                                .xact_start = at - 300 * SD_S,
                                .query_start = at - 300 * SD_S,
                                .state_change = at - 299 * SD_S,
                                .wait_start = SD_UNKNOWN,
                                .xmin_age = xmin_age,
                                .progress = NAN};
}

static void test_keeper(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    sd_time at = 1700000000 * SD_S;
    struct sd_plan plan = {.query_id = 42,
                           .database = "shop",
                           .query = "select id from mail where due < now()",
                           .body = "Index Scan using mail_due on mail  (cost=0.40..5000.00 rows=60 width=8)\n"
                                   "  Index Cond: (due < now())\n"};
    struct sd_table mail = {.database = "shop",
                            .name = "mail",
                            .rows = 200000,
                            .rows_live = 900,
                            .rows_dead = 199000,
                            .kept_by = "the transaction of pid 7 (role etl), active",
                            .kept_since = at - 60 * SD_S};
    struct sd_batch *b = batch_new("pg", at);
    assert_true(batch_add(b, SD_PLAN, &plan) && batch_add(b, SD_TABLE, &mail));
    model_apply(m, b);
    batch_unref(b);
    expect_keeper(m, at + SD_S, "the transaction of pid 7 (role etl), active, open since 22:12:20 (1 min)",
                  "end it first");

    /* the sessions know better: of this database, open for a second, no vacuum, the oldest */
    struct sd_activity all[] = {session_of(at, 11, 40), session_of(at, 12, 900), session_of(at, 13, 5000),
                                session_of(at, 14, 800), session_of(at, 15, 9000)};
    all[2].database = "other";
    all[3].xact_start = at + SD_S;
    all[4].query = "VACUUM mail";
    sampled(m, at + 2 * SD_S, all, ARRAY_LEN(all));
    expect_keeper(m, at + 3 * SD_S,
                  "the transaction of pid 12 (role app, application report), idle in transaction, open since "
                  "22:08:20 (5.03 min)",
                  "removes no row that died after the oldest transaction began");

    struct sd_activity prepared = session_of(at, 0, 70000);
    prepared.backend_type = "prepared transaction";
    prepared.application = "pay-7";
    prepared.state = "prepared";
    sampled(m, at + 4 * SD_S, &prepared, 1);
    expect_keeper(m, at + 5 * SD_S, "prepared transaction 'pay-7' (role app), open since 22:08:20 (5.07 min)",
                  "ROLLBACK PREPARED");

    struct sd_activity slot = session_of(at, SD_UNKNOWN, 20000);
    slot.backend_type = "replication slot";
    slot.application = "standby_2";
    slot.state = "not in use";
    slot.database = NULL;
    slot.xact_start = SD_UNKNOWN;
    sampled(m, at + 6 * SD_S, &slot, 1);
    expect_keeper(m, at + 7 * SD_S, "replication slot standby_2 (not in use)", "drop the slot");

    /* one of the catalogue keeps no rows of tables; nobody else is there: how to look */
    slot.backend_type = "replication slot (catalogue)";
    sampled(m, at + 8 * SD_S, &slot, 1);
    expect_keeper(m, at + 9 * SD_S, NULL, "look for the oldest backend_xmin in pg_stat_activity");
    sampled(m, at + 10 * SD_S, NULL, 0);
    expect_keeper(m, at + 11 * SD_S, NULL, "look for the oldest backend_xmin");
    model_free(m);
}

/* The view over a model: asks for the plan, then shows it with the facts it came with. */
static void test_view(void **state)
{
    (void)state;
    char *body;
    size_t len;
    struct sd_error err;
    assert_true(file_read(test_file("data/plans/generic.json"), 1 << 20, &body, &len, &err));
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_statement st = {.query_id = 42,
                              .database = "shop",
                              .text = "select * from shop.orders where customer_id = $1 and note <> 'secret'",
                              .toplevel = 1,
                              .calls = 10,
                              .total_ns = 1000000};
    sd_time at = 1700000000 * SD_S;
    struct sd_batch *b = batch_new("pg", at);
    assert_true(batch_add(b, SD_STATEMENT, &st));
    model_apply(m, b);
    batch_unref(b);
    struct view_ctx c = {.model = m, .span = SPAN_ALL, .now = at + SD_S, .live = true};
    struct doc *d = plan_view.build(&c);
    assert_int_equal(d->want.job, SD_JOB_EXPLAIN);
    assert_int_equal(((const struct sd_job_explain *)d->want.args)->query_id, 42);
    assert_string_equal(d->want_origin, "pg");
    char *text = printed(d, PRINT_TEXT);
    assert_null(strstr(text, "secret"));
    free(text);
    doc_free(d);

    struct sd_plan plan = {
        .query_id = 42, .database = "shop", .query = st.text, .body = body, .generic = 1, .analyzed = 0};
    struct sd_table table = {
        .database = "shop", .schema = "shop", .name = "orders", .rows = 200000, .size_bytes = 18000000};
    struct sd_index index = {.database = "shop",
                             .schema = "shop",
                             .table = "orders",
                             .name = "orders_pkey",
                             .columns = "id",
                             .is_unique = 1,
                             .is_valid = 1,
                             .is_partial = 0,
                             .size_bytes = SD_UNKNOWN};
    b = batch_new("pg", at + SD_S);
    assert_true(batch_add(b, SD_PLAN, &plan) && batch_add(b, SD_TABLE, &table) &&
                batch_add(b, SD_INDEX, &index));
    model_apply(m, b);
    batch_unref(b);
    c.arg = "shop/42";
    d = plan_view.build(&c);
    assert_int_equal(d->want.job, SD_JOB_NONE);
    cJSON *json = as_json(d);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "generic")));
    /* Text, as in the view queries: 64 bits survive. */
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "query_id")), "42");
    assert_true(cJSON_IsTrue(first(json, "suggestions", "unproven")));
    assert_non_null(strstr(first(json, "findings", "evidence")->valuestring, "200 k"));
    cJSON_Delete(json);
    text = printed(d, PRINT_TEXT);
    assert_null(strstr(text, "secret"));
    free(text);
    doc_free(d);
    advice_of_the_server(m, &plan, at + 2 * SD_S);
    c.arg = "no/such";
    d = plan_view.build(&c);
    assert_true(d->n_sections > 0);
    doc_free(d);
    model_free(m);
    free(body);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_unknown_is_null),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_80_columns),
        cmocka_unit_test(test_copy_is_the_statement),
        cmocka_unit_test(test_several_plans),
        cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_keeper),
        cmocka_unit_test(test_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
