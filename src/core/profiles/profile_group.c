#include "core/profiles/profile_group.h"

#include <stdlib.h>

#include "base/num.h"
#include "core/profiles/profile_part.h"

static const char *const NAMES[PROFILE_GROUPS] = {"function", "package",   "module", "process",
                                                  "thread",   "container", "label"};

const char *profile_group_name(enum profile_group g)
{
    return g < PROFILE_GROUPS ? NAMES[g] : NULL;
}

enum profile_group profile_group_named(const char *name)
{
    for (int i = 0; i < PROFILE_GROUPS; i++)
        if (str_eq(NAMES[i], name))
            return (enum profile_group)i;
    return PROFILE_GROUPS;
}

/* The last "::", and for names with a path the first '.' or ':' after it: what stands before. Names without
 * either have dots between their parts, the last of which is the function's own. */
size_t profile_package(const char *name)
{
    size_t end = strcspn(name, "(<[ "), slash = 0, scope = 0, dot = 0;
    for (size_t i = 0; i < end; i++) {
        if (name[i] == '/')
            slash = i;
        if (i && name[i] == ':' && name[i + 1] == ':')
            scope = i;
        if (name[i] == '.')
            dot = i;
    }
    if (scope)
        return scope;
    if (!slash)
        return dot;
    size_t after = slash + strcspn(name + slash, ".");
    bool java = memchr(name + slash, ':', end - slash) || memchr(name + slash, '$', end - slash);
    return java || after >= end ? slash : after;
}

/* ---- which group ---- */

static uint32_t named(struct profile *to, const char *name, size_t len, const struct profile_function *of)
{
    return profile_function(to, name, len, NULL, 0, of ? of->kind : NULL);
}

/* A parent has its group before what it calls. */
static uint32_t group_of(const struct profile *p, uint32_t node, enum profile_group g, struct profile *to,
                         const uint32_t *done)
{
    if (g == GROUP_PROCESS && p->nodes[node].parent)
        return done[p->nodes[node].parent];
    const struct profile_function *f = &p->functions[p->nodes[node].function];
    size_t n = g == GROUP_PACKAGE ? profile_package(f->name) : 0;
    if (g == GROUP_PROCESS)
        return named(to, f->name, strlen(f->name), f);
    if (n)
        return named(to, f->name, n, f);
    if (f->module)
        return named(to, f->module, strlen(f->module), f);
    bool process = str_eq(f->kind, "process");
    return process ? named(to, f->name, strlen(f->name), f) : named(to, "[unknown]", 9, NULL);
}

/* ---- the tree ---- */

struct profile *profile_empty_like(const struct profile *p)
{
    struct profile *to = profile_new(p->format, 1);
    profile_type(to, p->types[0], p->units[0]);
    to->counted = p->counted;
    return to;
}

static void copy_cut(const struct profile *p, uint32_t i, struct profile *to, uint32_t node)
{
    const double *cut = p->node_cut ? &p->node_cut[p->max_types * i] : NULL;
    if (!cut || !(*cut > 0 || *cut < 0))
        return;
    uint32_t rest = profile_below(to, node, named(to, "(smaller ones)", 14, NULL));
    if (rest != PROFILE_NO_NODE)
        profile_ends(to, rest, 1, 0, cut);
}

/* Nodes that are kept, and those above them: 1 of each. NULL: all. */
static uint8_t *needed(const struct profile *p, const uint8_t *keep)
{
    if (!keep)
        return NULL;
    uint8_t *need = mem_array(p->n_nodes, 1);
    for (size_t i = p->n_nodes; i-- > 1;) {
        need[i] |= keep[i];
        need[p->nodes[i].parent] |= need[i];
    }
    return need;
}

static void count_all(const struct profile *p, struct profile *to, const uint8_t *keep)
{
    double left = 0;
    int64_t samples = 0;
    for (uint32_t i = 1; keep && i < p->n_nodes; i++) {
        if (keep[i])
            continue;
        left += p->node_self[p->max_types * i] + (p->node_cut ? p->node_cut[p->max_types * i] : 0);
        samples = add_sat(samples, p->node_samples[i]);
    }
    to->sums[0] = p->sums[0] - left; /* also what has no stack */
    to->samples = !keep ? p->samples : p->counted && sd_known(p->samples) ? p->samples - samples : SD_UNKNOWN;
    to->lost = p->lost;
    to->truncated_share = p->truncated_share;
    to->at = p->at;
    to->duration_ns = p->duration_ns;
}

/* One that stands for others, not a function that calls itself. */
static bool is_another(const struct profile *p, uint32_t node, const struct profile *to, uint32_t function)
{
    return !str_eq(p->functions[p->nodes[node].function].name, to->functions[function].name);
}

void profile_rebuild(const struct profile *p, struct profile *to, const uint32_t *function,
                     const uint8_t *keep, bool recursion)
{
    uint32_t *node = mem_array(p->n_nodes, sizeof *node);
    uint8_t *need = needed(p, keep);
    for (uint32_t i = 1; i < p->n_nodes; i++) {
        uint32_t above = node[p->nodes[i].parent];
        if (need && !need[i])
            continue;
        bool same = above && to->nodes[above].function == function[i] &&
                    (!recursion || is_another(p, i, to, function[i]));
        node[i] = same ? above : profile_below(to, above, function[i]);
        if (node[i] == PROFILE_NO_NODE)
            node[i] = above;
        if (node[i] && (!keep || keep[i]))
            profile_ends(to, node[i], 1, p->node_samples[i], &p->node_self[p->max_types * i]);
    }
    for (uint32_t i = 0; i < p->n_nodes; i++)
        if (!keep || keep[i])
            copy_cut(p, i, to, node[i]);
    profile_parts_copy(p, to, node, keep);
    free(node);
    free(need);
    count_all(p, to, keep);
    profile_finish(to);
}

struct profile *profile_grouped(const struct profile *p, enum profile_group g)
{
    if (p->n_nodes < 2)
        return NULL;
    struct profile *to = profile_empty_like(p);
    uint32_t *function = mem_array(p->n_nodes, sizeof *function);
    for (uint32_t i = 1; i < p->n_nodes; i++)
        function[i] = group_of(p, i, g, to, function);
    profile_rebuild(p, to, function, NULL, false);
    free(function);
    return to;
}

struct profile *profile_without_recursion(const struct profile *p)
{
    if (p->n_nodes < 2)
        return NULL;
    struct profile *to = profile_empty_like(p);
    uint32_t *function = mem_array(p->n_nodes, sizeof *function);
    for (uint32_t i = 1; i < p->n_nodes; i++) {
        const struct profile_function *f = &p->functions[p->nodes[i].function];
        function[i] = profile_function(to, f->name, strlen(f->name), f->module,
                                       f->module ? strlen(f->module) : 0, f->kind);
    }
    profile_rebuild(p, to, function, NULL, false);
    free(function);
    return to;
}

struct profile *profile_by_part(const struct profile *p, const char *key)
{
    struct profile *to = profile_empty_like(p);
    const struct profile_parts *x = p->parts;
    const char *kind = profile_kind(key) ? profile_kind(key) : profile_kind("label");
    double rest = p->sums[0];
    int64_t samples = p->samples;
    for (size_t i = 0; x && i < x->n_of; i++) {
        const struct profile_part *part = &x->items[x->of[i].part];
        if (!str_eq(part->key, key))
            continue;
        uint32_t f = profile_function(to, part->value, strlen(part->value), NULL, 0, kind);
        uint32_t node = profile_below(to, 0, f);
        if (node == PROFILE_NO_NODE)
            continue;
        profile_ends(to, node, 1, x->of[i].samples, &x->values[p->max_types * i]);
        rest -= x->values[p->max_types * i];
        samples -= sd_known(samples) ? x->of[i].samples : 0;
    }
    if (rest > 1e-9 * p->sums[0]) {
        char none[128];
        int n = snprintf(none, sizeof none, "(no %.100s known)", key);
        uint32_t node = profile_below(to, 0, profile_function(to, none, (size_t)n, NULL, 0, NULL));
        if (node != PROFILE_NO_NODE)
            profile_ends(to, node, 1, p->counted && sd_known(samples) ? MAX(samples, 0) : 0, &rest);
    }
    count_all(p, to, NULL);
    profile_finish(to);
    return to;
}
