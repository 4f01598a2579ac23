#include "core/profiles/profile_select.h"

#include <stdlib.h>

#include "core/profiles/profile_group.h"
#include "core/profiles/profile_part.h"

static bool is_text(const char *text, const char *s, size_t len)
{
    return text && strncmp(text, s, len) == 0 && !text[len];
}

static bool is_module(const struct profile_function *f, const char *name, size_t len)
{
    size_t n = profile_package(f->name);
    return is_text(f->module, name, len) || (n == len && n && !strncmp(f->name, name, len));
}

static bool is_function(const struct profile_function *f, const char *name, size_t len)
{
    size_t n = strlen(f->name), m = f->module ? strlen(f->module) : 0;
    return is_text(f->name, name, len) ||
           (m && len == n + m + 3 && !strncmp(name, f->name, n) && !strncmp(name + n, " (", 2) &&
            !strncmp(name + n + 2, f->module, m) && name[len - 1] == ')');
}

/* Is it one of the lines? `fold`: modules and packages only. */
static bool is_listed(const struct profile_function *f, const char *names, bool fold)
{
    for (size_t n; *names; names += n + (names[n] != 0)) {
        n = strcspn(names, "\n");
        if (is_module(f, names, n) || (!fold && is_function(f, names, n)))
            return true;
    }
    return false;
}

/* 1 of each function that is. */
static uint8_t *listed(const struct profile *p, const char *names, bool fold, bool *any)
{
    uint8_t *is = mem_array(p->n + 1, 1);
    *any = false;
    for (size_t i = 0; i < p->n; i++)
        *any |= is[i] = is_listed(&p->functions[i], names, fold);
    return is;
}

/* Each node's function in `to`, as it is. */
static uint32_t *same_functions(const struct profile *p, struct profile *to)
{
    uint32_t *of = mem_array(p->n + 1, sizeof *of), *function = mem_array(p->n_nodes + 1, sizeof *function);
    for (size_t i = 0; i < p->n; i++) {
        const struct profile_function *f = &p->functions[i];
        of[i] = profile_function(to, f->name, strlen(f->name), f->module, f->module ? strlen(f->module) : 0,
                                 f->kind);
    }
    for (size_t i = 1; i < p->n_nodes; i++)
        function[i] = of[p->nodes[i].function];
    free(of);
    return function;
}

/* Recursion keeps its depth: unlike groups, frames that follow each other stay apart. */
static struct profile *kept(const struct profile *p, const uint8_t *keep)
{
    struct profile *to = profile_empty_like(p);
    uint32_t *function = same_functions(p, to);
    profile_rebuild(p, to, function, keep, true);
    free(function);
    return to;
}

/* ---- focus ---- */

/* The stacks of a part; with the kind of a frame: below one of the part's name. */
static struct profile *of_part(const struct profile *p, const char *value, const char *kind)
{
    struct profile *q = profile_empty_like(p);
    uint32_t *function = same_functions(p, q), *node = mem_array(p->n_nodes, sizeof *node);
    uint8_t *need = mem_array(p->n_nodes, 1);
    const struct profile_parts *x = p->parts;
    for (size_t i = 0; x && i < x->n_of; i++)
        if (str_eq(x->items[x->of[i].part].value, value))
            for (uint32_t at = x->of[i].node; at && !need[at]; at = p->nodes[at].parent)
                need[at] = 1;
    if (kind)
        node[0] = profile_below(q, 0, profile_function(q, value, strlen(value), NULL, 0, kind));
    for (uint32_t i = 1; i < p->n_nodes; i++) {
        if (!need[i])
            continue;
        uint32_t above = node[p->nodes[i].parent], below = profile_below(q, above, function[i]);
        node[i] = below == PROFILE_NO_NODE ? above : below;
    }
    for (size_t i = 0; x && i < x->n_of; i++)
        if (str_eq(x->items[x->of[i].part].value, value))
            profile_ends(q, node[x->of[i].node], 1, x->of[i].samples, &x->values[p->max_types * i]);
    free(function);
    free(node);
    free(need);
    q->at = p->at;
    q->duration_ns = p->duration_ns;
    q->samples = q->counted ? q->samples : SD_UNKNOWN;
    profile_finish(q);
    return q;
}

static const struct profile_part *part_of(const struct profile *p, const char *value)
{
    for (size_t i = 0; p->parts && i < p->parts->n; i++)
        if (str_eq(p->parts->items[i].value, value))
            return &p->parts->items[i];
    return NULL;
}

struct profile *profile_of_value(const struct profile *p, const char *value)
{
    const struct profile_part *part = part_of(p, value);
    const char *kind = part && profile_kind(part->key) ? profile_kind(part->key) : profile_kind("label");
    struct profile *q = part && p->n_nodes > 1 ? of_part(p, value, kind) : NULL;
    if (!q)
        return NULL;
    q->sums[0] = p->sums[0];
    q->samples = p->samples;
    return q;
}

struct profile *profile_focused(const struct profile *p, const char *name)
{
    bool any;
    if (p->n_nodes < 2)
        return NULL;
    uint8_t *is = listed(p, name, false, &any), *keep = mem_array(p->n_nodes, 1);
    for (uint32_t i = 1; i < p->n_nodes; i++)
        keep[i] = is[p->nodes[i].function] || keep[p->nodes[i].parent];
    struct profile *to = !any && part_of(p, name) ? of_part(p, name, NULL) : kept(p, keep);
    if (any || !part_of(p, name)) { /* also without what has no stack */
        to->sums[0] = 0;
        for (uint32_t i = 1; i < p->n_nodes; i++)
            if (keep[i])
                to->sums[0] +=
                    p->node_self[p->max_types * i] + (p->node_cut ? p->node_cut[p->max_types * i] : 0);
    }
    free(is);
    free(keep);
    return to;
}

/* ---- hide ---- */

static struct profile *functions_but(const struct profile *p, const uint8_t *is)
{
    struct profile *to = profile_empty_like(p);
    double left = 0;
    int64_t samples = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct profile_function *f = &p->functions[i];
        double self = profile_self(p, i, 0), total = profile_total(p, i, 0);
        left += is[i] ? self : 0;
        samples += is[i] && p->counted ? f->self_samples : 0;
        if (is[i])
            continue;
        uint32_t k = profile_function(to, f->name, strlen(f->name), f->module,
                                      f->module ? strlen(f->module) : 0, f->kind);
        profile_add(to, k, p->counted ? f->self_samples : SD_UNKNOWN,
                    p->counted ? f->total_samples : SD_UNKNOWN, &self, &total);
    }
    to->sums[0] = p->sums[0] - left;
    to->samples = sd_known(p->samples) && p->counted ? p->samples - samples : SD_UNKNOWN;
    to->counted = p->counted;
    to->lost = p->lost;
    to->truncated_share = p->truncated_share;
    to->at = p->at;
    to->duration_ns = p->duration_ns;
    profile_finish(to);
    return to;
}

struct profile *profile_hidden(const struct profile *p, const char *names)
{
    bool any;
    uint8_t *is = listed(p, names, false, &any), *keep = mem_array(p->n_nodes + 1, 1);
    keep[0] = 1;
    for (uint32_t i = 1; i < p->n_nodes; i++)
        keep[i] = !is[p->nodes[i].function] && keep[p->nodes[i].parent];
    struct profile *to = p->n_nodes < 2 ? functions_but(p, is) : kept(p, keep);
    free(is);
    free(keep);
    return to;
}

/* ---- fold ---- */

static uint32_t fold_into(struct profile *to, const struct profile_function *f, const char *names)
{
    for (size_t n; *names; names += n + (names[n] != 0)) {
        n = strcspn(names, "\n");
        if (is_module(f, names, n))
            return profile_function(to, names, n, is_text(f->module, names, n) ? names : NULL, n, f->kind);
    }
    return profile_function(to, f->name, strlen(f->name), f->module, f->module ? strlen(f->module) : 0,
                            f->kind);
}

struct profile *profile_folded(const struct profile *p, const char *names)
{
    if (p->n_nodes < 2)
        return NULL;
    struct profile *to = profile_empty_like(p);
    uint32_t *of = mem_array(p->n + 1, sizeof *of), *function = mem_array(p->n_nodes, sizeof *function);
    for (size_t i = 0; i < p->n; i++)
        of[i] = fold_into(to, &p->functions[i], names);
    for (size_t i = 1; i < p->n_nodes; i++)
        function[i] = of[p->nodes[i].function];
    profile_rebuild(p, to, function, NULL, true);
    free(of);
    free(function);
    return to;
}

const char *profile_fold_of(const struct profile *p, uint32_t function, size_t *n)
{
    const struct profile_function *f = &p->functions[function];
    bool other = false; /* is there another module? */
    for (size_t i = 0; f->module && i < p->n && !other; i++)
        other = p->functions[i].module && !str_eq(p->functions[i].module, f->module) &&
                !str_eq(p->functions[i].kind, "kernel");
    size_t package = profile_package(f->name);
    if (f->module && (other || !package)) {
        *n = strlen(f->module);
        return f->module;
    }
    *n = package;
    return package ? f->name : NULL;
}
