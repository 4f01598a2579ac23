/* promql_answer.h - the answers of Prometheus' query API, as it, Thanos, Mimir and VictoriaMetrics give them:
 * vectors, matrices, native histograms in them, exemplars, errors and warnings. Pure. */
#ifndef FORMAT_METRICS_PROMQL_ANSWER_H
#define FORMAT_METRICS_PROMQL_ANSWER_H

#include "core/endpoints/buckets.h"

struct promql_point {
    const char *name;   /* of __name__; "": none */
    const char *labels; /* the others, as of exposition_series, in the order of the answer */
    sd_time at;
    double value;            /* NAN for a histogram */
    const struct buckets *h; /* a native histogram, NULL: none; its count is set */
    double sum;              /* of it */
};
struct promql_exemplar {
    const char *series;                 /* name of the series it is in */
    const char *series_labels, *labels; /* as of promql_point */
    double value;
    sd_time at;
};
struct promql_sink {
    void (*point)(void *ctx, const struct promql_point *p);
    void (*exemplar)(void *ctx, const struct promql_exemplar *e); /* NULL: they are not asked for */
    void *ctx;
    size_t most; /* points that are given; the rest is left out and counted */
};
struct promql_said {
    struct strbuf warnings; /* sentences, of the engine */
    struct strbuf error;    /* "": none */
    size_t points, left_out;
    size_t broken; /* series or points that are not what they have to be */
    bool partial;  /* it says that data is missing */
};
void promql_said_free(struct promql_said *s);

/* False and a sentence: it is no such answer. An error that the engine tells is an answer. */
bool promql_answer(const char *text, size_t len, const struct promql_sink *sink, struct promql_said *said,
                   struct sd_error *err);

#endif
