/* links.h - endpoints of a query and queries of an endpoint, as tables. */
#ifndef VIEW_QUERIES_LINKS_H
#define VIEW_QUERIES_LINKS_H

#include "view/view.h"

enum { LINKS_MAX = 64, LINKS_COLUMNS = 4 };
extern const struct column links_columns[LINKS_COLUMNS]; /* of the section `routes` */

/* The list cell `routes`: route, share, weight_s, evidence. */
struct cell links_routes(struct doc *d, const struct view_ctx *c, const struct query *q);
/* The same as a section, each row diving to its endpoint. */
void links_routes_section(struct doc *d, const struct view_ctx *c, const struct query *q);

#endif
