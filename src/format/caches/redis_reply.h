/* redis_reply.h - a reply of a Redis server as a tree of plain values. One block of memory: who has it frees
 * it with the function of who made it. */
#ifndef FORMAT_CACHES_REDIS_REPLY_H
#define FORMAT_CACHES_REDIS_REPLY_H

#include "base/base.h"

enum reply_type { REPLY_NIL, REPLY_STATUS, REPLY_ERROR, REPLY_INTEGER, REPLY_STRING, REPLY_ARRAY };

struct redis_reply {
    enum reply_type type;
    int64_t integer;
    const char
        *text; /* of a status, an error and a string: NUL-terminated, and may hold any byte. Else NULL */
    size_t len;
    struct redis_reply *const *items; /* of an array; each is there */
    size_t n;
};

#endif
