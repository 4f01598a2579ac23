#include "core/bundles/build.h"

#include <string.h>

#include "core/name_index.h"

static size_t count(const struct sd_batch *b, enum sd_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; batch_each(b, kind, &i);)
        n++;
    return n;
}

static int64_t size_or_unknown(int64_t v)
{
    return v < 0 ? SD_UNKNOWN : v;
}

/* Records of a kind that `holds` accepts, with their numbers mended. */
static void *gather(struct bundle_build *x, const struct sd_batch *b, enum sd_kind kind, size_t size,
                    bool (*holds)(const struct bundle_build *x, void *record), struct arena *a, size_t *n)
{
    char *out = arena_alloc(a, (count(b, kind) + 1) * size);
    const void *r;
    *n = 0;
    for (size_t i = 0; (r = batch_each(b, kind, &i));) {
        memcpy(out + *n * size, r, size);
        if (holds(x, out + *n * size))
            ++*n;
        else
            x->ill++;
    }
    return out;
}

/* Assets are named by number, so that none may be missing. */
static bool asset_holds(const struct bundle_build *x, void *record)
{
    struct sd_bundle_asset *r = record;
    (void)x;
    r->name = r->name ? r->name : "";
    r->type = r->type ? r->type : "";
    r->size_bytes = size_or_unknown(r->size_bytes);
    r->gzip_bytes = size_or_unknown(r->gzip_bytes);
    r->brotli_bytes = size_or_unknown(r->brotli_bytes);
    r->source_bytes = size_or_unknown(r->source_bytes);
    return true;
}

static bool module_holds(const struct bundle_build *x, void *record)
{
    struct sd_bundle_module *r = record;
    r->part = r->part ? r->part : "module";
    r->size_bytes = size_or_unknown(r->size_bytes);
    r->minified_bytes = size_or_unknown(r->minified_bytes);
    r->gzip_bytes = size_or_unknown(r->gzip_bytes);
    r->brotli_bytes = size_or_unknown(r->brotli_bytes);
    return r->path && r->asset >= 0 && (uint64_t)r->asset < x->n_assets;
}

static bool code_holds(const struct bundle_build *x, void *record)
{
    (void)x;
    return ((struct sd_bundle_code *)record)->path;
}

static bool route_holds(const struct bundle_build *x, void *record)
{
    struct sd_bundle_route *r = record;
    for (size_t i = 0; r->assets && i < r->assets->n; i++)
        if (r->assets->items[i] < 0 || (uint64_t)r->assets->items[i] >= x->n_assets)
            return false;
    return r->name;
}

static bool package_holds(const struct bundle_build *x, void *record)
{
    (void)x;
    return ((struct sd_bundle_package *)record)->name;
}

static bool numbers_below(const struct sd_ints *list, size_t n)
{
    for (size_t i = 0; list && i < list->n; i++)
        if (list->items[i] < 0 || (uint64_t)list->items[i] >= n)
            return false;
    return true;
}

static bool imports_hold(const struct sd_bundle_imports *r)
{
    size_t n = r->modules ? r->modules->n : 0, edges = r->importers ? r->importers->n : 0;
    return (r->imported ? r->imported->n : 0) == edges && (!r->how || r->how->n == edges) &&
           numbers_below(r->entries, n) && numbers_below(r->importers, n) && numbers_below(r->imported, n);
}

#define GATHER(KIND, lower, field, holds)                                                                    \
    x->field = gather(x, b, SD_##KIND, sizeof(struct sd_##lower), holds, a, &x->n_##field)

struct bundle_build *bundle_build_of(const struct sd_batch *b, struct arena *a)
{
    size_t first = 0;
    const struct sd_bundle *head = batch_each(b, SD_BUNDLE, &first);
    if (!head)
        return NULL;
    struct bundle_build *x = arena_alloc(a, sizeof *x);
    *x = (struct bundle_build){.origin = batch_origin(b), .at = batch_time(b), .head = head, .batch = b};
    GATHER(BUNDLE_ASSET, bundle_asset, assets, asset_holds);
    GATHER(BUNDLE_MODULE, bundle_module, modules, module_holds);
    GATHER(BUNDLE_CODE, bundle_code, codes, code_holds);
    GATHER(BUNDLE_ROUTE, bundle_route, routes, route_holds);
    GATHER(BUNDLE_PACKAGE, bundle_package, packages, package_holds);
    first = 0;
    const struct sd_bundle_imports *imports = batch_each(b, SD_BUNDLE_IMPORTS, &first);
    if (imports && imports_hold(imports))
        x->imports = imports;
    x->ill += imports && !x->imports;
    return x;
}

void bundle_build_number(struct bundle_build *x, struct arena *a)
{
    struct name_index names = {0};
    const struct sd_texts *imports = x->imports ? x->imports->modules : NULL;
    size_t n_imports = imports ? imports->n : 0;
    uint32_t *of = arena_alloc(a, (x->n_modules + 1) * sizeof *of),
             *import_of = arena_alloc(a, (n_imports + 1) * sizeof *import_of);
    name_index_reserve(&names, x->n_modules);
    for (size_t i = 0; i < x->n_modules; i++)
        of[i] = name_index_of(&names, x->modules[i].path);
    for (size_t i = 0; i < n_imports; i++)
        import_of[i] = name_index_of(&names, imports->items[i] ? imports->items[i] : "");
    x->path_of = of;
    x->import_path_of = import_of;
    x->n_paths = names.n;
    x->paths = names.n ? arena_copy(a, names.names, names.n * sizeof *names.names) : NULL;
    name_index_free(&names);
}
