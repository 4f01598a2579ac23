#ifndef VIEW_ENDPOINTS_H
#define VIEW_ENDPOINTS_H

#include "view/view.h"

extern const struct view endpoints_view;

/* All endpoints of the span together. */
void endpoints_totals(const struct view_ctx *c, struct endpoint_stats *all);

#endif
