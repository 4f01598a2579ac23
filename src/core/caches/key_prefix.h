/* key_prefix.h - the prefixes of a cache's keys, found while keys pass by.
 *
 * Keys are split into segments (key_class.h). A segment that varies is `*`: it is a number, a UUID, a token,
 * or one of very many words that were seen in its place. A tree of the segments is kept: when a place has too
 * many different words, they become one, and the prefixes below are merged with each other. The memory is
 * bounded whatever the keys are. Not thread-safe. */
#ifndef CORE_CACHES_KEY_PREFIX_H
#define CORE_CACHES_KEY_PREFIX_H

#include "base/base.h"

enum {
    KEY_PREFIXES_MAX = 4096, /* numbers of prefixes are below it */
    KEY_PREFIX_OTHER = 0,    /* keys that nothing was left for */
    KEY_PREFIX_TEXT = 256    /* bytes of a name, with its end */
};

struct key_prefixes;
/* `patterns`, NULL-terminated or NULL: the first that fits a key is its prefix; `*` stands for one character
 * or more. `merged` is called when the keys of `from` turn out to be keys of `into`: what is kept of one is
 * added to the other, and `from` may be given to another prefix next. */
struct key_prefixes *key_prefixes_new(const char *const *patterns,
                                      void (*merged)(void *ctx, uint32_t from, uint32_t into), void *ctx);
void key_prefixes_free(struct key_prefixes *p); /* NULL is fine */

/* The number of a key's prefix. */
uint32_t key_prefix_of(struct key_prefixes *p, const char *key, size_t n);
/* Merges those that have the same name: to be called before the names are used. */
void key_prefixes_settle(struct key_prefixes *p);
/* Prints the name, printable ASCII. False: no prefix has the number now. */
bool key_prefix_name(const struct key_prefixes *p, uint32_t id, char out[KEY_PREFIX_TEXT]);
size_t key_prefixes_bytes(const struct key_prefixes *p);

#endif
