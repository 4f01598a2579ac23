/* registry_parts.h - what registry.c and resolve.c share; included only there. Main thread. */
#ifndef RT_REGISTRY_PARTS_H
#define RT_REGISTRY_PARTS_H

#include "rt/registry.h"

/* Of the kinds that registry_know was told; NULL: it is none of these. */
const struct registry_kind *registry_kind_of(const char *name);
/* As registry_named, but no module is loaded for it. */
const struct sd_source_ops *registry_loaded(const char *kind);

#endif
