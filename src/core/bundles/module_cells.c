#include "core/bundles/module_cells.h"

#include <stdlib.h>
#include <string.h>

static int heaviest_first(const void *a, const void *b)
{
    const struct sd_bundle_module *x = ((const struct bundle_cell *)a)->m,
                                  *y = ((const struct bundle_cell *)b)->m;
    if (x->minified_bytes != y->minified_bytes)
        return x->minified_bytes < y->minified_bytes ? 1 : -1;
    int by_path = strcmp(x->path, y->path);
    return by_path ? by_path : x->asset < y->asset ? -1 : x->asset > y->asset;
}

const struct bundle_cell *bundle_cells(const struct bundle_build *x, int64_t asset, double width,
                                       double height, struct arena *a, size_t *n, size_t *omitted)
{
    struct bundle_cell *out = arena_alloc(a, (x->n_modules + 1) * sizeof *out);
    *n = *omitted = 0;
    for (size_t i = 0; i < x->n_modules; i++) {
        const struct sd_bundle_module *m = &x->modules[i];
        if (asset >= 0 && m->asset != asset)
            continue;
        if (m->minified_bytes > 0)
            out[(*n)++].m = m;
        else
            ++*omitted;
    }
    qsort(out, *n, sizeof *out, heaviest_first);
    double *weights = mem_array(*n + 1, sizeof *weights);
    struct square_rect *r = mem_array(*n + 1, sizeof *r);
    for (size_t i = 0; i < *n; i++)
        weights[i] = (double)out[i].m->minified_bytes;
    squarify(weights, *n, (struct square_rect){0, 0, width, height}, r);
    for (size_t i = 0; i < *n; i++)
        out[i].r = r[i];
    free(weights);
    free(r);
    return out;
}
