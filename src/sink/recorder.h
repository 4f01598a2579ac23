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
/* Into the files of a ring, which is the recorder's from now on; literals are hidden. */
struct ring;
struct recorder *recorder_open_ring(struct ring *ring, struct sd_error *err);
struct recorder_stats {
    uint64_t frames, dropped, bytes;
    /* "" while all is well: disk full ends the recording with a sentence. A ring is tried again every minute,
     * and keeps the last sentence until it succeeds. */
    char error[256];
};
struct recorder_stats recorder_stats(struct recorder *r);
/* Writes what is queued now, and waits for it, at most for `limit_ns`. False: it took longer. */
bool recorder_flush(struct recorder *r, int64_t limit_ns);
/* Writes what is queued, fsyncs; bounded to 5 s. What came of it. NULL is fine. */
struct recorder_stats recorder_close(struct recorder *r);

#endif
