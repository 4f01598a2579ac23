/* event_track.h - two counts by moment (good and bad events, calls and their time), and their sums over
 * (from, to]. Pure; one thread.
 *
 * What comes is put behind; order is made when it is asked for, so that data may come in any order. Sums
 * are differences of running totals: any window costs two searches. */
#ifndef CORE_GOALS_EVENT_TRACK_H
#define CORE_GOALS_EVENT_TRACK_H

#include "base/base.h"

struct event_track {
    struct event_slot {
        sd_time at;
        int64_t a, b; /* running totals up to `ordered`, behind it the counts themselves */
    } * slots;
    size_t n, cap, ordered;
    int64_t before_a, before_b; /* running totals of what was dropped */
};

void event_track_free(struct event_track *t); /* what is in it */
void event_track_add(struct event_track *t, sd_time at, int64_t a, int64_t b);
/* The sums, and the moment of the newest in the window (SD_UNKNOWN: there is none). */
struct event_sum {
    int64_t a, b;
    sd_time last;
};
struct event_sum event_track_sum(struct event_track *t, sd_time from, sd_time to);
void event_track_drop(struct event_track *t, sd_time until); /* what is at or before it */
size_t event_track_bytes(const struct event_track *t);

/* Of n items of `size` bytes in order of the time that each begins with: how many are at or before `until`.
 */
size_t moments_until(const void *items, size_t n, size_t size, sd_time until);

#endif
