/* view.h - a view computes a doc from the model. It is independent of the output: the same
 * view is a pane of the console, a verb of the command line and a JSON document. */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "core/doc.h"
#include "core/endpoints/hops.h"
#include "core/goals/signals.h"
#include "core/model/model.h"

/* What the user chose in one view for all views that know it, by name: "plan-metric". The names are static.
 */
struct view_choices {
    struct view_choice {
        const char *name;
        int value;  /* of the view's own; 0: the usual */
        char *text; /* likewise; NULL: the usual */
    } items[16];
    size_t n;
};

struct alerts_shown; /* view/goals/alerts.h */
struct alerts_known; /* view/goals/alert_look.h */

struct view_ctx {
    const struct model *model;
    struct span span;                   /* the time cursor: SPAN_ALL for a verb, a window in the console */
    sd_time now;                        /* the cursor's moment; ages are measured from it */
    bool live;                          /* the cursor follows the present */
    const char *arg;                    /* what the view is about: "GET /orders/:id"; NULL: the worst one */
    int graph_points;                   /* columns a graph may use (2 points each in braille); 0: 60 */
    bool show_literals;                 /* off: constants in SQL are hidden */
    const struct view_choices *choices; /* NULL: none */
    const char *weight;    /* what it weighs its rows by, by the name the data has for it; NULL: the usual */
    const char *file_text; /* what the user put beside it: a plan for the view `diff`; NULL */
    size_t file_len;
    const char *file_name;
    const struct goal_policy *policy; /* NULL: none */
    struct signals *signals; /* the figures of its goals over exact windows; NULL: nobody keeps them */
    sd_time goals_at;        /* their moment: the end of the data where no source is live */
    const struct alerts_shown *alerts;       /* view/goals/alerts.h; NULL: they are not evaluated here */
    const struct alerts_known *alerts_known; /* what evaluations of them have written; NULL: not asked */
    const struct hop_plans *hops;            /* budgets of requests by the places they pass; NULL: none */
    const char *sources; /* what the verb was given, as a shell reads it: for commands in reports; NULL */
    const struct figures *baseline; /* what the view `changes` compares with; NULL: the window before */
    /* The key an action is bound to, into buf; false: it is unknown. NULL when the doc is
     * printed, where no key works. */
    bool (*key)(void *key_ctx, const char *action, char *buf, size_t size);
    void *key_ctx;
    const char *doctor; /* what sources need of this machine, a line for who has none; NULL: not asked */
};

/* The nine places, each a question, and the map of them. A place has the key of its digit; the digits
 * never change. X(UPPER, digit, title, help, the source it needs) */
#define VIEW_PLACES(X)                                                                                       \
    X(MAP, 0, "Map", "all views by place, with what each needs", "nothing")                                  \
    X(HOME, 1, "Home", "what is worst now", "any source")                                                    \
    X(WEB, 2, "Web", "which requests are slow, and why", "an access log")                                    \
    X(DB, 3, "DB", "what the database does", "a PostgreSQL server")                                          \
    X(CODE, 4, "Code", "what uses processor time", "samples of the program's stacks")                        \
    X(CACHE, 5, "Cache", "cache hits and misses", "the statistics of a cache")                               \
    X(PAGES, 6, "Pages", "what the browser waits for", "measurements of page loads")                         \
    X(LOAD, 7, "Load", "how much more load is possible", "a load test")                                      \
    X(GOALS, 8, "Goals", "which objectives are met", "objectives and requests to measure")                   \
    X(DATA, 9, "Data", "where the figures come from", "any source")

enum view_place {
#define VIEW_PLACE_ENUM(UPPER, digit, title, help, needs) PLACE_##UPPER = digit,
    VIEW_PLACES(VIEW_PLACE_ENUM)
#undef VIEW_PLACE_ENUM
        PLACE_END
};
const char *view_place_title(enum view_place p); /* "Home"; NULL: there is no such place */
const char *view_place_help(enum view_place p);
const char *view_place_needs(enum view_place p);

struct worst_list;  /* view/shared/worst.h */
struct figures;     /* view/shared/figures.h */
struct link_list;   /* view/shared/linked.h */
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
    /* What a row of its main table is: "endpoint", "table"; NULL: no thing of its own. */
    const char *lists;
    const char *thing; /* of the table: key of the column that names the row, when the row opens nothing */
    /* The view that Esc goes up to, with the same arg when it has the same `about`. NULL: the
     * view that lists what this one is about, or Home. */
    const char *up;
    /* Its verb takes the targets of that kind of source, and gives them to one instance, a line each, besides
     * recordings: "audit". NULL: each argument is a source of its own. */
    const char *verb_source;
    /* A URL of http that its verb is given is loaded by that kind of source, as often as --runs says, and
     * only then: "lighthouse". NULL: a URL is a source as any other. */
    const char *url_source;
    size_t verb_bytes; /* memory its verb may use for data, where that comes in large pieces; 0: the usual */
    size_t verb_endpoints; /* that its verb tells apart; 0: the usual number */
    sd_kinds verb_unread;  /* records of which its doc shows nothing: its verb does not keep them */
    sd_kinds verb_spans;   /* over all time its doc asks for the totals of endpoints, and beside these records
                              alone for spans as well; 0: beside any */
    sd_kinds needs;        /* record kinds, SD_KIND_BIT(SD_HTTP), it lives on: explains emptiness */
    sd_kinds made_of; /* its doc about one thing, or of a view about none its doc, changes with records of
                       * these kinds only, and live not with time; 0: with any record and with time */
    /* Other views about the same thing, NULL-terminated: with the same `about`, or, as
     * this one, about none. NULL: there is none. */
    const char *const *links;
    bool mixed;    /* its rows are things of several kinds: what is linked with one is looked for in them */
    bool compares; /* with view_ctx.baseline, by itself: a printed one is not put beside the baseline's */
    /* Always gives a doc: when something is missing the doc says what to do. */
    struct doc *(*build)(const struct view_ctx *c);
    /* What can be done about things of its domain, wherever they are shown; NULL-terminated.
     * NULL: nothing. */
    const struct view_action *const *actions;
    /* Adds what of its domain needs a look now to the overview. NULL: nothing ever. */
    void (*worst)(const struct view_ctx *c, struct worst_list *l);
    /* Adds the figures of its domain that `changes` compares between two windows. NULL: none. */
    void (*figures)(const struct view_ctx *c, struct figures *f);
    /* Adds what of its domain is linked with a thing: what that is ("endpoint", "query", "table",
     * "session") and its name, as in `lists` and `arg` of its view. NULL: nothing ever. */
    void (*linked)(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);
    /* JSON keys of its main table, for the manual: of `rows`, or of the key named here. */
    const struct column *columns;
    size_t n_columns;
    const char *rows; /* NULL: "rows" */
    /* The other keys of its JSON, beside the envelope; what is in them is in the help. */
    const struct column *also;
    size_t n_also;
};

int view_chosen(const struct view_ctx *c, const char *name);              /* 0: the usual */
const char *view_chosen_text(const struct view_ctx *c, const char *name); /* NULL: the usual */
/* Beyond the room: nothing. The text is copied. */
void view_choose(struct view_choices *x, const char *name, int value, const char *text);
void view_choices_free(struct view_choices *x); /* what is in it */

/* Its doc, and in it what is the same for every view: which panes are of a source that is gone, what happened
 * meanwhile, what `y` copies where a sentence names a grant. What `build` gives alone lacks that. */
struct doc *view_build(const struct view *v, const struct view_ctx *c);

/* Every view's JSON begins with these; a sentence each, for the manual. */
extern const struct column VIEW_ENVELOPE[];
extern const size_t VIEW_N_ENVELOPE;

extern const struct view *const VIEWS[]; /* NULL-terminated; those of a place in its order */
/* By name or alias in any case; a unique beginning of a name works, too. NULL: there is none. */
const struct view *view_named(const char *name);
/* Without beginnings: what may stand for a verb. */
const struct view *view_exactly(const char *name);

/* ---- the way between views (places.c) ----
 * A view about no thing belongs to the row of its place; those about one are reached from it. */
const struct view *view_home(void);
/* The next one of the place in that direction, around the end; from a view about a thing, the one
 * that lists it. from NULL: the first. NULL: the place has none. */
const struct view *view_beside(enum view_place p, const struct view *from, int direction);
/* The first one of the place, or where it has no data the first that lists things and has some. NULL: the
 * place has none. */
const struct view *view_first(enum view_place p, const struct model *m);
/* The one above; *same_arg: it is about the same. NULL: this is Home. */
const struct view *view_above(const struct view *v, bool *same_arg);
/* The view that lists things of that kind, as a view's `about`; NULL. */
const struct view *view_listing(const char *what);
/* The place a screen belongs to: of the map about one place, that one. */
enum view_place view_place_of(const struct view *v, const char *arg);
/* Has any of its views data to show? */
bool view_place_has_data(enum view_place p, const struct model *m);
/* The gravest problem of each place's domains now: what the overview lists, by place. */
void view_place_marks(const struct view_ctx *c, enum severity out[PLACE_END]);

#endif
