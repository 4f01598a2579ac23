#include "format/traces/otlp_metrics.h"

#include <math.h>
#include <stdlib.h>

#include "core/goals/db_families.h"
#include "core/name_index.h"
#include "core/schema.h"
#include "format/metrics/latency_labels.h"
#include "format/traces/otlp_point.h"

enum { NAME_MAX_BYTES = 256, SCALE_MIN = -10, SCALE_MAX = 20 };

/* A series, as it was told last. */
struct series {
    uint64_t start, time;
    double count, sum, value, zero;
    double *counts;
    size_t n;
    int scale, offset;
    uint64_t bounds; /* hash of them */
};

struct otlp_metrics {
    sd_time since;
    struct arena *names_in;
    struct name_index names;
    struct series *series;
    size_t cap;
    struct span_resource labels;
    struct strbuf key;
    int64_t refused, gaps;
    const char *reason;
};

struct otlp_metrics *otlp_metrics_new(sd_time since)
{
    struct otlp_metrics *m = mem_alloc(sizeof *m);
    m->since = since;
    m->names_in = arena_new();
    return m;
}

void otlp_metrics_free(struct otlp_metrics *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->names.n; i++)
        free(m->series[i].counts);
    free(m->series);
    name_index_free(&m->names);
    span_resource_free(&m->labels);
    strbuf_free(&m->key);
    arena_free(m->names_in);
    free(m);
}

static void refuse(struct otlp_metrics_call *c, const char *why)
{
    c->out->refused++;
    c->out->reason = c->m->reason = why;
    c->m->refused++;
}

/* ---- names, units and labels ---- */

struct unit {
    const char *otlp, *ours;
    double by;
};

static const struct unit *unit_of(const struct otlp_metric *metric)
{
    static const struct unit UNITS[] = {
        {"ns", "ns", 1},           {"us", "ns", 1e3},
        {"ms", "ns", 1e6},         {"s", "ns", 1e9},
        {"min", "ns", 60e9},       {"h", "ns", 3600e9},
        {"d", "ns", 86400e9},      {"By", "bytes", 1},
        {"KiBy", "bytes", 0x1p10}, {"MiBy", "bytes", 0x1p20},
        {"GiBy", "bytes", 0x1p30}, {"kBy", "bytes", 1e3},
        {"MBy", "bytes", 1e6},     {"GBy", "bytes", 1e9},
        {"%", "share", 0.01},      {"", NULL, 1},
    };
    static const struct unit COUNT = {"{}", "count", 1}, SHARE = {"1", "share", 1};
    const struct span_text *u = &metric->unit, *n = &metric->name;
    static const char USED[] = "utilization";
    for (size_t i = 0; i + 1 < ARRAY_LEN(UNITS); i++)
        if (strlen(UNITS[i].otlp) == u->n && !memcmp(UNITS[i].otlp, u->at, u->n))
            return &UNITS[i];
    if (u->n && *u->at == '{')
        return &COUNT;
    if (u->n == 1 && *u->at == '1' && n->n > sizeof USED &&
        !memcmp(n->at + n->n - (sizeof USED - 1), USED, sizeof USED - 1))
        return &SHARE;
    return &UNITS[ARRAY_LEN(UNITS) - 1];
}

static bool tells_apart(struct span_text key)
{
    static const char *const KEYS[] = {"service.name",
                                       "service.namespace",
                                       "service.instance.id",
                                       "host.name",
                                       "container.name",
                                       "k8s.pod.name",
                                       NULL};
    for (size_t i = 0; KEYS[i]; i++)
        if (strlen(KEYS[i]) == key.n && !memcmp(KEYS[i], key.at, key.n))
            return true;
    return false;
}

static bool has(const struct otlp_attributes *a, struct span_text key)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->items[i].key.n == key.n && !memcmp(a->items[i].key.at, key.at, key.n))
            return true;
    return false;
}

/* The labels of the point, and of its resource what tells one process from another; of one that has no
 * service all that it has. */
static const char *labels_of(struct otlp_metrics_call *c)
{
    struct span_resource *r = &c->m->labels;
    bool service = otlp_value_of(&c->resource, "service.name").n > 0;
    span_resource_clear(r);
    for (size_t i = 0; i < c->resource.n; i++) {
        struct otlp_attribute *of = &c->resource.items[i];
        if ((!service || tells_apart(of->key)) && !has(&c->point.attributes, of->key))
            span_resource_add(r, of->key, of->value);
    }
    for (size_t i = 0; i < c->point.attributes.n; i++)
        span_resource_add(r, c->point.attributes.items[i].key, c->point.attributes.items[i].value);
    const char *text = span_resource_text(r);
    return text ? text : "";
}

/* The row of a metric of requests' durations; NULL: it is another. Dots are underscores there, and the unit
 * may stand behind. */
static const struct latency_name *row_of(const struct otlp_metric *metric, const struct unit *unit)
{
    char family[NAME_MAX_BYTES + 32];
    size_t n = MIN(metric->name.n, (size_t)NAME_MAX_BYTES);
    if (metric->form < OTLP_EXPLICIT)
        return NULL;
    for (size_t i = 0; i < n; i++)
        family[i] = metric->name.at[i] == '.' ? '_' : metric->name.at[i];
    const struct latency_name *row = latency_name_of(family, n);
    const char *behind = unit->by >= 1e9 ? "_seconds" : "_milliseconds";
    if (!row && unit->ours && !strcmp(unit->ours, "ns")) {
        memcpy(family + n, behind, strlen(behind));
        row = latency_name_of(family, n + strlen(behind));
    }
    return row;
}

/* NULL: there are too many. */
static struct series *series_of(struct otlp_metrics_call *c, const char *labels)
{
    struct otlp_metrics *m = c->m;
    strbuf_clear(&m->key);
    strbuf_add(&m->key, c->metric.name.at, MIN(c->metric.name.n, (size_t)NAME_MAX_BYTES));
    strbuf_char(&m->key, '\n');
    strbuf_str(&m->key, labels);
    uint32_t at = name_index_find(&m->names, strbuf_text(&m->key));
    if (at == NAME_NONE && m->names.n >= OTLP_SERIES_MAX)
        return NULL;
    if (at == NAME_NONE) {
        at = name_index_of_bytes(&m->names, strbuf_text(&m->key), m->key.len, m->names_in);
        m->series = mem_grow(m->series, at, &m->cap, sizeof *m->series);
        m->series[at] = (struct series){.time = 0};
    }
    return &m->series[at];
}

/* ---- series ---- */

static sd_time moment(const struct otlp_metrics_call *c)
{
    sd_time at = otlp_time(c->point.time);
    return sd_known(at) && at <= c->now + 60 * SD_S ? at : c->now;
}

static void give_metric(struct otlp_metrics_call *c, const char *behind, const char *labels, const char *unit,
                        double value, bool counter)
{
    char name[NAME_MAX_BYTES + 16];
    snprintf(name, sizeof name, "%.*s%s", (int)MIN(c->metric.name.n, (size_t)NAME_MAX_BYTES),
             c->metric.name.at, behind);
    struct sd_metric r = {.name = name,
                          .labels = *labels ? labels : NULL,
                          .unit = unit,
                          .value = isfinite(value) && !c->point.absent ? value : (double)NAN,
                          .counter = counter};
    c->give(c->ctx, moment(c), SD_METRIC, &r);
}

/* What is told as a delta is added up. */
static double grown(const struct otlp_metrics_call *c, double *last, double now)
{
    if (c->metric.delta && isfinite(now))
        *last += now;
    return c->metric.delta ? *last : now;
}

static void take_number(struct otlp_metrics_call *c, struct series *s, const char *labels,
                        const struct unit *unit)
{
    bool sum = c->metric.form == OTLP_SUM;
    double v = c->point.value;
    give_metric(c, "", labels, unit->ours, (sum ? grown(c, &s->value, v) : v) * unit->by,
                sum && c->metric.monotonic);
}

static void take_total(struct otlp_metrics_call *c, struct series *s, const char *labels,
                       const struct unit *unit)
{
    give_metric(c, ".count", labels, "count", grown(c, &s->count, c->point.count), true);
    if (isfinite(c->point.sum))
        give_metric(c, ".sum", labels, unit->ours, grown(c, &s->sum, c->point.sum) * unit->by, true);
}

/* ---- durations of statements ---- */

static uint64_t bounds_of(const struct otlp_point *p)
{
    return str_hash(p->bounds.items, p->bounds.n * sizeof *p->bounds.items);
}

/* The labels with one more in its place by name. */
static const char *with_le(struct strbuf *out, const char *labels, double le)
{
    char text[40];
    snprintf(text, sizeof text, isinf(le) ? "+Inf" : "%.15g", le);
    bool there = false;
    strbuf_clear(out);
    while (*labels || !there) {
        size_t n = 0;
        if (!there && (!*labels || strncmp(labels, "le=", 3) > 0)) {
            strbuf_printf(out, "%sle=%s", out->len ? "," : "", text);
            there = true;
            continue;
        }
        while (labels[n] && labels[n] != ',')
            n += labels[n] == '\\' && labels[n + 1] ? 2 : 1;
        strbuf_printf(out, "%s%.*s", out->len ? "," : "", (int)n, labels);
        labels += n + (labels[n] == ',');
    }
    return out->text;
}

/* Histograms with bounds of their own, as counters of what is not above each bound, in the family's unit:
 * what goals know of db.latency (core/goals/db_families.h). */
static void take_buckets(struct otlp_metrics_call *c, struct series *s, const char *labels,
                         const struct unit *unit)
{
    const struct otlp_point *p = &c->point;
    double to_ns = db_family_unit(c->metric.name.at, c->metric.name.n), sum = 0;
    if (c->metric.form != OTLP_EXPLICIT || !(to_ns > 0) || !p->counts.n || p->absent)
        return;
    bool unit_known = unit->ours && !strcmp(unit->ours, "ns");
    if (s->n != p->counts.n || s->bounds != bounds_of(p)) {
        s->n = p->counts.n;
        s->bounds = bounds_of(p);
        free(s->counts);
        s->counts = mem_array(s->n, sizeof *s->counts);
    }
    struct strbuf text = {0};
    for (size_t i = 0; i < p->counts.n; i++) {
        sum += grown(c, &s->counts[i], p->counts.items[i]);
        double le =
            i < p->bounds.n ? p->bounds.items[i] * (unit_known ? unit->by / to_ns : 1) : (double)INFINITY;
        give_metric(c, ".bucket", with_le(&text, labels, le), "count", sum, true);
    }
    strbuf_free(&text);
}

/* ---- durations of requests ---- */

/* A coarser scale puts two, four, ... buckets together: `by` powers of two. */
static void coarsen(struct series *s, int by)
{
    size_t n = 0;
    int first = s->offset >> by;
    for (size_t i = 0; i < s->n; i++) {
        size_t at = (size_t)(((s->offset + (int)i) >> by) - first);
        double v = s->counts[i];
        if (at >= n)
            s->counts[n++] = v;
        else
            s->counts[at] += v;
    }
    s->n = n;
    s->offset = first;
    s->scale -= by;
}

static void keep(struct series *s, const struct otlp_point *p)
{
    s->start = p->start;
    s->time = p->time;
    s->count = p->count;
    s->sum = p->sum;
    s->zero = p->zero + p->negative;
    s->scale = p->scale;
    s->offset = p->offset;
    s->bounds = bounds_of(p);
    s->n = p->counts.n;
    s->counts = mem_realloc(s->counts, (s->n + 1) * sizeof *s->counts);
    memcpy(s->counts, p->counts.items, s->n * sizeof *s->counts);
}

/* What the series had in the bucket that is the i-th of the point. */
static double had_in(const struct series *s, const struct otlp_point *p, size_t i, bool exponential)
{
    int64_t at = exponential ? (int64_t)p->offset + (int64_t)i - s->offset : (int64_t)i;
    return at >= 0 && at < (int64_t)s->n ? s->counts[at] : 0;
}

/* The point less what was told before. False: what came in between is not known. */
static bool subtract(struct otlp_metrics_call *c, struct series *s, struct otlp_point *d)
{
    bool exponential = c->metric.form == OTLP_EXPONENTIAL;
    if (exponential && s->scale > d->scale)
        coarsen(s, s->scale - d->scale);
    if (exponential ? s->scale != d->scale && s->n : s->bounds != bounds_of(d) || s->n != d->counts.n)
        return false;
    for (size_t i = 0; i < d->counts.n; i++)
        d->counts.items[i] = fmax(d->counts.items[i] - had_in(s, d, i, exponential), 0);
    d->zero = fmax(d->zero + d->negative - s->zero, 0);
    d->negative = 0;
    d->count -= s->count;
    d->sum -= s->sum;
    return true;
}

/* From when on the point counts, or SD_UNKNOWN: it is only what the next one is compared with. */
static sd_time begin_of(struct otlp_metrics_call *c, struct series *s, struct otlp_point *p)
{
    sd_time start = otlp_time(p->start), last = otlp_time(s->time);
    if (c->metric.delta)
        return start;
    bool known = sd_known(last);
    if (known && p->start <= s->start && p->time <= s->time)
        return SD_UNKNOWN; /* it came late, or again */
    struct series before = *s;
    bool fresh = known && (p->start > before.time || p->count < before.count);
    sd_time from = fresh && sd_known(start) && start > last ? start : last;
    if (!known && sd_known(start) && sd_known(c->m->since) && start >= c->m->since)
        from = start;
    s->counts = NULL;
    keep(s, p);
    if (known && !fresh && !subtract(c, &before, p)) {
        c->m->gaps++;
        from = SD_UNKNOWN;
    }
    free(before.counts);
    return from;
}

struct columns {
    double lower[OTLP_BUCKETS_MAX + 2], upper[OTLP_BUCKETS_MAX + 2], counts[OTLP_BUCKETS_MAX + 2];
    uint32_t n;
};

static void add_bucket(struct columns *x, double lower, double upper, double count)
{
    x->lower[x->n] = lower;
    x->upper[x->n] = upper;
    x->counts[x->n++] = count;
}

static void explicit_columns(const struct otlp_point *p, double to_ns, struct columns *x)
{
    for (size_t i = 0; i < p->counts.n; i++)
        add_bucket(x,
                   i ? p->bounds.items[i - 1] * to_ns : MIN(0, p->bounds.n ? p->bounds.items[0] * to_ns : 0),
                   i < p->bounds.n ? p->bounds.items[i] * to_ns : (double)INFINITY, p->counts.items[i]);
}

static void exponential_columns(const struct otlp_point *p, double to_ns, struct columns *x)
{
    double step = ldexp(1, -p->scale);
    if (p->zero + p->negative > 0)
        add_bucket(x, 0, p->zero_below * to_ns, p->zero + p->negative);
    for (size_t i = 0; i < p->counts.n; i++)
        if (p->counts.items[i] > 0)
            add_bucket(x, exp2((p->offset + (double)i) * step) * to_ns,
                       exp2((p->offset + (double)i + 1) * step) * to_ns, p->counts.items[i]);
}

static void give_latency(struct otlp_metrics_call *c, const struct latency_who *who,
                         enum latency_outcome outcome, double to_ns, sd_time from)
{
    static const char *const RULES[] = {
        [OTLP_EXPLICIT] = "explicit", [OTLP_EXPONENTIAL] = "exponential", [OTLP_SUMMARY] = "summary"};
    struct otlp_point *p = &c->point;
    struct columns *x = mem_alloc(sizeof *x);
    struct sd_latency r;
    char name[NAME_MAX_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)MIN(c->metric.name.n, sizeof name - 1), c->metric.name.at);
    if (c->metric.form == OTLP_EXPLICIT)
        explicit_columns(p, to_ns, x);
    else if (c->metric.form == OTLP_EXPONENTIAL)
        exponential_columns(p, to_ns, x);
    for (size_t i = 0; c->metric.form == OTLP_SUMMARY && i < p->counts.n; i++)
        p->counts.items[i] *= to_ns;
    const struct sd_reals lower = {x->n, x->lower}, upper = {x->n, x->upper}, counts = {x->n, x->counts};
    const struct sd_reals q = {(uint32_t)p->bounds.n, p->bounds.items},
                          v = {(uint32_t)p->bounds.n, p->counts.items};
    bool told = c->metric.form == OTLP_SUMMARY;
    schema_clear(schema_of(SD_LATENCY), &r);
    r.method = *who->method ? who->method : NULL;
    r.route = *who->route ? who->route : NULL;
    r.service = *who->service ? who->service : NULL;
    r.host = *who->host ? who->host : NULL;
    r.rule = RULES[c->metric.form];
    r.evidence = name;
    r.interval_ns = moment(c) - from;
    r.count = p->count;
    r.errors = outcome == OUTCOME_FAILED ? p->count : outcome == OUTCOME_FINE ? 0 : (double)NAN;
    r.total_ns = p->sum * to_ns;
    r.lower_ns = told ? NULL : &lower;
    r.upper_ns = told ? NULL : &upper;
    r.counts = told ? NULL : &counts;
    r.quantiles = told ? &q : NULL;
    r.values_ns = told ? &v : NULL;
    c->give(c->ctx, from, SD_LATENCY, &r);
    free(x);
}

/* Is what it says of itself possible? */
static const char *fault_of(const struct otlp_metrics_call *c)
{
    const struct otlp_point *p = &c->point;
    double sum = p->zero + p->negative;
    if (p->counts.more || p->bounds.more)
        return "a histogram has more than 1024 buckets";
    if (c->metric.form == OTLP_SUMMARY)
        return NULL;
    if (c->metric.form == OTLP_EXPLICIT && p->counts.n && p->counts.n != p->bounds.n + 1)
        return "a histogram has not one bucket more than bounds";
    for (size_t i = 0; i < p->bounds.n; i++)
        if (isnan(p->bounds.items[i]) || (i && !(p->bounds.items[i] > p->bounds.items[i - 1])))
            return "bounds of a histogram do not ascend";
    if (!(p->zero_below >= 0))
        return "the middle bucket of a histogram ends below zero";
    for (size_t i = 0; i < p->counts.n; i++)
        sum += p->counts.items[i] >= 0 ? p->counts.items[i] : (double)NAN;
    if (p->counts.n && !(fabs(sum - p->count) <= 1e-9 * (sum + 1)))
        return "the count of a histogram is not that of its buckets";
    if (c->metric.form == OTLP_EXPONENTIAL &&
        (p->scale < SCALE_MIN || p->scale > SCALE_MAX || abs(p->offset) > 1 << 30))
        return "an exponential histogram has a scale or an offset that is none";
    return NULL;
}

static void take_latency(struct otlp_metrics_call *c, struct series *s, const struct latency_name *row,
                         const char *labels, const struct unit *unit)
{
    struct latency_who who;
    enum latency_outcome outcome;
    if (!latency_who_is(row, labels, &who, &outcome))
        return;
    if (outcome == OUTCOME_UNKNOWN && otlp_value_of(&c->point.attributes, "error.type").n)
        outcome = OUTCOME_FAILED;
    sd_time from = begin_of(c, s, &c->point);
    bool unit_known = unit->ours && !strcmp(unit->ours, "ns");
    if (sd_known(from) && from < moment(c) && c->point.count > 0)
        give_latency(c, &who, outcome, unit_known ? unit->by : row->to_ns, from);
}

/* ---- points ---- */

void otlp_point_clear(struct otlp_metrics_call *c)
{
    struct otlp_point *p = &c->point;
    otlp_attributes_clear(&p->attributes);
    p->start = p->time = 0;
    p->absent = false;
    p->value = p->sum = (double)NAN;
    p->count = p->zero = p->zero_below = p->negative = 0;
    p->counts.n = p->bounds.n = 0;
    p->counts.more = p->bounds.more = false;
    p->scale = p->offset = 0;
}

void otlp_point_take(struct otlp_metrics_call *c)
{
    const char *labels = labels_of(c);
    const struct unit *unit = unit_of(&c->metric);
    const struct latency_name *row = row_of(&c->metric, unit);
    c->out->points++;
    const char *fault = !c->metric.name.n                 ? "a metric has no name"
                        : c->metric.form >= OTLP_EXPLICIT ? fault_of(c)
                                                          : NULL;
    struct series *s = fault ? NULL : series_of(c, labels);
    if (!s)
        refuse(c, fault ? fault : "there are more than 20000 series");
    else if (c->metric.form < OTLP_EXPLICIT)
        take_number(c, s, labels, unit);
    else if (row && !c->point.absent)
        take_latency(c, s, row, labels, unit);
    else if (!row) {
        take_total(c, s, labels, unit);
        take_buckets(c, s, labels, unit);
    }
}

bool otlp_metrics_take(struct otlp_metrics *m, const char *bytes, size_t n, bool json, sd_time now,
                       otlp_metrics_give *give, void *ctx, struct otlp_metrics_result *out,
                       struct sd_error *err)
{
    struct otlp_metrics_call *c = mem_alloc(sizeof *c);
    *out = (struct otlp_metrics_result){0};
    c->m = m;
    c->now = now;
    c->give = give;
    c->ctx = ctx;
    c->out = out;
    bool read = json ? otlp_json_points(c, bytes, n, err) : otlp_wire_points(c, bytes, n, err);
    otlp_attributes_clear(&c->resource);
    otlp_attributes_clear(&c->point.attributes);
    strbuf_free(&c->text);
    free(c);
    return read;
}

void otlp_metrics_note(const struct otlp_metrics *m, struct strbuf *out)
{
    if (m->refused)
        strbuf_printf(out, "%s%lld points of metrics were refused: %s.", out->len ? " " : "",
                      (long long)m->refused, m->reason);
    if (m->gaps)
        strbuf_printf(out, "%sBuckets of histograms changed %lld times; what came meanwhile is not known.",
                      out->len ? " " : "", (long long)m->gaps);
}
