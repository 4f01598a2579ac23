/* hosts.h - the view `hosts`: the machines of a history, each beside the others. */
#ifndef VIEW_HOSTS_HOSTS_H
#define VIEW_HOSTS_HOSTS_H

#include "view/view.h"

extern const struct view hosts_view;

/* What "GET /orders/:id" is of: method NULL: any; both NULL: all requests. Free both. */
struct hosts_subject {
    char *method, *route;
};
struct hosts_subject hosts_subject(const char *endpoint);
/* Has the store keep what the view shows of that, which lives as long as the store: before the data comes. */
void hosts_want(struct signals *s, const struct hosts_subject *of, int64_t window_ns);

#endif
