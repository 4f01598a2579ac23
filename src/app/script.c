/* slowdive replay FILE --script STEPS: the console without a terminal. */
#include "app/app.h"

#include "app/alert_desk.h"
#include "app/output.h"
#include "app/svg.h"
#include "ui/script.h"

#include <stdlib.h>

enum { SCRIPT_MAX_BYTES = 1 << 20 };

struct scripted {
    struct app *app;
    struct alert_desk *alerts;
};

static void env_fill(void *ctx, struct view_ctx *c)
{
    alert_desk_fill(((struct scripted *)ctx)->alerts, c);
}

static bool env_errand(void *ctx, const struct errand *e, struct outcome *out, struct sd_error *err)
{
    return alert_desk_errand(((struct scripted *)ctx)->alerts, e, out, err);
}

/* The clock is fixed at the end of the recording, so the screens are always the same. */
static sd_time fixed_now(void *ctx)
{
    struct model_usage u = model_usage(((struct scripted *)ctx)->app->model);
    return sd_known(u.last) ? u.last : 0;
}

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
    bool ok = replay_load(a, &err);
    if (ok && cli_has(a->cli, CLI_BASELINE))
        ok = (a->baseline = baseline_figures(a, &err)) != NULL;
    if (ok) {
        struct grid *g = grid_new(w, h, !strcmp(a->config->settings->unicode, "no"));
        struct scripted s = {.app = a, .alerts = alert_desk_new(a, false)};
        struct console *c = console_new(&(struct console_env){.app = &s,
                                                              .model = a->model,
                                                              .config = a->config,
                                                              .signals = a->signals,
                                                              .now = fixed_now,
                                                              .replay = true,
                                                              .baseline = a->baseline,
                                                              .fill = env_fill,
                                                              .errand = env_errand,
                                                              .read_file = explain_read_file});
        a->baseline = NULL; /* the console's now */
        console_resize(c, w, h);
        ok = script_run(c, g, steps, &out, &err);
        if (ok && cli_has(a->cli, CLI_SVG))
            ok = picture(a, g, &out, &err);
        console_free(c);
        alert_desk_free(s.alerts);
        grid_free(g);
    }
    bool written = output_text(strbuf_text(&out));
    if (!ok)
        complain("%s", err.text);
    strbuf_free(&out);
    free(steps);
    return ok && written ? EXIT_FINE : EXIT_USAGE;
}
