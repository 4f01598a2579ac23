#include "core/hist.h"
#include "base/num.h"

#include <math.h>

void hist_clear(struct hist *h)
{
    memset(h, 0, sizeof *h);
    h->min = INT64_MAX;
    h->max = INT64_MIN;
    h->lo = SD_HIST_BUCKETS;
}

static int64_t width_of(uint32_t index)
{
    return index < SD_HIST_SUB ? 1 : (int64_t)1 << (index / SD_HIST_SUB - 1);
}

static int64_t middle_of(uint32_t index)
{
    return sd_hist_lower(index) + width_of(index) / 2;
}

void hist_record_any(struct hist *h, int64_t ns)
{
    uint32_t i = sd_hist_index(ns);
    h->bucket[i]++;
    h->count++;
    h->sum = add_sat(h->sum, ns);
    hist_widen(h, ns, i);
}

void hist_merge(struct hist *into, const struct hist *h)
{
    if (!h->count)
        return;
    for (uint32_t i = h->lo; i < h->hi; i++)
        into->bucket[i] = add_count_sat(into->bucket[i], h->bucket[i]);
    into->count += h->count;
    into->sum = add_sat(into->sum, h->sum);
    into->min = MIN(into->min, h->min);
    into->max = MAX(into->max, h->max);
    into->lo = MIN(into->lo, h->lo);
    into->hi = MAX(into->hi, h->hi);
}

void hist_merge_sparse(struct hist *into, const struct sd_hist *s, int64_t sum, int64_t min, int64_t max)
{
    int64_t by_bucket = 0, lowest = INT64_MAX, highest = INT64_MIN;
    for (uint32_t i = 0; s && i < s->n; i++) {
        uint32_t at = s->buckets[i].index, count = s->buckets[i].count;
        if (at >= SD_HIST_BUCKETS || !count)
            continue;
        into->bucket[at] = add_count_sat(into->bucket[at], count);
        into->count += count;
        into->lo = MIN(into->lo, at);
        into->hi = MAX(into->hi, at + 1);
        lowest = MIN(lowest, sd_hist_lower(at));
        highest = MAX(highest, sd_hist_lower(at) + width_of(at) - 1);
        by_bucket = add_sat(by_bucket, mul_sat(middle_of(at), count));
    }
    if (lowest > highest)
        return;
    into->sum = add_sat(into->sum, sd_known(sum) ? sum : by_bucket);
    lowest = sd_known(min) ? min : lowest;
    highest = sd_known(max) ? max : highest;
    into->min = MIN(into->min, lowest);
    into->max = MAX(into->max, highest);
    into->lo = MIN(into->lo, sd_hist_index(lowest)); /* they may be told wrong, apart from the buckets */
    into->hi = MAX(into->hi, sd_hist_index(highest) + 1);
}

int64_t hist_quantile(const struct hist *h, double q)
{
    if (!h->count)
        return SD_UNKNOWN;
    /* q is rarely exact in binary: 0.07 * 100 is a little above 7 and must not
     * ask for the 8th value. */
    double want = ceil(q * (double)h->count * (1 - 4 * 2.3e-16));
    uint64_t rank = want >= (double)h->count ? h->count : want > 1 ? (uint64_t)want : 1;
    uint64_t seen = 0;
    for (uint32_t i = h->lo; i < h->hi; i++) {
        seen += h->bucket[i];
        if (seen >= rank)
            return MAX(h->min, MIN(h->max, middle_of(i)));
    }
    return h->max;
}
