/* otlp_read.h - the spans of one ExportTraceServiceRequest (or one ResourceSpans), whole in memory, as
 * protobuf or as JSON, read where they stand: json_pull.h, proto_pull.h. A tree of objects, as protobuf-c
 * makes, takes a dozen allocations for each span, and more time than all that is done with it here.
 *
 * Fields and enums that are not known are skipped. A span that has no usable ids is counted by the draft
 * (span_draft_intake), and the others are read. Pure; one thread for a draft. */
#ifndef FORMAT_TRACES_OTLP_READ_H
#define FORMAT_TRACES_OTLP_READ_H

#include "format/traces/span_draft.h"

/* JSON that was checked (json_check.h). False and a sentence: it is no such request, and nothing was read.
 * `sink` may be NULL: then the draft is filled without a bound, as large as its input. */
bool otlp_json_spans(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                     struct sd_error *err);
/* The same; checked here. */
bool otlp_proto_spans(const char *bytes, size_t len, struct span_draft *d, const struct span_sink *sink,
                      struct sd_error *err);

#endif
