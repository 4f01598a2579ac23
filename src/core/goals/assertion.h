/* assertion.h - assertions about reports of Lighthouse, as LHCI makes them: getAllAssertionResults of
 * @lhci/utils 0.15, its quirks included. Pure; one thread. */
#ifndef CORE_GOALS_ASSERTION_H
#define CORE_GOALS_ASSERTION_H

#include "core/goals/check_list.h"

enum assertion_of_runs { RUNS_UNSET, RUNS_OPTIMISTIC, RUNS_PESSIMISTIC, RUNS_MEDIAN, RUNS_MEDIAN_RUN };

struct assertion {
    const char
        *key; /* "largest-contentful-paint", "categories:performance", "resource-summary:script:size" */
    const char *level;                               /* "error", "warn" */
    double max_length, max_numeric_value, min_score; /* NAN: not asserted */
    enum assertion_of_runs runs;                     /* RUNS_UNSET: that of the block */
};
/* Assertions for the pages whose URL matches. */
struct assertion_block {
    const void *url_pattern; /* for url_matches; NULL: any */
    enum assertion_of_runs runs;
    struct assertion *items;
    size_t n;
};
struct assertion_set {
    struct assertion_block *blocks;
    size_t n;
    bool (*url_matches)(const void *pattern, const char *url);
};

/* Reports are grouped by their final URL. False and a sentence: a key does not name anything. */
bool assertions_check(const struct assertion_set *s, const struct sd_page_report *const *reports, size_t n,
                      struct check_list *out, struct sd_error *err);

#endif
