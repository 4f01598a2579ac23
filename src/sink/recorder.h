/* recorder.h - writes batches to a record file on a thread of its own, so that a
 * slow disk never delays anything: what does not fit in its queue is dropped and
 * counted. Main thread. */
#ifndef SINK_RECORDER_H
#define SINK_RECORDER_H

#include "core/batch.h"

struct recorder;
enum recorder_mode {
    RECORDER_NEW,   /* a recording that is there already is refused */
    RECORDER_APPEND /* and continued, when there is one */
};
/* Creates it (mode 0600). Any other file with something in it is refused. */
struct recorder *recorder_open(const char *path, enum recorder_mode mode, bool show_literals,
                               struct sd_error *err);
void recorder_batch(struct recorder *r, const struct sd_batch *b); /* takes a reference */
struct recorder_stats {
    uint64_t frames, dropped, bytes;
    char error[256]; /* "" while all is well: disk full ends the recording with a sentence */
};
struct recorder_stats recorder_stats(struct recorder *r);
void recorder_close(struct recorder *r); /* writes what is queued, fsyncs; bounded to 5 s */

#endif
