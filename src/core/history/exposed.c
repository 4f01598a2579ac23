#include "core/history/exposed.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include <uthash.h>

#include "base/num.h"
#include "base/utf8.h"

enum { LABEL_BYTES = 400, CLASSES = 6 };

static const struct {
    int64_t ns;
    const char *le;
} BOUNDS[] = {
#define BOUND_ROW(ns, le) {ns, le},
    EXPOSED_BOUNDS(BOUND_ROW)
#undef BOUND_ROW
};
static const char *const CODES[CLASSES] = {"1xx", "2xx", "3xx", "4xx", "5xx", "unknown"};

struct endpoint {
    char *labels; /* rendered: what would look the same is the same */
    int64_t by_code[CLASSES], errors, bytes, timed, total_ns;
    int64_t within[ARRAY_LEN(BOUNDS)]; /* in the bucket up to that bound, not below the one before */
    UT_hash_handle hh;
};

struct value {
    char *labels;
    double value;
    bool counter;
    sd_time at;
    UT_hash_handle hh;
};

struct exposed {
    struct endpoint *endpoints;
    struct value *metrics;
    uint64_t left_out; /* samples of metrics beyond the bound */
    struct strbuf labels;
    uint32_t bounds[ARRAY_LEN(BOUNDS)]; /* as buckets */
    size_t bytes;
};

struct exposed *exposed_new(void)
{
    struct exposed *x = mem_alloc(sizeof *x);
    for (size_t i = 0; i < ARRAY_LEN(BOUNDS); i++)
        x->bounds[i] = sd_hist_index(BOUNDS[i].ns);
    return x;
}

static void forget_value(struct exposed *x, struct value *v)
{
    HASH_DEL(x->metrics, v);
    x->bytes -= sizeof *v + strlen(v->labels);
    free(v->labels);
    free(v);
}

void exposed_free(struct exposed *x)
{
    if (!x)
        return;
    struct endpoint *e, *next;
    HASH_ITER(hh, x->endpoints, e, next)
    {
        HASH_DEL(x->endpoints, e);
        free(e->labels);
        free(e);
    }
    struct value *v, *after;
    HASH_ITER(hh, x->metrics, v, after)
    forget_value(x, v);
    strbuf_free(&x->labels);
    free(x);
}

size_t exposed_bytes(const struct exposed *x)
{
    return sizeof *x + x->bytes;
}

/* ---- text ---- */

void exposed_family(struct strbuf *out, const char *name, const char *type, const char *help)
{
    strbuf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Valid UTF-8 without controls; a quote, a backslash and a line end are written with a backslash. */
void exposed_label(struct strbuf *labels, const char *name, const char *value)
{
    struct utf8_char c;
    if (!value)
        return;
    strbuf_printf(labels, "%s%s=\"", labels->len ? "," : "", name);
    size_t left = strnlen(value, LABEL_BYTES);
    for (const char *p = value; left;) {
        size_t n = utf8_next(p, left, &c);
        char bytes[4];
        if (!n)
            break;
        if (c.code == '"' || c.code == '\\')
            strbuf_char(labels, '\\');
        strbuf_add(labels, bytes, utf8_encode(c.code, bytes));
        p += n;
        left -= n;
    }
    strbuf_char(labels, '"');
}

void exposed_sample(struct strbuf *out, const char *name, const char *labels, double value)
{
    bool any = labels && *labels;
    strbuf_printf(out, "%s%s%s%s ", name, any ? "{" : "", any ? labels : "", any ? "}" : "");
    if (isnan(value) || isinf(value))
        strbuf_str(out, isnan(value) ? "NaN\n" : value > 0 ? "+Inf\n" : "-Inf\n");
    else
        strbuf_printf(out, "%.17g\n", value);
}

/* Whole numbers as such; nanoseconds as seconds, without loss. */
static void whole(struct strbuf *out, const char *name, const char *labels, const char *more, int64_t value)
{
    strbuf_printf(out, "%s{%s%s} %lld\n", name, labels, more ? more : "", (long long)value);
}

/* ---- requests ---- */

static struct endpoint *endpoint_of(struct exposed *x, const struct sd_http *r)
{
    struct endpoint *e;
    strbuf_clear(&x->labels);
    exposed_label(&x->labels, "method", r->method ? r->method : "");
    exposed_label(&x->labels, "route", r->route ? r->route : "");
    exposed_label(&x->labels, "service", r->service);
    exposed_label(&x->labels, "evidence", r->evidence);
    HASH_FIND_STR(x->endpoints, x->labels.text, e);
    if (!e && HASH_COUNT(x->endpoints) >= EXPOSED_ENDPOINTS) {
        strbuf_clear(&x->labels);
        exposed_label(&x->labels, "method", "");
        exposed_label(&x->labels, "route", "(other)");
        HASH_FIND_STR(x->endpoints, x->labels.text, e);
    }
    if (e)
        return e;
    e = mem_alloc(sizeof *e);
    e->labels = mem_strdup(x->labels.text);
    x->bytes += sizeof *e + x->labels.len;
    HASH_ADD_KEYPTR(hh, x->endpoints, e->labels, x->labels.len, e);
    return e;
}

static void grow(int64_t *total, int64_t v)
{
    if (sd_known(v) && v > 0)
        *total = add_sat(*total, v);
}

static void take_http(struct exposed *x, const struct sd_http *r)
{
    if (!sd_known(r->count) || r->count <= 0)
        return;
    struct endpoint *e = endpoint_of(x, r);
    const int64_t codes[] = {r->status_1xx, r->status_2xx, r->status_3xx, r->status_4xx, r->status_5xx};
    int64_t rest = r->count;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        grow(&e->by_code[i], codes[i]);
        rest -= sd_known(codes[i]) ? codes[i] : 0;
    }
    grow(&e->by_code[CLASSES - 1], rest);
    grow(&e->errors, r->errors);
    grow(&e->bytes, r->bytes);
    if (!r->latency)
        return;
    int64_t timed = 0;
    for (uint32_t i = 0, b = 0; i < r->latency->n; i++) {
        uint32_t index = r->latency->buckets[i].index;
        timed = add_sat(timed, (int64_t)r->latency->buckets[i].count);
        while (b < ARRAY_LEN(BOUNDS) && index > x->bounds[b])
            b++;
        if (b < ARRAY_LEN(BOUNDS))
            e->within[b] = add_sat(e->within[b], (int64_t)r->latency->buckets[i].count);
    }
    e->timed = add_sat(e->timed, timed);
    grow(&e->total_ns, r->total_ns);
}

static void write_codes(struct exposed *x, struct strbuf *out)
{
    exposed_family(out, "slowdive_http_requests_total", "counter",
                   "Requests that ended, by endpoint and class of status.");
    for (struct endpoint *e = x->endpoints; e; e = e->hh.next)
        for (size_t i = 0; i < CLASSES; i++)
            if (e->by_code[i]) {
                char more[32];
                snprintf(more, sizeof more, ",code=\"%s\"", CODES[i]);
                whole(out, "slowdive_http_requests_total", e->labels, more, e->by_code[i]);
            }
    exposed_family(out, "slowdive_http_errors_total", "counter", "Of these, answered with status >= 500.");
    for (struct endpoint *e = x->endpoints; e; e = e->hh.next)
        whole(out, "slowdive_http_errors_total", e->labels, NULL, e->errors);
    exposed_family(out, "slowdive_http_response_bytes_total", "counter", "Bytes sent in response bodies.");
    for (struct endpoint *e = x->endpoints; e; e = e->hh.next)
        whole(out, "slowdive_http_response_bytes_total", e->labels, NULL, e->bytes);
}

static void write_durations(struct exposed *x, struct strbuf *out)
{
#define DURATION "slowdive_http_request_duration_seconds"
    exposed_family(out, DURATION, "histogram", "Known durations of requests, in seconds.");
    for (struct endpoint *e = x->endpoints; e; e = e->hh.next) {
        char more[32];
        int64_t below = 0;
        if (!e->timed)
            continue;
        for (size_t i = 0; i < ARRAY_LEN(BOUNDS); i++) {
            below = add_sat(below, e->within[i]);
            snprintf(more, sizeof more, ",le=\"%s\"", BOUNDS[i].le);
            whole(out, DURATION "_bucket", e->labels, more, below);
        }
        whole(out, DURATION "_bucket", e->labels, ",le=\"+Inf\"", e->timed);
        strbuf_printf(out, DURATION "_sum{%s} %lld.%09lld\n", e->labels, (long long)(e->total_ns / SD_S),
                      (long long)(e->total_ns % SD_S));
        whole(out, DURATION "_count", e->labels, NULL, e->timed);
    }
#undef DURATION
}

/* ---- metrics ---- */

/* The name of a label as Prometheus allows it; own ones of the family are not taken twice. */
static void plain_name(const char *at, size_t n, char out[64])
{
    size_t k = 0;
    if (!n || isdigit((unsigned char)*at))
        out[k++] = '_';
    for (size_t i = 0; i < n && k < 50; i++)
        out[k++] = isalnum((unsigned char)at[i]) ? at[i] : '_';
    out[k] = 0;
    if (!strcmp(out, "name") || !strcmp(out, "unit") || str_starts(out, "__"))
        memmove(out + 9, out, k + 1), memcpy(out, "exported_", 9);
}

static void own_labels(struct strbuf *out, const char *labels)
{
    struct strbuf value = {0};
    char name[64], head[72];
    for (const char *p = labels; p && *p;) {
        size_t n = strcspn(p, "=,");
        plain_name(p, n, name);
        p += n;
        strbuf_clear(&value);
        if (*p == '=')
            for (p++; *p && *p != ','; p++) {
                bool escaped = *p == '\\' && p[1];
                p += escaped;
                strbuf_char(&value, escaped && *p == 'n' ? '\n' : *p);
            }
        p += *p == ',';
        snprintf(head, sizeof head, ",%s=\"", name);
        if (!strstr(strbuf_text(out), head)) /* two that are written alike: the first */
            exposed_label(out, name, strbuf_text(&value));
    }
    strbuf_free(&value);
}

static void take_metric(struct exposed *x, const struct sd_metric *m, sd_time at)
{
    struct value *v;
    if (!m->name)
        return;
    strbuf_clear(&x->labels);
    exposed_label(&x->labels, "name", m->name);
    exposed_label(&x->labels, "unit", m->unit && *m->unit ? m->unit : NULL);
    own_labels(&x->labels, m->labels);
    HASH_FIND_STR(x->metrics, x->labels.text, v);
    if (isnan(m->value)) {
        if (v)
            forget_value(x, v);
        return;
    }
    if (!v && HASH_COUNT(x->metrics) >= EXPOSED_METRICS) {
        x->left_out++;
        return;
    }
    if (!v) {
        v = mem_alloc(sizeof *v);
        v->labels = mem_strdup(x->labels.text);
        x->bytes += sizeof *v + x->labels.len;
        HASH_ADD_KEYPTR(hh, x->metrics, v->labels, x->labels.len, v);
    }
    v->value = m->value;
    v->counter = sd_known(m->counter) && m->counter;
    v->at = at;
}

static void write_metrics(struct exposed *x, sd_time now, struct strbuf *out)
{
    struct value *v, *next;
    HASH_ITER(hh, x->metrics, v, next)
    if (sub_sat(now, v->at) > EXPOSED_STALE)
        forget_value(x, v);
    for (int counter = 0; counter < 2; counter++) {
        const char *name = counter ? "slowdive_metric_total" : "slowdive_metric";
        exposed_family(out, name, counter ? "counter" : "gauge",
                       counter ? "The newest value of a counter, as its source counts."
                               : "The newest value of a metric, in its unit.");
        for (v = x->metrics; v; v = v->hh.next)
            if (v->counter == (counter == 1))
                exposed_sample(out, name, v->labels, v->value);
    }
    exposed_family(out, "slowdive_metric_samples_left_out_total", "counter",
                   "Samples of metrics that were left out: there are too many.");
    exposed_sample(out, "slowdive_metric_samples_left_out_total", NULL, (double)x->left_out);
}

/* ---- all ---- */

void exposed_take(struct exposed *x, const struct sd_batch *b)
{
    for (size_t i = 0; i < batch_len(b); i++) {
        enum sd_kind kind;
        const void *r = batch_record(b, i, &kind);
        if (kind == SD_HTTP)
            take_http(x, r);
        else if (kind == SD_METRIC)
            take_metric(x, r, batch_time(b));
    }
}

void exposed_write(struct exposed *x, sd_time now, struct strbuf *out)
{
    write_codes(x, out);
    write_durations(x, out);
    write_metrics(x, now, out);
}
