/* score.h - scores of Lighthouse's performance category, from the measured values.
 *
 * A metric's score is the upper tail of a log-normal curve through two control points: at `p10` it is 0.9, at
 * the median 0.5. The error function is 7.1.26 of Abramowitz and Stegun, as in Lighthouse. Versions 6 to 8
 * round to two places; from 9 on the score is clamped to its class (good, average, poor), grows by 5 % of
 * what it is above 0.9, and is floored. Versions 3 to 5 gave the curve by its median and the point of
 * diminishing returns. Source: Lighthouse, shared/statistics.js and core/audits/audit.js of these versions.
 * Pure. */
#ifndef CORE_PAGES_SCORE_H
#define CORE_PAGES_SCORE_H

#include "base/base.h"

/* "lcp" of "largest-contentful-paint"; NULL: no metric that the category has ever weighed. */
const char *page_metric_named(const char *audit);
/* "Largest Contentful Paint" of "lcp", and what is good and poor of it, by Web Vitals; NAN: not defined. */
struct page_metric_limits {
    double good, poor; /* in ms; of cls plain */
};
const char *page_metric_title(const char *metric);
struct page_metric_limits page_metric_limits(const char *metric);

/* 0 to 1; NAN: no value, or no curve is known for the metric in that version. */
double page_metric_score(const char *metric, double value, int version, bool desktop);
/* Two places, halves up; NAN stays. */
double page_score_round(double score);
/* 12 of "12.8.2"; 0: not known. */
int page_version(const char *lighthouse_version);

/* Of a report, by its weights: NAN when a weighted metric has no score, or there was a runtime error. */
double page_report_score(const struct sd_page_report *r);
/* The recomputed score of metric i of a report. */
double page_report_metric_score(const struct sd_page_report *r, size_t i);
/* Its value; NAN: it has none. */
double page_report_value(const struct sd_page_report *r, const char *metric);
/* As reported; NAN: it has no such category. */
double page_report_category(const struct sd_page_report *r, const char *category);

#endif
