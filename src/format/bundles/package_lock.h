/* package_lock.h - the versions of the packages of npm's package-lock.json, and the browsers that a
 * package.json names. Pure. */
#ifndef FORMAT_BUNDLES_PACKAGE_LOCK_H
#define FORMAT_BUNDLES_PACKAGE_LOCK_H

#include "base/base.h"

struct package_version {
    const char *name, *version;
};

struct package_versions {
    struct package_version *items; /* by name, then version; each once; the arena's texts */
    size_t n, cap;
};

/* Lock files of all versions (1 to 3). False, and a sentence: it is broken. Caller frees
 * items. */
bool package_lock_read(const char *text, size_t len, struct arena *a, struct package_versions *out,
                       struct sd_error *err);
/* The first of that name and how many there are. */
const struct package_version *package_lock_find(const struct package_versions *all, const char *name,
                                                size_t *n);

/* The list under "browserslist" of a package.json, that of "production" where there are several; NULL: none.
 */
const struct sd_texts *package_targets(const char *text, size_t len, struct arena *a);

#endif
