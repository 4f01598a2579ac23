#include "format/profiles/dominators.h"

#include <stdlib.h>

/* Nodes by the number that a search in depth gives them, from 1; 0 is none. */
struct search {
    const struct graph *g;
    uint32_t *number; /* of each node of the graph */
    uint32_t *node;   /* of each number */
    uint32_t *parent; /* of numbers, as all below */
    uint32_t *semi, *label, *ancestor, *dom;
    uint32_t *bucket, *next; /* nodes by their semidominator */
    uint32_t n;
};

/* Numbers all nodes that the root reaches. `next` holds where each node is in its edges. */
static void number_nodes(struct search *s)
{
    uint32_t at = 1;
    s->number[0] = s->n = 1;
    s->next[1] = s->g->first[0];
    while (at) {
        uint32_t node = s->node[at];
        if (s->next[at] == s->g->first[node + 1]) {
            at = s->parent[at];
            continue;
        }
        uint32_t to = s->g->to[s->next[at]++];
        if (to == UINT32_MAX || s->number[to])
            continue;
        uint32_t i = ++s->n;
        s->number[to] = i;
        s->node[i] = to;
        s->parent[i] = at;
        s->next[i] = s->g->first[to];
        at = i;
    }
}

/* The edges turned round, in numbers: those that lead to i stand from first[i + 1] to first[i + 2]. */
static uint32_t *turn(const struct search *s, uint32_t *first)
{
    for (uint32_t i = 1; i <= s->n; i++)
        for (uint32_t e = s->g->first[s->node[i]]; e < s->g->first[s->node[i] + 1]; e++)
            if (s->g->to[e] != UINT32_MAX)
                first[s->number[s->g->to[e]] + 1]++;
    for (uint32_t i = 1; i <= s->n + 1; i++)
        first[i] += first[i - 1];
    first[s->n + 2] = first[s->n + 1]; /* behind the last */
    uint32_t *from = mem_array((size_t)first[s->n + 1] + 1, sizeof *from);
    for (uint32_t i = s->n; i; i--) /* each end goes down to its beginning */
        for (uint32_t e = s->g->first[s->node[i]]; e < s->g->first[s->node[i] + 1]; e++)
            if (s->g->to[e] != UINT32_MAX)
                from[--first[s->number[s->g->to[e]] + 1]] = i;
    return from;
}

/* The node with the smallest semidominator on the way up to the root of its tree, made short. */
static uint32_t evaluate(struct search *s, uint32_t v)
{
    uint32_t up = 0, at = v;
    if (!s->ancestor[v])
        return v;
    /* The way up is turned round while it is gone, and back while it is made short. */
    while (s->ancestor[s->ancestor[at]]) {
        uint32_t next = s->ancestor[at];
        s->ancestor[at] = up;
        up = at;
        at = next;
    }
    uint32_t top = s->ancestor[at], best = at;
    while (up) {
        uint32_t below = s->ancestor[up];
        if (s->semi[s->label[best]] < s->semi[s->label[up]])
            s->label[up] = s->label[best];
        s->ancestor[up] = top;
        best = up;
        up = below;
    }
    return s->label[v];
}

static void find_dominators(struct search *s, const uint32_t *first, const uint32_t *from)
{
    for (uint32_t i = 1; i <= s->n; i++) {
        s->semi[i] = s->label[i] = i;
        s->next[i] = 0;
    }
    for (uint32_t w = s->n; w > 1; w--) {
        for (uint32_t e = first[w + 1]; e < first[w + 2]; e++)
            s->semi[w] = MIN(s->semi[w], s->semi[evaluate(s, from[e])]);
        s->next[w] = s->bucket[s->semi[w]];
        s->bucket[s->semi[w]] = w;
        uint32_t p = s->parent[w];
        s->ancestor[w] = p;
        for (uint32_t v = s->bucket[p]; v; v = s->next[v]) {
            uint32_t u = evaluate(s, v);
            s->dom[v] = s->semi[u] < s->semi[v] ? u : p;
        }
        s->bucket[p] = 0;
    }
    for (uint32_t w = 2; w <= s->n; w++)
        if (s->dom[w] != s->semi[w])
            s->dom[w] = s->dom[s->dom[w]];
}

uint32_t *dominators(const struct graph *g, uint32_t **order)
{
    size_t room = (size_t)g->n + 3;
    struct search s = {.g = g};
    uint32_t **arrays[] = {&s.number, &s.node,     &s.parent, &s.semi, &s.label,
                           &s.bucket, &s.ancestor, &s.dom,    &s.next};
    for (size_t i = 0; i < ARRAY_LEN(arrays); i++)
        *arrays[i] = mem_array(room, sizeof(uint32_t));
    uint32_t *first = mem_array(room, sizeof *first);
    number_nodes(&s);
    uint32_t *from = turn(&s, first);
    find_dominators(&s, first, from);
    free(first);
    free(from);
    uint32_t *out = mem_array(room, sizeof *out), n = 0;
    for (uint32_t w = 2; w <= s.n; w++)
        out[s.node[w]] = s.node[s.dom[w]];
    *order = mem_array(room, sizeof **order);
    for (uint32_t w = 1; w <= s.n; w++)
        (*order)[n++] = s.node[w];
    for (uint32_t i = 0; i < g->n; i++)
        if (!s.number[i])
            (*order)[n++] = i;
    for (size_t i = 0; i < ARRAY_LEN(arrays); i++)
        free(*arrays[i]);
    return out;
}
