/* profile_tree.h - the call tree of a file: nodes that name the one that called them, each with figures of
 * its own. What several formats have. Pure; one thread. */
#ifndef FORMAT_PROFILES_PROFILE_TREE_H
#define FORMAT_PROFILES_PROFILE_TREE_H

#include "core/profiles/profile.h"

enum { TREE_VALUES = 4, TREE_NODES_MAX = 2 << 20 };
#define TREE_CUT (UINT32_MAX - 1)

struct tree_node {
    uint32_t function, parent; /* parent: number of the node + 1; 0: none. function: UINT32_MAX: unknown;
                                  TREE_CUT: it stands for what is below its parent and has no nodes */
    int64_t samples;
};

struct profile_tree {
    struct tree_node *nodes;
    double *values; /* of node i from n_values * i */
    size_t n, cap, n_values;
    uint32_t *slots; /* hash table of the ids: number of a node + 1 */
    uint64_t *ids;
    size_t n_slots, cap_ids;
    const char *full; /* what there is too much of, or wrong; NULL */
};

/* `n_values`: how many figures a node has, at most TREE_VALUES. {0} otherwise. */
void tree_free(struct profile_tree *t);
/* A new node; its number. When there are too many, t->full says so, and the number is 0. UINT64_MAX: it has
 * no id, or gets it later. */
uint32_t tree_add(struct profile_tree *t, uint64_t id);
void tree_identify(struct profile_tree *t, uint32_t node, uint64_t id);
/* The number of the node of an id, the first of several; UINT32_MAX: there is none. */
uint32_t tree_find(const struct profile_tree *t, uint64_t id);
static inline double *tree_values(struct profile_tree *t, size_t node)
{
    return t->values + t->n_values * node;
}
/* Each node with figures is a stack of the profile. `skip_root`: nodes without a parent are no frames, but
 * the figures of such a node alone are. False: t->full says why. */
bool tree_stacks(struct profile_tree *t, struct profile *p, bool skip_root);

#endif
