/* Builds of several sources as one. */
#include <string.h>

#include "base/num.h"
#include "core/bundles/build.h"

static const struct sd_ints *shifted(const struct sd_ints *list, int64_t by, struct arena *a)
{
    if (!list)
        return NULL;
    int64_t *items = arena_alloc(a, ((size_t)list->n + 1) * sizeof *items);
    for (uint32_t i = 0; i < list->n; i++)
        items[i] = list->items[i] + by;
    struct sd_ints *out = arena_alloc(a, sizeof *out);
    *out = (struct sd_ints){.n = list->n, .items = items};
    return out;
}

/* The lists one after another. */
static const struct sd_ints *joined(const struct sd_ints *x, const struct sd_ints *y, struct arena *a)
{
    uint32_t n = x ? x->n : 0, more = y ? y->n : 0;
    int64_t *items = arena_alloc(a, ((size_t)n + more + 1) * sizeof *items);
    if (n)
        memcpy(items, x->items, n * sizeof *items);
    if (more)
        memcpy(items + n, y->items, more * sizeof *items);
    struct sd_ints *out = arena_alloc(a, sizeof *out);
    *out = (struct sd_ints){.n = n + more, .items = items};
    return out;
}

static const struct sd_texts *joined_texts(const struct sd_texts *x, const struct sd_texts *y,
                                           struct arena *a)
{
    uint32_t n = x ? x->n : 0, more = y ? y->n : 0;
    const char **items = arena_alloc(a, ((size_t)n + more + 1) * sizeof *items);
    if (n)
        memcpy(items, x->items, n * sizeof *items);
    if (more)
        memcpy(items + n, y->items, more * sizeof *items);
    struct sd_texts *out = arena_alloc(a, sizeof *out);
    *out = (struct sd_texts){.n = n + more, .items = items};
    return out;
}

/* A list that says nothing becomes one of unknown ways. */
static const struct sd_ints *ways_of(const struct sd_bundle_imports *r, struct arena *a)
{
    if (r->how)
        return r->how;
    struct sd_ints *out = arena_alloc(a, sizeof *out);
    out->n = r->importers ? r->importers->n : 0;
    out->items = arena_alloc(a, ((size_t)out->n + 1) * sizeof *out->items);
    return out;
}

static const struct sd_bundle_imports *imports_joined(const struct sd_bundle_imports *x,
                                                      const struct sd_bundle_imports *y, struct arena *a)
{
    if (!x || !y)
        return x ? x : y;
    struct sd_bundle_imports *out = arena_alloc(a, sizeof *out);
    int64_t by = x->modules ? x->modules->n : 0;
    *out = (struct sd_bundle_imports){
        .modules = joined_texts(x->modules, y->modules, a),
        .entries = joined(x->entries, shifted(y->entries, by, a), a),
        .importers = joined(x->importers, shifted(y->importers, by, a), a),
        .imported = joined(x->imported, shifted(y->imported, by, a), a),
        .how = joined(ways_of(x, a), ways_of(y, a), a),
    };
    return out;
}

static const struct sd_bundle *heads_joined(const struct sd_bundle *x, const struct sd_bundle *y,
                                            struct arena *a)
{
    struct sd_bundle *out = arena_alloc(a, sizeof *out);
    *out = *x;
    out->modules = x->modules < 0 || y->modules < 0 ? SD_UNKNOWN : add_sat(x->modules, y->modules);
    out->source_bytes =
        x->source_bytes < 0 || y->source_bytes < 0 ? SD_UNKNOWN : add_sat(x->source_bytes, y->source_bytes);
    out->measured = x->measured == 0 || y->measured == 0 ? 0 : x->measured;
    out->notes = joined_texts(x->notes, y->notes, a);
    out->targets = joined_texts(x->targets, y->targets, a);
    return out;
}

static const void *rows_joined(const void *x, size_t n, const void *y, size_t more, size_t size,
                               struct arena *a)
{
    char *out = arena_alloc(a, (n + more + 1) * size);
    memcpy(out, x, n * size);
    memcpy(out + n * size, y, more * size);
    return out;
}

#define ROWS_JOINED(field)                                                                                   \
    out->field = rows_joined(x->field, x->n_##field, y->field, y->n_##field, sizeof *x->field, a);           \
    out->n_##field = x->n_##field + y->n_##field

static struct bundle_build *two_merged(const struct bundle_build *x, const struct bundle_build *y,
                                       struct arena *a)
{
    struct bundle_build *out = arena_alloc(a, sizeof *out);
    *out = *x;
    out->batch = NULL;
    out->head = heads_joined(x->head, y->head, a);
    out->imports = imports_joined(x->imports, y->imports, a);
    out->ill += y->ill;
    ROWS_JOINED(assets);
    ROWS_JOINED(codes);
    ROWS_JOINED(packages);
    ROWS_JOINED(modules);
    ROWS_JOINED(routes);
    for (size_t i = x->n_modules; i < out->n_modules; i++)
        ((struct sd_bundle_module *)&out->modules[i])->asset += (int64_t)x->n_assets;
    for (size_t i = x->n_routes; i < out->n_routes; i++)
        ((struct sd_bundle_route *)&out->routes[i])->assets =
            shifted(out->routes[i].assets, (int64_t)x->n_assets, a);
    return out;
}

struct bundle_build *bundle_build_merged(const struct bundle_build *const *builds, size_t n, struct arena *a)
{
    struct bundle_build *x = n ? arena_copy(a, builds[0], sizeof *x) : NULL;
    for (size_t i = 1; i < n; i++)
        x = two_merged(x, builds[i], a);
    return x;
}
