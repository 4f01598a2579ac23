#include "core/profiles/profile_copy.h"

#include <stdlib.h>

#include "base/num.h"
#include "core/profiles/profile_part.h"

struct profile_copy profile_copy_new(const struct profile *from, struct profile *to)
{
    return (struct profile_copy){.from = from,
                                 .to = to,
                                 .node = mem_array(from->n_nodes + 1, sizeof(uint32_t)),
                                 .function = mem_array(from->n + 1, sizeof(uint32_t))};
}

uint32_t profile_copy_function(struct profile_copy *c, uint32_t i)
{
    const struct profile_function *f = &c->from->functions[i];
    if (!c->function[i])
        c->function[i] = 1 + profile_function(c->to, f->name, strlen(f->name), f->module,
                                              f->module ? strlen(f->module) : 0, f->kind);
    return c->function[i] - 1;
}

/* A node, with those above it that are not there yet: first up, then down. */
uint32_t profile_copy_node(struct profile_copy *c, uint32_t i)
{
    enum { DEEP = 4096 };
    uint32_t path[DEEP];
    for (;;) {
        size_t n = 0;
        uint32_t at = i;
        for (; at && !c->node[at]; at = c->from->nodes[at].parent)
            path[n++ % DEEP] = at;
        for (size_t k = 0; k < MIN(n, (size_t)DEEP); k++) { /* those nearest to the root */
            uint32_t node = path[(n - 1 - k) % DEEP], parent = c->from->nodes[node].parent;
            uint32_t above = parent ? c->node[parent] - 1 : 0;
            uint32_t below =
                profile_below(c->to, above, profile_copy_function(c, c->from->nodes[node].function));
            c->node[node] = 1 + (below == PROFILE_NO_NODE ? above : below);
        }
        if (n <= DEEP)
            return i ? c->node[i] - 1 : 0;
    }
}

void profile_copy_free(struct profile_copy *c)
{
    free(c->node);
    free(c->function);
}

void profile_merge(struct profile *to, const struct profile *from)
{
    struct profile_copy c = profile_copy_new(from, to);
    for (uint32_t i = 0; i < from->n; i++) {
        double self = profile_self(from, i, 0), total = profile_total(from, i, 0);
        uint32_t f = profile_copy_function(&c, i);
        profile_add(to, f, from->functions[i].self_samples, from->functions[i].total_samples, &self, &total);
        to->functions[f].spread = fmax(to->functions[f].spread, from->functions[i].spread);
    }
    for (uint32_t i = 1; i < from->n_nodes; i++) {
        uint32_t node = profile_copy_node(&c, i);
        to->node_self[node] += from->node_self[i * from->max_types];
        to->node_samples[node] = add_sat(to->node_samples[node], from->node_samples[i]);
    }
    for (uint32_t i = 0; from->node_cut && i < from->n_nodes; i++)
        profile_cut(to, profile_copy_node(&c, i), from->node_cut_n[i], &from->node_cut[i * from->max_types]);
    uint32_t *node = mem_array(from->n_nodes + 1, sizeof *node);
    for (uint32_t i = 1; from->parts && i < from->n_nodes; i++)
        node[i] = profile_copy_node(&c, i);
    profile_parts_copy(from, to, node, NULL);
    free(node);
    profile_copy_free(&c);
}
