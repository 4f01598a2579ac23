/* request_track.h - requests by the end of their interval, with their durations, and what they are over
 * (from, to]. Pure; one thread.
 *
 * An interval is some 50 bytes and its durations two bytes a bucket. Data may come in any order: it is put
 * behind, and order is made when it is asked for. A window that moves on costs what enters and leaves. */
#ifndef CORE_GOALS_REQUEST_TRACK_H
#define CORE_GOALS_REQUEST_TRACK_H

#include "core/hist.h"

/* One interval. Counts stop at their limit. */
struct request_slot {
    sd_time end;
    uint8_t *durations; /* packed, SLOT_DURATIONS; NULL: none */
    int64_t bytes;
    uint32_t count;
    uint32_t judged, errors; /* of the count those it is known of whether they failed, and those that did */
    uint32_t sized;          /* of the count those whose bytes are known */
};

struct request_track {
    struct request_slot *slots;
    size_t n, cap, ordered;
    size_t packed; /* bytes of durations */
    struct request_window *moving;
};

/* What comes in: the slot without durations, and these. */
struct request_figures {
    struct request_slot slot;
    const struct sd_hist *latency; /* NULL: none */
    int64_t min_ns, max_ns;        /* SD_UNKNOWN: by the buckets */
};

void request_track_free(struct request_track *t); /* what is in it */
/* `durations` false: these are not kept. room: cleared, and cleared again afterwards. */
void request_track_add(struct request_track *t, const struct request_figures *f, bool durations,
                       struct hist *room);
void request_track_drop(struct request_track *t, sd_time until, struct hist *room);
/* Intervals that end at or before `until` are put together when they end in one step (k * step, (k + 1) *
 * step]: sums over whole steps stay the same. */
void request_track_coarsen(struct request_track *t, sd_time until, int64_t step, struct hist *room);
size_t request_track_bytes(const struct request_track *t);

struct request_sum {
    int64_t count, judged, errors, sized, bytes;
    sd_time last; /* end of the newest interval in the window; SD_UNKNOWN: there is none */
};
/* Adds to both; the histogram's min, max are those of the durations, its sum is not known. h NULL: not asked
 * for. */
void request_track_sum(struct request_track *t, sd_time from, sd_time to, struct request_sum *sum,
                       struct hist *h, struct hist *room);

#endif
