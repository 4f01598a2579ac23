/* esbuild_routes.h - what has to be loaded first for each entry of a build by esbuild. For esbuild_meta.c. */
#ifndef FORMAT_BUNDLES_ESBUILD_ROUTES_H
#define FORMAT_BUNDLES_ESBUILD_ROUTES_H

#include "format/bundles/draft.h"

/* Of a source map or another file that no browser loads. */
enum { ESBUILD_NO_ASSET = UINT32_MAX };

struct esbuild_output {
    uint32_t asset;
    const char *entry; /* path of its entry point; NULL: it is a part of others */
    uint32_t module;   /* the number of that */
    bool dynamic;      /* some output imports it dynamically */
    uint32_t loads;    /* its first load + 1 */
    uint32_t last;
    uint32_t from; /* of a dynamic one: the entry that reaches it + 1 */
};

struct esbuild_load {
    uint32_t to, next; /* next + 1 of the same output */
    bool dynamic;
};

struct esbuild_routes {
    struct esbuild_output *outputs;
    size_t n, cap;
    struct esbuild_load *all;
    size_t n_loads, cap_loads;
    struct arena *arena;
    /* Of a walk. */
    uint32_t *stack, *seen, walk;
    size_t steps;
};

void esbuild_routes_output(struct esbuild_routes *r, uint32_t asset);
void esbuild_routes_load(struct esbuild_routes *r, uint32_t output, uint32_t loaded, bool dynamic);
/* `path` is copied; `module` UINT32_MAX: it is not among the inputs. */
void esbuild_routes_entry(struct esbuild_routes *r, uint32_t output, const char *path, uint32_t module);
/* The routes, the entries and what is initial, into the draft. */
void esbuild_routes_finish(struct esbuild_routes *r, struct draft *d);
void esbuild_routes_free(struct esbuild_routes *r);

#endif
