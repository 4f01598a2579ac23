#ifndef VIEW_INDEXES_TABLES_H
#define VIEW_INDEXES_TABLES_H

#include "view/view.h"

extern const struct view tables_view;
/* "public.orders" */
const char *tables_name(struct doc *d, const struct sd_table *t);
/* "public.line (order_id), ...": columns of other tables that reference it and have no index. */
const char *tables_keys(struct doc *d, const struct sd_table *t);
/* What of it is linked with a thing: struct view.linked. */
void tables_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);

#endif
