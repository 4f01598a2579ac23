/* signals_metrics.c - samples of the metrics that figures name, every label set by itself. */
#include "core/goals/signals_private.h"

#include <math.h>
#include <stdlib.h>

#include "core/labels.h"

enum { SERIES_MAX = 20000, LOOK_EVERY = 65536, LABEL_BYTES = 512 };

struct sample {
    sd_time at;
    double value, sum, max; /* of a history the last of several, their sum, the largest */
    int64_t n;
};
struct metric_series {
    const char *labels; /* with the origin's where another has the same */
    const char *host;
    const char *unit;
    bool counter, ordered;
    sd_time first;
    struct sample *samples;
    size_t n, cap;
    size_t name;
};
struct metric_name {
    int64_t window_ns;
    sd_time kept_from;
    uint32_t *series;
    size_t n, cap;
};
/* Which series a figure is of. */
struct metric_group {
    uint32_t name;
    struct goal_match match;
    uint32_t *series; /* by their labels */
    size_t n, cap;
    size_t seen; /* of the name's series */
};
struct told_metrics {
    struct signals *s;
    struct arena *arena;
    struct name_index names, keys; /* wanted; "name\x1forigin\x1flabels" */
    struct metric_name *of_name;
    size_t cap_names;
    struct name_index shown; /* "name\x1flabels", so that no two have the same */
    struct metric_series *series;
    size_t cap_series, since_look;
    struct metric_group *groups;
    size_t n_groups, cap_groups;
    struct strbuf key;
};

struct told_metrics *told_metrics_new(struct signals *s)
{
    struct told_metrics *m = mem_alloc(sizeof *m);
    m->s = s;
    m->arena = arena_new();
    return m;
}

void told_metrics_clear(struct told_metrics *m)
{
    for (size_t i = 0; i < m->keys.n; i++)
        free(m->series[i].samples);
    name_index_clear(&m->keys);
    name_index_clear(&m->shown);
    for (size_t i = 0; i < m->names.n; i++) {
        m->of_name[i].n = 0;
        m->of_name[i].kept_from = SD_UNKNOWN;
    }
    for (size_t i = 0; i < m->n_groups; i++)
        m->groups[i].n = m->groups[i].seen = 0;
    arena_free(m->arena);
    m->arena = arena_new();
}

void told_metrics_free(struct told_metrics *m)
{
    told_metrics_clear(m);
    for (size_t i = 0; i < m->names.n; i++)
        free(m->of_name[i].series);
    for (size_t i = 0; i < m->n_groups; i++)
        free(m->groups[i].series);
    free(m->of_name);
    free(m->series);
    free(m->groups);
    name_index_free(&m->names);
    name_index_free(&m->keys);
    name_index_free(&m->shown);
    strbuf_free(&m->key);
    arena_free(m->arena);
    free(m);
}

void told_metrics_want(struct told_metrics *m, const struct goal_figure *f, int64_t window_ns)
{
    size_t known = m->names.n;
    uint32_t i = name_index_of(&m->names, f->metric);
    if (i == known) {
        m->of_name = mem_grow(m->of_name, i, &m->cap_names, sizeof *m->of_name);
        m->of_name[i] = (struct metric_name){.kept_from = SD_UNKNOWN};
    }
    m->of_name[i].window_ns = MAX(m->of_name[i].window_ns, window_ns);
}

/* ---- samples ---- */

static const char *host_of(struct told_metrics *m, const struct sd_batch *b, const char *labels)
{
    char host[LABEL_BYTES];
    const char *named = label_value(labels, "host", host, sizeof host) ? host : NULL;
    return arena_strdup(m->arena, signals_host_of(m->s, b, named));
}

/* As the source wrote them; where two sources have the same, with the name of the later one. */
static const char *shown_labels(struct told_metrics *m, const struct sd_batch *b, const char *name,
                                const char *labels)
{
    struct strbuf text = {0};
    strbuf_str(&text, labels ? labels : "");
    strbuf_clear(&m->key);
    strbuf_printf(&m->key, "%s\x1f%s", name, strbuf_text(&text));
    if (name_index_find(&m->shown, m->key.text) != NAME_NONE) {
        label_add(&text, "origin", batch_origin(b));
        strbuf_clear(&m->key);
        strbuf_printf(&m->key, "%s\x1f%s", name, text.text);
    }
    name_index_of_bytes(&m->shown, m->key.text, m->key.len, m->arena);
    const char *out = arena_strdup(m->arena, strbuf_text(&text));
    strbuf_free(&text);
    return out;
}

static struct metric_series *series_of(struct told_metrics *m, const struct sd_batch *b,
                                       const struct sd_metric *r, uint32_t name)
{
    strbuf_clear(&m->key);
    strbuf_printf(&m->key, "%s\x1f%s\x1f%s", r->name, batch_origin(b) ? batch_origin(b) : "",
                  r->labels ? r->labels : "");
    uint32_t i = name_index_find(&m->keys, m->key.text);
    if (i != NAME_NONE)
        return &m->series[i];
    if (m->keys.n >= SERIES_MAX) {
        signals_note(m->s, "Not all label sets of metrics are watched: there are too many.");
        return NULL;
    }
    i = name_index_of_bytes(&m->keys, m->key.text, m->key.len, m->arena);
    if (i >= m->cap_series)
        m->series = mem_grow(m->series, i, &m->cap_series, sizeof *m->series);
    struct metric_series *x = &m->series[i];
    *x =
        (struct metric_series){.counter = r->counter == 1, .ordered = true, .first = INT64_MAX, .name = name};
    x->labels = shown_labels(m, b, r->name, r->labels);
    x->host = host_of(m, b, r->labels);
    x->unit = r->unit ? arena_strdup(m->arena, r->unit) : "";
    if (x->counter)
        x->unit =
            *x->unit && !str_eq(x->unit, "count") ? arena_printf(m->arena, "%s_per_s", x->unit) : "per_s";
    struct metric_name *of = &m->of_name[name];
    of->series = mem_grow(of->series, of->n, &of->cap, sizeof *of->series);
    of->series[of->n++] = i;
    return x;
}

static struct sample sample_of(const struct sd_metric *r, sd_time at)
{
    bool several = r->samples > 0; /* unknown is negative */
    int64_t n = several ? r->samples : 1;
    return (struct sample){.at = at,
                           .value = r->value,
                           .sum = several && isfinite(r->sum) ? r->sum : r->value * (double)n,
                           .max = several ? fmax(r->max, r->value) : r->value,
                           .n = n};
}

void told_metrics_take(struct told_metrics *m, const struct sd_batch *b)
{
    const struct sd_metric *r;
    if (!m->names.n || !(batch_kinds(b) & SD_KIND_BIT(SD_METRIC)))
        return;
    for (size_t i = 0; (r = batch_each(b, SD_METRIC, &i));) {
        uint32_t name = r->name ? name_index_find(&m->names, r->name) : NAME_NONE;
        struct metric_series *x = name == NAME_NONE ? NULL : series_of(m, b, r, name);
        if (!x || !isfinite(r->value))
            continue;
        sd_time at = batch_time(b);
        x->samples = mem_grow(x->samples, x->n, &x->cap, sizeof *x->samples);
        x->ordered &= !x->n || x->samples[x->n - 1].at <= at;
        x->samples[x->n++] = sample_of(r, at);
        x->first = MIN(x->first, at);
        m->since_look++;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static size_t until(struct metric_series *x, sd_time at)
{
    if (!x->ordered)
        qsort(x->samples, x->n, sizeof *x->samples, by_time);
    x->ordered = true;
    return moments_until(x->samples, x->n, sizeof *x->samples, at);
}

/* ---- what is kept ---- */

size_t told_metrics_bytes(const struct told_metrics *m)
{
    size_t sum = arena_bytes(m->arena) + m->cap_series * sizeof *m->series;
    for (size_t i = 0; i < m->keys.n; i++)
        sum += m->series[i].cap * sizeof(struct sample);
    return sum;
}

/* The last one before stays: what a counter grew from. */
static void series_drop(struct metric_series *x, sd_time before)
{
    size_t n = until(x, before);
    if (n < 2)
        return;
    memmove(x->samples, x->samples + n - 1, (x->n - n + 1) * sizeof *x->samples);
    x->n -= n - 1;
}

void told_metrics_keep(struct told_metrics *m, sd_time last)
{
    for (size_t i = 0; i < m->names.n && m->s->limits.keep_ns < INT64_MAX; i++) {
        struct metric_name *of = &m->of_name[i];
        sd_time before = add_sat(last, -add_sat(of->window_ns, m->s->limits.keep_ns));
        if (sd_known(of->kept_from) && add_sat(before, -of->kept_from) < of->window_ns / 4)
            continue;
        of->kept_from = before;
        for (size_t k = 0; k < of->n; k++)
            series_drop(&m->series[of->series[k]], before);
    }
    if (m->since_look < LOOK_EVERY)
        return;
    m->since_look = 0;
    if (told_metrics_bytes(m) <= m->s->limits.max_bytes / 2)
        return;
    signals_note(m->s,
                 "The oldest samples of metrics were left out of the figures: there was no memory for all.");
    for (size_t i = 0; i < m->keys.n; i++) {
        struct metric_series *x = &m->series[i];
        if (x->n > 2)
            series_drop(x, x->samples[x->n / 2].at);
        x->cap = MAX(x->n, 1);
        x->samples = mem_realloc(x->samples, x->cap * sizeof *x->samples);
    }
}

/* ---- asked ---- */

static bool matches(const struct goal_match *g, const struct metric_series *x)
{
    char value[LABEL_BYTES];
    struct goal_match rest = {
        .method = g->method, .route = g->route, .alert = g->alert, .severity = g->severity};
    bool all = goal_match_http(&rest, NULL, NULL, NULL) &&
               hop_match(g->host ? g->host : "*", x->host ? x->host : "") &&
               hop_match(g->instance ? g->instance : "*", x->labels);
    for (size_t i = 0; all && i < g->n_labels; i++) {
        label_value(x->labels, g->labels[i].name, value, sizeof value);
        all = hop_match(g->labels[i].pattern, value);
    }
    return all;
}

static struct metric_group *group_of(struct told_metrics *m, uint32_t name, const struct goal_match *match)
{
    for (size_t i = 0; i < m->n_groups; i++)
        if (m->groups[i].name == name && same_match(&m->groups[i].match, match))
            return &m->groups[i];
    m->groups = mem_grow(m->groups, m->n_groups, &m->cap_groups, sizeof *m->groups);
    m->groups[m->n_groups] = (struct metric_group){.name = name, .match = *match};
    return &m->groups[m->n_groups++];
}

/* New series of the name go to their place. */
static void gather(struct told_metrics *m, struct metric_group *g)
{
    const struct metric_name *of = &m->of_name[g->name];
    for (; g->seen < of->n; g->seen++) {
        uint32_t i = of->series[g->seen];
        if (!matches(&g->match, &m->series[i]))
            continue;
        g->series = mem_grow(g->series, g->n, &g->cap, sizeof *g->series);
        size_t k = g->n++;
        for (; k > 0 && strcmp(m->series[g->series[k - 1]].labels, m->series[i].labels) > 0; k--)
            g->series[k] = g->series[k - 1];
        g->series[k] = i;
    }
}

/* The largest of several is what the counter had reached before it began anew. */
static double grown_to(const struct sample *from, const struct sample *to)
{
    double top = fmax(to->max, to->value);
    return (top < from->value ? top : top - from->value) + (top > to->value ? to->value : 0);
}

static int64_t count_samples(const struct metric_series *x, size_t lo, size_t hi)
{
    int64_t n = 0;
    for (size_t i = lo; i < hi; i++)
        n = add_sat(n, x->samples[i].n);
    return n;
}

static void growth(const struct metric_series *x, size_t lo, size_t hi, struct signal_value *v)
{
    size_t from = lo ? lo - 1 : 0;
    double sum = 0;
    v->basis = "rate";
    if (hi <= from + 1 || hi <= lo)
        return;
    for (size_t i = from + 1; i < hi; i++)
        sum += grown_to(&x->samples[i - 1], &x->samples[i]);
    double seconds = (double)(x->samples[hi - 1].at - x->samples[from].at) / 1e9;
    if (seconds > 0)
        v->value = sum / seconds;
}

static void aggregated(const struct metric_series *x, enum goal_aggregate how, size_t lo, size_t hi,
                       struct signal_value *v)
{
    static const char *const NAMES[] = {[GOAL_MEAN] = "mean", [GOAL_MAX] = "max", [GOAL_LAST] = "last"};
    double sum = 0, most = -INFINITY;
    v->basis = NAMES[how];
    if (lo >= hi)
        return;
    for (size_t i = lo; i < hi; i++) {
        sum += x->samples[i].sum;
        most = fmax(most, x->samples[i].max);
    }
    v->value = how == GOAL_MAX    ? most
               : how == GOAL_LAST ? x->samples[hi - 1].value
                                  : sum / (double)count_samples(x, lo, hi);
}

size_t told_metrics_values(struct told_metrics *m, const struct goal_figure *f, sd_time at, int64_t window_ns,
                           struct signal_value *out, size_t max)
{
    uint32_t name = f->metric ? name_index_find(&m->names, f->metric) : NAME_NONE;
    size_t n = 0;
    if (name == NAME_NONE)
        return 0;
    struct metric_group *g = group_of(m, name, &f->match);
    gather(m, g);
    for (size_t i = 0; i < g->n && n < max; i++) {
        struct metric_series *x = &m->series[g->series[i]];
        if (x->first > at)
            continue;
        size_t lo = until(x, add_sat(at, -window_ns)), hi = until(x, at);
        struct signal_value *v = &out[n++];
        *v = (struct signal_value){.instance = *x->labels ? x->labels : NULL,
                                   .value = (double)NAN,
                                   .unit = x->unit,
                                   .samples = count_samples(x, lo, hi),
                                   .at = hi > lo ? x->samples[hi - 1].at : SD_UNKNOWN};
        if (x->counter)
            growth(x, lo, hi, v);
        else
            aggregated(x, f->aggregate, lo, hi, v);
    }
    return n;
}

size_t told_metrics_most(struct told_metrics *m, const struct goal_figure *f)
{
    uint32_t name = f->metric ? name_index_find(&m->names, f->metric) : NAME_NONE;
    return name == NAME_NONE ? 0 : m->of_name[name].n;
}
