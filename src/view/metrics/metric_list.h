/* metric_list.h - the series of all sources. */
#ifndef VIEW_METRICS_METRIC_LIST_H
#define VIEW_METRICS_METRIC_LIST_H

#include "view/view.h"

extern const struct view metrics_view;

#endif
