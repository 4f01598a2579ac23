/* span_rates.h - what spans tell of endpoints and statements, as records of their own with the evidence
 * "traces": deltas of HTTP a second, from servers' spans with a method of HTTP, their parts by service and by
 * status, and counters of statements, from spans with one.
 *
 * Each call makes deltas of the spans it is given: spans that come late make one more for their second. The
 * counters grow in the spans' own time; what is late counts in the step that is open. A trace that was
 * sampled stands for itself only. Bounded: further endpoints are "(other)", further statements "(other
 * statements)". Pure; one thread. */
#ifndef FORMAT_TRACES_SPAN_RATES_H
#define FORMAT_TRACES_SPAN_RATES_H

#include "base/base.h"

enum { SPAN_RATES_ROUTES = 1000, SPAN_RATES_STATEMENTS = 5000 };

/* `record`: a struct sd_http, sd_http_part or sd_statement, valid during the call. `at` ascends within a call
 * of span_rates_take, apart from late spans. */
typedef void span_rates_emit(void *ctx, sd_time at, enum sd_kind kind, const void *record);

struct span_rates;
/* 0: as above. */
struct span_rates *span_rates_new(size_t max_routes, size_t max_statements);
void span_rates_free(struct span_rates *r); /* NULL is fine */
void span_rates_take(struct span_rates *r, const struct sd_spans *s, span_rates_emit *emit, void *ctx);
/* The counters that have changed since they were handed out. */
void span_rates_flush(struct span_rates *r, span_rates_emit *emit, void *ctx);

#endif
