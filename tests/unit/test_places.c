/* The way through the console: places, help, palette, what is linked. */
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "conf/policy.h"
#include "core/schema.h"
#include "tests/lib/make_build.h"
#include "tests/lib/world.h"

static void help_names_every_key_bound_now(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    struct sd_error err;
    assert_true(keymap_bind(w->config->keymap, ACTION_ZOOM, "F9", &err));
    play(w, "size 120x240\nkey ? ?");
    for (int a = ACTION_NONE; (a = action_next(actions_all(), a));)
        see(w, action_at(actions_all(), a)->help);
    struct command_info command;
    for (size_t i = 0; command_at(actions_all(), i, &command); i++)
        see(w, command.help);
    see(w, "F9");
    play(w, "key Esc\nsize 100x30");
    assert_false(console_quitting(w->console));
    world_free(w);
}

/* ? is about this view first; what is typed filters. */
static void help_is_of_this_view_first(void **state)
{
    (void)state;
    struct world *w = world_new(100, 60, false, false);
    play(w, "key 2 ?");
    see(w, "Help: Endpoints");
    see(w, "act now");
    see(w, "Columns of Endpoints");
    see_not(w, "cancel");
    play(w, "key ?\ntype cance");
    see(w, "/cance/");
    see(w, "cancel");
    see_not(w, "one row down");
    play(w, "key Esc\nkey 3 3 ?\ntype q"); /* a letter, not the key */
    see(w, "Help: Activity /q/");
    assert_false(console_quitting(w->console));
    play(w, "key Esc");
    see_not(w, "Help:");
    world_free(w);
}

/* ---- places and the way between screens ---- */

static void a_digit_goes_to_its_place(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, false);
    static const struct {
        const char *keys, *view;
    } steps[] = {{"2", "endpoints"},     {"3", "queries"},  {"3", "activity"}, {".", "tables"},
                 {",", "activity"},      {"1", "overview"}, {"3", "activity"}, /* as it was left */
                 {"Enter 3", "queries"}, {"9", "sources"},  {"0", "map"},      {"Esc", "overview"},
                 {"3 ,", "pools"}};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        char script[64];
        if (!strcmp(steps[i].keys, "Enter 3"))
            play(w, ": query 77"); /* a thing of the place: its digit goes to the list */
        snprintf(script, sizeof script, "key %s", strcmp(steps[i].keys, "Enter 3") ? steps[i].keys : "3");
        play(w, script);
        if (strcmp(shown(w), steps[i].view) != 0)
            fail_msg("%zu: %s shows %s, not %s", i, steps[i].keys, shown(w), steps[i].view);
    }
    play(w, "key 4");
    see(w, "4 Code");
    see(w, "No profile is open.");
    play(w, "key 5");
    see(w, "No cache is open.");
    play(w, "key 6");
    see(w, "No report of Lighthouse is open.");
    play(w, "key 7");
    see(w, "No load test has run yet.");
    play(w, "key 0");
    see(w, "Views by place");
    see(w, "endpoints");
    world_free(w);
}

static void the_header_has_two_lines(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, false);
    see(w, "2 Web");
    char *s = screen(w), *second = strchr(s, '\n') + 1;
    char line[200];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(second, "\n"), second);
    for (int p = PLACE_HOME; p < PLACE_END; p++)
        assert_non_null(strstr(line, view_place_title((enum view_place)p)));
    play(w, "key 3");
    see(w, " DB! Queries Activity Tables Indexes Index advice Bloat … 4 5"); /* those beside it that fit */
    play(w, "key ,");
    see(w, "History Pools 4 5");
    play(w, "key 3");
#define DB_VIEWS                                                                                             \
    " DB! Queries Activity Tables Indexes Index advice Bloat Server Replication Progress Parameters "        \
    "History Pools"
    play(w, "size 140x24");
    see(w, DB_VIEWS " 4 5 6 7 8 9");
    play(w, "size 200x50");
    see(w, DB_VIEWS " 4 Code");
    play(w, "size 40x10"); /* every digit stays in sight, and then the view */
    see(w, " 3 DB! Queries … 4 5 6 7 8 9");
    play(w, "size 26x10");
    see(w, " 3 DB! 4 5 6 7 8 9");
    world_free(w);
}

/* A click on a place or on a view of it goes there. */
static void the_header_is_clicked(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, false);
    for (size_t i = 0; i < w->console->n_hits; i++)
        if (w->console->hits[i].place == PLACE_DB) {
            console_mouse(w->console, MOUSE_CLICK, w->console->hits[i].r.x, w->console->hits[i].r.y);
            break;
        }
    assert_string_equal(shown(w), "queries");
    screen(w);
    for (size_t i = 0; i < w->console->n_hits; i++)
        if (w->console->hits[i].view == view_named("tables")) {
            console_mouse(w->console, MOUSE_CLICK, w->console->hits[i].r.x, w->console->hits[i].r.y);
            break;
        }
    assert_string_equal(shown(w), "tables");
    world_free(w);
}

/* Without a source a place is dim, and its screen says what it needs. */
static void a_place_without_source_says_so(void **state)
{
    (void)state;
    struct model *none = model_new(&MODEL_DEFAULTS);
    assert_false(view_place_has_data(PLACE_DB, none));
    assert_false(view_place_has_data(PLACE_CODE, none));
    assert_true(view_place_has_data(PLACE_HOME, none));
    model_free(none);
    struct world *w = world_new(80, 24, false, false);
    const struct grid_cell *row = &w->grid->cells[80];
    screen(w);
    for (int x = 0; x < 80; x++) {
        if (row[x].code == '4')
            assert_int_equal(row[x].style, STYLE_DIM);
        if (row[x].code == '3')
            assert_int_equal(row[x].style, STYLE_KEY);
    }
    world_free(w);
}

/* Up is what stands above, not where one came from. */
static void up_never_goes_through_the_history(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2\nkey g Enter");
    assert_string_equal(shown(w), "endpoint");
    play(w, ": diff 77\nkey q");
    assert_string_equal(shown(w), "query");
    play(w, "key q");
    assert_string_equal(shown(w), "queries");
    play(w, "key q");
    assert_string_equal(shown(w), "overview");
    play(w, "key `");
    assert_string_equal(shown(w), "queries");
    play(w, "key `");
    assert_string_equal(shown(w), "overview");
    play(w, "key M-Left M-Left M-Left");
    assert_string_equal(shown(w), "diff");
    play(w, "key M-Left");
    assert_string_equal(shown(w), "endpoint");
    play(w, "key M-Right M-Right");
    assert_string_equal(shown(w), "query");
    play(w, "key 1 M-Right");
    see(w, "There is no later screen");
    for (int i = 0; i < 100; i++)
        play(w, "key 2 3");
    for (int i = 0; i < 32; i++)
        play(w, "key M-Left");
    see_not(w, "no earlier screen");
    play(w, "key M-Left");
    see(w, "There is no earlier screen");
    world_free(w);
}

/* From every view, with everything done to it that Esc undoes, Home is at most four presses away. */
static void home_is_four_presses_away(void **state)
{
    (void)state;
    for (const struct view *const *v = VIEWS; *v; v++) {
        struct world *w = world_new(80, 24, false, false);
        struct sd_error err;
        play(w, ": queries\n: filter o\nkey z\n: query 77\nkey z"); /* also on the way */
        console_command(w->console, (*v)->name, &err);
        play(w, ": filter e\nkey z");
        for (int i = 0; i < 4; i++)
            console_key(w->console, K_ESC);
        assert_string_equal(shown(w), "overview");
        world_free(w);
    }
}

static void what_was_done_to_a_view_is_kept(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2\n: filter o\n: sort count\nkey z\n: columns route count\nkey 3 1 2");
    see(w, "/o/");
    see_no_column(w, "P99");
    struct screen *s = console_screen(w->console);
    assert_true(s->zoom);
    assert_string_equal(console_pane(w->console)->sort, "count");
    world_free(w);
}

static void add_table(struct world *w)
{
    struct sd_table r;
    schema_clear(schema_of(SD_TABLE), &r);
    r.database = "shop";
    r.schema = "public";
    r.name = "orders";
    r.total_bytes = 1 << 20;
    shop_add(w->model, "shop", SHOP_END - SD_S, SD_TABLE, &r);
}

static void add_profile(struct world *w)
{
    struct sd_batch *b = batch_new("app", SHOP_END - SD_S);
    assert_true(batch_add(b, SD_PROFILE, &(struct sd_profile){.types = SD_TEXTS("cpu"), .type = "cpu"}));
    assert_true(
        batch_add(b, SD_PROFILE_FUNCTION,
                  &(struct sd_profile_function){.name = "f", .self = SD_REALS(1), .total = SD_REALS(1)}));
    model_apply(w->model, b);
    batch_unref(b);
}

static void add_cache(struct world *w)
{
    struct sd_cache r;
    schema_clear(schema_of(SD_CACHE), &r);
    r.layer = "application";
    r.name = "redis 127.0.0.1:6379";
    r.hits = 90;
    r.misses = 10;
    shop_add(w->model, "redis", SHOP_END - SD_S, SD_CACHE, &r);
}

static void add_page(struct world *w)
{
    struct sd_page_report r;
    schema_clear(schema_of(SD_PAGE_REPORT), &r);
    r.path = "report.json";
    r.url = "https://shop.example/";
    r.form_factor = "mobile";
    shop_add(w->model, "report.json", SHOP_END - SD_S, SD_PAGE_REPORT, &r);
}

static void add_build(struct world *w)
{
    struct sd_batch *b = batch_new("dist", SHOP_END - SD_S);
    made_head(b, "dist", "assets", 1, 1000, NULL);
    made_module(b, made_asset(b, "main.js", "js", 1000, 300, 1), "node_modules/lodash/lodash.js", 1000);
    model_apply(w->model, b);
    batch_unref(b);
}

/* One trace of one span. */
static void add_trace(struct world *w)
{
    static const char *const ids[] = {"0000000000000000000000000000000a"}, *const names[] = {"GET /orders"},
                             *const spans[] = {"000000000000000a"}, *const parents[] = {NULL};
    static const int64_t first[] = {0}, unknown[] = {SD_UNKNOWN}, at[] = {SHOP_END - SD_S}, took[] = {SD_MS};
    struct sd_texts trace_ids = {.n = 1, .items = ids}, name_texts = {.n = 1, .items = names},
                    span_ids = {.n = 1, .items = spans}, parent_ids = {.n = 1, .items = parents};
    struct sd_ints zero = {.n = 1, .items = first}, none = {.n = 1, .items = unknown},
                   starts = {.n = 1, .items = at}, durations = {.n = 1, .items = took};
    struct sd_spans r;
    schema_clear(schema_of(SD_SPANS), &r);
    r.traces = &trace_ids;
    r.services = r.names = &name_texts;
    r.trace = r.service = r.name = r.error = r.follows = &zero;
    r.id = &span_ids;
    r.parent = &parent_ids;
    r.statement = r.span_kind = &none;
    r.start = &starts;
    r.duration = &durations;
    shop_add(w->model, "traces.json", SHOP_END - SD_S, SD_SPANS, &r);
}

/* A load test that is ready, and a plan that was computed. */
static void add_load(struct world *w)
{
    struct sd_load r;
    schema_clear(schema_of(SD_LOAD), &r);
    r.name = "s.yaml";
    r.phase = "ready";
    shop_add(w->model, "s.yaml", SHOP_END - SD_S, SD_LOAD, &r);
    struct sd_document d = {
        .what = "capacity_plan", .name = "plan.yaml", .json = "{\"view\":\"capacity_plan\"}"};
    shop_add(w->model, "plan.yaml", SHOP_END - SD_S, SD_DOCUMENT, &d);
}

/* A policy with an objective, and its figures. */
static struct signals *add_goals(struct world *w)
{
    static const char text[] =
        "slos: [{name: fast, objective: 0.9, window: 1d, signal: http.latency, good_below: 200ms}]";
    struct sd_error err;
    if (!policy_read_text(&w->config->policy, "test", text, strlen(text), &err))
        fail_msg("%s", err.text);
    return w->console->env.signals = signals_new(&w->config->policy, NULL);
}

/* Every view from Home within four keys: those of places, and Enter and keys of actions. */
static void every_view_is_four_keys_from_home(void **state)
{
    (void)state;
    enum { KEYS = 4, WAYS = 64 };
    static const char *const keys[] = {"0", "1", "2", "3",     "4", "5", "6", "7", "8",
                                       "9", ".", ",", "Enter", "x", "d", "o", "S"};
    struct {
        char way[64];
        const struct view *view;
        int n;
    } ways[WAYS] = {{.view = view_home()}};
    size_t n = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ARRAY_LEN(keys) && ways[i].n < KEYS; k++) {
            struct world *w = world_new(80, 24, false, false);
            char script[128], way[64];
            add_table(w);
            add_profile(w);
            add_cache(w);
            add_page(w);
            add_build(w);
            add_trace(w);
            add_load(w);
            struct signals *signals = add_goals(w);
            snprintf(way, sizeof way, "%.40s %s", ways[i].way, keys[k]);
            snprintf(script, sizeof script, "key%s", way);
            play(w, script);
            const struct view *v = console_screen(w->console)->view;
            bool known = console_quitting(w->console);
            for (size_t m = 0; m < n; m++)
                known = known || ways[m].view == v;
            if (!known && n < WAYS) {
                ways[n].view = v;
                ways[n].n = ways[i].n + 1;
                snprintf(ways[n++].way, sizeof way, "%s", way);
            }
            world_free(w);
            signals_free(signals);
        }
    for (const struct view *const *v = VIEWS; *v; v++) {
        bool found = false;
        for (size_t m = 0; m < n; m++)
            found = found || ways[m].view == *v;
        if (!found)
            fail_msg("%s is not within %d keys of Home", (*v)->name, KEYS);
    }
}

/* : lists at once; views, then things, then commands; > actions. */
static void the_palette_finds_things(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key :");
    see(w, "overview");
    see(w, "the worst problems now");
    play(w, "type LOCKS\nkey Enter"); /* another name of it, in any case */
    assert_string_equal(shown(w), "activity");
    play(w, "key :\ntype checko\nkey Enter");
    see(w, "POST /checkout");
    assert_string_equal(shown(w), "endpoint");
    play(w, "key :\ntype from products where\nkey Enter");
    assert_string_equal(shown(w), "query");
    play(w, "key :\ntype >zoo\nkey Enter");
    assert_true(console_screen(w->console)->zoom);
    play(w, "key :"); /* recent ones first */
    see(w, "recent");
    play(w, "key Esc :\ntype q"); /* what is ambiguous is listed */
    see(w, "queries");
    see(w, "query");
    see(w, "quit");
    play(w, "key Esc :\ntype acti\nkey Tab Tab"); /* the row, then its argument */
    see(w, ":activity");
    play(w, "key Esc : Tab");
    see(w, "the worst problems now");
    play(w, "key Esc\n: queries /products/");
    see(w, "/products/");
    struct sd_error err = {""};
    assert_false(console_command(w->console, "queries products", &err));
    assert_non_null(strstr(err.text, "takes no argument"));
    assert_false(console_command(w->console, "qu", &err));
    assert_non_null(strstr(err.text, "queries"));
    assert_false(console_command(w->console, "endpionts", &err));
    assert_non_null(strstr(err.text, "did you mean endpoints?"));
    world_free(w);
}

static void o_lists_what_is_linked(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2\n: search orders/:id\nkey o");
    see(w, "Linked");
    see(w, "Endpoint");
    see(w, "queries 1");
    see(w, "sessions 2");
    play(w, "key Esc\n: queries\n: search products\nkey o");
    see(w, "Plan");
    see(w, "endpoints 1");
    play(w, "key Esc\n: endpoints\n: search orders/:id\nkey o");
    play(w, "key Down Down Enter");
    assert_string_equal(shown(w), "queries");
    see(w, "1 hidden");
    play(w, "key Esc\n: activity\nkey g o");
    see(w, "its query 1");
    play(w, "key Esc\n: tables\nkey g o");
    see(w, "indexes");
    play(w, "key `\nkey 9 o");
    see(w, "Nothing is linked");
    world_free(w);
}

/* In every theme the active tab and the pane in focus are told from the others. */
static void where_one_is_looks_different(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, false);
    bool here = false, other = false, border = false, plain = false;
    screen(w);
    for (int i = 0; i < w->grid->width * w->grid->height; i++) {
        int y = i / w->grid->width;
        enum style s = (enum style)w->grid->cells[i].style;
        here = here || (y == 1 && s == STYLE_HERE);
        other = other || (y == 1 && s == STYLE_CRUMB);
        border = border || (y > 1 && s == STYLE_FOCUS);
        plain = plain || (y > 1 && s == STYLE_BORDER);
    }
    assert_true(here && other && border && plain);
    world_free(w);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_names_every_key_bound_now),
        cmocka_unit_test(help_is_of_this_view_first),
        cmocka_unit_test(a_digit_goes_to_its_place),
        cmocka_unit_test(the_header_has_two_lines),
        cmocka_unit_test(the_header_is_clicked),
        cmocka_unit_test(a_place_without_source_says_so),
        cmocka_unit_test(up_never_goes_through_the_history),
        cmocka_unit_test(home_is_four_presses_away),
        cmocka_unit_test(what_was_done_to_a_view_is_kept),
        cmocka_unit_test(every_view_is_four_keys_from_home),
        cmocka_unit_test(the_palette_finds_things),
        cmocka_unit_test(o_lists_what_is_linked),
        cmocka_unit_test(where_one_is_looks_different),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
