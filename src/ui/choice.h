/* choice.h - a list to choose a row from: what it is, where it belongs, its key. */
#ifndef UI_CHOICE_H
#define UI_CHOICE_H

#include "conf/key.h"
#include "ui/grid.h"

struct view;

/* Texts are static or in the arena of the list. What it does is the first of these that is there. */
struct choice {
    const char *title, *place, *summary, *key;
    const char *line; /* a command, as it is typed */
    bool more;        /* the line needs more words: it is put into the prompt */
    int action;
    const struct view *view;
    const char *arg;
    const char *filter; /* of the view's main pane */
    const char *select; /* the row of the view with this text */
    int rank;           /* smaller first */
};

struct choices {
    struct arena *arena; /* NULL: there is no list */
    struct choice *items;
    size_t n, cap;
    int selected; /* -1: none */
    int top, page;
};

void choices_clear(struct choices *l); /* frees all */
void choices_begin(struct choices *l); /* an empty list */
void choices_add(struct choices *l, struct choice item);
void choices_sort(struct choices *l); /* by rank; equal ones as they were added */
void choices_move(struct choices *l, int by);
const struct choice *choices_selected(const struct choices *l); /* NULL: none */
/* Rows into r, with a number before each when `numbered`. */
void choices_draw(struct choices *l, struct grid *g, struct rect r, bool numbered);
/* How well a text fits what is typed, in any case: 0 the same, 1 begins so, 2 a word of it does,
 * 3 it is in it, 4 its letters are in that order; -1: not. "" fits all with 1. */
int choice_fit(const char *typed, const char *text);

#endif
