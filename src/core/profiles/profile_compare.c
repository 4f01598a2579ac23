#include "core/profiles/profile_compare.h"

#include <math.h>
#include <stdlib.h>

/* ---- the numbers ---- */

enum {
    ENOUGH = 12,  /* samples of both together below which no test could find anything */
    EXACT = 1000, /* up to so many the exact test is used: the tails of the normal one are too thin */
    PARTNERS = 64
};
static const double WRONG = 0.003; /* chance of any wrong word: below 1 %, the tests are approximations */

const char *profile_change_name(enum profile_change c)
{
    static const char *const names[] = {
        [CHANGE_SAME] = "same", [CHANGE_GREW] = "grew", [CHANGE_SHRANK] = "shrank",
        [CHANGE_NEW] = "new",   [CHANGE_GONE] = "gone", [CHANGE_MOVED] = "moved"};
    return (size_t)c < ARRAY_LEN(names) ? names[c] : NULL;
}

/* A count of a share: n of all, in a profile whose variance is `spread` times that of independent samples. */
struct counted {
    double n, all, spread;
};

/* P(X <= k) of a binomial distribution. */
static double binomial_below(double k, double n, double p)
{
    double sum = 0;
    for (double i = 0; i <= k; i++)
        sum += exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) + (n - i) * log1p(-p));
    return fmin(sum, 1);
}

/* Given n of both together, how likely is a split as far from `part` as this one? */
static double exact_test(double a, double b, double part)
{
    double n = a + b;
    double below = binomial_below(b, n, part), above = 1 - (b > 0 ? binomial_below(b - 1, n, part) : 0);
    return fmin(2 * fmin(below, above), 1);
}

static double normal_test(double z)
{
    return erfc(fabs(z) / M_SQRT2);
}

static double error_of(struct counted x, double p)
{
    return x.all > 0 ? x.spread * p * (1 - p) / x.all : 0;
}

/* Two-sided: could both shares be one? */
static double shares_differ(struct counted a, struct counted b)
{
    double p = (a.n + b.n) / (a.all + b.all), spread = fmax(a.spread, b.spread);
    double v = error_of(a, p) + error_of(b, p), d = b.n / b.all - a.n / a.all;
    if (a.n + b.n <= EXACT && spread < 1.5)
        return exact_test(a.n, b.n, b.all / (a.all + b.all));
    return v > 0 ? normal_test(d / sqrt(v)) : 1;
}

/* Could b have become of a when all became `factor` times as many? */
static double counts_differ(struct counted a, struct counted b, double factor)
{
    if (a.n + b.n <= EXACT)
        return exact_test(a.n, b.n, factor / (1 + factor));
    double v = b.n * b.spread + factor * factor * a.n * a.spread;
    return normal_test((b.n - factor * a.n) / sqrt(fmax(v, 1)));
}

/* ---- the pairs ---- */

static uint32_t find_function(const struct profile *p, const struct profile_function *f)
{
    for (size_t at = f->hash & (p->n_slots - 1); p->n_slots && p->slots[at];
         at = (at + 1) & (p->n_slots - 1)) {
        const struct profile_function *g = &p->functions[(uint32_t)p->slots[at] - 1];
        if (g->hash == f->hash && str_eq(g->name, f->name) && str_eq(g->module, f->module))
            return (uint32_t)p->slots[at] - 1;
    }
    return PROFILE_NO_FUNCTION;
}

static double share_in(const struct profile *p, uint32_t i)
{
    return i != PROFILE_NO_FUNCTION && (p->sums[0] > 0 || p->sums[0] < 0) ? profile_self(p, i, 0) / p->sums[0]
                                                                          : 0;
}

static struct counted count_in(const struct profile *p, uint32_t i)
{
    struct counted c = {.all = (double)p->samples, .spread = 1};
    if (i != PROFILE_NO_FUNCTION) {
        c.n = (double)p->functions[i].self_samples;
        c.spread = fmax(p->functions[i].spread, 1);
    }
    return c;
}

struct both {
    const struct profile *before, *after;
};

static struct profile_pair pair_of(const struct both *x, uint32_t before, uint32_t after)
{
    struct profile_pair r = {.before = before, .after = after, .low = NAN, .high = NAN, .order = NAN};
    r.share_before = share_in(x->before, before);
    r.share_after = share_in(x->after, after);
    r.delta = r.share_after - r.share_before;
    return r;
}

static struct profile_comparison pairs_of(const struct both *x)
{
    struct profile_comparison c = {.pairs = mem_array(x->before->n + x->after->n + 1, sizeof *c.pairs)};
    uint8_t *seen = mem_array(x->before->n + 1, 1);
    for (uint32_t i = 0; i < x->after->n; i++) {
        uint32_t k = find_function(x->before, &x->after->functions[i]);
        c.pairs[c.n++] = pair_of(x, k, i);
        if (k != PROFILE_NO_FUNCTION)
            seen[k] = 1;
    }
    for (uint32_t k = 0; k < x->before->n; k++)
        if (!seen[k])
            c.pairs[c.n++] = pair_of(x, k, PROFILE_NO_FUNCTION);
    free(seen);
    return c;
}

/* ---- which changed ---- */

struct tested {
    size_t pair;
    double p;
};

static int by_p(const void *a, const void *b)
{
    const struct tested *x = a, *y = b;
    return x->p < y->p ? -1 : x->p > y->p ? 1 : x->pair < y->pair ? -1 : x->pair > y->pair;
}

struct ratio {
    double value, weight;
};

static int by_value(const void *a, const void *b)
{
    const struct ratio *x = a, *y = b;
    return x->value < y->value ? -1 : x->value > y->value;
}

/* How many times as many samples the function in the middle has: what happened to all of them. */
static double usual_factor(const struct both *x, const struct profile_comparison *c)
{
    struct ratio *r = mem_array(c->n + 1, sizeof *r);
    double factor = (double)x->after->samples / (double)x->before->samples, sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct counted a = count_in(x->before, c->pairs[i].before), b = count_in(x->after, c->pairs[i].after);
        if (a.n < ENOUGH || b.n < ENOUGH)
            continue;
        r[n++] = (struct ratio){.value = b.n / a.n, .weight = sqrt(a.n + b.n)};
        sum += r[n - 1].weight;
    }
    qsort(r, n, sizeof *r, by_value);
    double below = 0;
    for (size_t i = 0; n >= 3 && i < n; below += r[i++].weight)
        if (below <= sum / 2)
            factor = r[i].value;
    free(r);
    return factor;
}

static enum profile_change called(const struct both *x, const struct profile_pair *r)
{
    double a = count_in(x->before, r->before).n, b = count_in(x->after, r->after).n;
    return a <= 0 ? CHANGE_NEW : b <= 0 ? CHANGE_GONE : r->delta > 0 ? CHANGE_GREW : CHANGE_SHRANK;
}

/* Both must say so: that its share changed, and that it changed otherwise than the usual function, in the
 * same direction. */
static double chance(struct counted a, struct counted b, double factor)
{
    bool share = b.n / b.all > a.n / a.all, count = b.n > factor * a.n;
    return share != count ? 1 : fmax(shares_differ(a, b), counts_differ(a, b, factor));
}

/* Holm: the k-th smallest of m must be below WRONG / (m - k); the first that is not ends it. */
static void call_changes(const struct both *x, struct profile_comparison *c, double factor)
{
    struct tested *t = mem_array(c->n + 1, sizeof *t);
    for (size_t i = 0; i < c->n; i++) {
        struct profile_pair *r = &c->pairs[i];
        struct counted a = count_in(x->before, r->before), b = count_in(x->after, r->after);
        double half = 1.959964 * sqrt(error_of(a, a.n / a.all) + error_of(b, b.n / b.all));
        r->change = CHANGE_SAME;
        r->low = r->delta - half;
        r->high = r->delta + half;
        if (a.n + b.n >= ENOUGH)
            t[c->tested++] = (struct tested){.pair = i, .p = chance(a, b, factor)};
    }
    qsort(t, c->tested, sizeof *t, by_p);
    for (size_t k = 0; k < c->tested && t[k].p * (double)(c->tested - k) <= WRONG; k++)
        c->pairs[t[k].pair].change = called(x, &c->pairs[t[k].pair]);
    free(t);
}

/* ---- moved cost ---- */

/* Which functions call one, and which it calls: a byte of each of a profile's functions. */
struct relatives {
    uint8_t *callers, *callees;
};

static struct relatives relatives_of(const struct profile *p, uint32_t f)
{
    struct relatives r = {.callers = mem_array(p->n + 1, 1), .callees = mem_array(p->n + 1, 1)};
    for (size_t i = 1; i < p->n_nodes; i++) {
        uint32_t parent = p->nodes[i].parent,
                 above = parent ? p->nodes[parent].function : PROFILE_NO_FUNCTION;
        if (p->nodes[i].function == f && parent)
            r.callers[above] = 1;
        if (above == f)
            r.callees[p->nodes[i].function] = 1;
    }
    return r;
}

static void relatives_free(struct relatives *r)
{
    free(r->callers);
    free(r->callees);
}

static bool related_in(const struct profile *p, uint32_t f, uint32_t g)
{
    if (f == PROFILE_NO_FUNCTION || g == PROFILE_NO_FUNCTION)
        return false;
    struct relatives a = relatives_of(p, f), b = relatives_of(p, g);
    bool related = a.callers[g] || a.callees[g];
    for (size_t i = 0; i < p->n && !related; i++)
        related = a.callers[i] && b.callers[i];
    relatives_free(&a);
    relatives_free(&b);
    return related;
}

/* One that is not there has no caller: what it calls, or who calls it, is looked up where it is. Its relation
 * to a function of the other profile is by that function's callers there. */
static bool related(const struct both *x, const struct profile_pair *f, const struct profile_pair *g)
{
    if (related_in(x->before, f->before, g->before) || related_in(x->after, f->after, g->after))
        return true;
    const struct profile_pair *gone = f->after == PROFILE_NO_FUNCTION ? f : g, *fresh = gone == f ? g : f;
    if (gone->after != PROFILE_NO_FUNCTION || fresh->before != PROFILE_NO_FUNCTION)
        return false;
    struct relatives a = relatives_of(x->before, gone->before), b = relatives_of(x->after, fresh->after);
    bool same = false; /* one took the other's place below the same caller */
    for (uint32_t i = 0; i < x->before->n && !same; i++) {
        uint32_t k = a.callers[i] ? find_function(x->after, &x->before->functions[i]) : PROFILE_NO_FUNCTION;
        same = k != PROFILE_NO_FUNCTION && b.callers[k];
    }
    relatives_free(&a);
    relatives_free(&b);
    return same;
}

/* Together they changed like all others. */
static bool make_up(const struct both *x, const struct profile_pair *f, const struct profile_pair *g,
                    double factor)
{
    struct counted a = count_in(x->before, f->before), b = count_in(x->after, f->after);
    struct counted c = count_in(x->before, g->before), d = count_in(x->after, g->after);
    double own = b.n - factor * a.n, other = d.n - factor * c.n;
    a = (struct counted){a.n + c.n, a.all, fmax(a.spread, c.spread)};
    b = (struct counted){b.n + d.n, b.all, fmax(b.spread, d.spread)};
    return own * other < 0 && fabs(own + other) <= fmax(fabs(own), fabs(other)) / 4 &&
           counts_differ(a, b, factor) > WRONG;
}

static const char *name_of(const struct both *x, const struct profile_pair *r)
{
    return r->after != PROFILE_NO_FUNCTION ? x->after->functions[r->after].name
                                           : x->before->functions[r->before].name;
}

static int by_change(const void *a, const void *b, void *pairs)
{
    const struct profile_pair *p = pairs;
    double x = fabs(p[*(const size_t *)a].delta), y = fabs(p[*(const size_t *)b].delta);
    return x > y ? -1 : x < y;
}

static void find_moved(const struct both *x, struct profile_comparison *c, double factor)
{
    size_t *changed = mem_array(c->n + 1, sizeof *changed), n = 0;
    for (size_t i = 0; i < c->n; i++)
        if (c->pairs[i].change != CHANGE_SAME)
            changed[n++] = i;
    qsort_r(changed, n, sizeof *changed, by_change, c->pairs);
    n = MIN(n, (size_t)PARTNERS);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            struct profile_pair *f = &c->pairs[changed[i]], *g = &c->pairs[changed[k]];
            if (f->change == CHANGE_MOVED || g->change == CHANGE_MOVED || !make_up(x, f, g, factor) ||
                !related(x, f, g))
                continue;
            f->change = g->change = CHANGE_MOVED;
            f->moved_to = name_of(x, g);
            g->moved_to = name_of(x, f);
        }
    free(changed);
}

struct profile_comparison profile_compare(const struct profile *before, const struct profile *after)
{
    struct both x = {before, after};
    struct profile_comparison c = pairs_of(&x);
    if (before->counted && after->counted && before->samples > 0 && after->samples > 0) {
        double factor = usual_factor(&x, &c);
        call_changes(&x, &c, factor);
        find_moved(&x, &c, factor);
    }
    return c;
}

void profile_compare_load(struct profile_comparison *c, const struct profile *before,
                          const struct profile *after, struct profile_load load)
{
    struct both x = {before, after};
    double seconds = (double)after->duration_ns / (double)before->duration_ns,
           factor = load.after / load.before, rate = factor / seconds;
    if (before->duration_ns <= 0 || after->duration_ns <= 0 || !(load.before > 0 && load.after > 0) ||
        rate < 1.2 || !before->counted || !after->counted)
        return;
    struct tested *t = mem_array(c->n + 1, sizeof *t);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct counted a = count_in(before, c->pairs[i].before), b = count_in(after, c->pairs[i].after);
        if (a.n >= ENOUGH / 2.0 && a.n + b.n >= ENOUGH)
            t[n++] = (struct tested){.pair = i, .p = b.n > factor * a.n ? counts_differ(a, b, factor) : 1};
    }
    qsort(t, n, sizeof *t, by_p);
    for (size_t k = 0; k < n && t[k].p * (double)(n - k) <= WRONG; k++) {
        struct profile_pair *r = &c->pairs[t[k].pair];
        double more = count_in(x.after, r->after).n / count_in(x.before, r->before).n / seconds;
        r->order = log(more) / log(rate);
    }
    free(t);
}

void profile_comparison_free(struct profile_comparison *c)
{
    free(c->pairs);
    *c = (struct profile_comparison){0};
}
