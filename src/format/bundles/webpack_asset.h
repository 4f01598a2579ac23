/* webpack_asset.h - which bytes of a webpack asset are which module, without a source map.
 *
 * webpack writes modules as functions, in an object by their names or in an array by their numbers: as the
 * argument of the loader (webpack 1 to 4), as the second argument of a call or of `push` (chunks), as
 * `exports.modules` (chunks for node), or as the first variable of a function (webpack 5, Rspack). The
 * functions are found by their tokens (js_token.h), without a tree. Pure; any thread. */
#ifndef FORMAT_BUNDLES_WEBPACK_ASSET_H
#define FORMAT_BUNDLES_WEBPACK_ASSET_H

#include "base/base.h"

struct webpack_function {
    const char *id; /* as stats name the module: 57, "57iH", "./src/a.js" */
    size_t at, len; /* in the asset: the function without what is around it */
};

struct webpack_asset {
    struct arena *arena;
    struct webpack_function *functions; /* in order, none overlaps another; those of one id are possible */
    size_t n;
};

/* Modules that are shipped as a copy of another (the number of that) or as arguments for one (an array) count
 * as well. False: the asset holds no modules in one of these forms; then nothing is to be cleared. What is
 * outside of all functions is the loader and the modules that webpack put beside it. */
bool webpack_asset_read(const char *asset, size_t len, struct webpack_asset *out);
void webpack_asset_clear(struct webpack_asset *a);

#endif
