/* package_list.h - what the packages of a build take, and its sums. Pure. */
#ifndef CORE_BUNDLES_PACKAGE_LIST_H
#define CORE_BUNDLES_PACKAGE_LIST_H

#include "core/bundles/build.h"

#define PACKAGE_OWN  "(own)"  /* modules without a package, and assets that nobody can look into */
#define PACKAGE_REST "(rest)" /* what is of no module: the bundler's own code, line ends, unmapped text */

/* Sizes are SD_UNKNOWN when one that goes into them is. */
struct bundle_sizes {
    int64_t size, minified, gzip, brotli;
};
struct bundle_package_use {
    const char *name;
    int64_t modules;           /* with different paths */
    struct bundle_sizes bytes; /* size: of the sources, each module once */
};

bool bundle_is_module(const struct sd_bundle_module *m);
const char *bundle_package_of(const struct sd_bundle_module *m); /* its package, (own) or (rest) */
/* Of a build with numbers, by minified bytes, the largest first. The arena's. */
const struct bundle_package_use *bundle_packages(const struct bundle_build *x, struct arena *a, size_t *n);

/* a + b; SD_UNKNOWN when one is. */
int64_t bundle_sum(int64_t a, int64_t b);
/* Of all assets of a type; NULL: of all. `minified` is unknown. */
struct bundle_sizes bundle_asset_sizes(const struct bundle_build *x, const char *type);

#endif
