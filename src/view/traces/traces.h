/* traces.h - the views of traces: the list, one as a waterfall, which service calls which. */
#ifndef VIEW_TRACES_TRACES_H
#define VIEW_TRACES_TRACES_H

#include "view/shared/linked.h"
#include "view/shared/worst.h"

struct view_action;
struct figures;
extern const struct view traces_view, trace_view, services_view;
extern const struct view_action *const TRACE_ACTIONS[]; /* NULL-terminated */

void traces_worst(const struct view_ctx *c, struct worst_list *l);
void traces_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);

/* For the view endpoint: what the traces of it show to be wrong, how often and what it costs; its slowest
 * traces and exemplars. Nothing when there is neither. endpoint: "GET /orders/:id". */
void endpoint_traces_sections(struct doc *d, const struct view_ctx *c, const char *endpoint);

#endif
