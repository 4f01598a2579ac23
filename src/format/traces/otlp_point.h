/* otlp_point.h - a point of a metric of OTLP, as both readers fill it, and what is made of it. */
#ifndef FORMAT_TRACES_OTLP_POINT_H
#define FORMAT_TRACES_OTLP_POINT_H

#include "format/traces/otlp_metrics.h"
#include "format/traces/otlp_values.h"

enum otlp_form { OTLP_NONE, OTLP_GAUGE, OTLP_SUM, OTLP_EXPLICIT, OTLP_EXPONENTIAL, OTLP_SUMMARY };

/* The metric that points belong to. */
struct otlp_metric {
    struct span_text name, unit;
    enum otlp_form form;
    bool delta, monotonic;
};

struct otlp_numbers {
    double items[OTLP_BUCKETS_MAX];
    size_t n;
    bool more; /* left out */
};
static inline void otlp_number_add(struct otlp_numbers *l, double v)
{
    if (l->n < OTLP_BUCKETS_MAX)
        l->items[l->n++] = v;
    else
        l->more = true;
}

struct otlp_point {
    uint64_t start, time;
    bool absent;                        /* "no recorded value" */
    double value, count, sum;           /* NAN: not said */
    struct otlp_numbers counts, bounds; /* of a summary: values and quantiles */
    int scale, offset;                  /* of an exponential one; `counts` are those above 0 */
    double zero, zero_below, negative;  /* counts in the bucket around 0, its width, and below */
    struct otlp_attributes attributes;
};

struct otlp_metrics_call {
    struct otlp_metrics *m;
    sd_time now;
    otlp_metrics_give *give;
    void *ctx;
    struct otlp_metrics_result *out;
    struct otlp_attributes resource;
    struct strbuf text;
    struct otlp_metric metric;
    struct otlp_point point;
};

/* Empties call->point for the next one. */
void otlp_point_clear(struct otlp_metrics_call *call);
void otlp_point_take(struct otlp_metrics_call *call);

/* The points of a request. */
bool otlp_wire_points(struct otlp_metrics_call *call, const char *bytes, size_t n, struct sd_error *err);
bool otlp_json_points(struct otlp_metrics_call *call, const char *bytes, size_t n, struct sd_error *err);

#endif
