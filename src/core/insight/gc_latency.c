/* gc_latency.c - a rank correlation and its uncertainty; what to change about a collector. */
#include "core/insight/gc_latency.h"

#include <math.h>
#include <stdlib.h>

#include "base/units.h"

struct ranked {
    double value;
    size_t at;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* Equal values share the mean of their ranks. */
static void ranks(const double *v, size_t n, double *out)
{
    struct ranked *all = mem_array(n + 1, sizeof *all);
    for (size_t i = 0; i < n; i++)
        all[i] = (struct ranked){.value = v[i], .at = i};
    qsort(all, n, sizeof *all, by_value);
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && all[k].value == all[i].value; k++)
            ;
        for (size_t j = i; j < k; j++)
            out[all[j].at] = (double)(i + k - 1) / 2;
    }
    free(all);
}

/* Of ranks. NAN: one of them does not change. */
static double pearson(const double *x, const double *y, size_t n)
{
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n; i++) {
        mx += x[i] / (double)n;
        my += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return xx > 1e-6 && yy > 1e-6 ? xy / sqrt(xx * yy) : (double)NAN;
}

static double with_itself(const double *x, size_t n)
{
    double r = n > 3 ? pearson(x, x + 1, n - 1) : 0;
    return isnan(r) ? 0 : r;
}

struct gc_correlation gc_latency(const double *gc, const double *latency, size_t n)
{
    struct gc_correlation c = {.r = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    double *v = mem_array(4 * n + 4, sizeof *v), *x = v, *y = v + n + 1, *rx = y + n + 1, *ry = rx + n + 1;
    for (size_t i = 0; i < n; i++)
        if (isfinite(gc[i]) && isfinite(latency[i])) {
            x[c.n] = gc[i];
            y[c.n++] = latency[i];
        }
    ranks(x, c.n, rx);
    ranks(y, c.n, ry);
    double both = with_itself(rx, c.n) * with_itself(ry, c.n);
    both = fmax(fmin(both, 0.95), 0); /* one that swings to and fro is not taken for more than there is */
    c.independent = (double)c.n * (1 - both) / (1 + both);
    double r = c.n >= GC_INTERVALS_LEAST ? pearson(rx, ry, c.n) : (double)NAN;
    free(v);
    if (isnan(r) || c.independent < GC_INDEPENDENT_LEAST)
        return c;
    double z = atanh(fmax(fmin(r, 0.9999), -0.9999)), se = sqrt((1 + r * r / 2) / (c.independent - 3));
    c.r = r;
    c.low = tanh(z - 1.959963984540054 * se);
    c.high = tanh(z + 1.959963984540054 * se);
    c.verdict = c.low > 0 ? GC_TOGETHER : c.high < 0 ? GC_AGAINST : GC_APART;
    return c;
}

/* ---- what to change ---- */

static void say(struct strbuf *out, const char *fmt, ...) SD_PRINTF(2, 3);
static void say(struct strbuf *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (out->len)
        strbuf_char(out, ' ');
    strbuf_vprintf(out, fmt, ap);
    va_end(ap);
}

static const char *of_language(const char *language, const char *const *pairs, const char *any)
{
    for (; *pairs; pairs += 2)
        if (str_eq(language, pairs[0]))
            return pairs[1];
    return any;
}

static const char *const LARGER[] = {"JVM",  "raise -Xmx",
                                     "Go",   "raise GOGC, with GOMEMLIMIT as the limit",
                                     "Node", "raise --max-old-space-size",
                                     ".NET", "raise the memory limit, or GCHeapHardLimit",
                                     NULL};
static const char *const YOUNG[] = {
    "JVM",    "a larger young generation (-Xmn, or MaxGCPauseMillis of G1)",
    "Go",     "a higher GOGC",
    "Node",   "a larger --max-semi-space-size",
    ".NET",   "server GC, or a larger GCgen0size",
    "Python", "higher thresholds (gc.set_threshold), or gc.freeze() after the start",
    NULL};
static const char *const SHORT[] = {
    "JVM",    "a collector with short pauses (ZGC, Shenandoah, or G1 with MaxGCPauseMillis)",
    "Go",     "fewer pointers in large maps and slices, and no CPU limit below GOMAXPROCS",
    "Node",   "a smaller old generation: keep large data outside of the heap (Buffer)",
    ".NET",   "concurrent GC (gcConcurrent)",
    "Python", "gc.freeze() after the start, so that old objects are not gone through",
    NULL};

void gc_advice(const struct gc_figures *f, const struct gc_correlation *c, struct strbuf *out)
{
    char text[UNIT_TEXT_MAX], more[UNIT_TEXT_MAX];
    bool matters = c->verdict == GC_TOGETHER || f->share >= GC_SHARE_GRAVE;
    bool full = f->after > 0 && f->max > 0 && f->after / f->max >= GC_HEAP_FULL;
    bool is_long = f->pause_ns >= GC_PAUSE_LONG || f->longest_ns >= GC_PAUSE_LONG;
    if (full && (matters || f->share >= GC_SHARE_HIGH))
        say(out,
            "After a collection %s of %s are still in use, so the next one follows soon: %s, or find what "
            "holds it.",
            unit_format(UNIT_BYTES, f->after, text), unit_format(UNIT_BYTES, f->max, more),
            of_language(f->language, LARGER, "give it more memory"));
    if (!matters)
        return;
    if (is_long)
        say(out, "Pauses last %s: try %s.",
            unit_format(UNIT_NS, f->longest_ns >= f->pause_ns ? f->longest_ns : f->pause_ns, text),
            of_language(f->language, SHORT, "a collector with shorter pauses"));
    else if (f->per_s >= GC_OFTEN)
        say(out,
            "It collects %.3g times a second: allocate less where requests are slow (a heap profile shows "
            "where), or try %s.",
            f->per_s, of_language(f->language, YOUNG, "a larger young generation"));
    else if (!full && f->share >= GC_SHARE_GRAVE)
        say(out, "%.0f %% of the time go into collection: allocate less, or %s.", f->share * 100,
            of_language(f->language, LARGER, "give it more memory"));
    if (c->verdict == GC_TOGETHER && !out->len)
        say(out, "Slow intervals are those with more collection, though it takes little time: load may be "
                 "the cause of both.");
}
