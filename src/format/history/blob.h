/* blob.h - rows of a history of one kind as few bytes.
 *
 * A row is of a series (a number: which texts and other key fields that is, a dictionary elsewhere says), has
 * a time and a length, and numbers. Texts are not in a blob, but of kinds of which every record is kept
 * (HISTORY_EACH): there the whole records are.
 *
 *   blob:   form, rows, columns; of each column what it is and what predicts it; then the numbers; a CRC-32
 *   form:   1 dense (coder.h), 2 fast (bytes and zstd), 3 whole records (the same, then columns_encode)
 *   column: field + 3 (0 series, 1 length, 2 time), code; a constant has its value here, others follow
 *
 * A column that is not there is unknown in all rows. What is predicted (the count by the histogram, the
 * smallest duration by the first bucket, ...) costs only the difference. A number that is always a multiple
 * of a power of ten is divided by it. Decoding is bounded by the limits below, whatever the bytes claim. */
#ifndef FORMAT_HISTORY_BLOB_H
#define FORMAT_HISTORY_BLOB_H

#include "core/history/history.h"

struct blob_row {
    uint32_t series;
    sd_time at;
    int64_t length_ns;
    const void *record; /* struct sd_KIND */
};
enum {
    BLOB_ROWS_MAX = 4096,
    BLOB_BYTES_MAX = 64 << 20 /* unpacked */
};
/* Is field i of the schema one that is in blobs, and not in the dictionary? */
bool blob_holds(const struct sd_schema *sc, size_t i);
/* Appends n <= BLOB_ROWS_MAX rows, which are in order of series and time. */
void blob_encode(enum sd_kind kind, const struct blob_row *rows, size_t n, bool fast, struct strbuf *out);
/* Rows in the arena; NULL: damaged. A record is a copy of what `base` gives for its series (NULL: all
 * unknown), with the numbers of the blob. */
const struct blob_row *blob_decode(enum sd_kind kind, const void *bytes, size_t len,
                                   const void *(*base)(void *ctx, uint32_t series), void *ctx,
                                   struct arena *a, size_t *n);
/* Only series, time and length of the rows, for who counts them: the numbers are not looked at, and `record`
 * is NULL. */
const struct blob_row *blob_keys(enum sd_kind kind, const void *bytes, size_t len, struct arena *a,
                                 size_t *n);

/* ---- many blobs in one, each of one series: a page of a book with its register ----
 *   sections, then of each: series, rows, bytes; then the blobs */
struct pack_section {
    uint32_t series;
    uint32_t rows;
    const void *bytes;
    size_t len;
};
/* NULL: damaged. In the arena; the bytes stay where they are. */
const struct pack_section *pack_open(const void *bytes, size_t len, struct arena *a, size_t *n);
/* Sections in order of series. */
void pack_close(const struct pack_section *sections, size_t n, struct strbuf *out);

#endif
