/* forecast_history.c - a series as the models see it: scaled, its seasons known, its gaps filled. */
#include "core/capacity/forecast_history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_NS (3600 * (int64_t)1000000000)

static void season_add(struct fc_history *h, size_t m)
{
    size_t i = 0;
    while (i < h->seasons && h->season[i] < m)
        i++;
    if (h->seasons == FORECAST_SEASONS || (i < h->seasons && h->season[i] == m))
        return;
    memmove(h->season + i + 1, h->season + i, (h->seasons - i) * sizeof *h->season);
    h->season[i] = m;
    h->seasons++;
}

/* A day and a week, where they are a whole number of steps. */
static void seasons_find(struct fc_history *h, int64_t step_ns)
{
    const int64_t usual[] = {24 * HOUR_NS, 168 * HOUR_NS};
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        int64_t m = usual[i] / step_ns;
        if (usual[i] % step_ns == 0 && m >= 2 && (size_t)m <= h->n / 2)
            season_add(h, (size_t)m);
    }
}

void fc_history_seasons(struct fc_history *h, const struct forecast_series *s,
                        const struct forecast_wish *wish)
{
    for (size_t i = 0; i < wish->seasons; i++)
        if (wish->season[i] <= h->n / 2)
            season_add(h, wish->season[i]);
    if (!wish->seasons)
        seasons_find(h, s->step_ns);
}

/* Each gap on the straight line between its neighbours, of what is left of y without the pattern. */
static void fill(struct fc_history *h, const struct fc_profile *p)
{
    for (size_t t = 0; t < h->n;) {
        if (!isnan(h->raw[t])) {
            h->filled[t] = h->raw[t];
            t++;
            continue;
        }
        size_t end = t;
        while (end < h->n && isnan(h->raw[end]))
            end++;
        double before = h->raw[t - 1] - fc_profile_at(p, t - 1); /* the first value is known */
        double after = end < h->n ? h->raw[end] - fc_profile_at(p, end) : before;
        for (size_t i = t; i < end; i++)
            h->filled[i] =
                before + (after - before) * (double)(i - t + 1) / (double)(end - t + 1) + fc_profile_at(p, i);
        t = end;
    }
}

static void fill_all(struct fc_history *h, size_t gaps)
{
    struct fc_profile p = {.seasons = 0};
    fill(h, &p);
    for (int again = 0; again < 3 && gaps && h->seasons; again++) {
        fc_profile_of(&p, h->filled, h->n, h->season, h->seasons);
        fill(h, &p);
        fc_profile_free(&p);
    }
    for (size_t t = 0; t < h->n; t++)
        if (isnan(h->raw[t])) /* the line and the pattern may add up to what never was */
            h->filled[t] = MIN(MAX(h->filled[t], h->low), h->high);
}

size_t fc_history_of(struct fc_history *h, const struct forecast_series *s, const struct forecast_wish *wish)
{
    *h = (struct fc_history){.low = INFINITY, .high = -INFINITY};
    size_t first = 0, known = 0;
    while (first < s->n && isnan(s->values[first]))
        first++;
    double most = 0;
    for (size_t t = first; t < s->n; t++) {
        known += !isnan(s->values[t]);
        most = isnan(s->values[t]) ? most : MAX(most, fabs(s->values[t]));
    }
    h->n = s->n - first;
    h->raw = mem_array(h->n, sizeof *h->raw);
    h->filled = mem_array(h->n, sizeof *h->filled);
    frexp(most, &h->power);
    for (size_t t = 0; t < h->n; t++) {
        double v = h->raw[t] = ldexp(s->values[first + t], -h->power);
        h->low = isnan(v) ? h->low : MIN(h->low, v);
        h->high = isnan(v) ? h->high : MAX(h->high, v);
    }
    h->never_below = known && h->low >= 0;
    h->ratios = known && h->low > 1e-6 * h->high;
    fc_history_seasons(h, s, wish);
    if (known)
        fill_all(h, h->n - known);
    return known;
}

void fc_history_free(struct fc_history *h)
{
    free(h->raw);
    free(h->filled);
}
