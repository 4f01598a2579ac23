/* section.h - how the console shows each kind of section: a row of functions a kind.
 *
 * Nothing outside this folder has a case for a kind. What a section says in rows, for the
 * printers, is core/drawing.h: `as_table` of each kind stands there, because they know no ui.
 *
 * A section has items: rows of a table, cells of a heat map, points of a graph, boxes. The
 * cursor is on one (pane.selected, which select() sets). A kind without items scrolls. */
#ifndef UI_SECTION_SECTION_H
#define UI_SECTION_SECTION_H

#include "core/drawing.h"
#include "ui/widgets.h"

struct need {
    int min, want, most; /* lines: at least, to be pleasant, that are of any use */
};

enum section_move {
    MOVE_UP,
    MOVE_DOWN,
    MOVE_LEFT,
    MOVE_RIGHT,
    MOVE_PAGE_UP,
    MOVE_PAGE_DOWN,
    MOVE_FIRST,
    MOVE_LAST
};

/* What the cursor is on. */
struct item {
    const struct row *row; /* of a table; NULL */
    struct dive dive;      /* no view and no span: Enter leads nowhere */
    const char *copy;      /* what is copied; NULL: its text */
    enum severity severity;
    bool worst; /* `worst` goes to it */
};

struct section_ops {
    struct need (*need)(const struct section *s, int width);
    void (*draw)(struct draw d, struct doc *doc, struct section *s, struct pane *p);
    /* Moves the cursor, or scrolls. */
    void (*move)(struct section *s, struct pane *p, enum section_move m);
    /* The item at x, y of the screen, the pane's inside being `in`; -1: none. */
    int (*hit)(struct rect in, struct section *s, const struct pane *p, int x, int y);
    size_t (*items)(const struct section *s, const struct pane *p); /* NULL: it has none and scrolls */
    void (*select)(struct section *s, struct pane *p, int item);
    void (*item)(const struct section *s, const struct pane *p, size_t i, struct item *out);
    /* It in words, on one line: what a search looks at and `copy` copies. */
    void (*text)(const struct section *s, const struct pane *p, size_t i, struct strbuf *out);
    /* After the doc or the pane's filter has changed: finds the cursor's item again. NULL: nothing to do. */
    void (*apply)(struct pane *p, struct section *s);
    /* Goes into the item, as Enter does, and comes back; false: no. NULL: not inside of the pane. */
    bool (*enter)(struct section *s, struct pane *p);
    bool (*leave)(struct section *s, struct pane *p);
    enum severity stop; /* items as grave as this are stops of next-finding; NONE: warnings are */
    bool drawing;       /* two small ones stand side by side; its title tells of the cursor */
};
const struct section_ops *section_ops(const struct section *s);

/* As the functions above, for kinds that lack them. */
size_t section_items(const struct section *s, const struct pane *p);
void section_item(const struct section *s, const struct pane *p, size_t i, struct item *out); /* i < items */
void section_item_text(const struct section *s, const struct pane *p, size_t i, struct strbuf *out);
void section_select(struct section *s, struct pane *p, int item); /* clamped */
void section_apply(struct section *s, struct pane *p);

/* Lines at least as high as min_height, and in order. */
struct need section_need(const struct section *s, int width);

/* For sections that scroll lines. */
void scroll_move(struct section *s, struct pane *p, enum section_move m);
/* How a part of a text in a language looks. */
enum style span_style(enum text_part part);
/* What stands instead of nothing. */
void empty_draw(struct draw d, const struct section *s, struct pane *p);
/* The item `m` goes to from `at` in a list of n. */
int list_move(int at, int n, int page, enum section_move m);

/* ---- one a file; trees in branches.c ---- */
extern const struct section_ops TABLE_OPS, TREE_OPS, GRAPH_OPS, HEATMAP_OPS, FIELDS_OPS, TEXT_OPS, BOXES_OPS,
    FLOW_OPS;

/* ---- table.c, for branches.c ---- */
struct need table_need(const struct section *s, int width);
void table_move(struct section *s, struct pane *p, enum section_move m);
int table_hit(struct rect in, struct section *s, const struct pane *p, int x, int y);
size_t table_items(const struct section *s, const struct pane *p);
void table_select(struct section *s, struct pane *p, int item);
void table_item(const struct section *s, const struct pane *p, size_t i, struct item *out);
void table_item_text(const struct section *s, const struct pane *p, size_t i, struct strbuf *out);
void table_apply(struct pane *p, struct section *s);

/* ---- branches.c, for table.c: the lines before a row's text ---- */
enum { TREE_STEP = 2, TREE_LEVELS = 200 };
struct tree_lines {
    bool open[TREE_LEVELS + 1]; /* of the row's ancestors, by level, whether a later row is their sibling */
};
/* For the row at a place: all of it for the first drawn, then row by row downwards. */
void tree_lines_at(struct tree_lines *l, struct section *s, size_t place, bool first);
int tree_lines_draw(struct draw d, struct rect clip, int x, int y, int width, const struct tree_lines *l,
                    int depth, bool folded);

#endif
