/* Tables in the console: keys and the mouse in, rows out. */
#include "tests/lib/test.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/table.h"
#include "tests/lib/world.h"
#include "view/shared/worst.h"

static const char *refusal(struct world *w, const char *command)
{
    static struct sd_error err;
    err = (struct sd_error){""};
    assert_false(console_command(w->console, command, &err));
    return err.text;
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
    struct world *w = world_new(200, 24, false, false);
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
    see_no_column(w, "P50");
    assert_string_equal(refusal(w, "endpionts"), "there is no command endpionts; did you mean endpoints?");
    assert_string_equal(refusal(w, "serach x"), "there is no command serach; did you mean search?");
    world_free(w);
}

static void a_short_list_tells_all_of_the_selected_row(void **state)
{
    (void)state;
    struct world *w = world_new(200, 50, false, false);
    play(w, ": endpoints\n: columns route count\nkey g Down");
    see(w, "Route        /products");
    see(w, "P99.9        2.00 ms");
    see(w, "Max          2.00 ms");
    console_resize(w->console, 80, 12); /* the rows come first */
    grid_resize(w->grid, 80, 12);
    see_not(w, "P99.9 ");
    see(w, "/checkout");
    world_free(w);
}

static void s_lists_the_columns_to_sort_by(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, false);
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
    see_no_column(w, "P50");
    see(w, "Mean▴");
    world_free(w);
}

static void a_click_on_a_heading_sorts(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false, false);
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
    struct world *w = world_new(80, 24, false, false);
    play(w, ": endpoints");
    see(w, "Endpoints > ");
    see(w, "Errors");
    see_no_column(w, "Total");
    for (int i = 0; i < 20; i++)
        play(w, "key Right");
    see(w, "Method  Route");
    see(w, "In DB");
    see(w, "Endpoints < ");
    see_no_column(w, "Errors");
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
    struct world *w = world_new(80, 24, false, false);
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

/* ---- what moves ---- */

enum { CONNECTIONS = 12, FRAMES = 250 };

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void add_session(struct sd_batch *b, sd_time at, int64_t pid, int64_t leader, int64_t age,
                        const char *query)
{
    struct sd_activity a = {.period_ns = 100 * SD_MS,
                            .pid = pid,
                            .leader_pid = leader ? leader : SD_UNKNOWN,
                            .database = "shop",
                            .role = "app",
                            .backend_type = leader ? "parallel worker" : "client backend",
                            .state = "active",
                            .query_id = SD_UNKNOWN,
                            .query = query,
                            .backend_start = SHOP_START - (5000 - pid) * SD_S,
                            .xact_start = at - age,
                            .query_start = at - age,
                            .state_change = at - age,
                            .wait_start = SD_UNKNOWN,
                            .xmin_age = SD_UNKNOWN,
                            .progress = NAN};
    batch_add(b, SD_ACTIVITY, &a);
}

/* A tenth of a second of a busy pool: statements of some milliseconds, now here, now there. */
static void sample(struct model *m, sd_time at, uint32_t *seed)
{
    static const char *const queries[] = {"SELECT 1 FROM orders", "SELECT 2 FROM carts", "UPDATE products"};
    struct sd_batch *b = batch_new("shop", at);
    struct sd_metric sampled = {.name = "activity.sampled", .unit = "ns", .value = 1e8};
    batch_add(b, SD_METRIC, &sampled);
    for (int i = 0; i < CONNECTIONS; i++)
        if (next(seed) % 150 == 0)
            add_session(b, at, 4000 + i, 0, (int64_t)(next(seed) % 200) * SD_MS,
                        queries[next(seed) % ARRAY_LEN(queries)]);
    model_apply(m, b);
    batch_unref(b);
}

/* Lines of a screen that stand in another as well, and nowhere twice, but in another row. */
static int moved(char *before, char *after)
{
    char *lines[2][60];
    int n[2] = {0}, count = 0;
    char *texts[] = {before, after};
    for (int t = 0; t < 2; t++)
        for (char *p = strtok(texts[t], "\n"); p && n[t] < 60; p = strtok(NULL, "\n"))
            lines[t][n[t]++] = p;
    for (int i = 0; i < n[0]; i++) {
        int there = -1, times = 0, here = 0;
        for (int k = 0; k < n[0]; k++)
            here += !strcmp(lines[0][i], lines[0][k]);
        for (int k = 0; k < n[1]; k++)
            if (!strcmp(lines[0][i], lines[1][k])) {
                there = k;
                times++;
            }
        count += here == 1 && times == 1 && there != i;
    }
    return count;
}

static void nothing_moves_while_sessions_come_and_go(void **state)
{
    (void)state;
    uint32_t seed = 7;
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int k = 0; k < 10; k++)
        sample(m, SHOP_START + k * 100 * SD_MS, &seed);
    struct world *w = world_of(m, SHOP_START + SD_S, 80, 24, false);
    play(w, ": activity");
    char *before = mem_strdup(screen(w));
    for (int frame = 1; frame < FRAMES; frame++) {
        int64_t wait;
        for (int k = 0; k < 10; k++)
            sample(m, SHOP_START + frame * SD_S + k * 100 * SD_MS, &seed);
        w->now += SD_S;
        console_tick(w->console, &wait);
        char *after = mem_strdup(screen(w)), *shown = mem_strdup(after), *was = mem_strdup(before);
        int n = moved(before, after);
        if (n)
            fail_msg("%d rows moved in frame %d:\n%s\n%s", n, frame, was, shown);
        free(before);
        free(after);
        free(was);
        before = shown;
    }
    free(before);
    world_free(w);
}

static void workers_are_folded_and_no_sessions(void **state)
{
    (void)state;
    struct model *m = model_new(&MODEL_DEFAULTS);
    struct sd_batch *b = batch_new("shop", SHOP_START);
    struct wait_load l[8];
    add_session(b, SHOP_START, 4711, 0, SD_S, "SELECT sum(total) FROM orders");
    add_session(b, SHOP_START, 4712, 4711, SD_S, "SELECT sum(total) FROM orders");
    add_session(b, SHOP_START, 4713, 4711, SD_S, "SELECT sum(total) FROM orders");
    model_apply(m, b);
    batch_unref(b);
    assert_int_equal(model_wait_load(m, SPAN_ALL, l, ARRAY_LEN(l)), 1);
    assert_true(fabs(l[0].load - 1) < 1e-6); /* a session, however many processes */
    struct world *w = world_of(m, SHOP_START, 100, 30, false);
    play(w, ": activity");
    see(w, "─ 1 session ─");
    see(w, "▸ ▸ 4711");
    see_not(w, "4712");
    see_not(w, "!!");
    play(w, "key Right");
    see(w, "4712");
    see(w, "4713");
    play(w, "key Left");
    see_not(w, "4712");
    world_free(w);
}

/* ---- the worst on top ---- */

static void the_worst_is_on_top_and_its_cause_above_it(void **state)
{
    (void)state;
    static const struct worst_item items[] = {
        {.what = "query", .subject = "q1", .severity = SEVERITY_INFO, .rank = 9},
        {.what = "slow", .subject = "GET /a", .severity = SEVERITY_WARN, .rank = 0.4},
        {.what = "slow", .subject = "GET /b", .severity = SEVERITY_WARN, .rank = 2.5},
        {.what = "index",
         .subject = "q2",
         .severity = SEVERITY_WARN,
         .rank = 0.3,
         .causes = "slow",
         .causes_of = "GET /b"},
        {.what = "lock", .subject = "3 blocked", .severity = SEVERITY_BAD, .rank = 3},
        {.what = "idle", .subject = "pid 7", .severity = SEVERITY_WARN, .causes = "lock"},
        {.what = "query",
         .subject = "q3",
         .severity = SEVERITY_INFO,
         .rank = 1,
         .causes = "slow",
         .causes_of = "GET /gone"},
    };
    static const char *const order[] = {"pid 7", "3 blocked", "q2", "GET /b", "GET /a", "q1", "q3"};
    struct worst_list l = {0};
    for (size_t i = 0; i < ARRAY_LEN(items); i++)
        worst_add(&l, items[i]);
    worst_sort(&l);
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        assert_string_equal(l.items[i].subject, order[i]);
    assert_int_equal(l.items[0].severity, SEVERITY_BAD); /* a cause is as grave as what it causes */
    free(l.items);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_named_by_headings_and_keys),
        cmocka_unit_test(sorting_takes_a_heading_and_says_what_was_meant),
        cmocka_unit_test(a_short_list_tells_all_of_the_selected_row),
        cmocka_unit_test(s_lists_the_columns_to_sort_by),
        cmocka_unit_test(a_click_on_a_heading_sorts),
        cmocka_unit_test(right_scrolls_by_columns_and_the_name_stays),
        cmocka_unit_test(slash_opens_empty_with_the_old_filter_above),
        cmocka_unit_test(nothing_moves_while_sessions_come_and_go),
        cmocka_unit_test(workers_are_folded_and_no_sessions),
        cmocka_unit_test(the_worst_is_on_top_and_its_cause_above_it),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
