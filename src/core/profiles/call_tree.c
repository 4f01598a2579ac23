/* call_tree.c - the stacks of a profile as a tree, and the figures of functions from it. */
#include <stdlib.h>

#include "base/num.h"
#include "core/profiles/profile.h"

/* ---- nodes ---- */

static size_t node_hash(uint32_t parent, uint32_t function)
{
    uint64_t h = ((uint64_t)parent << 32 | function) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h ^ h >> 29);
}

static void nodes_rehash(struct profile *p)
{
    p->n_node_slots = p->n_node_slots ? p->n_node_slots * 2 : p->least_slots;
    free(p->node_slots);
    p->node_slots = mem_array(p->n_node_slots, sizeof *p->node_slots);
    for (size_t i = 1; i < p->n_nodes; i++) {
        size_t at = node_hash(p->nodes[i].parent, p->nodes[i].function) & (p->n_node_slots - 1);
        while (p->node_slots[at])
            at = (at + 1) & (p->n_node_slots - 1);
        p->node_slots[at] = (uint32_t)i;
    }
}

static size_t node_bytes(const struct profile *p)
{
    return sizeof *p->nodes + sizeof *p->node_samples + 2 * sizeof *p->node_slots +
           2 * p->max_types * sizeof *p->node_self;
}

/* What the arrays held beyond `was` items is unset. */
static void *widened(void *items, size_t was, size_t cap, size_t size)
{
    char *out = mem_realloc(items, cap * size);
    memset(out + was * size, 0, (cap - was) * size);
    return out;
}

static void node_add(struct profile *p, uint32_t parent, uint32_t function)
{
    if (p->n_nodes == p->cap_nodes) {
        size_t was = p->cap_nodes;
        p->nodes = mem_grow(p->nodes, p->n_nodes, &p->cap_nodes, sizeof *p->nodes);
        p->node_self = widened(p->node_self, was, p->cap_nodes, p->max_types * sizeof *p->node_self);
        p->node_samples = widened(p->node_samples, was, p->cap_nodes, sizeof *p->node_samples);
        if (p->node_cut) {
            p->node_cut = widened(p->node_cut, was, p->cap_nodes, p->max_types * sizeof *p->node_cut);
            p->node_cut_n = widened(p->node_cut_n, was, p->cap_nodes, sizeof *p->node_cut_n);
        }
    }
    p->nodes[p->n_nodes++] = (struct profile_node){.function = function, .parent = parent};
}

uint32_t profile_below(struct profile *p, uint32_t parent, uint32_t function)
{
    if (!p->n_nodes)
        node_add(p, 0, UINT32_MAX);
    if (p->n_nodes * 2 >= p->n_node_slots)
        nodes_rehash(p);
    size_t at = node_hash(parent, function) & (p->n_node_slots - 1);
    for (uint32_t i; (i = p->node_slots[at]); at = (at + 1) & (p->n_node_slots - 1))
        if (p->nodes[i].parent == parent && p->nodes[i].function == function)
            return i;
    if (p->n_nodes >= p->tree_max / node_bytes(p))
        return PROFILE_NO_NODE;
    node_add(p, parent, function);
    return p->node_slots[at] = (uint32_t)p->n_nodes - 1;
}

/* ---- stacks ---- */

/* The same for every stack. False: there is too much. */
static bool count_stack(struct profile *p, size_t n, int64_t samples, const double *values)
{
    p->stacks++;
    p->frames += n;
    if (!p->full && (n > PROFILE_DEPTH_MAX || p->frames > PROFILE_FRAMES_MAX))
        p->full = n > PROFILE_DEPTH_MAX ? "a stack of more than 1,048,576 frames"
                                        : "more than 500 million frames in all stacks";
    if (p->full)
        return false;
    if (p->counted)
        p->samples = add_sat(p->samples, samples);
    for (size_t t = 0; t < p->n_types; t++)
        p->sums[t] += values[t];
    return true;
}

static void node_ends(struct profile *p, uint32_t node, int64_t samples, const double *values)
{
    double *own = p->node_self + p->max_types * node;
    for (size_t t = 0; t < p->n_types; t++)
        own[t] += values[t];
    p->node_samples[node] = add_sat(p->node_samples[node], samples);
}

bool profile_ends(struct profile *p, uint32_t node, size_t n, int64_t samples, const double *values)
{
    if (!count_stack(p, n, samples, values))
        return false;
    p->ended = node;
    if (node)
        node_ends(p, node, samples, values);
    return true;
}

void profile_cut(struct profile *p, uint32_t node, int64_t n, const double *values)
{
    if (!p->n_nodes)
        node_add(p, 0, UINT32_MAX);
    if (!p->node_cut) {
        p->node_cut = mem_array(p->cap_nodes, p->max_types * sizeof *p->node_cut);
        p->node_cut_n = mem_array(p->cap_nodes, sizeof *p->node_cut_n);
    }
    for (size_t t = 0; t < p->n_types; t++)
        p->node_cut[p->max_types * node + t] += values[t];
    p->node_cut_n[node] = add_sat(p->node_cut_n[node], n);
}

static void add_to(struct profile *p, double *figures, int64_t *counted, int64_t samples,
                   const double *values)
{
    for (size_t t = 0; t < p->n_types; t++)
        figures[t] += values[t];
    *counted = add_sat(*counted, samples);
}

/* A stack that has no node of its own gives its figures to the functions at once; the walk leaves out what is
 * cut. */
static void add_frames(struct profile *p, const uint32_t *frames, size_t n, int64_t samples,
                       const double *values)
{
    enum { AHEAD = 8 }; /* frames: the figures of all functions are more than a cache holds */
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n) {
            __builtin_prefetch(&p->functions[frames[i + AHEAD]].stack, 1);
            __builtin_prefetch(p->values + 2 * p->max_types * frames[i + AHEAD] + p->max_types, 1);
        }
        struct profile_function *f = &p->functions[frames[i]];
        double *own = p->values + 2 * p->max_types * frames[i];
        if (f->stack != p->stacks)
            add_to(p, own + p->max_types, &f->total_samples, samples, values);
        f->stack = p->stacks;
        if (i + 1 == n)
            add_to(p, own, &f->self_samples, samples, values);
    }
}

/* Stacks that follow each other mostly begin alike. How many frames of the last one these begin with; there
 * is room for all. */
static size_t common_path(struct profile *p, const uint32_t *frames, size_t n)
{
    size_t k = 0;
    while (k < n && k < p->n_path && p->path[k].function == frames[k])
        k++;
    if (n > p->cap_path) {
        p->cap_path = n + n / 2;
        p->path = mem_realloc(p->path, p->cap_path * sizeof *p->path);
    }
    return k;
}

bool profile_stack(struct profile *p, const uint32_t *frames, size_t n, int64_t samples, const double *values)
{
    if (!count_stack(p, n, samples, values))
        return false;
    size_t k = common_path(p, frames, n);
    uint32_t node = k ? p->path[k - 1].parent : 0;
    for (uint32_t below; k < n; node = below) {
        if ((below = profile_below(p, node, frames[k])) == PROFILE_NO_NODE)
            break;
        p->path[k] = (struct profile_node){.function = frames[k], .parent = below};
        k++;
    }
    p->n_path = k;
    p->ended = node;
    if (k < n) {
        profile_cut(p, node, 0, values);
        add_frames(p, frames, n, samples, values);
    } else if (n) {
        node_ends(p, node, samples, values);
    }
    return true;
}

/* ---- the end ---- */

/* Adds each node's figures to those above it: a node's number is larger than its parent's. */
static void sum_up(const struct profile *p, double *figures)
{
    for (size_t i = p->n_nodes; i-- > 1;)
        for (size_t t = 0; t < p->n_types; t++)
            figures[p->max_types * p->nodes[i].parent + t] += figures[p->max_types * i + t];
}

/* The nodes below each, linked: `first` of a node, then `next` of it, in the order they came. */
struct links {
    uint32_t *first, *next;
};

static struct links link_nodes(const struct profile *p)
{
    struct links l = {.first = mem_array(p->n_nodes, sizeof *l.first),
                      .next = mem_array(p->n_nodes, sizeof *l.next)};
    for (size_t i = p->n_nodes; i-- > 1;) {
        l.next[i] = l.first[p->nodes[i].parent];
        l.first[p->nodes[i].parent] = (uint32_t)i;
    }
    return l;
}

/* A node whose function is not above it counts in the function's total, others are a part of that. */
static void enter(struct profile *p, size_t i, const int64_t *samples)
{
    struct profile_function *f = &p->functions[p->nodes[i].function];
    double *own = p->values + 2 * p->max_types * p->nodes[i].function;
    add_to(p, own, &f->self_samples, p->node_samples[i], p->node_self + p->max_types * i);
    if (!f->open++)
        add_to(p, own + p->max_types, &f->total_samples, samples[i], p->node_total + p->max_types * i);
}

static void walk(struct profile *p, const int64_t *samples)
{
    struct links l = link_nodes(p);
    size_t i = l.first[0];
    while (i) {
        enter(p, i, samples);
        if (l.first[i]) {
            i = l.first[i];
            continue;
        }
        while (i && !l.next[i]) {
            p->functions[p->nodes[i].function].open--;
            i = p->nodes[i].parent;
        }
        if (i) {
            p->functions[p->nodes[i].function].open--;
            i = l.next[i];
        }
    }
    free(l.first);
    free(l.next);
}

static void functions_from_nodes(struct profile *p)
{
    int64_t *samples = mem_array(p->n_nodes, sizeof *samples);
    memcpy(samples, p->node_samples, p->n_nodes * sizeof *samples);
    for (size_t i = p->n_nodes; i-- > 1;)
        samples[p->nodes[i].parent] = add_sat(samples[p->nodes[i].parent], samples[i]);
    walk(p, samples);
    free(samples);
}

void profile_finish(struct profile *p)
{
    size_t each = p->max_types * sizeof(double);
    if (p->finished)
        return;
    p->finished = true;
    free(p->node_slots);
    p->node_slots = NULL;
    p->n_node_slots = 0;
    if (!p->n_nodes)
        return;
    p->node_total = mem_array(p->n_nodes, each);
    memcpy(p->node_total, p->node_self, p->n_nodes * each);
    sum_up(p, p->node_total);
    if (!p->given)
        functions_from_nodes(p);
    if (!p->node_cut)
        return;
    double *cut = mem_array(p->n_nodes, each);
    memcpy(cut, p->node_cut, p->n_nodes * each);
    sum_up(p, cut);
    for (size_t i = 0; i < p->n_nodes * p->max_types; i++)
        p->node_total[i] += cut[i];
    free(cut);
}

/* ---- the largest ---- */

/* The largest share of any type in a node or below it: never more than that of its parent. */
static double *weights_of(const struct profile *p)
{
    double *w = mem_array(p->n_nodes, sizeof *w);
    for (size_t i = p->n_nodes; i-- > 0;) {
        for (size_t t = 0; t < p->n_types; t++)
            w[i] = fmax(
                w[i], p->sums[t] > 0 || p->sums[t] < 0 ? fabs(profile_node_total(p, i, t) / p->sums[t]) : 0);
        if (i)
            w[p->nodes[i].parent] = fmax(w[p->nodes[i].parent], w[i]);
    }
    return w;
}

/* What a node needs to be more than, so that at most `most` are: the value of that rank, found digit by digit
 * of 16 bits, because numbers that are not negative are in the order of their bits. */
static double threshold(const double *weights, size_t n, size_t most)
{
    enum { DIGITS = 1 << 16 };
    uint64_t bits, found = 0, mask = 0;
    size_t rank = most, *counts;
    if (n <= most)
        return -1;
    counts = mem_array(DIGITS, sizeof *counts);
    for (int shift = 48; shift >= 0; shift -= 16) {
        size_t digit = DIGITS - 1;
        memset(counts, 0, DIGITS * sizeof *counts);
        for (size_t i = 0; i < n; i++) {
            memcpy(&bits, &weights[i], sizeof bits);
            counts[bits >> shift & (DIGITS - 1)] += (bits & mask) == found;
        }
        for (; rank >= counts[digit]; digit--)
            rank -= counts[digit];
        found |= (uint64_t)digit << shift;
        mask |= (uint64_t)(DIGITS - 1) << shift;
    }
    free(counts);
    double t;
    memcpy(&t, &found, sizeof t);
    return t;
}

uint8_t *profile_largest_nodes(const struct profile *p, size_t most)
{
    uint8_t *kept = mem_array(p->n_nodes + 1, 1);
    if (!p->n_nodes || !most)
        return kept;
    double *w = weights_of(p), t = threshold(w, p->n_nodes, most);
    for (size_t i = 0; i < p->n_nodes; i++)
        kept[i] = !i || w[i] > t;
    free(w);
    return kept;
}
