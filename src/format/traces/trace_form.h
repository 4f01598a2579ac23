/* trace_form.h - which format a file or an answer with spans has, by its bytes. Pure; any thread. */
#ifndef FORMAT_TRACES_TRACE_FORM_H
#define FORMAT_TRACES_TRACE_FORM_H

#include "format/traces/span_draft.h"

enum trace_form {
    TRACE_NONE,
    TRACE_OTLP,      /* JSON: resourceSpans */
    TRACE_TEMPO,     /* JSON of Tempo's API: batches, or trace.resourceSpans */
    TRACE_JAEGER,    /* JSON */
    TRACE_ZIPKIN,    /* JSON, v1 too */
    TRACE_PROTO,     /* OTLP in protobuf: TracesData, ExportTraceServiceRequest, Tempo's Trace */
    TRACE_WRAPPED,   /* the same inside of another message: Tempo's API v2 */
    TRACE_FRAMED,    /* the same, each behind its length in four bytes: the collector's file exporter */
    TRACE_DELIMITED, /* the same, each behind its length as a varint, as protobuf's libraries do */
    TRACE_OTHER      /* OTLP, but metrics, logs or profiles */
};

/* How sure it is that a file with these first bytes holds spans: 0..100. Not packed. */
int trace_form_sure(const char *head, size_t len);
/* Of protobuf, which; TRACE_NONE: it is none. The bytes may be cut. */
enum trace_form trace_form_proto(const uint8_t *bytes, size_t len);
/* The form of one whole value of JSON. */
enum trace_form trace_form_json(const char *text, size_t len);
/* "Jaeger": for people. */
const char *trace_form_name(enum trace_form form);

/* Reads the spans of one value or message, whatever its form. TRACE_NONE and a sentence without its subject:
 * it has none, or is broken; TRACE_OTHER: it has none because it is about something else. `checked`: as JSON
 * it is whole (json_check). */
enum trace_form trace_form_read(const char *bytes, size_t len, bool checked, struct span_draft *d,
                                const struct span_sink *sink, struct sd_error *err);

#endif
