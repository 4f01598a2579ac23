#ifndef VIEW_QUERIES_QUERIES_H
#define VIEW_QUERIES_QUERIES_H

#include "view/view.h"

extern const struct view queries_view;
/* What the overview lists of it: struct view.worst. */
void queries_worst(const struct view_ctx *c, struct worst_list *l);
void queries_silent(const struct view_ctx *c, struct worst_list *l); /* part of it: what fell silent */
void queries_figures(const struct view_ctx *c, struct figures *f);   /* struct view.figures */
/* What of it is linked with a thing: struct view.linked. */
void queries_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);

/* Execution time in ns; 0 when nothing is known of it. */
double queries_time(const struct query_stats *s);
/* How a query with that share of all query time is marked, alike in the list and in the overview. */
enum severity queries_severity(struct doc *d, const struct view_ctx *c, const struct query *q,
                               const struct query_stats *s, double share);

#endif
