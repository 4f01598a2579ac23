/* registry.h - the kinds of source there are: built in and loaded. */
#ifndef RT_REGISTRY_H
#define RT_REGISTRY_H

#include "base/base.h"

/* Once, before all else: the sources that are part of the program (SOURCES_BUILT_IN). */
void registry_begin(const struct sd_source_ops *const *built_in);

/* The program's own kinds whose sources are modules (make MODULES=shared), in their order. A module of these
 * is loaded when a kind of it is asked for: what it needs and is not here matters to nobody else. Once,
 * before modules are loaded; ends with a row without a name. */
struct registry_kind {
    const char *name, *module; /* "pglog", "log": log.so has it */
    unsigned flags;            /* SD_SOURCE_COMMAND, which is needed before the module is loaded */
};
/* Debian's package of a module; those without a row are in the program's own. May name modules that have no
 * kind, only functions for registry_symbol. Ends with a row without a name. */
struct registry_package {
    const char *module, *package;
};
void registry_know(const struct registry_kind *kinds, const struct registry_package *packages);

/* Built-in kinds first, in a fixed order, then known ones, then modules in order of loading. */
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

const char *registry_known(size_t i); /* the names of known kinds; NULL at their end */
/* Why there is no such kind though it is known: a sentence. NULL: there is, or nobody knows it. Caller frees.
 */
char *registry_absent(const char *kind);
/* Any thread, once modules were found. The same of a known module, and a function of it, for the program
 * itself: NULL and a sentence. */
char *registry_missing(const char *module);
void *registry_symbol(const char *module, const char *name, struct sd_error *err);

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
