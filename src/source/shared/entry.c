/* entry.c - what a module of these sources exports: the kinds that were linked into it. It is in the library
 * of what sources share, and only a module's link asks for it. */
#include "source/kinds.h"

#include <stddef.h>

/* Those of other modules are not there: NULL. */
#define ENTRY_DECLARE(kind, name, module, flags)                                                             \
    extern const struct sd_source_ops kind##_source_ops __attribute__((weak));
#define ENTRY_FORMAT(NAME, kind, sure, what)                                                                 \
    extern const struct sd_source_ops kind##_source_ops __attribute__((weak));
#define ENTRY_ADD(kind, name, module, flags)                                                                 \
    if (&kind##_source_ops)                                                                                  \
        all[n++] = &kind##_source_ops;
#define ENTRY_ADD_FORMAT(NAME, kind, sure, what) ENTRY_ADD(kind, #kind, profile, 0)
#define ENTRY_ONE(kind, name, module, flags)     +1
#define ENTRY_ONE_FORMAT(NAME, kind, sure, what) +1

SOURCE_KINDS(ENTRY_DECLARE)
PROFILE_FORMATS(ENTRY_FORMAT)

const struct sd_source_ops *const *slowdive_sources(void);

const struct sd_source_ops *const *slowdive_sources(void)
{
    static const struct sd_source_ops *all[SOURCE_KINDS(ENTRY_ONE) PROFILE_FORMATS(ENTRY_ONE_FORMAT) + 1];
    size_t n = 0;
    SOURCE_KINDS(ENTRY_ADD)
    PROFILE_FORMATS(ENTRY_ADD_FORMAT)
    all[n] = NULL;
    return all;
}
