/* source_map.h - how many bytes of an asset come from which source, as its source map says.
 *
 * Maps of version 3 (ECMA-426), plain or with sections. A segment owns the text from its column to the column
 * of the next one or the end of the line. Columns count UTF-16 units, sizes UTF-8 bytes. The segments of a
 * line are sorted by column; of equal columns the last one in the map wins. What lies beyond the line or the
 * file owns nothing. Sections own from their offset to that of the next one. Pure; any thread. */
#ifndef FORMAT_BUNDLES_SOURCE_MAP_H
#define FORMAT_BUNDLES_SOURCE_MAP_H

#include "base/base.h"

struct source_map_part {
    const char *source; /* as the map names it, behind its sourceRoot if that is relative; not normalised */
    int64_t bytes;      /* more than 0 */
    bool ignored;       /* in the map's ignoreList or x_google_ignoreList */
};

/* All of it adds up to the size of the asset. */
struct source_map_split {
    struct arena *arena;
    struct source_map_part *parts; /* in the order of the map; two of one name are possible */
    size_t n;
    int64_t unmapped, no_source, line_ends, map_comment;
};

/* Sections within sections; more is refused. */
enum { SOURCE_MAP_LEVELS_MAX = 64 };

/* Fills `out`, which the caller clears with source_map_split_clear. False and a sentence that says why the
 * map cannot be used; then nothing is to be cleared. The contents of sources are passed over where they
 * stand. */
bool source_map_split(const char *asset, size_t asset_len, const char *map, size_t map_len,
                      struct source_map_split *out, struct sd_error *err);
void source_map_split_clear(struct source_map_split *s);

#endif
