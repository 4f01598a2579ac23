/* recorder.h - records into a history: batches in on the main thread, puts out on a thread of its own.
 *
 * Every 10 s, in its first 10 s every second, and before it ends, what was taken is put: at the most so much
 * is lost with the program. A store that says SD_RETRY is tried again; until then puts wait, of an engine in
 * a spool (spool.h), else in memory. Both have a bound, beyond which the oldest goes: its records are counted
 * as lost, and its time is a gap. At SD_CONFIG the recorder ends with the sentence; if it has a spool only
 * when it is opened: later that keeps what the engine refuses. */
#ifndef STORE_RECORDER_H
#define STORE_RECORDER_H

#include "core/batch.h"
#include "store/store.h"

#define HISTORY_PUT_NS (10 * SD_S)

struct history_recorder_options {
    const char *url;
    struct store_options store; /* `write` and `stop` are the recorder's */
    const char *host;           /* of records that name none; NULL: this machine's name */
    const char *version;        /* of the program */
    const char *spool;          /* path of the file for an engine that is away; NULL: none */
    int64_t spool_bytes;        /* its bound; 0: none */
    /* A new reference to the batch, or to one without what may be a secret; on the recorder's thread. NULL:
     * as it is. `conceal_free` is called with the context at the end. */
    const struct sd_batch *(*conceal)(void *ctx, const struct sd_batch *b);
    void (*conceal_free)(void *ctx);
    void *conceal_ctx;
    /* history_recorder_batch waits for room as long as it takes: nothing is dropped before it was added up.
     * Else for some seconds, and not again until there was room. */
    bool waits;
};

struct history_recorder;
/* Opens the history, and waits for that for at most `wait_ns`: what takes longer goes on by itself. NULL and
 * a sentence: somebody must change something. */
struct history_recorder *history_recorder_open(const struct history_recorder_options *o, int64_t wait_ns,
                                               struct sd_error *err);
void history_recorder_batch(struct history_recorder *r, const struct sd_batch *b); /* takes a reference */

struct history_recorder_stats {
    uint64_t puts;     /* delivered, or in the spool */
    uint64_t records;  /* taken, of kinds that are kept */
    uint64_t too_old;  /* refused: older than every tier keeps */
    uint64_t lost;     /* records for want of room */
    size_t waiting;    /* puts in memory */
    size_t spooled;    /* puts in the spool */
    size_t bytes;      /* held in memory, nearly */
    sd_time put_at;    /* when the last one was delivered; SD_UNKNOWN: none was */
    char trouble[256]; /* why puts wait; "" while all is well */
    char error[256];   /* why the recorder has ended; "" while it goes on */
};
struct history_recorder_stats history_recorder_stats(struct history_recorder *r);
/* Puts what was taken, and waits for it, at most `limit_ns`. False: it takes longer, or cannot be done. */
bool history_recorder_flush(struct history_recorder *r, int64_t limit_ns);
/* The same, and ends: what could not be delivered is counted as lost. What came of it. NULL is fine. */
struct history_recorder_stats history_recorder_close(struct history_recorder *r, int64_t limit_ns);

#endif
