/* build.h - a build of a front end: the records of one batch, side by side.
 *
 * What is here holds: assets named by number are there, sizes that are known are not negative. Lists of
 * imports are of equal length and name modules of their own list. Texts and lists are the batch's. */
#ifndef CORE_BUNDLES_BUILD_H
#define CORE_BUNDLES_BUILD_H

#include "core/batch.h"

struct bundle_build {
    const char *origin; /* the source's name */
    sd_time at;
    const struct sd_bundle *head;
    const struct sd_bundle_asset *assets;
    const struct sd_bundle_module *modules;
    const struct sd_bundle_imports *imports; /* NULL: nothing is known of them */
    const struct sd_bundle_code *codes;
    const struct sd_bundle_route *routes;
    const struct sd_bundle_package *packages;
    size_t n_assets, n_modules, n_codes, n_routes, n_packages;
    size_t ill; /* records left out because they did not hold */
    const struct sd_batch *batch;
    /* Paths by number: of each module of an asset, and of each module of `imports`. */
    const char *const *paths;
    size_t n_paths;
    const uint32_t *path_of, *import_path_of;
};

/* NULL: the batch holds no build. The arrays are the arena's, what they point to the batch's. */
struct bundle_build *bundle_build_of(const struct sd_batch *b, struct arena *a);
/* Without numbers of paths, which bundle_build_number adds: they are the arena's, too. */
void bundle_build_number(struct bundle_build *x, struct arena *a);
/* Several, of several sources, as one; the origin, the time and the path are those of the first, `batch` is
 * NULL. */
struct bundle_build *bundle_build_merged(const struct bundle_build *const *builds, size_t n, struct arena *a);

#endif
