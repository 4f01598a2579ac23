/* Descriptions of a build, by their first byte: webpack's stats, Vite's and Next.js's manifests, a lock file.
 * What is refused has a sentence; numbers in a draft hold, and its assets add up. */
#include <stdlib.h>

#include "format/bundles/asset_rows.h"
#include "format/bundles/next_manifest.h"
#include "format/bundles/package_lock.h"
#include "format/bundles/vite_manifest.h"
#include "format/bundles/webpack_stats.h"

static void check(const struct draft *d)
{
    for (size_t i = 0; i < d->n_parts; i++)
        if (d->parts[i].asset >= d->n_assets || d->parts[i].module >= d->n_modules)
            abort();
    for (size_t i = 0; i < d->n_imports; i++)
        if (d->imports[i].importer >= d->n_modules || d->imports[i].imported >= d->n_modules ||
            d->imports[i].how < 0 || d->imports[i].how > 5)
            abort();
    for (size_t i = 0; i < d->n_entries; i++)
        if (d->entries[i] >= d->n_modules)
            abort();
    for (size_t i = 0; i < d->n_routes; i++)
        for (size_t k = 0; k < d->routes[i].n_assets; k++)
            if (d->routes[i].assets[k] >= d->n_assets)
                abort();
    for (size_t i = 0; i < d->n_modules; i++)
        if (!*d->modules[i].path || d->modules[i].size_bytes < SD_UNKNOWN)
            abort();
}

static void add_up(const struct draft *d, const char *text, size_t len)
{
    struct asset_output out = {.arena = arena_new()};
    struct asset_input in = {.draft = d, .parts = d->parts, .text = text, .len = len};
    struct sd_error err;
    while (in.n_parts < d->n_parts && d->parts[in.n_parts].asset == 0)
        in.n_parts++;
    if (d->n_assets && asset_rows(&in, &out, &err)) {
        int64_t sum = 0;
        for (size_t i = 0; i < out.n; i++)
            sum += out.rows[i].minified_bytes;
        if (sum != (int64_t)len)
            abort();
    }
    free(out.rows);
    arena_free(out.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool (*const READERS[])(const char *text, size_t len, struct draft *d, struct sd_error *err) = {
        webpack_stats_read, vite_manifest_read, next_manifest_read, next_manifest_read_app,
        next_manifest_read_stats};
    const char *text = (const char *)data + 1;
    struct sd_error err = {""};
    if (!size)
        return 0;
    struct draft *d = draft_new();
    size_t n = (size_t)(data[0] - '0');
    webpack_stats_sure(text, size - 1);
    vite_manifest_sure(text, size - 1);
    next_manifest_sure(text, size - 1);
    if (n < 5) {
        if (!READERS[n](text, size - 1, d, &err) && !*err.text)
            abort();
        check(d);
        add_up(d, text, size - 1);
    } else {
        struct package_versions v = {0};
        struct arena *a = arena_new();
        if (package_lock_read(text, size - 1, a, &v, &err))
            free(v.items);
        package_targets(text, size - 1, a);
        arena_free(a);
    }
    draft_free(d);
    return 0;
}
