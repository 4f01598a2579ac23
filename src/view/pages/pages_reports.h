/* pages_reports.h - each report of Lighthouse, for programs and for people. */
#ifndef VIEW_PAGES_PAGES_REPORTS_H
#define VIEW_PAGES_PAGES_REPORTS_H

#include "view/pages/page_list.h"

void pages_reports_list(struct doc *d, const struct page_list *l); /* reports[] of the JSON document */
/* A row for each run; nothing with one report or none. */
void pages_reports_pane(struct doc *d, const struct page_list *l);

#endif
