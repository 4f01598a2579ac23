/* view.h - a view computes a doc from the model. It is independent of the output: the same
 * view is a pane of the console, a verb of the command line and a JSON document. */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "core/doc.h"
#include "core/model/model.h"

struct view_ctx {
    const struct model *model;
    struct span span;      /* the time cursor: SPAN_ALL for a verb, a window in the console */
    sd_time now;           /* the cursor's moment; ages are measured from it */
    bool live;             /* the cursor follows the present */
    const char *arg;       /* what the view is about: "GET /orders/:id"; NULL: the worst one */
    int graph_points;      /* columns a graph may use (2 points each in braille); 0: 60 */
    bool show_literals;    /* off: constants in SQL are hidden */
    int measure;           /* what a view weighs its rows by: a number of its own; 0: the usual */
    const char *file_text; /* what the user put beside it: a plan for the view `diff`; NULL */
    size_t file_len;
    const char *file_name;
    const struct figures *baseline; /* what the view `changes` compares with; NULL: the window before */
    /* The key an action is bound to, into buf; false: it is unknown. NULL when the doc is
     * printed, where no key works. */
    bool (*key)(void *key_ctx, const char *action, char *buf, size_t size);
    void *key_ctx;
};

/* The nine places, each a question; the digits never change. X(UPPER, digit, title, help) */
#define VIEW_PLACES(X)                                                                                       \
    X(HOME, 1, "Home", "what is worst now")                                                                  \
    X(WEB, 2, "Web", "which requests are slow, and why")                                                     \
    X(DB, 3, "DB", "what the database does")                                                                 \
    X(CODE, 4, "Code", "what uses processor time")                                                           \
    X(CACHE, 5, "Cache", "cache hits and misses")                                                            \
    X(PAGES, 6, "Pages", "what the browser waits for")                                                       \
    X(LOAD, 7, "Load", "how much more load is possible")                                                     \
    X(GOALS, 8, "Goals", "which objectives are met")                                                         \
    X(DATA, 9, "Data", "where the figures come from")

enum view_place {
#define VIEW_PLACE_ENUM(UPPER, digit, title, help) PLACE_##UPPER = digit,
    VIEW_PLACES(VIEW_PLACE_ENUM)
#undef VIEW_PLACE_ENUM
};
const char *view_place_title(enum view_place p); /* "Home"; NULL: there is no such place */

struct worst_list;  /* view/shared/worst.h */
struct figures;     /* view/shared/figures.h */
struct view_action; /* view/action.h */

struct view {
    const char *name;    /* verb and palette name: "endpoints" */
    const char *aliases; /* other names of it, space separated; NULL */
    enum view_place place;
    const char *title;   /* "Endpoints" */
    const char *summary; /* one line for help and manual */
    const char *about;   /* what arg is: "endpoint"; NULL: takes none */
    /* What arg may be, for completion: the i-th; NULL ends. It is the model's, until the
     * next batch. NULL: arg is not one of a list, or there is none. */
    const char *(*subject)(const struct model *m, size_t i);
    char key;         /* digit of a top-level view, 0: reached by diving */
    sd_kinds needs;   /* record kinds, SD_KIND_BIT(SD_HTTP), it lives on: explains emptiness */
    sd_kinds made_of; /* its doc about one thing changes with records of these kinds only, and live
                       * not with time; 0: with any record and with time */
    /* Other views about the same thing, NULL-terminated: with the same `about`, or, as
     * this one, about none. NULL: there is none. */
    const char *const *links;
    /* Always gives a doc: when something is missing the doc says what to do. */
    struct doc *(*build)(const struct view_ctx *c);
    /* What can be done about things of its domain, wherever they are shown; NULL-terminated.
     * NULL: nothing. */
    const struct view_action *const *actions;
    /* Adds what of its domain needs a look now to the overview. NULL: nothing ever. */
    void (*worst)(const struct view_ctx *c, struct worst_list *l);
    /* Adds the figures of its domain that `changes` compares between two windows. NULL: none. */
    void (*figures)(const struct view_ctx *c, struct figures *f);
    /* JSON keys of its main table, for the manual: of `rows`, or of the key named here. */
    const struct column *columns;
    size_t n_columns;
    const char *rows; /* NULL: "rows" */
    /* The other keys of its JSON, beside the envelope; what is in them is in the help. */
    const struct column *also;
    size_t n_also;
};

/* Its doc, and in it what is the same for every view: which panes are of a source that is gone, what happened
 * meanwhile, what `y` copies where a sentence names a grant. What `build` gives alone lacks that. */
struct doc *view_build(const struct view *v, const struct view_ctx *c);

/* Every view's JSON begins with these; a sentence each, for the manual. */
extern const struct column VIEW_ENVELOPE[];
extern const size_t VIEW_N_ENVELOPE;

extern const struct view *const VIEWS[]; /* NULL-terminated, in the order of the tabs */
/* By name or alias; a unique beginning of a name works, too. NULL: there is none. */
const struct view *view_named(const char *name);
/* Without beginnings: what may stand for a verb. */
const struct view *view_exactly(const char *name);

#endif
