#include "format/bundles/source_map_lines.h"

#include <stdlib.h>

void map_lines_begin(struct map_lines *l, const char *asset, size_t len)
{
    struct source_map_comment comment;
    *l = (struct map_lines){.at = asset, .end = asset + len, .has_cr = len && memchr(asset, '\r', len)};
    if (len && source_map_comment_find(asset, len, &comment)) {
        l->comment = asset + comment.at;
        l->comment_end = l->comment + comment.len;
    }
}

void map_lines_clear(struct map_lines *l)
{
    free(l->segments);
    free(l->bytes);
}

void map_lines_add_sources(struct map_lines *l, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        l->bytes = mem_grow(l->bytes, l->n_bytes, &l->cap_bytes, sizeof *l->bytes);
        l->bytes[l->n_bytes++] = 0;
    }
}

static void give(struct map_lines *l, int64_t source, ptrdiff_t bytes)
{
    int64_t *to = source == SOURCE_MAP_UNMAPPED ? &l->unmapped
                  : source == SOURCE_MAP_NONE   ? &l->no_source
                                                : &l->bytes[source];
    *to += bytes;
}

/* The bytes of the character at `p`; a byte that is no UTF-8 is one by itself, as decoders have it. */
static size_t char_bytes(const char *p, const char *end)
{
    unsigned char c = (unsigned char)*p;
    size_t n = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1;
    if ((size_t)(end - p) < n)
        return 1;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)p[i] & 0xc0) != 0x80)
            return 1;
    return n;
}

/* From `*column` at `p` to the column wanted, or the end. A column within a pair of units is behind it. */
static const char *forward(const char *p, const char *end, uint64_t *column, uint64_t wanted)
{
    while (p < end && *column < wanted) {
        if (!(*p & 0x80)) {
            p++;
            ++*column;
            continue;
        }
        size_t n = char_bytes(p, end);
        p += n;
        *column += n == 4 ? 2 : 1;
    }
    return p;
}

static int by_column(const void *a, const void *b)
{
    const struct map_segment *x = a, *y = b;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static void share_text(struct map_lines *l, const char *p, const char *end)
{
    uint64_t column = 0;
    int64_t owner = SOURCE_MAP_UNMAPPED;
    if (l->unsorted)
        qsort(l->segments, l->n, sizeof *l->segments, by_column);
    for (size_t i = 0; i < l->n && p < end; i++) {
        const char *to = forward(p, end, &column, l->segments[i].column);
        give(l, owner, to - p);
        p = to;
        owner = l->segments[i].source;
    }
    give(l, owner, end - p);
}

static const char *line_end(const struct map_lines *l)
{
    const char *lf = memchr(l->at, '\n', (size_t)(l->end - l->at));
    const char *end = lf ? lf : l->end;
    const char *cr = l->has_cr ? memchr(l->at, '\r', (size_t)(end - l->at)) : NULL;
    return cr ? cr : end;
}

/* One line, with the segments that are there. */
static void share_line(struct map_lines *l)
{
    const char *end = line_end(l), *text_end = end;
    if (l->comment && l->comment >= l->at && l->comment_end <= end) {
        text_end = l->comment;
        l->map_comment += l->comment_end - l->comment;
    }
    share_text(l, l->at, text_end);
    size_t mark = end == l->end ? 0 : 1;
    if (mark && *end == '\r' && end + 1 < l->end && end[1] == '\n')
        mark = 2;
    l->line_ends += (int64_t)mark;
    l->at = end + mark;
    l->at_end = !mark;
    l->line++;
    l->n = 0;
    l->unsorted = false;
}

void map_lines_segment(struct map_lines *l, uint64_t line, uint64_t column, int64_t source)
{
    while (l->line < line && !l->at_end)
        share_line(l);
    if (l->at_end)
        return;
    l->segments = mem_grow(l->segments, l->n, &l->cap, sizeof *l->segments);
    l->unsorted |= l->n && l->segments[l->n - 1].column > column;
    l->segments[l->n] = (struct map_segment){.column = column, .source = source, .order = l->n};
    l->n++;
}

void map_lines_finish(struct map_lines *l)
{
    while (!l->at_end)
        share_line(l);
}
