/* trace_links.h - which endpoint runs which query, from the database spans of traces. Only links.c asks. */
#ifndef CORE_MODEL_TRACE_LINKS_H
#define CORE_MODEL_TRACE_LINKS_H

#include "core/model/parts.h"

struct trace_link {
    struct query *query;
    struct name *route; /* of the root, folded as routes of tags are */
    int64_t calls, total_ns;
    int64_t requests; /* traces of the endpoint */
};
struct trace_links;
/* Good until the traces, the queries or the span change. */
const struct trace_link *trace_links_of(const struct model *m, struct span span, size_t *n);
void trace_links_free(struct part *p, struct trace_links *k); /* NULL is fine */
/* Where the traces hold it. */
struct trace_links **traces_links(const struct model *m);

#endif
