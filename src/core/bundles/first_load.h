/* first_load.h - what has to be loaded first for a route of a build. Pure. */
#ifndef CORE_BUNDLES_FIRST_LOAD_H
#define CORE_BUNDLES_FIRST_LOAD_H

#include "core/bundles/package_list.h"

struct bundle_first_load {
    struct bundle_sizes js, css; /* `minified` is unknown */
};
void bundle_first_load(const struct bundle_build *x, const struct sd_bundle_route *r,
                       struct bundle_first_load *out);

#endif
