/* pages.h - what views ask of the pages in the model: reports of Lighthouse, vitals of real users, loads. On
 * the model's thread.
 *
 * Each batch of a source that holds records of one of the kinds PAGE_... holds all that the source has of
 * this kind: it takes the place of what the source said of the kind before. */
#ifndef CORE_MODEL_PAGES_H
#define CORE_MODEL_PAGES_H

#include "core/model/model.h"

/* The newest records of one of the kinds PAGE_REPORT, PAGE_FIELD, PAGE_ATTRIBUTION, PAGE_TREND, PAGE_LOAD
 * and PAGE_RECEIVER at or before `at`, of all sources, in the order in which they came; count, at
 * most max. `before` is the one for the same page and metric (of a report: the same file) at the beginning of
 * the span, or when it was first seen in it. */
size_t model_page_records(const struct model *m, enum sd_kind kind, struct span span, sd_time at,
                          struct record_entry *out, size_t max);
/* How many these are. */
size_t model_page_count(const struct model *m, enum sd_kind kind, sd_time at);

struct page_report_entry {
    const struct sd_page_report *r; /* the model's, until the next model_apply */
    sd_time at;
    const char *origin;
};
/* The newest reports of all sources, in the order in which they came; count, at most max. */
size_t model_page_reports(const struct model *m, struct page_report_entry *out, size_t max);

#endif
