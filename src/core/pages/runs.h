/* runs.h - several runs of Lighthouse on the same page: which belong together, their medians and spread.
 * Pure.
 */
#ifndef CORE_PAGES_RUNS_H
#define CORE_PAGES_RUNS_H

#include "base/base.h"

enum { PAGE_METRICS_MAX = 16, PAGE_CATEGORIES_MAX = 16 };

struct page_spread {
    const char *id; /* "lcp"; of a category "seo" */
    size_t n;
    double median, low, high; /* of runs with a result; in ms, of cls plain, of a category 0 to 1 */
};

/* Runs of one URL and form factor. Texts and reports are the caller's. */
struct page_runs {
    const char *url, *form_factor;
    size_t runs, no_result;
    double score;                       /* median of the runs; NAN: none has a result */
    const struct sd_page_report *shown; /* the run that stands for all (LHCI); without a result the newest */
    const char *cause, *cause_text;     /* the runtime error of the newest run without a result; NULL */
    struct page_spread metrics[PAGE_METRICS_MAX];
    size_t n_metrics;
    struct page_spread categories[PAGE_CATEGORIES_MAX]; /* of runs without a runtime error */
    size_t n_categories;
};

/* In the order of their first reports; caller frees. A run without a score counts in no median. */
struct page_runs *page_runs_of(const struct sd_page_report *const *reports, size_t n, size_t *n_out);
/* Is the report of these runs? */
bool page_runs_has(const struct page_runs *g, const struct sd_page_report *r);
/* NULL: not measured. */
const struct page_spread *page_runs_metric(const struct page_runs *g, const char *metric);

/* Middle of the sorted, of an even number the mean of both; NAN of none. Sorts. */
double page_median(double *values, size_t n);

#endif
