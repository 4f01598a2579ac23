/* recording.h - the record file: frames of batches, bytes in and out.
 *
 * File: 16-byte header, then frames. A frame: 32-byte entry (magic, length, time,
 * kind, CRC-32 of the data, CRC-32 of the entry) and a zstd payload. A reader that
 * meets a broken entry searches for the next valid one: a cut file loses the last
 * frame only, a flipped bit only its frame, and each loss is counted. */
#ifndef FORMAT_RECORDING_H
#define FORMAT_RECORDING_H

#include "core/batch.h"

void recording_header(struct strbuf *out);
/* Appends a frame with one batch. */
void recording_encode(const struct sd_batch *b, struct strbuf *out);

struct recording_stats {
    uint64_t frames, lost; /* lost: gaps of unreadable bytes and undecodable frames */
    bool cut;              /* the last frame was incomplete */
};
/* Decodes a whole file image; calls `sink` for each batch in file order. False only
 * when it is no recording at all. */
bool recording_decode(const void *bytes, size_t len, void (*sink)(void *ctx, struct sd_batch *b), void *ctx,
                      struct recording_stats *stats, struct sd_error *err);

/* The payload alone (before compression), for tests and fuzzing. */
void batch_encode(const struct sd_batch *b, struct strbuf *out);
struct sd_batch *batch_decode(const void *bytes, size_t len, struct sd_error *err);

#endif
