/* build_compare.h - two builds beside each other: what was added, removed, has grown, shrunk or moved.
 *
 * Assets are the same when their names are, without hashes (asset_name.h); several of one name are added.
 * Modules are the same when their paths are; they count with what they take in all assets, minified. Routes
 * by name. What is not in a build has 0 bytes there; a size nobody knows is SD_UNKNOWN. Pure. */
#ifndef CORE_BUNDLES_BUILD_COMPARE_H
#define CORE_BUNDLES_BUILD_COMPARE_H

#include "core/bundles/build.h"

enum bundle_change { BUNDLE_SAME, BUNDLE_ADDED, BUNDLE_REMOVED, BUNDLE_GROWN, BUNDLE_SHRUNK };
const char *bundle_change_name(enum bundle_change c); /* "same", "added", ... */

struct bundle_pair {
    const char *name;    /* of an asset without its hash, a route, or a module's path */
    const char *package; /* of a module; NULL: own code */
    enum bundle_change change;
    bool moved;                      /* of a module: in both, and in other assets */
    int64_t before, after;           /* bytes; of a route: of scripts */
    int64_t gzip_before, gzip_after; /* not of modules */
    const char *const *in_before;    /* of a module: the assets, without hashes, sorted */
    const char *const *in_after;
    size_t n_in_before, n_in_after;
};
struct bundle_comparison {
    struct bundle_pair total;                      /* of all assets */
    struct bundle_pair *assets, *modules, *routes; /* the largest difference first */
    size_t n_assets, n_modules, n_routes;
};

/* The arena's. */
const struct bundle_comparison *bundle_compare(const struct bundle_build *before,
                                               const struct bundle_build *after, struct arena *a);
/* How much it has grown; SD_UNKNOWN. */
int64_t bundle_pair_growth(const struct bundle_pair *p);

#endif
