/* forecast_smooth.c - exponential smoothing with a level, a trend and any number of seasons.
 *
 * With d the error of the forecast by level, trend and seasons: level += damp slope + alpha d; slope = damp
 * slope + beta d; each effect += its gamma d; and the next forecast has rho d added (Taylor 2003: what is
 * left is alike from step to step). The least sum of squared one-step errors chooses the figures. */
#include "core/capacity/forecast_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ALPHA, RHO, BETA, DAMP, GAMMA, SMOOTH_FIGURES = GAMMA + FORECAST_SEASONS };

/* Which of them are free; the others have these figures. */
struct smooth_kind {
    bool carries, trend;
    double least_damp; /* 1: not damped */
    size_t seasons;    /* of the shortest ones, at most */
    size_t looks;      /* of the search */
};

struct smooth {
    const struct fc_data *d;
    const struct smooth_kind *kind;
    size_t fit, seasons;
    double level, slope, error; /* after the last value */
    double *effect[FORECAST_SEASONS];
    const double *start[FORECAST_SEASONS];
    double start_level, start_slope;
    double at[SMOOTH_FIGURES]; /* all of the figures */
    int free[SMOOTH_FIGURES];  /* which ones the search moves */
    size_t n_free;
};

static double seasonal(const struct smooth *s, size_t t)
{
    double sum = 0;
    for (size_t i = 0; i < s->seasons; i++)
        sum += s->effect[i][t % s->d->season[i]];
    return sum;
}

static void begin(struct smooth *s)
{
    s->level = s->start_level;
    s->slope = s->start_slope;
    s->error = 0;
    for (size_t i = 0; i < s->seasons; i++)
        memcpy(s->effect[i], s->start[i], s->d->season[i] * sizeof **s->effect);
}

/* One value; returns what its forecast was off by. */
static double take(struct smooth *s, size_t t)
{
    double moved = s->at[DAMP] * s->slope;
    double e = s->d->y[t] - s->level - moved - seasonal(s, t);
    double off = e - s->at[RHO] * s->error;
    s->level += moved + s->at[ALPHA] * e;
    s->slope = moved + s->at[BETA] * e;
    for (size_t i = 0; i < s->seasons; i++)
        s->effect[i][t % s->d->season[i]] += s->at[GAMMA + i] * e;
    s->error = e;
    return off;
}

static void set(struct smooth *s, const double *x)
{
    for (size_t i = 0; i < s->n_free; i++)
        s->at[s->free[i]] = x[i];
}

static double cost(const double *x, void *of)
{
    struct smooth *s = of;
    double sse = 0;
    set(s, x);
    begin(s);
    for (size_t t = 0, skip = s->seasons ? s->d->season[0] : 1; t < s->fit; t++) {
        double e = take(s, t);
        sse += t >= skip ? e * e : 0;
    }
    return sse;
}

static void ahead(const struct smooth *s, size_t t, size_t leads, double *path)
{
    double slope = s->slope, level = s->level, error = s->error;
    for (size_t h = 0; h < leads; h++) {
        slope *= s->at[DAMP];
        level += slope;
        error *= s->at[RHO];
        path[h] = level + error + seasonal(s, t + h);
    }
}

/* The search, from the usual figures. Returns the sum of squares. */
static double choose(struct smooth *s)
{
    static const double usual[SMOOTH_FIGURES] = {.1, .5, .005, .95, .1, .1, .1, .1};
    static const double most[SMOOTH_FIGURES] = {.9999, .95, .3, 1, .95, .95, .95, .95};
    double x[SMOOTH_FIGURES], lo[SMOOTH_FIGURES], hi[SMOOTH_FIGURES];
    for (int i = 0; i < SMOOTH_FIGURES; i++) {
        bool is_free = i == ALPHA || (i == RHO && s->kind->carries) || (i == BETA && s->kind->trend) ||
                       (i == DAMP && s->kind->trend && s->kind->least_damp < 1) ||
                       (i >= GAMMA && (size_t)(i - GAMMA) < s->seasons);
        s->at[i] = i == DAMP && s->kind->trend ? 1 : 0;
        if (!is_free)
            continue;
        s->free[s->n_free] = i;
        lo[s->n_free] = i == DAMP ? s->kind->least_damp : i == ALPHA ? .0001 : 0;
        hi[s->n_free] = most[i];
        x[s->n_free++] = usual[i];
    }
    double sse = fc_minimise(cost, s, s->n_free, lo, hi, x, s->kind->looks);
    set(s, x);
    return sse;
}

static void tell(const struct smooth *s, double sse, struct fc_figures *figures)
{
    fc_figure(figures, "alpha", s->at[ALPHA], 0);
    if (s->kind->trend)
        fc_figure(figures, "beta", s->at[BETA], 0);
    if (s->kind->trend && s->kind->least_damp < 1)
        fc_figure(figures, "phi", s->at[DAMP], 0);
    static const char *const gamma[FORECAST_SEASONS] = {"gamma", "gamma_2", "gamma_3", "gamma_4"};
    for (size_t i = 0; i < s->seasons; i++)
        fc_figure(figures, gamma[i], s->at[GAMMA + i], 0);
    if (s->kind->carries)
        fc_figure(figures, "rho", s->at[RHO], 0);
    fc_figure(figures, "level", s->level, 1);
    if (s->kind->trend)
        fc_figure(figures, "trend", s->slope, 1);
    fc_figure(figures, "sse", sse, 2);
}

static bool smooth(const struct fc_data *d, size_t fit, const struct smooth_kind *kind,
                   const struct fc_origins *o, double *paths, struct fc_figures *figures)
{
    struct smooth s = {.d = d, .fit = fit, .kind = kind};
    struct fc_profile p;
    fc_profile_of(&p, d->y, fit, d->season, MIN(d->seasons, kind->seasons));
    s.seasons = p.seasons;
    size_t first = s.seasons ? d->season[s.seasons - 1] : 1;
    for (size_t t = 0; t < first; t++)
        s.start_level += (d->y[t] - fc_profile_at(&p, t)) / (double)first;
    if (kind->trend && !s.seasons && fit > 2) { /* the slope of the first few */
        size_t some = MIN(fit - 1, 4);
        s.start_slope = (d->y[some] - d->y[0]) / (double)some;
        s.start_level = d->y[0] - s.start_slope;
    }
    for (size_t i = 0; i < s.seasons; i++) {
        s.start[i] = p.effect[i];
        s.effect[i] = mem_array(d->season[i], sizeof *s.effect[i]);
    }
    double sse = choose(&s);
    begin(&s);
    for (size_t t = 0, k = 0;; t++) {
        for (; k < o->count && t == o->at[k]; k++)
            ahead(&s, t, o->leads, paths + k * o->leads);
        if (k == o->count)
            break;
        take(&s, t);
    }
    tell(&s, sse, figures);
    for (size_t i = 0; i < s.seasons; i++)
        free(s.effect[i]);
    fc_profile_free(&p);
    return true;
}

bool fc_smooth(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
               struct fc_figures *figures)
{
    static const struct smooth_kind kind = {.carries = true, .seasons = FORECAST_SEASONS, .looks = 100};
    return smooth(d, fit, &kind, o, paths, figures);
}

bool fc_smooth_trend(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                     struct fc_figures *figures)
{
    static const struct smooth_kind kind = {
        .carries = true, .trend = true, .least_damp = .8, .seasons = FORECAST_SEASONS, .looks = 120};
    return smooth(d, fit, &kind, o, paths, figures);
}

bool fc_holt(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
             struct fc_figures *figures)
{
    static const struct smooth_kind kind = {.trend = true, .least_damp = 1, .looks = 200};
    return smooth(d, fit, &kind, o, paths, figures);
}

bool fc_damped(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
               struct fc_figures *figures)
{
    static const struct smooth_kind kind = {.trend = true, .least_damp = .8, .looks = 200};
    return smooth(d, fit, &kind, o, paths, figures);
}

bool fc_holt_winters(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                     struct fc_figures *figures)
{
    static const struct smooth_kind kind = {.trend = true, .least_damp = 1, .seasons = 1, .looks = 200};
    return smooth(d, fit, &kind, o, paths, figures);
}

bool fc_two_seasons(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                    struct fc_figures *figures)
{
    static const struct smooth_kind kind = {
        .carries = true, .trend = true, .least_damp = 1, .seasons = FORECAST_SEASONS, .looks = 200};
    return smooth(d, fit, &kind, o, paths, figures);
}
