#include "core/goals/regress.h"

#include <math.h>
#include <stdlib.h>

#include "core/chance.h"

enum { BLOCKS_LEAST = 10 };
#define ALIKE_MAX     0.9 /* correlation of neighbouring blocks that is reckoned with */
#define FREEDOM_LEAST 3.0
#define CLEARLY       3.0 /* standard errors of the variance of blocks */

/* Every request has a score by its bucket: its rank among all, or whether it is one of the slowest. */
struct lot {
    const struct hist *blocks;
    size_t n_blocks;
    struct hist *all;
};

static double score_sum(const struct hist *h, const double *score)
{
    double sum = 0;
    for (uint32_t i = h->lo; i < h->hi; i++)
        if (h->bucket[i])
            sum += (double)h->bucket[i] * score[i];
    return sum;
}

/* How the mean score of a lot varies: by its requests, each for itself, and by its blocks. */
struct varying {
    double mean, singly;        /* variance of the mean */
    double squares, neighbours; /* of the blocks' part in the mean */
    size_t blocks;              /* with requests */
};

static struct varying varying_of(const struct lot *l, const double *score)
{
    double n = (double)l->all->count, square = 0, last = 0;
    struct varying v = {.mean = score_sum(l->all, score) / n};
    for (uint32_t i = l->all->lo; i < l->all->hi; i++) {
        double d = score[i] - v.mean;
        square += (double)l->all->bucket[i] * d * d;
    }
    v.singly = square / n / n;
    for (size_t k = 0; k < l->n_blocks; k++) {
        const struct hist *b = &l->blocks[k];
        if (!b->count)
            continue;
        double e = (score_sum(b, score) - v.mean * (double)b->count) / n;
        v.squares += e * e;
        v.neighbours += v.blocks ? e * last : 0;
        last = e;
        v.blocks++;
    }
    return v;
}

/* By how much the blocks of both lots vary more than requests drawn singly; 1: not clearly. */
struct inflation {
    double by, freedom;
};

static struct inflation inflation_of(const struct varying *a, const struct varying *b)
{
    struct inflation none = {.by = 1, .freedom = INFINITY};
    double singly = a->singly + b->singly, squares = a->squares + b->squares;
    if (MIN(a->blocks, b->blocks) < BLOCKS_LEAST || !(singly > 0) || !(squares > 0))
        return none;
    double mean = (double)(a->blocks + b->blocks) / 2; /* blocks of a side */
    double r = ((a->neighbours + b->neighbours) / squares + 1 / mean) / fmax(1 - 3 / mean, 0.1);
    r = fmin(fmax(r, 0), ALIKE_MAX);
    double by = squares / singly * (1 + r) / (1 - r) * mean / (mean - 1);
    if (by <= 1 + CLEARLY * sqrt(1 / mean))
        return none;
    double freedom = 2 * (mean - 1) * (1 - r) / (1 + r);
    return (struct inflation){.by = by, .freedom = fmax(freedom, FREEDOM_LEAST)};
}

static double p_of(double z, const struct inflation *f)
{
    z /= sqrt(f->by);
    return isfinite(f->freedom) ? student_p(z, f->freedom) : normal_p(z);
}

/* ---- Mann and Whitney ---- */

/* The middle rank of each bucket among all, from 0 to 1. The sum of the ties' cubes less themselves. */
static double ranks(const struct hist *a, const struct hist *b, double *score)
{
    double n = (double)a->count + (double)b->count, below = 0, ties = 0;
    for (uint32_t i = 0; i < SD_HIST_BUCKETS; i++) {
        double t = (double)a->bucket[i] + (double)b->bucket[i];
        score[i] = (below + t / 2) / n;
        below += t;
        ties += t * t * t - t;
    }
    return ties;
}

static void mann_whitney(const struct lot *before, const struct lot *after, double *score,
                         struct regress *out)
{
    double n = (double)before->all->count, m = (double)after->all->count, all = n + m;
    double ties = ranks(before->all, after->all, score);
    struct varying a = varying_of(before, score), b = varying_of(after, score);
    double u = (b.mean - a.mean) * n * m; /* of the second, less its expectation */
    double variance = n * m / 12 * (all + 1 - ties / (all * fmax(all - 1, 1)));
    struct inflation f = inflation_of(&a, &b);
    out->in_a_row = f.by > 1;
    out->p_value = variance > 0 ? p_of(fmax(fabs(u) - 0.5, 0) / sqrt(variance), &f) : 1;
    out->p_value = fmin(out->p_value, 1);
}

/* ---- the slowest of both ---- */

/* 1 of the slowest share, 0 of the others; the bucket between them is split. */
static void slowest(const struct hist *a, const struct hist *b, double share, double *score)
{
    double left = share * ((double)a->count + (double)b->count);
    for (uint32_t i = SD_HIST_BUCKETS; i-- > 0;) {
        double t = (double)a->bucket[i] + (double)b->bucket[i];
        score[i] = t > 0 ? fmin(left / t, 1) : left > 0;
        left = fmax(left - t, 0);
    }
}

static void percentiles(const struct lot *before, const struct lot *after, double q, double *score,
                        struct regress *out)
{
    slowest(before->all, after->all, 1 - q, score);
    struct varying a = varying_of(before, score), b = varying_of(after, score);
    double n = (double)before->all->count, m = (double)after->all->count;
    double variance = fmax(q * (1 - q) * (1 / n + 1 / m), a.singly + b.singly);
    struct inflation f = inflation_of(&a, &b);
    double z = variance > 0 ? (b.mean - a.mean) / sqrt(variance) : 0;
    out->slower = z > 0;
    out->p_ratio = p_of(z, &f);
}

/* ---- both ---- */

static struct hist *merged(const struct hist *blocks, size_t n)
{
    struct hist *all = mem_alloc(sizeof *all);
    hist_clear(all);
    for (size_t i = 0; i < n; i++)
        hist_merge(all, &blocks[i]);
    return all;
}

bool regress_of(const struct hist *before, size_t n_before, const struct hist *after, size_t n_after,
                double q, struct regress *out)
{
    struct lot a = {.blocks = before, .n_blocks = n_before, .all = merged(before, n_before)};
    struct lot b = {.blocks = after, .n_blocks = n_after, .all = merged(after, n_after)};
    double *score = mem_array(SD_HIST_BUCKETS, sizeof *score);
    *out = (struct regress){.n_before = a.all->count,
                            .n_after = b.all->count,
                            .before_ns = hist_quantile(a.all, q),
                            .after_ns = hist_quantile(b.all, q),
                            .change_share = (double)NAN,
                            .p_value = (double)NAN,
                            .p_ratio = (double)NAN};
    bool both = out->n_before && out->n_after;
    if (both) {
        mann_whitney(&a, &b, score, out);
        percentiles(&a, &b, q, score, out);
        if (out->before_ns > 0)
            out->change_share = (double)out->after_ns / (double)out->before_ns - 1;
    }
    free(score);
    free(a.all);
    free(b.all);
    return both;
}

bool regress_surely(const struct regress *r, bool slower)
{
    return r->p_value < REGRESS_P && r->p_ratio < REGRESS_RATIO_P && r->slower == slower;
}
