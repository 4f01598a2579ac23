/* trace_parts.c - each piece of the critical path to the part that its span is. */
#include "core/traces/trace_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/traces/trace_calls.h"

const char *trace_part_name(enum trace_part p)
{
    static const char *const NAMES[TRACE_PARTS_N] = {
#define TRACE_PART_NAME(NAME, name, title) [PART_##NAME] = #name,
        TRACE_PARTS(TRACE_PART_NAME)};
    return NAMES[p];
}

const char *trace_part_title(enum trace_part p)
{
    static const char *const TITLES[TRACE_PARTS_N] = {
#define TRACE_PART_TITLE(NAME, name, title) [PART_##NAME] = title,
        TRACE_PARTS(TRACE_PART_TITLE)};
    return TITLES[p];
}

enum trace_part trace_part_of(const struct trace_tree *t, uint32_t of, uint32_t node)
{
    const struct trace_span *s = node_span(t, node);
    const char *system = span_db_system(t->trace, s);
    if (node_waits(t, node))
        return PART_QUEUE;
    if (system)
        return db_system_is_store(system) ? PART_CACHE : PART_DATABASE;
    if (s->kind == SPAN_PRODUCER)
        return PART_QUEUE;
    if (strcmp(s->service, node_span(t, of)->service) != 0)
        return PART_SERVICES;
    if (s->kind == SPAN_CLIENT)
        return node_answer(t, node) == TREE_NONE ? PART_EXTERNAL : PART_SERVICES;
    /* What a driver does inside of a call of a database is the database's. */
    uint32_t up = t->nodes[node].parent;
    const char *above = up == TREE_NONE || node == of ? NULL : span_db_system(t->trace, node_span(t, up));
    if (above)
        return db_system_is_store(above) ? PART_CACHE : PART_DATABASE;
    return PART_OWN;
}

/* A piece of the path; time of it in which a child runs beside the path is the child's. */
static void add_piece(const struct trace_tree *t, uint32_t of, const struct critical_piece *p,
                      struct beside_path *b, int64_t *left, int64_t *out)
{
    for (sd_time at = p->from, until; at < p->to; at = until) {
        uint32_t child = child_beside_path(t, b, at, p->to, &until);
        int64_t ns = MIN(until - at, *left);
        int64_t *part = &out[trace_part_of(t, of, child == TREE_NONE ? p->node : child)];
        *part = add_sat(*part, ns);
        *left -= ns;
    }
}

void trace_parts(const struct trace_tree *t, uint32_t node, int64_t out[TRACE_PARTS_N])
{
    struct critical_piece *pieces;
    int64_t left = MAX(node_span(t, node)->duration, 0);
    memset(out, 0, TRACE_PARTS_N * sizeof *out);
    uint32_t n = trace_branch_path(t, node, &pieces);
    struct beside_path *beside = mem_array((size_t)t->nodes[node].n_below + 1, sizeof *beside);
    for (uint32_t i = 0; i <= t->nodes[node].n_below; i++)
        beside[i] = beside_path(t, node + i);
    for (uint32_t i = 0; i < n; i++)
        add_piece(t, node, &pieces[i], &beside[pieces[i].node - node], &left, out);
    free(beside);
    /* The path is in whole microseconds. */
    int64_t *rest = &out[trace_part_of(t, node, node)];
    *rest = add_sat(*rest, left);
    free(pieces);
}
