#include "view/capacity/capacity_results.h"

#include "view/capacity/forecast_result.h"

const struct result_kind CAPACITY_RESULTS[] = {
    {.view = "capacity_queue", .title = "Servers for a rate", .group = "capacity"},
    {.view = "capacity_usl", .title = "Scalability", .group = "capacity"},
    {.view = "capacity_plan", .title = "Capacity plan", .group = "capacity"},
    {.view = "capacity_hops", .title = "Latency of hops", .group = "capacity"},
    {.view = "forecast",
     .title = "Forecast",
     .group = "capacity",
     .headline = forecast_headline,
     .draw = forecast_draw,
     .order = FORECAST_ORDER,
     .hidden = FORECAST_HIDDEN,
     .titles = FORECAST_TITLES},
    {.view = "scale", .title = "Scaling policies", .group = "capacity"},
    {.view = NULL, .title = NULL},
};
