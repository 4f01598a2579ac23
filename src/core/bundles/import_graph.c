#include "core/bundles/import_graph.h"

#include <stdlib.h>
#include <string.h>

static uint8_t how_of(const struct sd_bundle_imports *r, size_t i)
{
    int64_t how = r->how ? r->how->items[i] : IMPORT_UNKNOWN;
    return how >= IMPORT_UNKNOWN && how <= IMPORT_LAZY ? (uint8_t)how : IMPORT_UNKNOWN;
}

/* The edges by the module at one of their ends. */
static const struct import_edge *edges_by(const struct sd_bundle_imports *r, const struct sd_ints *from,
                                          const struct sd_ints *to, size_t n, struct arena *a,
                                          const uint32_t **first)
{
    size_t edges = from ? from->n : 0;
    struct import_edge *out = arena_alloc(a, (edges + 1) * sizeof *out);
    uint32_t *at = arena_alloc(a, (n + 2) * sizeof *at);
    for (size_t i = 0; i < edges; i++)
        at[from->items[i] + 2]++;
    for (size_t i = 2; i < n + 2; i++)
        at[i] += at[i - 1];
    for (size_t i = 0; i < edges; i++) /* at[k + 1] goes from where k begins to where it ends */
        out[at[from->items[i] + 1]++] =
            (struct import_edge){.module = (uint32_t)to->items[i], .how = how_of(r, i)};
    *first = at;
    return out;
}

static void find_entries(struct import_graph *g, const struct sd_bundle_imports *r, struct arena *a)
{
    uint32_t *out = arena_alloc(a, (g->n + 1) * sizeof *out);
    for (uint32_t i = 0; r->entries && i < r->entries->n && g->n_entries < g->n; i++)
        out[g->n_entries++] = (uint32_t)r->entries->items[i];
    for (uint32_t i = 0; !(r->entries && r->entries->n) && i < g->n; i++)
        if (g->first_importer[i] == g->first_importer[i + 1])
            out[g->n_entries++] = i;
    g->entries = out;
}

const struct import_graph *import_graph(const struct bundle_build *x, struct arena *a)
{
    struct import_graph *g = arena_alloc(a, sizeof *g);
    const struct sd_bundle_imports *r = x->imports;
    if (!r || !r->modules || !r->modules->n)
        return g;
    g->n = r->modules->n;
    g->paths = r->modules->items;
    g->imports = edges_by(r, r->importers, r->imported, g->n, a, &g->first_import);
    g->importers = edges_by(r, r->imported, r->importers, g->n, a, &g->first_importer);
    find_entries(g, r, a);
    return g;
}

size_t import_walk(const struct import_graph *g, bool eager, bool *met, uint32_t *above)
{
    uint32_t *queue = mem_array(g->n + 1, sizeof *queue);
    size_t n = 0;
    for (uint32_t i = 0; i < g->n; i++)
        if (met[i]) {
            queue[n++] = i;
            if (above)
                above[i] = i;
        }
    for (size_t k = 0; k < n; k++)
        for (uint32_t e = g->first_import[queue[k]]; e < g->first_import[queue[k] + 1]; e++) {
            uint32_t to = g->imports[e].module;
            if (met[to] || (eager && g->imports[e].how == IMPORT_LAZY))
                continue;
            met[to] = true;
            if (above)
                above[to] = queue[k];
            queue[n++] = to;
        }
    free(queue);
    return n;
}

static bool is_path(const char *a, const char *b)
{
    return a && !strcmp(a, b);
}

bool import_graph_has(const struct import_graph *g, const char *path)
{
    for (size_t i = 0; i < g->n; i++)
        if (is_path(g->paths[i], path))
            return true;
    return false;
}

/* How many steps it is away from where the walk began. */
static size_t steps_of(const uint32_t *above, uint32_t i)
{
    size_t n = 0;
    for (; above[i] != i; i = above[i])
        n++;
    return n;
}

const char *const *import_chain(const struct import_graph *g, const char *path, struct arena *a, size_t *n)
{
    bool *met = arena_alloc(a, g->n + 1);
    uint32_t *above = arena_alloc(a, (g->n + 1) * sizeof *above), best = 0;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < g->n_entries; i++)
        met[g->entries[i]] = true;
    import_walk(g, false, met, above);
    for (uint32_t i = 0; i < g->n; i++)
        if (met[i] && is_path(g->paths[i], path) && steps_of(above, i) < least) {
            least = steps_of(above, i);
            best = i;
        }
    *n = least == SIZE_MAX ? 0 : least + 1;
    if (!*n)
        return NULL;
    const char **chain = arena_alloc(a, *n * sizeof *chain);
    for (size_t i = *n; i-- > 0; best = above[best])
        chain[i] = g->paths[best] ? g->paths[best] : "";
    return chain;
}
