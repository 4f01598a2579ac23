/* findings.h - what could be spared in a build: rules with their thresholds, and what to do.
 *
 * A new rule is a row in RULES of findings.c with its function in the file of its topic. Pure. */
#ifndef CORE_BUNDLES_FINDINGS_H
#define CORE_BUNDLES_FINDINGS_H

#include "core/bundles/duplicates.h"
#include "core/bundles/package_list.h"

/* X(NAME, value, help) */
#define BUNDLE_THRESHOLDS(X)                                                                                 \
    X(BARREL, 8, "re-exports of a module that make it a barrel")                                             \
    X(HEAVY, 20000, "bytes of a package of the table of heavy ones, minified, that count")                   \
    X(LOCALES, 20, "locales of moment that are more than a site speaks")                                     \
    X(SPLIT, 30000, "bytes of a package, minified, that are worth loading later")                            \
    X(IMAGE, 100000, "bytes of an image in an old format")                                                   \
    X(PIXELS, 2560, "width or height of an image, in pixels, that few screens show")                         \
    X(GLYPHS, 1000, "glyphs of a font that are more than a language needs")                                  \
    X(FONT, 50000, "bytes of a font that is to be cut to what is used")
enum bundle_threshold {
#define BUNDLE_THRESHOLD_ENUM(NAME, value, help) BUNDLE_##NAME,
    BUNDLE_THRESHOLDS(BUNDLE_THRESHOLD_ENUM)
#undef BUNDLE_THRESHOLD_ENUM
        BUNDLE_THRESHOLD_N
};
extern const int64_t BUNDLE_LIMIT[BUNDLE_THRESHOLD_N];

struct bundle_finding {
    const char *kind;
    const char *path;    /* of a module, or the name of an asset; NULL: it is about the package */
    const char *package; /* NULL: own code, or an asset */
    int64_t bytes;       /* at stake, minified; of an asset all of it; SD_UNKNOWN */
    const char *message, *advice;
    bool is_file; /* `path` is the name of an asset */
};

/* Of a build with numbers; by bytes, the most first. The arena's. */
const struct bundle_finding *bundle_findings(const struct bundle_build *x, const struct import_graph *g,
                                             const struct bundle_package_use *packages, size_t n_packages,
                                             const struct bundle_duplicate *duplicates, size_t n_duplicates,
                                             struct arena *a, size_t *n);
/* The kinds, for help; NULL ends. */
const char *bundle_finding_kind(size_t i, const char **help);

#endif
