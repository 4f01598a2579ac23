/* forecast_simple.c - the models without a fit: the last value, the last season, the line through both ends.
 */
#include "core/capacity/forecast_model.h"

#include <string.h>

void fc_figure(struct fc_figures *f, const char *name, double value, int power)
{
    if (!f || f->n == ARRAY_LEN(f->at))
        return;
    f->power[f->n] = power;
    struct forecast_figure *figure = &f->at[f->n++];
    *figure = (struct forecast_figure){.value = value};
    strncpy(figure->name, name, sizeof figure->name - 1);
}

bool fc_naive(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
              struct fc_figures *figures)
{
    (void)fit;
    (void)figures;
    for (size_t k = 0; k < o->count; k++)
        for (size_t h = 0; h < o->leads; h++)
            paths[k * o->leads + h] = d->y[o->at[k] - 1];
    return true;
}

static bool last_season(const struct fc_data *d, size_t m, size_t fit, const struct fc_origins *o,
                        double *paths)
{
    for (size_t k = 0; m <= fit && k < o->count; k++)
        for (size_t h = 0; h < o->leads; h++)
            paths[k * o->leads + h] = d->y[o->at[k] - m + h % m];
    return m <= fit;
}

bool fc_seasonal_naive(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                       struct fc_figures *figures)
{
    (void)figures;
    return d->seasons && last_season(d, d->season[d->seasons - 1], fit, o, paths);
}

bool fc_day_naive(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                  struct fc_figures *figures)
{
    (void)figures;
    return d->seasons > 1 && last_season(d, d->season[0], fit, o, paths);
}

bool fc_drift(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
              struct fc_figures *figures)
{
    (void)fit;
    for (size_t k = 0; k < o->count; k++) {
        size_t n = o->at[k];
        double slope = n > 1 ? (d->y[n - 1] - d->y[0]) / (double)(n - 1) : 0;
        for (size_t h = 0; h < o->leads; h++)
            paths[k * o->leads + h] = d->y[n - 1] + slope * (double)(h + 1);
        if (k + 1 == o->count)
            fc_figure(figures, "drift", slope, 1);
    }
    return true;
}

/* The median of the same step of up to five seasons: what was out of the ordinary once is forgotten, and
 * counts stay whole. */
bool fc_season_median(const struct fc_data *d, size_t fit, const struct fc_origins *o, double *paths,
                      struct fc_figures *figures)
{
    enum { MOST = 5 };
    size_t m = d->seasons ? d->season[d->seasons - 1] : 0;
    (void)figures;
    if (!m || m * 2 > fit)
        return false;
    for (size_t k = 0; k < o->count; k++)
        for (size_t h = 0; h < o->leads; h++) {
            double v[MOST];
            size_t n = 0;
            for (size_t at = o->at[k] + h % m; at >= m && n < MOST; at -= m) {
                double x = d->y[at - m];
                size_t i = n++;
                for (; i && v[i - 1] > x; i--)
                    v[i] = v[i - 1];
                v[i] = x;
            }
            paths[k * o->leads + h] = n % 2 ? v[n / 2] : .5 * (v[n / 2 - 1] + v[n / 2]);
        }
    return true;
}
