/* trace_calls.h - what a span is as a call: of a database, of a service, of someone outside. */
#ifndef CORE_TRACES_TRACE_CALLS_H
#define CORE_TRACES_TRACE_CALLS_H

#include "core/traces/trace_tree.h"

static inline const struct trace_span *node_span(const struct trace_tree *t, uint32_t node)
{
    return &t->trace->spans[t->nodes[node].span];
}
/* The children of a node one after the other: TREE_NONE behind the last. */
uint32_t node_first_child(const struct trace_tree *t, uint32_t node);
uint32_t node_next(const struct trace_tree *t, uint32_t node);
/* Of a client's or sender's span: the first span of another's that answers it, below it, with spans of the
 * caller's own in between at most; TREE_NONE: none came. */
uint32_t node_answer(const struct trace_tree *t, uint32_t node);
/* Who is called: the service that answers, or what the span calls it; NULL: not said. */
const char *node_callee(const struct trace_tree *t, uint32_t node);
/* A client's span of no database: HTTP, RPC. */
bool node_calls_service(const struct trace_tree *t, uint32_t node);
/* Does it only wait for a connection of a pool, or in a queue? */
bool node_waits(const struct trace_tree *t, uint32_t node);

/* Children of a node that run while a piece of the critical path is the node's own: they overlap a child on
 * the path, or end when it begins. Begin with beside_path, then ask in the order of time. */
struct beside_path {
    uint32_t parent, next; /* the next child to look at */
    uint32_t last;         /* of those before, the one that ends last; TREE_NONE: there was none */
};
struct beside_path beside_path(const struct trace_tree *t, uint32_t parent);
/* Which child runs from `from` until *until, `to` at most; TREE_NONE: none does. */
uint32_t child_beside_path(const struct trace_tree *t, struct beside_path *b, sd_time from, sd_time to,
                           sd_time *until);

#endif
