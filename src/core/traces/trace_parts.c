/* trace_parts.c - each piece of the critical path to the part that its span is. */
#include "core/traces/trace_parts.h"

#include <string.h>

#include "base/num.h"

static const struct trace_span *span_of(const struct trace_tree *t, uint32_t node)
{
    return &t->trace->spans[t->nodes[node].span];
}

/* Is there a span of another service's below the call? Then someone of the house answered it. */
static bool answered_inside(const struct trace_tree *t, uint32_t node)
{
    for (uint32_t i = node + 1; i <= node + t->nodes[node].n_below; i += t->nodes[i].n_below + 1) {
        const struct trace_span *s = span_of(t, i);
        if (s->kind == SPAN_SERVER || s->kind == SPAN_CONSUMER)
            return true;
    }
    return false;
}

enum trace_part trace_part_of(const struct trace_tree *t, uint32_t node)
{
    const struct trace_span *s = span_of(t, node);
    const char *system = span_db_system(t->trace, s);
    if (system)
        return db_system_is_store(system) ? PART_CACHE : PART_DATABASE;
    if (s->kind == SPAN_CLIENT)
        return answered_inside(t, node) ? PART_SERVICES : PART_EXTERNAL;
    return PART_OWN;
}

void trace_parts(const struct trace_tree *t, uint32_t node, int64_t out[TRACE_PARTS_N])
{
    memset(out, 0, TRACE_PARTS_N * sizeof *out);
    out[PART_OWN] = t->nodes[node].self_ns;
}
