/* bucket_spread.h - a histogram with buckets of somebody else's as one with ours: what is in a bucket is
 * taken to lie evenly in it, at 64 places at most; what has no end above lies where it begins. Pure. */
#ifndef CORE_GOALS_BUCKET_SPREAD_H
#define CORE_GOALS_BUCKET_SPREAD_H

#include "core/endpoints/buckets.h"
#include "slowdive/types.h"

enum { SPREAD_BUCKETS = 200, SPREAD_PLACES = 64, SPREAD_ROOM = SPREAD_BUCKETS * SPREAD_PLACES };

/* It is in `room`, of SPREAD_ROOM; of more than SPREAD_BUCKETS buckets nothing. Values are ns. */
struct sd_hist bucket_spread(const struct buckets *b, struct sd_bucket *room);

#endif
