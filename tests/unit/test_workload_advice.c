/* Index advice for a workload: the document from records, what the model keeps, and the
 * search ordered in the console. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <locale.h>
#include <stdlib.h>

#include "core/batch.h"
#include "core/schema.h"
#include "format/record/recording.h"
#include "sink/print.h"
#include "tests/lib/shop.h"
#include "ui/actions.h"
#include "ui/script.h"
#include "view/indexes/advise.h"

#define T0 SHOP_END

static void *blank(enum sd_kind kind, void *record)
{
    schema_clear(schema_of(kind), record);
    return record;
}

static void add_statement(struct sd_batch *b, const char *database, int64_t number, const char *id,
                          const char *text, double before, double after, const char *problem)
{
    struct sd_workload_statement s;
    blank(SD_WORKLOAD_STATEMENT, &s);
    s.database = database;
    s.number = number;
    s.id = id;
    s.text = text;
    s.weight = 2;
    s.cost_before = before;
    s.cost_after = after;
    s.problem = problem;
    assert_true(batch_add(b, SD_WORKLOAD_STATEMENT, &s));
}

static void add_index(struct sd_batch *b, const char *database)
{
    struct sd_workload_index x;
    blank(SD_WORKLOAD_INDEX, &x);
    x.database = database;
    x.schema = "public";
    x.table = "Order";
    x.method = "btree";
    x.ddl = "CREATE INDEX CONCURRENTLY order_note_idx ON public.\"Order\" (note)";
    x.holds = "(note) INCLUDE (total)";
    x.keys = SD_TEXTS("note");
    x.include = SD_TEXTS("total");
    x.saves_cost = 900;
    x.size_bytes = 1 << 20;
    x.build_ns = 90 * SD_S;
    x.proven = 1;
    x.statements = SD_INTS(1, 3);
    assert_true(batch_add(b, SD_WORKLOAD_INDEX, &x));
}

static void add_rewrite(struct sd_batch *b, const char *database)
{
    struct sd_workload_rewrite r;
    blank(SD_WORKLOAD_REWRITE, &r);
    r.database = database;
    r.number = 3;
    r.rule = "offset_paging";
    r.title = "OFFSET makes rows to skip them";
    r.severity = "bad";
    r.after = "WHERE id > $1";
    r.saves_share = 0.5;
    assert_true(batch_add(b, SD_WORKLOAD_REWRITE, &r));
}

static void add_waste(struct sd_batch *b, const char *database, const char *name, const char *reason)
{
    struct sd_workload_waste w = {.database = database,
                                  .schema = "public",
                                  .table = "Order",
                                  .name = name,
                                  .reason = reason,
                                  .size_bytes = 4096,
                                  .idx_scan = 0};
    assert_true(batch_add(b, SD_WORKLOAD_WASTE, &w));
}

/* A whole answer, not yet taken anywhere. */
static struct sd_batch *answer(const char *origin, const char *database, bool given, sd_time at)
{
    struct sd_batch *b = batch_new(origin, at);
    struct sd_workload w;
    blank(SD_WORKLOAD, &w);
    add_index(b, database);
    add_statement(b, database, 1, "77", "SELECT *\n FROM \"Order\" WHERE note = 'secret'", 500, 50, NULL);
    add_statement(b, database, 2, "78", "drop table x", NAN, NAN, "only queries are planned");
    add_statement(b, database, 3, "79", "SELECT 1 OFFSET 1000", 100, 50, NULL);
    add_rewrite(b, database);
    add_waste(b, database, "old_idx", "unused");
    add_waste(b, database, "twin_idx", "duplicate");
    w.database = database;
    w.name = given ? "statements.sql" : "pg_stat_statements";
    w.given = given;
    w.cost_before = 1200;
    w.cost_after = 200;
    w.size_bytes = 1 << 20;
    w.next_bytes = 2 << 20;
    w.next_cost = 100;
    w.next_index = "Order (total)";
    w.calls = 42;
    w.elapsed_ns = SD_S;
    w.cut_short = 0;
    w.proven = 1;
    w.since = 0;
    w.notes = SD_TEXTS("78: it keeps all.", NULL);
    assert_true(batch_add(b, SD_WORKLOAD, &w));
    return b;
}

static void take(struct model *m, struct sd_batch *b)
{
    model_apply(m, b);
    batch_unref(b);
}

static char *printed(struct doc *d, enum print_format f)
{
    struct strbuf out = {0};
    assert_non_null(d);
    print_doc(d, f, &(struct print_options){0}, &out);
    doc_free(d);
    return strbuf_detach(&out);
}

static struct doc *view(const struct model *m, const char *arg, sd_time now, bool literals)
{
    return advise_view.build(
        &(struct view_ctx){.model = m, .span = SPAN_ALL, .now = now, .arg = arg, .show_literals = literals});
}

static void has(char *text, const char *const *parts)
{
    for (; *parts; parts++)
        if (!strstr(text, *parts))
            fail_msg("\"%s\" is not in:\n%s", *parts, text);
    free(text);
}
#define HAS(text, ...) has(text, (const char *const[]){__VA_ARGS__, NULL})

/* ---- the document ---- */

static void the_document_tells_all_of_the_records(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    take(m, answer("prod", "shop", false, T0));
    HAS(printed(view(m, NULL, T0, false), PRINT_TEXT),
        "1 index of 1.05 MB bring the workload from cost 1.20 k to 200: 16.7 % of what it was.",
        "The next step is at a budget of 2.10 MB: Order (total), to 8.3 %.",
        "Proven by the planner with HypoPG, 42 plans asked for in 1.00 s.", "78: it keeps all.",
        "CREATE INDEX CONCURRENTLY order_note_idx ON public.\"Order\" (note);", "1 left out",
        "SELECT *  FROM \"Order\" WHERE note = $1", "counted since 1970-01-01T00:00:00.000Z", "old_idx",
        "OFFSET makes rows to skip them");
    char *text = printed(view(m, "shop@prod", T0, false), PRINT_JSON);
    cJSON *j = cJSON_Parse(text), *x = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "indexes"), 0);
    free(text);
    assert_string_equal(cJSON_GetObjectItem(x, "table")->valuestring, "public.\"Order\"");
    assert_string_equal(cJSON_GetObjectItem(x, "build")->valuestring, "minutes");
    assert_int_equal(cJSON_GetObjectItem(x, "n_queries")->valueint, 2);
    assert_int_equal((int)(cJSON_GetObjectItem(x, "saves_share")->valuedouble * 100), 75);
    cJSON *of = cJSON_GetArrayItem(cJSON_GetObjectItem(x, "queries"), 1);
    assert_string_equal(cJSON_GetObjectItem(of, "query_id")->valuestring, "79");
    cJSON *q = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "queries"), 1);
    assert_string_equal(cJSON_GetObjectItem(q, "problem")->valuestring, "only queries are planned");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(q, "cost_before")));
    cJSON *twin = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "redundant"), 0);
    assert_string_equal(cJSON_GetObjectItem(twin, "ddl")->valuestring,
                        "DROP INDEX CONCURRENTLY public.twin_idx");
    cJSON *r = cJSON_GetArrayItem(cJSON_GetObjectItem(j, "rewrites"), 0);
    assert_string_equal(cJSON_GetObjectItem(r, "query_id")->valuestring, "79");
    cJSON_Delete(j);
    model_free(m);
}

static void apply_decoded(void *model, struct sd_batch *b)
{
    model_apply(model, b);
    batch_unref(b);
}

/* What a recording holds of it says the same. */
static void a_recording_holds_all_of_it(void **state)
{
    (void)state;
    struct strbuf file = {0};
    struct recording_stats st;
    struct sd_error err;
    struct model *live = model_new(&MODEL_DEFAULTS), *replayed = model_new(&MODEL_DEFAULTS);
    struct sd_batch *b = answer("prod", "shop", false, T0);
    recording_header(&file);
    recording_encode_many((const struct sd_batch *const[]){b}, 1, &file);
    take(live, b);
    assert_true(recording_decode(file.text, file.len, apply_decoded, NULL, replayed, &st, &err));
    char *before = printed(view(live, NULL, T0, true), PRINT_JSON);
    char *after = printed(view(replayed, NULL, T0, true), PRINT_JSON);
    assert_string_equal(before, after);
    free(before);
    free(after);
    strbuf_free(&file);
    model_free(live);
    model_free(replayed);
}

/* A server's constants are hidden; those of a file the user has named are not. */
static void literals_are_hidden_unless_they_were_given(void **state)
{
    (void)state;
    for (int given = 0; given < 2; given++)
        for (int show = 0; show < 2; show++) {
            struct model *m = model_new(&MODEL_DEFAULTS);
            take(m, answer("prod", "shop", given, T0));
            char *text = printed(view(m, NULL, T0, show), PRINT_JSON);
            assert_int_equal(strstr(text, "secret") != NULL, given || show);
            free(text);
            model_free(m);
        }
}

static void a_reply_is_printed_without_a_model(void **state)
{
    (void)state;
    struct sd_error err;
    struct sd_batch *b = answer("prod", "shop", true, T0);
    HAS(printed(advise_reply(b, false, &err), PRINT_JSON), "\"workload\":\t\"statements.sql\"",
        "\"what_if_calls\":\t42");
    batch_unref(b);
    b = batch_new("prod", T0);
    batch_add(b, SD_FAILURE, &(struct sd_failure){.job = "advise", .text = "no statement could be planned"});
    assert_null(advise_reply(b, false, &err));
    assert_string_equal(err.text, "no statement could be planned");
    batch_unref(b);
}

/* Lists that do not fit the records beside them. */
static void lists_from_outside_are_not_believed(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_batch *b = batch_new("prod", T0);
    struct sd_workload w;
    struct sd_workload_index x;
    blank(SD_WORKLOAD, &w);
    blank(SD_WORKLOAD_INDEX, &x);
    x.keys = SD_TEXTS(NULL, "\x1b[2J");
    x.statements = SD_INTS(INT64_MAX, 1, 1, SD_UNKNOWN);
    assert_true(batch_add(b, SD_WORKLOAD_INDEX, &x) && batch_add(b, SD_WORKLOAD, &w));
    add_statement(b, NULL, 1, NULL, NULL, INFINITY, -1, NULL);
    take(m, b);
    for (int f = PRINT_TEXT; f <= PRINT_CSV; f++) {
        char *text = printed(view(m, NULL, T0, true), (enum print_format)f);
        assert_null(strchr(text, 0x1b));
        free(text);
    }
    model_free(m);
}

/* ---- what is kept ---- */

static void the_newest_answer_of_each_database_is_kept(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    take(m, answer("prod", "shop", false, T0));
    take(m, answer("prod", "books", false, T0 + SD_S));
    take(m, answer("prod", "shop", false, T0 + 2 * SD_S));
    take(m, answer("test", "shop", false, T0 + 3 * SD_S));
    assert_string_equal(model_advice_nth(m, 0)->name, "shop@test");
    assert_string_equal(model_advice_nth(m, 1)->name, "shop@prod");
    assert_string_equal(model_advice_nth(m, 2)->name, "books@prod");
    assert_null(model_advice_nth(m, 3));
    assert_int_equal(model_advice(m, "shop@prod", INT64_MAX)->at, T0 + 2 * SD_S);
    assert_string_equal(model_advice(m, "books", INT64_MAX)->name, "books@prod");
    assert_string_equal(model_advice(m, NULL, INT64_MAX)->name, "shop@test");
    assert_null(model_advice(m, "shop@prod", T0 + SD_S)); /* not known then */
    assert_null(model_advice(m, "nothing", INT64_MAX));
    model_clear(m);
    assert_null(model_advice_nth(m, 0));
    model_free(m);
}

static void failed(struct model *m, const char *job, const char *about, const char *text, sd_time at)
{
    struct sd_batch *b = batch_new("prod", at);
    batch_add(b, SD_FAILURE, &(struct sd_failure){.job = job, .about = about, .text = text});
    take(m, b);
}

static void a_search_that_failed_takes_nothing_away(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    HAS(printed(view(m, NULL, T0, false), PRINT_TEXT), "There is no index advice yet. slowdive advise");
    failed(m, "explain", "shop/77", "another job", T0);
    assert_null(model_advice_nth(m, 0));
    failed(m, "advise", "shop", "it was withdrawn", T0);
    HAS(printed(view(m, "shop@prod", T0, false), PRINT_TEXT), "it was withdrawn");
    take(m, answer("prod", "shop", false, T0));
    char *text = printed(view(m, NULL, T0, false), PRINT_TEXT);
    assert_null(strstr(text, "withdrawn"));
    free(text);
    failed(m, "advise", "shop", "the server went away", T0 + SD_S);
    failed(m, "advise", "shop", "the server is gone", T0 + 2 * SD_S);
    HAS(printed(view(m, "shop@prod", T0, false), PRINT_TEXT), "the server is gone", "order_note_idx");
    assert_null(model_advice_nth(m, 1));
    model_free(m);
}

/* ---- the console ---- */

struct world {
    struct model *model;
    struct config *config;
    struct console *console;
    struct grid *grid;
    struct sd_request *asked; /* the search */
    uint64_t number;
    int withdrawals;
    const char *refuse;
};

static sd_time world_now(void *app)
{
    (void)app;
    return SHOP_END;
}

static uint64_t world_request(void *app, const char *origin, const struct sd_request *req,
                              struct sd_error *err)
{
    struct world *w = app;
    assert_string_equal(origin, "shop");
    if (w->refuse) {
        snprintf(err->text, sizeof err->text, "%s", w->refuse);
        return 0;
    }
    if (req->job == SD_JOB_ADVISE) {
        free(w->asked);
        w->asked = job_copy(req);
    }
    return ++w->number;
}

static void world_withdraw(void *app, const char *origin)
{
    (void)origin;
    ((struct world *)app)->withdrawals++;
}

static struct world *world_new(bool replay)
{
    struct world *w = mem_alloc(sizeof *w);
    w->model = shop_model(false);
    w->config = config_new(actions_all());
    w->console = console_new(&(struct console_env){.app = w,
                                                   .model = w->model,
                                                   .config = w->config,
                                                   .now = world_now,
                                                   .replay = replay,
                                                   .request = replay ? NULL : world_request,
                                                   .withdraw = replay ? NULL : world_withdraw});
    w->grid = grid_new(110, 40, false);
    console_resize(w->console, 110, 40);
    return w;
}

static void world_free(struct world *w)
{
    console_free(w->console);
    grid_free(w->grid);
    config_free(w->config);
    model_free(w->model);
    free(w->asked);
    free(w);
}

static void play(struct world *w, const char *steps)
{
    struct strbuf out = {0};
    struct sd_error err = {""};
    if (!script_run(w->console, w->grid, steps, &out, &err))
        fail_msg("%s", err.text);
    strbuf_free(&out);
}

static char *screen(struct world *w)
{
    struct strbuf b = {0};
    console_draw(w->console, w->grid);
    grid_dump(w->grid, &b);
    return strbuf_detach(&b);
}

/* NULL: the search gives its advice. */
static void reply(struct world *w, const char *why)
{
    struct sd_batch *b = why ? batch_new("shop", T0) : answer("shop", "shop", false, T0);
    struct sd_failure f = {.job = "advise", .about = "shop", .text = why};
    if (why)
        batch_add(b, SD_FAILURE, &f);
    batch_set_answer(b, w->number);
    model_apply(w->model, b);
    console_take(w->console, b);
    batch_unref(b);
}

static void a_key_orders_the_search_and_shows_its_answer(void **state)
{
    (void)state;
    struct world *w = world_new(false);
    play(w, "key 3 a");
    assert_non_null(w->asked);
    const struct sd_job_advise *args = w->asked->args;
    assert_string_equal(args->database, "shop");
    assert_false(sd_known(args->budget_bytes));
    assert_null(args->statements);
    assert_int_equal(args->literals, 0);
    HAS(screen(w), "There is no index advice for shop@shop yet",
        "The search for indexes runs on shop@shop: 0 s of at most 3 min; Esc stops it");
    play(w, "key 3 a");
    HAS(screen(w), "One at a time: The search for indexes still runs on shop@shop");
    reply(w, NULL);
    play(w, ": advise");
    HAS(screen(w), "Indexes to create", "public.\"Order\"", "Index advice for shop@shop",
        "Searched on shop@shop, answered after");
    free(w->asked);
    w->asked = NULL;
    play(w, "key a"); /* again, from the view itself */
    assert_non_null(w->asked);
    world_free(w);
}

static void a_search_is_stopped_and_its_failure_shown(void **state)
{
    (void)state;
    struct world *w = world_new(false);
    play(w, "key 3 a Esc");
    assert_int_equal(w->withdrawals, 1);
    HAS(screen(w), "The search for indexes on shop@shop is being stopped");
    reply(w, "withdrawn after 1.00 s");
    HAS(screen(w), "The search for indexes on shop@shop: withdrawn after 1.00 s", "The last search");
    play(w, ": find-index 500MB");
    assert_int_equal(((const struct sd_job_advise *)w->asked->args)->budget_bytes, 500000000);
    reply(w, "pg_stat_statements is not installed");
    HAS(screen(w), "pg_stat_statements is not installed");
    w->refuse = "the source shop takes no requests";
    play(w, "key 3 a");
    HAS(screen(w), "the source shop takes no requests");
    world_free(w);
}

static void a_recording_shows_the_advice_it_has(void **state)
{
    (void)state;
    struct world *w = world_new(true);
    play(w, "key 3 a");
    HAS(screen(w), "Cannot search for indexes in a recording: there is no server");
    take(w->model, answer("shop", "shop", false, T0 - SD_S));
    play(w, ": advise");
    HAS(screen(w), "Index advice for shop@shop", "Indexes to create");
    world_free(w);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_tells_all_of_the_records),
        cmocka_unit_test(a_recording_holds_all_of_it),
        cmocka_unit_test(literals_are_hidden_unless_they_were_given),
        cmocka_unit_test(a_reply_is_printed_without_a_model),
        cmocka_unit_test(lists_from_outside_are_not_believed),
        cmocka_unit_test(the_newest_answer_of_each_database_is_kept),
        cmocka_unit_test(a_search_that_failed_takes_nothing_away),
        cmocka_unit_test(a_key_orders_the_search_and_shows_its_answer),
        cmocka_unit_test(a_search_is_stopped_and_its_failure_shown),
        cmocka_unit_test(a_recording_shows_the_advice_it_has),
    };
    return cmocka_run_group_tests_name("workload advice", tests, NULL, NULL);
}
