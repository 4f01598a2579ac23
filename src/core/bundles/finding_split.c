/* What could be loaded later: on the first path, large, and needed by one entry of several or by later parts
 * only. By the imports that are no import(). */
#include <string.h>

#include "base/units.h"
#include "core/bundles/finding_rules.h"

enum { ENTRIES_MOST = 64 }; /* of more, the others are taken to use everything */

/* Which entries reach each module without import(). */
static uint64_t *reached_by(const struct finding_run *f)
{
    const struct import_graph *g = f->graph;
    uint64_t *by = arena_alloc(f->a, (g->n + 1) * sizeof *by);
    bool *met = arena_alloc(f->a, g->n + 1);
    for (size_t i = 0; i < MIN(g->n_entries, (size_t)ENTRIES_MOST); i++) {
        memset(met, 0, g->n);
        met[g->entries[i]] = true;
        import_walk(g, true, met, NULL);
        for (size_t k = 0; k < g->n; k++)
            by[k] |= met[k] ? UINT64_C(1) << i : 0;
    }
    return by;
}

/* How many entries load each asset first. */
static size_t *loaded_first(const struct bundle_build *x, struct arena *a)
{
    size_t *n = arena_alloc(a, (x->n_assets + 1) * sizeof *n);
    size_t *seen = arena_alloc(a, (x->n_assets + 1) * sizeof *seen); /* the last route, counted from 1 */
    for (size_t i = 0; i < x->n_routes; i++) {
        const struct sd_ints *assets = x->routes[i].entry ? NULL : x->routes[i].assets;
        for (uint32_t k = 0; assets && k < assets->n; k++) {
            int64_t asset = assets->items[k];
            if (seen[asset] == i + 1)
                continue;
            seen[asset] = i + 1;
            n[asset]++;
        }
    }
    return n;
}

struct on_first_path {
    int64_t bytes;
    size_t entries; /* that load it */
    uint64_t users;
    bool known; /* its modules are among those whose imports are known */
};

static struct on_first_path *find_first(const struct finding_run *f, struct name_index *packages)
{
    const struct bundle_build *x = f->build;
    const struct import_graph *g = f->graph;
    uint64_t *by = reached_by(f), *users = arena_alloc(f->a, (x->n_paths + 1) * sizeof *users);
    bool *told = arena_alloc(f->a, x->n_paths + 1);
    const size_t *first = loaded_first(x, f->a);
    struct on_first_path *out = arena_alloc(f->a, (x->n_modules + 1) * sizeof *out);
    for (size_t i = 0; i < g->n; i++) {
        users[x->import_path_of[i]] |= by[i];
        told[x->import_path_of[i]] = true;
    }
    for (size_t i = 0; i < x->n_modules; i++) {
        const struct sd_bundle_module *m = &x->modules[i];
        if (!m->package || !first[m->asset])
            continue;
        struct on_first_path *p = &out[name_index_of(packages, m->package)];
        p->bytes = bundle_sum(p->bytes, m->minified_bytes);
        p->entries = MAX(p->entries, first[m->asset]);
        p->users |= users[x->path_of[i]];
        p->known = p->known || told[x->path_of[i]];
    }
    return out;
}

void find_lazy_candidate(struct finding_run *f)
{
    struct name_index packages = {0};
    char takes[UNIT_TEXT_MAX];
    if (!f->graph->n || f->graph->n_entries > ENTRIES_MOST || !f->build->n_routes)
        return;
    const struct on_first_path *p = find_first(f, &packages);
    for (size_t i = 0; i < packages.n; i++) {
        bool lazy = !p[i].users, one = p[i].users && !(p[i].users & (p[i].users - 1)) && p[i].entries > 1;
        if (!p[i].known || p[i].bytes < BUNDLE_LIMIT[BUNDLE_SPLIT] || (!lazy && !one))
            continue;
        unit_format_int(UNIT_BYTES, p[i].bytes, takes);
        finding_add(
            f, (struct bundle_finding){
                   .package = packages.names[i],
                   .bytes = p[i].bytes,
                   .message = arena_printf(f->a,
                                           lazy ? "%s (%s) is loaded first, and only parts that are "
                                                  "loaded later use it."
                                                : "%s (%s) is loaded first by several entries, and one "
                                                  "of them uses it.",
                                           packages.names[i], takes),
                   .advice = "Move it out of the shared chunk: load it with import(), or give it a chunk "
                             "of its own (splitChunks.cacheGroups, manualChunks)."});
    }
    name_index_free(&packages);
}
