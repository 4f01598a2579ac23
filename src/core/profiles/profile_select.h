/* profile_select.h - a part of a profile: the stacks through something, those without something, and modules
 * as one frame. Pure; one thread. */
#ifndef CORE_PROFILES_PROFILE_SELECT_H
#define CORE_PROFILES_PROFILE_SELECT_H

#include "core/profiles/profile.h"

/* What is looked for is the name of a function, "NAME (MODULE)", a module, a package as profile_package gives
 * it, or the value of a part (a thread, a container, a label's). Several names of a list are lines. */

/* The stacks through it. Finished; for profile_free. NULL: there are no stacks at all. */
struct profile *profile_focused(const struct profile *p, const char *name);
/* The stacks of the part of that value, below a frame of its name; the sum stays that of all. NULL: there is
 * no such part. */
struct profile *profile_of_value(const struct profile *p, const char *value);
/* The stacks through none of the list. Without stacks: the functions that are none of them, with what these
 * take alone taken from the sum. */
struct profile *profile_hidden(const struct profile *p, const char *names);
/* Each module or package of the list as one function of its name; frames of it that follow each other are
 * one. NULL: there are no stacks. */
struct profile *profile_folded(const struct profile *p, const char *names);

/* What holding that function as one means: its module; where that is not known or holds everything, its
 * package. Its length in *n; NULL: neither. */
const char *profile_fold_of(const struct profile *p, uint32_t function, size_t *n);

#endif
