/* module.h - loading shared objects; used by the registry alone. */
#ifndef RT_MODULE_H
#define RT_MODULE_H

#include "base/base.h"

/* Checks and loads; NULL and a sentence when refused. The table returned lives for
 * ever and is complete for this host, also when the module is of an older minor.
 * `*resolved` is the path without symbolic links (caller frees, set on success). */
const struct sd_source_ops *module_load(const char *path, char **resolved, struct sd_error *err);

/* False and a sentence when a table makes no sense. Also true for built-in ones. */
bool module_table_is_sane(const struct sd_source_ops *ops, struct sd_error *err);

#endif
