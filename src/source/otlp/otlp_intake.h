/* otlp_intake.h - what exporters sent, until it is published: spans, and points of metrics. A batch is handed
 * over only when there is room for it, so that nothing is lost between here and the console. */
#ifndef SOURCE_OTLP_INTAKE_H
#define SOURCE_OTLP_INTAKE_H

#include "format/traces/otlp_metrics.h"
#include "source/shared/span_outlet.h"

enum { OTLP_MOMENTS = 16 };

struct otlp_intake {
    struct sd_source *s;
    struct span_draft *draft;
    struct span_outlet outlet;
    struct span_sink sink; /* for readers of spans */
    struct otlp_metrics *metrics;
    struct moment_points {
        sd_time at;
        struct sd_batch *batch;
    } points[OTLP_MOMENTS]; /* since the last publishing */
    size_t n_points;
    int64_t requests, bytes, logs;
    int64_t bad;   /* requests that were not understood */
    int64_t told;  /* requests, when it was told last */
    char why[256]; /* one was not understood */
};

void otlp_intake_open(struct otlp_intake *x, struct sd_source *s);
void otlp_intake_close(struct otlp_intake *x);

/* Can another request be taken? */
bool otlp_intake_ready(struct otlp_intake *x);
/* A record of metrics, of a batch of that time. */
void otlp_intake_add(struct otlp_intake *x, sd_time at, enum sd_kind kind, const void *record);
/* Hands over what came since the last call; where there is no room it waits a while, then keeps it. */
void otlp_intake_publish(struct otlp_intake *x);
/* What was taken so far, when that changed, and counters of statements. Now and then. */
void otlp_intake_tell(struct otlp_intake *x);

#endif
