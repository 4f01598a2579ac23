/* The console on a terminal: one poll over the tty, signals and the runtime. */
#include "app/app.h"

#include "app/alert_desk.h"
#include "app/doctor.h"
#include "app/cost.h"
#include "app/history.h"
#include "app/past_shown.h"
#include "base/clock.h"
#include "base/trust.h"
#include "base/utf8.h"
#include "core/job.h"
#include "term/term.h"
#include "ui/console.h"
#include "view/hosts/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Data is taken in this often, not as it comes: at ten samples a second waking up
 * for each would cost more than all drawing. A key always wakes. */
#define DRAIN_EVERY_NS (250 * SD_MS)
/* While an answer is awaited, or the first figures, they are taken in at once. */
#define AWAIT_NS (3 * SD_S)
/* Keys come first: never longer than this in a row on data. */
#define DRAIN_BUDGET_NS (5 * SD_MS)

struct screen {
    struct app *app;
    struct console *console;
    struct term *term;
    struct grid *grid;
    struct cost cost;
    struct alert_desk *alerts;
    char *doctor;     /* its line, once it was wanted; NULL */
    int64_t awaiting; /* monotonic; until then replies are taken in at once */
    bool answered;    /* something the user waits for is in the model */
    bool hangup;
};

/* ---- what the console asks for ---- */

static sd_time env_now(void *ctx)
{
    (void)ctx;
    return clock_wall();
}

/* What changes or costs something on a server leaves a trace here; without the text of
 * a statement, which may hold anybody's data. */
static void log_request(const char *origin, const struct sd_request *r)
{
    const struct job *j = job_of(r->job);
    struct strbuf b = {0};
    if (j && j->confirm) {
        job_log(j, r->args, &b);
        log_line(origin, "confirmed: %s", strbuf_text(&b));
    }
    strbuf_free(&b);
}

static uint64_t env_request(void *ctx, const char *origin, const struct sd_request *req, struct sd_error *err)
{
    struct screen *s = ctx;
    s->awaiting = clock_mono() + AWAIT_NS;
    log_request(origin, req);
    uint64_t number = rt_request(s->app->rt, origin, req, err);
    if (!number)
        log_line(origin, "not asked: %s", err->text);
    return number;
}

static void env_withdraw(void *ctx, const char *origin)
{
    log_line(origin, "the request was withdrawn");
    rt_withdraw(((struct screen *)ctx)->app->rt, origin);
}

static void env_fill(void *ctx, struct view_ctx *c)
{
    struct screen *s = ctx;
    const struct app *a = s->app;
    bool named = a->cli->n_args || a->config->n_sources;
    alert_desk_fill(s->alerts, c);
    /* Of this machine and quick: once, for who named no source or has none that could be opened. */
    if (!s->doctor && !a->replay && (!named || !a->n_sources))
        s->doctor = doctor_line(s->app);
    c->doctor = s->doctor;
}

static bool env_errand(void *ctx, const struct errand *e, struct outcome *out, struct sd_error *err)
{
    return alert_desk_errand(((struct screen *)ctx)->alerts, e, out, err);
}

static void taken(void *ctx, const struct sd_batch *b)
{
    struct screen *s = ctx;
    const struct sd_event *e;
    const struct sd_failure *f;
    for (size_t i = 0; (e = batch_each(b, SD_EVENT, &i));)
        log_line(batch_origin(b), "%s: %s", e->title ? e->title : "event", e->text ? e->text : "");
    for (size_t i = 0; (f = batch_each(b, SD_FAILURE, &i));)
        log_line(batch_origin(b), "the job %s failed", f->job ? f->job : "?");
    s->answered |= console_take(s->console, b);
}

static enum copied env_copy(void *ctx, const char *text)
{
    static const enum copied told[] = {
        [TERM_COPY_NOT] = COPIED_NOT, [TERM_COPY_SENT] = COPIED_SENT, [TERM_COPY_DONE] = COPIED};
    /* What is copied gets pasted, into a shell as well. */
    struct strbuf plain = {0};
    utf8_append_lines(&plain, text, strlen(text));
    enum term_copied how = term_copy(((struct screen *)ctx)->term, strbuf_text(&plain));
    strbuf_free(&plain);
    return told[how];
}

static bool env_add_source(void *ctx, const char *target, struct sd_error *err)
{
    return app_add_target(((struct screen *)ctx)->app, target, NULL, err);
}

static bool env_record(void *ctx, const char *path, bool append, struct sd_error *err)
{
    return app_record(((struct screen *)ctx)->app, path, append, err);
}

static bool env_save(void *ctx, const char *path, struct saved *out, struct sd_error *err)
{
    return flight_save(((struct screen *)ctx)->app, path, out, err);
}

static bool env_recording(void *ctx)
{
    return app_is_recorded(((struct screen *)ctx)->app);
}

static bool env_write_file(void *ctx, const char *path, const char *text, size_t len, struct sd_error *err)
{
    (void)ctx;
    int fd = output_open(path, OUTPUT_NEW, true, err);
    if (fd < 0)
        return false;
    bool ok = true;
    for (size_t done = 0; ok && done < len;) {
        ssize_t n = write(fd, text + done, len - done);
        if (n < 0 && errno != EINTR)
            ok = fail(err, "cannot write %s: %s", path, strerror(errno));
        else if (n > 0)
            done += (size_t)n;
    }
    if (close(fd) != 0 && ok)
        ok = fail(err, "cannot write %s: %s", path, strerror(errno));
    return ok;
}

static void load_theme(struct theme *t, const char *name, struct console *console)
{
    static const char *const names[] = {
#define NAME(UPPER, lower, help) #lower,
        STYLES(NAME)
#undef NAME
            NULL};
    struct sd_error err;
    if (theme_load(t, name, names, &err))
        return;
    if (console)
        console_message(console, SEVERITY_WARN, "%s", err.text);
    else
        theme_load(t, "dark", names, &err);
}

static void env_set_theme(void *ctx, const char *name)
{
    struct screen *s = ctx;
    struct theme theme;
    load_theme(&theme, "dark", NULL);
    load_theme(&theme, name, s->console);
    term_set_theme(s->term, &theme);
}

static void env_set_mouse(void *ctx, bool on)
{
    term_set_mouse(((struct screen *)ctx)->term, on);
}

static void env_suspend(void *ctx)
{
    struct screen *s = ctx;
    term_suspend(s->term);
    term_redraw(s->term);
}

static void env_redraw(void *ctx)
{
    term_redraw(((struct screen *)ctx)->term);
}

static bool env_reach(void *ctx, sd_time at, struct console_reach *out)
{
    return past_shown_reach(((struct screen *)ctx)->app->past_shown, at, out);
}

static struct console_looked env_look(void *ctx, const struct console_look *what)
{
    struct screen *s = ctx;
    struct console_looked seen = past_shown_look(s->app->past_shown, what);
    if (seen.waits)
        s->awaiting = clock_mono() + AWAIT_NS;
    return seen;
}

static void env_look_off(void *ctx)
{
    past_shown_off(((struct screen *)ctx)->app->past_shown);
}

/* ---- the loop ---- */

static void resize(struct screen *s)
{
    int w, h;
    term_size(s->term, &w, &h);
    if (w != s->grid->width || h != s->grid->height) {
        grid_resize(s->grid, w, h);
        console_resize(s->console, w, h);
    }
}

static bool read_input(struct screen *s)
{
    bool any = false;
    for (;;) {
        struct input in = term_read(s->term);
        switch (in.kind) {
        case INPUT_NONE:
            return any;
        case INPUT_KEY:
            console_key(s->console, in.key);
            break;
        case INPUT_MOUSE:
            console_mouse(s->console, in.mouse, in.x, in.y);
            break;
        case INPUT_PASTE:
            console_paste(s->console, in.text);
            break;
        case INPUT_RESIZE:
            resize(s);
            break;
        case INPUT_HANGUP:
            s->hangup = true;
            return true;
        }
        any = true;
        if (console_quitting(s->console))
            return true;
    }
}

static void paint(struct screen *s)
{
    console_set_cost(s->console, cost_now(&s->cost, term_bytes(s->term)));
    console_draw(s->console, s->grid);
    term_paint(s->term, s->grid);
}

/* A disk that is full, a setting that was changed: said once, and the console goes on. */
static bool look_after_recorders(struct screen *s)
{
    struct app *a = s->app;
    struct sd_error why;
    bool told = !flight_obey(a, &why) || flight_trouble(a, &why);
    told |= app_record_troubled(a, &why);
    if (app_record_failed(a, &why)) {
        struct sd_error same;
        app_record(a, NULL, false, &same);
        told = true;
    }
    if (told) {
        console_message(s->console, SEVERITY_WARN, "%s", why.text);
        log_line(NULL, "%s", why.text);
    }
    return told;
}

/* Somebody else evaluates, a test has ended. */
static bool look_after_alerts(struct screen *s)
{
    struct strbuf text = {0};
    enum severity severity;
    bool changed = alert_desk_look(s->alerts);
    if (changed)
        console_refresh(s->console);
    if (alert_desk_said(s->alerts, &text, &severity)) {
        console_message(s->console, severity, "%s", strbuf_text(&text));
        changed = true;
    }
    strbuf_free(&text);
    return changed;
}

static void loop(struct screen *s)
{
    int64_t next_drain = 0, next_paint = 0;
    bool dirty = true;
    while (!console_quitting(s->console) && !s->hangup && !signals_stop()) {
        int64_t now = clock_mono(), refresh = s->app->config->settings->refresh_ns, wait;
        if (now >= next_drain) {
            s->answered = false;
            if (look_after_recorders(s)) /* first: they take what the drain brings */
                dirty = true;
            if (app_drain(s->app, DRAIN_BUDGET_NS))
                dirty = true;
            s->answered |= past_shown_news(s->app->past_shown);
            if (look_after_alerts(s))
                dirty = true;
            next_drain = now + DRAIN_EVERY_NS;
            if (s->answered) { /* what the user waits for is shown at once */
                s->awaiting = 0;
                next_paint = 0;
            }
        }
        if (console_tick(s->console, &wait))
            dirty = true;
        if (dirty && now >= next_paint) {
            paint(s);
            dirty = false;
            next_paint = now + refresh;
        }
        int64_t until = MIN(next_drain, wait == INT64_MAX ? next_drain : now + wait);
        if (dirty)
            until = MIN(until, next_paint);
        int64_t pause = MAX(until - clock_mono(), 0);
        struct pollfd fds[] = {{.fd = term_fd(s->term), .events = POLLIN},
                               {.fd = signals_fd(), .events = POLLIN},
                               /* negative: not looked at; the next drain comes by itself */
                               {.fd = s->awaiting > now ? rt_fd(s->app->rt) : -1, .events = POLLIN}};
        struct timespec ts = {.tv_sec = (time_t)(pause / SD_S), .tv_nsec = (long)(pause % SD_S)};
        if (ppoll(fds, ARRAY_LEN(fds), &ts, NULL) <= 0)
            continue;
        if (fds[1].revents)
            signals_drain();
        if (fds[0].revents && read_input(s)) {
            dirty = true;
            next_paint = 0; /* a key is answered at once */
        }
        if (fds[2].revents)
            next_drain = 0;
    }
}

/* The first in the console, all in the log. */
static void show_problems(struct console *c, const struct strbuf *problems)
{
    if (!problems->len)
        return;
    size_t first = strcspn(problems->text, "\n"), lines = 0;
    for (const char *p = problems->text; (p = strchr(p, '\n')); p++)
        lines++;
    if (lines > 1)
        console_message(c, SEVERITY_WARN, "1 of %zu: %.*s", lines, (int)first, problems->text);
    else
        console_message(c, SEVERITY_WARN, "%.*s", (int)first, problems->text);
    log_line(NULL, "%s", problems->text);
}

/* The recording to write, the sources or the recording to show, the baseline. */
static int open_data(struct app *a)
{
    struct sd_error err;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        complain("the console needs a terminal; without one, print a view: slowdive overview SOURCE");
        return EXIT_USAGE;
    }
    const char *record = a->cli->values[CLI_RECORD];
    if (record && !app_record(a, record, cli_has(a->cli, CLI_APPEND), &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    if (!strcmp(a->cli->verb, "replay")) {
        if (!replay_load(a, &err)) {
            complain("%s", err.text);
            return signals_stop() ? 128 + signals_stop() : EXIT_USAGE;
        }
    } else if (app_add_all(a, a->cli->args, a->cli->n_args, NULL) == a->cli->n_args && a->cli->n_args) {
        app_report(a); /* nothing that was asked for can be opened */
        return signals_stop() ? 128 + signals_stop() : EXIT_USAGE;
    }

    if (cli_has(a->cli, CLI_BASELINE) && !(a->baseline = baseline_figures(a, &err))) {
        complain("--baseline: %s", err.text);
        return signals_stop() ? 128 + signals_stop() : EXIT_USAGE;
    }
    return EXIT_FINE;
}

int verb_console(struct app *a)
{
    struct screen s = {.app = a};
    const struct settings *set = a->config->settings;
    struct sd_error err;
    const char *note = NULL;

    const struct signals_limits kept = {.keep_ns = *a->cli->verb ? INT64_MAX : set->retention_ns,
                                        .max_bytes = SIGNALS_DEFAULTS.max_bytes};
    app_watch_goals(a, &kept);
    int status = open_data(a);
    if (status != EXIT_FINE)
        return status;

    struct theme theme;
    load_theme(&theme, "dark", NULL);
    load_theme(&theme, set->theme, NULL);
    s.term = term_open(&(struct term_options){.unicode = set->unicode,
                                              .color = set->color,
                                              .mouse = set->mouse,
                                              .escape_ns = set->escape_delay_ns,
                                              .theme = &theme},
                       &note, &err);
    if (!s.term) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    a->past_shown = past_shown_new(a);
    int w, h;
    term_size(s.term, &w, &h);
    s.grid = grid_new(w, h, term_ascii(s.term));
    s.alerts = alert_desk_new(a, true);
    s.console = console_new(&(struct console_env){.app = &s,
                                                  .model = a->model,
                                                  .config = a->config,
                                                  .signals = a->signals,
                                                  .now = env_now,
                                                  .replay = a->replay,
                                                  .baseline = a->baseline,
                                                  .request = env_request,
                                                  .withdraw = env_withdraw,
                                                  .fill = env_fill,
                                                  .errand = env_errand,
                                                  .copy = env_copy,
                                                  .add_source = env_add_source,
                                                  .record = env_record,
                                                  .save = env_save,
                                                  .recording = env_recording,
                                                  .read_file = explain_read_file,
                                                  .write_file = env_write_file,
                                                  .set_theme = env_set_theme,
                                                  .set_mouse = env_set_mouse,
                                                  .suspend = env_suspend,
                                                  .redraw = env_redraw,
                                                  .reach = env_reach,
                                                  .look = env_look,
                                                  .look_off = env_look_off});
    past_shown_console(a->past_shown, s.console);
    if (cli_has(a->cli, CLI_HOST))
        console_choose(s.console, RESOURCES_HOST_CHOICE, a->cli->values[CLI_HOST]);
    a->baseline = NULL; /* the console's now */
    console_resize(s.console, w, h);
    a->taken = taken;
    a->taken_ctx = &s;
    if (note)
        console_message(s.console, SEVERITY_INFO, "%s", note);
    show_problems(s.console, &a->problems);
    s.awaiting = clock_mono() + AWAIT_NS;
    loop(&s);
    a->taken = NULL;
    console_free(s.console);
    past_shown_free(a->past_shown);
    a->past_shown = NULL;
    grid_free(s.grid);
    term_close(s.term);
    alert_desk_free(s.alerts);
    free(s.doctor);
    bool recorded = app_record(a, NULL, false, &err);
    if (!recorded)
        complain("%s", err.text);
    int sig = signals_stop();
    return sig && sig != SIGINT ? 128 + sig : recorded ? EXIT_FINE : EXIT_USAGE;
}
