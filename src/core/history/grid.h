/* grid.h - buckets that grow by a fixed factor (Prometheus' native histograms, OpenTelemetry's exponential
 * ones) as counts by number, so that those of several intervals add up.
 *
 * All makers take the same ends: unit * 2^(i / 2^scale) with whole i, where the unit is that of the metric.
 * Scales above 6 go to 6, whose buckets are 1.1 % wide, and one with more than HISTORY_BUCKETS_MAX buckets in
 * use to a smaller one; no other figure changes. Number 0 is the bucket around 0, with what is below 64 ns;
 * number j > 0 ends at unit * 2^((k + j) / 2^scale), where k is the largest at which that is at most 64 ns.
 * Pure. */
#ifndef CORE_HISTORY_GRID_H
#define CORE_HISTORY_GRID_H

#include "core/history/history.h"

/* The ends as text, as "2^(2^-6) of 1000000000 from 0" (the factor, the unit in ns, where the bucket
 * around 0 ends), and the counts by number into `out`, at most HISTORY_BUCKETS_MAX; *n. False: they are not
 * such buckets, or lie beyond 2^42 ns. */
bool history_grid_of(const struct sd_latency *r, char *text, size_t cap, struct sd_bucket *out, uint32_t *n);
/* Is it such a text? Then the buckets in use, the smallest first; those of more than HISTORY_BUCKETS_MAX are
 * put together, two and two; *n. False: it is broken. */
bool history_grid_is(const char *text);
bool history_grid_read(const char *text, const struct sd_hist *counted, double *lower, double *upper,
                       double *counts, uint32_t *n);

#endif
