/* otlp.h - the OpenTelemetry protocol, its two encodings: protobuf and JSON. An export request, which is also
 * what files of traces hold, is read where it stands; its spans go into a draft, points of metrics to whoever
 * asks.
 *
 * What cannot be read as a whole gives nothing: it is checked to its end first. Fields that are not known are
 * passed over. https://opentelemetry.io/docs/specs/otlp/ Pure; one thread. */
#ifndef FORMAT_TRACES_OTLP_H
#define FORMAT_TRACES_OTLP_H

#include "format/traces/span_draft.h"

enum { OTLP_ATTRIBUTES = SPAN_DRAFT_ATTRIBUTES };

/* ---- traces ---- */

struct otlp_traces {
    struct span_draft *draft;
    void (*full)(void *ctx); /* takes what is in the draft: it is full */
    void *ctx;
    int64_t spans;            /* seen, those that the draft refused too */
    int64_t links;            /* seen and left out */
    struct otlp_space *space; /* reused from call to call; otlp_traces_free */
};
void otlp_traces_free(struct otlp_traces *t);

/* ExportTraceServiceRequest, TracesData, or one ResourceSpans alone. False and a sentence: it is none;
 * nothing of it was taken. */
bool otlp_wire_traces(const void *bytes, size_t n, struct otlp_traces *t, struct sd_error *err);
bool otlp_json_traces(const char *text, size_t n, struct otlp_traces *t, struct sd_error *err);

/* ---- what both readers use ---- */

struct otlp_attribute {
    struct span_text key, value;
};
/* The attributes of one span, event or resource, as text: scalars as they are, lists and maps as JSON, bytes
 * as base64. What does not stand so in the input is held here. */
struct otlp_attributes {
    struct otlp_attribute items[OTLP_ATTRIBUTES];
    size_t n, more; /* left out */
    char small[4096];
    size_t used;
    struct arena *large; /* beyond `small`; NULL: nothing */
};

struct otlp_span {
    struct span_head head;
    struct span_text message; /* of its status */
    uint64_t start, end;
};

struct otlp_space {
    struct otlp_attributes resource, of_span, of_event;
    struct strbuf labels, text;
};
struct otlp_space *otlp_space_of(struct otlp_traces *t);

/* Unsigned times above what a time can be are unknown, and 0 is, too. */
static inline sd_time otlp_time(uint64_t ns)
{
    return ns && ns <= INT64_MAX ? (sd_time)ns : SD_UNKNOWN;
}

void otlp_attributes_clear(struct otlp_attributes *a);
void otlp_attribute_add(struct otlp_attributes *a, struct span_text key, struct span_text value);
/* Copies bytes into `held`. */
struct span_text otlp_hold(struct otlp_attributes *a, const char *bytes, size_t n);
/* Numbers as text. */
struct span_text otlp_hold_int(struct otlp_attributes *a, int64_t v);
struct span_text otlp_hold_real(struct otlp_attributes *a, double v);
void otlp_add_real(struct strbuf *out, double v);
void otlp_add_base64(struct strbuf *out, const uint8_t *bytes, size_t n);
/* A text as JSON, with its quotes. */
void otlp_add_json(struct strbuf *out, const char *text, size_t n);

/* The labels of a resource and its service's name, from its attributes; both live until these change. */
const char *otlp_labels(const struct otlp_attributes *a, struct strbuf *out);
struct span_text otlp_value_of(const struct otlp_attributes *a, const char *key);

/* Begins the span in the draft and gives it its attributes; events follow, then otlp_span_end. */
void otlp_span_begin(struct otlp_traces *t, struct otlp_span *s, const struct otlp_attributes *a);
void otlp_span_event(struct otlp_traces *t, sd_time at, struct span_text name,
                     const struct otlp_attributes *a);
void otlp_span_end(struct otlp_traces *t);

#endif
