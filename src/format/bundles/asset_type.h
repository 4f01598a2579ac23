/* asset_type.h - what kind of file a name is of. Pure. */
#ifndef FORMAT_BUNDLES_ASSET_TYPE_H
#define FORMAT_BUNDLES_ASSET_TYPE_H

#include "base/base.h"

/* js, css, image, font, html or wasm, by its extension; NULL: it is not shipped to a browser as an asset. */
const char *asset_type(const char *name);

#endif
