/* accesslog_trace.h - the ids in a line by which a request can be looked up elsewhere. Pure; any thread. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_TRACE_H
#define FORMAT_ENDPOINTS_ACCESSLOG_TRACE_H

#include "base/base.h"

enum { REQUEST_ID_MAX = 80 };

struct trace_ids {
    char trace[33], span[17]; /* lower-case hex; "": none */
    char request[REQUEST_ID_MAX + 1];
};

/* The value of a header or field that names a trace: traceparent, X-Amzn-Trace-Id, uber-trace-id, b3,
 * X-Cloud-Trace-Context, 32 or 16 hex digits, or Datadog's decimal number. False: it is none of them. */
bool trace_id_parse(const char *s, size_t n, bool decimal, struct trace_ids *out);
/* Looks for such fields, by name or by form, and for one of a request's id. */
void trace_ids_find(const char *line, size_t len, struct trace_ids *out);

#endif
