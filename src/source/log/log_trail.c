#include "source/log/log_trail.h"

void log_trail_add(struct log_trail *t, const char *bytes, size_t n)
{
    if (t->at < (int64_t)LOG_PLACE_BYTES)
        memcpy(t->head + t->at, bytes, MIN(n, LOG_PLACE_BYTES - (size_t)t->at));
    while (n) {
        size_t from = (size_t)(t->at % (int64_t)LOG_TRAIL_BYTES), some = MIN(n, LOG_TRAIL_BYTES - from);
        memcpy(t->ring + from, bytes, some);
        t->at += (int64_t)some;
        bytes += some;
        n -= some;
    }
}

bool log_trail_place(const struct log_trail *t, size_t back, struct log_place *place)
{
    char before[LOG_PLACE_BYTES];
    if (back > LOG_TRAIL_BYTES - LOG_PLACE_BYTES || (int64_t)back > t->at)
        return false;
    int64_t offset = t->at - (int64_t)back;
    size_t n = (size_t)MIN(offset, (int64_t)LOG_PLACE_BYTES);
    for (size_t i = 0; i < n; i++)
        before[i] = t->ring[(offset - (int64_t)n + (int64_t)i) % (int64_t)LOG_TRAIL_BYTES];
    *place =
        (struct log_place){.offset = offset, .head = str_hash(t->head, n), .before = str_hash(before, n)};
    return true;
}
