/* history_rows.h - made rows of a history, and what they add up to. */
#ifndef TESTS_HISTORY_ROWS_H
#define TESTS_HISTORY_ROWS_H

#include "core/hist.h"
#include "core/history/history.h"

/* Requests by chance: the same for the same seed. Of each step of 10 s behind `from`, `n` requests on each
 * route of each host go into the fold. */
struct made {
    uint64_t seed;
    int hosts, routes, n;
    const char *source;
};
/* `exact` (or NULL) gets every request of route 0. Returns how many requests were made. */
uint64_t made_step(struct made *m, sd_time from, struct history_fold *fold, struct hist *exact);
uint64_t made_roll(uint64_t *seed, uint64_t sides);
extern const struct history_steps MADE_STEPS; /* 10 s */

#endif
