/* figures.h - what the view `changes` compares: the figures of one window, added by the views (struct
 * view.figures).
 *
 * Is a difference more than noise? Of requests the durations and errors themselves are compared
 * (core/endpoints/shift.h): all of them together, so that a list of what did not change is empty 99 times in
 * a hundred. A percentile has changed when it differs by a tenth of the larger at least, besides. For other
 * numbers a window is divided into up to 12 parts, and the parts tell how much a figure varies by itself: it
 * has changed when the two windows differ by a quarter of the larger at least, and by more than could be
 * expected of what varies so much (one time in about 3000, by Student's t; parts that follow each other count
 * for less when they are alike). Counts vary at least as what happens at random (Poisson). Something is new,
 * or gone, when it was seen 8 times in 3 parts of one window, and never in the other. Texts (plans, settings)
 * have changed when they differ. */
#ifndef VIEW_SHARED_FIGURES_H
#define VIEW_SHARED_FIGURES_H

#include "core/endpoints/shift.h"
#include "view/view.h"

enum { FIGURE_PARTS = 12 };

enum figure_method {
    FIGURE_COUNT, /* per second, of `events`; absent is 0 */
    FIGURE_TIME,  /* a duration: compared by its ratio */
    FIGURE_LEVEL, /* an average, such as sessions; absent is 0 */
    FIGURE_TEXT
};

struct figure {
    const char *kind;    /* "endpoint": static */
    const char *key;     /* with kind and name: what it is of */
    const char *subject; /* as shown; NULL: the key */
    const char *name;    /* "requests": static */
    enum figure_method method;
    enum unit unit;
    double value; /* NAN: unknown */
    double parts[FIGURE_PARTS];
    size_t n_parts;
    double events;                     /* how many it is made of */
    const struct shift_sample *sample; /* its requests, of an endpoint; NULL */
    double quantile;                   /* of these durations; 0: it is their errors */
    double rate;                       /* of errors: requests per second */
    const char *basis;                 /* what it was counted from; others cannot be compared. NULL */
    const char *text;                  /* FIGURE_TEXT: as shown */
    const char
        *earlier; /* FIGURE_TEXT: all it was until the end of the window, a line each; NULL: `text` alone */
    const char *
        absent; /* FIGURE_TEXT: what it is where others of its kind are known, and it is not; NULL: unknown */
    bool more_is_worse; /* a time, an error: a change for the worse is marked */
    double weight;      /* seconds users or sessions spend with it, for the order */
    struct dive dive;
};

/* Texts that are not static belong to `d`. */
struct figures {
    struct doc *d;
    struct figure *items;
    size_t n, cap;
    struct span span;
    const char *name;          /* "marked 14:00:00"; NULL */
    const struct model *model; /* that they are of, for a view that compares more than its figures; NULL: the
                                  view's own */
    double seconds;            /* of the span */
    size_t n_parts;            /* it is divided into */
};

void figures_add(struct figures *f, const struct figure *item);
/* Of all views, for that span, which is not SPAN_ALL. */
struct figures *figures_of(const struct view_ctx *c, struct span span, const char *name);
void figures_free(struct figures *f); /* NULL is fine */

enum figure_verdict { FIGURE_NOISE, FIGURE_UNKNOWN, FIGURE_CHANGED, FIGURE_NEW, FIGURE_GONE };
const char *figure_verdict_name(enum figure_verdict v); /* "noise", "unknown", "changed", "new", "gone" */

/* One figure in both windows; one of them may be NULL. */
struct figure_pair {
    const struct figure *before, *now;
    enum figure_verdict verdict;
    bool worse;
    double low, high; /* the difference now - before lies between; NAN: not known */
};
/* The changed first, for the worse before others, by weight. Free with free(). */
struct figure_pair *figures_compare(const struct figures *before, const struct figures *now, size_t *n);

#endif
