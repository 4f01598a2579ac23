#include "view/capacity/capacity_results.h"

#include "view/capacity/estimate_drawings.h"
#include "view/capacity/forecast_result.h"

static const char *const ROWS[] = {"rows", NULL}, *const TREND[] = {"trend", "step_ns", NULL},
                         *const PLAN_ORDER[] = {"limits", NULL},
                         *const SCALE_ORDER[] = {"rows", "decisions", NULL};
static const char *const PLAN_TITLES[] = {"limits",
                                          "Limits that all instances share",
                                          "instances_slo",
                                          "Instances for the SLO",
                                          "instances_headroom",
                                          "Instances for the headroom",
                                          "instances_total",
                                          "Instances in all zones",
                                          "ok",
                                          "Holds",
                                          "max_rate_per_s",
                                          "Reached at",
                                          "binding",
                                          "Decided by",
                                          NULL};
static const char *const QUEUE_TITLES[] = {
    "p_wait",         "Share that waits",    "queue_mean", "Waiting, mean",
    "in_system_mean", "In the system, mean", NULL};
static const char *const USL_TITLES[] = {"gamma", "Throughput of one (gamma)", "alpha", "Contention (alpha)",
                                         "beta",  "Coherency (beta)",          NULL};
static const char *const SCALE_TITLES[] = {
    "rows", "Policies", "violation_share", "Of steps", "overload_share", "Not served", NULL};

const struct result_kind CAPACITY_RESULTS[] = {
    {.view = "capacity_queue",
     .title = "Servers for a rate",
     .group = "capacity",
     .headline = queue_headline,
     .titles = QUEUE_TITLES},
    {.view = "capacity_usl",
     .title = "Scalability",
     .group = "capacity",
     .headline = usl_headline,
     .draw = usl_draw,
     .hidden = ROWS,
     .titles = USL_TITLES},
    {.view = "capacity_plan",
     .title = "Capacity plan",
     .group = "capacity",
     .headline = capacity_plan_headline,
     .order = PLAN_ORDER,
     .titles = PLAN_TITLES},
    {.view = "capacity_hops",
     .title = "Latency of hops",
     .group = "capacity",
     .headline = hop_times_headline,
     .draw = hop_times_draw,
     .hidden = ROWS},
    {.view = "forecast",
     .title = "Forecast",
     .group = "capacity",
     .headline = forecast_headline,
     .draw = forecast_draw,
     .order = FORECAST_ORDER,
     .hidden = FORECAST_HIDDEN,
     .titles = FORECAST_TITLES},
    {.view = "scale",
     .title = "Scaling policies",
     .group = "capacity",
     .headline = scale_headline,
     .draw = scale_draw,
     .order = SCALE_ORDER,
     .hidden = TREND,
     .titles = SCALE_TITLES},
    {.view = NULL, .title = NULL},
};
