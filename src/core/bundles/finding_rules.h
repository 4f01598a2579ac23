/* finding_rules.h - shared by the files of the rules; included only there. */
#ifndef CORE_BUNDLES_FINDING_RULES_H
#define CORE_BUNDLES_FINDING_RULES_H

#include "core/bundles/bundle_findings.h"
#include "core/name_index.h"
#include "core/bundles/package_list.h"

struct finding_run {
    const struct bundle_build *build;
    const struct import_graph *graph;
    const struct bundle_duplicate *duplicates;
    size_t n_duplicates;
    struct arena *a;
    struct name_index own; /* of own modules' paths: their numbers */
    uint32_t *own_path;
    int64_t *minified; /* of each path of the build, in all assets; SD_UNKNOWN: of none, or not known */
    bool *is_module;   /* is the path one of a module in an asset? */
    const struct bundle_package_use *packages;
    size_t n_packages;
    struct bundle_finding *items;
    size_t n, cap;
};

void finding_add(struct finding_run *f, struct bundle_finding item);
int64_t finding_bytes(const struct finding_run *f, const char *path); /* minified; SD_UNKNOWN */

#define FINDING_RULES(X)                                                                                     \
    X(commonjs, "an own CommonJS module that ES modules import: all of it is kept")                          \
    X(namespace_import, "an own ES module of which import * keeps all exports")                              \
    X(barrel, "an own module that re-exports many others")                                                   \
    X(side_effects, "an own module kept for a side effect only")                                             \
    X(heavy_package, "a package that has a lighter equivalent")                                              \
    X(locales, "locales of moment that nobody asked for")                                                    \
    X(duplicate_package, "a package that is there more than once")                                           \
    X(polyfill, "polyfills of what all targets have")                                                        \
    X(lazy_candidate, "a large package on the first path that one route or only later parts use")            \
    X(font_format, "a font that is not WOFF2")                                                               \
    X(font_display, "a font that hides text while it loads")                                                 \
    X(font_subset, "a font with far more glyphs than a language needs")                                      \
    X(image_format, "a large image in an old format")                                                        \
    X(image_size, "an image with more pixels than screens show")
#define FINDING_RULE_DECLARE(kind, help) void find_##kind(struct finding_run *f);
FINDING_RULES(FINDING_RULE_DECLARE)
#undef FINDING_RULE_DECLARE

#endif
