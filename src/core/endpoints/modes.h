/* modes.h - are durations of several kinds, such as hits of a cache and misses? Pure; any thread.
 *
 * The histogram is looked at by its logarithm. It has two kinds where it has two peaks, and between them a
 * valley that is
 *  - at most half as high as the lower peak, and lower than chance makes it (4 standard deviations of
 * counts);
 *  - with 5 % of the requests or more, 20 at least, on each side;
 *  - between peaks that are a factor of 3 apart or more.
 * A log in whole milliseconds has peaks and valleys of its own: what is rounded is spread over what it may
 * have been. */
#ifndef CORE_ENDPOINTS_MODES_H
#define CORE_ENDPOINTS_MODES_H

#include "core/hist.h"

enum { MODES_MOST = 4 };
struct latency_mode {
    double share;
    int64_t ns; /* the middle one of its requests */
};
/* Ascending; how many, 0: all are of one kind, or there are too few to tell. */
size_t latency_modes(const struct hist *h, struct latency_mode out[MODES_MOST]);

#endif
