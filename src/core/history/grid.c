#include "core/history/grid.h"

#include <stdlib.h>

#define SMALLEST 64.0 /* ns */
enum { SCALE_MIN = -10, SCALE_KEPT = 6, SCALE_MAX = 20 };

/* What metrics are in, in ns. */
static const double UNITS[] = {1e9, 1e6, 1e3, 1, 60e9, 3600e9};

struct grid {
    int scale;
    double unit, zero; /* where the bucket around 0 ends, in ns */
};

static double end_of(const struct grid *g, double i)
{
    return exp2(i * ldexp(1, -g->scale)) * g->unit;
}

/* The number of the end that is at most the smallest. */
static double first_of(const struct grid *g)
{
    return floor(log2(SMALLEST / g->unit) * ldexp(1, g->scale));
}

static bool nearly_whole(double v)
{
    return fabs(v - round(v)) < 1e-3;
}

/* By one bucket that is not around 0. */
static bool grid_by(double lower, double upper, struct grid *g)
{
    double scale = -log2(log2(upper / lower));
    if (!(scale > SCALE_MIN - 0.5 && scale < SCALE_MAX + 0.5 && nearly_whole(scale)))
        return false;
    g->scale = (int)round(scale);
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (nearly_whole(log2(upper / UNITS[i]) * ldexp(1, g->scale))) {
            g->unit = UNITS[i];
            return true;
        }
    return false;
}

/* The number of the bucket of a coarser grid that holds one with this upper end. */
static double number_of(const struct grid *fine, const struct grid *g, double upper)
{
    double end = round(log2(upper / fine->unit) * ldexp(1, fine->scale));
    return ceil(ldexp(end, g->scale - fine->scale)) - first_of(g);
}

static bool fits_count(const struct sd_bucket *b, int64_t more)
{
    return (int64_t)b->count + more <= UINT32_MAX;
}

/* Counts by the numbers of `g`. False: one is too far out, or there are too many. */
static bool count_by(const struct sd_latency *r, const struct grid *fine, const struct grid *g,
                     struct sd_bucket *out, uint32_t *n)
{
    *n = 0;
    for (uint32_t i = 0; i < r->counts->n; i++) {
        double upper = r->upper_ns->items[i], held = r->counts->items[i];
        bool around_0 = r->lower_ns->items[i] <= 0;
        double number = around_0 ? 0 : MAX(number_of(fine, g, upper), 0);
        int64_t count = real_to_int(held);
        if (number > 0 && end_of(g, first_of(g) + number) <= g->zero)
            number = 0;
        if (!(number < SD_HIST_BUCKETS) || (*n && number < out[*n - 1].index))
            return false;
        if (*n && out[*n - 1].index == (uint32_t)number) {
            if (!fits_count(&out[*n - 1], count))
                return false;
            out[*n - 1].count += (uint32_t)count;
        } else if (count) {
            if (*n == HISTORY_BUCKETS_MAX)
                return false;
            out[(*n)++] = (struct sd_bucket){(uint32_t)number, (uint32_t)count};
        }
    }
    return true;
}

static bool are_sound(const struct sd_latency *r, struct grid *g)
{
    struct grid other;
    bool found = false;
    *g = (struct grid){.unit = 1e9};
    for (uint32_t i = 0; i < r->counts->n; i++) {
        double lower = r->lower_ns->items[i], upper = r->upper_ns->items[i], count = r->counts->items[i];
        if (!isfinite(lower) || !isfinite(upper) || !(upper >= lower) || !(upper >= 0) ||
            !(count >= 0 && count <= UINT32_MAX) || (i && lower < r->upper_ns->items[i - 1]))
            return false;
        if (lower <= 0) {
            if (-lower > upper) /* there are no negative durations */
                return false;
            g->zero = upper < SMALLEST ? 0 : upper;
        } else if (!grid_by(lower, upper, &other)) {
            return false;
        } else {
            g->scale = found ? g->scale : other.scale;
            g->unit = found ? g->unit : other.unit;
            if (g->scale != other.scale)
                return false;
            found = true;
        }
    }
    return true;
}

bool history_grid_of(const struct sd_latency *r, char *text, size_t cap, struct sd_bucket *out, uint32_t *n)
{
    struct grid fine, g;
    if (!are_sound(r, &fine))
        return false;
    g = fine;
    g.scale = MIN(fine.scale, SCALE_KEPT);
    while (!count_by(r, &fine, &g, out, n))
        if (--g.scale < SCALE_MIN)
            return false;
    snprintf(text, cap, "2^(2^%d) of %.17g from %.17g", -g.scale, g.unit, g.zero);
    return true;
}

bool history_grid_is(const char *text)
{
    return str_starts(text, "2^(2^");
}

/* A number and what stands behind it. */
static bool part(const char **at, const char *behind, double *out)
{
    char *end;
    *out = strtod(*at, &end);
    if (end == *at || !isfinite(*out) || !str_starts(end, behind))
        return false;
    *at = end + strlen(behind);
    return true;
}

static bool grid_read(const char *text, struct grid *g)
{
    const char *at = text + strlen("2^(2^");
    double scale;
    if (!history_grid_is(text) || !part(&at, ") of ", &scale) || !part(&at, " from ", &g->unit) ||
        !part(&at, "", &g->zero) || *at)
        return false;
    if (!(-scale >= SCALE_MIN && -scale <= SCALE_KEPT) || !nearly_whole(scale) || !(g->unit > 0) ||
        g->unit > 1e15 || !(g->zero >= 0))
        return false;
    g->scale = -(int)round(scale);
    return true;
}

/* The number of the end of bucket j, where 2^d of the buckets are one. */
static double wide_end(double first, double j, int d)
{
    return ceil(ldexp(first + j, -d));
}

static uint32_t in_use(const struct sd_hist *h, double first, int d)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < h->n; i++)
        n += !i || wide_end(first, h->buckets[i].index, d) > wide_end(first, h->buckets[i - 1].index, d);
    return n;
}

bool history_grid_read(const char *text, const struct sd_hist *counted, double *lower, double *upper,
                       double *counts, uint32_t *n)
{
    struct grid g;
    *n = 0;
    if (!grid_read(text, &g))
        return false;
    double first = first_of(&g);
    int d = 0;
    for (uint32_t i = 0; counted && i < counted->n; i++)
        if (counted->buckets[i].index >= SD_HIST_BUCKETS)
            return false;
    while (counted && in_use(counted, first, d) >= HISTORY_BUCKETS_MAX) /* that around 0 stays alone */
        d++;
    g.scale -= d;
    for (uint32_t i = 0; counted && i < counted->n; i++) {
        const struct sd_bucket *b = &counted->buckets[i];
        double end = wide_end(first, b->index, d);
        double low = b->index ? MAX(end_of(&g, end - 1), g.zero) : 0,
               high = b->index ? MAX(end_of(&g, end), low) : g.zero;
        if (*n && b->index && !(low > lower[*n - 1]) && lower[*n - 1] > 0) {
            counts[*n - 1] += b->count;
            continue;
        }
        lower[*n] = low;
        upper[*n] = high;
        counts[(*n)++] = b->count;
    }
    return true;
}
