/* key_command.h - what commands of Redis do to keys, as far as a cache's hits and misses depend on it. Pure.
 */
#ifndef CORE_CACHES_KEY_COMMAND_H
#define CORE_CACHES_KEY_COMMAND_H

#include "base/base.h"

enum key_effect {
    KEY_READ,    /* a lookup */
    KEY_SET,     /* stored anew: it is there, with the end given or without one */
    KEY_SET_NEW, /* the same, if it was not there */
    KEY_CHANGE,  /* changed in place, or made: it is there, its end stays */
    KEY_LESS,    /* a part taken away: it may be gone */
    KEY_EXPIRE,  /* has the end given */
    KEY_PERSIST, /* has none any more */
    KEY_DELETE,
    KEY_FLUSH /* all keys are gone; without a key */
};

/* When a key ends. */
enum { KEY_NO_END = 0, KEY_SAME_END = -1 };

typedef void key_effect_fn(void *ctx, enum key_effect effect, const char *key, size_t n, sd_time end);
/* Calls `fn` for each key of a command, in order; `now` is when it was executed. `end` is of KEY_SET,
 * KEY_SET_NEW and KEY_EXPIRE. Returns false when it is no command that has effects here. */
bool key_command(size_t n, const char *const *arguments, const size_t *lengths, sd_time now,
                 key_effect_fn *fn, void *ctx);

#endif
