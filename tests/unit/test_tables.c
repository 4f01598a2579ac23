/* Tables in the console: keys and the mouse in, rows out. */
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/table.h"
#include "tests/lib/shop.h"
#include "ui/actions.h"
#include "ui/script.h"
#include "ui/state.h"

struct world {
    struct model *model;
    struct config *config;
    struct console *console;
    struct grid *grid;
    sd_time now;
};

static sd_time world_now(void *app)
{
    return ((struct world *)app)->now;
}

static struct world *world_of(struct model *m, sd_time now, int width, int height)
{
    struct world *w = mem_alloc(sizeof *w);
    *w = (struct world){.model = m, .config = config_new(actions_all()), .now = now};
    w->console =
        console_new(&(struct console_env){.app = w, .model = m, .config = w->config, .now = world_now});
    w->grid = grid_new(width, height, false);
    console_resize(w->console, width, height);
    console_draw(w->console, w->grid);
    return w;
}

static struct world *world_new(int width, int height)
{
    return world_of(shop_model(false), SHOP_END, width, height);
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

static const char *refusal(struct world *w, const char *command)
{
    static struct sd_error err;
    err = (struct sd_error){""};
    assert_false(console_command(w->console, command, &err));
    return err.text;
}

static char *screen(struct world *w)
{
    static char text[100000];
    struct strbuf b = {0};
    console_draw(w->console, w->grid);
    grid_dump(w->grid, &b);
    snprintf(text, sizeof text, "%s", strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

static void see(struct world *w, const char *text)
{
    char *s = screen(w);
    if (!strstr(s, text))
        fail_msg("\"%s\" is not on the screen:\n%s", text, s);
}

static void see_not(struct world *w, const char *text)
{
    char *s = screen(w);
    if (strstr(s, text))
        fail_msg("\"%s\" is on the screen:\n%s", text, s);
}

/* Where a text is on the screen, in cells. */
static void find(struct world *w, const char *text, int *x, int *y)
{
    char *s = screen(w), *at = strstr(s, text);
    if (!at)
        fail_msg("\"%s\" is not on the screen:\n%s", text, s);
    *y = 0;
    *x = 0;
    for (char *p = s; p < at; p++) {
        *x = *p == '\n' ? 0 : *x + ((*p & 0xC0) != 0x80);
        *y += *p == '\n';
    }
}

static void click(struct world *w, const char *text)
{
    int x, y;
    find(w, text, &x, &y);
    console_mouse(w->console, MOUSE_CLICK, x, y);
}

/* ---- columns by name ---- */

static void columns_are_named_by_headings_and_keys(void **state)
{
    (void)state;
    static const struct column columns[] = {
        {.key = "wait", .title = "Waits on", .flags = COLUMN_LEFT},
        {.key = "p99_ns", .title = "P99", .unit = UNIT_NS},
        {.key = "p999_ns", .title = "P99.9", .unit = UNIT_NS},
        {.key = "rate_per_s", .title = "Calls/s", .unit = UNIT_PER_S},
        {.key = "total_ns", .title = "Time", .unit = UNIT_NS, .flags = COLUMN_HIDDEN},
        {.key = "time_share", .title = "Time", .unit = UNIT_SHARE},
        {.key = "time", .title = "At", .unit = UNIT_TIME},
    };
    static const struct {
        const char *word;
        int column;
    } names[] = {
        {.word = "p99_ns", .column = 1},   {.word = "p99", .column = 1},
        {.word = "P99", .column = 1},      {.word = "P99.9", .column = 2},
        {.word = "waits on", .column = 0}, {.word = "waits-on", .column = 0},
        {.word = "WAIT", .column = 0},     {.word = "rate", .column = 3},
        {.word = "calls/s", .column = 3},  {.word = "time", .column = 6},
        {.word = "Time", .column = 5},     {.word = "total", .column = 4},
        {.word = "p9", .column = -1},      {.word = "", .column = -1},
        {.word = "_", .column = -1},       {.word = "rate_per", .column = -1},
    };
    const struct table t = {.columns = columns, .n_columns = ARRAY_LEN(columns)};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (table_column_meant(&t, names[i].word) != names[i].column)
            fail_msg("%s is column %d", names[i].word, table_column_meant(&t, names[i].word));
}

static void sorting_takes_a_heading_and_says_what_was_meant(void **state)
{
    (void)state;
    struct world *w = world_new(200, 24);
    play(w, ": endpoints\n: sort p99");
    see(w, "P99▾");
    play(w, ": sort -P50");
    see(w, "P50▴");
    play(w, ": sort rate");
    see(w, "Rate▾");
    assert_string_equal(refusal(w, "sort p98"), "this pane has no column p98; did you mean P90?");
    assert_string_equal(refusal(w, "columns rate ruote"),
                        "this pane has no column ruote; did you mean Route?");
    assert_string_equal(refusal(w, "sort zzzzzz"), "this pane has no column zzzzzz; s lists its columns");
    play(w, ": columns route, Rate p99");
    see(w, "Route");
    see(w, "Rate▾");
    see_not(w, "P50");
    assert_string_equal(refusal(w, "endpionts"), "there is no command endpionts; did you mean endpoints?");
    assert_string_equal(refusal(w, "serach x"), "there is no command serach; did you mean search?");
    world_free(w);
}

static void s_lists_the_columns_to_sort_by(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24);
    play(w, ": endpoints\nkey s");
    see(w, "Sort by");
    see(w, "▸▾ Total");
    see(w, "Mean         hidden");
    play(w, "key g Down Down Down Down Down Enter"); /* Mean: what one sorts by is shown */
    see(w, "Mean▾");
    see(w, "Sorted by Mean, descending");
    play(w, "key s -");
    see(w, "Mean▴");
    play(w, "key s s c Esc"); /* s goes on to P50; c hides it */
    see_not(w, "P50");
    see(w, "Mean▴");
    world_free(w);
}

static void a_click_on_a_heading_sorts(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24);
    play(w, ": endpoints");
    click(w, "P99");
    see(w, "P99▾");
    click(w, "P99▾");
    see(w, "P99▴");
    click(w, "Route");
    see(w, "Route▴");
    world_free(w);
}

static void right_scrolls_by_columns_and_the_name_stays(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24);
    play(w, ": endpoints");
    see(w, "Endpoints > ");
    see(w, "Errors");
    see_not(w, "Total");
    for (int i = 0; i < 20; i++)
        play(w, "key Right");
    see(w, "Method  Route");
    see(w, "Total▾");
    see(w, "Endpoints < ");
    see_not(w, "Errors");
    see_not(w, " > ");
    for (int i = 0; i < 40; i++)
        play(w, "key Left");
    see(w, "Errors");
    see_not(w, "Endpoints < ");
    world_free(w);
}

/* ---- the filter ---- */

static void slash_opens_empty_with_the_old_filter_above(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24);
    play(w, ": endpoints\nkey /\ntype orders\nkey Enter");
    see(w, "Endpoints /orders/");
    play(w, "key /");
    see(w, "\nFilter:\n Enter Accept  Esc Cancel  Up Previous");
    see(w, "Endpoints /orders/"); /* until something is typed */
    play(w, "key Up");
    see(w, "Filter: orders");
    play(w, "key Esc");
    see(w, "Endpoints /orders/");
    play(w, "key /\ntype x\nkey Esc");
    see(w, "Endpoints /orders/");
    play(w, "key / Enter"); /* nothing: all rows */
    see_not(w, "/orders/ ");
    play(w, "key / Up Enter");
    see(w, "Endpoints /orders/");
    world_free(w);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_named_by_headings_and_keys),
        cmocka_unit_test(sorting_takes_a_heading_and_says_what_was_meant),
        cmocka_unit_test(s_lists_the_columns_to_sort_by),
        cmocka_unit_test(a_click_on_a_heading_sorts),
        cmocka_unit_test(right_scrolls_by_columns_and_the_name_stays),
        cmocka_unit_test(slash_opens_empty_with_the_old_filter_above),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
