#include "core/pages/vital_values.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

/* Buckets of values from LEAST on, each GROWTH times as wide as the one before; below it is bucket 0. The
 * middle of a bucket is within 0.5 % of all that is in it. */
enum { BUCKETS = 3000, GONE_MOST = 512, ADDED_MOST = 1024 };
#define LEAST  1e-6
#define GROWTH 1.01

static uint32_t bucket_of(double value)
{
    if (value < LEAST)
        return 0;
    double i = 1 + log(value / LEAST) / log(GROWTH);
    return i < BUCKETS - 1 ? (uint32_t)i : BUCKETS - 1;
}

static double bucket_middle(uint32_t i)
{
    return i ? LEAST * pow(GROWTH, (double)i - 0.5) : 0;
}

/* ---- exact ---- */

/* `sorted` without what is gone: both are in order, and each value that is gone is there. */
static void drop_gone(struct vital_values *x)
{
    uint32_t kept = 0, gone = 0;
    qsort(x->gone, x->n_gone, sizeof *x->gone, real_ascending);
    for (uint32_t i = 0; i < x->n_sorted; i++) {
        if (gone < x->n_gone && x->sorted[i] == x->gone[gone])
            gone++;
        else
            x->sorted[kept++] = x->sorted[i];
    }
    x->n_sorted = kept;
    x->n_gone = 0;
}

static void merge_added(struct vital_values *x)
{
    double added[ADDED_MOST];
    const uint32_t n = x->n_added;
    uint32_t i = x->n_sorted, j = n;
    memcpy(added, x->sorted + x->n_sorted, n * sizeof *added);
    qsort(added, n, sizeof *added, real_ascending);
    for (uint32_t to = x->n_sorted + n; j;)
        x->sorted[--to] = i && x->sorted[i - 1] > added[j - 1] ? x->sorted[--i] : added[--j];
    x->n_sorted += n;
    x->n_added = 0;
}

static void settle(struct vital_values *x)
{
    if (x->n_added)
        merge_added(x);
    if (x->n_gone)
        drop_gone(x);
}

void vital_values_coarsen(struct vital_values *x)
{
    if (x->buckets)
        return;
    settle(x);
    x->buckets = mem_array(BUCKETS, sizeof *x->buckets);
    for (uint32_t i = 0; i < x->n_sorted; i++)
        x->buckets[bucket_of(x->sorted[i])]++;
    free(x->sorted);
    free(x->gone);
    x->sorted = x->gone = NULL;
    x->n_sorted = x->cap = 0;
}

/* ---- what it is made of ---- */

void vital_values_add(struct vital_values *x, enum vital v, double value)
{
    if (x->n == UINT32_MAX)
        return;
    x->rated[vital_rate(v, value)]++;
    if (x->n++ == VITAL_VALUES_EXACT)
        vital_values_coarsen(x);
    if (x->buckets) {
        x->buckets[bucket_of(value)]++;
        return;
    }
    if (x->n_added == ADDED_MOST)
        settle(x);
    if (x->n_sorted + x->n_added == x->cap) {
        x->cap = x->cap ? x->cap * 2 : 8;
        x->sorted = mem_realloc(x->sorted, x->cap * sizeof *x->sorted);
    }
    x->sorted[x->n_sorted + x->n_added++] = value;
}

void vital_values_remove(struct vital_values *x, enum vital v, double value)
{
    x->n--;
    x->rated[vital_rate(v, value)]--;
    if (x->buckets) {
        x->buckets[bucket_of(value)]--;
        return;
    }
    if (!x->gone)
        x->gone = mem_array(GONE_MOST, sizeof *x->gone);
    x->gone[x->n_gone++] = value;
    if (x->n_gone == GONE_MOST)
        settle(x);
}

/* ---- what it says ---- */

static double element(const struct vital_values *x, uint32_t rank)
{
    uint64_t seen = 0;
    if (!x->buckets)
        return x->sorted[rank - 1];
    for (uint32_t i = 0; i < BUCKETS; i++)
        if ((seen += x->buckets[i]) >= rank)
            return bucket_middle(i);
    return bucket_middle(BUCKETS - 1);
}

static uint32_t rank_within(double rank, uint32_t n)
{
    return rank < 1 ? 1 : rank > n ? n : (uint32_t)rank;
}

bool vital_values_read(struct vital_values *x, struct vital_quantile *q)
{
    const double n = x->n, w = 1.96 * sqrt(0.1875 * n);
    if (!x->n)
        return false;
    settle(x);
    q->p75 = element(x, rank_within(ceil(0.75 * n), x->n));
    q->low = element(x, rank_within(floor(0.75 * n - w), x->n));
    q->high = element(x, rank_within(ceil(0.75 * n + w), x->n));
    for (unsigned r = 0; r < VITAL_RATINGS; r++)
        q->share[r] = x->rated[r] / n;
    return true;
}

size_t vital_values_bytes(const struct vital_values *x)
{
    return x->cap * sizeof *x->sorted + (x->gone ? GONE_MOST * sizeof *x->gone : 0) +
           (x->buckets ? BUCKETS * sizeof *x->buckets : 0);
}

void vital_values_free(struct vital_values *x)
{
    free(x->sorted);
    free(x->gone);
    free(x->buckets);
    *x = (struct vital_values){.n = 0};
}
