/* figures.c - is a difference between two windows more than noise? */
#include "view/shared/figures.h"

#include <math.h>
#include <stdlib.h>

enum { SEEN_MIN = 8, SEEN_PARTS = 3, TIMED_MIN = 20 };
#define CHANGE_MIN 0.25 /* of the larger */
#define SHIFT_MIN  0.1  /* the same of a percentile, whose test sees less */
#define LEVEL_MIN  0.1  /* sessions */
#define ALIKE_MAX  0.8  /* of parts in a row */

void figures_add(struct figures *f, const struct figure *item)
{
    f->items = mem_grow(f->items, f->n, &f->cap, sizeof *f->items);
    f->items[f->n++] = *item;
}

struct figures *figures_of(const struct view_ctx *c, struct span span, const char *name)
{
    struct figures *f = mem_alloc(sizeof *f);
    struct view_ctx at = *c;
    f->d = doc_new("figures", NULL);
    f->span = span;
    f->name = doc_text(f->d, name);
    f->seconds = MAX((double)span_length(span) / 1e9, 1e-9);
    f->n_parts = (size_t)MAX(MIN(f->seconds, FIGURE_PARTS), 1);
    at.span = span;
    at.now = span.to;
    at.key = NULL;
    for (const struct view *const *v = VIEWS; *v; v++)
        if ((*v)->figures)
            (*v)->figures(&at, f);
    return f;
}

void figures_free(struct figures *f)
{
    if (!f)
        return;
    doc_free(f->d);
    free(f->items);
    free(f);
}

const char *figure_verdict_name(enum figure_verdict v)
{
    static const char *const names[] = {[FIGURE_NOISE] = "noise",
                                        [FIGURE_UNKNOWN] = "unknown",
                                        [FIGURE_CHANGED] = "changed",
                                        [FIGURE_NEW] = "new",
                                        [FIGURE_GONE] = "gone"};
    return names[v];
}

/* ---- how much a figure varies ---- */

struct spread {
    double mean, variance; /* of the mean */
    double free;           /* degrees of freedom */
    size_t n, seen;        /* parts known; of them, above 0 */
};

static double scaled(const struct figure *f, double v)
{
    return f->method != FIGURE_TIME ? v : v > 0 ? log(v) : (double)NAN;
}

/* Parts in a row that are alike tell less than as many that are not. */
static double alike(const double *v, size_t n, double mean, double squares)
{
    double product = 0;
    for (size_t i = 1; i < n; i++)
        product += (v[i] - mean) * (v[i - 1] - mean);
    double r = squares > 0 ? product / squares : 0;
    return r < 0 ? 0 : MIN(r, ALIKE_MAX);
}

static struct spread spread_of(const struct figure *f)
{
    double v[FIGURE_PARTS], sum = 0, squares = 0;
    struct spread s = {0};
    for (size_t i = 0; i < f->n_parts; i++) {
        double x = scaled(f, f->parts[i]);
        if (!isfinite(x))
            continue;
        v[s.n++] = x;
        sum += x;
        s.seen += f->parts[i] > 0;
    }
    if (!s.n)
        return s;
    s.mean = sum / (double)s.n;
    for (size_t i = 0; i < s.n; i++)
        squares += (v[i] - s.mean) * (v[i] - s.mean);
    double r = alike(v, s.n, s.mean, squares), count = (double)s.n * (1 - r) / (1 + r);
    s.free = MAX(count - 1, 0);
    s.variance = s.n > 1 && count > 0 ? squares / (double)(s.n - 1) / count : (double)NAN;
    return s;
}

/* Student's t that is passed one time in 3000, either way; within 3 % from 3 on. */
static double critical(double free)
{
    return free < 1 ? INFINITY : 3.7 + 8 / free + 96 / (free * free);
}

/* Of a duration it is a factor. */
static void set_interval(struct figure_pair *p, const struct figure *a, const struct figure *b, double half)
{
    double by = b->value - a->value;
    bool factor = a->method == FIGURE_TIME;
    p->low = factor ? b->value * exp(-half) - a->value : by - half;
    p->high = factor ? b->value * exp(half) - a->value : by + half;
}

/* A variance of 0 of both, such as of times that are always 3 ms: any difference counts. */
static bool beyond_noise(const struct figure *a, const struct figure *b, double floor, struct figure_pair *p)
{
    const struct spread x = spread_of(a), y = spread_of(b);
    double free = x.free + y.free, variance = MAX(x.variance + y.variance, floor);
    if (x.n < 2 || y.n < 2 || !isfinite(variance))
        return false;
    double half = variance > 0 ? critical(free) * sqrt(variance) : 0;
    if (isfinite(half))
        set_interval(p, a, b, half);
    return fabs(y.mean - x.mean) > half;
}

/* ---- verdicts ---- */

/* What was not there at all is 0 in each part. */
static struct figure none_of(const struct figure *f)
{
    struct figure z = *f;
    z.value = z.events = 0;
    for (size_t i = 0; i < z.n_parts; i++)
        z.parts[i] = 0;
    return z;
}

static bool seen_steadily(const struct figure *f)
{
    return f->events >= SEEN_MIN && (spread_of(f).seen >= SEEN_PARTS || f->n_parts < SEEN_PARTS);
}

static enum figure_verdict count_verdict(const struct figure *a, const struct figure *b,
                                         struct figure_pair *p)
{
    if (!(a->value > 0) || !(b->value > 0)) {
        if (seen_steadily(b))
            return FIGURE_NEW;
        return seen_steadily(a) ? FIGURE_GONE : FIGURE_NOISE;
    }
    /* Of counts x and y over different times: the variance of a rate is the rate by the time. */
    double ta = a->events / a->value, tb = b->events / b->value;
    double floor = (a->events + 1) / (ta * ta) + (b->events + 1) / (tb * tb);
    return beyond_noise(a, b, floor, p) ? FIGURE_CHANGED : FIGURE_NOISE;
}

static bool text_known(const struct figure *before, const char *text)
{
    const char *all = before->earlier ? before->earlier : before->text;
    size_t len = strlen(text);
    for (const char *p = all; *p; p += strcspn(p, "\n"), p += *p == '\n')
        if (strcspn(p, "\n") == len && !memcmp(p, text, len))
            return true;
    return false;
}

static enum figure_verdict verdict_of(const struct figure *before, const struct figure *now,
                                      struct figure_pair *p)
{
    const struct figure *some = now ? now : before;
    if (some->method == FIGURE_TEXT) {
        if (!before || !now || !before->text || !now->text)
            return FIGURE_UNKNOWN;
        return text_known(before, now->text) ? FIGURE_NOISE : FIGURE_CHANGED;
    }
    if ((!before || !now) && some->method == FIGURE_TIME)
        return FIGURE_UNKNOWN;
    const struct figure zero = none_of(some), *a = before ? before : &zero, *b = now ? now : &zero;
    double larger = MAX(fabs(a->value), fabs(b->value)), by = fabs(b->value - a->value);
    if (!isfinite(a->value) || !isfinite(b->value))
        return FIGURE_UNKNOWN;
    enum figure_verdict v = some->method == FIGURE_COUNT ? count_verdict(a, b, p)
                            : beyond_noise(a, b, 0, p)   ? FIGURE_CHANGED
                                                         : FIGURE_NOISE;
    if (some->method == FIGURE_TIME && MIN(a->events, b->events) < TIMED_MIN)
        return FIGURE_UNKNOWN;
    if (some->method == FIGURE_LEVEL && by < LEVEL_MIN)
        return FIGURE_NOISE;
    return by < CHANGE_MIN * larger ? FIGURE_NOISE : v;
}

/* ---- pairs ---- */

static int by_identity(const void *x, const void *y)
{
    const struct figure *a = *(const struct figure *const *)x, *b = *(const struct figure *const *)y;
    int c = strcmp(a->kind, b->kind);
    c = c ? c : strcmp(a->name, b->name);
    return c ? c : strcmp(a->key, b->key);
}

static const struct figure **sorted(const struct figures *f)
{
    const struct figure **s = mem_array(f->n + 1, sizeof *s);
    for (size_t i = 0; i < f->n; i++)
        s[i] = &f->items[i];
    if (f->n)
        qsort(s, f->n, sizeof *s, by_identity);
    return s;
}

static double weight_of(const struct figure_pair *p)
{
    double a = p->before ? p->before->weight : 0, b = p->now ? p->now->weight : 0;
    if (p->verdict < FIGURE_CHANGED && (p->now ? p->now : p->before)->method == FIGURE_TEXT)
        return 0; /* a plan that is the same is the least to look at */
    return MAX(isfinite(a) ? a : 0, isfinite(b) ? b : 0);
}

static int most_telling_first(const void *x, const void *y)
{
    const struct figure_pair *a = x, *b = y;
    bool ca = a->verdict >= FIGURE_CHANGED, cb = b->verdict >= FIGURE_CHANGED;
    double wa = weight_of(a), wb = weight_of(b);
    if (ca != cb)
        return ca ? -1 : 1;
    if (a->worse != b->worse)
        return a->worse ? -1 : 1;
    if (wa > wb || wa < wb)
        return wa > wb ? -1 : 1;
    const struct figure *fa = a->now ? a->now : a->before, *fb = b->now ? b->now : b->before;
    return by_identity(&fa, &fb);
}

/* The figure that `f` has in a window that says nothing of it. */
static const struct figure *absent_of(const struct figures *other, const struct figure *f)
{
    for (size_t i = 0; f->absent && i < other->n; i++)
        if (!strcmp(other->items[i].kind, f->kind)) {
            struct figure *a = arena_alloc(other->d->arena, sizeof *a);
            *a = *f;
            a->text = f->absent;
            return a;
        }
    return NULL;
}

static bool other_basis(const struct figure_pair *p)
{
    return p->before && p->now && p->before->basis && p->now->basis &&
           strcmp(p->before->basis, p->now->basis) != 0;
}

static struct figure_pair pair_of(const struct figure *before, const struct figure *now)
{
    struct figure_pair p = {.before = before, .now = now, .low = (double)NAN, .high = (double)NAN};
    p.verdict = other_basis(&p) ? FIGURE_UNKNOWN : verdict_of(before, now, &p);
    return p;
}

static void is_it_worse(struct figure_pair *p)
{
    const struct figure *some = p->now ? p->now : p->before;
    bool grew = p->verdict == FIGURE_NEW ||
                (p->verdict == FIGURE_CHANGED && p->before && p->now && p->now->value > p->before->value);
    p->worse = p->verdict == FIGURE_GONE     ? !some->more_is_worse
               : some->method == FIGURE_TEXT ? p->verdict == FIGURE_CHANGED
                                             : grew && some->more_is_worse;
}

/* ---- requests: all compared together ---- */

static bool has_samples(const struct figure_pair *p)
{
    return p->before && p->now && p->before->sample && p->now->sample && !other_basis(p);
}

static struct shift shift_of(const struct figure_pair *p)
{
    const struct shift_sample *a = p->before->sample, *b = p->now->sample;
    return p->now->quantile > 0 ? shift_of_quantile(a, b, p->now->quantile) : shift_of_errors(a, b);
}

static struct shift_interval interval_of(const struct figure_pair *p, double alpha)
{
    const struct shift_sample *a = p->before->sample, *b = p->now->sample;
    if (p->now->quantile > 0)
        return shift_quantile_interval(a, b, p->now->quantile, alpha);
    /* Of the share of requests that fail; shown is how many that is a second, of the requests of now. */
    struct shift_interval i = shift_errors_interval(a, b, alpha);
    double by = p->now->value - p->before->value;
    return (struct shift_interval){.low = MIN(i.low * p->now->rate, by),
                                   .high = MAX(i.high * p->now->rate, by)};
}

static enum figure_verdict shift_verdict(const struct figure_pair *p, bool significant)
{
    double a = p->before->value, b = p->now->value;
    if (!significant || fabs(b - a) < SHIFT_MIN * MAX(a, b))
        return FIGURE_NOISE;
    if (p->now->quantile > 0 || (a > 0 && b > 0))
        return FIGURE_CHANGED;
    return a > 0 ? (seen_steadily(p->before) ? FIGURE_GONE : FIGURE_NOISE)
                 : (seen_steadily(p->now) ? FIGURE_NEW : FIGURE_NOISE);
}

static void compare_requests(struct figure_pair *pairs, size_t n)
{
    struct shift *s = mem_array(n + 1, sizeof *s);
    double *p = mem_array(n + 1, sizeof *p);
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        if (!has_samples(&pairs[i]))
            continue;
        s[i] = shift_of(&pairs[i]);
        pairs[i].verdict = FIGURE_UNKNOWN;
        pairs[i].low = pairs[i].high = (double)NAN;
        if (s[i].known)
            p[known++] = s[i].p;
    }
    double level = shift_level(p, known, SHIFT_FALSE);
    for (size_t i = 0; i < n; i++) {
        if (!s[i].known)
            continue;
        struct shift_interval x = interval_of(&pairs[i], level);
        pairs[i].verdict = shift_verdict(&pairs[i], s[i].p <= level);
        pairs[i].low = x.low;
        pairs[i].high = x.high;
    }
    free(s);
    free(p);
}

/* Neither window has any: errors of what did not fail. */
static bool is_nothing(const struct figure_pair *p)
{
    const struct figure *some = p->now ? p->now : p->before;
    return some->method == FIGURE_COUNT && !(p->before && p->before->value > 0) &&
           !(p->now && p->now->value > 0);
}

struct figure_pair *figures_compare(const struct figures *before, const struct figures *now, size_t *n)
{
    const struct figure **a = sorted(before), **b = sorted(now);
    struct figure_pair *out = mem_array(before->n + now->n + 1, sizeof *out);
    *n = 0;
    for (size_t i = 0, k = 0; i < before->n || k < now->n;) {
        int c = i == before->n ? 1 : k == now->n ? -1 : by_identity(&a[i], &b[k]);
        out[*n] = pair_of(c <= 0 ? a[i] : absent_of(before, b[k]), c >= 0 ? b[k] : absent_of(now, a[i]));
        *n += !is_nothing(&out[*n]);
        i += c <= 0;
        k += c >= 0;
    }
    compare_requests(out, *n);
    for (size_t i = 0; i < *n; i++)
        is_it_worse(&out[i]);
    if (*n)
        qsort(out, *n, sizeof *out, most_telling_first);
    free(a);
    free(b);
    return out;
}
