/* Two plans side by side as a document: files, a query's plans in the model, the console. */
#include "tests/lib/shop.h"
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "core/batch.h"
#include "sink/print.h"
#include "ui/actions.h"
#include "ui/console.h"
#include "ui/script.h"
#include "view/plans/diff.h"

#define T0 (1763640000 * SD_S)

static char *file(const char *path, size_t *len)
{
    char *data;
    struct sd_error err = {""};
    if (!file_read(test_file(path), 1 << 20, &data, len, &err))
        fail_msg("%s", err.text);
    return data;
}

static char *printed(struct doc *d, enum print_format f, int width)
{
    struct strbuf out = {0};
    print_doc(d, f, &(struct print_options){.width = width}, &out);
    return strbuf_detach(&out);
}

static struct doc *pair(const char *name, const char *ending)
{
    char path[2][128];
    size_t len[2];
    struct sd_error err = {""};
    snprintf(path[0], sizeof path[0], "data/plan_pairs/%s.before.%s", name, ending);
    snprintf(path[1], sizeof path[1], "data/plan_pairs/%s.after.%s", name, ending);
    char *before = file(path[0], &len[0]), *after = file(path[1], &len[1]);
    struct doc *d = plan_diff_explain((struct plan_input){before, len[0], "before"},
                                      (struct plan_input){after, len[1], "after"}, &err);
    if (!d)
        fail_msg("%s", err.text);
    free(before);
    free(after);
    return d;
}

/* ---- files ---- */

/* Pairs that a real PostgreSQL 15 gave. With UPDATE=1 in the environment what is printed
 * is written; look at the difference before you keep it. */
static void test_pairs_as_text(void **state)
{
    (void)state;
    static const char *const names[][2] = {{"seq_to_index", "json"},
                                           {"parallel_to_bitmap", "txt"},
                                           {"sort_disk_to_memory", "json"},
                                           {"join_method", "txt"},
                                           {"costs", "txt"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[128];
        size_t len;
        struct doc *d = pair(names[i][0], names[i][1]);
        char *text = printed(d, PRINT_TEXT, 100);
        snprintf(path, sizeof path, "data/plan_pairs/%s.expected", names[i][0]);
        if (getenv("UPDATE")) {
            FILE *f = fopen(test_file(path), "w");
            assert_non_null(f);
            assert_true(fputs(text, f) >= 0);
            fclose(f);
        }
        char *expected = file(path, &len);
        assert_string_equal(text, expected);
        free(expected);
        free(text);
        doc_free(d);
    }
}

static cJSON *as_json(struct doc *d)
{
    char *text = printed(d, PRINT_JSON, 0);
    cJSON *json = cJSON_Parse(text);
    if (!json)
        fail_msg("no JSON: %s", text);
    free(text);
    return json;
}

static double number(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    if (!cJSON_IsNumber(item))
        fail_msg("%s is missing or no number", key);
    return item->valuedouble;
}

static void test_contract(void **state)
{
    (void)state;
    static const char *const top[] = {"before",
                                      "after",
                                      "verdict",
                                      "measure",
                                      "factor",
                                      "execution_before_ns",
                                      "execution_after_ns",
                                      "planning_before_ns",
                                      "planning_after_ns",
                                      "total_cost_before",
                                      "total_cost_after",
                                      "shared_blocks_before",
                                      "shared_read_after",
                                      "temp_written_before",
                                      "workers_before",
                                      "nodes",
                                      "changes",
                                      "notes",
                                      "analyzed_before",
                                      NULL};
    static const char *const node[] = {"change",
                                       "before_id",
                                       "after_id",
                                       "type_before",
                                       "type_after",
                                       "relation",
                                       "exclusive_before_ns",
                                       "exclusive_after_ns",
                                       "rows_before",
                                       "rows_after",
                                       "cost_before",
                                       "cost_after",
                                       "changes",
                                       NULL};
    struct doc *d = pair("seq_to_index", "json");
    cJSON *json = as_json(d);
    const cJSON *nodes = cJSON_GetObjectItemCaseSensitive(json, "nodes"), *n;
    for (int i = 0; top[i]; i++)
        if (!cJSON_GetObjectItemCaseSensitive(json, top[i]))
            fail_msg("%s is missing", top[i]);
    double before = 0, after = 0;
    cJSON_ArrayForEach(n, nodes)
    {
        for (int i = 0; node[i]; i++)
            if (!cJSON_GetObjectItemCaseSensitive(n, node[i]))
                fail_msg("nodes[].%s is missing", node[i]);
        const cJSON *b = cJSON_GetObjectItemCaseSensitive(n, "exclusive_before_ns"),
                    *a = cJSON_GetObjectItemCaseSensitive(n, "exclusive_after_ns");
        before += cJSON_IsNumber(b) ? b->valuedouble : 0;
        after += cJSON_IsNumber(a) ? a->valuedouble : 0;
    }
    assert_true(before <= number(json, "execution_before_ns") * 1.02 && before > 0);
    assert_true(after <= number(json, "execution_after_ns") * 1.02 && after > 0);
    assert_true(fabs(number(json, "factor") -
                     number(json, "execution_before_ns") / number(json, "execution_after_ns")) < 1e-6);
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "changes"), 1);
    assert_true(strstr(cJSON_GetObjectItemCaseSensitive(first, "text")->valuestring, "orders_status_idx"));
    cJSON_Delete(json);
    doc_free(d);
    d = pair("costs", "txt"); /* unknown is null */
    json = as_json(d);
    assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, "execution_before_ns")));
    assert_string_equal(cJSON_GetObjectItemCaseSensitive(json, "measure")->valuestring, "cost");
    cJSON_Delete(json);
    doc_free(d);
}

static void test_refused_with_a_sentence(void **state)
{
    (void)state;
    size_t len;
    char *plan = file("data/plan_pairs/costs.before.txt", &len);
    struct sd_error err = {""};
    struct plan_input good = {plan, len, "good.txt"}, bad = {"hello", 5, "bad.txt"};
    assert_null(plan_diff_explain(good, bad, &err));
    assert_true(str_starts(err.text, "bad.txt: "));
    assert_null(plan_diff_explain(bad, good, &err));
    assert_true(str_starts(err.text, "bad.txt: "));
    free(plan);
}

static void test_the_slowest_of_several(void **state)
{
    (void)state;
    static const char two[] =
        "Seq Scan on a  (cost=0.00..10.00 rows=5 width=8) (actual time=0.1..1.0 rows=5 loops=1)\n"
        "Execution Time: 1.1 ms\n\n"
        "Seq Scan on b  (cost=0.00..10.00 rows=5 width=8) (actual time=0.1..9.0 rows=5 loops=1)\n"
        "Execution Time: 9.1 ms\n";
    struct sd_error err = {""};
    struct doc *d = plan_diff_explain((struct plan_input){two, strlen(two), "two.txt"},
                                      (struct plan_input){two, strlen(two), "again.txt"}, &err);
    assert_non_null(d);
    char *text = printed(d, PRINT_TEXT, 0);
    assert_true(strstr(text, "two.txt holds 2 plans; the slowest, number 2, is compared."));
    assert_true(strstr(text, "Seq Scan on b"));
    free(text);
    doc_free(d);
}

/* ---- a query's plans ---- */

static void plan_came(struct model *m, int64_t seconds, const char *path, const char *failed)
{
    size_t len;
    char *body = path ? file(path, &len) : NULL;
    struct sd_plan p = {.query_id = 77,
                        .database = "shop",
                        .query = "SELECT * FROM t WHERE secret = 'geheim'",
                        .body = body,
                        .generic = 0,
                        .analyzed = 1,
                        .failed = failed};
    shop_add(m, "shop", T0 + seconds * SD_S, SD_PLAN, &p);
    free(body);
}

static cJSON *viewed(struct model *m, int64_t seconds, const char *file_text)
{
    struct view_ctx c = {.model = m,
                         .span = {T0, T0 + seconds * SD_S},
                         .now = T0 + seconds * SD_S,
                         .live = true,
                         .arg = "shop/77",
                         .file_text = file_text,
                         .file_len = file_text ? strlen(file_text) : 0,
                         .file_name = "old.txt"};
    struct doc *d = diff_view.build(&c);
    cJSON *json = as_json(d);
    char *text = printed(d, PRINT_TEXT, 0);
    assert_null(strstr(text, "geheim"));
    free(text);
    doc_free(d);
    return json;
}

static void assert_text(cJSON *json, const char *key, const char *part)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    if (!cJSON_IsString(item) || !strstr(item->valuestring, part))
        fail_msg("%s does not say \"%s\" but: %s", key, part,
                 cJSON_IsString(item) ? item->valuestring : "nothing");
}

static void assert_times(cJSON *json, double before_ms, double after_ms)
{
    double before = number(json, "execution_before_ns") / 1e6,
           after = number(json, "execution_after_ns") / 1e6;
    if (fabs(before - before_ms) > 1e-3 || fabs(after - after_ms) > 1e-3)
        fail_msg("%f ms and %f ms were compared", before, after);
    cJSON_Delete(json);
}

static double execution_ms(const char *path)
{
    size_t len;
    char *text = file(path, &len);
    const char *at = strstr(text, "\"Execution Time\": ");
    double ms = at ? atof(at + strlen("\"Execution Time\": "))
                   : atof(strstr(text, "Execution Time: ") + strlen("Execution Time: "));
    free(text);
    return ms;
}

#define BEFORE "data/plan_pairs/seq_to_index.before.json"
#define AFTER  "data/plan_pairs/seq_to_index.after.json"
#define COSTS  "data/plan_pairs/costs.before.txt"

static void test_which_plans_are_compared(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    double before = execution_ms(BEFORE), after = execution_ms(AFTER);
    cJSON *json = viewed(m, 0, NULL);
    assert_text(json, "why", "No queries are known");
    cJSON_Delete(json);
    plan_came(m, 1, NULL, "the statement has a syntax error");
    json = viewed(m, 1, NULL);
    assert_text(json, "why", "no plan of this query");
    cJSON_Delete(json);
    plan_came(m, 2, BEFORE, NULL);
    json = viewed(m, 2, NULL);
    assert_text(json, "why", "Only one plan");
    cJSON_Delete(json);
    plan_came(m, 3, COSTS, NULL);
    json = viewed(m, 3, NULL); /* the newest was not executed: its costs against those of the executed one */
    assert_text(json, "measure", "cost");
    cJSON_Delete(json);
    plan_came(m, 4, AFTER, NULL);
    assert_times(viewed(m, 4, NULL), before, after); /* executed with executed, not the newest before */
    plan_came(m, 5, AFTER, NULL);
    plan_came(m, 6, NULL, "the server was busy");
    assert_times(viewed(m, 6, NULL), before, after); /* another shape, not the newest before */
    json = viewed(m, 3, NULL);                       /* the cursor in the past */
    assert_text(json, "measure", "cost");
    cJSON_Delete(json);
    model_free(m);
}

/* A log gives a plan for each execution: the one before the change must not be pushed out. */
static void test_the_oldest_is_kept(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct plan_entry entry;
    plan_came(m, 1, BEFORE, NULL);
    for (int i = 2; i < 60; i++)
        plan_came(m, i, AFTER, NULL);
    assert_times(viewed(m, 100, NULL), execution_ms(BEFORE), execution_ms(AFTER));
    size_t n = 0;
    while (model_plan_nth(m, "shop/77", INT64_MAX, n, &entry))
        n++;
    assert_int_equal(n, 16);
    assert_int_equal(entry.at, T0 + SD_S);
    plan_came(m, 3, AFTER, NULL); /* late, and pushed out itself or another: all the same */
    assert_true(model_plan(m, "shop/77", INT64_MAX, &entry));
    assert_int_equal(entry.at, T0 + 59 * SD_S);
    model_free(m);
}

static void test_against_a_file(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    size_t len;
    char *old = file("data/plan_pairs/join_method.before.txt", &len);
    plan_came(m, 2, AFTER, NULL);
    cJSON *json = viewed(m, 2, old);
    assert_text(json, "before", "old.txt");
    assert_times(json, execution_ms("data/plan_pairs/join_method.before.txt"), execution_ms(AFTER));
    json = viewed(m, 2, "no plan at all");
    assert_text(json, "why", "old.txt: ");
    cJSON_Delete(json);
    free(old);
    model_free(m);
}

/* ---- the console ---- */

static bool give_file(void *app, const char *path, char **text, size_t *len, struct sd_error *err)
{
    (void)app;
    (void)err;
    assert_string_equal(path, "before.json");
    *text = file(BEFORE, len);
    return true;
}

static sd_time now(void *app)
{
    (void)app;
    return T0 + 10 * SD_S;
}

static void play(struct console *c, struct grid *g, const char *steps)
{
    struct strbuf out = {0};
    struct sd_error err = {""};
    if (!script_run(c, g, steps, &out, &err))
        fail_msg("%s\n%s", err.text, strbuf_text(&out));
    strbuf_free(&out);
}

static void test_keys(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct config *config = config_new(actions_all());
    plan_came(m, 1, AFTER, NULL);
    struct console *c =
        console_new(&(struct console_env){.model = m, .config = config, .now = now, .read_file = give_file});
    struct grid *g = grid_new(100, 40, false);
    console_resize(c, 100, 40);
    play(c, g, "key d\nwait text Select a query first");
    play(c, g, ":plan shop/77\nkey d\nwait text Only one plan of this query");
    play(c, g, ":diff before.json\nwait text faster\nwait text seq_to_index.*|Before: before.json");
    play(c, g, ":diff\nwait text Only one plan of this query");
    plan_came(m, 2, BEFORE, NULL);
    play(c, g, "key Esc\n:plan shop/77\nwait text a different plan before it");
    play(c, g, "key d\nwait text slower\nkey g\nkey f\nwait text ▸.*GroupAggregate");
    play(c, g,
         "size 100x80\nkey z w\nwait text the index condition is now the filter\nwait text Own time +1.06 ms "
         "-> 32.7 ms\nwait text now .*status = \nkey Esc");
    play(c, g, "key Esc Esc\n:diff shop/77\nwait text slower");
    console_free(c);
    grid_free(g);
    config_free(config);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_as_text),
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_refused_with_a_sentence),
        cmocka_unit_test(test_the_slowest_of_several),
        cmocka_unit_test(test_which_plans_are_compared),
        cmocka_unit_test(test_the_oldest_is_kept),
        cmocka_unit_test(test_against_a_file),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
