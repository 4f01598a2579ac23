/* jaeger_json.h - traces in the JSON of Jaeger: of its query API and UI ({"data":[{"traceID","spans",
 * "processes"}]}, one such trace, a list of them), as Elasticsearch holds its spans (one, a list, an answer
 * of a search), and of its domain model (ids in base64, times as text).
 *
 * The first reference CHILD_OF within the trace is the parent, else the first FOLLOWS_FROM, else
 * parentSpanID; all others become attributes "link". Pure; one thread for a draft. */
#ifndef FORMAT_TRACES_JAEGER_JSON_H
#define FORMAT_TRACES_JAEGER_JSON_H

#include "format/traces/span_draft.h"

/* The text is whole JSON (json_check). False and a sentence: no traces of Jaeger are in it, or it is the
 * answer that something failed. An empty list of traces is fine. */
bool jaeger_json_spans(const char *text, size_t len, struct span_draft *d, const struct span_sink *sink,
                       struct sd_error *err);

#endif
