/* shift.c - two windows of requests beside each other: tests that know of many comparisons and of bursts. */
#include "core/endpoints/shift.h"

#include "base/num.h"
#include "core/chance.h"

#include <math.h>
#include <stdlib.h>

enum { TAILS = 6, BEYOND_LEAST = 5, REQUESTS_LEAST = 20, COARSE_LEAST = 12 };
#define ALIKE_MAX  0.8 /* of blocks in a row */
#define RARE       0.1 /* up to this share the binomial distribution, above it the normal one */
#define LOOK       0.3 /* what one more tail adds */
#define FACTOR_MAX 1e4 /* a factor that no interval goes beyond */

/* ---- chance ---- */

/* Of m, each with probability p: at most, or at least, so many; either way. */
static double binomial_p(double of, double m, double p)
{
    double least = of > 0 ? beta_share(of, m - of + 1, p) : 1;
    double most = of < m ? beta_share(m - of, of + 1, 1 - p) : 1;
    return fmin(1, 2 * fmin(least, most));
}

/* ---- how much more blocks vary than independent requests would ---- */

struct varying {
    double factor;  /* 1: no more */
    double freedom; /* INFINITY: it is not estimated */
};

/* What is counted in each block, of how many. */
struct counts {
    double hits[SHIFT_BLOCKS], of[SHIFT_BLOCKS];
    size_t n;
};

/* Squares of what blocks of `width` differ from their window's share, and products of neighbours. */
struct squares {
    double sum, neighbours, expected, blocks, hits;
};

static void add_squares(struct squares *s, const struct counts *c, size_t width)
{
    double hits = 0, of = 0, sum = 0, last = 0, neighbours = 0;
    size_t blocks = c->n / width;
    for (size_t i = 0; i < blocks * width; i++) {
        hits += c->hits[i];
        of += c->of[i];
    }
    double share = of > 0 ? hits / of : 0;
    for (size_t i = 0; i < blocks; i++) {
        double e = 0;
        for (size_t k = i * width; k < (i + 1) * width; k++)
            e += c->hits[k] - share * c->of[k];
        sum += e * e;
        neighbours += i ? e * last : 0;
        last = e;
    }
    if (blocks < 2)
        return;
    s->sum += sum * (double)blocks / ((double)blocks - 1);
    s->neighbours += neighbours;
    s->expected += of * share * (1 - share);
    s->blocks += (double)blocks - 1;
    s->hits += fmin(hits, of - hits);
}

/* Of independent requests one in a hundred such estimates is larger: less than that is no proof. Few hits
 * vary more than many. */
static void widest(struct varying *v, double factor, const struct squares *s)
{
    if (factor > 1 + 2.33 * sqrt(2 / s->blocks + 1 / fmax(s->hits, 1)) && factor > v->factor)
        *v = (struct varying){.factor = factor, .freedom = s->blocks};
}

static struct varying varying(const struct counts *a, const struct counts *b)
{
    struct varying v = {.factor = 1, .freedom = (double)INFINITY};
    for (size_t width = 1; width == 1 || MIN(a->n, b->n) / width >= COARSE_LEAST; width *= 2) {
        struct squares s = {0};
        add_squares(&s, a, width);
        add_squares(&s, b, width);
        if (!(s.expected > 0) || s.blocks < 2)
            break;
        double factor = s.sum / s.expected, r = fmin(fmax(s.neighbours / s.sum, 0), ALIKE_MAX);
        widest(&v, factor, &s);
        if (r > 2.33 / sqrt(s.blocks))
            widest(&v, factor * (1 + r) / (1 - r), &s);
    }
    return v;
}

/* Of a and b requests x and y are hits: how likely is so much difference by chance? */
static double two_shares(double x, double a, double y, double b, const struct varying *v)
{
    double p = (x + y) / (a + b), result;
    if (!(x + y > 0) || p >= 1)
        return 1;
    if (p <= RARE) {
        result = binomial_p(y / v->factor, (x + y) / v->factor, b / (a + b));
    } else {
        double z = (y / b - x / a) / sqrt(p * (1 - p) * v->factor * (1 / a + 1 / b));
        result = normal_p(z);
    }
    return isinf(v->freedom) ? result : student_p(normal_z(result), v->freedom);
}

/* ---- a window's durations ---- */

struct side {
    const struct shift_sample *s;
    double n;
    double above[SD_HIST_BUCKETS + 1]; /* in this bucket or a later one */
};

static struct side *side_of(const struct shift_sample *s)
{
    struct side *x = mem_alloc(sizeof *x);
    size_t k = 0;
    x->s = s;
    for (size_t i = 0; i < s->n_blocks; i++)
        for (uint32_t j = 0; j < s->blocks[i].n_buckets; j++, k++)
            x->above[s->buckets[k].index] += s->buckets[k].count;
    for (uint32_t i = SD_HIST_BUCKETS; i-- > 0;)
        x->above[i] += x->above[i + 1];
    x->n = x->above[0];
    return x;
}

/* Which part of a bucket lies above. */
static double part_above(uint32_t index, double ns)
{
    double low = (double)sd_hist_lower(index), high = (double)sd_hist_lower(index + 1);
    return fmin(fmax((high - ns) / (high - low), 0), 1);
}

static double above(const struct side *x, double ns)
{
    uint32_t i = sd_hist_index(real_to_int(ns));
    return x->above[i + 1] + (x->above[i] - x->above[i + 1]) * part_above(i, ns);
}

static double quantile(const struct side *x, double q)
{
    double beyond = (1 - q) * x->n;
    uint32_t low = 0, high = SD_HIST_BUCKETS - 1;
    while (low < high) { /* the last bucket with more than that above its beginning */
        uint32_t mid = low + (high - low + 1) / 2;
        if (x->above[mid] > beyond)
            low = mid;
        else
            high = mid - 1;
    }
    return (double)sd_hist_lower(low) / 2 + (double)sd_hist_lower(low + 1) / 2;
}

/* Above which of both, the second divided by `factor`, that many lie. */
static double limit_of(const struct side *a, const struct side *b, double factor, double many)
{
    double low = 1, high = (double)sd_hist_lower(SD_HIST_BUCKETS - 1) * 2;
    for (int i = 0; i < 40; i++) {
        double ns = sqrt(low * high);
        if (above(a, ns) + above(b, ns * factor) > many)
            low = ns;
        else
            high = ns;
    }
    return sqrt(low * high);
}

static void count_above(const struct shift_sample *s, double ns, struct counts *out)
{
    uint32_t at = sd_hist_index(real_to_int(ns));
    double part = part_above(at, ns);
    size_t k = 0;
    out->n = MIN(s->n_blocks, SHIFT_BLOCKS);
    for (size_t i = 0; i < out->n; i++) {
        out->hits[i] = out->of[i] = 0;
        for (uint32_t j = 0; j < s->blocks[i].n_buckets; j++, k++) {
            double n = s->buckets[k].count;
            out->of[i] += n;
            out->hits[i] += s->buckets[k].index > at ? n : s->buckets[k].index == at ? n * part : 0;
        }
    }
}

/* A share of the slowest of both windows. */
struct tail {
    double share;
    struct varying varying;
    double p;
    double of; /* as many as were looked at, each for itself, would find by chance as often */
};

static double tail_p(const struct side *a, const struct side *b, const struct tail *t, double factor)
{
    double ns = limit_of(a, b, factor, t->share * (a->n + b->n));
    return two_shares(above(a, ns), a->n, above(b, ns * factor), b->n, &t->varying);
}

/* Of the window that is faster: beyond which as many of its requests lie, and no more. */
static double beyond(const struct side *x, double many)
{
    double low = 1, high = (double)sd_hist_lower(SD_HIST_BUCKETS - 1) * 2;
    for (int i = 0; i < 40; i++) {
        double ns = sqrt(low * high);
        if (above(x, ns) > many)
            low = ns;
        else
            high = ns;
    }
    return high;
}

/* The tails that are looked at for q; the first is the share beyond it. Of high ones also the requests that
 * are slower than all, or all but two, of the other window's: where slow ones are a kind of their own, this
 * is the limit between the kinds. Such a tail of data has the same binomial p as one chosen before. */
static size_t tails_of(const struct side *a, const struct side *b, double q, double out[TAILS])
{
    static const double times[] = {1, 0.5, 1.5, 2.5}, others[] = {1e-6, 2};
    const struct side *fast = quantile(a, q) < quantile(b, q) ? a : b, *slow = fast == a ? b : a;
    double n = a->n + b->n;
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(times) && (q > 0.5 || i == 0); i++)
        if (i == 0 || ((1 - q) * times[i] <= 0.2 && (1 - q) * times[i] * n >= 2 * BEYOND_LEAST))
            out[count++] = (1 - q) * times[i];
    for (size_t i = 0; i < ARRAY_LEN(others) && q > 0.5; i++) {
        double ns = beyond(fast, others[i]), share = (above(fast, ns) + above(slow, ns)) / n;
        out[count++] = fmin(fmax(share, (1 - q) / 4), 3 * (1 - q));
    }
    return count;
}

/* Tails lie in each other: one that chance makes heavy mostly makes the next one heavy, too. In 4,000 pairs
 * of each of seven kinds of traffic the best of six is below a p as often as that of two would be. */
static double looks(size_t n)
{
    return 1 + LOOK * ((double)n - 1);
}

/* The most telling one; its p is that of the best of several. */
static struct tail look(const struct side *a, const struct side *b, double q)
{
    double shares[TAILS];
    size_t n = tails_of(a, b, q, shares);
    struct tail best = {.p = 2, .of = looks(n)};
    struct counts x, y;
    for (size_t i = 0; i < n; i++) {
        struct tail t = {.share = shares[i], .of = looks(n)};
        double ns = limit_of(a, b, 1, t.share * (a->n + b->n));
        count_above(a->s, ns, &x);
        count_above(b->s, ns, &y);
        t.varying = varying(&x, &y);
        t.p = fmin(1, tail_p(a, b, &t, 1) * t.of);
        if (t.p < best.p)
            best = t;
    }
    return best;
}

static bool enough(const struct side *a, const struct side *b, double q)
{
    double n = fmin(a->n, b->n);
    return n >= REQUESTS_LEAST && n * (1 - q) >= BEYOND_LEAST;
}

struct shift shift_of_quantile(const struct shift_sample *before, const struct shift_sample *after, double q)
{
    struct side *a = side_of(before), *b = side_of(after);
    struct shift s = {.known = enough(a, b, q), .p = 1};
    if (s.known) {
        s.before = quantile(a, q);
        s.after = quantile(b, q);
        s.p = look(a, b, q).p;
    }
    free(a);
    free(b);
    return s;
}

/* From a factor that the test does not notice to the last such one in a direction. */
static double last_unnoticed(const struct side *a, const struct side *b, const struct tail *t, double from,
                             double step, double alpha)
{
    double in = from, out = from;
    do {
        in = out;
        out *= step;
    } while (out < FACTOR_MAX && out > 1 / FACTOR_MAX && tail_p(a, b, t, out) > alpha);
    for (int i = 0; i < 12; i++) {
        double mid = sqrt(in * out);
        if (tail_p(a, b, t, mid) > alpha)
            in = mid;
        else
            out = mid;
    }
    return sqrt(in * out);
}

struct shift_interval shift_quantile_interval(const struct shift_sample *before,
                                              const struct shift_sample *after, double q, double alpha)
{
    struct side *a = side_of(before), *b = side_of(after);
    double x = quantile(a, q), y = quantile(b, q);
    struct tail t = look(a, b, q);
    double level = alpha / t.of;
    /* Where neither notices anything: what the tail itself has grown by. */
    double from = fmax(quantile(b, 1 - t.share), 1) / fmax(quantile(a, 1 - t.share), 1);
    double low = last_unnoticed(a, b, &t, from, 1 / 1.3, level);
    double high = last_unnoticed(a, b, &t, from, 1.3, level);
    free(a);
    free(b);
    return (struct shift_interval){.low = fmin(x * (low - 1), y - x), .high = fmax(x * (high - 1), y - x)};
}

/* ---- errors ---- */

struct failed {
    struct counts c;
    double n, errors;
};

static void failed_of(const struct shift_sample *s, struct failed *out)
{
    out->n = out->errors = 0;
    out->c.n = MIN(s->n_blocks, SHIFT_BLOCKS);
    for (size_t i = 0; i < out->c.n; i++) {
        out->n += out->c.of[i] = (double)s->blocks[i].count;
        out->errors += out->c.hits[i] = (double)s->blocks[i].errors;
    }
}

struct shift shift_of_errors(const struct shift_sample *before, const struct shift_sample *after)
{
    struct failed a, b;
    failed_of(before, &a);
    failed_of(after, &b);
    struct shift s = {.known = fmin(a.n, b.n) >= REQUESTS_LEAST && a.errors + b.errors > 0, .p = 1};
    if (!s.known)
        return s;
    struct varying v = varying(&a.c, &b.c);
    s.before = a.errors / a.n;
    s.after = b.errors / b.n;
    s.p = two_shares(a.errors, a.n, b.errors, b.n, &v);
    return s;
}

static struct shift_interval wilson(double hits, double n, double z)
{
    double p = hits / n, middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    return (struct shift_interval){.low = middle - half, .high = middle + half};
}

struct shift_interval shift_errors_interval(const struct shift_sample *before,
                                            const struct shift_sample *after, double alpha)
{
    struct failed a, b;
    failed_of(before, &a);
    failed_of(after, &b);
    struct varying v = varying(&a.c, &b.c);
    double z = normal_z(alpha), x = a.errors / a.n, y = b.errors / b.n;
    struct shift_interval i = wilson(a.errors / v.factor, a.n / v.factor, z),
                          k = wilson(b.errors / v.factor, b.n / v.factor, z);
    return (struct shift_interval){.low = y - x - hypot(y - k.low, i.high - x),
                                   .high = y - x + hypot(k.high - y, x - i.low)};
}

/* ---- many comparisons ---- */

double shift_level(double *p, size_t n, double share)
{
    if (n)
        qsort(p, n, sizeof *p, real_ascending);
    for (size_t i = n; i-- > 0;)
        if (p[i] <= share * (double)(i + 1) / (double)n)
            return share * (double)(i + 1) / (double)n;
    return share / (double)MAX(n, 1);
}
