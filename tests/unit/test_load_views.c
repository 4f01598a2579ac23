/* A load test in the console: opened, asked for, watched while it runs, stopped after a question, its result.
 */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/batch.h"
#include "core/schema.h"
#include "ui/actions.h"
#include "ui/script.h"

#define T0 (INT64_C(1700000000) * SD_S)

struct world {
    struct model *model;
    struct config *config;
    struct console *console;
    struct grid *grid;
    sd_time now;
    int requests, withdrawals;
    char added[128];
};

static sd_time world_now(void *app)
{
    return ((struct world *)app)->now;
}

static uint64_t world_request(void *app, const char *origin, const struct sd_request *req,
                              struct sd_error *err)
{
    struct world *w = app;
    (void)err;
    assert_string_equal(origin, "shop");
    assert_int_equal(req->job, SD_JOB_RUN_LOAD);
    assert_int_equal(((const struct sd_job_run_load *)req->args)->limit_ns, 120 * SD_S);
    return (uint64_t)++w->requests;
}

static void world_withdraw(void *app, const char *origin)
{
    assert_string_equal(origin, "shop");
    ((struct world *)app)->withdrawals++;
}

static bool world_add(void *app, const char *target, struct sd_error *err)
{
    (void)err;
    snprintf(((struct world *)app)->added, 128, "%s", target);
    return true;
}

static void take(struct world *w, struct sd_batch *b)
{
    model_apply(w->model, b);
    console_take(w->console, b);
    batch_unref(b);
}

/* What the test says of a second; `rate` 0: it is ready. */
static void say_load(struct world *w, int rate, int64_t p99)
{
    struct sd_bucket buckets[2] = {{.index = sd_hist_index(2 * SD_MS), .count = (uint32_t)rate},
                                   {.index = sd_hist_index(p99), .count = (uint32_t)rate / 20 + 1}};
    struct sd_hist h = {.n = 2, .buckets = buckets};
    struct sd_batch *b = batch_new("shop", w->now);
    struct sd_load r;
    schema_clear(schema_of(SD_LOAD), &r);
    r.name = "shop.yaml";
    r.what = "search";
    r.target = "http://127.0.0.1:8080";
    r.phase = rate ? "level 2" : "ready";
    r.began = T0;
    r.whole_ns = 120 * SD_S;
    r.asked_per_s = rate ? rate : 400;
    if (rate) {
        r.interval_ns = SD_S;
        r.planned = r.sent = r.answered = rate;
        r.failed = 1;
        r.latency = &h;
    }
    assert_true(batch_add(b, SD_LOAD, &r));
    take(w, b);
    w->now += SD_S;
}

static void say_level(struct world *w, int level, double rate, bool held)
{
    struct sd_batch *b = batch_new("shop", w->now);
    struct sd_load_level r;
    schema_clear(schema_of(SD_LOAD_LEVEL), &r);
    r.name = "shop.yaml";
    r.level = level;
    r.rate_per_s = r.ok_per_s = rate;
    r.held = held;
    r.reason = held ? NULL : "p99 < 200ms";
    assert_true(batch_add(b, SD_LOAD_LEVEL, &r));
    take(w, b);
}

static void say_result(struct world *w)
{
    struct sd_batch *b = batch_new("shop", w->now);
    struct sd_document x = {
        .what = "load",
        .name = "shop.yaml",
        .json = "{\"view\":\"load\",\"kind\":\"search\",\"latency\":{\"count\":5,\"p50_ns\":2000000},"
                "\"verdict\":\"pass\"}"};
    batch_set_answer(b, (uint64_t)w->requests);
    assert_true(batch_add(b, SD_DOCUMENT, &x));
    take(w, b);
}

static struct world *world_new(int width, int height)
{
    struct world *w = mem_alloc(sizeof *w);
    w->model = model_new(&MODEL_DEFAULTS);
    w->config = config_new(actions_all());
    w->now = T0;
    w->console = console_new(&(struct console_env){.app = w,
                                                   .model = w->model,
                                                   .config = w->config,
                                                   .now = world_now,
                                                   .request = world_request,
                                                   .withdraw = world_withdraw,
                                                   .add_source = world_add});
    w->grid = grid_new(width, height, false);
    console_resize(w->console, width, height);
    console_draw(w->console, w->grid);
    return w;
}

static void world_free(struct world *w)
{
    console_free(w->console);
    grid_free(w->grid);
    config_free(w->config);
    model_free(w->model);
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

static void see(struct world *w, const char *text)
{
    struct strbuf b = {0};
    int64_t wait;
    w->now += SD_MS;
    console_tick(w->console, &wait);
    console_draw(w->console, w->grid);
    grid_dump(w->grid, &b);
    if (!strstr(strbuf_text(&b), text))
        fail_msg("\"%s\" is not on the screen:\n%s", text, strbuf_text(&b));
    strbuf_free(&b);
}

static void a_test_is_opened_asked_for_watched_and_stopped(void **state)
{
    (void)state;
    struct world *w = world_new(100, 40);
    play(w, "key 7");
    see(w, "No load test has run yet.");
    play(w, ": load search shop.yaml");
    assert_string_equal(w->added, "load:shop.yaml?kind=search");
    say_load(w, 0, 0);
    play(w, ": loads");
    see(w, "Ready: search, up to 400/s, at most 2m00s");
    play(w, "key Enter");
    see(w, "against http://127.0.0.1:8080. J starts it.");
    play(w, "key J");
    see(w, "Run this load test?");
    see(w, "http://127.0.0.1:8080");
    play(w, "key n");
    assert_int_equal(w->requests, 0);
    play(w, "key J y");
    assert_int_equal(w->requests, 1);
    see(w, "The load test runs on shop.yaml");
    for (int i = 0; i < 10; i++)
        say_load(w, 100 + i, (10 + i) * SD_MS);
    say_level(w, 1, 50, true);
    say_level(w, 2, 100, false);
    see(w, "level 2: 109/s asked, 107/s sent, 107/s answered; p99 ");
    see(w, "p99 < 200ms");
    play(w, "key 1"); /* leaving lets it run */
    see(w, "The load test runs on shop.yaml");
    assert_int_equal(w->withdrawals, 0);
    play(w, "key Esc");
    see(w, "Stop the load test?");
    play(w, "key n");
    assert_int_equal(w->withdrawals, 0);
    play(w, "key Esc y");
    assert_int_equal(w->withdrawals, 1);
    see(w, "is being stopped");
    say_result(w);
    see(w, "Ran on shop.yaml");
    play(w, ": loads\nkey Enter");
    see(w, "2.00 ms");
    world_free(w);
}

/* 80 columns: the line says the whole. */
static void it_fits_a_small_screen(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24);
    for (int i = 0; i < 5; i++)
        say_load(w, 100, 10 * SD_MS);
    play(w, ": load-test shop.yaml");
    see(w, "level 2: 100/s asked, 100/s sent, 100/s answered; p99 10.0 ms; 1.0 % failed.");
    see(w, "Latency, from the moment");
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_test_is_opened_asked_for_watched_and_stopped),
        cmocka_unit_test(it_fits_a_small_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
