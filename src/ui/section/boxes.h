/* boxes.h - where boxes and nodes go. Pure; no drawing. */
#ifndef UI_SECTION_BOXES_H
#define UI_SECTION_BOXES_H

#include "ui/section/section.h"

/* A rectangle of the picture: a box, or all that are too small to draw of those in a box. */
struct box_place {
    struct rect r;   /* from the corner of the pane's inside */
    size_t box;      /* its number; of gathered ones the box they are in */
    size_t gathered; /* that many boxes are in it, too small to draw; 0: it is the box itself */
    size_t hidden;   /* boxes in it at any depth that have no place of their own */
    size_t last; /* ICICLE, FLAME: the innermost of the boxes that share the place, each being all of the one
                    it is in */
    size_t more; /* how many share it beside the first */
    double weight;
};

/* The name of what has a place: of boxes that share it "a › b › c", or with fewer columns "a › 7 more › c".
 */
void place_name(const struct boxes *b, const struct box_place *k, int columns, struct strbuf *out);

/* Fills p->places for the boxes in `root`, heaviest first, in w x h cells. Each box is placed,
 * gathered or counted in `hidden` of a place, exactly once. Edges are within half a cell of
 * where the weights put them. Work is bounded by the cells, not by the boxes. */
void boxes_layout(const struct boxes *b, size_t root, int w, int h, struct pane *p);

struct box_place *place_add(struct pane *p, struct box_place place);
/* The place that a step leads to from place `at`. */
int place_move(const struct pane *p, int at, enum section_move m);
int place_at(const struct pane *p, int x, int y); /* the innermost; -1: none */

/* Text that ends in an ellipsis when it is longer than the room; columns used. */
int label_put(struct draw d, struct rect clip, int x, int y, int room, enum style style, const char *text);

#endif
