/* history_reach.h - how far a history reaches, before anything of it is read. */
#ifndef SOURCE_HISTORY_HISTORY_REACH_H
#define SOURCE_HISTORY_HISTORY_REACH_H

#include "slowdive/source.h"

struct history_reach {
    sd_time oldest, newest; /* SD_UNKNOWN: it is empty */
};
/* `target` and `opts` as the source gets them. Blocks as long as the engine needs. */
enum sd_result history_reach(const char *target, const void *opts, bool (*stop)(void *ctx), void *ctx,
                             struct history_reach *out, struct sd_error *err);

#endif
