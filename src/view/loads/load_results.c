#include "view/loads/load_results.h"

#include "view/loads/load_compare_doc.h"
#include "view/loads/load_report_doc.h"
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
    {.view = "load_profile",
     .title = "What the log asks for",
     .group = "loads",
     .headline = load_profile_headline,
     .order = LOAD_PROFILE_ORDER,
     .titles = LOAD_PROFILE_TITLES},
    {.view = "load_report",
     .title = "Result of a load test",
     .group = "loads",
     .headline = load_report_headline,
     .order = LOAD_REPORT_ORDER,
     .titles = LOAD_REPORT_TITLES},
    {.view = "load_compare",
     .title = "Comparison of load tests",
     .group = "loads",
     .headline = load_compare_headline,
     .draw = load_compare_draw,
     .hidden = LOAD_COMPARE_HIDDEN},
    {.view = NULL, .title = NULL},
};
