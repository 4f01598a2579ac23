/* The console without a terminal: keys in, cells out. */
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema.h"
#include "tests/lib/shop.h"
#include "ui/actions.h"
#include "ui/script.h"
#include "ui/section/section.h"
#include "ui/state.h"

struct world {
    struct model *model;
    struct config *config;
    struct console *console;
    struct grid *grid;
    sd_time now;
    char copied[4096];
    enum copied how; /* what copying comes to */
    char written[64], text[8192];
    struct sd_job_explain asked;
    char asked_query[512];
    int requests;
};

static sd_time world_now(void *app)
{
    return ((struct world *)app)->now;
}

static enum copied world_copy(void *app, const char *text)
{
    struct world *w = app;
    snprintf(w->copied, sizeof w->copied, "%s", text);
    return w->how;
}

static bool world_write(void *app, const char *path, const char *text, size_t len, struct sd_error *err)
{
    struct world *w = app;
    (void)err;
    snprintf(w->written, sizeof w->written, "%s", path);
    snprintf(w->text, sizeof w->text, "%.*s", (int)len, text);
    return true;
}

static uint64_t world_request(void *app, const char *origin, const struct sd_request *req,
                              struct sd_error *err)
{
    struct world *w = app;
    (void)err;
    assert_string_equal(origin, "shop");
    if (req->job == SD_JOB_EXPLAIN)
        w->asked = *(const struct sd_job_explain *)req->args;
    snprintf(w->asked_query, sizeof w->asked_query, "%s", w->asked.query ? w->asked.query : "");
    return (uint64_t)++w->requests;
}

static struct world *world_new(int width, int height, bool hostile, bool replay)
{
    struct world *w = mem_alloc(sizeof *w);
    w->model = shop_model(hostile);
    w->config = config_new(actions_all());
    w->now = SHOP_END;
    w->how = COPIED;
    w->console = console_new(&(struct console_env){.app = w,
                                                   .model = w->model,
                                                   .config = w->config,
                                                   .now = world_now,
                                                   .replay = replay,
                                                   .request = replay ? NULL : world_request,
                                                   .copy = world_copy,
                                                   .write_file = world_write});
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

/* Steps as in a script; the last screen is in w->grid. */
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
    static char text[400000];
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

/* The line of the selected row. */
static char *selected(struct world *w)
{
    static char line[2000];
    char *s = screen(w), *mark = strstr(s, "▸");
    line[0] = '\0';
    if (mark)
        snprintf(line, sizeof line, "%.*s", (int)strcspn(mark, "\n"), mark);
    return line;
}

static void dive_and_back(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2\nwait rows>0");
    see(w, "/orders/:id");
    play(w, "key g Down");
    char before[2000];
    snprintf(before, sizeof before, "%s", selected(w));
    play(w, "key g\n: sort total_ns\nkey g");
    assert_non_null(strstr(selected(w), "/orders/:id"));
    play(w, "key Enter");
    see(w, "Endpoints › GET /orders/:id");
    play(w, "key Enter");
    see(w, "SELECT");
    play(w, "key x\nwait plan");
    see(w, "Seq Scan");
    play(w, "key q q q\n: plan 77\nwait plan\nkey q q q"); /* its query, the queries, Home */
    assert_false(console_quitting(w->console));
    play(w, "key 2"); /* as it was left */
    assert_non_null(strstr(selected(w), "/orders/:id"));
    play(w, "key q");
    assert_false(console_quitting(w->console));
    console_key(w->console, 'q');
    assert_true(console_quitting(w->console));
    world_free(w);
}

static void the_selection_follows_its_row(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2\n: sort count\nkey g\ntype /x\nkey Esc");
    play(w, ": search checkout");
    assert_non_null(strstr(selected(w), "/checkout"));
    play(w, ": sort -count");
    assert_non_null(strstr(selected(w), "/checkout"));
    play(w, ": filter o");
    assert_non_null(strstr(selected(w), "/checkout"));
    world_free(w);
}

static void filters_show_what_matches(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2 /\ntype check\nkey Enter");
    see(w, "/checkout");
    see_not(w, "/products");
    play(w, "key Esc");
    see(w, "/products");
    struct sd_error err = {""};
    assert_false(console_command(w->console, "filter (", &err));
    assert_non_null(strstr(err.text, "regular expression"));
    /* A pattern that would never end does. */
    assert_true(console_command(w->console, "filter (a+)+(a+)+(a+)+$b", &err));
    screen(w);
    world_free(w);
}

static void escape_in_the_filter_brings_the_old_one_back(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2\n: filter check\nkey /\ntype xyz\nkey Esc");
    see(w, "/checkout");
    see_not(w, "/products");
    world_free(w);
}

static void escape_never_quits(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, false);
    for (int i = 0; i < 5; i++) {
        console_key(w->console, K_ESC);
        console_key(w->console, K_BACKSPACE);
    }
    assert_false(console_quitting(w->console));
    play(w, "key / C-c : C-c");
    assert_false(console_quitting(w->console));
    console_key(w->console, K_CTRL | 'c');
    assert_true(console_quitting(w->console));
    world_free(w);
}

static void time_pauses_and_steps(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    see(w, "live");
    play(w, "key Space");
    see(w, "PAUSED");
    char *s = mem_strdup(screen(w));
    w->now += 30 * SD_S; /* paused: nothing moves */
    int64_t wait;
    console_tick(w->console, &wait);
    assert_string_equal(s, screen(w));
    free(s);
    play(w, "key [");
    see(w, "PAUSED");
    play(w, "key L");
    see(w, "live");
    world_free(w);
}

static void a_recording_plays(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, true);
    int64_t wait;
    see(w, "replay");
    play(w, ": at 15:52:00\n: speed 10\nkey Space");
    see(w, "15:52:00");
    w->now += 2 * SD_S;
    assert_true(console_tick(w->console, &wait));
    see(w, "15:52:20");
    w->now += 3600 * SD_S;
    console_tick(w->console, &wait);
    screen(w);
    console_tick(w->console, &wait);
    w->now += 20 * SD_S;
    console_tick(w->console, &wait);
    console_draw(w->console, w->grid);
    assert_false(console_tick(w->console, &wait)); /* the end: nothing more by itself */
    assert_int_equal(wait, INT64_MAX);
    world_free(w);
}

/* The thing, and by the same key once more the row; "Copied" only when somebody has said so. */
static void copies_the_thing_then_the_row(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2\n: search checkout\nkey y");
    assert_string_equal(w->copied, "POST /checkout");
    see(w, "Copied: POST /checkout");
    play(w, "key y");
    assert_non_null(strstr(w->copied, "/checkout"));
    assert_non_null(strstr(w->copied, " ms"));
    play(w, "key y");
    assert_string_equal(w->copied, "POST /checkout");
    play(w, "key Up Down y");
    assert_string_equal(w->copied, "POST /checkout");
    play(w, "key 3\n: search products\nkey y");
    assert_string_equal(w->copied, "SELECT name FROM products WHERE id = $1");
    w->how = COPIED_SENT;
    play(w, ": activity\nwait text Sessions\n: search products\nkey g y");
    see(w, "Sent to the terminal: 1");
    assert_int_equal(strspn(w->copied, "0123456789"), strlen(w->copied)); /* a pid */
    w->how = COPIED_NOT;
    play(w, "key Down Up y");
    see(w, "cannot copy");
    world_free(w);
}

/* ---- what is not of now says so ---- */

static struct grid_cell cell_of(struct world *w, const char *text)
{
    struct grid_cell none = {0};
    screen(w);
    for (int y = 0; y < w->grid->height; y++)
        for (int x = 0; x < w->grid->width; x++) {
            bool found = true;
            for (int i = 0; text[i] && found; i++)
                found = x + i < w->grid->width &&
                        w->grid->cells[y * w->grid->width + x + i].code == (unsigned char)text[i];
            if (found)
                return w->grid->cells[y * w->grid->width + x];
        }
    return none;
}

static void panes_of_a_lost_source_say_as_of_when(void **state)
{
    (void)state;
    struct world *w = world_new(100, 40, false, false);
    struct sd_status r;
    schema_clear(schema_of(SD_STATUS), &r);
    r.kind = "postgres";
    r.state = SD_STATE_BACKOFF;
    r.text = "connection refused (server at \"127.0.0.1\", port 5432)";
    r.last_data = SHOP_END - 2 * SD_S; /* 15:52:36 */
    play(w, ": activity");
    see_not(w, "connection lost");
    assert_int_not_equal(cell_of(w, "idle in tr").style, STYLE_DIM);
    shop_add(w->model, "shop", SHOP_END, SD_STATUS, &r);
    w->now = SHOP_END + SD_S;
    console_rebuild(w->console);
    see(w, "as of 15:52:36, connection lost");
    see(w, "!! shop: connection refused (server at");
    play(w, "key Tab Tab Tab Tab");
    assert_int_equal(cell_of(w, "idle in tr").style, STYLE_DIM);
    play(w, ": overview");                   /* where figures of the log stand beside those of the server */
    see(w, "shop as of 15:52:36, connecti"); /* beside the title, of a pane of the log as well */
    see(w, "\u2500 as of 15:52:36, connection lost "); /* there is no room for it: in the lower border */
    play(w, "key 2");                                  /* the log goes on */
    see_not(w, "connection lost");
    r.state = SD_STATE_LIVE;
    r.last_data = SHOP_END + SD_S;
    shop_add(w->model, "shop", SHOP_END + SD_S, SD_STATUS, &r);
    play(w, ": activity");
    console_rebuild(w->console);
    see_not(w, "connection lost");
    world_free(w);
}

static void events_stand_in_the_graphs_at_their_moment(void **state)
{
    (void)state;
    struct world *w = world_new(120, 40, false, true);
    struct sd_event e = {.severity = "warn", .title = "restart", .text = "The server was started."};
    play(w, ": overview");
    see_not(w, "restart");
    shop_add(w->model, "shop", SHOP_START + 30 * SD_S + 500 * SD_MS, SD_EVENT, &e);
    console_rebuild(w->console);
    see(w, "restart");
    see(w, "\u2506");
    play(w, "key Tab Tab");
    struct screen *s = console_screen(w->console);
    while (s->doc->sections[s->focus].kind != SECTION_GRAPH)
        play(w, "key Tab");
    struct section *g = &s->doc->sections[s->focus];
    struct pane *p = screen_pane(s, s->focus);
    struct strbuf at = {0};
    for (size_t i = 0; i < section_items(g, p); i++) {
        struct strbuf b = {0};
        section_item_text(g, p, i, &b);
        if (strstr(strbuf_text(&b), "restart"))
            strbuf_printf(&at, "%s", b.text);
        strbuf_free(&b);
    }
    assert_non_null(strstr(strbuf_text(&at), "15:52:08 to 15:52:09"));
    strbuf_free(&at);
    world_free(w);
}

static void copies_and_exports(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2\n: search checkout\nkey y");
    assert_non_null(strstr(w->copied, "checkout"));
    see(w, "Copied");
    play(w, "key e\nkey C-u\ntype out.csv\nkey Enter");
    assert_string_equal(w->written, "out.csv");
    assert_non_null(strstr(w->text, "method,route"));
    struct sd_error err = {""};
    assert_false(console_command(w->console, "export out.doc", &err));
    assert_non_null(strstr(err.text, ".csv"));
    world_free(w);
}

static void help_names_every_key_bound_now(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    struct sd_error err;
    assert_true(keymap_bind(w->config->keymap, ACTION_ZOOM, "F9", &err));
    play(w, "size 120x170\nkey ? ?");
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

static const char *shown(struct world *w)
{
    return console_screen(w->console)->view->name;
}

static void a_digit_goes_to_its_place(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, false);
    static const struct {
        const char *keys, *view;
    } steps[] = {{"2", "endpoints"},     {"3", "queries"},  {"3", "activity"}, {".", "tables"},
                 {",", "activity"},      {"1", "overview"}, {"3", "activity"}, /* as it was left */
                 {"Enter 3", "queries"}, {"9", "sources"},  {"0", "map"},      {"Esc", "overview"},
                 {"3 ,", "advise"}};
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
    see(w, "It needs samples of the program's stacks");
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
    see(w, " DB! Queries Activity Tables Indexes Pools Index advice 4 5 6 7 8 9");
    play(w, "size 200x50");
    see(w, " DB! Queries Activity Tables Indexes Pools Index advice 4 Code");
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
    see_not(w, "P99");
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

/* Every view from Home within four keys: those of places, and Enter and keys of actions. */
static void every_view_is_four_keys_from_home(void **state)
{
    (void)state;
    enum { KEYS = 4, WAYS = 64 };
    static const char *const keys[] = {"0", "1", "2", "3", "4", "9", ".", ",", "Enter", "x", "d", "o", "4"};
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

static void a_plan_is_asked_for_once(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, ": query 78\nkey Down Down");
    console_draw(w->console, w->grid);
    int first = w->requests;
    for (int i = 0; i < 5; i++) {
        int64_t wait;
        w->now += SD_S;
        console_tick(w->console, &wait);
        console_draw(w->console, w->grid);
    }
    assert_true(w->requests <= 1);
    assert_int_equal(w->requests, first);
    play(w, "key x");
    assert_true(w->requests >= 1);
    assert_int_equal(w->asked.query_id, 78);
    assert_string_equal(w->asked_query, "SELECT name FROM products WHERE id = $1");
    world_free(w);
}

/* The query of a screen is known however the screen came to be. */
static void actions_know_the_query_of_the_screen(void **state)
{
    (void)state;
    static const char *const screens[] = {": query shop/78", ": query 78",     ": query",
                                          "key 3 Enter",     ": plan shop/78", ": diff shop/78"};
    for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
        struct world *w = world_new(100, 30, false, false);
        play(w, screens[i]);
        console_draw(w->console, w->grid);
        w->requests = 0;
        play(w, "key x");
        assert_true(w->requests >= 1); /* equal ones that wait are one */
        see_not(w, "Select a query first");
        play(w, "key d");
        see_not(w, "Select a query first");
        world_free(w);
    }
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2 x");
    see(w, "Select a query first");
    world_free(w);
}

static void completion_and_unknown_commands(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key :\ntype endpoint GET /ord\nkey Tab Enter");
    see(w, "GET /orders/:id");
    play(w, "key 2 :\ntype sort p9\nkey Tab");
    see(w, "p99_ns");
    play(w, "key Esc");
    struct sd_error err = {""};
    assert_false(console_command(w->console, "frobnicate", &err));
    assert_non_null(strstr(err.text, "frobnicate"));
    assert_false(console_command(w->console, "sort nonsense", &err));
    assert_non_null(strstr(err.text, "nonsense"));
    world_free(w);
}

/* The heat map of an endpoint: its cursor says what a cell holds, copies it, is clicked, and
 * leads to its time and back. */
static void drawings_have_a_cursor(void **state)
{
    (void)state;
    struct world *w = world_new(120, 40, false, true);
    int64_t window = w->config->settings->window_ns;
    play(w, "key 2\nkey Enter\nwait text heat map");
    see_not(w, " in 0 to"); /* nobody has gone to it yet */
    struct screen *s = console_screen(w->console);
    size_t heat = 0;
    while (s->doc->sections[heat].kind != SECTION_HEATMAP)
        heat++;
    while (s->focus != heat)
        play(w, "key Tab");
    play(w, "key w");
    struct pane *p = screen_pane(s, heat);
    struct section *sec = &s->doc->sections[heat];
    int worst = p->selected;
    struct item it;
    section_item(sec, p, (size_t)worst, &it);
    assert_true(it.worst && it.dive.from < it.dive.to);
    play(w, "key y");
    assert_non_null(strstr(w->copied, " to "));
    char cell[sizeof w->copied];
    snprintf(cell, sizeof cell, "%s", w->copied);
    see(w, cell);
    play(w, "key h\nkey l");
    assert_int_equal(p->selected, worst);
    play(w, "key j\nkey Up");
    assert_int_equal(p->selected, worst);
    /* Enter: the endpoint at that time, which has as many requests as the cell's column. */
    uint64_t column = 0;
    struct heatmap *h = &sec->heatmap;
    for (size_t x = 0; x < h->columns; x++) {
        sd_time at = drawing_time(h->from, h->to, h->columns, x);
        for (size_t y = 0; y < h->rows && at >= it.dive.from && at < it.dive.to; y++)
            column += h->counts[y * h->columns + x];
    }
    sd_time from = it.dive.from, to = it.dive.to;
    play(w, "key Enter");
    struct span span = console_span(w->console);
    assert_true(span.from == from && span.to == to);
    s = console_screen(w->console);
    for (size_t i = 0; i < s->doc->n_sections; i++)
        if (s->doc->sections[i].kind == SECTION_FIELDS)
            assert_int_equal(s->doc->sections[i].fields.items[0].value.i, column);
    play(w, "key Esc");
    assert_int_equal(w->config->settings->window_ns, window);
    span = console_span(w->console);
    assert_int_equal(span.to - span.from, window);
    see(w, cell);
    /* A click puts the cursor elsewhere; a search finds a cell; a filter hides the others. */
    s = console_screen(w->console);
    struct rect r = w->console->rects[heat];
    console_mouse(w->console, MOUSE_CLICK, r.x + r.w - 3, r.y + r.h - 4);
    see_not(w, cell);
    char *range = strchr(cell, ',');
    *range = 0;
    struct sd_error err;
    char command[sizeof cell + 20];
    snprintf(command, sizeof command, "search ^%s", cell);
    assert_true(console_command(w->console, command, &err));
    see(w, cell);
    snprintf(command, sizeof command, "filter ^%s", cell);
    assert_true(console_command(w->console, command, &err));
    see(w, " hidden");
    assert_true(screen_pane(s, heat)->hidden > 0);
    world_free(w);
}

static void graphs_have_a_cursor(void **state)
{
    (void)state;
    struct world *w = world_new(120, 40, false, true);
    play(w, "key 2\nkey Enter\nkey S-Tab\nkey h");
    struct screen *s = console_screen(w->console);
    assert_int_equal(s->doc->sections[s->focus].kind, SECTION_GRAPH);
    see(w, ": p99 ");
    sd_time before = console_cursor(w->console);
    play(w, "key g\nkey y");
    assert_non_null(strstr(w->copied, "p99 "));
    play(w, "key Enter");
    assert_true(console_cursor(w->console) < before);
    assert_true(console_screen(w->console)->timed);
    play(w, "key 1"); /* also by leaving for a place */
    assert_true(console_cursor(w->console) == before);
    world_free(w);
}

/* A doc is built anew when what it is from has changed, not because time has passed or the
 * user has sorted it. */
static void a_doc_is_kept_while_nothing_changes(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, true);
    int64_t wait;
    play(w, "key 2\nkey g");
    struct doc *d = console_screen(w->console)->doc;
    play(w, ": sort count\nkey r\nkey s\ntype /o\nkey Enter\nkey Esc");
    w->now += 10 * SD_S;
    console_tick(w->console, &wait);
    see(w, "/orders");
    assert_ptr_equal(console_screen(w->console)->doc, d);
    uint64_t version = console_screen(w->console)->from.version;
    play(w, "key [");
    sd_time to = console_screen(w->console)->from.span.to;
    play(w, "key [");
    assert_true(console_screen(w->console)->from.span.to < to);
    assert_int_equal(console_screen(w->console)->from.version, version);
    world_free(w);
}

static void the_key_b_marks_a_baseline(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, true);
    play(w, ": changes");
    see(w, "Changes from the window before");
    see(w, "Too early: this compares two windows");
    play(w, "key b");
    see(w, "Baseline marked: 15:51:38 to 15:52:38");
    see(w, "Changes from the marked baseline");
    see(w, "0 of"); /* a window differs from itself in nothing */
    play(w, ": baseline off");
    see(w, "Changes from the window before");
    world_free(w);
}

/* A live plan stays while other things come in. */
static void a_plan_is_kept_until_its_domains_change(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, ": plan 77");
    see(w, "Seq Scan");
    struct doc *d = console_screen(w->console)->doc;
    w->now += 10 * SD_S;
    shop_requests(w->model, w->now, "GET", "/orders/:id", 1, 0, SD_S);
    play(w, "wait plan");
    assert_ptr_equal(console_screen(w->console)->doc, d);
    shop_statement(w->model, w->now, SHOP_START - 3600 * SD_S, 77, NULL, 5000, 5000 * SD_MS);
    uint64_t version = console_screen(w->console)->from.version;
    w->now += 10 * SD_S;
    int64_t wait;
    console_tick(w->console, &wait);
    console_draw(w->console, w->grid);
    assert_true(console_screen(w->console)->from.version > version);
    world_free(w);
}

static void the_mouse_selects_and_dives(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    play(w, "key 2\nkey g");
    int row = -1;
    for (int y = 0; y < w->grid->height && row < 0; y++) {
        char line[101] = "";
        for (int x = 0; x < 100; x++)
            line[x] =
                (char)(w->grid->cells[y * 100 + x].code < 0x7F ? w->grid->cells[y * 100 + x].code : '?');
        if (strstr(line, "/checkout"))
            row = y;
    }
    assert_true(row > 0);
    console_mouse(w->console, MOUSE_CLICK, 20, row);
    assert_non_null(strstr(selected(w), "/checkout"));
    console_mouse(w->console, MOUSE_DOUBLE_CLICK, 20, row);
    see(w, "POST /checkout");
    see(w, "›");
    for (int y = -2; y < 40; y++) /* anywhere, also outside */
        for (int x = -2; x < 110; x += 9)
            console_mouse(w->console, (enum mouse_event)((x + y + 8) % 4), x, y);
    world_free(w);
}

static void small_screens_show_the_pane_with_the_keys(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, false);
    play(w, "key 2\nsize 30x4");
    see(w, "/");
    play(w, "size 1x1\nsize 2x2\nsize 3x1\nsize 500x200\nsize 80x24");
    see(w, "/orders/:id");
    world_free(w);
}

static bool same_grid(const struct grid *a, const struct grid *b)
{
    if (a->width != b->width || a->height != b->height || a->cursor_x != b->cursor_x ||
        a->cursor_y != b->cursor_y)
        return false;
    size_t n = (size_t)a->width * (size_t)a->height;
    for (size_t i = 0; i < n; i++) {
        const struct grid_cell *p = &a->cells[i], *q = &b->cells[i];
        if (p->code != q->code || p->style != q->style || p->flags != q->flags)
            return false;
    }
    return true;
}

static void idle_screens_stand_still(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, true);
    for (const char *tabs = "12345"; *tabs; tabs++) {
        console_key(w->console, (key_code)*tabs);
        console_draw(w->console, w->grid);
        struct grid *again = grid_new(80, 24, false);
        w->now += 3 * SD_S;
        int64_t wait;
        console_tick(w->console, &wait);
        console_draw(w->console, again);
        assert_true(same_grid(w->grid, again));
        grid_free(again);
    }
    world_free(w);
}

/* No control, no bidi override, no half of a wide character, on any screen. */
static void check_cells(const struct grid *g)
{
    for (int i = 0; i < g->width * g->height; i++) {
        uint32_t c = g->cells[i].code;
        if (c == 0)
            assert_true(i % g->width > 0 && g->cells[i - 1].code > 0x7F);
        else if (c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) || c > 0x10FFFF ||
                 (g->ascii && c > 0x7E))
            fail_msg("character U+%04X at %d,%d", c, i % g->width, i / g->width);
        assert_true(g->cells[i].style < STYLE_COUNT);
    }
}

/* Any keys in any order at any size: cells stay cells (ASan watches the rest). */
static void monkey(uint32_t seed, int steps, bool ascii)
{
    static const key_code keys[] = {
        K_ENTER,      K_ESC,        K_TAB, K_BACKTAB, K_UP, K_DOWN,  K_LEFT,      K_RIGHT,  K_PGUP,
        K_PGDN,       K_HOME,       K_END, K_SPACE,   K_F1, K_F3,    K_F6,        'z',      'w',
        'f',          'x',          '/',   'n',       'N',  's',     'r',         'c',      'X',
        'C',          'K',          'X',   'y',       'y',  'n',     '[',         ']',      '{',
        '}',          'L',          '-',   '+',       'y',  'e',     '?',         ':',      '1',
        '2',          '3',          '4',   '5',       'a',  0x6F22,  K_BACKSPACE, K_DELETE, K_CTRL | 'u',
        K_CTRL | 'w', K_CTRL | 'k', '(',   '*',       'M',  K_ENTER, K_ENTER,     K_DOWN};
    struct world *w = world_new(80, 24, true, seed % 3 == 0);
    uint32_t r = seed;
    w->grid->ascii = ascii;
    w->config->settings->allow_actions = true;
    for (int i = 0; i < steps; i++) {
        r = r * 1664525u + 1013904223u;
        uint32_t v = r >> 8;
        if (v % 11 == 0) {
            int width = v % 2 ? 1 + (int)(v / 11 % 100) : 1 + (int)(v / 11 % 500),
                height = v % 3 ? 1 + (int)(v / 7 % 40) : 1 + (int)(v / 7 % 200);
            grid_resize(w->grid, width, height);
            console_resize(w->console, width, height);
        } else if (v % 13 == 0) {
            console_mouse(w->console, (enum mouse_event)(v / 13 % 4), (int)(v / 52 % 120),
                          (int)(v / 999 % 50));
        } else if (v % 101 == 0) {
            console_paste(w->console, SHOP_HOSTILE);
        } else {
            console_key(w->console, keys[v / 13 % ARRAY_LEN(keys)]);
        }
        if (console_quitting(w->console)) {
            world_free(w);
            w = world_new(80, 24, true, false);
            w->grid->ascii = ascii;
        }
        w->now += (v % 5) * 400 * SD_MS;
        int64_t wait;
        console_tick(w->console, &wait);
        assert_true(wait >= 0);
        console_draw(w->console, w->grid);
        check_cells(w->grid);
    }
    world_free(w);
}

static void monkeys_do_no_harm(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 6; seed++)
        monkey(seed, 250, seed & 1);
}

static void every_view_at_every_size(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1},    {1, 40},   {40, 1},   {2, 3},    {7, 5},    {20, 6},
                                   {40, 12},  {79, 23},  {80, 24},  {81, 25},  {100, 30}, {132, 43},
                                   {149, 50}, {150, 50}, {200, 50}, {300, 20}, {500, 200}};
    static const char *const steps[] = {"overview", "endpoints", "endpoint GET /orders/:id",
                                        "queries",  "query 77",  "plan 77",
                                        "activity", "sources",   "tables",
                                        "indexes"};
    struct world *w = world_new(80, 24, true, false);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct sd_error err;
        assert_true(console_command(w->console, steps[i], &err));
        for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
            grid_resize(w->grid, sizes[k][0], sizes[k][1]);
            console_draw(w->console, w->grid);
            check_cells(w->grid);
            for (int tab = 0; tab < 6; tab++) {
                console_key(w->console, K_TAB);
                console_draw(w->console, w->grid);
                check_cells(w->grid);
            }
        }
    }
    world_free(w);
}

static void scripts_say_which_line_is_wrong(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, true);
    struct strbuf out = {0};
    struct sd_error err = {""};
    static const struct {
        const char *steps, *error;
    } wrong[] = {{"key Enter\nkey Bogus\n", "2"},
                 {"\n# x\nfrobnicate\n", "3"},
                 {"wait text nowhere_at_all\n", "1"},
                 {"size 80\n", "1"},
                 {"wait nonsense", "1"},
                 {": nonsense", "1"},
                 {"size 99999x1", "1"},
                 {"wait text (", "1"}};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        strbuf_clear(&out);
        assert_false(script_run(w->console, w->grid, wrong[i].steps, &out, &err));
        assert_non_null(strstr(err.text, wrong[i].error));
    }
    strbuf_clear(&out);
    assert_true(script_run(w->console, w->grid, "key 2\nwait rows>0\nwait text orders", &out, &err));
    assert_non_null(strstr(strbuf_text(&out), "/orders/:id")); /* printed without being asked */
    strbuf_free(&out);
    world_free(w);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dive_and_back),
        cmocka_unit_test(the_selection_follows_its_row),
        cmocka_unit_test(filters_show_what_matches),
        cmocka_unit_test(escape_in_the_filter_brings_the_old_one_back),
        cmocka_unit_test(escape_never_quits),
        cmocka_unit_test(time_pauses_and_steps),
        cmocka_unit_test(a_recording_plays),
        cmocka_unit_test(copies_and_exports),
        cmocka_unit_test(copies_the_thing_then_the_row),
        cmocka_unit_test(panes_of_a_lost_source_say_as_of_when),
        cmocka_unit_test(events_stand_in_the_graphs_at_their_moment),
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
        cmocka_unit_test(a_plan_is_asked_for_once),
        cmocka_unit_test(actions_know_the_query_of_the_screen),
        cmocka_unit_test(completion_and_unknown_commands),
        cmocka_unit_test(drawings_have_a_cursor),
        cmocka_unit_test(graphs_have_a_cursor),
        cmocka_unit_test(a_doc_is_kept_while_nothing_changes),
        cmocka_unit_test(a_plan_is_kept_until_its_domains_change),
        cmocka_unit_test(the_mouse_selects_and_dives),
        cmocka_unit_test(small_screens_show_the_pane_with_the_keys),
        cmocka_unit_test(idle_screens_stand_still),
        cmocka_unit_test(the_key_b_marks_a_baseline),
        cmocka_unit_test(monkeys_do_no_harm),
        cmocka_unit_test(every_view_at_every_size),
        cmocka_unit_test(scripts_say_which_line_is_wrong),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
