/* run_gate.h - did a page get slower? Two samples of runs of Lighthouse beside each other. Pure; one thread.
 *
 * Five metrics are looked at, so that a chance finding in one of them has to be rare: a change has to be sure
 * to 99.9 %. Of LCP, one of 8 % and more has to be sure to 94 % only: that finds 500 ms with 20 runs a side
 * where the standard deviation is 450 ms. A build beside itself is then called slower in about 2 of 100
 * cases, all metrics together (tests/unit/test_run_gate.c counts). A change that nobody would feel is no
 * regression, however sure it is. */
#ifndef CORE_GOALS_RUN_GATE_H
#define CORE_GOALS_RUN_GATE_H

#include "base/base.h"
#include "slowdive/types.h"

/* With fewer runs on a side nothing is decided: then no order of the values is as rare as 99.9 %. */
enum { GATE_RUNS_NEEDED = 7 };
#define GATE_MAX_DROP 5.0 /* points of a category */

enum gate_status { GATE_PASS, GATE_UNDECIDED, GATE_REGRESSION };
const char *gate_status_name(enum gate_status s);

struct gate_metric {
    const char *page; /* URL and form factor of the new runs */
    const char *metric;
    bool plain; /* cls: not in ms */
    size_t runs_base, runs_new;
    double before, after;         /* medians; NAN: one side has none */
    double difference, low, high; /* NAN: undecided */
    double confidence;
    enum gate_status status;
};
struct gate_category {
    const char *page, *category;
    double before, after; /* medians, 0 to 1; NAN: one side has none */
    double drop;          /* in points */
    enum gate_status status;
};
struct run_gate {
    struct arena *arena;
    enum gate_status status;    /* the worst of the metrics */
    bool dropped;               /* a category did */
    size_t runs_base, runs_new; /* of the page that has the fewest */
    struct gate_metric *metrics;
    struct gate_category *categories;
    size_t n_metrics, n_categories, cap_metrics, cap_categories;
    const char **notes; /* what was not compared, in sentences */
    size_t n_notes, cap_notes;
};

/* Runs of the same page (URL and form factor) are compared; else of the same path on another host; else,
 * where there is one page on each side, these. Reports without a result do not count. False and a sentence:
 * there is nothing to compare. */
bool run_gate(struct run_gate *g, const struct sd_page_report *const *base, size_t n_base,
              const struct sd_page_report *const *now, size_t n_now, double max_drop, struct sd_error *err);
void run_gate_free(struct run_gate *g);

#endif
