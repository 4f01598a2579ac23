/* asset_rows.h - what an asset is made of: a draft, the asset's bytes and its source map, put together. The
 * rows of an asset add up to its size. Pure; one thread. */
#ifndef FORMAT_BUNDLES_ASSET_ROWS_H
#define FORMAT_BUNDLES_ASSET_ROWS_H

#include "format/bundles/draft.h"

struct asset_row {
    const char *path, *package; /* the arena's, or the draft's */
    const char *part;           /* as in SD_BUNDLE_MODULE */
    int64_t size_bytes, minified_bytes, gzip_bytes, brotli_bytes;
    bool estimated, ignored;
};

struct asset_input {
    const struct draft *draft;
    uint32_t asset;
    const struct draft_part *parts; /* those of this asset */
    size_t n_parts;
    const char *text; /* NULL: the file is not there */
    size_t len;
    const char *map; /* NULL: there is none that can be read */
    size_t map_len;
};

struct asset_output {
    struct arena *arena;    /* of the caller */
    struct asset_row *rows; /* the largest first, of equal ones by path; free() */
    size_t n, cap;
    int64_t size_bytes;       /* of the asset; SD_UNKNOWN */
    struct sd_error map_note; /* why the map cannot be used; empty: it can, or there is none */
};

/* False, and a sentence: the modules are described as larger than the asset. Compressed
 * sizes are unknown until asset_rows_compressed. */
bool asset_rows(const struct asset_input *in, struct asset_output *out, struct sd_error *err);
/* Shares them out in proportion to the minified bytes. SD_UNKNOWN stays so. */
void asset_rows_compressed(struct asset_output *out, int64_t gzip_bytes, int64_t brotli_bytes);

#endif
