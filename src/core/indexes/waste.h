/* waste.h - existing indexes that are not needed.
 *
 * Never offered: what enforces something (unique, constraints, replica identity) and
 * what a table is clustered on. */
#ifndef CORE_INDEXES_WASTE_H
#define CORE_INDEXES_WASTE_H

#include "core/indexes/db_catalog.h"

#define WASTE_MIN_BYTES 1048576 /* an unused index below this costs too little to speak of */

enum waste_kind { WASTE_UNUSED, WASTE_DUPLICATE, WASTE_PREFIX, WASTE_INVALID };
const char *waste_name(enum waste_kind k); /* "unused", "duplicate", "prefix", "invalid" */

struct waste {
    enum waste_kind kind;
    const struct catalog_relation *rel;
    const struct catalog_index *index;
    const struct catalog_index *keeper; /* what does its work; NULL: nothing is needed */
};

struct waste_list {
    struct waste *items; /* the largest first */
    size_t n, cap;
};
void index_waste(const struct catalog *c, struct waste_list *out);
void index_waste_free(struct waste_list *l);

#endif
