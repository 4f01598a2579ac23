/* registry.h - the kinds of source there are: built in and loaded. */
#ifndef RT_REGISTRY_H
#define RT_REGISTRY_H

#include "base/base.h"

/* Once, before all else: the sources that are part of the program (SOURCES_BUILT_IN). */
void registry_begin(const struct sd_source_ops *const *built_in);

/* Built-in kinds first, in a fixed order, then modules in order of loading. */
size_t registry_count(void);
const struct sd_source_ops *registry_at(size_t i);
const struct sd_source_ops *registry_named(const char *kind); /* NULL */

/* Loads a shared object. Refused, with a sentence, when the file or its folder is
 * writable by others than its owner and root (group-writable counts unless the group
 * is root's; sticky does not help), not owned by root or the user, of another ABI
 * major or a newer minor, or its table makes no sense. Never unloaded. Main thread. */
const struct sd_source_ops *registry_load(const char *path, struct sd_error *err);
/* Every *.so of the colon-separated folders; a missing folder is no problem. */
void registry_load_path(const char *folders, void (*problem)(void *ctx, const char *sentence), void *ctx);
const char *registry_module_path(const struct sd_source_ops *ops); /* NULL: built in */

/* Which kind reads this target, and what of it is the kind's own target:
 * "postgres:..." and other "kind:" prefixes first, then by recognising (URL, file
 * content). "?name=value&..." at the end is cut into `options` (NULL-terminated
 * "name=value", percent-decoded) only for "kind:" targets and paths, not for
 * URLs, whose own parameters stay unless the kind has an option of that name.
 * Caller frees target and options with registry_resolved_free. */
struct registry_resolved {
    const struct sd_source_ops *ops;
    char *target;
    char **options;
};
bool registry_resolve(const char *given, struct registry_resolved *out, struct sd_error *err);
void registry_resolved_free(struct registry_resolved *r);
/* `given`, a source as it was written, without passwords, for the screen: of a command its
 * program only. Caller frees. */
char *registry_redact(const char *given);
/* The same of a resolved target, without its kind. Caller frees. */
char *registry_shown(const struct registry_resolved *r);

#endif
