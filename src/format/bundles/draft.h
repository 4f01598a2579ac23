/* draft.h - a build as its description tells it, before anybody looks into its assets.
 *
 * A reader of a description (webpack_stats.h, esbuild_meta.h, ...) fills a draft; whoever has the files
 * completes it: source maps, functions of modules in an asset, sizes. Assets and modules are named by their
 * numbers, in order of sight. Texts given are copied into the draft's arena. One thread. */
#ifndef FORMAT_BUNDLES_DRAFT_H
#define FORMAT_BUNDLES_DRAFT_H

#include "format/bundles/id_table.h"
#include "slowdive/types.h"

struct draft_asset {
    const char *name;   /* path below the build folder, `/` between parts */
    int64_t size_bytes; /* as described; SD_UNKNOWN: not said */
    int64_t initial;    /* 0, 1 or SD_UNKNOWN */
};
struct draft_module {
    const char *path;           /* normalised: module_path.h */
    const char *package;        /* NULL: own code */
    const char *id;             /* its name in a webpack bundle; NULL: not said */
    int64_t size_bytes;         /* of its source; SD_UNKNOWN */
    bool runtime;               /* the bundler's own: not counted as a module */
    struct sd_bundle_code code; /* `path` NULL: nothing is said */
};
/* A module in an asset. */
struct draft_part {
    uint32_t asset, module;
    int64_t minified_bytes; /* as described; SD_UNKNOWN: to be measured or shared out */
};
struct draft_import {
    uint32_t importer, imported; /* modules */
    int how;                     /* as in SD_BUNDLE_IMPORTS */
};
struct draft_route {
    const char *name;
    const char *entry; /* NULL: it is one */
    uint32_t *assets;
    size_t n_assets;
};

struct draft {
    struct arena *arena;
    const char *build_kind; /* as in SD_BUNDLE */
    bool measured;          /* it gives the bytes of modules in assets: the others are the bundler's */
    struct draft_asset *assets;
    size_t n_assets, cap_assets;
    struct draft_module *modules;
    size_t n_modules, cap_modules;
    struct draft_part *parts;
    size_t n_parts, cap_parts;
    struct draft_import *imports;
    size_t n_imports, cap_imports;
    uint32_t *entries; /* modules */
    size_t n_entries, cap_entries;
    struct draft_route *routes;
    size_t n_routes, cap_routes;
    const char **notes;
    size_t n_notes, cap_notes;
    uint32_t *by_name; /* numbers of assets + 1, hashed by name; 0: free */
    size_t n_by_name;
    struct id_table in_route; /* which asset is in which route */
    bool cut_routes;
    /* Told of bytes of the description that its reader will not look at again, so that whoever holds
     * hundreds of megabytes can give them up; NULL: nobody is. */
    void (*spent)(const char *bytes, size_t n);
};

/* Assets of all routes together. A small text could ask for any number of them. */
enum { DRAFT_ROUTE_ASSETS_MOST = 1 << 18 };

struct draft *draft_new(void);
void draft_free(struct draft *d); /* NULL is fine */
/* The number of the asset of that name; new ones begin with nothing known. */
uint32_t draft_asset(struct draft *d, const char *name);
/* The number of the asset of that name; ID_NONE: it is not named. */
uint32_t draft_find_asset(const struct draft *d, const char *name);
/* A new module, whatever its path is: two of one name may be two modules. `as_given` is normalised here. */
uint32_t draft_module(struct draft *d, const char *as_given, int64_t size_bytes);
void draft_part(struct draft *d, uint32_t asset, uint32_t module, int64_t minified_bytes);
void draft_import(struct draft *d, uint32_t importer, uint32_t imported, int how);
void draft_entry(struct draft *d, uint32_t module);
/* Returns a route without assets; valid until the next. */
struct draft_route *draft_route(struct draft *d, const char *name, const char *entry);
/* Each once. False, with a note: there are too many, and it is left out. */
bool draft_route_asset(struct draft *d, struct draft_route *r, uint32_t asset);
/* Leaves out the assets that are none (asset_type.h): source maps, licences. Once, when all is read. */
void draft_keep_shipped(struct draft *d);
void draft_note(struct draft *d, const char *fmt, ...) SD_PRINTF(2, 3);

#endif
