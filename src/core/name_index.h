/* name_index.h - texts to numbers, from 0 in order of sight. The texts are the caller's. One thread. */
#ifndef CORE_NAME_INDEX_H
#define CORE_NAME_INDEX_H

#include "base/base.h"

struct name_index {
    const char **names;
    size_t n;
    struct name_slot *slots;
    size_t cap_names, cap_slots;
};

uint32_t name_index_of(struct name_index *x, const char *name); /* added when it is new */
/* The same of bytes, up to the first NUL; a new one is copied. */
uint32_t name_index_of_bytes(struct name_index *x, const char *bytes, size_t n, struct arena *copies);
void name_index_clear(struct name_index *x);             /* forgets all, keeps the memory */
void name_index_reserve(struct name_index *x, size_t n); /* room for so many, when it is empty */
#define NAME_NONE UINT32_MAX
uint32_t name_index_find(const struct name_index *x, const char *name); /* NAME_NONE: it is not there */
void name_index_free(struct name_index *x);                             /* what is in it */

#endif
