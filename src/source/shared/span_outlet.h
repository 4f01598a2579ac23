/* span_outlet.h - hands a draft's spans out: as records of their own time, and what follows from them for
 * endpoints and statements. For all sources of spans. On a source's worker thread. */
#ifndef SOURCE_SHARED_SPAN_OUTLET_H
#define SOURCE_SHARED_SPAN_OUTLET_H

#include "format/traces/span_draft.h"
#include "format/traces/span_rates.h"
#include "slowdive/source.h"

struct span_outlet {
    struct sd_source *s;
    struct span_rates *rates;
    struct sd_batch *batch; /* deltas of `at` */
    sd_time at;
    sd_time newest; /* end of a span; SD_UNKNOWN */
    int64_t spans;  /* handed out */
};

void span_outlet_open(struct span_outlet *o, struct sd_source *s);
void span_outlet_close(struct span_outlet *o); /* also after nothing but zeroes */
/* Takes what is in the draft; false: the source is to stop. Fits struct span_sink. */
bool span_outlet_take(void *outlet, struct span_draft *d);
/* The counters of statements that have changed. At an end, and now and then. */
void span_outlet_flush(struct span_outlet *o);

#endif
