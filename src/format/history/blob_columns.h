/* blob_columns.h - the columns of a blob: what predicts each, and its numbers. Only for blob.c. */
#ifndef FORMAT_HISTORY_BLOB_COLUMNS_H
#define FORMAT_HISTORY_BLOB_COLUMNS_H

#include "format/history/blob.h"
#include "format/history/coder.h"

struct columns_out {
    const struct sd_schema *sc;
    const struct blob_row *rows;
    size_t n;
    struct strbuf *header;
    struct coder_out *coder;
};
void columns_write(struct columns_out *to);

/* A column as its header says it. */
struct blob_column {
    unsigned id; /* field + 3 */
    unsigned predictor, unit, arg;
    bool constant;
    int64_t value; /* of a constant: the difference */
};
enum { BLOB_COLUMNS_MAX = 160 };
struct columns_in {
    const struct sd_schema *sc;
    size_t n;
    struct arena *arena;
    const void *(*base)(void *ctx, uint32_t series);
    void *ctx;
    bool whole; /* records come from elsewhere */
    bool keys;  /* no records are wanted */
    struct coder_in *coder;
    size_t n_columns;
    struct blob_column columns[BLOB_COLUMNS_MAX];
};
bool columns_head(struct columns_in *from, const unsigned char **p, const unsigned char *end);
struct blob_row *columns_read(struct columns_in *from); /* NULL: damaged */

#endif
