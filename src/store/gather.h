/* gather.h - what a recorder has taken and not put yet: batches in, puts out, in order.
 *
 * Records are added up at once, in the steps of the first tier that suits each. A cut makes a put of what
 * there is; it stays, unchanged, until it is done, since a store that did not answer may have it: the same
 * number is the same put. What is held has a bound: beyond it the oldest puts go, and their records are
 * counted as lost in the next one.
 *
 * Batches that are parts of what a place closes (core/batch.h) are held until it comes, so that a put never
 * has more of a file than its places say: what was held is read again by the next run. No I/O, the clock is a
 * parameter. One thread. */
#ifndef STORE_GATHER_H
#define STORE_GATHER_H

#include "core/batch.h"
#include "store/store.h"

struct gather_options {
    struct history_tiers tiers; /* n 0: the default */
    const char *host;           /* of records that name none */
    size_t cut_bytes;           /* of one put; 0: 16 MiB */
    size_t max_bytes;           /* of all of it; 0: 64 MiB */
};

struct gather;
struct gather *gather_new(const struct gather_options *o, sd_time began);
void gather_free(struct gather *g); /* NULL is fine */
/* As of `now`, which says what is too old for every tier. */
void gather_take(struct gather *g, const struct sd_batch *b, sd_time now);
/* Records that never came here. */
void gather_lost(struct gather *g, int64_t records);
/* Is there so much that it should be cut? */
bool gather_full(const struct gather *g);
/* Makes a put of what was taken; also of nothing, since it says that somebody recorded. `from`: nobody did
 * between the cut before and then, as of a machine that slept; SD_UNKNOWN: since the cut before. Records that
 * ended well before it get a put of their own, which covers what they cover. */
void gather_cut(struct gather *g, sd_time from, sd_time now);
/* As the last cut, for data with times of its own: the puts cover what the data does, and there is none of
 * nothing. */
void gather_cut_data(struct gather *g, sd_time now);
/* The oldest put that is not done, with the one before that belongs to it; valid until that. NULL: there is
 * none. */
const struct store_put *gather_first(const struct gather *g);
void gather_done(struct gather *g); /* that one, and what belongs to it */

struct gather_stats {
    uint64_t records; /* taken, of kinds that are kept */
    uint64_t too_old; /* of these, refused: older than every tier keeps */
    uint64_t lost;    /* for want of room; with those of gather_lost */
    size_t waiting;   /* puts that are not done */
    size_t bytes;     /* held, nearly */
};
struct gather_stats gather_stats(const struct gather *g);

#endif
