/* module_cells.h - the modules of a build as one flat treemap. Pure. */
#ifndef CORE_BUNDLES_MODULE_CELLS_H
#define CORE_BUNDLES_MODULE_CELLS_H

#include "core/bundles/build.h"
#include "core/squarify.h"

struct bundle_cell {
    const struct sd_bundle_module *m;
    struct square_rect r;
};
/* Rows of all assets, or of one (asset < 0: all): the heaviest first, ties by path, then by asset. Those of
 * 0 or unknown bytes have no cell; *omitted: how many. The arena's. */
const struct bundle_cell *bundle_cells(const struct bundle_build *x, int64_t asset, double width,
                                       double height, struct arena *a, size_t *n, size_t *omitted);

#endif
