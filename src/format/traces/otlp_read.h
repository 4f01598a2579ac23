/* otlp_read.h - the spans of one ExportTraceServiceRequest, whole in memory, as protobuf or as JSON.
 *
 * Fields and enums that are not known are skipped. A span that has no usable ids is counted by the draft
 * (span_draft_intake), and the others are read. Pure; one thread for a draft. */
#ifndef FORMAT_TRACES_OTLP_READ_H
#define FORMAT_TRACES_OTLP_READ_H

#include "format/traces/span_draft.h"

/* False and a sentence: the bytes are no such request. What stood before the fault is in the draft or was
 * taken. `sink` may be NULL: then the draft is filled without a bound, as large as its input. */
bool otlp_json_spans(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                     struct sd_error *err);
bool otlp_proto_spans(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                      struct sd_error *err);

#endif
