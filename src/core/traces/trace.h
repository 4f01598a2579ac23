/* trace.h - a trace: its spans, as they came in. What follows from them is in trace_tree.h and beyond.
 *
 * Texts and attributes belong to the trace. One thread; after it is complete any thread may read it. */
#ifndef CORE_TRACES_TRACE_H
#define CORE_TRACES_TRACE_H

#include "base/base.h"

/* The numbers are those of OTLP. */
enum span_kind { SPAN_UNSAID, SPAN_INTERNAL, SPAN_SERVER, SPAN_CLIENT, SPAN_PRODUCER, SPAN_CONSUMER };

struct trace_span {
    const char *id;     /* 16 lower-case hex digits, or what the input has in their place */
    const char *parent; /* id of its parent; NULL: it is a root. The parent need not be in the trace */
    const char *service, *name; /* "" when not said */
    const char *resource;       /* attributes of the service, as labels of metrics are written; NULL */
    const char *statement;      /* of a database or store, constants hidden; NULL */
    sd_time start;
    int64_t duration; /* ns; SD_UNKNOWN: not said. May be 0 */
    uint8_t kind;     /* enum span_kind */
    bool error, follows;
    uint32_t first_attribute, n_attributes;
    uint32_t first_event, n_events;
};

struct trace_attribute {
    const char *key, *value;
};
struct trace_event {
    sd_time at;
    const char *text;
};

struct trace {
    const char *id;                 /* 32 lower-case hex digits, or what the input has in their place */
    const struct trace_span *spans; /* in the order in which they came */
    uint32_t n;
    const struct trace_attribute *attributes;
    const struct trace_event *events;
    bool cut; /* spans were left out for want of room */
};

/* The value of an attribute of a span by its name, or by the first of several that it has: the names of newer
 * and older conventions. `keys` ends with NULL. NULL: it has none. */
const char *span_attribute(const struct trace *t, const struct trace_span *s, const char *const *keys);
/* "GET /orders/:id" of a server's span: http.request.method and http.route, or the older names; without a
 * route its path folded; NULL: it is no request of HTTP. `buf` holds it. */
const char *span_endpoint(const struct trace *t, const struct trace_span *s, char buf[256]);
/* "postgresql", "redis", ...; NULL: it is no call of a database or store. */
const char *span_db_system(const struct trace *t, const struct trace_span *s);
/* Is it a store of keys and values, such as Redis? What counts for SQL does not for it. */
bool db_system_is_store(const char *system);

#endif
