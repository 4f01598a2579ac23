/* log_trail.h - places in what is read once from its beginning, plain or packed: what was seen last is
 * remembered, so that a place is known without reading back. Worker only. */
#ifndef SOURCE_LOG_LOG_TRAIL_H
#define SOURCE_LOG_LOG_TRAIL_H

#include "source/log/log_state.h"

#define LOG_TRAIL_BYTES ((size_t)64 << 10) /* a place may lie so far back, less LOG_PLACE_BYTES */

struct log_trail {
    int64_t at; /* plain bytes so far */
    char head[LOG_PLACE_BYTES], ring[LOG_TRAIL_BYTES];
};

void log_trail_add(struct log_trail *t, const char *bytes, size_t n);
/* The place `back` bytes before the end. False: that is too far back. */
bool log_trail_place(const struct log_trail *t, size_t back, struct log_place *place);

#endif
