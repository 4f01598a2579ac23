/* profile_growth.h - where a call tree, or what holds memory, has grown. Pure; one thread.
 *
 * A suspect is a node whose total grew by LEAST of all growth at least and whose growth is not mostly
 * (MOSTLY) that of one node below it: the place where it divides, such as the list that holds ever more
 * objects. */
#ifndef CORE_PROFILES_PROFILE_GROWTH_H
#define CORE_PROFILES_PROFILE_GROWTH_H

#include "core/profiles/profile.h"

#define GROWTH_LEAST  0.02
#define GROWTH_MOSTLY 0.9

enum growth_confidence { GROWTH_LOW, GROWTH_MEDIUM, GROWTH_HIGH };
const char *growth_confidence_name(enum growth_confidence c); /* "low", "medium", "high" */

struct growth_suspect {
    uint32_t node; /* of growth.tree */
    double before, after, growth;
    double share; /* of all that grew */
    /* High: a quarter of all growth, and at least half as much again as before. Medium: a tenth. */
    enum growth_confidence confidence;
};

struct growth {
    struct profile *tree;         /* of both together: type 0 before, 1 after */
    struct growth_suspect *items; /* the largest growth first */
    size_t n;
    double all; /* sum of what nodes took alone more than before */
};

/* Both finished, of one type, the same one. Free with growth_free. */
struct growth profile_growth(const struct profile *before, const struct profile *after);
void growth_free(struct growth *g);

#endif
