/* latency_metrics.c - series to members of histograms, and moments of them to deltas by endpoint. */
#include "format/metrics/latency_metrics.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/num.h"
#include "format/metrics/latency_sums.h"

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <uthash.h>

/* A line or member that was never seen has 0; one before the first is not it. */
enum { FIRST = 2 };
enum { LINES_MAX = 1 << 18, NAMES_MAX = 256, LE_MAX = 1024 };

/* A series of a histogram: one of its buckets, its sum, its count, or a percentile of a summary. */
struct line {
    char *key; /* name \x1f labels */
    enum latency_part part;
    struct member *member;
    double le, last; /* `last`: at the moment `seen` */
    uint32_t seen;
    uint64_t exemplar; /* the last one, as a number; 0: none yet */
    UT_hash_handle hh;
};
/* One histogram or summary: the labels without those that name a bucket. */
struct member {
    char *key; /* family \x1f labels */
    struct latency_member is;
    uint32_t seen, number;
    UT_hash_handle hh;
};
struct point {
    sd_time at;
    struct line *line;
    size_t order;
    double value;
};
/* What could not be told since the last note. */
struct latency_gaps {
    int64_t left_out, missing, broken, resets;
};
struct latency_metrics {
    struct line *lines;
    struct member *members;
    struct latency_sums *sums;
    struct point *points;
    size_t n, cap;
    struct latency_name *own; /* of the user's */
    size_t n_own;
    uint32_t moment;   /* number of the last one; FIRST - 1: none was */
    sd_time at;        /* of it */
    sd_time start;     /* of the process, as it says, or of what is told whole */
    bool fixed;        /* the start is what was asked for */
    sd_time native_at; /* SD_UNKNOWN: none came */
    struct latency_gaps gaps;
};

struct latency_metrics *latency_metrics_new(void)
{
    struct latency_metrics *m = mem_alloc(sizeof *m);
    m->sums = latency_sums_new();
    m->moment = FIRST - 1;
    m->at = m->start = m->native_at = SD_UNKNOWN;
    return m;
}

static void free_names(struct latency_metrics *m)
{
    for (size_t i = 0; i < m->n_own; i++) {
        const char *texts[] = {m->own[i].name,    m->own[i].route, m->own[i].method, m->own[i].status,
                               m->own[i].service, m->own[i].host,  m->own[i].only};
        for (size_t k = 0; k < ARRAY_LEN(texts); k++)
            free((char *)(size_t)texts[k]);
    }
    free(m->own);
}

void latency_metrics_free(struct latency_metrics *m)
{
    if (!m)
        return;
    struct line *l, *next_line;
    struct member *k, *next_member;
    HASH_ITER(hh, m->lines, l, next_line)
    {
        HASH_DEL(m->lines, l);
        free(l->key);
        free(l);
    }
    HASH_ITER(hh, m->members, k, next_member)
    {
        HASH_DEL(m->members, k);
        free(k->is.family);
        free(k->key);
        free(k);
    }
    free_names(m);
    latency_sums_free(m->sums);
    free(m->points);
    free(m);
}

/* ---- names ---- */

static bool is_counter(const char *name, size_t *prefix_len, const struct latency_name **row)
{
    size_t n, len = strlen(name);
    const struct latency_name *all = latency_names(&n);
    for (size_t i = 0; i < n; i++) {
        size_t want = all[i].failed ? strlen(all[i].failed) : 0;
        bool ends = want && len >= want && !strcmp(name + len - want, all[i].failed);
        if (ends && (len == want || (all[i].ends && strchr("_:.", name[len - want - 1])))) {
            *prefix_len = len - want;
            *row = &all[i];
            return true;
        }
    }
    return false;
}

bool latency_metric_known(const char *name)
{
    size_t len;
    const struct latency_name *row;
    latency_part_of(name, &len);
    return latency_name_of(name, len) || is_counter(name, &len, &row);
}

static const struct latency_name *row_of(const struct latency_metrics *m, const char *name, size_t len)
{
    for (size_t i = 0; i < m->n_own; i++)
        if (strlen(m->own[i].name) == len && !memcmp(m->own[i].name, name, len))
            return &m->own[i];
    return latency_name_of(name, len);
}

static const char *text_in(const cJSON *o, const char *key)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
    return s ? mem_strdup(s) : NULL;
}

static bool add_name(struct latency_metrics *m, const cJSON *o, struct sd_error *err)
{
    static const struct {
        const char *unit;
        double to_ns;
    } UNITS[] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
    static const char *const KEYS[] = {"metric",  "unit", "route", "method", "status",
                                       "service", "host", "only",  NULL};
    const char *unit = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "unit"));
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "metric"));
    double to_ns = unit || !name ? 0 : str_ends(name, "_ms") || str_ends(name, "_milliseconds") ? 1e6 : 1e9;
    for (size_t i = 0; unit && i < ARRAY_LEN(UNITS); i++)
        to_ns = str_eq(unit, UNITS[i].unit) ? UNITS[i].to_ns : to_ns;
    if (!name || !*name)
        return fail(err, "an item of latency needs a metric: the name of a histogram or summary");
    if (to_ns == 0)
        return fail(err, "the unit of %.100s has to be s, ms, us or ns", name);
    const cJSON *k;
    cJSON_ArrayForEach(k, o) if (str_find(KEYS, k->string) < 0 || !cJSON_IsString(k)) return fail(
        err,
        "%.100s of the metric %.100s is none of metric, unit, route, method, status, service, host, only",
        k->string, name);
    m->own[m->n_own++] = (struct latency_name){.name = mem_strdup(name),
                                               .to_ns = to_ns,
                                               .route = text_in(o, "route"),
                                               .method = text_in(o, "method"),
                                               .status = text_in(o, "status"),
                                               .service = text_in(o, "service"),
                                               .host = text_in(o, "host"),
                                               .only = text_in(o, "only")};
    return true;
}

bool latency_metrics_map(struct latency_metrics *m, const char *json, struct sd_error *err)
{
    cJSON *doc = cJSON_Parse(json);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(doc, "latency"), *o;
    bool good = cJSON_IsArray(list) && cJSON_GetArraySize(list) <= NAMES_MAX;
    if (!good)
        fail(err, "it needs a list named latency, of at most %d metrics", NAMES_MAX);
    m->own = good ? mem_realloc(m->own, (m->n_own + (size_t)cJSON_GetArraySize(list) + 1) * sizeof *m->own)
                  : m->own;
    if (good)
        cJSON_ArrayForEach(o, list) good = good && add_name(m, o, err);
    cJSON_Delete(doc);
    return good;
}

/* ---- points ---- */

static double number_in(const char *labels, const char *key)
{
    char text[64], *end;
    if (!latency_label(labels, key, strlen(key), text, sizeof text))
        return (double)NAN;
    double v = strtod(text, &end);
    return *text && !*end ? v : (double)NAN;
}

/* The labels without the one that names the bucket. */
static void without(const char *labels, const char *key, struct strbuf *out)
{
    size_t n = strlen(key);
    for (const char *p = labels; *p;) {
        const char *end = p;
        while (*end && *end != ',')
            end += end[0] == '\\' && end[1] ? 2 : 1;
        if (strncmp(p, key, n) != 0 || p[n] != '=') {
            if (out->len)
                strbuf_char(out, ',');
            strbuf_add(out, p, (size_t)(end - p));
        }
        p = end + (*end == ',');
    }
}

/* The row for these labels: rows of one name differ by `only`. */
static const struct latency_name *fitting(const struct latency_name *row, const char *labels,
                                          struct latency_member *out)
{
    const char *name = row->name;
    size_t n;
    const struct latency_name *all = latency_names(&n);
    if (row < all || row >= all + n)
        return latency_who_is(row, labels, &out->who, &out->outcome) ? row : NULL;
    for (; row < all + n && !strcmp(row->name, name); row++)
        if (latency_who_is(row, labels, &out->who, &out->outcome))
            return row;
    return NULL;
}

static struct member *member_of(struct latency_metrics *m, const struct latency_member *is,
                                const char *labels)
{
    struct strbuf key = {0};
    struct member *k;
    strbuf_printf(&key, "%s\x1f%s", is->family, labels);
    HASH_FIND(hh, m->members, key.text, key.len, k);
    if (k) {
        strbuf_free(&key);
        free(is->family);
        return k;
    }
    size_t n = key.len;
    k = mem_alloc(sizeof *k);
    *k = (struct member){.key = strbuf_detach(&key), .is = *is, .number = HASH_COUNT(m->members)};
    HASH_ADD_KEYPTR(hh, m->members, k->key, n, k);
    return k;
}

/* NULL: it is not of requests, or there is no room. */
static struct line *new_line(struct latency_metrics *m, const struct exposition_series *e, const char *key,
                             size_t n)
{
    size_t family = 0, prefix = 0;
    enum latency_part part = latency_part_of(e->name, &family);
    const struct latency_name *row = row_of(m, e->name, family);
    struct latency_member is = {.counter = !row};
    const char *bucket = part == LATENCY_BUCKET ? "le" : "quantile";
    double le = part == LATENCY_BUCKET || part == LATENCY_TOLD ? number_in(e->labels, bucket) : 0;
    if (!row && !is_counter(e->name, &prefix, &row))
        return NULL;
    if ((!is.counter && isnan(le)) || !(row = fitting(row, e->labels, &is)))
        return NULL;
    if (HASH_COUNT(m->lines) >= LINES_MAX) {
        m->gaps.left_out++;
        return NULL;
    }
    is.row = row;
    is.family = is.counter ? mem_strdup(e->name) : mem_strndup(e->name, family);
    is.prefix_len = is.counter ? prefix : family - MIN(family, strlen(row->name));
    struct strbuf rest = {0};
    without(e->labels, bucket, &rest);
    struct line *l = mem_alloc(sizeof *l);
    *l = (struct line){.key = mem_strndup(key, n),
                       .part = is.counter ? LATENCY_COUNT : part,
                       .le = le,
                       .member = member_of(m, &is, is.counter ? e->labels : strbuf_text(&rest))};
    strbuf_free(&rest);
    HASH_ADD_KEYPTR(hh, m->lines, l->key, n, l);
    return l;
}

static bool may_be(const struct latency_metrics *m, const char *name)
{
    size_t len;
    latency_part_of(name, &len);
    return row_of(m, name, len) || latency_metric_known(name);
}

void latency_metrics_take(struct latency_metrics *m, const struct exposition_series *e, sd_time at)
{
    if (str_eq(e->name, "process_start_time_seconds") && isfinite(e->value) && !m->fixed)
        m->start = real_to_int(e->value);
    if (e->gone || !may_be(m, e->name))
        return;
    struct strbuf key = {0};
    struct line *l;
    strbuf_printf(&key, "%s\x1f%s", e->name, e->labels);
    HASH_FIND(hh, m->lines, key.text, key.len, l);
    if (!l)
        l = new_line(m, e, key.text, key.len);
    strbuf_free(&key);
    if (!l)
        return;
    bool scaled = (l->part == LATENCY_SUM || l->part == LATENCY_TOLD) && !str_eq(e->unit, "ns");
    m->points = mem_grow(m->points, m->n, &m->cap, sizeof *m->points);
    m->points[m->n] = (struct point){
        .at = at, .line = l, .order = m->n, .value = scaled ? e->value * l->member->is.row->to_ns : e->value};
    m->n++;
}

const struct latency_name *latency_metrics_row(const struct latency_metrics *m, const char *family,
                                               size_t len)
{
    return row_of(m, family, len);
}

const struct latency_name *latency_metrics_own(const struct latency_metrics *m, size_t *n)
{
    *n = m->n_own;
    return m->own;
}

void latency_metrics_since(struct latency_metrics *m, sd_time from)
{
    m->start = from;
    m->fixed = true;
}

void latency_metrics_native(struct latency_metrics *m, const char *name, const char *labels,
                            const struct buckets *b, double sum, sd_time at)
{
    struct latency_member is = {.family = (char *)(size_t)name};
    const struct latency_name *row = row_of(m, name, strlen(name));
    if (!row || !(is.row = fitting(row, labels, &is)))
        return;
    struct latency_delta d = {.count = buckets_total(b), .total_ns = sum * row->to_ns};
    d.buckets = (struct buckets){.rule = b->rule, .count = (double)NAN};
    if (buckets_add(&d.buckets, b)) {
        buckets_scale(&d.buckets, row->to_ns);
        d.buckets.count = b->count;
        latency_sums_add(m->sums, &is, &d);
        m->native_at = at;
    }
    buckets_free(&d.buckets);
}

/* ---- exemplars ---- */

static uint64_t hash_of(const char *text, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (hash_words(text, strlen(text)) ^ bits) | 1;
}

/* In lower case, with the zeros that some leave out; what is no id is none. */
static bool id_of(const char *labels, const char *const *keys, size_t digits, char out[33])
{
    char text[64];
    bool found = false;
    for (; *keys && !found; keys++)
        found = latency_label(labels, *keys, strlen(*keys), text, sizeof text) && *text;
    size_t n = found ? strlen(text) : 0;
    if (!n || n > digits || strspn(text, "0123456789abcdefABCDEF") != n)
        return false;
    memset(out, '0', digits);
    for (size_t i = 0; i < n; i++)
        out[digits - n + i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + 32 : text[i]);
    out[digits] = 0;
    return true;
}

bool latency_metrics_exemplar(struct latency_metrics *m, const struct exposition_series *e,
                              const struct exposition_exemplar *x, struct latency_exemplar *out)
{
    static const char *const TRACE[] = {"trace_id", "traceID", "traceId", "TraceID", NULL}, *const SPAN[] = {
                                                                                                "span_id",
                                                                                                "spanID",
                                                                                                "spanId",
                                                                                                NULL};
    size_t family;
    struct latency_member is = {.counter = false};
    struct strbuf key = {0};
    struct line *l;
    enum latency_part part = latency_part_of(e->name, &family);
    const struct latency_name *row = part == LATENCY_BUCKET ? row_of(m, e->name, family) : NULL;
    if (!row || !(x->value >= 0) || !(row = fitting(row, e->labels, &is)) ||
        !id_of(x->labels, TRACE, 32, out->trace))
        return false;
    strbuf_printf(&key, "%s\x1f%s", e->name, e->labels);
    HASH_FIND(hh, m->lines, key.text, key.len, l);
    strbuf_free(&key);
    uint64_t h = hash_of(out->trace, x->value);
    if (l && l->exemplar == h)
        return false; /* it is told until another takes its place */
    if (l)
        l->exemplar = h;
    out->who = is.who;
    bool span = id_of(x->labels, SPAN, 16, out->span);
    out->r = (struct sd_exemplar){.method = *out->who.method ? out->who.method : NULL,
                                  .route = out->who.route,
                                  .host = *out->who.host ? out->who.host : NULL,
                                  .at = x->at,
                                  .duration_ns = real_to_int(x->value * row->to_ns),
                                  .status = SD_UNKNOWN,
                                  .trace_id = out->trace,
                                  .span_id = span ? out->span : NULL,
                                  .evidence = "histogram"};
    return true;
}

/* ---- moments ---- */

static int by_moment(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    uint32_t k = x->line->member->number, n = y->line->member->number;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return k != n ? (k > n) - (k < n) : (x->order > y->order) - (x->order < y->order);
}

/* How a member stands to the moment before. */
enum standing {
    COMPARED,  /* with what it was then */
    FROM_ZERO, /* it is new, or was reset */
    BASELINE   /* nothing is known to compare it with */
};

static bool grows(const struct line *l)
{
    return l->part != LATENCY_TOLD;
}

static enum standing standing_of(struct latency_metrics *m, const struct member *k, const struct point *p,
                                 size_t n, bool whole)
{
    bool fell = false;
    for (size_t i = 0; i < n; i++)
        if (grows(p[i].line) && !(p[i].value >= 0 && p[i].value < (double)INFINITY) &&
            p[i].line->part != LATENCY_SUM) {
            m->gaps.broken++;
            return BASELINE;
        }
    if (!k->seen) /* not there before: it began since then */
        return m->moment > FIRST || whole ? FROM_ZERO : BASELINE;
    if (k->seen != m->moment - 1) {
        m->gaps.missing++;
        return BASELINE;
    }
    for (size_t i = 0; i < n; i++)
        fell |= grows(p[i].line) && p[i].line->part != LATENCY_SUM && p[i].line->seen == k->seen &&
                p[i].value < p[i].line->last;
    m->gaps.resets += fell;
    return fell ? FROM_ZERO : COMPARED;
}

struct gathered {
    struct bucket_le le[LE_MAX];
    double q[64], value[64];
    size_t n_le, n_told;
    bool whole; /* a bucket without end is there */
};

static void gather(struct gathered *g, struct latency_delta *d, const struct point *p, double by)
{
    const struct line *l = p->line;
    switch (l->part) {
    case LATENCY_BUCKET:
        if (g->n_le < LE_MAX)
            g->le[g->n_le++] = (struct bucket_le){.le = l->le * p->line->member->is.row->to_ns, .count = by};
        g->whole |= l->le == (double)INFINITY;
        break;
    case LATENCY_COUNT:
        d->count = by;
        break;
    case LATENCY_SUM:
        d->total_ns = by >= 0 ? by : (double)NAN;
        break;
    case LATENCY_TOLD:
        if (g->n_told < ARRAY_LEN(g->q) && !isnan(p->value)) {
            g->q[g->n_told] = l->le;
            g->value[g->n_told++] = p->value;
        }
        break;
    case LATENCY_NONE:
        break;
    }
}

/* What of a histogram is there must be there whole: without the bucket that has no end, the count is it. */
static void finish(struct gathered *g, struct latency_delta *d)
{
    if (g->n_le && !g->whole && d->count >= 0 && g->n_le < LE_MAX)
        g->le[g->n_le++] = (struct bucket_le){.le = (double)INFINITY, .count = d->count};
    if (g->n_le) {
        buckets_from_le(&d->buckets, g->le, g->n_le);
        if (isnan(d->count))
            d->count = buckets_total(&d->buckets);
    } else {
        d->buckets.rule = BUCKETS_SUMMARY;
    }
    buckets_tell(&d->buckets, g->q, g->value, g->n_told);
}

static void one_member(struct latency_metrics *m, const struct point *p, size_t n, bool whole)
{
    struct member *k = p->line->member;
    int64_t before = m->gaps.broken;
    enum standing s = standing_of(m, k, p, n, whole);
    bool broken = m->gaps.broken > before;
    struct latency_delta d = {.count = (double)NAN, .total_ns = (double)NAN};
    struct gathered *g = mem_alloc(sizeof *g);
    for (size_t i = 0; i < n; i++) {
        struct line *l = p[i].line;
        bool known = s == FROM_ZERO || l->seen == m->moment - 1;
        if (s != BASELINE && known)
            gather(g, &d, &p[i], p[i].value - (s == COMPARED && grows(l) ? l->last : 0));
        l->last = p[i].value;
        l->seen = m->moment;
    }
    k->seen = broken ? m->moment - 1 : m->moment; /* the next moment has nothing to compare with, either */
    if (s != BASELINE) {
        finish(g, &d);
        if (d.count >= 0)
            latency_sums_add(m->sums, &k->is, &d);
        buckets_free(&d.buckets);
    }
    free(g);
}

static void one_moment(struct latency_metrics *m, const struct point *p, size_t n,
                       const struct latency_out *out)
{
    sd_time at = p->at, from = m->at;
    bool first = m->moment < FIRST;
    m->moment++;
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && p[k].line->member == p[i].line->member; k++)
            ;
        one_member(m, p + i, k - i, out->whole && first);
    }
    if (first)
        from = sd_known(m->start) && m->start > 0 && m->start < at && !out->undated ? m->start : at;
    latency_sums_give(m->sums, from, at - from, out);
    m->at = at;
}

static void say(struct strbuf *note, int64_t n, const char *one, const char *many)
{
    if (n)
        strbuf_printf(note, "%s%lld %s.", note->len ? " " : "", (long long)n, n == 1 ? one : many);
}

void latency_metrics_end(struct latency_metrics *m, const struct latency_out *out, struct strbuf *note)
{
    struct latency_out o = *out;
    if (m->n)
        qsort(m->points, m->n, sizeof *m->points, by_moment);
    o.whole &= m->n && m->points[0].at == m->points[m->n - 1].at;
    for (size_t i = 0, k; i < m->n; i = k) {
        for (k = i + 1; k < m->n && m->points[k].at == m->points[i].at; k++)
            ;
        if (!sd_known(m->at) || m->points[i].at > m->at)
            one_moment(m, m->points + i, k - i, &o);
    }
    if (sd_known(m->native_at) && !m->n)
        latency_sums_give(m->sums, m->start, m->native_at - m->start, &o);
    m->native_at = SD_UNKNOWN;
    m->moment += !m->n && m->moment >= FIRST; /* nobody was seen in it */
    m->n = 0;
    say(note, m->gaps.missing, "histogram was missing for a while: what it counted then is not shown",
        "histograms were missing for a while: what they counted then is not shown");
    say(note, m->gaps.broken, "histogram has a figure that is none, so its requests are not shown",
        "histograms have figures that are none, so their requests are not shown");
    say(note, m->gaps.resets, "histogram began anew from 0", "histograms began anew from 0");
    say(note, m->gaps.left_out, "bucket is beyond what can be kept", "buckets are beyond what can be kept");
    m->gaps = (struct latency_gaps){.resets = 0};
}

void latency_metrics_gap(struct latency_metrics *m)
{
    m->n = 0;
    if (m->moment >= FIRST)
        m->moment++; /* nobody was seen at that one */
}
