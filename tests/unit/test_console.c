/* The console without a terminal: keys in, cells out. */
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/world.h"
#include "ui/section/section.h"

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
        cmocka_unit_test(copies_and_exports),
        cmocka_unit_test(copies_the_thing_then_the_row),
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
        cmocka_unit_test(monkeys_do_no_harm),
        cmocka_unit_test(every_view_at_every_size),
        cmocka_unit_test(scripts_say_which_line_is_wrong),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
