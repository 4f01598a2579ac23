/* traces.h - what views ask of the traces in the model. On the model's thread.
 *
 * Kept are 50,000 traces (domain.h) or 128 MiB (model_limits.traces_bytes), whichever is first. Of those that
 * have to go, fast ones that did not fail go first: the slowest of each endpoint and those with errors stay
 * longest. */
#ifndef CORE_MODEL_TRACES_H
#define CORE_MODEL_TRACES_H

#include "core/model/model.h"
#include "core/traces/trace.h"

/* Facts of a trace that cost little; computed when spans came, kept until more do. Texts are good until the
 * next model_apply. */
struct trace_entry {
    const char *id;
    const char *service, *name; /* of the root; NULL: unknown */
    const char *endpoint;       /* "GET /orders/:id", of the root or the first server's span below it; NULL */
    sd_time start;
    int64_t duration_ns; /* of the root */
    int64_t spans, errors, db_calls, db_ns;
    unsigned notes; /* enum trace_note */
    uint64_t key;   /* names it as long as it is kept */
};
/* Of traces that overlap the span, the newest first; count, at most max. SPAN_ALL: all. */
size_t model_traces(const struct model *m, struct span span, struct trace_entry *out, size_t max);
/* By id (leading zeros may be missing), whole. Good until the next model_apply; NULL: it is not kept. */
const struct trace *model_trace(const struct model *m, const char *id);
/* Traces that were given up. */
int64_t model_traces_lost(const struct model *m);

/* Calls of statements, from the spans of the traces that are kept: by the root's endpoint. */
struct trace_use {
    const char *endpoint;  /* NULL: the root did not come */
    const char *statement; /* as in the spans */
    const char *system;    /* postgresql, ... */
    int64_t calls, total_ns, traces;
    int64_t requests; /* traces of the endpoint, with the statement or without */
};
size_t model_trace_uses(const struct model *m, struct span span, struct trace_use *out, size_t max);

/* Requests that can be looked up, of one endpoint ("GET /orders/:id"; NULL: all), the slowest first. */
size_t model_exemplars(const struct model *m, const char *endpoint, struct span span,
                       struct record_entry *out, size_t max);

#endif
