/* otlp_values.h - what the readers of OTLP have in common, of both encodings, traces and metrics: attributes
 * as text, and spans on their way into a draft. One thread. */
#ifndef FORMAT_TRACES_OTLP_VALUES_H
#define FORMAT_TRACES_OTLP_VALUES_H

#include "format/json_pull.h"
#include "format/proto_pull.h"
#include "format/traces/span_draft.h"
#include "format/traces/span_resource.h"

enum { OTLP_ATTRIBUTES = SPAN_DRAFT_ATTRIBUTES };

struct otlp_attribute {
    struct span_text key, value;
};
/* The attributes of one span, event or resource, as text: scalars as they are, lists and maps as JSON, bytes
 * as base64. What does not stand so in the input is held here. */
struct otlp_attributes {
    struct otlp_attribute items[OTLP_ATTRIBUTES + SPAN_DRAFT_TELLING];
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

/* NULL .at: there is none. */
struct span_text otlp_value_of(const struct otlp_attributes *a, const char *key);

/* ---- spans ---- */

/* What a reader of spans works with. */
struct otlp_traces {
    struct span_draft *draft;
    const struct span_sink *sink;
    bool ended; /* by the sink */
    struct otlp_attributes resource, of_span, of_event;
    struct span_resource labels;
    struct strbuf text;
};
struct otlp_traces *otlp_traces_new(struct span_draft *d, const struct span_sink *sink);
void otlp_traces_free(struct otlp_traces *t);
/* Whose the spans are that come next, by `resource`. */
void otlp_traces_service(struct otlp_traces *t);
/* Begins the span in the draft and gives it its attributes; events follow, then otlp_span_end. */
void otlp_span_begin(struct otlp_traces *t, struct otlp_span *s, const struct otlp_attributes *a);
void otlp_span_event(struct otlp_traces *t, sd_time at, struct span_text name,
                     const struct otlp_attributes *a);
void otlp_span_end(struct otlp_traces *t);

/* ---- attributes in either encoding ---- */

/* Adds one KeyValue; `scratch` is used up. Its text stands in the input, or is held. */
void otlp_wire_attribute(struct otlp_attributes *a, struct strbuf *scratch, struct proto p);
/* The attributes of the resource of a ResourceSpans or ResourceMetrics. */
void otlp_wire_resource(struct otlp_attributes *a, struct strbuf *scratch, struct proto p);

/* Adds a list of KeyValue. */
void otlp_json_attributes(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull *j);
/* The attributes of a resource. */
void otlp_json_resource(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull *j);
/* A text that may be held. */
struct span_text otlp_json_text(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull *j);

#endif
