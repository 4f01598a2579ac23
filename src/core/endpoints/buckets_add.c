/* buckets_add.c - sums of buckets: exact at the bounds that both have. */
#include <math.h>
#include <stdlib.h>

#include "core/endpoints/buckets.h"

/* Bounds that differ by less were rounded. */
#define SAME 1e-9
/* Buckets are not made wider than by this factor: 2^(2^4), the coarsest that there is. */
#define FACTOR_MAX 65537.0

static bool is_linear(enum buckets_rule r)
{
    return r == BUCKETS_CLASSIC || r == BUCKETS_EXPLICIT;
}

static bool same(double a, double b)
{
    return a == b || (isfinite(a) && isfinite(b) && fabs(a - b) <= SAME * fmax(fabs(a), fabs(b)));
}

/* ---- classic ---- */

static bool has_bound(const struct buckets *b, double upper)
{
    size_t lo = 0, hi = b->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (b->items[mid].upper < upper)
            lo = mid + 1;
        else
            hi = mid;
    }
    return (lo < b->n && same(b->items[lo].upper, upper)) || (lo && same(b->items[lo - 1].upper, upper));
}

/* Its buckets at the bounds that `other` has, too. */
static size_t coarse(const struct buckets *b, const struct buckets *other, struct bucket *out)
{
    size_t n = 0;
    double count = 0, lower = b->n ? b->items[0].lower : 0;
    for (size_t i = 0; i < b->n; i++) {
        count += b->items[i].count;
        if (!has_bound(other, b->items[i].upper))
            continue;
        out[n++] = (struct bucket){.lower = lower, .upper = b->items[i].upper, .count = count};
        lower = b->items[i].upper;
        count = 0;
    }
    return count > 0 ? 0 : n; /* what lies above the last common bound has no place */
}

static bool add_linear(struct buckets *into, const struct buckets *more)
{
    struct bucket *a = mem_array(into->n + 1, sizeof *a), *b = mem_array(more->n + 1, sizeof *b);
    size_t n = coarse(into, more, a);
    bool fits = n > 0 && n == coarse(more, into, b);
    for (size_t i = 0; fits && i < n; i++) {
        a[i].count += b[i].count;
        a[i].lower = i ? a[i].lower : fmin(a[i].lower, b[i].lower);
    }
    free(b);
    if (!fits) {
        free(a);
        return false;
    }
    free(into->items);
    into->items = a;
    into->cap = into->n + 1;
    into->n = n;
    return true;
}

/* ---- native ---- */

static bool around_zero(const struct bucket *k)
{
    return k->lower <= 0 && k->upper >= 0;
}

/* By what its bounds grow; 1: only the bucket around 0 is there. */
static double factor(const struct buckets *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct bucket *k = &b->items[i];
        if (around_zero(k))
            continue;
        return k->lower > 0 ? k->upper / k->lower : k->lower / k->upper;
    }
    return 1;
}

static double zero_width(const struct buckets *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (around_zero(&b->items[i]))
            return b->items[i].upper;
    return 0;
}

/* A bound of the grid, away from 0. */
static double grid_point(const struct buckets *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (!around_zero(&b->items[i]))
            return fabs(b->items[i].upper);
    return 1;
}

struct grid {
    double point, factor, zero;
};

/* Where the bucket lies on the grid; false: it crosses a bound of it. */
static bool place(const struct grid *g, const struct bucket *k, struct bucket *out)
{
    bool negative = k->upper <= 0 && k->lower < 0;
    double low = negative ? -k->upper : k->lower, high = negative ? -k->lower : k->upper;
    *out = (struct bucket){.lower = -g->zero, .upper = g->zero, .count = k->count};
    if (around_zero(k) || high <= g->zero * (1 + SAME))
        return true;
    double step = log2(g->factor), at = ceil(log2(high / g->point) / step - 1e-6);
    double upper = g->point * exp2(at * step), lower = g->point * exp2((at - 1) * step);
    if (same(upper, high))
        upper = high;
    if (same(lower, low))
        lower = low;
    out->lower = negative ? -upper : lower;
    out->upper = negative ? -lower : upper;
    return low >= lower * (1 - SAME) && isfinite(upper) && lower > 0;
}

static int by_lower(const void *a, const void *b)
{
    const struct bucket *x = a, *y = b;
    return (x->lower > y->lower) - (x->lower < y->lower);
}

static bool place_all(const struct grid *g, const struct buckets *b, struct bucket *out, size_t *n)
{
    for (size_t i = 0; i < b->n; i++)
        if (!place(g, &b->items[i], &out[(*n)++]))
            return false;
    return true;
}

/* The bucket around 0 of the sum ends at a bound of the grid: what it covers in part it covers whole. */
static double widened(const struct grid *g, const struct buckets *b, double zero)
{
    for (size_t i = 0; zero > 0 && i < b->n; i++) {
        struct bucket k;
        struct grid no_zero = {.point = g->point, .factor = g->factor};
        if (around_zero(&b->items[i]) || !place(&no_zero, &b->items[i], &k))
            continue;
        double low = fmin(fabs(k.lower), fabs(k.upper)), high = fmax(fabs(k.lower), fabs(k.upper));
        if (low < zero * (1 - SAME) && high > zero)
            zero = high;
    }
    return zero;
}

static size_t join(struct bucket *all, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(all, n, sizeof *all, by_lower);
    for (size_t i = 0; i < n; i++)
        if (kept && same(all[kept - 1].lower, all[i].lower) && same(all[kept - 1].upper, all[i].upper))
            all[kept - 1].count += all[i].count;
        else
            all[kept++] = all[i];
    return kept;
}

static bool add_native(struct buckets *into, const struct buckets *more)
{
    double a = factor(into), b = factor(more);
    const struct buckets *wide = b > a ? more : into;
    struct grid g = {
        .factor = fmax(a, b), .point = grid_point(wide), .zero = fmax(zero_width(into), zero_width(more))};
    struct bucket *all = mem_array(into->n + more->n + 1, sizeof *all);
    size_t n = 0;
    if (g.factor == 1)
        g.factor = 2;
    g.zero = widened(&g, more, widened(&g, into, g.zero));
    if (!(g.factor > 1) || g.factor > FACTOR_MAX || !place_all(&g, into, all, &n) ||
        !place_all(&g, more, all, &n)) {
        free(all);
        return false;
    }
    free(into->items);
    into->items = all;
    into->cap = into->n + more->n + 1;
    into->n = join(all, n);
    return true;
}

/* ---- both ---- */

static void add_counts(struct buckets *into, const struct buckets *more, double a, double b)
{
    bool known = !isnan(into->count) || !isnan(more->count);
    into->count = known ? a + b : (double)NAN;
    if (more->n_told) {
        into->told = mem_realloc(into->told, more->n_told * sizeof *into->told);
        memcpy(into->told, more->told, more->n_told * sizeof *into->told);
        into->n_told = more->n_told;
    }
}

static void copy(struct buckets *into, const struct buckets *more)
{
    into->rule = more->rule;
    into->items = mem_realloc(into->items, (more->n + 1) * sizeof *into->items);
    into->cap = more->n + 1;
    into->n = more->n;
    if (more->n)
        memcpy(into->items, more->items, more->n * sizeof *into->items);
}

bool buckets_add(struct buckets *into, const struct buckets *more)
{
    double a = buckets_total(into), b = buckets_total(more);
    bool empty = !into->n && !into->n_told && !(into->count > 0);
    if (empty) {
        copy(into, more);
    } else if (into->rule == BUCKETS_SUMMARY || more->rule == BUCKETS_SUMMARY) {
        if (into->rule != more->rule)
            return false;
    } else if (is_linear(into->rule) != is_linear(more->rule)) {
        return false;
    } else if (more->n && !into->n) {
        copy(into, more);
    } else if (more->n && !(is_linear(into->rule) ? add_linear(into, more) : add_native(into, more))) {
        return false;
    }
    add_counts(into, more, a, b);
    return true;
}
