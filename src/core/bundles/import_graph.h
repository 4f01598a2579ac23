/* import_graph.h - which module imports which, to walk along. Pure; one thread. */
#ifndef CORE_BUNDLES_IMPORT_GRAPH_H
#define CORE_BUNDLES_IMPORT_GRAPH_H

#include "core/bundles/build.h"

enum import_how { /* SD_BUNDLE_IMPORTS.how */
                  IMPORT_UNKNOWN,
                  IMPORT_NAMED,
                  IMPORT_ALL,
                  IMPORT_REEXPORT,
                  IMPORT_REQUIRE,
                  IMPORT_LAZY
};

struct import_edge {
    uint32_t module; /* the other end */
    uint8_t how;
};
/* Modules are those of SD_BUNDLE_IMPORTS, by number. */
struct import_graph {
    size_t n; /* 0: no imports are known */
    const char *const *paths;
    const struct import_edge *imports, *importers; /* of module i from first_...[i] to first_...[i + 1] */
    const uint32_t *first_import, *first_importer; /* n + 1 */
    const uint32_t *entries;                       /* where none are told: what nobody imports */
    size_t n_entries;
};

/* All of it is the arena's. */
const struct import_graph *import_graph(const struct bundle_build *x, struct arena *a);

/* Numbers of modules a walk along imports meets, from the nearest on: from those that are marked in `met`,
 * which marks all it met at the end. With `eager` import() is not followed. NULL: `above` is not asked for;
 * it gets the module from which each was met first, itself for those it began with. */
size_t import_walk(const struct import_graph *g, bool eager, bool *met, uint32_t *above);

/* A shortest chain of imports from an entry to a module of that path, both included; NULL: there is none. */
const char *const *import_chain(const struct import_graph *g, const char *path, struct arena *a, size_t *n);
bool import_graph_has(const struct import_graph *g, const char *path);

#endif
