/* forecast_result.c - what a forecast says in a few sentences, and its drawing. */
#include "view/capacity/forecast_result.h"

#include "base/num.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

const char *const FORECAST_ORDER[] = {"scenarios", "backtest", "parameters", NULL};
/* The headline, and a table of its own. */
const char *const FORECAST_HIDDEN[] = {"exhaustion", "rows", NULL};
const char *const FORECAST_TITLES[] = {"parameters",
                                       "What it is made of",
                                       "mase",
                                       "Error (MASE)",
                                       "mase_seasonal_naive",
                                       "Of the last season again",
                                       "backtest",
                                       "On the history",
                                       "coverage_80",
                                       "Within 80 %",
                                       "coverage_95",
                                       "Within 95 %",
                                       "origins",
                                       "Tries",
                                       NULL};

static const char *figure(struct doc *d, double v)
{
    char buf[UNIT_TEXT_MAX];
    return isnan(v) ? "-" : doc_printf(d, "%s", unit_format(fabs(v) < 1e4 ? UNIT_NONE : UNIT_COUNT, v, buf));
}

/* "2026-04-05 12:00" of a moment of the document, with its seconds if it has some; NULL: it is none. */
static const char *moment(struct doc *d, const cJSON *o, const char *key)
{
    const char *text = result_get_text(o, key);
    if (!text || strlen(text) < 19)
        return NULL;
    char *t = arena_strndup(d->arena, text, str_starts(text + 16, ":00") ? 16 : 19);
    t[10] = ' ';
    return t;
}

static const char *ceiling_sentence(struct doc *d, const cJSON *e, enum severity *s)
{
    const char *expected = moment(d, e, "expected_time"), *early = moment(d, e, "early_time");
    const char *late = moment(d, e, "late_time"), *limit = figure(d, result_get_real(e, "ceiling"));
    if (expected) {
        *s = SEVERITY_WARN;
        return doc_printf(d, "%s is reached on %s UTC%s%s%s%s.", limit, expected,
                          early ? ", at the earliest on " : "", early ? early : "",
                          late ? ", at the latest on " : "", late ? late : "; it may also never be");
    }
    if (early)
        return doc_printf(d, "%s is not expected to be reached; in the worst case (95 %%) on %s UTC.", limit,
                          early);
    *s = SEVERITY_GOOD;
    return doc_printf(d, "%s is not reached, as far as 20 times the history ahead.", limit);
}

static const char *rows_sentence(struct doc *d, const cJSON *o)
{
    char step[UNIT_TEXT_MAX];
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(o, "rows"), *row, *top = NULL, *last = NULL;
    cJSON_ArrayForEach(row, rows)
    {
        if (!top || result_get_real(row, "mean") > result_get_real(top, "mean"))
            top = row;
        last = row;
    }
    if (!top)
        return NULL;
    const char *from = figure(d, result_get_real(last, "lo_95")),
               *to = figure(d, result_get_real(last, "hi_95"));
    return doc_printf(d,
                      "%d steps of %s ahead: at most %s (%s UTC), at the end %s, with 95 %% from %s to %s.",
                      cJSON_GetArraySize(rows), unit_format(UNIT_NS, result_get_real(o, "step_ns"), step),
                      figure(d, result_get_real(top, "mean")), moment(d, top, "time"),
                      figure(d, result_get_real(last, "mean")), from, to);
}

static const char *backtest_sentence(struct doc *d, const cJSON *o)
{
    const cJSON *b = cJSON_GetObjectItemCaseSensitive(o, "backtest"), *seasons;
    double own = result_get_real(b, "mase"), naive = result_get_real(b, "mase_seasonal_naive");
    seasons = cJSON_GetObjectItemCaseSensitive(o, "seasons");
    if (!(own >= 0) || !(naive > 0))
        return NULL;
    return doc_printf(
        d, "Tried %.0f times on the history: its error was %.0f %% of that of repeating the last %s.",
        result_get_real(b, "origins"), 100 * own / naive, cJSON_GetArraySize(seasons) ? "season" : "value");
}

const char *forecast_headline(struct doc *d, const cJSON *o, enum severity *s)
{
    const cJSON *e = cJSON_GetObjectItemCaseSensitive(o, "exhaustion");
    const char *lines[3] = {NULL, rows_sentence(d, o), backtest_sentence(d, o)};
    *s = SEVERITY_NONE;
    if (!isnan(result_get_real(e, "ceiling")))
        lines[0] = ceiling_sentence(d, e, s);
    struct strbuf b = {0};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        if (lines[i])
            strbuf_printf(&b, "%s%s", b.len ? "\n" : "", lines[i]);
    const char *text = b.len ? doc_text(d, strbuf_text(&b)) : NULL;
    strbuf_free(&b);
    return text;
}

/* A moment of the document, which is written by core/result.h. */
static sd_time time_of(const cJSON *o, const char *key)
{
    const char *text = result_get_text(o, key);
    struct sd_error err;
    sd_time t;
    return text && clock_parse(text, INT64_MAX, &t, &err) ? t : SD_UNKNOWN;
}

/* Shares and other figures below 1 need more digits than counts. */
static enum unit unit_of(const cJSON *rows)
{
    const cJSON *row;
    double most = 0;
    cJSON_ArrayForEach(row, rows) most =
        fmax(most, fmax(fabs(result_get_real(row, "hi_95")), fabs(result_get_real(row, "lo_95"))));
    return most < 1 ? UNIT_NONE : UNIT_COUNT;
}

static void draw_fan(struct doc *d, const cJSON *rows, sd_time from, double step, double ceiling)
{
    static const char *const keys[] = {"mean", "hi_95", "lo_95"};
    const cJSON *row;
    double most = 0;
    size_t n = (size_t)cJSON_GetArraySize(rows);
    struct section *s = doc_section(d, SECTION_GRAPH, "fan", "Mean and 95 % interval");
    s->weight = 2;
    s->graph.from = from;
    s->graph.to = add_sat(from, real_to_int(step * (double)n));
    s->graph.unit = unit_of(rows);
    s->graph.n_points = n;
    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        struct graph_line *line = doc_line(d, &s->graph, keys[k]);
        size_t i = 0;
        cJSON_ArrayForEach(row, rows)
        {
            line->values[i] = result_get_real(row, keys[k]);
            most = fmax(most, line->values[i++]);
        }
        line->whole = line->values[n - 1]; /* at the end, and not "now" */
    }
    if (ceiling > 0 && ceiling < 3 * most) { /* one far above would leave the fan no room */
        struct graph_line *line = doc_line(d, &s->graph, "ceiling");
        for (size_t i = 0; i < n; i++)
            line->values[i] = ceiling;
        line->whole = ceiling;
    }
}

enum { STEP, TIME, FIGURES, STEP_COLUMNS = FIGURES + 5 };

static const struct column STEPS[STEP_COLUMNS] = {
    {.key = "step", .title = "Step", .unit = UNIT_COUNT, .help = "from 1"},
    {.key = "time", .title = "Time", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 16, .help = "RFC 3339"},
    {.key = "mean", .title = "Mean", .unit = UNIT_COUNT, .help = "in the unit of the series"},
    {.key = "lo_80", .title = "80 % from", .unit = UNIT_COUNT, .priority = 1, .help = "lower bound"},
    {.key = "hi_80", .title = "80 % to", .unit = UNIT_COUNT, .priority = 1, .help = "upper bound"},
    {.key = "lo_95", .title = "95 % from", .unit = UNIT_COUNT, .help = "lower bound"},
    {.key = "hi_95", .title = "95 % to", .unit = UNIT_COUNT, .help = "upper bound"},
};

static void draw_steps(struct doc *d, const cJSON *rows)
{
    struct column *columns = arena_alloc(d->arena, sizeof STEPS);
    memcpy(columns, STEPS, sizeof STEPS);
    for (size_t i = FIGURES; i < STEP_COLUMNS; i++)
        columns[i].unit = unit_of(rows);
    struct section *s = doc_table(d, "rows", "Steps ahead", columns, STEP_COLUMNS);
    const cJSON *row;
    s->table.sort_column = -1;
    cJSON_ArrayForEach(row, rows)
    {
        struct cell *cells = doc_row(d, &s->table)->cells;
        double step = result_get_real(row, "step");
        cells[STEP] = cell_int(step >= 0 && step < 1e15 ? (int64_t)step : SD_UNKNOWN);
        cells[TIME] = cell_text(doc_text(d, result_get_text(row, "time")));
        for (size_t i = FIGURES; i < STEP_COLUMNS; i++)
            cells[i] = cell_real(result_get_real(row, STEPS[i].key));
    }
}

void forecast_draw(struct doc *d, const cJSON *o)
{
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(o, "rows");
    double step = result_get_real(o, "step_ns");
    double ceiling = result_get_real(cJSON_GetObjectItemCaseSensitive(o, "exhaustion"), "ceiling");
    sd_time from = time_of(rows ? rows->child : NULL, "time");
    if (cJSON_GetArraySize(rows) > 1 && sd_known(from) && step > 0)
        draw_fan(d, rows, from, step, ceiling);
    draw_steps(d, rows);
}

void forecast_draw_history(struct doc *d, const double *values, size_t n)
{
    struct section *s = NULL;
    for (size_t i = 0; i < d->n_sections && !s; i++)
        s = str_eq(d->sections[i].key, "fan") ? &d->sections[i] : NULL;
    if (!s)
        return;
    struct graph *g = &s->graph;
    size_t ahead = g->n_points, past = MIN(n, 2 * ahead);
    g->from = add_sat(g->from, real_to_int(((double)g->from - (double)g->to) / (double)ahead * (double)past));
    g->n_points = past + ahead;
    for (size_t k = 0; k < g->n_lines; k++) {
        struct graph_line *line = &g->lines[k];
        double *all = arena_alloc(d->arena, g->n_points * sizeof *all);
        for (size_t i = 0; i < past; i++) /* what was leads to the mean; a ceiling is above both */
            all[i] = !k ? values[n - past + i] : k == 3 ? line->values[0] : (double)NAN;
        memcpy(all + past, line->values, ahead * sizeof *all);
        line->values = all;
    }
    s->title = "So far, and mean and 95 % interval ahead";
}
