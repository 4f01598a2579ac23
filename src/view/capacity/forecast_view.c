/* forecast_view.c - the series of the model, and one of them with its forecast.
 *
 * A forecast costs some milliseconds. While a source is live the model changes each second, the series at
 * equal steps far less often: the document of the last one is kept with a hash of what it was made of. */
#include "view/capacity/forecast_view.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "view/action.h"
#include "view/capacity/forecast_result.h"
#include "view/capacity/model_series.h"
#include "view/result_doc.h"
#include "view/shared/common.h"

#define CEILING "forecast-ceiling"
#define NONE                                                                                                 \
    "No series has enough points yet: requests need 12 seconds, the bytes and rows of a table 12 listings, " \
    "a "                                                                                                     \
    "metric 12 samples."
#define MADE_OF                                                                                              \
    (SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_LATENCY) | SD_KIND_BIT(SD_TABLE) | SD_KIND_BIT(SD_METRIC))

/* ---- the list ---- */

enum { F_NAME, F_VALUE, F_WHAT, F_POINTS, F_FROM, F_TO, F_COLUMNS };

static const struct column COLUMNS[F_COLUMNS] = {
    [F_NAME] = {.key = "series",
                .title = "Series",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 24,
                .help = "what is measured: the name that forecast --select takes"},
    [F_VALUE] = {.key = "value", .title = "Last", .width = 10, .help = "last value; null: of rates"},
    [F_WHAT] = {.key = "what",
                .title = "In",
                .flags = COLUMN_LEFT,
                .width = 17,
                .priority = 1,
                .help = "what its figures are: requests a second, bytes, rows, ..."},
    [F_POINTS] = {.key = "points",
                  .title = "Points",
                  .unit = UNIT_COUNT,
                  .help = "samples; of requests seconds"},
    [F_FROM] =
        {.key = "first_at", .title = "From", .unit = UNIT_TIME, .priority = 2, .help = "time of the first"},
    [F_TO] = {.key = "last_at", .title = "To", .unit = UNIT_TIME, .priority = 2, .help = "time of the last"},
};

static struct doc *build_list(const struct view_ctx *c)
{
    struct doc *d = doc_new("forecasts", "Forecasts");
    common_envelope(d, c, common_span(c));
    struct section *s = doc_table(d, "rows", "Series", COLUMNS, F_COLUMNS);
    struct model_series_list l = model_series_list(c);
    s->table.sort_column = -1;
    for (size_t i = 0; i < l.n; i++) {
        const struct model_series *x = &l.items[i];
        struct row *r = doc_row(d, &s->table);
        const char *name = doc_text(d, x->name);
        r->cells[F_NAME] = cell_text(name);
        r->cells[F_VALUE] = cell_real(x->value);
        r->cells[F_WHAT] = cell_text(doc_text(d, x->what));
        r->cells[F_POINTS] = cell_int((int64_t)x->points);
        r->cells[F_FROM] = cell_int(x->first);
        r->cells[F_TO] = cell_int(x->last);
        r->dive = (struct dive){.view = "forecast", .arg = name};
    }
    s->weight = 1;
    s->note = l.n ? doc_printf(d, "%zu series", l.n) : NULL;
    s->empty = NONE;
    model_series_free(&l);
    return d;
}

const struct view forecasts_view = {
    .name = "forecasts",
    .place = PLACE_LOAD,
    .title = "Forecasts",
    .summary = "the series that can be forecast: requests, bytes and rows of tables, metrics",
    .lists = "series",
    .thing = "series",
    .needs = 0, /* it is not what makes the place Load one with data */
    .build = build_list,
    .columns = COLUMNS,
    .n_columns = F_COLUMNS,
};

/* ---- one ---- */

size_t forecast_usual_horizon(size_t steps)
{
    return MAX(steps / 5, (size_t)12);
}

static uint64_t seed_of(const struct forecast_series *s, double ceiling)
{
    const int64_t shape[] = {s->from_ns, s->step_ns, (int64_t)s->n};
    return str_hash(s->values, s->n * sizeof *s->values) * 31 + str_hash(shape, sizeof shape) * 7 +
           str_hash(&ceiling, sizeof ceiling);
}

/* The document of these values; NULL and why. The caller deletes it. */
static cJSON *document(const struct forecast_series *s, double ceiling, struct sd_error *err)
{
    static struct {
        uint64_t of;
        char *json;
    } last;
    uint64_t of = seed_of(s, ceiling);
    if (last.json && last.of == of)
        return cJSON_Parse(last.json);
    struct forecast_wish w = {
        .horizon = forecast_usual_horizon(s->n), .alpha = (double)NAN, .ceiling = ceiling};
    struct forecast *f = forecast_make(s, &w, err);
    if (!f)
        return NULL;
    cJSON *o = forecast_document(f);
    forecast_free(f);
    free(last.json);
    last.json = result_print(o);
    last.of = of;
    return o;
}

static double ceiling_of(const struct view_ctx *c)
{
    const char *text = view_chosen_text(c, CEILING);
    double v;
    return text && num_parse_real(text, &v) ? v : (double)NAN;
}

static struct doc *empty(const struct view_ctx *c, const char *why)
{
    struct doc *d = doc_new("forecast", "Forecast");
    common_envelope(d, c, common_span(c));
    struct section *s = doc_table(d, "rows", "Series", COLUMNS, F_COLUMNS);
    s->empty = doc_text(d, why);
    if (c->arg)
        d->missing = doc_printf(d, "there is no series %s with enough points", c->arg);
    return d;
}

static struct doc *build_one(const struct view_ctx *c)
{
    struct model_series_list l = model_series_list(c);
    const struct model_series *s = model_series_named(&l, c->arg);
    struct forecast_series values;
    struct sd_error err = {.text = NONE};
    cJSON *o = NULL;
    char *name = s ? mem_strdup(s->name) : NULL;
    if (s) {
        model_series_values(c, s, &values);
        o = document(&values, ceiling_of(c), &err);
    }
    model_series_free(&l);
    struct doc *d = o ? result_doc(o) : empty(c, err.text);
    if (o) {
        d->title = doc_text(d, name);
        forecast_draw_history(d, values.values, values.n);
    }
    if (s)
        free((double *)values.values);
    cJSON_Delete(o);
    free(name);
    return d;
}

/* ---- a ceiling ---- */

static void ask_ceiling(const struct action_ctx *c, struct outcome *out)
{
    double v;
    const char *text = c->arg ? c->arg : c->answered ? c->typed : NULL;
    if (!text) {
        out->prompt.label = "Ceiling: ";
        out->prompt.about = "the limit whose reaching is told, in the unit of the series; empty: none";
    } else if (*text && !num_parse_real(text, &v)) {
        outcome_message(out, SEVERITY_BAD, "A ceiling is a number in the unit of the series, not %.40s.",
                        text);
    } else {
        out->choose = CEILING;
        out->choice_text = *text ? arena_strdup(out->arena, text) : NULL;
    }
}

static const struct view_action CEILING_ACTION = {
    .name = "ceiling",
    .keys = "Y",
    .group = "Load tests",
    .help = "tell when the series reaches a limit",
    .args = "X",
    .args_help = "the limit, in the unit of the series",
    .run = ask_ceiling,
};

static const struct view_action *const ACTIONS[] = {&CEILING_ACTION, NULL};

static const struct column ROWS[] = {
    {.key = "step", .title = "Step", .help = "from 1"},
    {.key = "time", .title = "Time", .flags = COLUMN_LEFT, .help = "RFC 3339"},
    {.key = "mean", .title = "Mean", .help = "in the unit of the series"},
    {.key = "lo_80", .title = "80 % from", .help = "of four out of five futures this is the lower bound"},
    {.key = "hi_80", .title = "80 % to", .help = "and the upper one"},
    {.key = "lo_95", .title = "95 % from", .help = "of nineteen out of twenty"},
    {.key = "hi_95", .title = "95 % to", .help = "and the upper one"},
};

static const struct column ALSO[] = {
    {.key = "points", .title = "Points", .help = "values that are known"},
    {.key = "gaps", .title = "Gaps", .help = "those that are missing"},
    {.key = "step_ns", .title = "Step", .unit = UNIT_NS, .help = "between two values"},
    {.key = "method", .title = "Method", .help = "auto: many models, weighed by a backtest"},
    {.key = "parameters", .title = "Parameters", .help = "of auto the shares of its models"},
    {.key = "seasons", .title = "Seasons", .help = "their lengths in steps"},
    {.key = "backtest",
     .title = "Backtest",
     .help = "origins mase mase_seasonal_naive coverage_80 coverage_95"},
    {.key = "exhaustion",
     .title = "Exhaustion",
     .help =
         "ceiling expected_time early_time late_time: when the mean, the upper and the lower bound reach it"},
    {.key = "scenarios",
     .title = "Scenarios",
     .help = "of the command: name factor peak peak_time exhaustion_time"},
    {.key = "notes", .title = "Notes", .help = "sentences about the history"},
};

const struct view forecast_view = {
    .name = "forecast",
    .place = PLACE_LOAD,
    .title = "Forecast",
    .summary = "where one series of the model is going, and with :ceiling X when it gets there",
    .about = "series",
    .needs = MADE_OF,
    .made_of = MADE_OF,
    .build = build_one,
    .actions = ACTIONS,
    .columns = ROWS,
    .n_columns = ARRAY_LEN(ROWS),
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
