/* exposed.h - what the agent shows to Prometheus: totals since it began, as text 0.0.4.
 *
 * Requests by endpoint, with a classic histogram each, and the newest value of each metric. Both sets are
 * bounded: endpoints beyond the bound are one with the route "(other)", metrics beyond it are left out and
 * counted. A metric that has not been heard of for EXPOSED_STALE is shown no more.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/. Pure. One thread. */
#ifndef CORE_HISTORY_EXPOSED_H
#define CORE_HISTORY_EXPOSED_H

#include "core/batch.h"

enum { EXPOSED_ENDPOINTS = 500, EXPOSED_METRICS = 2000 };
#define EXPOSED_STALE (5 * 60 * SD_S)

/* The bounds of the histograms, in ns: X(ns, "le"). A duration in the bucket that holds a bound counts as not
 * above it, which is off by at most 1/128. */
#define EXPOSED_BOUNDS(X)                                                                                    \
    X(1000000, "0.001")                                                                                      \
    X(2500000, "0.0025")                                                                                     \
    X(5000000, "0.005")                                                                                      \
    X(10000000, "0.01")                                                                                      \
    X(25000000, "0.025")                                                                                     \
    X(50000000, "0.05")                                                                                      \
    X(100000000, "0.1")                                                                                      \
    X(250000000, "0.25")                                                                                     \
    X(500000000, "0.5")                                                                                      \
    X(1000000000, "1")                                                                                       \
    X(2500000000, "2.5")                                                                                     \
    X(5000000000, "5")                                                                                       \
    X(10000000000, "10")

struct exposed;
struct exposed *exposed_new(void);
void exposed_free(struct exposed *x); /* NULL is fine */
void exposed_take(struct exposed *x, const struct sd_batch *b);
/* Appends the families; metrics as of `now`. */
void exposed_write(struct exposed *x, sd_time now, struct strbuf *out);
size_t exposed_bytes(const struct exposed *x); /* held, nearly */

/* ---- for families of others ---- */
/* "# HELP" and "# TYPE" of a family whose samples follow. */
void exposed_family(struct strbuf *out, const char *name, const char *type, const char *help);
/* Appends NAME="VALUE", with a comma in front of all but the first. The value is made safe. NULL: nothing. */
void exposed_label(struct strbuf *labels, const char *name, const char *value);
/* A line: name, labels (NULL or "": none), value. */
void exposed_sample(struct strbuf *out, const char *name, const char *labels, double value);

#endif
