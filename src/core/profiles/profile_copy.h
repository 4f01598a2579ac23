/* profile_copy.h - functions and nodes of one profile in another. Pure; one thread. */
#ifndef CORE_PROFILES_PROFILE_COPY_H
#define CORE_PROFILES_PROFILE_COPY_H

#include "core/profiles/profile.h"

struct profile_copy {
    const struct profile *from;
    struct profile *to;
    uint32_t *node, *function; /* of each, its number in `to` + 1; 0: not copied yet */
};

struct profile_copy profile_copy_new(const struct profile *from, struct profile *to);
void profile_copy_free(struct profile_copy *c);

/* Their numbers in `to`, made when they are asked for. Without room for a node: the one above it. */
uint32_t profile_copy_function(struct profile_copy *c, uint32_t i);
uint32_t profile_copy_node(struct profile_copy *c, uint32_t i);

/* Adds the figures and the tree of a finished profile of one type to one whose figures are given. */
void profile_merge(struct profile *to, const struct profile *from);

#endif
