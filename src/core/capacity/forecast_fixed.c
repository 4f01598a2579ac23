/* forecast_fixed.c - naive, snaive, drift, ses. */
#include "core/capacity/forecast_fixed.h"

#include <math.h>

bool fc_is_fixed(enum forecast_method m)
{
    return m == FORECAST_NAIVE || m == FORECAST_SNAIVE || m == FORECAST_DRIFT || m == FORECAST_SES;
}

/* sigma of y[t] - y[t - lag] - move over the pairs that are known. */
static double spread(const double *y, size_t n, size_t lag, double move)
{
    double sum = 0, count = 0;
    for (size_t t = lag; t < n; t++) {
        double e = y[t] - y[t - lag] - move;
        if (!isnan(e)) {
            sum += e * e;
            count++;
        }
    }
    return count > 0 ? sqrt(sum / count) : 0;
}

static double ses(const double *y, size_t n, double alpha, double *level, double *count)
{
    double sse = 0;
    *level = y[0];
    *count = 0;
    for (size_t t = 1; t < n; t++) {
        double e = y[t] - *level;
        if (isnan(e))
            continue;
        sse += e * e;
        *level += alpha * e;
        ++*count;
    }
    return sse;
}

/* The sum of squares may have several valleys: a grid finds the deepest, the golden section its bottom. */
static double best_alpha(const double *y, size_t n)
{
    enum { GRID = 24, STEPS = 40 };
    const double lo = .0001, hi = .9999, gold = .6180339887498949;
    double level, count, best = lo, least = INFINITY, step = (hi - lo) / GRID;
    for (int i = 0; i <= GRID; i++) {
        double alpha = MIN(lo + i * step, hi), sse = ses(y, n, alpha, &level, &count);
        if (sse < least) {
            least = sse;
            best = alpha;
        }
    }
    double a = MAX(best - step, lo), b = MIN(best + step, hi), c = b - gold * (b - a), d = a + gold * (b - a);
    double at_c = ses(y, n, c, &level, &count), at_d = ses(y, n, d, &level, &count);
    for (int i = 0; i < STEPS; i++) {
        if (at_c < at_d) {
            b = d;
            d = c;
            at_d = at_c;
            c = b - gold * (b - a);
            at_c = ses(y, n, c, &level, &count);
        } else {
            a = c;
            c = d;
            at_c = at_d;
            d = a + gold * (b - a);
            at_d = ses(y, n, d, &level, &count);
        }
    }
    double middle = .5 * (a + b);
    return ses(y, n, middle, &level, &count) < least ? middle : best;
}

void fc_fixed_of(struct fc_fixed *f, enum forecast_method method, const double *y, size_t n, size_t season,
                 double alpha)
{
    *f = (struct fc_fixed){.method = method, .y = y, .n = n, .season = season, .alpha = alpha};
    while (f->behind + 1 < n && isnan(y[n - 1 - f->behind]))
        f->behind++;
    size_t last = n - 1 - f->behind;
    double count;
    f->level = y[last];
    if (method == FORECAST_SNAIVE) {
        f->sigma = spread(y, n, season, 0);
    } else if (method == FORECAST_SES) {
        if (isnan(alpha))
            f->alpha = best_alpha(y, n);
        f->sse = ses(y, n, f->alpha, &f->level, &count);
        f->sigma = count > 0 ? sqrt(f->sse / count) : 0;
    } else {
        if (method == FORECAST_DRIFT && last)
            f->slope = (y[last] - y[0]) / (double)last;
        f->sigma = spread(y, n, 1, f->slope);
    }
}

double fc_fixed_mean(const struct fc_fixed *f, size_t lead)
{
    if (f->method != FORECAST_SNAIVE)
        return f->level + f->slope * (double)(lead + f->behind);
    size_t at = f->n - f->season + (lead - 1) % f->season;
    while (isnan(f->y[at]) && at >= f->season)
        at -= f->season;
    return isnan(f->y[at]) ? f->level : f->y[at];
}

double fc_fixed_sd(const struct fc_fixed *f, size_t lead)
{
    double h = (double)lead;
    switch (f->method) {
    case FORECAST_SNAIVE:
        return f->sigma * sqrt((double)((lead - 1) / f->season + 1));
    case FORECAST_SES:
        return f->sigma * sqrt(1 + (h - 1) * f->alpha * f->alpha);
    case FORECAST_DRIFT:
        return f->sigma * sqrt(h * (1 + h / (double)MAX(f->n - 1, (size_t)1)));
    default:
        return f->sigma * sqrt(h);
    }
}

void fc_fixed_tell(const struct fc_fixed *f, struct fc_figures *figures)
{
    if (f->method == FORECAST_SES) {
        fc_figure(figures, "alpha", f->alpha, 0);
        fc_figure(figures, "level", f->level, 1);
        fc_figure(figures, "sse", f->sse, 2);
    }
    if (f->method == FORECAST_DRIFT)
        fc_figure(figures, "drift", f->slope, 1);
    if (f->method == FORECAST_SNAIVE)
        fc_figure(figures, "season", (double)f->season, 0);
    fc_figure(figures, "sigma", f->sigma, 1);
}
