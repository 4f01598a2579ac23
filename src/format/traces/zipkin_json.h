/* zipkin_json.h - traces in Zipkin's JSON v2: a list of spans, or a list of traces, each a list of spans.
 *
 * Where client and server report one span under the same id, the server's half ("shared") becomes its child
 * "<id>-server". A report without a time of a span that another report times adds nothing, and is left out.
 * An annotation is an event, the tag "error" a failure. Pure; one thread for a draft. */
#ifndef FORMAT_TRACES_ZIPKIN_JSON_H
#define FORMAT_TRACES_ZIPKIN_JSON_H

#include "format/traces/span_draft.h"

/* The text is whole JSON (json_check). False and a sentence: no spans of Zipkin are in it, or they are of v1.
 */
bool zipkin_json_spans(const char *text, size_t len, struct span_draft *d, const struct span_sink *sink,
                       struct sd_error *err);

#endif
