/* worst.h - the problems that a view adds to the overview. */
#ifndef VIEW_SHARED_WORST_H
#define VIEW_SHARED_WORST_H

#include "view/view.h"

struct worst_item {
    bool first; /* above all that are not, however grave: what somebody asked to be told of */
    enum severity severity;
    /* What users wait for because of it, of all domains in one unit: requests and sessions that wait, on
     * average over the span (seconds of waiting a second). 0: nobody waits, or it is not known. A failed
     * request counts as a second. */
    double rank;
    const char *what;    /* one word: "slow", "lock" */
    const char *subject; /* the endpoint, query, session or source */
    const char *why;     /* the figures, as text */
    double share;        /* NAN: it has none */
    struct dive dive;    /* where the line leads */
    /* What it is the cause of: the item of that kind, about that subject; NULL: about any. The cause
     * stands above, and is as grave. No kind: of none. */
    const char *causes, *causes_of;
    size_t number; /* set by worst_add: in the order of adding */
};

/* Texts of the items are static, or belong to `d`. */
struct worst_list {
    struct doc *d;
    struct worst_item *items;
    size_t n, cap;
};

void worst_add(struct worst_list *l, struct worst_item item);
void worst_sort(struct worst_list *l); /* the worst first */
/* What stood out when: the items of all views, window after window over `all`, one row for each thing with
 * its gravest figures and the time it was there. A section of `d`. */
void worst_over_time(struct doc *d, const struct view_ctx *c, struct span all);

/* A file of thresholds lists them as THRESHOLDS(X), with X(NAME, value, help), and gets
 * the enumerators T_NAME and the values in a table indexed by them. */
#define WORST_ENUM(NAME, value, help)  T_##NAME,
#define WORST_VALUE(NAME, value, help) [T_##NAME] = (value),

#endif
