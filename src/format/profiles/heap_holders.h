/* heap_holders.h - which objects of a heap keep much from being freed, what they are, and how they are held:
 * where a leak may gather. Pure; one thread. */
#ifndef FORMAT_PROFILES_HEAP_HOLDERS_H
#define FORMAT_PROFILES_HEAP_HOLDERS_H

#include "core/profiles/profile.h"

enum heap_type { HEAP_OTHER, HEAP_OBJECT, HEAP_STORE, HEAP_CLOSURE, HEAP_ROOT };

struct heap_objects {
    uint32_t n;
    const uint32_t *holder, *order; /* as dominators() gives them */
    const uint32_t *sizes;
    const uint64_t *ids;
    const uint32_t *functions; /* of the profile; of the root unset */
    enum heap_type (*type)(const void *ctx,
                           uint32_t object); /* a store is the table inside of a collection */
    /* The property or variable by which its holder refers to it, or when that does not do it directly,
     * another object, *by; NULL: an item, or a part of it. The text is valid until the next call. */
    const char *(*property)(void *ctx, uint32_t object, uint32_t *by);
    void *ctx;
};

/* Sets the holders of the profile. */
void heap_holders(const struct heap_objects *h, struct profile *p);

#endif
