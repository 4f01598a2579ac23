/* holder_growth.h - which objects of a heap hold more and more, snapshot by snapshot. An object is the same
 * one in all snapshots of a process, so that nothing has to be guessed from names or places. Pure; one
 * thread. */
#ifndef CORE_PROFILES_HOLDER_GROWTH_H
#define CORE_PROFILES_HOLDER_GROWTH_H

#include "core/profiles/profile_growth.h"

enum { SNAPSHOTS_MAX = 16 };

/* A snapshot; texts and holders are not its own. */
struct heap_snapshot {
    const char *name;
    sd_time at;
    double bytes; /* of the whole heap */
    const struct sd_profile_holder *const *holders;
    size_t n;
};

struct holder_suspect {
    const struct sd_profile_holder *holder; /* of the last snapshot */
    double before, after, growth;
    double share;                    /* of what the heap grew */
    int64_t held_before, held_after; /* objects right below it */
    unsigned steps;                  /* between two snapshots in which it grew */
    enum growth_confidence confidence;
};

struct holder_growth {
    struct holder_suspect *items; /* the largest growth first */
    size_t n;
    double all;     /* what the heap grew; 0: it did not */
    unsigned steps; /* snapshots - 1 */
};

/* Suspects: objects of the last two snapshots that hold at least GROWTH_LEAST of the heap's growth, and not
 * mostly (GROWTH_MOSTLY) through one such object below them.
 *
 * Confidence is high when it has grown in each of two steps or more, none of them less than a quarter of the
 * mean one, and by a tenth of the heap's growth and a fiftieth of the heap at least, and when it holds more
 * objects each time. Of two snapshots alone, which cannot tell a leak from what fills up once, when besides
 * it is a quarter of the growth, half as much again as before, and something that keeps: listeners, a
 * collection. Medium: a tenth of the growth, in every step. */
struct holder_growth holder_growth(const struct heap_snapshot *snapshots, size_t n);
void holder_growth_free(struct holder_growth *g);

#endif
