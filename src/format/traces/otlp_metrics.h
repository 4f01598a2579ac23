/* otlp_metrics.h - metrics of OTLP, in protobuf or JSON, to records: durations of requests to servers as
 * buckets (SD_LATENCY), all else as series (SD_METRIC); of other histograms and summaries, their count and
 * sum.
 *
 * Who sends counts from a start of its own (cumulative), or since it sent last (delta). A latency is always
 * told as what came in between; a counter as one that grows. Points that begin anew, by their start or
 * because they fell, count from 0 there. Where bounds of buckets have changed, the time in between is left
 * out. Series are bounded. Pure; one thread. */
#ifndef FORMAT_TRACES_OTLP_METRICS_H
#define FORMAT_TRACES_OTLP_METRICS_H

#include "base/base.h"

enum { OTLP_SERIES_MAX = 20000, OTLP_BUCKETS_MAX = 1024 };

struct otlp_metrics;
/* `since`: what began to count after it was received from its beginning; SD_UNKNOWN: of nothing is that
 * known. */
struct otlp_metrics *otlp_metrics_new(sd_time since);
void otlp_metrics_free(struct otlp_metrics *m); /* NULL is fine */

/* `at`: of the batch that it belongs to: the beginning of its interval, or its moment. */
typedef void otlp_metrics_give(void *ctx, sd_time at, enum sd_kind kind, const void *record);

struct otlp_metrics_result {
    int64_t points, refused;
    const char *reason; /* why the last one was refused */
};
/* An ExportMetricsServiceRequest. JSON that was checked (json_check.h). False and a sentence: it is none, and
 * nothing was read. */
bool otlp_metrics_take(struct otlp_metrics *m, const char *bytes, size_t n, bool json, sd_time now,
                       otlp_metrics_give *give, void *ctx, struct otlp_metrics_result *out,
                       struct sd_error *err);
/* Adds what had to be left out so far, in sentences. */
void otlp_metrics_note(const struct otlp_metrics *m, struct strbuf *out);

#endif
