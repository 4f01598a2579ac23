/* slowdive --script STEPS FILE: the console without a terminal, on a recording or a history. */
#include "app/app.h"

#include "app/alert_desk.h"
#include "app/output.h"
#include "app/past_shown.h"
#include "app/svg.h"
#include "base/clock.h"
#include "core/job.h"
#include "ui/script.h"

#include <stdlib.h>

enum { SCRIPT_MAX_BYTES = 1 << 20 };

struct scripted {
    struct app *app;
    struct alert_desk *alerts;
    sd_time end;    /* of the history; SD_UNKNOWN: it is a recording */
    uint64_t asked; /* what is answered once the newest of the history is in the model */
    bool answered;
    char *failure; /* why it is not; NULL */
};

static void env_fill(void *ctx, struct view_ctx *c)
{
    alert_desk_fill(((struct scripted *)ctx)->alerts, c);
}

static bool env_errand(void *ctx, const struct errand *e, struct outcome *out, struct sd_error *err)
{
    return alert_desk_errand(((struct scripted *)ctx)->alerts, e, out, err);
}

/* The clock is fixed at the end of the data, so the screens are always the same. */
static sd_time fixed_now(void *ctx)
{
    const struct scripted *s = ctx;
    struct model_usage u = model_usage(s->app->model);
    return sd_known(s->end) ? s->end : sd_known(u.last) ? u.last : 0;
}

/* ---- a history ---- */

static bool wait_for_news(struct app *a)
{
    bool goes_on = app_wait(a, SD_S);
    app_drain(a, 100 * SD_MS);
    return goes_on;
}

static bool env_reach(void *ctx, sd_time at, struct console_reach *out)
{
    return past_shown_reach(((struct scripted *)ctx)->app->past_shown, at, out);
}

/* Waits until what is looked at is there. */
static struct console_looked env_look(void *ctx, const struct console_look *what)
{
    struct app *a = ((struct scripted *)ctx)->app;
    for (;;) {
        struct console_looked seen = past_shown_look(a->past_shown, what);
        if (!past_shown_brings(a->past_shown) || !wait_for_news(a))
            return seen;
    }
}

static void taken(void *ctx, const struct sd_batch *b)
{
    struct scripted *s = ctx;
    size_t i = 0;
    if (!s->asked || batch_answer(b) != s->asked)
        return;
    const struct sd_failure *f = batch_each(b, SD_FAILURE, &i);
    s->answered = true;
    s->failure = f ? mem_strdup(f->text ? f->text : "the history could not be read") : NULL;
}

/* The clock of the sources stands still as well: they say when something was. */
static sd_time stands_still;
static sd_time still_now(void)
{
    return stands_still;
}

static void stop_the_clock(struct app *a, sd_time at)
{
    struct rt_limits how = RT_DEFAULTS;
    stands_still = at;
    how.now = still_now;
    how.stale_after_ns = 86400 * SD_S; /* a slow machine is no silent source */
    rt_free(a->rt, 0);
    a->rt = rt_new(&how);
}

/* The newest is in the model when a question that waits behind it is answered. */
static bool read_newest(struct scripted *s, struct sd_error *err)
{
    struct app *a = s->app;
    const struct sd_job_read_history none = {.from = 0, .to = 0, .step_ns = SD_S};
    a->taken = taken;
    a->taken_ctx = s;
    s->asked =
        rt_request(a->rt, a->names[0], &(struct sd_request){.job = SD_JOB_READ_HISTORY, .args = &none}, err);
    while (s->asked && !s->answered && wait_for_news(a))
        ;
    if (s->failure)
        return fail(err, "%s", s->failure);
    return s->answered || (s->asked && fail(err, "reading %s was stopped by a signal", a->cli->args[0]));
}

static bool open_history(struct scripted *s, const char *target, struct sd_error *err)
{
    if (!past_end_of(target, &s->end, err))
        return false;
    if (!sd_known(s->end))
        return fail(err, "%.300s is empty", target);
    stop_the_clock(s->app, s->end);
    s->app->past_shown = past_shown_new(s->app);
    return app_add_target(s->app, target, NULL, err) && read_newest(s, err);
}

static bool open_data(struct scripted *s, struct sd_error *err)
{
    const struct cli *cli = s->app->cli;
    bool named = cli_has(cli, CLI_LAST) || cli_has(cli, CLI_DEMO);
    if (!named && cli->n_args != 1)
        return fail(err, "--script needs one recording or history: slowdive --script STEPS FILE");
    return named || app_is_recording(cli->args[0]) ? replay_load(s->app, err)
                                                   : open_history(s, cli->args[0], err);
}

/* ---- the screens ---- */

static bool screen_size(const struct app *a, int *w, int *h)
{
    int used = 0;
    const char *text = a->cli->values[CLI_SIZE];
    *w = 80;
    *h = 24;
    if (!text)
        return true;
    return sscanf(text, "%dx%d%n", w, h, &used) == 2 && !text[used] && *w >= 1 && *h >= 1 && *w <= 1000 &&
           *h <= 1000;
}

static bool picture(const struct app *a, const struct grid *g, struct strbuf *out, struct sd_error *err)
{
    static const char *const names[] = {
#define NAME(UPPER, lower, help) #lower,
        STYLES(NAME)
#undef NAME
            NULL};
    struct theme theme;
    if (!theme_load(&theme, a->config->settings->theme, names, err))
        return false;
    strbuf_clear(out);
    svg_write(g, &theme, out);
    return true;
}

static bool run_steps(struct scripted *s, const char *steps, int w, int h, struct strbuf *out,
                      struct sd_error *err)
{
    struct app *a = s->app;
    bool past = sd_known(s->end);
    struct grid *g = grid_new(w, h, !strcmp(a->config->settings->unicode, "no"));
    s->alerts = alert_desk_new(a, false);
    struct console *c = console_new(&(struct console_env){.app = s,
                                                          .model = a->model,
                                                          .config = a->config,
                                                          .signals = a->signals,
                                                          .now = fixed_now,
                                                          .replay = a->replay,
                                                          .baseline = a->baseline,
                                                          .fill = env_fill,
                                                          .errand = env_errand,
                                                          .read_file = explain_read_file,
                                                          .reach = past ? env_reach : NULL,
                                                          .look = past ? env_look : NULL});
    a->baseline = NULL; /* the console's now */
    past_shown_console(a->past_shown, c);
    console_resize(c, w, h);
    bool ok = script_run(c, g, steps, out, err);
    if (ok && cli_has(a->cli, CLI_SVG))
        ok = picture(a, g, out, err);
    console_free(c);
    alert_desk_free(s->alerts);
    grid_free(g);
    return ok;
}

int verb_script(struct app *a)
{
    struct sd_error err;
    struct strbuf out = {0};
    char *steps;
    size_t len;
    int w, h;
    if (!screen_size(a, &w, &h)) {
        complain("--size %s is not a size; write it like 100x30", a->cli->values[CLI_SIZE]);
        return EXIT_USAGE;
    }
    if (!file_read(a->cli->values[CLI_SCRIPT], SCRIPT_MAX_BYTES, &steps, &len, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    app_watch_goals(a,
                    &(struct signals_limits){.keep_ns = INT64_MAX, .max_bytes = SIGNALS_DEFAULTS.max_bytes});
    struct scripted s = {.app = a, .end = SD_UNKNOWN};
    bool ok = open_data(&s, &err);
    if (ok && cli_has(a->cli, CLI_BASELINE))
        ok = (a->baseline = baseline_figures(a, &err)) != NULL;
    ok = ok && run_steps(&s, steps, w, h, &out, &err);
    past_shown_free(a->past_shown);
    a->past_shown = NULL;
    free(s.failure);
    bool written = output_text(strbuf_text(&out));
    if (!ok)
        complain("%s", err.text);
    strbuf_free(&out);
    free(steps);
    return ok && written ? EXIT_FINE : EXIT_USAGE;
}
