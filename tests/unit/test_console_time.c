/* The console in time: live and paused, the past, replay, what is not of now. Keys in, cells out. */
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema.h"
#include "tests/lib/world.h"
#include "ui/section/section.h"

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

/* Where an alert leads that still fires. */
static void what_goes_on_is_looked_at_live(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false, false);
    visit_span(w->console, view_named("changes"), NULL, w->now - 120 * SD_S, INT64_MAX);
    see(w, "live");
    see(w, "2 min");
    visit_span(w->console, view_named("changes"), NULL, w->now - 120 * SD_S, w->now - 60 * SD_S);
    see(w, "PAUSED");
    see(w, "1 min");
    world_free(w);
}

/* ---- the past beyond the model ---- */

#define WEEK (7 * 86400 * SD_S)
static struct {
    struct model *past; /* what is brought */
    bool there;         /* it has come */
    int asked, withdrawn;
    struct span span;
    struct console *console;
    struct model *live;
} weeks;

static bool weeks_reach(void *app, sd_time at, struct console_reach *out)
{
    (void)app;
    *out =
        (struct console_reach){SHOP_END - 4 * WEEK, SHOP_END, at < SHOP_END - WEEK ? 60 * SD_S : 10 * SD_S};
    return true;
}

static struct console_looked weeks_look(void *app, const struct console_look *what)
{
    (void)app;
    if (what->span.from >= SHOP_START - 60 * SD_S) {
        console_set_model(weeks.console, weeks.live, NULL);
        return (struct console_looked){.waits = NULL};
    }
    weeks.asked++;
    weeks.span = what->span;
    if (!weeks.there)
        return (struct console_looked){.waits = "a week ago of shop"};
    console_set_model(weeks.console, weeks.past, NULL);
    return (struct console_looked){.scope = "only web1"};
}

static void weeks_off(void *app)
{
    (void)app;
    weeks.withdrawn++;
}

static struct world *world_of_weeks(void)
{
    struct world *w = world_new(100, 30, false, false);
    w->console->env.reach = weeks_reach;
    w->console->env.look = weeks_look;
    w->console->env.look_off = weeks_off;
    weeks.past = model_new(&MODEL_DEFAULTS);
    for (int i = 0; i < 120; i++)
        shop_requests(weeks.past, SHOP_END - WEEK - i * SD_S, "GET", "/weeks-ago", 7, 0, SD_MS);
    weeks.there = false;
    weeks.asked = weeks.withdrawn = 0;
    weeks.console = w->console;
    weeks.live = w->model;
    return w;
}

/* What was shown stays until all of it is there; the screen says what it waits for. */
static void the_past_is_brought_and_shown_at_once(void **state)
{
    (void)state;
    struct world *w = world_of_weeks();
    play(w, "key 2");
    see(w, "/checkout");
    play(w, ": at 2026-11-13 15:52:38");
    see(w, "Reading a week ago of shop; Esc stops it");
    see(w, "/checkout");
    see_not(w, "No requests");
    weeks.there = true;
    console_look_again(w->console);
    see(w, "/weeks-ago");
    see(w, "only web1");
    see_not(w, "/checkout");
    see_not(w, "Reading");
    see(w, "PAUSED 2026-11-13 15:52:38");
    assert_int_equal(weeks.span.to % (10 * SD_S), 0); /* whole steps */
    play(w, "key [");
    see(w, "15:52:28");
    play(w, "key L");
    see(w, "/checkout");
    see(w, "live");
    world_free(w);
    model_free(weeks.past);
}

static void escape_withdraws_what_is_brought(void **state)
{
    (void)state;
    struct world *w = world_of_weeks();
    play(w, "key 2\n: at 2026-11-13 15:52:38");
    see(w, "Reading a week ago");
    play(w, "key Esc");
    assert_int_equal(weeks.withdrawn, 1);
    see_not(w, "Reading");
    see(w, "live");
    see(w, "/checkout");
    play(w, ": at 2026-11-13 15:52:38\nkey 3"); /* a screen that has shown nothing yet */
    see(w, "Reading a week ago of shop");
    see_not(w, "SELECT");
    play(w, ": at 2025-01-01 00:00"); /* further back than anything reaches */
    see(w, "2026-10-23");
    world_free(w);
    model_free(weeks.past);
}

static void windows_are_as_long_as_the_past(void **state)
{
    (void)state;
    struct world *w = world_of_weeks();
    weeks.there = true;
    play(w, "key + + + + + + + + + + + +");
    see(w, "90 d");
    w->console->env.reach = NULL;
    w->console->env.config->settings->window_ns = 60 * SD_S;
    play(w, "key + + + + + + + + + + + +");
    see(w, "6 h");
    world_free(w);
    model_free(weeks.past);
}

static struct model *log_until(sd_time end)
{
    struct model *m = model_new(&MODEL_DEFAULTS);
    for (int i = 20; i >= 0; i--)
        shop_requests(m, end - i * SD_S, "GET", "/late", 7, 0, SD_MS);
    return m;
}

static void a_log_whose_clock_is_ahead_is_followed(void **state)
{
    (void)state;
    sd_time ahead = 600 * SD_S;
    struct model *m = log_until(SHOP_END + ahead);
    struct world *w = world_of(m, SHOP_END, 100, 30, false);
    see(w, "data is ahead");
    play(w, "key 2");
    see(w, "GET");
    see(w, "/late");
    for (int i = 0; i < 40; i++) { /* it goes on */
        w->now += SD_S;
        shop_requests(m, w->now + ahead, "GET", "/late", 7, 0, SD_MS);
    }
    int64_t wait;
    console_tick(w->console, &wait);
    see(w, "data is ahead");
    w->now += 40 * SD_S; /* and stops: one record of the future does not hold the console */
    console_tick(w->console, &wait);
    see(w, "live");
    world_free(w);
}

static void an_old_log_says_what_was_not_read(void **state)
{
    (void)state;
    struct model *m = log_until(SHOP_START);
    struct sd_intake r;
    schema_clear(schema_of(SD_INTAKE), &r);
    r.unit = "lines";
    r.total = 600;
    r.unparsed = 300;
    r.note = "Durations: number 1 is assumed";
    shop_add(m, "access.log", SHOP_START, SD_INTAKE, &r);
    struct world *w = world_of(m, SHOP_START + 86400 * SD_S, 140, 30, false);
    see(w, "data ends");
    see(w, "300 of 600 lines not read");
    play(w, "key 2");
    see(w, "300 of 600 lines not read");
    see(w, "number 1 is assumed");
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

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_past_is_brought_and_shown_at_once),
        cmocka_unit_test(escape_withdraws_what_is_brought),
        cmocka_unit_test(windows_are_as_long_as_the_past),
        cmocka_unit_test(time_pauses_and_steps),
        cmocka_unit_test(what_goes_on_is_looked_at_live),
        cmocka_unit_test(a_recording_plays),
        cmocka_unit_test(a_log_whose_clock_is_ahead_is_followed),
        cmocka_unit_test(an_old_log_says_what_was_not_read),
        cmocka_unit_test(panes_of_a_lost_source_say_as_of_when),
        cmocka_unit_test(events_stand_in_the_graphs_at_their_moment),
        cmocka_unit_test(the_key_b_marks_a_baseline),
    };
    return cmocka_run_group_tests_name("console_time", tests, NULL, NULL);
}
