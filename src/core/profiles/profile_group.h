/* profile_group.h - a profile by something larger than functions. Pure; one thread. */
#ifndef CORE_PROFILES_PROFILE_GROUP_H
#define CORE_PROFILES_PROFILE_GROUP_H

#include "core/profiles/profile.h"

/* The last three are of what the source tells beside the stacks: profile_by_part. */
enum profile_group {
    GROUP_FUNCTION,
    GROUP_PACKAGE,
    GROUP_MODULE,
    GROUP_PROCESS,
    GROUP_THREAD,
    GROUP_CONTAINER,
    GROUP_LABEL,
    PROFILE_GROUPS
};
const char *profile_group_name(enum profile_group g);     /* "function", "package", ...; NULL */
enum profile_group profile_group_named(const char *name); /* PROFILE_GROUPS: there is none */

/* The tree of a finished profile of one type with its functions replaced: by the package or namespace that is
 * in their names, the module, or the process of the stack. Frames of one group that follow each other are
 * one. What had no nodes stands as a function "(smaller ones)". Finished; for profile_free. NULL: there are
 * no stacks. */
struct profile *profile_grouped(const struct profile *p, enum profile_group g);

/* The same by the parts of that name, as profile_part_named gives it; what is of none is a function of its
 * own, "(no thread known)". */
struct profile *profile_by_part(const struct profile *p, const char *key);

/* The tree of `p` in `to`, with `function` of each node in it; of the stacks those whose node is 1 in `keep`.
 * Frames of one function that follow each other are one; with `recursion` only where it stands for others.
 * Finishes it. */
struct profile *profile_empty_like(const struct profile *p);
void profile_rebuild(const struct profile *p, struct profile *to, const uint32_t *function,
                     const uint8_t *keep, bool recursion);

/* Frames of one function that follow each other as one: recursion without its depth. As above. */
struct profile *profile_without_recursion(const struct profile *p);

/* "io/netty/channel" of "io/netty/channel/Channel:.read", "std" of "std::sort", "net/http" of
 * "net/http.(*conn).serve"; the length, 0: none is in it. */
size_t profile_package(const char *name);

#endif
