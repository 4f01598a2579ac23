/* drawing.h - sections as rows and descriptions, for printers, which cannot draw.
 *
 * Printers have no case for a kind of section: text, Markdown and CSV print its rows, JSON is
 * its description. The console's drawings are in ui/section. On the doc's thread. */
#ifndef CORE_DRAWING_H
#define CORE_DRAWING_H

#include "core/doc.h"

enum drawing_reader {
    FOR_PEOPLE,  /* lines, levels, shares: text and Markdown */
    FOR_PROGRAMS /* all figures, one a cell: CSV */
};

/* The section in rows, made in `a` unless it has rows of its own. NULL: it is a text. Without
 * rows there is nothing to show: then section.empty says why. Rows of drawings have no order. */
const struct table *section_as_table(const struct section *s, enum drawing_reader reader, struct arena *a);

/* Takes a description piece by piece. `key` is NULL inside a list. */
struct describer {
    void (*open)(void *ctx, const char *key, bool list); /* an object or a list begins */
    void (*value)(void *ctx, const char *key, enum unit unit, struct cell v);
    void (*close)(void *ctx);
};
void section_describe(const struct section *s, const char *key, const struct describer *to, void *ctx);

/* A live drawing ends at a round moment to come: what is after the cursor becomes unknown. */
void section_end_at(struct section *s, sd_time cursor);
/* Where a point or column of a drawing over time begins. */
sd_time drawing_time(sd_time from, sd_time to, size_t n, size_t i);

/* ---- drawing_boxes.c: boxes and flows ---- */
void boxes_as_table(const struct boxes *b, enum drawing_reader reader, struct arena *a, struct table *out);
void boxes_describe(const struct boxes *b, const char *key, const struct describer *to, void *ctx);
void flow_as_table(const struct flow *f, enum drawing_reader reader, struct arena *a, struct table *out);
void flow_describe(const struct flow *f, const char *key, const struct describer *to, void *ctx);
/* Box i, or the whole, with the weights of a broken source mended: never negative or unknown. */
struct box boxes_box(const struct boxes *b, size_t i);

/* ---- drawing_line.c: a line of pieces, in characters ---- */
enum { LINE_NOTHING = ' ', LINE_PIECE = 0x2501, LINE_BLOCK = 0x2588 /* and its parts, up to 0x2590 */ };
/* Writes `width` characters: LINE_NOTHING, LINE_PIECE, and for strong pieces blocks, to an eighth of one. */
void line_characters(const struct line_pieces *l, size_t width, uint32_t *out);

/* ---- for those that make tables ---- */
/* The next row of a table that has room for it. */
struct row *drawing_row(struct table *t);
void drawing_table(struct table *t, const struct column *columns, size_t n_columns, size_t n_rows,
                   struct arena *a);

#endif
