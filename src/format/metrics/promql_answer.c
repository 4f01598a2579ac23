/* promql_answer.c - JSON of the query API to points. */
#include "format/metrics/promql_answer.h"

#include <math.h>
#include <stdlib.h>

#include "format/json_check.h"
#include "format/json_pull.h"

enum { BUCKETS_MOST = 4096, LABELS_BYTES = 16384, WARNINGS_BYTES = 2000 };

struct reading {
    const struct promql_sink *sink;
    struct promql_said *said;
    struct strbuf name, labels, series, series_labels, scratch;
    struct buckets h;
};

void promql_said_free(struct promql_said *s)
{
    strbuf_free(&s->warnings);
    strbuf_free(&s->error);
}

/* ---- labels ---- */

static void escape(const char *s, size_t n, struct strbuf *out)
{
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == ',' || c == '=' || c == '\\' || c == '\n')
            strbuf_char(out, '\\');
        strbuf_char(out, c == '\n' ? 'n' : c ? c : '?');
    }
}

/* {"__name__": "x", "route": "/a"}; false: too long, or no object of texts. */
static bool labels_of(struct json_pull *j, struct strbuf *name, struct strbuf *labels, struct strbuf *scratch)
{
    strbuf_clear(name);
    strbuf_clear(labels);
    if (!json_enter(j, '{'))
        return false;
    while (json_key(j)) {
        const char *key = j->key;
        size_t key_len = j->key_len, n;
        bool is_name = json_is(j, "__name__");
        const char *value = json_bytes(j, scratch, &n);
        if (!value || labels->len > LABELS_BYTES)
            continue;
        if (is_name) {
            strbuf_add(name, value, strnlen(value, n));
            continue;
        }
        if (labels->len)
            strbuf_char(labels, ',');
        escape(key, key_len, labels);
        strbuf_char(labels, '=');
        escape(value, n, labels);
    }
    return labels->len <= LABELS_BYTES;
}

/* ---- points ---- */

static sd_time time_of(double s)
{
    return s >= 0 && s < 9e9 ? llround(s * 1e3) * SD_MS : SD_UNKNOWN;
}

/* Numbers are texts here: "NaN", "+Inf", "1e-05". */
static double number(struct json_pull *j, struct strbuf *scratch)
{
    size_t n;
    if (json_peek(j) != '"')
        return json_number(j);
    const char *s = json_bytes(j, scratch, &n);
    char text[64], *end;
    if (!s || n >= sizeof text)
        return (double)NAN;
    memcpy(text, s, n);
    text[n] = 0;
    double v = strtod(text, &end);
    return *end || !n ? (double)NAN : v;
}

/* Do the bounds grow by a factor of a native histogram: 2^(2^-schema)? */
static bool is_native(const struct buckets *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct bucket *k = &b->items[i];
        if (k->lower <= 0 && k->upper >= 0 && isfinite(k->lower) && isfinite(k->upper))
            continue;
        double low = fmin(fabs(k->lower), fabs(k->upper)), high = fmax(fabs(k->lower), fabs(k->upper));
        double schema = -log2(log2(high / low));
        if (!(low > 0) || !isfinite(high) || !(fabs(schema - round(schema)) < 1e-6) || schema < -4.5 ||
            schema > 8.5)
            return false;
    }
    return true;
}

/* Bounds of its own: empty buckets are left out, and read as classic ones they have to be there. */
static void fill(struct buckets *b)
{
    struct bucket *all = mem_array(2 * b->n + 1, sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        struct bucket k = b->items[i];
        if (k.lower == -(double)INFINITY && k.upper > 0)
            k.lower = 0;
        if (i && k.lower > all[n - 1].upper)
            all[n] = (struct bucket){.lower = all[n - 1].upper, .upper = k.lower}, n++;
        all[n++] = k;
    }
    if (n && all[n - 1].upper != (double)INFINITY)
        all[n] = (struct bucket){.lower = all[n - 1].upper, .upper = (double)INFINITY}, n++;
    free(b->items);
    b->items = all;
    b->n = b->cap = n;
    b->rule = BUCKETS_CLASSIC;
}

/* [0, "1", "2", "3"]: which bounds belong to it, both, how many. */
static bool one_bucket(struct json_pull *j, struct reading *r)
{
    double v[4] = {(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    size_t n = 0;
    if (!json_enter(j, '['))
        return false;
    while (json_item(j))
        if (n < 4)
            v[n++] = number(j, &r->scratch);
        else
            json_skip(j);
    struct buckets *b = &r->h;
    bool good = n == 4 && v[1] <= v[2] && v[3] >= 0 && isfinite(v[3]) && b->n < BUCKETS_MOST &&
                (!b->n || v[1] >= b->items[b->n - 1].upper);
    if (!good)
        return false;
    b->items = mem_grow(b->items, b->n, &b->cap, sizeof *b->items);
    b->items[b->n++] = (struct bucket){.lower = v[1], .upper = v[2], .count = v[3]};
    return true;
}

static bool histogram(struct json_pull *j, struct reading *r, double *sum)
{
    bool good = true;
    *sum = (double)NAN;
    buckets_free(&r->h);
    r->h = (struct buckets){.rule = BUCKETS_NATIVE, .count = (double)NAN};
    if (!json_enter(j, '{'))
        return false;
    while (json_key(j))
        if (json_is(j, "count")) {
            r->h.count = number(j, &r->scratch);
        } else if (json_is(j, "sum")) {
            *sum = number(j, &r->scratch);
        } else if (json_is(j, "buckets") && json_peek(j) == '[') {
            json_enter(j, '[');
            while (json_item(j))
                good &= one_bucket(j, r);
        } else {
            json_skip(j);
        }
    good &= r->h.count >= 0 && isfinite(r->h.count);
    if (good && !is_native(&r->h))
        fill(&r->h);
    return good;
}

static void give(struct reading *r, sd_time at, double value, bool is_histogram, double sum)
{
    if (!sd_known(at)) {
        r->said->broken++;
        return;
    }
    if (!r->sink->point || r->said->points >= r->sink->most) {
        r->said->left_out++;
        return;
    }
    r->said->points++;
    r->sink->point(r->sink->ctx, &(struct promql_point){.name = strbuf_text(&r->name),
                                                        .labels = strbuf_text(&r->labels),
                                                        .at = at,
                                                        .value = value,
                                                        .h = is_histogram ? &r->h : NULL,
                                                        .sum = sum});
}

/* [1700000000.5, "1.5"], or a histogram in place of the text. */
static void point(struct json_pull *j, struct reading *r, bool is_histogram)
{
    double at = (double)NAN, value = (double)NAN, sum = (double)NAN;
    bool good = false;
    if (!json_enter(j, '[')) {
        r->said->broken++;
        return;
    }
    for (size_t n = 0; json_item(j); n++)
        if (n == 0) {
            at = number(j, &r->scratch);
        } else if (n > 1) {
            json_skip(j);
        } else if (is_histogram) {
            good = histogram(j, r, &sum);
        } else {
            value = number(j, &r->scratch);
            good = true;
        }
    if (good)
        give(r, time_of(at), value, is_histogram, sum);
    else
        r->said->broken++;
}

static void points(struct json_pull *j, struct reading *r, bool is_histogram)
{
    if (!json_enter(j, '['))
        return;
    while (json_item(j))
        point(j, r, is_histogram);
}

/* The labels may come behind the points. */
static void one_series(struct json_pull *j, struct reading *r)
{
    struct json_pull metric = json_find(*j, "metric");
    if (json_peek(j) != '{' || !metric.at || !labels_of(&metric, &r->name, &r->labels, &r->scratch)) {
        r->said->broken++;
        json_skip(j);
        return;
    }
    json_enter(j, '{');
    while (json_key(j))
        if (json_is(j, "value"))
            point(j, r, false);
        else if (json_is(j, "histogram"))
            point(j, r, true);
        else if (json_is(j, "values"))
            points(j, r, false);
        else if (json_is(j, "histograms"))
            points(j, r, true);
        else
            json_skip(j);
}

/* ---- exemplars ---- */

static void one_exemplar(struct json_pull *j, struct reading *r)
{
    struct promql_exemplar e = {.value = (double)NAN, .at = SD_UNKNOWN};
    strbuf_clear(&r->labels);
    if (!json_enter(j, '{'))
        return;
    while (json_key(j))
        if (json_is(j, "labels"))
            labels_of(j, &r->name, &r->labels, &r->scratch);
        else if (json_is(j, "value"))
            e.value = number(j, &r->scratch);
        else if (json_is(j, "timestamp"))
            e.at = time_of(number(j, &r->scratch));
        else
            json_skip(j);
    e.series = strbuf_text(&r->series);
    e.series_labels = strbuf_text(&r->series_labels);
    e.labels = strbuf_text(&r->labels);
    if (r->said->points++ < r->sink->most && sd_known(e.at) && !isnan(e.value))
        r->sink->exemplar(r->sink->ctx, &e);
}

static void exemplars_of(struct json_pull *j, struct reading *r)
{
    struct json_pull labels = json_find(*j, "seriesLabels");
    if (json_peek(j) != '{' || !labels.at ||
        !labels_of(&labels, &r->series, &r->series_labels, &r->scratch)) {
        json_skip(j);
        return;
    }
    json_enter(j, '{');
    while (json_key(j))
        if (json_is(j, "exemplars") && json_peek(j) == '[') {
            json_enter(j, '[');
            while (json_item(j))
                one_exemplar(j, r);
        } else {
            json_skip(j);
        }
}

/* ---- the whole ---- */

static void result(struct json_pull *j, struct reading *r)
{
    if (!json_enter(j, '['))
        return;
    while (json_item(j))
        one_series(j, r);
}

static void data(struct json_pull *j, struct reading *r)
{
    if (json_peek(j) == '[') {
        json_enter(j, '[');
        while (json_item(j))
            if (r->sink->exemplar) /* other lists are not asked for */
                exemplars_of(j, r);
            else
                json_skip(j);
        return;
    }
    if (!json_enter(j, '{'))
        return;
    while (json_key(j))
        if (json_is(j, "result"))
            result(j, r);
        else
            json_skip(j);
}

static void sentences(struct json_pull *j, struct strbuf *out)
{
    struct strbuf one = {0};
    if (!json_enter(j, '['))
        return;
    while (json_item(j)) {
        json_text(j, &one);
        if (one.len && out->len < WARNINGS_BYTES)
            strbuf_printf(out, "%s%.300s", out->len ? "; " : "", strbuf_text(&one));
    }
    strbuf_free(&one);
}

static bool is_true(struct json_pull *j)
{
    bool yes = json_peek(j) == 't';
    json_skip(j);
    return yes;
}

bool promql_answer(const char *text, size_t len, const struct promql_sink *sink, struct promql_said *said,
                   struct sd_error *err)
{
    struct json_pull j = json_pull(text, len);
    struct reading r = {.sink = sink, .said = said};
    struct strbuf status = {0};
    struct sd_error why;
    if (!json_check(text, len, &why))
        return fail(err, "%.200s", why.text);
    if (!json_enter(&j, '{'))
        return fail(err, "it is no answer of Prometheus' query API");
    while (json_key(&j))
        if (json_is(&j, "status"))
            json_text(&j, &status);
        else if (json_is(&j, "error"))
            json_text(&j, &said->error);
        else if (json_is(&j, "warnings"))
            sentences(&j, &said->warnings);
        else if (json_is(&j, "isPartial"))
            said->partial |= is_true(&j);
        else if (json_is(&j, "data"))
            data(&j, &r);
        else
            json_skip(&j);
    bool good = str_eq(strbuf_text(&status), "success") || str_eq(strbuf_text(&status), "error");
    if (good && *strbuf_text(&status) == 'e' && !said->error.len)
        strbuf_str(&said->error, "it does not say why");
    strbuf_free(&status);
    strbuf_free(&r.name);
    strbuf_free(&r.labels);
    strbuf_free(&r.series);
    strbuf_free(&r.series_labels);
    strbuf_free(&r.scratch);
    buckets_free(&r.h);
    return good || fail(err, "it is no answer of Prometheus' query API");
}
