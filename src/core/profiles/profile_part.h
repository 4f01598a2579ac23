/* profile_part.h - whose the samples of a profile are: a thread's, a container's, those with a label. Beside
 * the tree, which stays one for all: of each part, in which nodes its stacks end. Pure; one thread. */
#ifndef CORE_PROFILES_PROFILE_PART_H
#define CORE_PROFILES_PROFILE_PART_H

#include "core/profiles/profile.h"

#define PART_THREAD    "thread"
#define PART_CONTAINER "container"

enum {
    PROFILE_PARTS_MAX = 1 << 15,   /* different ones */
    PROFILE_PART_TEXT = 200,       /* bytes of a name or value; what is longer is cut */
    PROFILE_PART_KEYS = 64,        /* names of theirs */
    PROFILE_PARTS_BYTES = 48 << 20 /* of what ends where */
};
#define PROFILE_NO_PART UINT32_MAX

struct profile_part {
    const char *key, *value; /* "thread", "worker (17)"; a label's name and value */
};

/* What of a part ends in a node. */
struct profile_of {
    uint32_t part, node;
    int64_t samples; /* 0 when the profile is not counted */
};

struct profile_parts {
    const char *keys[PROFILE_PART_KEYS]; /* each name once */
    size_t n_keys;
    struct profile_part *items;
    size_t n, cap;
    struct profile_of *of;
    double *values; /* of each of `of`, max_types */
    size_t n_of, cap_of;
    uint32_t *slots, *of_slots; /* hash tables: number + 1 */
    size_t n_slots, n_of_slots;
    bool full; /* some have no room */
};

/* The number of a part, made when it is new; PROFILE_NO_PART: there are too many, or the name is empty. */
uint32_t profile_part(struct profile *p, const char *key, size_t key_len, const char *value, size_t len);
/* The stack that was added last is of that part; PROFILE_NO_PART is fine. */
void profile_is_of(struct profile *p, uint32_t part, int64_t samples, const double *values);
/* The same of a stack that ends in that node. */
void profile_ends_of(struct profile *p, uint32_t part, uint32_t node, int64_t samples, const double *values);
/* The parts of one profile in another: `node` is of each of its nodes the other's, `keep` of each 1, or 0 for
 * one whose stacks are left out; NULL: none is. Both of one type. */
void profile_parts_copy(const struct profile *from, struct profile *to, const uint32_t *node,
                        const uint8_t *keep);

/* The name that is meant by "thread", "container" or the name of a label, in any case: the label that tells
 * it where there is no other. NULL: it is not known. */
const char *profile_part_named(const struct profile *p, const char *name);
/* Of labels that tell the endpoint of samples the one there is, the most usual first; NULL. */
const char *profile_part_endpoint(const struct profile *p);

/* The label to group by when none is named: that one, else the first that is no thread or container. NULL:
 * there is none. */
const char *profile_part_label(const struct profile *p);

size_t profile_parts_bytes(const struct profile *p);
void profile_parts_free(struct profile_parts *x); /* NULL is fine */

#endif
