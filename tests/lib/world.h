/* world.h - a console over the model of shop.h, without a terminal: keys in, cells out. */
#ifndef TESTS_LIB_WORLD_H
#define TESTS_LIB_WORLD_H

#include "tests/lib/shop.h"
#include "ui/actions.h"
#include "ui/script.h"
#include "ui/state.h"

struct world {
    struct model *model;
    struct config *config;
    struct console *console;
    struct grid *grid;
    sd_time now;
    char copied[4096];
    enum copied how; /* what copying comes to */
    char written[64], text[8192];
    struct sd_job_explain asked;
    char asked_query[512];
    int requests;
};

/* `hostile` as for shop_model; `replay`: a recording, paused at its end. */
struct world *world_new(int width, int height, bool hostile, bool replay);
struct world *world_of(struct model *m, sd_time now, int width, int height,
                       bool replay); /* takes the model */
void world_free(struct world *w);
/* Steps as in a script; the last screen is in w->grid. */
void play(struct world *w, const char *steps);
char *screen(struct world *w); /* as text; valid until the next call */
void see(struct world *w, const char *text);
void see_not(struct world *w, const char *text);
void see_no_column(struct world *w, const char *title); /* of the first pane, a table */
char *selected(struct world *w);                        /* the line of the selected row */
const char *shown(struct world *w);                     /* name of the view */

#endif
