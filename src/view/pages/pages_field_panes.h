/* pages_field_panes.h - what real users and loads of pages say, as panes for people. */
#ifndef VIEW_PAGES_FIELD_PANES_H
#define VIEW_PAGES_FIELD_PANES_H

#include "core/model/pages.h"
#include "core/pages/vital.h"
#include "view/shared/common.h"

/* Those of one kind now; free `items`. */
struct page_records {
    struct record_entry *items;
    size_t n;
};
struct page_records page_records_of(const struct view_ctx *c, enum sd_kind kind);
/* Item i of a list, which may be shorter than the one beside it. */
int64_t page_item(const struct sd_ints *x, uint32_t i);
const char *page_day(struct doc *d, sd_time t); /* "2026-11-20"; NULL */
/* "2.50 s", of CLS "0.25". */
const char *vital_text(struct doc *d, enum vital v, double value);
/* The first of the last points that are all more than a tenth above what was usual before; *before: that
 * median. UINT32_MAX: it did not get worse. */
uint32_t trend_worse_from(const struct sd_page_trend *f, double *before);
/* How grave a p75 is: BAD where all of its interval is poor, WARN where it is poor or needs improvement. */
enum severity vital_severity(const struct sd_page_field *f, enum vital v);

/* Vitals by page, and by device, connection, country and navigation; the elements they are about; what the
 * receivers took. */
void pages_field_panes(struct doc *d, const struct view_ctx *c, const struct page_records *fields,
                       const struct page_records *elements, const struct page_records *receivers);
/* Vitals over the weeks, and loads of pages with their third parties. */
void pages_load_panes(struct doc *d, const struct page_records *trends, const struct page_records *loads);

#endif
