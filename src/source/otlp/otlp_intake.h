/* otlp_intake.h - what exporters sent, until it is published: spans, and points of metrics. A batch is handed
 * over only when there is room for it, so that nothing is lost between here and the console. */
#ifndef SOURCE_OTLP_INTAKE_H
#define SOURCE_OTLP_INTAKE_H

#include "format/traces/otlp.h"

struct otlp_intake {
    struct sd_source *s;
    struct otlp_traces traces;
    struct sd_batch *waiting;             /* there was no room for it yet; NULL */
    int64_t requests, bytes, points, bad; /* `bad`: requests that were not understood, `lost`: spans */
    int64_t links_told, lost, logs;
    int64_t told; /* requests, when it was told last */
    const char *reason;
    char sample_reason[256];
};

void otlp_intake_open(struct otlp_intake *x, struct sd_source *s);
void otlp_intake_close(struct otlp_intake *x);

/* Can another request be taken? It hands over what waits. */
bool otlp_intake_ready(struct otlp_intake *x);
/* Hands over what came since the last call, as far as there is room; the rest waits. */
void otlp_intake_publish(struct otlp_intake *x);
/* What was taken so far, when that changed. */
void otlp_intake_tell(struct otlp_intake *x);

#endif
