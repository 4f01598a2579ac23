#ifndef VIEW_SOURCES_SOURCES_H
#define VIEW_SOURCES_SOURCES_H

#include "view/view.h"

extern const struct view sources_view;
/* What the overview lists of it: struct view.worst. */
void sources_worst(const struct view_ctx *c, struct worst_list *l);
void events_worst(const struct view_ctx *c, struct worst_list *l); /* a part of it */

#endif
