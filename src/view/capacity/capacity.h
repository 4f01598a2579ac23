/* capacity.h - the views of capacity plans, forecasts and scaling. */
#ifndef VIEW_CAPACITY_CAPACITY_H
#define VIEW_CAPACITY_CAPACITY_H

#include "view/view.h"

extern const struct view capacity_view, estimate_view;

#endif
