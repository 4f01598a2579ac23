/* latency_metrics.h - histograms and summaries of servers' requests, as counters that grow, to what came in
 * each interval at each endpoint. Points of scrapes, of a text with times, or of an answer to a query go in.
 * What cannot be told is left out and said. Pure; one thread. */
#ifndef FORMAT_METRICS_LATENCY_METRICS_H
#define FORMAT_METRICS_LATENCY_METRICS_H

#include "core/endpoints/buckets.h"
#include "format/metrics/exposition.h"
#include "format/metrics/latency_labels.h"

/* Could a series with that name be one of requests? */
bool latency_metric_known(const char *name);
/* The row of a metric without its suffix, the user's own first; NULL. */
struct latency_metrics;
const struct latency_name *latency_metrics_row(const struct latency_metrics *m, const char *family,
                                               size_t len);
/* How many the user named, and which. */
const struct latency_name *latency_metrics_own(const struct latency_metrics *m, size_t *n);

struct latency_metrics;
struct latency_metrics *latency_metrics_new(void);
void latency_metrics_free(struct latency_metrics *m); /* NULL is fine */

/* More names, as JSON: {"latency": [{"metric": "x_seconds", "unit": "s", "route": "page", ...}]}. Keys are
 * those of the manual slowdive.yaml(5). They come before the known ones. */
bool latency_metrics_map(struct latency_metrics *m, const char *json, struct sd_error *err);

/* A scrape, or several of one text; `at` of a point: its moment. */
void latency_metrics_take(struct latency_metrics *m, const struct exposition_series *e, sd_time at);

/* A native histogram of the family `name`, values in its unit, which came since latency_metrics_since: no
 * counter. It is told with the next moment. */
void latency_metrics_native(struct latency_metrics *m, const char *name, const char *labels,
                            const struct buckets *b, double sum, sd_time at);
/* What is taken next is all that came from then on; the first moment is told as `whole`. */
void latency_metrics_since(struct latency_metrics *m, sd_time from);

struct latency_out {
    /* Each delta, with the beginning of its interval; it lives during the call. */
    void (*give)(void *ctx, sd_time from, const struct sd_latency *r);
    void *ctx;
    /* A first moment is told as what was counted since the process began. False: it is what the next one is
     * compared with. */
    bool whole;
    /* When that was is not known: it is a file that may have been copied. */
    bool undated;
};
/* Works on all that was taken since the last call. Adds to `note` what had to be left out. */
void latency_metrics_end(struct latency_metrics *m, const struct latency_out *out, struct strbuf *note);
/* A request that a bucket names; its texts are in it. False: it is of no request, has no trace, or was told
 * before. */
struct latency_exemplar {
    struct latency_who who;
    char trace[33], span[33];
    struct sd_exemplar r;
};
bool latency_metrics_exemplar(struct latency_metrics *m, const struct exposition_series *e,
                              const struct exposition_exemplar *x, struct latency_exemplar *out);
/* The next moment is compared with nothing: something was lost. */
void latency_metrics_gap(struct latency_metrics *m);

#endif
