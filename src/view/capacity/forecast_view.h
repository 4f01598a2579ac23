/* forecast_view.h - the series of the model and where they are going. */
#ifndef VIEW_CAPACITY_FORECAST_VIEW_H
#define VIEW_CAPACITY_FORECAST_VIEW_H

#include "core/result.h"
#include "view/view.h"

extern const struct view forecasts_view; /* the list */
extern const struct view forecast_view;  /* one */

/* A fifth of the history, 12 steps at least. */
size_t forecast_usual_horizon(size_t steps);

#endif
