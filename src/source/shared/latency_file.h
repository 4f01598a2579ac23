/* latency_file.h - the user's file of metrics of durations. On a source's worker thread. */
#ifndef SOURCE_SHARED_LATENCY_FILE_H
#define SOURCE_SHARED_LATENCY_FILE_H

#include "format/metrics/latency_metrics.h"

/* Reads it (YAML) into `into`. Its text as JSON, for more of these, which the caller frees; NULL and a
 * sentence. */
char *latency_file(const char *path, struct latency_metrics *into, struct sd_error *err);

#endif
