/* grid.h - the screen as cells. Panes draw here; src/term paints it.
 *
 * Everything drawn passes grid_text, which neutralises text from outside, clips
 * to the given rectangle and never writes outside the grid. With ascii set,
 * characters above U+007E are replaced by plain ones as they are drawn. */
#ifndef UI_GRID_H
#define UI_GRID_H

#include "base/base.h"

/* Styles are meanings; a theme gives them colours. Meaning never hangs on
 * colour alone: each place that uses GOOD/WARN/BAD also writes a mark or word. */
#define STYLES(X)                                                                                            \
    X(TEXT, text, "ordinary text")                                                                           \
    X(DIM, dim, "less important text, units, borders' titles")                                               \
    X(TITLE, title, "titles of panes")                                                                       \
    X(HEADER, header, "column headers")                                                                      \
    X(BORDER, border, "lines around panes")                                                                  \
    X(FOCUS, focus, "border and title of the pane in focus")                                                 \
    X(SELECTED, selected, "the selected row")                                                                \
    X(KEY, key, "a key's name in the bar below and in help")                                                 \
    X(BAR, bar, "the function-key bar and the status line")                                                  \
    X(CRUMB, crumb, "the lines at the top")                                                                  \
    X(HERE, here, "the place, view and pane one is in")                                                      \
    X(LINK, link, "something that Enter opens")                                                              \
    X(GOOD, good, "fine")                                                                                    \
    X(INFO, info, "worth knowing")                                                                           \
    X(WARN, warn, "worth a look")                                                                            \
    X(BAD, bad, "act now")                                                                                   \
    X(MATCH, match, "text that matches a filter or search")                                                  \
    X(KEYWORD, keyword, "keywords of a statement")                                                           \
    X(CONSTANT, constant, "constants and parameters of a statement")                                         \
    X(COMMENT, comment, "comments of a statement")                                                           \
    X(GRAPH1, graph1, "first line of a graph, share bars")                                                   \
    X(GRAPH2, graph2, "second line of a graph")                                                              \
    X(GRAPH3, graph3, "third line of a graph")                                                               \
    X(GRAPH4, graph4, "fourth line of a graph")                                                              \
    X(GRAPH5, graph5, "fifth layer of a stacked graph")                                                      \
    X(GRAPH6, graph6, "sixth layer of a stacked graph")                                                      \
    X(HEAT1, heat1, "heat map, fewest")                                                                      \
    X(HEAT2, heat2, "heat map")                                                                              \
    X(HEAT3, heat3, "heat map")                                                                              \
    X(HEAT4, heat4, "heat map")                                                                              \
    X(HEAT5, heat5, "heat map, most")

enum style {
#define STYLE_ENUM(UPPER, lower, help) STYLE_##UPPER,
    STYLES(STYLE_ENUM)
#undef STYLE_ENUM
        STYLE_COUNT
};

struct grid_cell {
    uint32_t code; /* printable; 0: right half of a wide character */
    uint8_t style; /* enum style */
    uint8_t flags;
};
enum {
    GRID_REVERSE = 1,
    GRID_BOLD = 2,
    GRID_UNDERLINE = 4,
    GRID_LINE = 8, /* of a box */
    /* A blank between the dots of a drawing: it keeps the colour of its style, which does not show, so that
     * none has to be sent before it and after it. */
    GRID_INK = 16
};

struct grid {
    int width, height;
    bool ascii;
    struct grid_cell *cells; /* height * width */
    int cursor_x, cursor_y;  /* -1: hidden */
};

struct rect {
    int x, y, w, h;
};

struct grid *grid_new(int width, int height, bool ascii); /* sizes clamped to 1..1000 */
void grid_free(struct grid *g);
void grid_resize(struct grid *g, int width, int height); /* clears */
void grid_clear(struct grid *g);

/* Draws at most `max` columns of sanitised text at x, y inside `clip`; returns
 * the columns used. */
int grid_text(struct grid *g, struct rect clip, int x, int y, int max, enum style style, const char *text);
int grid_printf(struct grid *g, struct rect clip, int x, int y, int max, enum style style, const char *fmt,
                ...) SD_PRINTF(7, 8);
/* One trusted character (graphs, borders). `code` has an ASCII fallback inside grid.c. */
void grid_put(struct grid *g, struct rect clip, int x, int y, enum style style, uint32_t code);
void grid_fill(struct grid *g, struct rect r, enum style style);                 /* spaces */
void grid_style(struct grid *g, struct rect r, enum style style, uint8_t flags); /* keeps the characters */
/* A box with a title; the inside is returned. Its lines join those of boxes drawn before that share a
 * border with it. */
struct rect grid_box(struct grid *g, struct rect r, enum style style, const char *title, const char *note);

/* The characters as text: a line per row, trailing spaces cut, UTF-8. */
void grid_dump(const struct grid *g, struct strbuf *out);

#endif
