/* module_path.h - how a module is named, whatever its bundler calls it. Pure. */
#ifndef FORMAT_BUNDLES_MODULE_PATH_H
#define FORMAT_BUNDLES_MODULE_PATH_H

#include "base/base.h"

/* Puts the path of the module that a bundler calls name[0..len) into `out`, which is emptied first:
 *     webpack://app/./src/a.js?12ab            src/a.js
 *     babel-loader!./src/App.vue?type=script   src/App.vue
 *     ../../web/node_modules/lodash/map.js     node_modules/lodash/map.js
 * Control characters are left out. It is never empty. */
void module_path(const char *name, size_t len, struct strbuf *out);
/* Of a path: where the name of its package stands, and its length; NULL: own code. */
const char *module_path_package(const char *path, size_t *len);

#endif
