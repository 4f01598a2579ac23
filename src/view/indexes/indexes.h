#ifndef VIEW_INDEXES_INDEXES_H
#define VIEW_INDEXES_INDEXES_H

#include "view/view.h"

extern const struct view indexes_view;
/* What of it is linked with a thing: struct view.linked. */
void indexes_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);

#endif
