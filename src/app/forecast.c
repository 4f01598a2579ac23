/* forecast.c - `slowdive forecast`: where a series is going and when it reaches a limit. */
#include "app/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/output.h"
#include "base/num.h"
#include "core/capacity/forecast.h"
#include "format/capacity/series_csv.h"
#include "rt/registry.h"
#include "view/capacity/forecast_view.h"
#include "view/capacity/model_series.h"

enum { WHAT_IFS = 32 };

static const struct command_option OPTIONS[] = {
    {"horizon", "N", "steps ahead (24)"},
    {"season", "N,N", "lengths of its seasons in steps (a day and a week, where the history has two)"},
    {"method", "NAME", "auto, naive, snaive, drift, ses, holt, damped, hw, dshw or theta (auto)"},
    {"alpha", "A", "of ses, 0 to 1 (the one with the least squared error)"},
    {"ceiling", "X", "the limit: when is it reached?"},
    {"select", "NAME", "SERIES is a source, such as a recording: this series of it"},
    {"scenario", "NAME=FACTOR", "and if it were so many times as much; may be given several times"},
    {NULL, NULL, NULL},
};

/* What of the command line a forecast needs; names point into it. */
struct asked {
    struct forecast_wish wish;
    struct forecast_what_if what_ifs[WHAT_IFS];
};

static bool whole(const char *text, size_t len, size_t least, size_t most, size_t *out)
{
    size_t v = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || v > most)
            return false;
        v = v * 10 + (size_t)(text[i] - '0');
    }
    *out = v;
    return len && v >= least && v <= most;
}

static bool ask_seasons(struct forecast_wish *w, const char *text, struct sd_error *err)
{
    for (const char *p = text; p; p = *p ? p + 1 : NULL) {
        size_t len = strcspn(p, ","), m;
        if (w->seasons == FORECAST_SEASONS)
            return fail(err, "--season takes at most %d lengths.", FORECAST_SEASONS);
        if (!whole(p, len, 2, SERIES_CSV_POINTS, &m))
            return fail(err, "--season takes whole numbers of steps, 2 at least, such as 24,168; not %.40s.",
                        text);
        w->season[w->seasons++] = m;
        p += len;
        if (!*p)
            break;
    }
    return true;
}

static bool ask_method(struct forecast_wish *w, const char *text, struct sd_error *err)
{
    int found = str_find(forecast_methods, text);
    if (found < 0)
        return fail(
            err,
            "--method %.40s is not known: auto, naive, snaive, drift, ses, holt, damped, hw, dshw or theta.",
            text);
    w->method = (enum forecast_method)found;
    return true;
}

static bool ask_scenarios(struct asked *a, const struct cli *cli, struct sd_error *err)
{
    const char *text;
    for (size_t i = 0; (text = command_values(cli, "scenario", i)); i++) {
        const char *equals = strrchr(text, '=');
        if (a->wish.n_what_ifs == WHAT_IFS)
            return fail(err, "--scenario can be given %d times.", WHAT_IFS);
        struct forecast_what_if *w = &a->what_ifs[a->wish.n_what_ifs];
        if (!equals || equals == text || !num_parse_real(equals + 1, &w->factor) || !(w->factor > 0))
            return fail(err, "--scenario takes a name and a factor above 0, such as campaign=1.5; not %.40s.",
                        text);
        w->name = mem_strndup(text, (size_t)(equals - text));
        a->wish.n_what_ifs++;
    }
    return true;
}

static bool ask(struct asked *a, const struct cli *cli, struct sd_error *err)
{
    const char *horizon = command_value(cli, "horizon"), *season = command_value(cli, "season");
    const char *method = command_value(cli, "method"), *alpha = command_value(cli, "alpha");
    const char *ceiling = command_value(cli, "ceiling");
    struct forecast_wish *w = &a->wish;
    *w = (struct forecast_wish){
        .horizon = 24, .alpha = (double)NAN, .ceiling = (double)NAN, .what_ifs = a->what_ifs};
    if (horizon && !whole(horizon, strlen(horizon), 1, FORECAST_HORIZON, &w->horizon))
        return fail(err, "--horizon takes a whole number of steps from 1 to %d, not %.40s.", FORECAST_HORIZON,
                    horizon);
    if ((season && !ask_seasons(w, season, err)) || (method && !ask_method(w, method, err)))
        return false;
    if (alpha && w->method != FORECAST_SES)
        return fail(err, "--alpha is of the method ses: say --method ses, too.");
    if (alpha && (!num_parse_real(alpha, &w->alpha) || !(w->alpha >= 0 && w->alpha <= 1)))
        return fail(err, "--alpha takes a number from 0 to 1, not %.40s.", alpha);
    if (ceiling && !num_parse_real(ceiling, &w->ceiling))
        return fail(err, "--ceiling takes a number, not %.40s.", ceiling);
    return ask_scenarios(a, cli, err);
}

static void asked_free(struct asked *a)
{
    for (size_t i = 0; i < a->wish.n_what_ifs; i++)
        free((char *)a->what_ifs[i].name);
}

static struct forecast *of_csv(const char *path, const struct forecast_wish *w, struct sd_error *err)
{
    char *text;
    size_t len;
    struct series_csv csv;
    struct forecast *f = NULL;
    if (!file_read(path, SERIES_CSV_BYTES, &text, &len, err))
        return NULL;
    if (series_csv_read(text, len, strcmp(path, "-") != 0 ? path : "standard input", &csv, err)) {
        struct forecast_series s = {csv.values, csv.n, csv.from_ns, csv.step_ns ? csv.step_ns : SD_S};
        f = forecast_make(&s, w, err);
        free(csv.values);
    }
    free(text);
    return f;
}

/* ---- series of a source ---- */

/* A file that some source reads, such as an access log; one of series and plans reads the CSV itself. */
static bool is_of_source(const char *path)
{
    struct registry_resolved r;
    struct sd_error err;
    if (!registry_resolve(path, &r, &err))
        return false;
    bool is = !str_eq(r.ops->name, "estimate");
    registry_resolved_free(&r);
    return is;
}

/* Is it a file that holds the series itself? One that is not there, too: then that is said. */
static bool is_csv(const struct app *app, const char *path)
{
    struct stat st;
    if (command_value(app->cli, "select"))
        return false;
    if (!strcmp(path, "-") || str_ends(path, ".csv"))
        return true;
    if (stat(path, &st) < 0)
        return !strchr(path, ':');
    return S_ISREG(st.st_mode) && !app_is_recording(path) && !is_of_source(path);
}

static struct view_ctx whole_model(const struct app *app)
{
    sd_time last = model_usage(app->model).last;
    return (struct view_ctx){.model = app->model, .span = SPAN_ALL, .now = sd_known(last) ? last : 0};
}

/* The names of all, when none was asked for. */
static int list(struct app *app)
{
    struct view_ctx c = whole_model(app);
    struct doc *d = view_build(&forecasts_view, &c);
    int status = output_doc(app, d);
    doc_free(d);
    return status;
}

static struct forecast *of_model(struct app *app, const struct forecast_wish *wish, struct sd_error *err)
{
    struct view_ctx c = whole_model(app);
    const char *name = command_value(app->cli, "select");
    struct model_series_list l = model_series_list(&c);
    const struct model_series *s = model_series_named(&l, name);
    struct forecast *f = NULL;
    if (!s) {
        fail(err, "There is no series %.200s with enough points; slowdive forecast SOURCE lists them.", name);
    } else {
        struct forecast_series values;
        struct forecast_wish w = *wish;
        model_series_values(&c, s, &values);
        if (!command_value(app->cli, "horizon"))
            w.horizon = forecast_usual_horizon(values.n);
        f = forecast_make(&values, &w, err);
        free((double *)values.values);
    }
    model_series_free(&l);
    return f;
}

static int forecast(struct app *app)
{
    struct asked a;
    struct sd_error err;
    struct forecast *f = NULL;
    bool listed = false;
    int status = EXIT_USAGE;
    if (!command_args(app, 1, 1))
        return EXIT_USAGE;
    const char *source = app->cli->args[0];
    if (ask(&a, app->cli, &err)) {
        if (is_csv(app, source)) {
            f = of_csv(source, &a.wish, &err);
        } else if (app_read(app, &source, 1, &(struct past_use){.goals = false}, &err)) {
            listed = !command_value(app->cli, "select");
            if (listed)
                status = list(app);
            else
                f = of_model(app, &a.wish, &err);
        }
    }
    asked_free(&a);
    if (f)
        status = command_print(app, forecast_document(f), true);
    else if (!listed)
        complain("%s", err.text);
    forecast_free(f);
    return status;
}

const struct cli_command FORECAST_COMMAND = {
    .name = "forecast",
    .args = "SERIES",
    .help = "where a series is going, and when it reaches a limit; of a source: which series it has",
    .options = OPTIONS,
    .whole = true,
    .run = forecast,
};
