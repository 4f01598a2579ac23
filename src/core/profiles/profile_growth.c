#include "core/profiles/profile_growth.h"

#include <stdlib.h>

#include "core/profiles/profile_copy.h"

const char *growth_confidence_name(enum growth_confidence c)
{
    static const char *const names[] = {"low", "medium", "high"};
    return names[c];
}

static void add_all(const struct profile *from, struct profile *to, size_t type)
{
    struct profile_copy c = profile_copy_new(from, to);
    for (uint32_t i = 1; i < from->n_nodes; i++) {
        double values[2] = {0, 0};
        values[type] = from->node_self[from->max_types * i];
        if (from->node_cut) /* it has no place of its own: it counts where it was cut */
            values[type] += from->node_cut[from->max_types * i];
        profile_ends(to, profile_copy_node(&c, i), 1, 0, values);
    }
    profile_copy_free(&c);
}

static double grown(const struct profile *tree, size_t node)
{
    return profile_node_total(tree, node, 1) - profile_node_total(tree, node, 0);
}

static int by_growth(const void *a, const void *b)
{
    const struct growth_suspect *x = a, *y = b;
    return x->growth > y->growth   ? -1
           : x->growth < y->growth ? 1
           : x->node < y->node     ? -1
                                   : x->node > y->node;
}

static struct growth_suspect suspect_of(const struct growth *g, uint32_t node)
{
    struct growth_suspect s = {.node = node,
                               .before = profile_node_total(g->tree, node, 0),
                               .after = profile_node_total(g->tree, node, 1)};
    s.growth = s.after - s.before;
    s.share = s.growth / g->all;
    bool much = s.after >= 1.5 * s.before;
    s.confidence = s.share >= 0.25 && much ? GROWTH_HIGH : s.share >= 0.1 ? GROWTH_MEDIUM : GROWTH_LOW;
    return s;
}

static void find_suspects(struct growth *g)
{
    const struct profile *t = g->tree;
    double *most = mem_array(t->n_nodes + 1, sizeof *most); /* growth of the one below that grew most */
    size_t cap = 0;
    for (size_t i = t->n_nodes; i-- > 1;)
        most[t->nodes[i].parent] = fmax(most[t->nodes[i].parent], grown(t, i));
    for (uint32_t i = 1; i < t->n_nodes && g->all > 0; i++) {
        double growth = grown(t, i);
        if (growth < GROWTH_LEAST * g->all || most[i] > GROWTH_MOSTLY * growth)
            continue;
        g->items = g->n == cap ? mem_grow(g->items, g->n, &cap, sizeof *g->items) : g->items;
        g->items[g->n++] = suspect_of(g, i);
    }
    if (g->n)
        qsort(g->items, g->n, sizeof *g->items, by_growth);
    free(most);
}

struct growth profile_growth(const struct profile *before, const struct profile *after)
{
    struct growth g = {.tree = profile_new("", 2)};
    profile_type(g.tree, "before", after->units[0]);
    profile_type(g.tree, "after", after->units[0]);
    add_all(before, g.tree, 0);
    add_all(after, g.tree, 1);
    profile_finish(g.tree);
    for (size_t i = 1; i < g.tree->n_nodes; i++)
        g.all += fmax(g.tree->node_self[2 * i + 1] - g.tree->node_self[2 * i], 0);
    if (g.tree->n_nodes)
        find_suspects(&g);
    return g;
}

void growth_free(struct growth *g)
{
    profile_free(g->tree);
    free(g->items);
    *g = (struct growth){0};
}
