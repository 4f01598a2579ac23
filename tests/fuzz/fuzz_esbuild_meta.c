/* Metafiles of esbuild and raw data of the visualizer: a draft that is taken holds only numbers that are
 * there, and of each asset no more than its size. */
#include <stdlib.h>

#include "base/num.h"
#include "format/bundles/esbuild_meta.h"
#include "format/bundles/visualizer.h"

static void check(const struct draft *d)
{
    for (size_t i = 0; i < d->n_parts; i++)
        if (d->parts[i].asset >= d->n_assets || d->parts[i].module >= d->n_modules ||
            (sd_known(d->parts[i].minified_bytes) && d->parts[i].minified_bytes < 0))
            abort();
    for (size_t i = 0; i < d->n_imports; i++)
        if (d->imports[i].importer >= d->n_modules || d->imports[i].imported >= d->n_modules)
            abort();
    for (size_t i = 0; i < d->n_entries; i++)
        if (d->entries[i] >= d->n_modules)
            abort();
    for (size_t i = 0; i < d->n_routes; i++)
        for (size_t k = 0; k < d->routes[i].n_assets; k++)
            if (d->routes[i].assets[k] >= d->n_assets)
                abort();
    for (size_t i = 0; i < d->n_assets && i < 100; i++) {
        int64_t sum = 0;
        for (size_t k = 0; k < d->n_parts; k++)
            if (d->parts[k].asset == i)
                sum = add_known(sum, d->parts[k].minified_bytes);
        if (sd_known(d->assets[i].size_bytes) && sum > d->assets[i].size_bytes)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool (*const READ[])(const char *, size_t, struct draft *, struct sd_error *) = {esbuild_meta_read,
                                                                                            visualizer_read};
    const char *text = (const char *)data;
    esbuild_meta_sure(text, size);
    visualizer_sure(text, size);
    for (size_t i = 0; i < ARRAY_LEN(READ); i++) {
        struct sd_error err = {.text = ""};
        struct draft *d = draft_new();
        if (READ[i](text, size, d, &err))
            check(d);
        else if (!err.text[0])
            abort();
        draft_free(d);
    }
    return 0;
}
