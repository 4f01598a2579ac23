/* source_map_lines.h - an asset shared out among the segments of its lines, which come in order of lines. For
 * source_map.c. One thread. */
#ifndef FORMAT_BUNDLES_SOURCE_MAP_LINES_H
#define FORMAT_BUNDLES_SOURCE_MAP_LINES_H

#include "base/base.h"
#include "format/bundles/source_map_comment.h"

/* Instead of the number of a source. */
enum { SOURCE_MAP_NONE = -1, SOURCE_MAP_UNMAPPED = -2 };

struct map_segment {
    uint64_t column; /* in UTF-16 units */
    int64_t source;
    size_t order; /* in the line */
};

struct map_lines {
    const char *at, *end; /* what is not shared out yet: from the begin of `line` */
    uint64_t line;
    bool has_cr, at_end;
    const char *comment, *comment_end; /* NULL: none */
    struct map_segment *segments;      /* of `line` */
    size_t n, cap;
    bool unsorted;
    int64_t *bytes; /* of each source; the caller sees that there are enough before the segments come */
    size_t n_bytes, cap_bytes;
    int64_t unmapped, no_source, line_ends, map_comment;
};

void map_lines_begin(struct map_lines *l, const char *asset, size_t len);
void map_lines_add_sources(struct map_lines *l, size_t n);
/* Lines never go down. */
void map_lines_segment(struct map_lines *l, uint64_t line, uint64_t column, int64_t source);
/* The rest of the asset. */
void map_lines_finish(struct map_lines *l);
void map_lines_clear(struct map_lines *l);

#endif
