/* statuses.h - status codes over time: where errors began, and of what kind. */
#ifndef VIEW_ENDPOINTS_STATUSES_H
#define VIEW_ENDPOINTS_STATUSES_H

#include "view/view.h"

extern const struct view statuses_view;

/* The section `statuses`: requests per second of each class that there is, in layers. */
void statuses_graph(struct doc *d, const struct endpoint *e, struct span span, size_t n);

#endif
