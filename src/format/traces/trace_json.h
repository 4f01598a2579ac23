/* trace_json.h - values of JSON as files of traces have them. Pure; nothing recurs. */
#ifndef FORMAT_TRACES_TRACE_JSON_H
#define FORMAT_TRACES_TRACE_JSON_H

#include "format/json_pull.h"
#include "format/traces/span_draft.h"

/* A whole number, or the text of one, exact to 64 bits; one with a fraction is rounded. False: something
 * else, or beyond; it is skipped. */
bool trace_json_int(struct json_pull *j, int64_t *v);
/* Any value as a text: a string without its escapes, in `scratch` if it had some; others as they are written.
 * .at NULL: null. */
struct span_text trace_json_value(struct json_pull *j, struct strbuf *scratch);
/* Only of a string; .at NULL for others, which are skipped. */
struct span_text trace_json_text(struct json_pull *j, struct strbuf *scratch);
/* true, or the text "true". */
bool trace_json_true(struct json_pull *j);
bool span_text_is(struct span_text t, const char *s);

/* Times in microseconds to ns; at the limits of the type they stay there. SD_UNKNOWN stays. */
int64_t trace_us(int64_t us);
/* "2017-01-26T16:46:31.639875139-05:00". False: it is none. */
bool trace_stamp(struct span_text t, sd_time *at);
/* Base64 to bytes: how many, 0: it is none, or has more than `size`. */
size_t trace_base64(struct span_text t, uint8_t *out, size_t size);

#endif
