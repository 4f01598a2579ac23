#ifndef VIEW_INDEXES_INDEXES_H
#define VIEW_INDEXES_INDEXES_H

#include "view/view.h"

extern const struct view indexes_view;
/* What of it is linked with a thing: struct view.linked. */
void indexes_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);
void indexes_worst(const struct view_ctx *c, struct worst_list *l);
/* Does a command build an index of its table now? */
bool index_is_built_now(const struct view_ctx *c, const struct index_entry *e);

#endif
