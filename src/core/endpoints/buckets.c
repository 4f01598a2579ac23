/* buckets.c - percentiles out of buckets, by the rules of their makers. The sums are in buckets_add.c. */
#include "core/endpoints/buckets.h"

#include <math.h>
#include <stdlib.h>

/* Counts that differ by less do so for rounding: histogram_quantile's smallDeltaTolerance. */
#define SMALL 1e-12
/* A total of fractions is not exactly the sum of its parts. */
#define ROUNDING 1e-9

static const char *const RULES[BUCKETS_RULES] = {
    [BUCKETS_CLASSIC] = "classic",         [BUCKETS_EXPLICIT] = "explicit", [BUCKETS_NATIVE] = "native",
    [BUCKETS_EXPONENTIAL] = "exponential", [BUCKETS_SUMMARY] = "summary",
};

const char *buckets_rule_name(enum buckets_rule r)
{
    return RULES[r];
}

bool buckets_rule_named(const char *name, enum buckets_rule *out)
{
    for (int r = 0; name && r < BUCKETS_RULES; r++)
        if (!strcmp(RULES[r], name)) {
            *out = (enum buckets_rule)r;
            return true;
        }
    return false;
}

void buckets_free(struct buckets *b)
{
    free(b->items);
    free(b->told);
    *b = (struct buckets){.rule = b->rule};
}

/* ---- from outside ---- */

static bool sound(const struct bucket *k, const struct bucket *before)
{
    return k->lower <= k->upper && k->count >= 0 && isfinite(k->count) &&
           (!before || k->lower >= before->upper);
}

bool buckets_from_lists(struct buckets *out, enum buckets_rule rule, const double *lower, const double *upper,
                        const double *counts, size_t n)
{
    *out = (struct buckets){.rule = rule, .count = (double)NAN};
    out->items = n ? mem_array(n, sizeof *out->items) : NULL;
    out->cap = n;
    for (size_t i = 0; i < n; i++) {
        out->items[i] = (struct bucket){.lower = lower[i], .upper = upper[i], .count = counts[i]};
        if (!sound(&out->items[i], i ? &out->items[i - 1] : NULL)) {
            buckets_free(out);
            return false;
        }
        out->n++;
    }
    return true;
}

static int by_q(const void *a, const void *b)
{
    const struct bucket_told *x = a, *y = b;
    return (x->q > y->q) - (x->q < y->q);
}

void buckets_tell(struct buckets *b, const double *quantiles, const double *values, size_t n)
{
    free(b->told);
    b->told = n ? mem_array(n, sizeof *b->told) : NULL;
    b->n_told = 0;
    for (size_t i = 0; i < n; i++)
        if (quantiles[i] >= 0 && quantiles[i] <= 1)
            b->told[b->n_told++] = (struct bucket_told){.q = quantiles[i], .value = values[i]};
    if (b->n_told)
        qsort(b->told, b->n_told, sizeof *b->told, by_q);
}

static int by_le(const void *a, const void *b)
{
    const struct bucket_le *x = a, *y = b;
    return (x->le > y->le) - (x->le < y->le);
}

static bool nearly(double a, double b)
{
    double sum = fabs(a) + fabs(b), diff = fabs(a - b);
    if (a == b)
        return true;
    if (a == 0 || b == 0 || sum < 0x1p-1022)
        return diff < SMALL * 0x1p-1022;
    return diff / fmin(sum, 0x1.fffffffffffffp1023) < SMALL;
}

/* Equal bounds become one. */
static size_t coalesce(struct bucket_le *le, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept && le[kept - 1].le == le[i].le)
            le[kept - 1].count += le[i].count;
        else
            le[kept++] = le[i];
    return kept;
}

static void make_monotonic(struct bucket_le *le, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (le[i].count < le[i - 1].count || nearly(le[i].count, le[i - 1].count))
            le[i].count = le[i - 1].count;
}

void buckets_from_le(struct buckets *out, struct bucket_le *le, size_t n)
{
    size_t known = 0;
    *out = (struct buckets){.rule = BUCKETS_CLASSIC, .count = (double)NAN};
    for (size_t i = 0; i < n; i++)
        if (!isnan(le[i].le) && !isnan(le[i].count))
            le[known++] = le[i];
    if (!known)
        return;
    qsort(le, known, sizeof *le, by_le);
    known = coalesce(le, known);
    make_monotonic(le, known);
    out->items = mem_array(known, sizeof *out->items);
    out->n = out->cap = known;
    for (size_t i = 0; i < known; i++)
        out->items[i] = (struct bucket){
            .lower = i              ? le[i - 1].le
                     : le[i].le > 0 ? 0
                                    : -(double)INFINITY,
            .upper = le[i].le,
            .count = i ? le[i].count - le[i - 1].count : le[i].count,
        };
}

void buckets_scale(struct buckets *b, double by)
{
    for (size_t i = 0; i < b->n; i++) {
        b->items[i].lower *= by;
        b->items[i].upper *= by;
    }
    for (size_t i = 0; i < b->n_told; i++)
        b->told[i].value *= by;
}

static double in_buckets(const struct buckets *b)
{
    double sum = 0;
    for (size_t i = 0; i < b->n; i++)
        sum += b->items[i].count;
    return sum;
}

double buckets_total(const struct buckets *b)
{
    return isnan(b->count) ? in_buckets(b) : b->count;
}

/* ---- percentiles ---- */

static struct bucket_quantile unknown(void)
{
    return (struct bucket_quantile){.value = (double)NAN, .low = (double)NAN, .high = (double)NAN};
}

static struct bucket_quantile in_bucket(const struct bucket *k, double value)
{
    return (struct bucket_quantile){.value = value, .low = k->lower, .high = k->upper};
}

static struct bucket_quantile classic(const struct buckets *b, double q)
{
    double total = in_buckets(b), before = 0;
    if (b->n < 2 || total == 0 || b->items[b->n - 1].upper != (double)INFINITY)
        return unknown();
    double rank = q * total;
    size_t i = 0;
    while (i + 1 < b->n && before + b->items[i].count < rank)
        before += b->items[i++].count;
    const struct bucket *k = &b->items[i];
    if (i + 1 == b->n)
        return in_bucket(k, k->lower);
    if (i == 0 && k->upper <= 0)
        return in_bucket(k, k->upper);
    return in_bucket(k, k->lower + (k->upper - k->lower) * ((rank - before) / k->count));
}

/* The bucket around 0 is one-sided when there are none on the other side. */
static struct bucket clipped(const struct buckets *b, const struct bucket *k)
{
    struct bucket out = *k;
    bool below = b->items[0].lower<k->lower, above = b->items[b->n - 1].upper> k->upper;
    if (k->lower < 0 && k->upper > 0 && above && !below)
        out.lower = 0;
    else if (k->lower < 0 && k->upper > 0 && below && !above)
        out.upper = 0;
    return out;
}

static double inside(const struct bucket *k, double share)
{
    if (k->lower <= 0 && k->upper >= 0)
        return k->lower + (k->upper - k->lower) * share;
    double lower = log2(fabs(k->lower)), upper = log2(fabs(k->upper));
    if (k->lower > 0)
        return exp2(lower + (upper - lower) * share);
    return -exp2(upper + (lower - upper) * (1 - share));
}

/* From the nearer end, as Prometheus does; with measurements that are no number (they count, and are in no
 * bucket) from below. */
static struct bucket_quantile native(const struct buckets *b, double q)
{
    double total = buckets_total(b), held = in_buckets(b), sum = 0;
    bool nans = total > held * (1 + ROUNDING), up = nans || q < 0.5;
    const struct bucket *k = NULL;
    if (total == 0 || held == 0)
        return unknown();
    double rank = up ? q * total : (1 - q) * total;
    for (size_t i = 0; i < b->n && (!k || sum < rank); i++) {
        const struct bucket *next = &b->items[up ? i : b->n - 1 - i];
        if (next->count == 0)
            continue;
        k = next;
        sum += k->count;
    }
    if (sum < rank && nans)
        return unknown();
    sum = fmax(fmin(sum, total), rank);
    rank = up ? rank - (sum - k->count) : sum - rank;
    struct bucket is = clipped(b, k);
    return in_bucket(&is, inside(&is, rank / k->count));
}

static struct bucket_quantile summary(const struct buckets *b, double q)
{
    struct bucket_quantile u = unknown();
    for (size_t i = 0; i < b->n_told; i++)
        if (fabs(b->told[i].q - q) < 1e-9)
            u.value = b->told[i].value;
    return u;
}

struct bucket_quantile buckets_quantile(const struct buckets *b, double q)
{
    struct bucket_quantile u = unknown();
    if (b->rule == BUCKETS_SUMMARY)
        return summary(b, q);
    if (isnan(q) || !(buckets_total(b) > 0))
        return u;
    if (q < 0 || q > 1) {
        u.value = q < 0 ? -(double)INFINITY : (double)INFINITY;
        return u;
    }
    return b->rule == BUCKETS_CLASSIC || b->rule == BUCKETS_EXPLICIT ? classic(b, q) : native(b, q);
}

void buckets_share(const struct buckets *b, double limit, double *least, double *most)
{
    double total = buckets_total(b), below = 0, maybe = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct bucket *k = &b->items[i];
        below += k->upper <= limit ? k->count : 0;
        maybe += k->lower < limit ? k->count : 0;
    }
    *least = total > 0 ? below / total : (double)NAN;
    *most = total > 0 ? maybe / total : (double)NAN;
}
