#include "core/bundles/package_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/name_index.h"

bool bundle_is_module(const struct sd_bundle_module *m)
{
    return !strcmp(m->part, "module");
}

const char *bundle_package_of(const struct sd_bundle_module *m)
{
    if (bundle_is_module(m))
        return m->package ? m->package : PACKAGE_OWN;
    return !strcmp(m->part, "asset") ? PACKAGE_OWN : PACKAGE_REST;
}

int64_t bundle_sum(int64_t a, int64_t b)
{
    return a < 0 || b < 0 ? SD_UNKNOWN : add_sat(a, b);
}

struct bundle_sizes bundle_asset_sizes(const struct bundle_build *x, const char *type)
{
    struct bundle_sizes s = {.minified = SD_UNKNOWN};
    for (size_t i = 0; i < x->n_assets; i++) {
        const struct sd_bundle_asset *r = &x->assets[i];
        if (type && strcmp(r->type, type) != 0)
            continue;
        s.size = bundle_sum(s.size, r->size_bytes);
        s.gzip = bundle_sum(s.gzip, r->gzip_bytes);
        s.brotli = bundle_sum(s.brotli, r->brotli_bytes);
    }
    return s;
}

static int largest_first(const void *a, const void *b)
{
    const struct bundle_package_use *x = a, *y = b;
    if (x->bytes.minified != y->bytes.minified)
        return x->bytes.minified < y->bytes.minified ? 1 : -1;
    return strcmp(x->name, y->name);
}

const struct bundle_package_use *bundle_packages(const struct bundle_build *x, struct arena *a, size_t *n)
{
    struct name_index packages = {0};
    bool *seen = mem_array(x->n_paths + 1, sizeof *seen);
    struct bundle_package_use *out = NULL;
    size_t cap = 0;
    for (size_t i = 0; i < x->n_modules; i++) {
        const struct sd_bundle_module *m = &x->modules[i];
        size_t known = packages.n;
        uint32_t k = name_index_of(&packages, bundle_package_of(m));
        if (k == known) {
            out = mem_grow(out, known, &cap, sizeof *out);
            out[k] = (struct bundle_package_use){.name = bundle_package_of(m)};
        }
        struct bundle_package_use *p = &out[k];
        p->bytes.minified = bundle_sum(p->bytes.minified, m->minified_bytes);
        p->bytes.gzip = bundle_sum(p->bytes.gzip, m->gzip_bytes);
        p->bytes.brotli = bundle_sum(p->bytes.brotli, m->brotli_bytes);
        if (!bundle_is_module(m) || seen[x->path_of[i]])
            continue;
        seen[x->path_of[i]] = true;
        p->modules++;
        p->bytes.size = bundle_sum(p->bytes.size, m->size_bytes);
    }
    *n = packages.n;
    for (size_t i = 0; i < *n; i++) /* nothing with a source is in it */
        if (!out[i].modules)
            out[i].bytes.size = SD_UNKNOWN;
    if (*n)
        qsort(out, *n, sizeof *out, largest_first);
    struct bundle_package_use *copy = arena_alloc(a, (*n + 1) * sizeof *copy);
    if (*n)
        memcpy(copy, out, *n * sizeof *out);
    free(out);
    free(seen);
    name_index_free(&packages);
    return copy;
}
