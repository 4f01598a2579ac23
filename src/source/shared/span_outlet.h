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
    sd_time newest;          /* end of a span; SD_UNKNOWN */
    int64_t spans;           /* handed out */
    struct sd_batch **queue; /* for which there was no room yet, in their order */
    size_t n, cap;
};

void span_outlet_open(struct span_outlet *o, struct sd_source *s);
void span_outlet_close(struct span_outlet *o); /* also after nothing but zeroes */
/* Takes what is in the draft; false: the source is to stop. Fits struct span_sink. */
bool span_outlet_take(void *outlet, struct span_draft *d);
/* The same without waiting for room: what does not fit is queued. */
void span_outlet_gather(struct span_outlet *o, struct span_draft *d);
void span_outlet_count(struct span_outlet *o); /* span_outlet_flush without waiting */
/* Another batch of the source, which owns it no more. */
void span_outlet_add(struct span_outlet *o, struct sd_batch *b);
/* Publishes what is queued as far as there is room, waiting for it until then; true: all of it. */
bool span_outlet_settle(struct span_outlet *o, sd_time until);
/* The counters of statements that have changed. At an end, and now and then. */
void span_outlet_flush(struct span_outlet *o);

#endif
