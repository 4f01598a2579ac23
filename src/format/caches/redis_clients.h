/* redis_clients.h - CLIENT LIST, added up: who is connected, and who does not read the answers. */
#ifndef FORMAT_CACHES_REDIS_CLIENTS_H
#define FORMAT_CACHES_REDIS_CLIENTS_H

#include "base/base.h"

enum { REDIS_CLIENT_NAMES = 16 };

struct redis_clients {
    struct {
        char name[64]; /* "": without a name */
        int64_t count;
    } names[REDIS_CLIENT_NAMES];
    size_t n_names;
    int64_t count, idle;   /* idle: nothing for a minute, and no subscriber, replica or monitor */
    int64_t waiting_bytes; /* answers that are not read yet, of all */
    int64_t most_bytes;    /* of the client that has most */
    char most[128];        /* it: its address, and its name */
};

void redis_clients_read(const char *text, size_t len, struct redis_clients *out);

#endif
