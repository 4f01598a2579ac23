#include "view/loads/load_results.h"

const struct result_kind LOAD_RESULTS[] = {
    {.view = "load", .title = "Load test", .group = "loads"},
    {.view = "load_profile", .title = "What the log asks for", .group = "loads"},
    {.view = "load_report", .title = "Result of a load test", .group = "loads"},
    {.view = "load_compare", .title = "Comparison of load tests", .group = "loads"},
    {.view = NULL, .title = NULL},
};
