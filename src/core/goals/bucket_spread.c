#include "core/goals/bucket_spread.h"

#include <math.h>

#include "base/num.h"

struct sd_hist bucket_spread(const struct buckets *b, struct sd_bucket *room)
{
    struct sd_hist h = {.n = 0, .buckets = room};
    for (size_t i = 0; i < b->n && b->n <= SPREAD_BUCKETS; i++) {
        const struct bucket *k = &b->items[i];
        double width = isinf(k->upper) ? 0 : k->upper - k->lower, done = 0;
        int places = width > 0 ? SPREAD_PLACES : 1;
        for (int p = 0; p < places; p++) {
            double to = floor(k->count * (p + 1) / places + 0.5), n = to - done;
            int64_t at = real_to_int(k->lower + width * (p + 0.5) / places);
            if (n > 0)
                room[h.n++] = (struct sd_bucket){sd_hist_index(MAX(at, 0)), (uint32_t)fmin(n, UINT32_MAX)};
            done = to;
        }
    }
    return h;
}
