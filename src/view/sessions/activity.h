#ifndef VIEW_SESSIONS_ACTIVITY_H
#define VIEW_SESSIONS_ACTIVITY_H

#include "view/view.h"

extern const struct view activity_view;
/* What the overview lists of it: struct view.worst. */
void sessions_worst(const struct view_ctx *c, struct worst_list *l);
void sessions_figures(const struct view_ctx *c, struct figures *f); /* struct view.figures */
/* What of it is linked with a thing: struct view.linked. */
void sessions_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);

#endif
