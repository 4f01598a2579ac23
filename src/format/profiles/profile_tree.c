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
        t->full = "it has more than 4,194,304 nodes";
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

bool tree_stacks(struct profile_tree *t, struct profile *p, bool skip_root)
{
    uint32_t *frames = NULL;
    size_t cap = 0;
    if (!t->full && !is_acyclic(t))
        t->full = "a node of its tree is above itself";
    for (size_t i = 0; i < t->n && !t->full; i++) {
        size_t n = 0;
        if (!has_figures(t, i))
            continue;
        for (uint32_t at = (uint32_t)i + 1; at && n <= PROFILE_DEPTH_MAX; at = t->nodes[at - 1].parent) {
            if (skip_root && !t->nodes[at - 1].parent && n)
                break;
            frames = n == cap ? mem_grow(frames, n, &cap, sizeof *frames) : frames;
            frames[n++] = function_of(p, &t->nodes[at - 1]);
        }
        for (size_t k = 0; k < n / 2; k++) {
            uint32_t swap = frames[k];
            frames[k] = frames[n - 1 - k];
            frames[n - 1 - k] = swap;
        }
        profile_stack(p, frames, n, t->nodes[i].samples, tree_values(t, i));
        if (p->full)
            t->full = p->full;
    }
    free(frames);
    return !t->full;
}
