#ifndef VIEW_ACTIVITY_H
#define VIEW_ACTIVITY_H

#include "view/view.h"

extern const struct view activity_view;

/* The section `load`: average active sessions over time. */
void activity_load(struct doc *d, const struct view_ctx *c, struct span span);

#endif
