/* key_watch.h - hits and misses of a cache's keys, and why it misses, from its commands. Pure, not
 * thread-safe.
 *
 * What MONITOR shows has no replies, so whether a lookup hit is worked out from what is known of its key:
 *   - Every key is followed from its first sight on (of too many keys a share, chosen by their hashes, so
 * that the same keys are followed always). Stores, deletions and ends of life are seen, so later lookups of a
 *     followed key are decided by themselves.
 *   - What is not known is asked for: whether the key is there, right after the lookup was seen. Questions
 * and commands come in one order (the question is a command itself), so the answer counts for the lookups
 * since the last change of the key.
 *   - A key may be evicted without a sign. While the server evicts, and does not tell by notifications, keys
 *     that should be there are asked for as well.
 *   - When a store comes before the answer, the lookup before it was a miss: whoever asks a cache stores
 * after a miss. Not so where keys are also stored after certain hits: such lookups stay undecided. They are
 * in no figure but `undecided`, which widens the interval. A miss is: expired, when the key's end had passed;
 * invalidated, when it had been deleted; evicted, when it was there, was not deleted, had not ended, and is
 * gone; cold, when it was never there as far as was seen. A key that stays away keeps its reason. */
#ifndef CORE_CACHES_KEY_WATCH_H
#define CORE_CACHES_KEY_WATCH_H

#include "core/caches/key_command.h"
#include "core/caches/key_prefix.h"

enum key_reason { KEY_COLD, KEY_EXPIRED, KEY_EVICTED, KEY_INVALIDATED, KEY_REASONS };

enum { KEY_REUSE_STEPS = 40 };

/* Counts are estimates of all keys. */
struct key_watch_figures {
    double hits, misses[KEY_REASONS], undecided;
    double writes, deletes;
    double decided; /* lookups of followed keys that were decided: what the interval depends on */
    double reuse[KEY_REUSE_STEPS];   /* times between two lookups of a key: below 2^i microseconds */
    double known_hits, stored_after; /* of the lookups known to hit, followed by a store */
};

struct key_watch;
/* At most `most` keys are followed. `also` (or NULL) is called for what the caller keeps of prefixes, as
 * `merged` of key_prefixes_new. */
struct key_watch *key_watch_new(const char *const *patterns, size_t most,
                                void (*also)(void *ctx, uint32_t from, uint32_t into), void *ctx);
void key_watch_free(struct key_watch *w); /* NULL is fine */

/* A key that the server has, with its end (KEY_NO_END, or KEY_SAME_END: not known). */
void key_watch_seed(struct key_watch *w, int64_t db, const char *key, size_t n, sd_time end);
/* All keys that the server has were seeded: a deletion of another one deletes nothing. */
void key_watch_seeded(struct key_watch *w);
/* A command that somebody sent. `ask` is called for each key that has to be asked for, as soon as possible;
 * what it is given is good during the call. */
void key_watch_command(struct key_watch *w, int64_t db, size_t n, const char *const *arguments,
                       const size_t *lengths, sd_time at,
                       void (*ask)(void *ctx, int64_t db, const char *key, size_t n), void *ctx);
/* The answer, given when the question comes by among the commands: is it there, and its end. */
void key_watch_answer(struct key_watch *w, int64_t db, const char *key, size_t n, bool there, sd_time end,
                      sd_time at);
/* There will be none. */
void key_watch_no_answer(struct key_watch *w, int64_t db, const char *key, size_t n);
/* A notification of the server: "expired", "evicted"; others are seen as commands. */
void key_watch_event(struct key_watch *w, int64_t db, const char *event, const char *key, size_t n);
/* Does the server evict now, and does it tell? */
void key_watch_evicts(struct key_watch *w, bool evicts, bool told);
/* Commands were missed: what was known may not be so any more. */
void key_watch_gap(struct key_watch *w);

struct key_prefixes *key_watch_prefixes(struct key_watch *w);
const struct key_watch_figures *key_watch_of(const struct key_watch *w, uint32_t prefix);
double key_watch_share(const struct key_watch *w); /* of the keys that is followed */
size_t key_watch_followed(const struct key_watch *w);

/* The keys most asked for. Texts are the watch's. */
struct key_watch_key {
    const char *key;
    size_t n;
    uint32_t prefix;
    int64_t lookups, misses, most_at_once;
};
size_t key_watch_hot(const struct key_watch *w, struct key_watch_key *out, size_t max);

#endif
