/* latency_labels.h - what the labels of a series say of a request: its endpoint, and whether it failed. Pure.
 */
#ifndef FORMAT_METRICS_LATENCY_LABELS_H
#define FORMAT_METRICS_LATENCY_LABELS_H

#include "format/metrics/latency_names.h"

enum { LATENCY_TEXT = 256 };

/* Of whom requests are. "": unknown. */
struct latency_who {
    char method[32], route[LATENCY_TEXT], service[LATENCY_TEXT], host[LATENCY_TEXT];
};
enum latency_outcome { OUTCOME_UNKNOWN, OUTCOME_FINE, OUTCOME_FAILED };

/* A label by name, dots in names of labels being underscores; labels as of exposition_series. Writes its
 * value without escapes; false: it has none. */
bool latency_label(const char *labels, const char *key, size_t key_len, char *out, size_t size);

/* False: the series is none of the row's (`only`). */
bool latency_who_is(const struct latency_name *n, const char *labels, struct latency_who *out,
                    enum latency_outcome *outcome);

/* Labels that say of whom it is, for a query that adds up all others: into `out`, by `add`. */
void latency_label_names(const struct latency_name *n, void (*add)(void *ctx, const char *name, size_t len),
                         void *ctx);

#endif
