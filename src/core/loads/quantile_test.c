#include "core/loads/quantile_test.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/hash.h"
#include "core/chance.h"

enum { SIDES = 2, BISECTIONS = 40 };
#define ALIKE_MAX     0.9  /* correlation of neighbouring blocks that is reckoned with */
#define FREEDOM_LEAST 3.0  /* degrees, however alike they are */
#define LOG_MAX       20.0 /* of a ratio: beyond it there is no limit */

/* ---- sides ---- */

int64_t quantile_step(const int64_t *latency_ns, size_t n)
{
    int64_t step = n ? SD_MS : 1;
    for (size_t i = 0; i < n && step > 1; i++)
        while (step > 1 && latency_ns[i] % step)
            step /= 10;
    return step;
}

/* Splitmix: a number in 0..1 that only depends on its place. */
static double spread(uint64_t i, uint64_t salt)
{
    uint64_t z = hash_mix((i + 1) * 0x9e3779b97f4a7c15u + salt * 0xd1342543de82ef95u);
    return ((double)(z >> 11) + 0.5) / 9007199254740992.0;
}

static double log_of(int64_t ns, int64_t step, double u)
{
    double x = ns <= 0 ? (double)step * u / 2 : (double)ns + (step > 1 ? (double)step * (u - 0.5) : 0);
    return log(fmax(x, 0.5));
}

struct quantile_side *quantile_side_new(const int64_t *latency_ns, const uint8_t *block, size_t n,
                                        int64_t step, uint64_t salt)
{
    struct quantile_side *s = mem_alloc(sizeof *s);
    s->n = n;
    s->all = mem_array(MAX(n, (size_t)1) * 2, sizeof *s->all);
    for (size_t i = 0; i < n; i++)
        s->block_n[block[i]]++;
    double *at = s->all + n;
    for (size_t k = 0; k < QUANTILE_BLOCKS; k++) {
        s->block[k] = at;
        at += s->block_n[k];
        s->block_n[k] = 0;
    }
    for (size_t i = 0; i < n; i++) {
        double x = log_of(latency_ns[i], step, spread(i, salt));
        s->all[i] = x;
        s->block[block[i]][s->block_n[block[i]]++] = x;
    }
    qsort(s->all, n, sizeof *s->all, real_ascending);
    for (size_t k = 0; k < QUANTILE_BLOCKS; k++)
        qsort(s->block[k], s->block_n[k], sizeof *s->all, real_ascending);
    return s;
}

void quantile_side_free(struct quantile_side *s)
{
    if (s)
        free(s->all);
    free(s);
}

/* ---- the slowest share of both ---- */

/* How many of x[0..n), each less `by`, are at most `limit`, or below it. */
static size_t up_to(const double *x, size_t n, double by, double limit, bool below)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        double v = x[mid] - by;
        if (below ? v < limit : v <= limit)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The k-th largest (from 1) of both sides, the second less `by`. */
static double kth_largest(const struct quantile_side *a, const struct quantile_side *b, double by, size_t k)
{
    size_t low = k > b->n ? k - b->n : 0, high = MIN(k, a->n);
    while (low <
           high) { /* how many of them are of a: more, as long as the next of a is above the last of b */
        size_t i = (low + high) / 2, j = k - i;
        if (a->all[a->n - 1 - i] > b->all[b->n - j] - by)
            low = i + 1;
        else
            high = i;
    }
    double x = low ? a->all[a->n - low] : (double)INFINITY;
    return fmin(x, k > low ? b->all[b->n - (k - low)] - by : (double)INFINITY);
}

/* What counts as slow: above the limit, and of what is equal to it a part. */
struct limit {
    double at, part;
};

static double slow(const double *x, size_t n, double by, const struct limit *l)
{
    size_t not_above = up_to(x, n, by, l->at, false), below = up_to(x, n, by, l->at, true);
    return (double)(n - not_above) + l->part * (double)(not_above - below);
}

static struct limit limit_of(const struct quantile_side *a, const struct quantile_side *b, double by,
                             double many)
{
    struct limit l = {.at = kth_largest(a, b, by, (size_t)MAX(ceil(many), 1.0)), .part = 0};
    double above = slow(a->all, a->n, 0, &l) + slow(b->all, b->n, by, &l);
    l.part = 1;
    double with = slow(a->all, a->n, 0, &l) + slow(b->all, b->n, by, &l);
    l.part = with > above ? (many - above) / (with - above) : 0;
    return l;
}

/* ---- how much blocks vary ---- */

struct varying {
    double share;               /* of the side that is slow */
    double squares, neighbours; /* of what blocks differ from it, by the number of latencies squared */
};

static struct varying varying(const struct quantile_side *s, double by, const struct limit *l)
{
    double n = (double)s->n, last = 0;
    struct varying v = {.share = slow(s->all, s->n, by, l) / n};
    for (size_t k = 0; k < QUANTILE_BLOCKS; k++) {
        double e = (slow(s->block[k], s->block_n[k], by, l) - v.share * (double)s->block_n[k]) / n;
        v.squares += e * e;
        v.neighbours += e * last;
        last = e;
    }
    return v;
}

/* Neighbours of B values around their own mean are by (1 + 3 r) / B less alike than they are. */
static double alike(const struct varying *a, const struct varying *b)
{
    double sum = a->squares + b->squares;
    double r = sum > 0 ? (a->neighbours + b->neighbours) / sum : 0;
    return fmin(fmax((r + 1.0 / QUANTILE_BLOCKS) / (1 - 3.0 / QUANTILE_BLOCKS), 0), ALIKE_MAX);
}

/* The second side less `by`: z > 0 when it is slower still. */
struct looked {
    double t, p;
};

static struct looked look(const struct quantile_side *a, const struct quantile_side *b, double q, double by)
{
    double many = (1 - q) * (double)(a->n + b->n);
    struct limit l = limit_of(a, b, by, many);
    struct varying x = varying(a, 0, &l), y = varying(b, by, &l);
    double r = alike(&x, &y), inflate = (1 + r) / (1 - r) * QUANTILE_BLOCKS / (QUANTILE_BLOCKS - 1.0);
    double least = q * (1 - q);
    double u = fmax(x.squares * inflate, least / (double)a->n);
    double v = fmax(y.squares * inflate, least / (double)b->n);
    double freedom = (u + v) * (u + v) / (u * u + v * v) * (QUANTILE_BLOCKS - 1) * (1 - r) / (1 + r);
    double t = (y.share - x.share) / sqrt(u + v);
    return (struct looked){.t = t, .p = student_p(t, fmax(freedom, FREEDOM_LEAST))};
}

/* From a logarithm of a ratio that the test does not notice, to the last such one in a direction. */
static double last_unnoticed(const struct quantile_side *a, const struct quantile_side *b, double q,
                             double from, double sign, double alpha)
{
    double in = from, out = from, step = 0.05;
    do {
        in = out;
        out += sign * step;
        step *= 2;
        if (fabs(out) > LOG_MAX)
            return sign * (double)INFINITY;
    } while (look(a, b, q, out).p > alpha);
    for (int i = 0; i < BISECTIONS && fabs(out - in) > 1e-6; i++) {
        double mid = (in + out) / 2;
        if (look(a, b, q, mid).p > alpha)
            in = mid;
        else
            out = mid;
    }
    return (in + out) / 2;
}

/* The logarithm of the ratio at which both sides have the same share of slow ones. */
static double middle(const struct quantile_side *a, const struct quantile_side *b, double q)
{
    double low = -LOG_MAX, high = LOG_MAX;
    for (int i = 0; i < BISECTIONS && high - low > 1e-6; i++) {
        double mid = (low + high) / 2;
        if (look(a, b, q, mid).t > 0)
            low = mid;
        else
            high = mid;
    }
    return (low + high) / 2;
}

struct quantile_shift quantile_shift_of(const struct quantile_side *a, const struct quantile_side *b,
                                        double q, double alpha)
{
    double from = middle(a, b, q);
    return (struct quantile_shift){.p = look(a, b, q, 0).p,
                                   .ratio_lo = exp(last_unnoticed(a, b, q, from, -1, alpha)),
                                   .ratio_hi = exp(last_unnoticed(a, b, q, from, 1, alpha))};
}
