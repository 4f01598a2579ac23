/* load.h - active sessions over time: as a line, in layers and as tables. The unit is the
 * average active session: 1 is one session busy all the time. */
#ifndef VIEW_SESSIONS_LOAD_H
#define VIEW_SESSIONS_LOAD_H

#include "view/view.h"

/* "IO:DataFileRead"; CPU when it waits for nothing. In the doc. */
const char *load_wait(struct doc *d, const char *type, const char *event);

/* The section `load`: a line over the span. */
void load_graph(struct doc *d, const struct view_ctx *c, struct span span);
/* The same as a field, where the layers are drawn instead. */
void load_points(struct doc *d, const struct view_ctx *c, struct span span);
/* The sections `waits_over_time` or `routes_over_time`: layers over time. */
void load_layers(struct doc *d, const struct view_ctx *c, bool by_route);
/* The sections `waits` or `routes`: all of them, the largest first. */
void load_table(struct doc *d, const struct view_ctx *c, bool by_route);

#endif
