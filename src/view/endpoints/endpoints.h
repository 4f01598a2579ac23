#ifndef VIEW_ENDPOINTS_ENDPOINTS_H
#define VIEW_ENDPOINTS_ENDPOINTS_H

#include "view/view.h"

extern const struct view endpoints_view;
/* What the overview lists of it: struct view.worst. */
void endpoints_worst(const struct view_ctx *c, struct worst_list *l);
void endpoints_silent(const struct view_ctx *c, struct worst_list *l); /* part of it: what fell silent */
void endpoints_figures(const struct view_ctx *c, struct figures *f);   /* struct view.figures */
/* What of it is linked with a thing: struct view.linked. */
void endpoints_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);

#define ENDPOINTS_UNTIMED                                                                                    \
    "The log has no durations: add $request_time to nginx's log_format (%D to Apache's LogFormat)"

/* The note of a section with durations, with what was assumed of them, or that there are none. */
const char *endpoints_reading(struct doc *d, const struct view_ctx *c, const struct endpoint_stats *s,
                              const char *note);

/* All endpoints of the span together. */
void endpoints_totals(const struct view_ctx *c, struct endpoint_stats *all);
/* The window that rates of requests are over: for SPAN_ALL from the first to the last,
 * for a span what is covered of it. */
struct span endpoints_span(const struct view_ctx *c, const struct endpoint_stats *all);
/* Of the total time; of the requests when no durations are known. NAN: of nothing. */
double endpoints_share(const struct endpoint_stats *s, const struct endpoint_stats *all);

/* From which share of errors (status >= 500) an endpoint is marked; INFO: too few to mark. The same in every
 * view. */
enum severity endpoints_error_severity(int64_t errors, int64_t count);

#endif
