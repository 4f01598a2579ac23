/* dominators.h - what holds what in a graph: the dominator of a node is the last one that all ways from the
 * root to it go through, so that it is freed with it. Pure; any thread. */
#ifndef FORMAT_PROFILES_DOMINATORS_H
#define FORMAT_PROFILES_DOMINATORS_H

#include "base/base.h"

struct graph {
    uint32_t n;            /* nodes; 0 is the root */
    const uint32_t *first; /* of n + 1: the edges of node i from first[i] to first[i + 1] */
    const uint32_t *to;    /* each less than n; UINT32_MAX: an edge that holds nothing */
};

/* The dominator of each node, in `order` of which a dominator stands before what it dominates; 0 for the root
 * and for nodes that nothing holds. The caller frees both. Lengauer and Tarjan, TOPLAS 1979: edges times the
 * logarithm of nodes. */
uint32_t *dominators(const struct graph *g, uint32_t **order);

#endif
