/* view.h - a view computes a doc from the model. It knows no output: the same
 * view is a pane of the console, a verb of the command line and a JSON document. */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "core/doc.h"
#include "core/model/model.h"
#include "core/plans/tree.h"

struct view_ctx {
    const struct model *model;
    struct span span;        /* the time cursor: SPAN_ALL for a verb, a window in the console */
    sd_time now;             /* the cursor's moment; ages are measured from it */
    bool live;               /* the cursor follows the present */
    const char *arg;         /* what the view is about: "GET /orders/:id"; NULL: the worst one */
    int graph_points;        /* columns a graph may use (2 points each in braille); 0: 60 */
    bool show_literals;      /* off: constants in SQL are hidden */
    enum plan_metric metric; /* what plans are weighed by; NONE: time or cost */
    const char *file_text;   /* what the user put beside it: a plan for the view `diff`; NULL */
    size_t file_len;
    const char *file_name;
};

struct view {
    const char *name;    /* verb and palette name: "endpoints" */
    const char *title;   /* "Endpoints" */
    const char *summary; /* one line for help and manual */
    const char *about;   /* what arg is: "endpoint"; NULL: takes none */
    char key;            /* digit of a top-level view, 0: reached by diving */
    uint32_t needs;      /* record kinds (1u << SD_HTTP) it lives on: explains emptiness */
    bool timeless;       /* of one thing, live: its doc changes with the model only, not with time */
    /* Always gives a doc: when something is missing the doc says what to do. */
    struct doc *(*build)(const struct view_ctx *c);
    /* JSON keys of its main table, for the manual: of `rows`, or of the key named here. */
    const struct column *columns;
    size_t n_columns;
    const char *rows; /* NULL: "rows" */
    const char *also; /* the other keys of its JSON beside the envelope, each with a few words; NULL */
};

/* Every view's JSON begins with these; a sentence each, for the manual. */
extern const struct column VIEW_ENVELOPE[];
extern const size_t VIEW_N_ENVELOPE;

extern const struct view *const VIEWS[];         /* NULL-terminated, in the order of the tabs */
const struct view *view_named(const char *name); /* unique prefixes work; NULL */

#endif
