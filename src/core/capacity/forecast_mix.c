/* forecast_mix.c - the models of each method, and how those of `auto` are put together.
 *
 * Weights are (least error / error)^5 of the backtest: on the M4 hourly series the sum is better than the
 * best of them, chosen by the same errors, and than the median of the best few. */
#include "core/capacity/forecast_mix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORTH   0.01 /* a smaller share is none: its model need not be fitted again */
#define STEEP   5    /* power of an error's reciprocal that is a weight */
#define PREMIUM 1.1  /* on the errors of all but the simple ones: those were chosen from many */

struct candidate {
    const char *name; /* under 12 bytes: "_log" is added */
    fc_model *model;
    enum forecast_method method; /* whose it is beside `auto` */
    bool in_auto;
    bool naive; /* nothing was fitted */
    bool plain; /* also where the history is too short for a backtest */
    bool logs;  /* of the logarithms, too, if all values are above 0 */
};

static const struct candidate CANDIDATES[] = {
    {"naive", fc_naive, FORECAST_AUTO, true, true, true, false},
    {"snaive", fc_seasonal_naive, FORECAST_AUTO, true, true, false, false},
    {"snaive_short", fc_day_naive, FORECAST_AUTO, true, true, false, false},
    {"median", fc_season_median, FORECAST_AUTO, true, false, false, false},
    {"smooth", fc_smooth, FORECAST_AUTO, true, false, true, true},
    {"trend", fc_smooth_trend, FORECAST_AUTO, true, false, false, true},
    {"theta", fc_theta, FORECAST_THETA, true, false, true, true},
    {"line", fc_line, FORECAST_AUTO, true, false, false, true},
    {"diff_long", fc_difference_long, FORECAST_AUTO, true, false, false, true},
    {"diff_short", fc_difference_short, FORECAST_AUTO, true, false, false, true},
    {"diff_one", fc_difference_one, FORECAST_AUTO, true, false, false, true},
    {"ar", fc_autoregression, FORECAST_AUTO, true, false, false, true},
    {"holt", fc_holt, FORECAST_HOLT, false, false, true, false},
    {"damped", fc_damped, FORECAST_DAMPED, false, false, true, false},
    {"hw", fc_holt_winters, FORECAST_HW, false, false, true, true},
    {"dshw", fc_two_seasons, FORECAST_DSHW, false, false, true, true},
};

enum { CELLS = 2 * ARRAY_LEN(CANDIDATES) }; /* each as it is, and of the logarithms */

struct mix {
    const struct fc_history *h;
    struct fc_data data[2]; /* as they are; logarithms */
    double *logs;
    bool bound; /* within three times the range of what was: of `auto` */
    double *path[CELLS], error[CELLS], weight[CELLS];
};

/* One model's paths, as values. False: it cannot be. */
static bool run(const struct mix *m, size_t cell, size_t fit, const struct fc_origins *o, double *paths,
                struct fc_figures *figures)
{
    const struct fc_history *h = m->h;
    size_t cells = o->count * o->leads;
    if (!CANDIDATES[cell / 2].model(&m->data[cell % 2], fit, o, paths, figures))
        return false;
    double range = 3 * (h->high - h->low);
    for (size_t i = 0; i < cells; i++) {
        if (cell % 2)
            paths[i] = exp(MIN(paths[i], 700));
        if (m->bound)
            paths[i] = MIN(MAX(paths[i], h->low - range), h->high + range);
        if (h->never_below)
            paths[i] = MAX(paths[i], 0);
        if (!isfinite(paths[i]))
            return false;
    }
    return true;
}

static bool is_of(size_t cell, enum forecast_method method, const struct mix *m)
{
    const struct candidate *c = &CANDIDATES[cell / 2];
    if (cell % 2 && (!c->logs || !m->logs))
        return false;
    return method == FORECAST_AUTO ? c->in_auto : c->method == method;
}

/* The error of each in the backtest; INFINITY of one that cannot be. */
static void try_all(struct mix *m, enum forecast_method method, struct fc_past *past)
{
    struct fc_origins o = {past->at, past->count, past->leads};
    for (size_t c = 0; c < CELLS; c++) {
        m->error[c] = INFINITY;
        if (!is_of(c, method, m))
            continue;
        if (!past->count) {
            m->error[c] = CANDIDATES[c / 2].plain || method != FORECAST_AUTO ? 1 : (double)INFINITY;
            continue;
        }
        m->path[c] = mem_array(past->count * past->leads, sizeof *m->path[c]);
        if (!run(m, c, past->at[0], &o, m->path[c], NULL))
            continue;
        struct fc_past own = *past;
        own.path = m->path[c];
        fc_past_compare(&own, m->h);
        double error = fc_past_mean(&own, true);
        m->error[c] = isnan(error) ? 1 : error * (CANDIDATES[c / 2].naive ? 1 : PREMIUM);
    }
}

/* A model that is there twice, of the values and of their logarithms, counts once. */
static double share_of(const struct mix *m, size_t c, double least)
{
    if (!(least > 0)) /* several may have had no error at all */
        return m->error[c] <= least;
    return pow(least / m->error[c], STEEP) * (m->logs && CANDIDATES[c / 2].logs ? .5 : 1);
}

static bool weigh(struct mix *m, bool all)
{
    double least = INFINITY, sum = 0;
    size_t best = CELLS;
    for (size_t c = 0; c < CELLS; c++)
        if (m->error[c] < least) {
            least = m->error[c];
            best = c;
        }
    if (best == CELLS)
        return false;
    for (int pass = 0; pass < 2; pass++) { /* those that are worth something, then as shares */
        double total = sum;
        sum = 0;
        for (size_t c = 0; c < CELLS; c++) {
            if (!pass)
                m->weight[c] = isinf(m->error[c]) ? 0 : !all ? c == best : share_of(m, c, least);
            else
                m->weight[c] = m->weight[c] < WORTH * total ? 0 : m->weight[c];
            sum += m->weight[c];
        }
    }
    for (size_t c = 0; c < CELLS; c++)
        m->weight[c] /= sum;
    return true;
}

/* The models are fitted again, with all that is known. One that now cannot be leaves the others its share. */
static bool go_on(struct mix *m, struct fc_ahead *ahead, size_t leads, bool all, struct fc_figures *figures)
{
    struct fc_origins now = {&m->h->n, 1, leads};
    double *path = mem_array(leads, sizeof *path), sum = 0;
    ahead->near = mem_array(leads, sizeof *ahead->near);
    ahead->leads = leads;
    for (size_t c = 0; c < CELLS; c++) {
        struct fc_figures own = {.n = 0};
        if (!(m->weight[c] > 0) || !run(m, c, m->h->n, &now, path, &own))
            continue;
        sum += m->weight[c];
        for (size_t i = 0; i < leads; i++)
            ahead->near[i] += m->weight[c] * path[i];
        char name[sizeof own.at->name];
        snprintf(name, sizeof name, "%s%s", CANDIDATES[c / 2].name, c % 2 ? "_log" : "");
        if (all)
            fc_figure(figures, name, m->weight[c], 0);
        for (size_t i = 0; !all && i < own.n; i++)
            if (!(c % 2) || !own.power[i]) /* a level of logarithms is none of the values */
                fc_figure(figures, own.at[i].name, own.at[i].value, own.power[i]);
        if (!all && c % 2)
            fc_figure(figures, "logarithms", 1, 0);
    }
    for (size_t i = 0; sum > 0 && i < leads; i++)
        ahead->near[i] /= sum;
    free(path);
    return sum > 0;
}

/* Does the season grow with the level? Then the models of logarithms have the larger part of the weight: in
 * made-up series half of it, and where it does not grow a fourth. */
static double grows(const struct mix *m)
{
    double logs = 0, values = 0;
    for (size_t c = 0; c < CELLS && m->logs; c++)
        if (CANDIDATES[c / 2].logs)
            *(c % 2 ? &logs : &values) += m->weight[c];
    return logs > 0 ? MIN(MAX((logs / (logs + values) - .33) / .17, 0), 1) : 0;
}

bool fc_mix(const struct fc_history *h, enum forecast_method method, struct fc_past *past,
            struct fc_ahead *ahead, size_t leads, struct fc_figures *figures)
{
    struct mix m = {.h = h, .bound = method == FORECAST_AUTO};
    m.data[0] = (struct fc_data){.y = h->filled, .n = h->n, .seasons = h->seasons};
    memcpy(m.data[0].season, h->season, sizeof h->season);
    m.data[1] = m.data[0];
    if (h->ratios) {
        m.data[1].y = m.logs = mem_array(h->n, sizeof *m.logs);
        for (size_t t = 0; t < h->n; t++)
            m.logs[t] = log(h->filled[t]);
    }
    try_all(&m, method, past);
    bool known = weigh(&m, method == FORECAST_AUTO);
    for (size_t c = 0; c < CELLS && known; c++)
        for (size_t i = 0; m.weight[c] > 0 && i < past->count * past->leads; i++)
            past->path[i] += m.weight[c] * m.path[c][i];
    known = known && go_on(&m, ahead, leads, method == FORECAST_AUTO, figures);
    for (size_t i = 0; known && i < ahead->season; i++)
        ahead->level += ahead->near[leads - 1 - i] / (double)ahead->season;
    if (known && ahead->season > 1 && ahead->level > 0)
        ahead->grows = grows(&m);
    for (size_t c = 0; c < CELLS; c++)
        free(m.path[c]);
    free(m.logs);
    return known;
}

double fc_ahead_at(const struct fc_ahead *a, size_t lead)
{
    if (lead <= a->leads)
        return a->near[lead - 1];
    size_t beyond = lead - a->leads, seasons = (beyond - 1) / a->season + 1;
    double base = a->near[lead - seasons * a->season - 1], moved = a->slope * (double)(seasons * a->season);
    double scaled = a->grows > 0 ? base * MAX(1 + moved / a->level, 0) : 0;
    return (1 - a->grows) * (base + moved) + a->grows * scaled;
}
