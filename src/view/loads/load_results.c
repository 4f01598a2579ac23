#include "view/loads/load_results.h"

#include "view/loads/load_test_doc.h"

const struct result_kind LOAD_RESULTS[] = {
    {.view = "load",
     .title = "Load test",
     .group = "loads",
     .headline = load_test_headline,
     .draw = load_test_draw,
     .order = LOAD_TEST_ORDER,
     .hidden = LOAD_TEST_HIDDEN,
     .titles = LOAD_TEST_TITLES},
    {.view = "load_profile", .title = "What the log asks for", .group = "loads"},
    {.view = "load_report", .title = "Result of a load test", .group = "loads"},
    {.view = "load_compare", .title = "Comparison of load tests", .group = "loads"},
    {.view = NULL, .title = NULL},
};
