/* The console asks before it acts: dialogs, what is requested, what comes back. */
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "conf/policy.h"
#include "core/batch.h"
#include "core/schema.h"
#include "tests/lib/shop.h"
#include "ui/actions.h"
#include "ui/script.h"
#include "ui/state.h"

#define BEGAN (SHOP_START - 3600 * SD_S)

struct world {
    struct model *model;
    struct config *config;
    struct console *console;
    struct grid *grid;
    sd_time now;
    int requests, withdrawals; /* requests: without those for plain plans */
    enum sd_job asked;
    struct sd_job_analyze analyze; /* of the last of each */
    struct sd_job_cancel cancel;
    struct sd_job_terminate terminate;
    uint64_t numbers, number; /* of all requests; of the last that was no plain plan */
    char query[512], database[64];
    const char *refuse;
};

static sd_time world_now(void *app)
{
    return ((struct world *)app)->now;
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
    w->numbers++;
    if (req->job == SD_JOB_EXPLAIN)
        return w->numbers;
    w->requests++;
    w->asked = req->job;
    w->number = w->numbers;
    if (req->job == SD_JOB_CANCEL) {
        w->cancel = *(const struct sd_job_cancel *)req->args;
    } else if (req->job == SD_JOB_TERMINATE) {
        w->terminate = *(const struct sd_job_terminate *)req->args;
    } else {
        w->analyze = *(const struct sd_job_analyze *)req->args;
        snprintf(w->query, sizeof w->query, "%s", w->analyze.query ? w->analyze.query : "");
        snprintf(w->database, sizeof w->database, "%s", w->analyze.database ? w->analyze.database : "");
    }
    return w->number;
}

static void world_withdraw(void *app, const char *origin)
{
    assert_string_equal(origin, "shop");
    ((struct world *)app)->withdrawals++;
}

static void sessions(struct world *w)
{
    struct sd_batch *b = batch_new("shop", w->now);
    static const char *const states[] = {"active", "active", "idle in transaction"};
    for (int i = 0; i < 3; i++) {
        struct sd_activity a;
        schema_clear(schema_of(SD_ACTIVITY), &a);
        a.period_ns = SD_S;
        a.pid = 4240 + i;
        a.database = "shop";
        a.role = "web";
        a.application = "checkout";
        a.client = "10.0.0.7";
        a.backend_type = "client backend";
        a.state = states[i];
        a.query_id = 77;
        a.query = i ? "SELECT * FROM orders WHERE note = 'jane@example.com'"
                    : "UPDATE orders\n   SET total = 12345 WHERE id = 7";
        a.blocked_by = i == 1 ? "4240" : NULL;
        a.backend_start = BEGAN;
        a.xact_start = a.query_start = a.state_change = w->now - (20 - i) * SD_S;
        batch_add(b, SD_ACTIVITY, &a);
    }
    model_apply(w->model, b);
    batch_unref(b);
}

static struct world *world_new(int width, int height, bool replay)
{
    struct world *w = mem_alloc(sizeof *w);
    struct sd_error err;
    w->model = shop_model(false);
    w->config = config_new(actions_all());
    w->now = SHOP_END;
    sessions(w);
    assert_true(settings_set(w->config->settings, "allow_actions", "yes", &err));
    w->console = console_new(&(struct console_env){.app = w,
                                                   .model = w->model,
                                                   .config = w->config,
                                                   .now = world_now,
                                                   .replay = replay,
                                                   .request = world_request,
                                                   .withdraw = world_withdraw});
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

static bool tick(struct world *w, int64_t by)
{
    int64_t wait;
    w->now += by;
    bool changed = console_tick(w->console, &wait);
    assert_true(wait >= 0);
    return changed;
}

/* The answer to an EXPLAIN, or to the EXPLAIN ANALYZE that was asked for last. */
static void reply_plan(struct world *w, int64_t query_id, int64_t analyzed, const char *failed)
{
    struct sd_batch *b = batch_new("shop", w->now);
    char about[64];
    snprintf(about, sizeof about, "shop/%lld", (long long)query_id);
    struct sd_plan p = {
        .query_id = query_id,
        .database = "shop",
        .query = "SELECT 1",
        .body = "[{\"Plan\":{\"Node Type\":\"Result\",\"Total Cost\":1.0,\"Plan Rows\":1,\"Actual Rows\":1,"
                "\"Actual Loops\":1,\"Actual Total Time\":2.5},\"Execution Time\":2.5}]",
        .generic = 0,
        .analyzed = analyzed};
    struct sd_failure f = {.job = analyzed ? "analyze" : "explain", .about = about, .text = failed};
    batch_set_answer(b, analyzed ? w->number : w->numbers + 1);
    if (failed)
        batch_add(b, SD_FAILURE, &f);
    else
        batch_add(b, SD_PLAN, &p);
    model_apply(w->model, b);
    console_take(w->console, b);
    batch_unref(b);
}

static void event(struct world *w, const char *severity, const char *text)
{
    struct sd_batch *b = batch_new("shop", w->now);
    struct sd_event e = {.severity = severity, .title = "t", .text = text};
    batch_add(b, SD_EVENT, &e);
    model_apply(w->model, b);
    assert_true(console_take(w->console, b));
    batch_unref(b);
}

/* How often a word stands on the screen in that style. */
static int in_style(struct world *w, const char *word, enum style style)
{
    int n = 0, len = (int)strlen(word);
    console_draw(w->console, w->grid);
    for (int y = 0; y < w->grid->height; y++)
        for (int x = 0; x + len <= w->grid->width; x++) {
            const struct grid_cell *c = &w->grid->cells[y * w->grid->width + x];
            int same = 0;
            while (same < len && c[same].code == (unsigned char)word[same] && c[same].style == style)
                same++;
            n += same == len;
        }
    return n;
}

/* ---- cancel and terminate ---- */

static void terminate_needs_a_y(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false);
    play(w, ": activity\nwait text 4240\nkey g K");
    see(w, "Terminate session 4240?");
    see(w, "role web, database shop, application checkout, client 10.0.0.7");
    see(w, "began");
    see(w, "UPDATE orders SET total = $1 WHERE id = $2");
    see(w, "pg_terminate_backend");
    see_not(w, "12345");
    static const key_code accidents[] = {K_ENTER, K_SPACE, K_TAB, 'Y', 'k', 'K', 'j',   K_DOWN,
                                         K_PGUP,  ':',     '/',   '1', 'x', 'C', K_F10, K_ENTER};
    for (size_t i = 0; i < ARRAY_LEN(accidents); i++)
        console_key(w->console, accidents[i]);
    console_mouse(w->console, MOUSE_DOUBLE_CLICK, 10, 4);
    console_paste(w->console, "yyy");
    see(w, "Terminate session 4240?");
    assert_int_equal(w->requests, 0);
    play(w, "key y");
    assert_int_equal(w->requests, 1);
    assert_int_equal(w->asked, SD_JOB_TERMINATE);
    assert_int_equal(w->terminate.pid, 4240);
    assert_int_equal(w->terminate.backend_start, BEGAN);
    see_not(w, "y yes");
    event(w, "info", "ended session 4240");
    see(w, "shop: ended session 4240");
    console_key(w->console, 'y'); /* answered is answered */
    assert_int_equal(w->requests, 1);
    world_free(w);
}

/* Wherever a statement is shown: in questions, in tables, in all about a row. */
static void statements_have_colours(void **state)
{
    (void)state;
    struct world *w = world_new(100, 40, false);
    play(w, ": activity\nwait text 4240\nkey g");
    int before = in_style(w, "SET", STYLE_KEYWORD);
    play(w, "key K");
    see(w, "UPDATE orders SET total = $1 WHERE id = $2");
    assert_true(in_style(w, "SET", STYLE_KEYWORD) > 0 && before == 0); /* the table has no room for it */
    assert_true(in_style(w, "$2", STYLE_CONSTANT) > 0);
    play(w, "key n");
    play(w, ": endpoint GET /orders/:id\nwait text Its queries\nkey z");
    see(w, "\xe2\x94\x82 WHERE customer_id = $1 ");
    assert_true(in_style(w, "WHERE", STYLE_KEYWORD) > 0); /* in all about the row, a line for each clause */
    assert_true(in_style(w, "$1", STYLE_CONSTANT) > 0);
    world_free(w);
}

static void no_is_said_in_many_ways(void **state)
{
    (void)state;
    static const key_code noes[] = {'n', 'N', K_ESC, 'q', 'Q', K_CTRL | 'c', K_CTRL | 'g'};
    struct world *w = world_new(80, 24, false);
    for (size_t i = 0; i < ARRAY_LEN(noes); i++) {
        play(w, ": activity\nkey g C");
        see(w, "Cancel the statement of 4240?");
        console_key(w->console, noes[i]);
        see(w, "Nothing was done");
        see_not(w, "y yes");
        assert_false(console_quitting(w->console));
    }
    assert_int_equal(w->requests, 0);
    play(w, "key C y");
    assert_int_equal(w->asked, SD_JOB_CANCEL);
    assert_true(w->cancel.query_start == SHOP_END - 20 * SD_S);
    world_free(w);
}

/* Off unless allowed: no key leads to a request, and the sentence says what would. */
static void nothing_is_asked_unless_allowed(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false);
    struct sd_error err;
    assert_true(settings_set(w->config->settings, "allow_actions", "no", &err));
    play(w, ": activity\nkey g K");
    see(w, "Not allowed: to end sessions, type :set allow_actions=yes");
    see(w, "/home/me/.config/slowdive/config.yaml");
    see_not(w, "y yes");
    play(w, "key y Enter C");
    see(w, "Not allowed: to cancel statements");
    play(w, "key y Enter\n: terminate\nkey y\n: cancel\nkey y Tab K y C y");
    for (const char *view = "1234567"; *view; view++)
        for (const char *k = "KyCy"; *k; k++) {
            console_key(w->console, (key_code)*view);
            console_key(w->console, (key_code)*k);
        }
    assert_int_equal(w->requests, 0);
    play(w, ": set allow_actions=yes\n: activity\nkey g K y");
    assert_int_equal(w->requests, 1);
    world_free(w);
}

static void sessions_are_found_wherever_they_are_listed(void **state)
{
    (void)state;
    struct world *w = world_new(100, 40, false);
    play(w, ": activity\nkey Tab g X");
    see(w, "Execute this query");
    play(w, "key n K"); /* locks, transactions, vacuums */
    see(w, "Terminate session 424");
    play(w, "key n Tab g K"); /* waits: no session */
    see(w, "Select a session first");
    play(w, "key 2 g K");
    see(w, "Select a session first");
    world_free(w);
}

static void what_runs_nothing_is_not_cancelled(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false);
    play(w, ": activity\n: search 4242\nkey C");
    see(w, "runs no statement (idle in transaction)");
    play(w, "key K");
    see(w, "Last query");
    play(w, "key n");
    /* Gone from the newest sample, still on the screen. */
    struct sd_batch *b = batch_new("shop", w->now + SD_MS);
    struct sd_metric m = {.name = "activity.sampled", .unit = "ns", .value = 1e8};
    batch_add(b, SD_METRIC, &m);
    console_draw(w->console, w->grid);
    model_apply(w->model, b);
    batch_unref(b);
    console_key(w->console, 'K');
    see_not(w, "y yes");
    world_free(w);
}

/* The facts are those of the moment the dialog opened: nothing moves under it. */
static void nothing_moves_under_a_question(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false);
    play(w, ": activity\nkey g K");
    char *before = mem_strdup(screen(w));
    for (int i = 0; i < 3; i++) {
        w->now += 5 * SD_S;
        sessions(w);
        tick(w, 0);
    }
    assert_string_equal(before, screen(w));
    free(before);
    play(w, "key y");
    assert_int_equal(w->terminate.pid, 4240);
    play(w, "size 200x50\n: activity\nkey g K\nsize 100x30\nsize 80x24");
    see(w, "Terminate session");
    world_free(w);
}

/* At every size the question can be read and left; where it cannot be read, y does nothing. */
static void questions_fit(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false);
    play(w, ": activity\nkey g K");
    for (int width = 1; width <= 220; width += width < 90 ? 1 : 13)
        for (int height = 1; height <= 52; height += height < 26 ? 1 : 7) {
            grid_resize(w->grid, width, height);
            console_resize(w->console, width, height);
            char *s = screen(w);
            if (strstr(s, "y yes") ? !strstr(s, "back.") : width >= 38 && height >= 11)
                fail_msg("at %dx%d:\n%s", width, height, s);
            if (width >= 38 && height >= 11 &&
                (!strstr(s, "y yes   n/Esc no") || !strstr(s, "Terminate session")))
                fail_msg("at %dx%d:\n%s", width, height, s);
        }
    play(w, "size 20x5\nkey y");
    assert_int_equal(w->requests, 0);
    play(w, "size 40x12");
    see(w, "Session");
    see_not(w, "UPDATE");
    play(w, "key PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn");
    see(w, "UPDATE");
    play(w, "key y");
    assert_int_equal(w->requests, 1);
    world_free(w);
}

static void the_past_cannot_be_acted_on(void **state)
{
    (void)state;
    struct world *w = world_new(100, 30, false);
    play(w, ": activity\nkey g Space K");
    see(w, "press L to return to live data");
    play(w, "key C");
    see(w, "press L to return to live data");
    play(w, "key X y");
    assert_int_equal(w->requests, 0);
    world_free(w);
    w = world_new(100, 30, true);
    play(w, ": activity\nkey g K");
    see(w, "in a recording: there is no server");
    play(w, "key X");
    see(w, "in a recording: there is no server");
    play(w, "key y");
    assert_int_equal(w->requests, 0);
    world_free(w);
}

/* ---- EXPLAIN ANALYZE ---- */

static void analyze_names_what_is_executed(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false);
    struct sd_error err;
    assert_true(settings_set(w->config->settings, "allow_actions", "no", &err)); /* not needed for X */
    play(w, ": query 78\nkey X");
    see(w, "type a value for $1: 42 (Esc cancels)"); /* the statistics keep no values */
    play(w, "key 7 , 8 Enter");
    see(w, "the statement has 1 parameter and there are 2 values");
    play(w, "key Backspace Backspace Enter");
    see(w, "Execute this query (EXPLAIN ANALYZE)?");
    see(w, "database shop of the source shop");
    see(w, "SELECT name FROM products WHERE id = $1");
    see(w, "Values  7");
    see(w, "30 s");
    see(w, "read-only transaction");
    play(w, "key Enter Space n");
    assert_int_equal(w->requests, 0);
    play(w, "key X Esc y");
    assert_int_equal(w->requests, 0);
    play(w, ": set analyze_limit=5s\nkey X Enter y"); /* what was typed last stands there */
    assert_int_equal(w->requests, 1);
    assert_int_equal(w->asked, SD_JOB_ANALYZE);
    assert_int_equal(w->analyze.query_id, 78);
    assert_int_equal(w->analyze.limit_ns, 5 * SD_S);
    assert_string_equal(w->query, "SELECT name FROM products WHERE id = 7");
    assert_string_equal(w->database, "shop");
    reply_plan(w, 78, 1, NULL);
    play(w, "key X"); /* the plan has values now: those typed are offered, to be changed */
    see(w, "Values: 7");
    world_free(w);
}

/* A session's own text has the values; they are hidden, and executed all the same. */
static void analyze_of_a_session_has_its_values(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false);
    play(w, ": activity\n: search 4241\nkey X");
    see(w, "SELECT * FROM orders WHERE note = $1");
    see(w, "from session 4241, which runs it now");
    see_not(w, "jane@");
    play(w, "key y");
    assert_string_equal(w->query, "SELECT * FROM orders WHERE note = 'jane@example.com'");
    world_free(w);
}

static void one_at_a_time_and_esc_stops_it(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false);
    play(w, ": query 77\nkey X y");
    see(w, "EXPLAIN ANALYZE runs on shop@shop: 0 s of at most 30 s; Esc stops it");
    play(w, "size 40x12");
    see(w, "Esc stops it");
    play(w, "size 80x24");
    assert_true(tick(w, 3 * SD_S + 10 * SD_MS));
    see(w, "runs on shop@shop: 3 s of at most 30 s; Esc stops it");
    play(w, "key X");
    see(w, "Only one at a time");
    see(w, "Esc stops it"); /* the banner stays below */
    play(w, "key y");
    assert_int_equal(w->requests, 1);
    play(w, "key x");
    see(w, "is being executed");
    play(w, ": activity\nkey g K");
    see(w, "shop is executing your query (EXPLAIN ANALYZE): stop it with Esc");
    play(w, "key y 2 Esc");
    assert_int_equal(w->requests, 1);
    assert_int_equal(w->withdrawals, 1);
    see(w, "is being stopped");
    see(w, "Endpoints"); /* that Esc did nothing else */
    play(w, "key Esc");
    assert_int_equal(w->withdrawals, 1);
    reply_plan(w, 77, 0, "a plain plan that failed"); /* not the answer */
    see(w, "is being stopped");
    reply_plan(w, 77, 1, "it was withdrawn");
    see(w, "it was withdrawn");
    see_not(w, "is being stopped");
    play(w, ": query 77\nkey X y");
    assert_int_equal(w->requests, 2);
    world_free(w);
}

static void the_executed_plan_is_shown(void **state)
{
    (void)state;
    struct world *w = world_new(100, 40, false);
    play(w, ": query 77\nkey X y\nwait text Seq Scan"); /* the earlier plan meanwhile */
    tick(w, 2 * SD_S);
    reply_plan(w, 77, 1, NULL);
    see(w, "Executed on shop@shop, answered after 2.00 s");
    see(w, "2.50 ms");
    see_not(w, "Seq Scan");
    /* A later one that is refused takes nothing away. */
    play(w, "key X y");
    tick(w, SD_S);
    reply_plan(w, 77, 1, "the statement has a parameter $1 without a value");
    see(w, "without a value");
    see(w, "2.50 ms");
    console_key(w->console, K_LEFT);
    see(w, "EXPLAIN ANALYZE was not done: the statement has a parameter");
    play(w, "key x");
    see(w, "2.50 ms");
    world_free(w);
}

static void what_is_not_answered_ends(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false);
    play(w, ": query 77\nkey X y");
    tick(w, 40 * SD_S);
    see(w, "EXPLAIN ANALYZE runs");
    tick(w, 30 * SD_S);
    see(w, "No answer to");
    play(w, "key X y Esc");
    tick(w, 16 * SD_S);
    see_not(w, "is being stopped");
    w->refuse = "the source shop is no longer running";
    play(w, "key X y");
    see(w, "is no longer running");
    see_not(w, "EXPLAIN ANALYZE runs");
    play(w, ": activity\nkey g K y");
    see(w, "is no longer running");
    world_free(w);
}

/* ---- the line below ---- */

static void long_messages_are_shown_in_full(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false);
    event(w, "bad",
          "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
          "sixteen seventeen eighteen nineteen twenty twenty-one END");
    see(w, "END");
    play(w, "size 40x12");
    event(w, "warn",
          "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
          "sixteen seventeen eighteen nineteen twenty twenty-one END");
    see(w, "…");
    play(w, "size 3x2\nsize 1x1\nsize 80x3\nsize 80x24");
    world_free(w);
}

static void the_filter_says_what_is_no_pattern_yet(void **state)
{
    (void)state;
    struct world *w = world_new(80, 24, false);
    play(w, "key 2 /\ntype che(");
    see(w, "Filter: che(   incomplete pattern");
    play(w, "type ck)");
    see_not(w, "incomplete pattern");
    see(w, "/checkout");
    see_not(w, "/products");
    console_paste(w->console, "(");
    see(w, "incomplete pattern");
    play(w, "key Esc /");
    see_not(w, "incomplete pattern");
    world_free(w);
}

/* ---- errands: what the program does itself ---- */

static char errands[256];

static bool take_errand(void *app, const struct errand *e, struct outcome *out, struct sd_error *err)
{
    (void)app;
    size_t used = strlen(errands);
    snprintf(errands + used, sizeof errands - used, "%s(%s) ", e->name, e->args[0] ? e->args[0] : "");
    if (!strcmp(e->name, "alert-silence")) {
        snprintf(err->text, sizeof err->text, "somebody else is at it");
        return false;
    }
    if (!strcmp(e->name, "alert-test")) {
        for (int i = 0; i < 20; i++) /* as many as there are */
            outcome_fact(out, "chat", arena_printf(out->arena, "request %d", i));
        out->question.title = "Send them?";
        out->question.what = "Nothing has been sent.";
        out->errand.name = "alert-test-send";
    } else {
        outcome_message(out, SEVERITY_GOOD, "on their way");
    }
    return true;
}

/* What comes of an errand is an outcome again: asked about, and done on a yes. */
static void an_errand_may_ask(void **state)
{
    (void)state;
    static const char text[] = "kpis: [{name: api, signal: http.errors, target: 0.1, alert: {above: 0.2, "
                               "missing: fire}}]\nslos: []\n";
    struct world *w = world_new(100, 50, true);
    struct sd_error err;
    assert_true(policy_read_text(&w->config->policy, "test", text, strlen(text), &err));
    struct signals *signals = signals_new(&w->config->policy, NULL);
    w->console->env.signals = signals;
    play(w, ": alerts\nkey @");
    see(w, "Not possible from here");
    w->console->env.errand = take_errand;
    *errands = 0;
    play(w, "key @");
    see(w, "Send them?");
    see(w, "request 19");
    assert_string_equal(errands, "alert-test(api) ");
    play(w, "key n");
    assert_string_equal(errands, "alert-test(api) ");
    play(w, "key @ y");
    see(w, "on their way");
    assert_string_equal(errands, "alert-test(api) alert-test(api) alert-test-send() ");
    play(w, ": silence 2h deploy\nkey y");
    see(w, "somebody else is at it");
    world_free(w);
    signals_free(signals);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    setenv("TZ", "UTC", 1);
    setenv("HOME", "/home/me", 1);
    unsetenv("XDG_CONFIG_HOME");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terminate_needs_a_y),
        cmocka_unit_test(statements_have_colours),
        cmocka_unit_test(no_is_said_in_many_ways),
        cmocka_unit_test(nothing_is_asked_unless_allowed),
        cmocka_unit_test(sessions_are_found_wherever_they_are_listed),
        cmocka_unit_test(what_runs_nothing_is_not_cancelled),
        cmocka_unit_test(nothing_moves_under_a_question),
        cmocka_unit_test(questions_fit),
        cmocka_unit_test(the_past_cannot_be_acted_on),
        cmocka_unit_test(analyze_names_what_is_executed),
        cmocka_unit_test(analyze_of_a_session_has_its_values),
        cmocka_unit_test(one_at_a_time_and_esc_stops_it),
        cmocka_unit_test(the_executed_plan_is_shown),
        cmocka_unit_test(what_is_not_answered_ends),
        cmocka_unit_test(long_messages_are_shown_in_full),
        cmocka_unit_test(the_filter_says_what_is_no_pattern_yet),
        cmocka_unit_test(an_errand_may_ask),
    };
    return cmocka_run_group_tests_name("ask", tests, NULL, NULL);
}
