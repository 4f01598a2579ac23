/* id_table.h - numbers by a 64-bit key, which is usually a text's str_hash. {0} is empty. One thread. */
#ifndef FORMAT_BUNDLES_ID_TABLE_H
#define FORMAT_BUNDLES_ID_TABLE_H

#include "base/base.h"

enum { ID_NONE = UINT32_MAX };

struct id_table {
    struct id_place {
        uint64_t key;
        uint32_t value; /* + 1; 0: free */
    } * places;
    size_t n, size; /* size: a power of two, or 0 */
};

void id_table_free(struct id_table *t);
/* ID_NONE: it has none. */
uint32_t id_table_get(const struct id_table *t, uint64_t key);
/* Takes the place of what the key had. */
void id_table_put(struct id_table *t, uint64_t key, uint32_t value);

#endif
