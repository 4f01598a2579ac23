/* widgets.h - drawings that are used alone as well. They draw and remember (in the pane)
 * only what was scrolled to; everything else is in the section. */
#ifndef UI_WIDGETS_H
#define UI_WIDGETS_H

#include "ui/grid.h"
#include "ui/pane.h"

struct draw {
    struct grid *grid;
    struct rect in; /* inside the border */
    bool focused;   /* this pane has the keys */
    bool live;      /* time axes say their span, not their ends */
    sd_time now;    /* for clock times without a date */
    bool cursor;    /* the cursor of a drawing is shown */
};

void table_draw(struct draw d, struct section *s, struct pane *p); /* TABLE, TREE */
void text_draw(struct draw d, const char *text, enum style style, struct pane *p);
/* Lines `text` takes at that width, wrapped at spaces. */
int text_height(const char *text, int width);
/* The same with parts of the text marked (bytes of it): a line that has some is followed
 * by one with ^ below them. */
void marked_draw(struct draw d, const char *text, const struct text_mark *marks, size_t n_marks,
                 enum style style, struct pane *p);
/* The same, in the colours of its passages, or of the language that it is in from a byte on. */
void passages_draw(struct draw d, const struct doc *doc, const char *text, const struct text_mark *marks,
                   size_t n_marks, struct pane *p);
void language_draw(struct draw d, const struct text_language *language, const char *text, size_t from,
                   const struct text_mark *marks, size_t n_marks, struct pane *p);
int marked_height(const char *text, const struct text_mark *marks, size_t n_marks, int width);

#endif
