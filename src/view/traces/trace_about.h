/* trace_about.h - all that is known of a span, as text, and where Enter leads from it. */
#ifndef VIEW_TRACES_TRACE_ABOUT_H
#define VIEW_TRACES_TRACE_ABOUT_H

#include "view/traces/shown_trace.h"

/* As section.about; about_ctx: the struct shown_trace. */
const char *shown_about(struct doc *d, const struct section *s, const struct row *r, bool chosen);
/* Of a database's statement its query, of a cache's command the cache. No view: nothing of it is here. */
struct dive shown_dive(struct shown_trace *x, uint32_t node);

#endif
