#ifndef VIEW_ENDPOINTS_ENDPOINT_H
#define VIEW_ENDPOINTS_ENDPOINT_H

#include "view/view.h"

extern const struct view endpoint_view; /* about an "endpoint": "GET /orders/:id" */

#endif
