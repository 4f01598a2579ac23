/* forecast_profile.c - the seasonal pattern of a history, and the models that set it aside. */
#include "core/capacity/forecast_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The mean over one season around each value; at the ends that over the first or last season, with its slope
 * left out. Classical decomposition (Kendall): an even season takes half of both its ends. */
static void moving_mean(const double *y, size_t n, size_t m, double *mean)
{
    double *sum = mem_array(n + 1, sizeof *sum);
    for (size_t t = 0; t < n; t++)
        sum[t + 1] = sum[t] + y[t];
    size_t half = m / 2;
    for (size_t t = half; t + half < n; t++) {
        if (m % 2)
            mean[t] = (sum[t + half + 1] - sum[t - half]) / (double)m;
        else
            mean[t] = (sum[t + half] - sum[t - half + 1] + .5 * (y[t - half] + y[t + half])) / (double)m;
    }
    for (size_t t = 0; t < half && half < n; t++) {
        mean[t] = mean[half];
        mean[n - 1 - t] = mean[n - 1 - half];
    }
    free(sum);
}

/* The mean over the slots of a season, the newest cycles weighing more; x loses what the pattern explains. */
static void slots(double *x, size_t n, size_t m, double fade, double *effect)
{
    double *weight = mem_array(m, sizeof *weight);
    double w = 1, total = 0;
    for (size_t t = n; t-- > 0;) {
        effect[t % m] += w * x[t];
        weight[t % m] += w;
        if ((n - t) % m == 0)
            w *= fade;
    }
    for (size_t i = 0; i < m; i++) {
        effect[i] /= weight[i] > 0 ? weight[i] : 1;
        total += effect[i] / (double)m;
    }
    for (size_t i = 0; i < m; i++)
        effect[i] -= total;
    for (size_t t = 0; t < n; t++)
        x[t] -= effect[t % m];
    free(weight);
}

void fc_profile_of(struct fc_profile *p, const double *y, size_t n, const size_t *season, size_t seasons)
{
    memset(p, 0, sizeof *p);
    while (seasons && season[seasons - 1] + season[seasons - 1] / 4 > n)
        seasons--;
    p->seasons = seasons;
    if (!seasons)
        return;
    double *x = mem_array(n, sizeof *x);
    moving_mean(y, n, season[seasons - 1], x);
    for (size_t t = 0; t < n; t++)
        x[t] = y[t] - x[t];
    for (size_t s = 0; s < seasons; s++) {
        p->season[s] = season[s];
        p->effect[s] = mem_array(season[s], sizeof *p->effect[s]);
        slots(x, n, season[s], s + 1 < seasons ? .97 : .8, p->effect[s]);
    }
    free(x);
}

void fc_profile_free(struct fc_profile *p)
{
    for (size_t s = 0; s < p->seasons; s++)
        free(p->effect[s]);
}

/* What is left of the first n values without the pattern, and the line through it. */
struct rest {
    struct fc_profile pattern;
    double *x;
    size_t n;
    double mean, slope; /* the line is mean + slope (t - (n - 1) / 2) */
};

static void rest_of(struct rest *r, const struct fc_data *d, size_t n)
{
    fc_profile_of(&r->pattern, d->y, n, d->season, d->seasons);
    r->n = n;
    r->x = mem_array(n, sizeof *r->x);
    double sum = 0, tt = 0, tx = 0;
    for (size_t t = 0; t < n; t++) {
        double u = (double)t - .5 * (double)(n - 1);
        r->x[t] = d->y[t] - fc_profile_at(&r->pattern, t);
        sum += r->x[t];
        tt += u * u;
        tx += u * r->x[t];
    }
    r->mean = sum / (double)n;
    r->slope = tt > 0 ? tx / tt : 0;
}

static void rest_free(struct rest *r)
{
    fc_profile_free(&r->pattern);
    free(r->x);
}

static double ses_cost(const double *alpha, void *of)
{
    const struct rest *r = of;
    double level = r->x[0], sse = 0;
    for (size_t t = 1; t < r->n; t++) {
        double e = r->x[t] - level;
        sse += e * e;
        level += *alpha * e;
    }
    return sse;
}

static bool pattern_and_level(const struct fc_data *d, const struct fc_origins *o, double share,
                              double *paths, struct fc_figures *figures)
{
    for (size_t k = 0; k < o->count; k++) {
        struct rest r;
        size_t n = o->at[k];
        rest_of(&r, d, n);
        double alpha = .3, level = r.x[0];
        fc_minimise(ses_cost, &r, 1, (double[]){.0001}, (double[]){.9999}, &alpha, 30);
        for (size_t t = 1; t < n; t++)
            level += alpha * (r.x[t] - level);
        double slope = share * r.slope, behind = (1 - pow(1 - alpha, (double)n)) / alpha;
        for (size_t h = 0; h < o->leads; h++)
            paths[k * o->leads + h] = level + slope * ((double)h + behind) + fc_profile_at(&r.pattern, n + h);
        if (k + 1 == o->count) {
            fc_figure(figures, "alpha", alpha, 0);
            fc_figure(figures, "level", level, 1);
            fc_figure(figures, "drift", slope, 1);
        }
        rest_free(&r);
    }
    return true;
}

bool fc_profile_level(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                      struct fc_figures *figures)
{
    (void)fit;
    return pattern_and_level(d, o, 0, paths, figures);
}

/* Theta (Assimakopoulos and Nikolopoulos, 2000), as Hyndman and Billah (2003) write it: simple exponential
 * smoothing with half of the slope of the line through all. */
bool fc_theta(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
              struct fc_figures *figures)
{
    (void)fit;
    return pattern_and_level(d, o, .5, paths, figures);
}

bool fc_line(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
             struct fc_figures *figures)
{
    (void)fit;
    for (size_t k = 0; k < o->count; k++) {
        struct rest r;
        size_t n = o->at[k];
        rest_of(&r, d, n);
        for (size_t h = 0; h < o->leads; h++)
            paths[k * o->leads + h] =
                r.mean + r.slope * ((double)h + .5 * (double)(n + 1)) + fc_profile_at(&r.pattern, n + h);
        if (k + 1 == o->count)
            fc_figure(figures, "slope", r.slope, 1);
        rest_free(&r);
    }
    return true;
}
