/* built_in.c - the tables of the sources of this folder, for the registry. */
#include "source/built_in.h"

#include <stddef.h>

#include "source/kinds.h"

#ifdef SLOWDIVE_MODULES

/* They are modules (app/late.c). */
const struct sd_source_ops *const SOURCES_BUILT_IN[] = {NULL};

#else

#define SOURCE_DECLARE(kind, name, module, flags) extern const struct sd_source_ops kind##_source_ops;
#define SOURCE_ROW(kind, name, module, flags)     &kind##_source_ops,
#define PROFILE_DECLARE(NAME, kind, sure, what)   extern const struct sd_source_ops kind##_source_ops;
#define PROFILE_ROW(NAME, kind, sure, what)       &kind##_source_ops,

SOURCE_KINDS(SOURCE_DECLARE)
PROFILE_FORMATS(PROFILE_DECLARE)

const struct sd_source_ops *const SOURCES_BUILT_IN[] = {SOURCE_KINDS(SOURCE_ROW) PROFILE_FORMATS(PROFILE_ROW)
                                                            NULL};

#endif
