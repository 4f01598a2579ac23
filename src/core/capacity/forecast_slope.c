/* forecast_slope.c - is there a slope in the long run, and which? */
#include "core/capacity/forecast_history.h"

#include <math.h>
#include <stdlib.h>

enum {
    SURE = 4,    /* standard errors: there is a slope */
    CHANGED = 3, /* and the newer half goes another way: the error of the whole says nothing where a line does
                    not fit */
    FEWEST = 8,  /* values */
};

struct line {
    double slope, error;
};

/* Of x[from..n). */
static struct line line_of(const double *x, size_t from, size_t n)
{
    double count = (double)(n - from), mean = 0, tt = 0, tx = 0, ss = 0, lag = 0, before = 0;
    for (size_t t = from; t < n; t++)
        mean += x[t] / count;
    for (size_t t = from; t < n; t++) {
        double u = (double)(t - from) - .5 * (count - 1);
        tt += u * u;
        tx += u * x[t];
    }
    double slope = tx / tt;
    for (size_t t = from; t < n; t++) {
        double e = x[t] - mean - slope * ((double)(t - from) - .5 * (count - 1));
        ss += e * e;
        lag += t > from ? e * before : 0;
        before = e;
    }
    double r = ss > 0 ? lag / ss : 0;
    r = MIN(MAX(r + (1 + 4 * r) / count, 0), 1 - 1 / count);
    return (struct line){slope, sqrt(ss / (count - 2) / tt * (1 + r) / (1 - r))};
}

static bool is_sure(struct line l)
{
    return fabs(l.slope) > SURE * l.error && l.slope != 0;
}

double fc_slope(const struct fc_history *h, double *error)
{
    *error = 0;
    if (h->n < FEWEST)
        return 0;
    struct fc_profile p;
    fc_profile_of(&p, h->filled, h->n, h->season, h->seasons);
    double *x = mem_array(h->n, sizeof *x);
    for (size_t t = 0; t < h->n; t++)
        x[t] = h->filled[t] - fc_profile_at(&p, t);
    size_t from = 0, least = MAX(FEWEST, h->seasons ? 2 * h->season[h->seasons - 1] : 0);
    struct line l = line_of(x, 0, h->n);
    for (size_t half; h->n - (half = from + (h->n - from) / 2) >= least; from = half) {
        struct line newer = line_of(x, half, h->n);
        if (fabs(newer.slope - l.slope) <= CHANGED * newer.error)
            break;
        l = newer;
    }
    fc_profile_free(&p);
    free(x);
    *error = is_sure(l) ? l.error : 0;
    return is_sure(l) ? l.slope : 0;
}
