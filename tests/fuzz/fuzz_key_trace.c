/* A trace of lookups, whole and in pieces: every line is counted, every key is a part of the text, and the
 * curve of what was read falls. */
#include <stdlib.h>

#include "core/caches/miss_curve.h"
#include "format/caches/key_trace.h"

struct seen {
    const char *text, *end;
    struct miss_curve *curve;
    int64_t lookups;
};

static void lookup(void *ctx, const char *key, size_t n, int64_t bytes)
{
    struct seen *s = ctx;
    if (key < s->text || n == 0 || key + n > s->end || bytes < -1)
        abort();
    miss_curve_lookup(s->curve, key_hash(key, n), bytes);
    s->lookups++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct seen s = {.text = text, .end = text + size, .curve = miss_curve_new(size % 2 ? 1 : 0.5, 64)};
    struct key_trace_counts c = {0};
    struct miss_curve_result r;
    size_t half = key_trace_read(text, size / 2, false, lookup, &s, &c);
    if (half > size / 2 || key_trace_read(text + half, size - half, true, lookup, &s, &c) != size - half)
        abort();
    if (c.lines != c.unread + s.lookups || c.sized > s.lookups)
        abort();
    for (int unit = MISS_CURVE_KEYS; unit <= MISS_CURVE_BYTES; unit++) {
        if (!miss_curve_read(s.curve, (enum miss_curve_unit)unit, &r))
            continue;
        if (r.n < 8 || r.lookups != s.lookups || !(r.error >= 0))
            abort();
        for (size_t i = 0; i < r.n; i++)
            if (!(r.points[i].miss_ratio >= 0 && r.points[i].miss_ratio <= 1) ||
                (i && (r.points[i].size <= r.points[i - 1].size ||
                       r.points[i].miss_ratio > r.points[i - 1].miss_ratio)))
                abort();
    }
    miss_curve_free(s.curve);
    return 0;
}
