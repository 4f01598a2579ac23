/* metrics.c - metrics: samples in, values and rates out. */
#include "core/model/parts.h"

enum { POINTS_MAX = 16384, KEY_BYTES = 8192 };

struct point {
    sd_time at;
    double value;
};
/* The samples that a point of a history stands for; its value is the last of them. */
struct sampled {
    int64_t n;
    double sum, min, max;
};
struct series {
    char *key; /* origin \x1f name \x1f labels */
    char unit[8];
    struct point *points;
    struct sampled *sampled; /* beside the points, with the same room; NULL: each is one sample */
    size_t n, cap;
    bool counter;
    UT_hash_handle hh;
};

struct metrics {
    struct series *hash;
    size_t n, bytes;  /* of series and their keys */
    int64_t left_out; /* samples of series that had no room */
};

static size_t key_of(char out[KEY_BYTES], const char *origin, const char *name, const char *labels)
{
    int n = snprintf(out, KEY_BYTES, "%s\x1f%s\x1f%s", origin ? origin : "", name ? name : "",
                     labels ? labels : "");
    return n < 0 ? 0 : MIN((size_t)n, (size_t)KEY_BYTES - 1);
}

static void resize(struct part *p, struct series *s, size_t want)
{
    s->points = model_resize(p, s->points, s->cap, want, sizeof *s->points);
    if (s->sampled)
        s->sampled = model_resize(p, s->sampled, s->cap, want, sizeof *s->sampled);
    s->cap = want;
}

static void fit(struct part *p, struct series *s)
{
    if (s->cap > s->n + s->n / 4 + 16)
        resize(p, s, s->n + s->n / 8 + 4);
}

/* `n` points from index `from` to index `to`. */
static void move(struct series *s, size_t to, size_t from, size_t n)
{
    memmove(s->points + to, s->points + from, n * sizeof *s->points);
    if (s->sampled)
        memmove(s->sampled + to, s->sampled + from, n * sizeof *s->sampled);
}

static struct sampled sampled_at(const struct series *s, size_t i)
{
    double v = s->points[i].value;
    return s->sampled ? s->sampled[i] : (struct sampled){.n = !isnan(v), .sum = isnan(v) ? 0 : v, v, v};
}

static struct sampled both(struct sampled a, struct sampled b)
{
    return (struct sampled){add_sat(a.n, b.n), a.sum + b.sum, fmin(a.min, b.min), fmax(a.max, b.max)};
}

/* Leaves out every second point up to index `end`; of a history the next one then stands for both. */
static bool halve(struct part *p, struct series *s, size_t end)
{
    size_t kept = 0, before = s->n;
    for (size_t i = 0; i < s->n; i++) {
        if (i >= end || i % 2 || i + 1 == s->n)
            move(s, kept++, i, 1);
        else if (s->sampled)
            s->sampled[i + 1] = both(s->sampled[i], s->sampled[i + 1]);
    }
    s->n = kept;
    fit(p, s);
    return kept < before;
}

/* From now on each point says what it stands for. */
static void be_sampled(struct part *p, struct series *s)
{
    if (s->sampled)
        return;
    struct sampled *all = model_resize(p, NULL, 0, s->cap, sizeof *all);
    for (size_t i = 0; i < s->n; i++)
        all[i] = sampled_at(s, i);
    s->sampled = all;
}

static struct sampled sampled_of(const struct sd_metric *r)
{
    double v = r->value;
    if (r->samples < 1)
        return (struct sampled){.n = !isnan(v), .sum = isnan(v) ? 0 : v, v, v};
    return (struct sampled){r->samples, isfinite(r->sum) ? r->sum : v * (double)r->samples, fmin(r->min, v),
                            fmax(r->max, v)};
}

static void put(struct series *s, size_t i, const struct sd_metric *r, sd_time at)
{
    s->points[i] = (struct point){.at = at, .value = r->value};
    if (s->sampled)
        s->sampled[i] = sampled_of(r);
}

static void metric_add(struct part *p, const struct sd_batch *b, const struct sd_metric *r)
{
    struct metrics *x = p->state;
    char key[KEY_BYTES];
    size_t n = key_of(key, batch_origin(b), r->name, r->labels);
    struct series *s;
    HASH_FIND(hh, x->hash, key, n, s);
    if (!s) {
        size_t takes = sizeof *s + n + 1;
        if (x->n >= p->most || x->bytes + takes > p->share / 2) {
            x->left_out = add_sat(x->left_out, 1);
            return;
        }
        x->bytes += takes;
        s = model_take(p, sizeof *s);
        s->key = model_strdup(p, key, n);
        HASH_ADD_KEYPTR(hh, x->hash, s->key, n, s);
        x->n++;
    }
    s->counter = r->counter == 1;
    snprintf(s->unit, sizeof s->unit, "%s", r->unit ? r->unit : "");
    if (s->n >= POINTS_MAX)
        halve(p, s, s->n / 2);
    sd_time at = batch_time(b);
    size_t i = s->n;
    while (i > 0 && s->points[i - 1].at > at)
        i--;
    if (s->n == s->cap)
        resize(p, s, s->cap ? s->cap * 2 : 4);
    if (r->samples > 0) /* unknown is negative */
        be_sampled(p, s);
    if (i > 0 && s->points[i - 1].at == at) {
        put(s, i - 1, r, at);
        return;
    }
    move(s, i + 1, i, s->n - i);
    put(s, i, r, at);
    s->n++;
}

static void metrics_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    const struct sd_metric *r;
    (void)o;
    for (size_t i = 0; (r = batch_each(b, SD_METRIC, &i));)
        metric_add(p, b, r);
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

static void metrics_drop(struct part *p, sd_time before)
{
    struct metrics *x = p->state;
    for (struct series *s = x->hash; s; s = s->hh.next) {
        size_t n = upto(s, before);
        if (n < 2)
            continue; /* the last one before is still the value of then */
        move(s, 0, n - 1, s->n - n + 1);
        s->n -= n - 1;
        fit(p, s);
    }
}

static bool metrics_thin(struct part *p, sd_time before)
{
    struct metrics *x = p->state;
    bool any = false;
    for (struct series *s = x->hash; s; s = s->hh.next) {
        size_t n = upto(s, before);
        if (n > 8)
            any |= halve(p, s, n);
    }
    return any;
}

/* The older half of the longest series, then all that is not the newest. */
static bool metrics_less(struct part *p, size_t want)
{
    struct metrics *x = p->state;
    const struct series *longest = x->hash;
    size_t held = p->bytes;
    for (const struct series *s = x->hash; s; s = s->hh.next)
        if (s->n > longest->n)
            longest = s;
    if (!longest || !longest->n)
        return false;
    metrics_thin(p, longest->points[longest->n / 2].at);
    while (p->bytes > want && p->bytes == held && metrics_thin(p, p->model->last))
        ;
    return p->bytes < held;
}

static void metrics_clear(struct part *p)
{
    struct metrics *x = p->state;
    struct series *s, *next;
    HASH_ITER(hh, x->hash, s, next)
    {
        HASH_DEL(x->hash, s);
        resize(p, s, 0);
        model_strfree(p, s->key);
        model_give(p, s, sizeof *s);
    }
}

const struct domain metrics_domain = {
    .name = "metrics",
    .kinds = SD_KIND_BIT(SD_METRIC),
    .is_data = true,
    .state_size = sizeof(struct metrics),
    .apply = metrics_apply,
    .drop = metrics_drop,
    .less = metrics_less,
    .clear = metrics_clear,
};

static const struct series *find_series(const struct model *m, const char *origin, const char *name,
                                        const char *labels)
{
    char key[KEY_BYTES];
    size_t n = key_of(key, origin, name, labels);
    const struct metrics *x = m->parts[DOMAIN_metrics].state;
    struct series *s;
    HASH_FIND(hh, x->hash, key, n, s);
    return s;
}

double model_metric(const struct model *m, const char *origin, const char *name, const char *labels,
                    sd_time at)
{
    const struct series *s = find_series(m, origin, name, labels);
    size_t n = s ? upto(s, at) : 0;
    return n ? s->points[n - 1].value : (double)NAN;
}

size_t model_metric_entries(const struct model *m, const char *name, sd_time now, struct metric_entry *out,
                            size_t max)
{
    const struct metrics *x = m->parts[DOMAIN_metrics].state;
    size_t n = 0, len = strlen(name);
    for (const struct series *s = x->hash; s && n < max; s = s->hh.next) {
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

/* From one value of a counter to the next, which may be the last of several: the largest of them is then what
 * was reached before it began anew. */
static double grown_to(const struct series *s, size_t i)
{
    double from = s->points[i - 1].value, to = s->points[i].value, top = to;
    if (s->sampled && s->sampled[i].max > to)
        top = s->sampled[i].max;
    return (top < from ? top : top - from) + (top > to ? to : 0);
}

/* Growth per second from point lo to point hi; a fall is a restart from 0. What lies beside a sample without
 * a value is unknown: neither its growth nor its time counts. */
static double growth(const struct series *s, size_t lo, size_t hi)
{
    double grown = 0, time = 0;
    for (size_t i = lo + 1; i <= hi; i++) {
        const struct point *from = &s->points[i - 1], *to = &s->points[i];
        if (isnan(to->value - from->value))
            continue;
        grown += grown_to(s, i);
        time += (double)to->at - (double)from->at;
    }
    return time > 0 ? grown / (time / (double)SD_S) : (double)NAN;
}

/* Between the samples around the span. */
static double rate(const struct series *s, struct span span)
{
    size_t lo = upto(s, span.from), hi = upto(s, span.to);
    lo = lo ? lo - 1 : 0;
    hi = MIN(hi, s->n ? s->n - 1 : 0);
    if (hi > lo + 1 && s->points[hi].at > span.to && s->points[hi - 1].at >= span.to)
        hi--;
    return growth(s, lo, hi);
}

double model_metric_rate(const struct model *m, const char *origin, const char *name, const char *labels,
                         struct span span)
{
    const struct series *s = find_series(m, origin, name, labels);
    return s ? rate(s, span) : (double)NAN;
}

static void over_time(const struct model *m, const struct series *s, struct span span, size_t n, double *out)
{
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

void model_metric_series(const struct model *m, const char *origin, const char *name, const char *labels,
                         struct span span, size_t n, double *out)
{
    over_time(m, find_series(m, origin, name, labels), span, n, out);
}

void metric_series(const struct model *m, const struct metric_info *e, struct span span, size_t n,
                   double *out)
{
    over_time(m, e->series, span, n, out);
}

size_t model_metric_named(const struct model *m, const char *prefix, struct metric_info *out, size_t max)
{
    const struct metrics *x = m->parts[DOMAIN_metrics].state;
    size_t n = 0, len = strlen(prefix);
    for (const struct series *s = x->hash; s && n < max; s = s->hh.next) {
        char *name = strchr(s->key, 0x1f), *labels = name ? strchr(name + 1, 0x1f) : NULL;
        if (labels && !strncmp(name + 1, prefix, len))
            out[n++] = (struct metric_info){.origin = s->key,
                                            .origin_len = (size_t)(name - s->key),
                                            .name = name + 1,
                                            .name_len = (size_t)(labels - name - 1),
                                            .labels = labels + 1,
                                            .unit = *s->unit ? s->unit : NULL,
                                            .counter = s->counter,
                                            .series = s};
    }
    return n;
}

size_t model_metric_all(const struct model *m, struct metric_info *out, size_t max)
{
    return model_metric_named(m, "", out, max);
}

size_t model_metric_count(const struct model *m, int64_t *left_out)
{
    const struct metrics *x = m->parts[DOMAIN_metrics].state;
    *left_out = x->left_out;
    return x->n;
}

bool metric_now(const struct metric_info *e, sd_time now, double *value, sd_time *at)
{
    size_t n = upto(e->series, now);
    if (n) {
        *value = e->series->points[n - 1].value;
        *at = e->series->points[n - 1].at;
    }
    return n > 0;
}

double metric_rate(const struct metric_info *e, struct span span)
{
    return rate(e->series, span);
}

size_t metric_points(const struct metric_info *e, struct span span)
{
    size_t lo = upto(e->series, span.from - 1), hi = upto(e->series, span.to), n = 0;
    if (!e->series->sampled)
        return hi - lo;
    for (size_t i = lo; i < hi; i++)
        n += (size_t)MIN(e->series->sampled[i].n, INT32_MAX);
    return n;
}

struct span metric_seen(const struct metric_info *e, sd_time now)
{
    size_t n = upto(e->series, now);
    return n ? (struct span){e->series->points[0].at, e->series->points[n - 1].at}
             : (struct span){SD_UNKNOWN, SD_UNKNOWN};
}

/* ---- over a window ---- */

double metric_mean(const struct metric_info *e, struct span window)
{
    const struct series *s = e->series;
    struct sampled all = {.n = 0};
    for (size_t i = upto(s, window.from), end = upto(s, window.to); i < end; i++)
        all = both(all, sampled_at(s, i));
    return all.n ? all.sum / (double)all.n : (double)NAN;
}

double metric_max(const struct metric_info *e, struct span window)
{
    const struct series *s = e->series;
    double most = (double)NAN;
    for (size_t i = upto(s, window.from), end = upto(s, window.to); i < end; i++)
        most = fmax(most, sampled_at(s, i).max); /* of a NAN and a number it is the number */
    return most;
}

double metric_growth(const struct metric_info *e, struct span window)
{
    size_t lo = upto(e->series, window.from), hi = upto(e->series, window.to);
    return growth(e->series, lo ? lo - 1 : 0, hi ? hi - 1 : 0);
}
