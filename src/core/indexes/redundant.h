/* redundant.h - whether one index makes another redundant. Pure. */
#ifndef CORE_INDEXES_REDUNDANT_H
#define CORE_INDEXES_REDUNDANT_H

#include "slowdive/types.h"

enum redundancy {
    REDUNDANT_NO,
    REDUNDANT_DUPLICATE, /* the same index twice */
    REDUNDANT_PREFIX     /* the other begins with the same columns, or holds them and more */
};

/* Is x needless beside `other`, an index of the same table? By their definitions: same
 * method and predicate, and x's keys (with direction, operator class and collation) are
 * the first of the other's. A unique index, one that a constraint or the like needs, or
 * one of which that is not known, never is. Of two equal ones it is the one scanned less,
 * or the one whose name comes later. */
enum redundancy redundant_index(const struct sd_index *x, const struct sd_index *other);

#endif
