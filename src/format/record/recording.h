/* recording.h - the record file: frames of batches, bytes in and out.
 *
 * File: 16-byte header, then frames. A frame: 32-byte entry (magic, length, time,
 * kind, CRC-32 of the data, length unpacked, CRC-32 of the entry; little-endian) and
 * a zstd payload of one or more batches. Every frame stands alone; a writer gathers
 * the batches of a second in one, so that what repeats costs little. A reader that
 * meets a broken entry searches for the next valid one: a cut file loses the last
 * frame only, a flipped bit only its frame, and each loss is counted. */
#ifndef FORMAT_RECORD_RECORDING_H
#define FORMAT_RECORD_RECORDING_H

#include "core/batch.h"

void recording_header(struct strbuf *out);
/* Appends a frame with n batches; together at most RECORDING_FRAME_BYTES, or one. */
void recording_encode_many(const struct sd_batch *const *batches, size_t n, struct strbuf *out);
#define RECORDING_FRAME_BYTES  ((size_t)4 << 20)
#define RECORDING_HEADER_BYTES 16
#define RECORDING_ENTRY_BYTES  32
/* The time of the frame that begins with these bytes; SD_UNKNOWN: no frame does. */
sd_time recording_entry_time(const char entry[RECORDING_ENTRY_BYTES]);
/* Do these first bytes of a file (any number) begin a recording? */
bool recording_begins(const void *bytes, size_t len);

struct recording_stats {
    uint64_t frames, lost; /* lost: gaps of unreadable bytes and undecodable frames */
    bool cut;              /* the last frame was incomplete (not counted in lost) */
    bool too_large;        /* it unpacks to more than a recording can hold: the rest was not read */
    bool stopped;          /* as `stop` wanted */
    uint64_t work;         /* bytes checked, unpacked and held: what the time is made of */
};
/* Decodes a whole file image; calls `sink` for each batch in file order. False only when it is not a
 * recording. For any input the time is linear in `len`. `stop` (or NULL) is asked before each frame and
 * batch; true ends the reading. */
bool recording_decode(const void *bytes, size_t len, void (*sink)(void *ctx, struct sd_batch *b),
                      bool (*stop)(void *ctx), void *ctx, struct recording_stats *stats,
                      struct sd_error *err);

/* The payload alone (before compression), for tests and fuzzing. */
void batch_encode(const struct sd_batch *b, struct strbuf *out);
struct sd_batch *batch_decode(const void *bytes, size_t len, struct sd_error *err);

/* Records of one kind as columns, one for each field. */
void columns_encode(const struct sd_schema *sc, const void *const *records, size_t n, struct strbuf *out);
/* n records in a row, of sc->size bytes each, from columns of `n_fields` fields, which need not be as
 * many as the schema has; they live in `a`, and texts in `bytes`. NULL: damaged. */
void *columns_decode(const struct sd_schema *sc, const void *bytes, size_t len, size_t n, size_t n_fields,
                     struct arena *a);

#endif
