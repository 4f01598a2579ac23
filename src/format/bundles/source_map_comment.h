/* source_map_comment.h - the comment at the end of an asset that says where its source map is.
 *
 *     //# sourceMappingURL=main.js.map            (also //@, and in CSS: a comment of stars)
 *
 * It counts when only blank lines and lines that are comments follow, and the last one counts. Pure; any
 * thread. */
#ifndef FORMAT_BUNDLES_SOURCE_MAP_COMMENT_H
#define FORMAT_BUNDLES_SOURCE_MAP_COMMENT_H

#include "base/base.h"

struct source_map_comment {
    size_t at, len; /* in the asset: from its first slash to the end of the line, or behind its last slash and
                       blanks */
    const char *url; /* in the asset */
    size_t url_len;
};

/* False: there is none. */
bool source_map_comment_find(const char *asset, size_t len, struct source_map_comment *out);
/* The URL holds the map itself: data:. */
bool source_map_comment_inline(const struct source_map_comment *c);
/* The map in a data: URL, in base64 or percent form; the caller frees it. False and a sentence: it is broken.
 */
bool source_map_comment_decode(const struct source_map_comment *c, char **map, size_t *len,
                               struct sd_error *err);

#endif
