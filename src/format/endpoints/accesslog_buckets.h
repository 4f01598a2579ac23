/* accesslog_buckets.h - the numbers of buckets of durations, counted. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_BUCKETS_H
#define FORMAT_ENDPOINTS_ACCESSLOG_BUCKETS_H

#include "core/hist.h"

/* Few of them are sorted in place. `dense` has SD_HIST_BUCKETS zeros, before and after. How many there are.
 */
size_t accesslog_buckets(uint32_t *dense, uint32_t *v, size_t n, struct sd_bucket *out);

#endif
