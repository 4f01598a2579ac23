/* otlp_values.h - attributes of OTLP, for its readers of traces and of metrics. */
#ifndef FORMAT_TRACES_OTLP_VALUES_H
#define FORMAT_TRACES_OTLP_VALUES_H

#include "format/json_pull.h"
#include "format/proto_pull.h"
#include "format/traces/otlp.h"

/* Adds one KeyValue; `scratch` is used up. Its text stands in the input, or is held. */
void otlp_wire_attribute(struct otlp_attributes *a, struct strbuf *scratch, struct proto p);
/* The attributes of the resource of a ResourceSpans or ResourceMetrics. */
void otlp_wire_resource(struct otlp_attributes *a, struct strbuf *scratch, struct proto p);

/* Adds a list of KeyValue. */
void otlp_json_attributes(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull *j);
/* The attributes of a resource. */
void otlp_json_resource(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull j);
/* A text that may be held. */
struct span_text otlp_json_text(struct otlp_attributes *a, struct strbuf *scratch, struct json_pull *j);

#endif
