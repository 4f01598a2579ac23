/* duplicates.h - packages and modules that are in a build more than once, by the rule of Lighthouse's audit
 * duplicated-javascript: modules are the same when their paths are equal from the last node_modules folder
 * on; copies below a tenth of the largest, or below 512 bytes, do not count. Unlike there, two copies in one
 * asset count. Scripts only. Pure. */
#ifndef CORE_BUNDLES_DUPLICATES_H
#define CORE_BUNDLES_DUPLICATES_H

#include "core/bundles/import_graph.h"

struct bundle_duplicate {
    const char *package;       /* NULL: own code, then: */
    const char *module;        /* its path */
    int64_t copies;            /* different pairs of package folder and asset */
    int64_t wasted_bytes;      /* minified, of the copies beside the largest of each module */
    const char **importers;    /* packages, or (own), that import a copy; sorted */
    const char *const *copied; /* paths of the copies, sorted */
    const char *const *in;     /* the asset of each */
    size_t n_importers, n_copied;
};

/* By wasted bytes, the most first. The arena's. */
const struct bundle_duplicate *bundle_duplicates(const struct bundle_build *x, const struct import_graph *g,
                                                 struct arena *a, size_t *n);
/* "lodash" behind the last node_modules folder of a path: from where, and its length. NULL: there is none. */
const char *bundle_package_in(const char *path, size_t *len);

#endif
