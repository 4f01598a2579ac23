/* built_in.h - the sources that are part of the program, for registry_begin. */
#ifndef SOURCE_BUILT_IN_H
#define SOURCE_BUILT_IN_H

#include "slowdive/source.h"

/* NULL-terminated. On a tie of recognising the first wins. */
extern const struct sd_source_ops *const SOURCES_BUILT_IN[];

#endif
