#include "format/profiles/profile_tree.h"

#include <stdlib.h>

void tree_free(struct profile_tree *t)
{
    free(t->nodes);
    free(t->values);
    free(t->slots);
    free(t->ids);
    *t = (struct profile_tree){0};
}

static size_t slot_of(const struct profile_tree *t, uint64_t id)
{
    uint64_t h = id * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(h ^ h >> 32) & (t->n_slots - 1);
    while (t->slots[at] && t->ids[t->slots[at] - 1] != id)
        at = (at + 1) & (t->n_slots - 1);
    return at;
}

static void put_slot(struct profile_tree *t, size_t node)
{
    size_t at = t->ids[node] != UINT64_MAX ? slot_of(t, t->ids[node]) : 0;
    if (t->ids[node] != UINT64_MAX && !t->slots[at])
        t->slots[at] = (uint32_t)node + 1;
}

void tree_identify(struct profile_tree *t, uint32_t node, uint64_t id)
{
    t->ids[node] = id;
    put_slot(t, node);
}

uint32_t tree_add(struct profile_tree *t, uint64_t id)
{
    if (t->n >= TREE_NODES_MAX) {
        t->full = "it has more than 2,097,152 nodes";
        return 0;
    }
    if (t->n == t->cap) {
        size_t was = t->cap;
        t->nodes = mem_grow(t->nodes, t->n, &t->cap, sizeof *t->nodes);
        t->values = mem_realloc(t->values, (t->cap * t->n_values + 1) * sizeof *t->values);
        memset(t->values + was * t->n_values, 0, (t->cap - was) * t->n_values * sizeof *t->values);
    }
    if (t->n == t->cap_ids)
        t->ids = mem_grow(t->ids, t->n, &t->cap_ids, sizeof *t->ids);
    t->ids[t->n] = id;
    t->nodes[t->n] = (struct tree_node){.function = UINT32_MAX};
    t->n++;
    if (t->n * 2 > t->n_slots) {
        t->n_slots = t->n_slots ? t->n_slots * 2 : 1024;
        free(t->slots);
        t->slots = mem_array(t->n_slots, sizeof *t->slots);
        for (size_t i = 0; i < t->n; i++)
            put_slot(t, i);
    } else {
        put_slot(t, t->n - 1);
    }
    return (uint32_t)t->n - 1;
}

uint32_t tree_find(const struct profile_tree *t, uint64_t id)
{
    if (!t->n_slots || id == UINT64_MAX)
        return UINT32_MAX;
    size_t at = slot_of(t, id);
    return t->slots[at] ? t->slots[at] - 1 : UINT32_MAX;
}

/* No node may be above itself. Each is gone through once: what was seen on the way of another is done. */
static bool is_acyclic(struct profile_tree *t)
{
    uint32_t *seen = mem_array(t->n + 1, sizeof *seen); /* by the way of which node + 1 */
    bool fine = true;
    for (uint32_t i = 0; i < t->n && fine; i++) {
        uint32_t at = i + 1;
        while (at && !seen[at - 1]) {
            seen[at - 1] = i + 1;
            at = t->nodes[at - 1].parent;
        }
        fine = !at || seen[at - 1] != i + 1;
    }
    free(seen);
    return fine;
}

static bool has_figures(struct profile_tree *t, size_t i)
{
    bool any = t->nodes[i].samples;
    for (size_t v = 0; v < t->n_values; v++)
        any |= tree_values(t, i)[v] != 0;
    return any;
}

/* A node that the file gives no function. */
static uint32_t function_of(struct profile *p, const struct tree_node *node)
{
    static const char unknown[] = "(unknown)";
    return node->function < p->n ? node->function
                                 : profile_function(p, unknown, sizeof unknown - 1, NULL, 0, NULL);
}

struct stacks {
    struct profile_tree *t;
    struct profile *p;
    bool skip_root;
    uint32_t *below; /* of each node: the profile's node, + 1; 0: none yet */
    uint32_t *depth; /* of those, frames */
    uint32_t *path;  /* numbers of nodes, the innermost first */
    size_t n, cap;
};

/* The nodes from `node` outwards, to the first whose place in the profile is known when `known` is wanted. */
static void climb(struct stacks *s, uint32_t node, bool known)
{
    s->n = 0;
    for (uint32_t at = node + 1; at && s->n <= PROFILE_DEPTH_MAX; at = s->t->nodes[at - 1].parent) {
        if (known && s->below[at - 1])
            return;
        if (s->skip_root && !s->t->nodes[at - 1].parent && s->n)
            return;
        s->path = s->n == s->cap ? mem_grow(s->path, s->n, &s->cap, sizeof *s->path) : s->path;
        s->path[s->n++] = at - 1;
    }
}

/* Where the path begins: the profile's node, and how deep it is. */
static uint32_t outer_end(const struct stacks *s, uint32_t *depth)
{
    uint32_t parent = s->t->nodes[s->path[s->n - 1]].parent;
    bool known = parent && s->below[parent - 1] && !(s->skip_root && !s->t->nodes[parent - 1].parent);
    *depth = known ? s->depth[parent - 1] : 0;
    return known ? s->below[parent - 1] - 1 : 0;
}

/* The node's place in the profile, made with all above it; PROFILE_NO_NODE: there is no room. */
static uint32_t place(struct stacks *s, uint32_t node)
{
    climb(s, node, true);
    uint32_t depth = 0, at = s->n ? outer_end(s, &depth) : s->below[node] - 1;
    while (s->n) {
        uint32_t i = s->path[--s->n];
        at = profile_below(s->p, at, function_of(s->p, &s->t->nodes[i]));
        if (at == PROFILE_NO_NODE)
            return at;
        s->below[i] = at + 1;
        s->depth[i] = ++depth;
    }
    return at;
}

/* What stands for nodes that were left out. */
static void add_cut(struct stacks *s, uint32_t node, int64_t samples, const double *values)
{
    uint32_t parent = s->t->nodes[node].parent, at = parent ? place(s, parent - 1) : 0;
    if (profile_ends(s->p, 0, 0, samples, values))
        profile_cut(s->p, at == PROFILE_NO_NODE ? 0 : at, 0, values);
}

static void add_stack(struct stacks *s, uint32_t node)
{
    const double *values = tree_values(s->t, node);
    int64_t samples = s->t->nodes[node].samples;
    if (s->t->nodes[node].function == TREE_CUT) {
        add_cut(s, node, samples, values);
        return;
    }
    uint32_t at = place(s, node);
    if (at != PROFILE_NO_NODE) {
        profile_ends(s->p, at, s->depth[node], samples, values);
        return;
    }
    climb(s, node, false);
    for (size_t i = 0, k = s->n; i < k; i++) /* outermost first, and as functions */
        if (i < --k) {
            uint32_t swap = s->path[i];
            s->path[i] = s->path[k];
            s->path[k] = swap;
        }
    for (size_t i = 0; i < s->n; i++)
        s->path[i] = function_of(s->p, &s->t->nodes[s->path[i]]);
    profile_stack(s->p, s->path, s->n, samples, values);
}

bool tree_stacks(struct profile_tree *t, struct profile *p, bool skip_root)
{
    struct stacks s = {.t = t, .p = p, .skip_root = skip_root};
    if (!t->full && !is_acyclic(t))
        t->full = "a node of its tree is above itself";
    s.below = mem_array(t->n + 1, sizeof *s.below);
    s.depth = mem_array(t->n + 1, sizeof *s.depth);
    for (size_t i = 0; i < t->n && !t->full; i++) {
        if (has_figures(t, i))
            add_stack(&s, (uint32_t)i);
        t->full = p->full;
    }
    free(s.below);
    free(s.depth);
    free(s.path);
    return !t->full;
}
