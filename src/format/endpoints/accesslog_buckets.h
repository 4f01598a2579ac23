/* accesslog_buckets.h - the numbers of buckets of durations, counted. */
#ifndef FORMAT_ENDPOINTS_ACCESSLOG_BUCKETS_H
#define FORMAT_ENDPOINTS_ACCESSLOG_BUCKETS_H

#include "core/hist.h"

/* {0} is empty. A bit for each bucket that has a count, and one for each word of such bits: few of many are
 * found without a look at those between. */
struct bucket_counts {
    uint32_t of[SD_HIST_BUCKETS];
    uint64_t any[64], words;
};
_Static_assert(SD_HIST_BUCKETS <= 64 * 64, "a word of bits for 64 buckets, and a bit for each of 64 words");

static inline void bucket_count(struct bucket_counts *c, uint32_t index)
{
    c->of[index]++;
    c->any[index / 64] |= (uint64_t)1 << index % 64;
    c->words |= (uint64_t)1 << index / 64;
}

/* Those that have a count, in order; `c` is empty then. How many there are. */
size_t bucket_counts_take(struct bucket_counts *c, struct sd_bucket *out);
/* The same of `n` numbers of buckets, with `c` that is empty. */
size_t accesslog_buckets(struct bucket_counts *c, const uint32_t *v, size_t n, struct sd_bucket *out);

#endif
