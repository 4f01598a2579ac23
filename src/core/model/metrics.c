/* metrics.c - metrics: samples in, values and rates out. */
#include "core/model/parts.h"

enum { POINTS_MAX = 16384, KEY_BYTES = 1024 };

static size_t key_of(char out[KEY_BYTES], const char *origin, const char *name, const char *labels)
{
    int n = snprintf(out, KEY_BYTES, "%s\x1f%s\x1f%s", origin ? origin : "", name ? name : "",
                     labels ? labels : "");
    return n < 0 ? 0 : MIN((size_t)n, (size_t)KEY_BYTES - 1);
}

static void fit(struct model *m, struct series *s)
{
    if (s->cap <= 2 * s->n + 16)
        return;
    size_t want = s->n + s->n / 4 + 4;
    s->points = model_resize(m, s->points, s->cap, want, sizeof *s->points);
    s->cap = want;
}

/* Leaves out every second point up to index `end`. */
static bool halve(struct model *m, struct series *s, size_t end)
{
    size_t kept = 0, before = s->n;
    for (size_t i = 0; i < s->n; i++)
        if (i >= end || i % 2 || i + 1 == s->n)
            s->points[kept++] = s->points[i];
    s->n = kept;
    fit(m, s);
    return kept < before;
}

void series_apply(struct model *m, const struct sd_batch *b, const struct sd_metric *r)
{
    char key[KEY_BYTES];
    size_t n = key_of(key, batch_origin(b), r->name, r->labels);
    struct series *s;
    HASH_FIND(hh, m->series_hash, key, n, s);
    if (!s) {
        if (m->n_series >= MIN(m->limits.max_bytes / 16 / KEY_BYTES, 4096))
            return;
        s = model_take(m, sizeof *s);
        s->key = model_strdup(m, key, n);
        HASH_ADD_KEYPTR(hh, m->series_hash, s->key, n, s);
        m->n_series++;
    }
    s->counter = r->counter == 1;
    if (s->n >= POINTS_MAX)
        halve(m, s, s->n / 2);
    sd_time at = batch_time(b);
    size_t i = s->n;
    while (i > 0 && s->points[i - 1].at > at)
        i--;
    if (i > 0 && s->points[i - 1].at == at) {
        s->points[i - 1].value = r->value;
        return;
    }
    if (s->n == s->cap) {
        size_t want = s->cap ? s->cap * 2 : 4;
        s->points = model_resize(m, s->points, s->cap, want, sizeof *s->points);
        s->cap = want;
    }
    memmove(s->points + i + 1, s->points + i, (s->n - i) * sizeof *s->points);
    s->points[i] = (struct point){.at = at, .value = r->value};
    s->n++;
}

/* Number of points at or before `at`. */
static size_t upto(const struct series *s, sd_time at)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->points[mid].at <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void series_drop(struct model *m, sd_time before)
{
    for (struct series *s = m->series_hash; s; s = s->hh.next) {
        size_t n = upto(s, before);
        if (n < 2)
            continue; /* the last one before is still the value of then */
        memmove(s->points, s->points + n - 1, (s->n - n + 1) * sizeof *s->points);
        s->n -= n - 1;
        fit(m, s);
    }
}

bool series_thin(struct model *m, sd_time before)
{
    bool any = false;
    for (struct series *s = m->series_hash; s; s = s->hh.next) {
        size_t n = upto(s, before);
        if (n > 8)
            any |= halve(m, s, n);
    }
    return any;
}

void series_free(struct model *m)
{
    struct series *s, *next;
    HASH_ITER(hh, m->series_hash, s, next)
    {
        HASH_DEL(m->series_hash, s);
        model_resize(m, s->points, s->cap, 0, sizeof *s->points);
        model_strfree(m, s->key);
        model_give(m, s, sizeof *s);
    }
    m->n_series = 0;
}

static const struct series *find(const struct model *m, const char *origin, const char *name,
                                 const char *labels)
{
    char key[KEY_BYTES];
    size_t n = key_of(key, origin, name, labels);
    struct series *s;
    HASH_FIND(hh, m->series_hash, key, n, s);
    return s;
}

double model_metric(const struct model *m, const char *origin, const char *name, const char *labels,
                    sd_time at)
{
    const struct series *s = find(m, origin, name, labels);
    size_t n = s ? upto(s, at) : 0;
    return n ? s->points[n - 1].value : (double)NAN;
}

size_t model_metric_entries(const struct model *m, const char *name, sd_time now, struct metric_entry *out,
                            size_t max)
{
    size_t n = 0, len = strlen(name);
    for (const struct series *s = m->series_hash; s && n < max; s = s->hh.next) {
        size_t origin = strcspn(s->key, "\x1f"), points = upto(s, now);
        const char *at = s->key + origin;
        if (!points || *at != '\x1f' || strncmp(at + 1, name, len) != 0 || at[1 + len] != '\x1f')
            continue;
        out[n++] = (struct metric_entry){.origin = s->key,
                                         .origin_len = origin,
                                         .labels = at + len + 2,
                                         .value = s->points[points - 1].value,
                                         .at = s->points[points - 1].at};
    }
    return n;
}

/* Growth per second between the samples around the span; a fall is a restart from 0. */
static double rate(const struct series *s, struct span span)
{
    size_t lo = upto(s, span.from), hi = upto(s, span.to);
    lo = lo ? lo - 1 : 0;
    hi = MIN(hi, s->n ? s->n - 1 : 0);
    if (hi > lo + 1 && s->points[hi].at > span.to && s->points[hi - 1].at >= span.to)
        hi--;
    if (hi <= lo)
        return (double)NAN;
    double growth = 0;
    for (size_t i = lo + 1; i <= hi; i++) {
        double d = s->points[i].value - s->points[i - 1].value;
        growth += d < 0 ? s->points[i].value : d;
    }
    return growth / (((double)s->points[hi].at - (double)s->points[lo].at) / (double)SD_S);
}

double model_metric_rate(const struct model *m, const char *origin, const char *name, const char *labels,
                         struct span span)
{
    const struct series *s = find(m, origin, name, labels);
    return s ? rate(s, span) : (double)NAN;
}

void model_metric_series(const struct model *m, const char *origin, const char *name, const char *labels,
                         struct span span, size_t n, double *out)
{
    const struct series *s = find(m, origin, name, labels);
    struct steps st = steps_of(m, span, n);
    for (size_t k = 0; k < n; k++) {
        struct span step = steps_span(&st, k);
        out[k] = (double)NAN;
        if (!s || !s->n || step.to <= s->points[0].at || step.from > s->points[s->n - 1].at)
            continue; /* nothing is known before the first sample or after the last */
        size_t last = upto(s, step.to - 1);
        if (s->counter)
            out[k] = rate(s, step);
        else if (last)
            out[k] = s->points[last - 1].value;
    }
}
