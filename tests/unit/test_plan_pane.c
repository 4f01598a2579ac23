/* The plan on the console: what it is weighed by, all about a node, the marked clause, the
 * text for other tools. Keys in, screens out. */
#include "tests/lib/shop.h"
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>

#include "core/batch.h"
#include "format/plans/explain_input.h"
#include "sink/print.h"
#include "ui/actions.h"
#include "ui/script.h"
#include "ui/widgets.h"
#include "view/plans/plan.h"

#define T0 (INT64_C(1700000000) * SD_S)

/* Most time in the join, most rows and blocks in the scan of items, the worst estimate in
 * the scan of orders. */
static const char BODY[] =
    "Sort  (cost=900.00..910.00 rows=50 width=40) (actual time=90.000..90.500 rows=40 loops=1)\n"
    "  Sort Key: o.placed DESC\n"
    "  Sort Method: quicksort  Memory: 29kB\n"
    "  Buffers: shared hit=1120 read=30\n"
    "  ->  Hash Join  (cost=100.00..800.00 rows=50 width=40) (actual time=30.000..89.000 rows=40 loops=1)\n"
    "        Hash Cond: (i.order_id = o.id)\n"
    "        Buffers: shared hit=1120 read=30\n"
    "        ->  Seq Scan on items i  (cost=0.00..500.00 rows=90000 width=16) (actual time=0.010..20.000 "
    "rows=90000 loops=1)\n"
    "              Buffers: shared hit=1000 read=20\n"
    "        ->  Hash  (cost=90.00..90.00 rows=2 width=24) (actual time=9.000..9.000 rows=4000 loops=1)\n"
    "              Buckets: 4096  Batches: 1  Memory Usage: 300kB\n"
    "              Buffers: shared hit=120 read=10\n"
    "              ->  Seq Scan on orders o  (cost=0.00..90.00 rows=2 width=24) (actual time=0.010..8.000 "
    "rows=4000 loops=1)\n"
    "                    Filter: (status = 'geheim'::text)\n"
    "                    Rows Removed by Filter: 10\n"
    "                    Buffers: shared hit=120 read=10\n"
    "Planning Time: 0.500 ms\n"
    "Execution Time: 91.000 ms\n";

struct world {
    struct model *model;
    struct config *config;
    struct console *console;
    struct grid *grid;
    char copied[8192];
};

static sd_time now(void *app)
{
    (void)app;
    return T0 + 10 * SD_S;
}

static enum copied take_copy(void *app, const char *text)
{
    struct world *w = app;
    snprintf(w->copied, sizeof w->copied, "%s", text);
    return COPIED;
}

static void plan_came(struct world *w, const char *body)
{
    struct sd_plan p = {.query_id = 77,
                        .database = "shop",
                        .query = "SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.status = "
                                 "'geheim' ORDER BY o.placed DESC",
                        .body = body,
                        .generic = 0,
                        .analyzed = 1};
    shop_add(w->model, "shop", T0, SD_PLAN, &p);
}

static void open_world(struct world *w, int width, int height, const char *body)
{
    *w = (struct world){.model = model_new(&MODEL_DEFAULTS),
                        .config = config_new(actions_all()),
                        .grid = grid_new(width, height, false)};
    plan_came(w, body);
    w->console = console_new(&(struct console_env){
        .app = w, .model = w->model, .config = w->config, .now = now, .copy = take_copy});
    console_resize(w->console, width, height);
    console_open(w->console, "plan", "shop/77");
}

static void close_world(struct world *w)
{
    console_free(w->console);
    grid_free(w->grid);
    config_free(w->config);
    model_free(w->model);
}

static void play(struct world *w, const char *steps)
{
    struct strbuf out = {0};
    struct sd_error err = {""};
    if (!script_run(w->console, w->grid, steps, &out, &err)) {
        struct strbuf screen = {0};
        grid_dump(w->grid, &screen);
        fail_msg("%s\n%s", err.text, strbuf_text(&screen));
    }
    strbuf_free(&out);
}

static void screen(struct world *w, struct strbuf *out)
{
    strbuf_clear(out);
    console_draw(w->console, w->grid);
    grid_dump(w->grid, out);
}

/* Tab to the tree, which then has the screen. */
static void to_tree(struct world *w)
{
    struct sd_error err;
    console_draw(w->console, w->grid);
    console_key(w->console, 'z');
    for (int i = 0; i < 9 && !console_condition(w->console, "text m: next metric", &err); i++)
        console_key(w->console, K_TAB);
    assert_true(console_condition(w->console, "text m: next metric", &err));
}

static void test_metrics(void **state)
{
    (void)state;
    struct explain e;
    struct sd_error err = {""};
    assert_true(explain_read(BODY, strlen(BODY), &e, &err));
    const struct plan *p = e.plans[0];
    assert_int_equal(plan_metrics(p), 1u << PLAN_METRIC_TIME | 1u << PLAN_METRIC_ROWS |
                                          1u << PLAN_METRIC_ESTIMATE | 1u << PLAN_METRIC_BUFFERS |
                                          1u << PLAN_METRIC_COST);
    assert_int_equal(plan_metric_worst(p, PLAN_METRIC_TIME)->id, 2);
    assert_int_equal(plan_metric_worst(p, PLAN_METRIC_ROWS)->id, 3);
    assert_int_equal(plan_metric_worst(p, PLAN_METRIC_BUFFERS)->id, 3);
    assert_int_equal(plan_metric_worst(p, PLAN_METRIC_ESTIMATE)->rows == 4000, 1);
    assert_int_equal(plan_metric_or(p, PLAN_METRIC_IO), PLAN_METRIC_TIME); /* not told */
    assert_int_equal(plan_metric_or(p, PLAN_METRIC_ROWS), PLAN_METRIC_ROWS);
    assert_int_equal(plan_metric_named("buffers"), PLAN_METRIC_BUFFERS);
    assert_int_equal(plan_metric_named("nonsense"), PLAN_METRIC_NONE);
    explain_free(&e);
}

static void test_weighed_by(void **state)
{
    (void)state;
    struct world w;
    struct sd_error err;
    open_world(&w, 130, 40, BODY);
    to_tree(&w);
    play(&w, "wait text ▸.*\\* Hash Join\nwait text own time of each node");
    play(
        &w,
        "key m\nwait text rows each node returned\nwait text \\* Seq Scan on items.*Rows of all|Rows of all");
    play(&w, "key w\nwait text ▸.*\\* Seq Scan on items");
    play(&w, "key m\nwait text 1x to 10,000x\nwait text \\* (Hash|Seq Scan on orders) ");
    play(&w, "key m\nwait text own blocks\nwait text \\* Seq Scan on items");
    play(&w, "key m\nwait text own cost"); /* it tells no I/O */
    play(&w, "key m\nwait text own time");
    play(&w, ":metric buffers\nwait text Blocks of all");
    assert_false(console_command(w.console, "metric io", &err));
    assert_non_null(strstr(err.text, "no figures for io"));
    assert_false(console_command(w.console, "metric beauty", &err));
    play(&w, ": sources\nkey m\nwait text no plan on this screen");
    close_world(&w);
}

static void test_about_a_node(void **state)
{
    (void)state;
    struct world w;
    struct strbuf s = {0};
    open_world(&w, 80, 24, BODY);
    to_tree(&w);
    play(&w, "key g\nwait text Sort key +o.placed DESC"); /* below the rows */
    play(&w, "key G\nkey Enter\nwait text Thrown away +10 by the filter\nwait text Filter +\\(status = "
             "\\?::text\\)\nwait text 120 hit, 10 read");
    screen(&w, &s);
    assert_null(strstr(s.text, "geheim"));
    play(&w, "key Esc\nkey z\nwait text Findings|Query");
    console_resize(w.console, 200, 50);
    grid_resize(w.grid, 200, 50);
    play(&w, "key z\nwait text \\* Hash Join.*|Thrown away"); /* beside them */
    strbuf_free(&s);
    close_world(&w);
}

static void test_marks_follow(void **state)
{
    (void)state;
    struct world w;
    struct sd_error err;
    open_world(&w, 200, 60, BODY);
    console_draw(w.console, w.grid);
    play(&w, "wait text \\^\\^\\^\nwait text marked: ");
    for (int i = 0; i < 9 && !console_condition(w.console, "text ▸.*Hash Join", &err); i++)
        console_key(w.console, K_TAB);
    play(&w, "key G\nwait text marked: what node 5 is about");
    play(&w, "key g\nwait text marked: what node 1 is about");
    close_world(&w);
}

static void test_folded_and_worst(void **state)
{
    (void)state;
    struct world w;
    struct sd_error err;
    open_world(&w, 130, 40, BODY);
    to_tree(&w);
    play(&w, "key g\nkey Left\nwait text ▸.*Sort");
    assert_false(
        console_condition(w.console, "text Hash Join", &err)); /* the selected row is about the sort */
    play(&w, "key w\nwait text ▸.*\\* Hash Join");
    play(&w, "key f\nkey f\nwait text ▸"); /* from finding to finding, around the end */
    close_world(&w);
}

static void test_as_text(void **state)
{
    (void)state;
    struct world w;
    struct explain e;
    struct sd_error err = {""};
    open_world(&w, 100, 30, BODY);
    console_draw(w.console, w.grid);
    assert_false(console_condition(w.console, "text As text", &err)); /* it stands aside */
    for (int i = 0; i < 12 && !console_condition(w.console, "text As text", &err); i++)
        console_key(w.console, K_TAB);
    play(&w, "wait text As text\nkey y\nwait text A shell runs each line\nkey n");
    assert_string_equal(w.copied, ""); /* several lines are copied when the user says so */
    play(&w, "key y\nwait text Copy several lines\nkey y");
    assert_null(strstr(w.copied, "geheim"));
    assert_true(explain_read(w.copied, strlen(w.copied), &e, &err));
    assert_int_equal(e.plans[0]->n_nodes, 5);
    explain_free(&e);
    close_world(&w);
}

/* Wide and replaced characters, tabs, a mark over a line's end: ^ stands below its character. */
static void test_marked_text(void **state)
{
    (void)state;
    static const char text[] = "a\tb \xe6\x97\xa5\xe6\x9c\xac \x1b c\nsecond";
    const struct text_mark marks[] = {{4, 6}, {13, 4}};
    struct grid *g = grid_new(22, 8, false);
    struct pane p = {0};
    struct strbuf out = {0};
    marked_draw((struct draw){.grid = g, .in = {0, 0, 22, 8}}, text, marks, 2, STYLE_TEXT, &p);
    grid_dump(g, &out);
    assert_true(
        str_starts(out.text, " a b \xe6\x97\xa5\xe6\x9c\xac \xc2\xb7 c\n     ^^^^   ^\n second\n ^^\n"));
    assert_int_equal(marked_height(text, marks, 2, 20), 4);
    assert_int_equal(text_height(text, 20), 2);
    p.top = 3; /* scrolled: the carets of a line that is gone stay */
    grid_clear(g);
    strbuf_clear(&out);
    marked_draw((struct draw){.grid = g, .in = {0, 0, 22, 1}}, text, marks, 2, STYLE_TEXT, &p);
    grid_dump(g, &out);
    assert_true(str_starts(out.text, " ^^"));
    strbuf_free(&out);
    grid_free(g);
}

static void test_printed(void **state)
{
    (void)state;
    struct strbuf out = {0}, input = {0};
    struct sd_error err = {""};
    strbuf_printf(
        &input,
        "Query Text: SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.status = 'geheim'\n%s",
        BODY);
    struct doc *d = plan_explain(input.text, input.len, "x", &err);
    assert_non_null(d);
    print_doc(d, PRINT_TEXT, &(struct print_options){.width = 120}, &out);
    assert_non_null(strstr(out.text, "^^^"));
    assert_null(strstr(out.text, "As text"));
    strbuf_clear(&out);
    print_doc(d, PRINT_JSON, &(struct print_options){.width = 0}, &out);
    assert_non_null(strstr(out.text, "\"plan_text\":"));
    assert_non_null(strstr(out.text, "\"clause\":"));
    doc_free(d);
    strbuf_free(&out);
    strbuf_free(&input);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics),          cmocka_unit_test(test_weighed_by),
        cmocka_unit_test(test_about_a_node),     cmocka_unit_test(test_marks_follow),
        cmocka_unit_test(test_folded_and_worst), cmocka_unit_test(test_as_text),
        cmocka_unit_test(test_marked_text),      cmocka_unit_test(test_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
