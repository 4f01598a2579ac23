/* trace_parts.h - where the time of a request goes: each ns of the critical path belongs to the span it is
 * own time of, or to its child that runs then, beside the path, and so to one of these. */
#ifndef CORE_TRACES_TRACE_PARTS_H
#define CORE_TRACES_TRACE_PARTS_H

#include "core/traces/trace_tree.h"

/* X(NAME, name, title) */
#define TRACE_PARTS(X)                                                                                       \
    X(OWN, own, "Own time")                                                                                  \
    X(DATABASE, database, "Database")                                                                        \
    X(CACHE, cache, "Cache")                                                                                 \
    X(SERVICES, services, "Other services")                                                                  \
    X(EXTERNAL, external, "External")                                                                        \
    X(QUEUE, queue, "Waiting in a queue")

enum trace_part {
#define TRACE_PART_ENUM(NAME, name, title) PART_##NAME,
    TRACE_PARTS(TRACE_PART_ENUM)
#undef TRACE_PART_ENUM
        TRACE_PARTS_N
};
const char *trace_part_name(enum trace_part p);  /* "own" */
const char *trace_part_title(enum trace_part p); /* "Own time" */

/* Seen from the service of node `of`, whose own time is the time of all its spans that call nobody. */
enum trace_part trace_part_of(const struct trace_tree *t, uint32_t of, uint32_t node);
/* Of the branch of a node, on its critical path: ns of each part, which sum to its duration. */
void trace_parts(const struct trace_tree *t, uint32_t node, int64_t out[TRACE_PARTS_N]);

#endif
