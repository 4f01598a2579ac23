/* pages_field.h - what real users and loads of pages say, as parts of the view pages: from the records
 * PAGE_FIELD, PAGE_ATTRIBUTION, PAGE_TREND, PAGE_LOAD and PAGE_RECEIVER. */
#ifndef VIEW_PAGES_PAGES_FIELD_H
#define VIEW_PAGES_PAGES_FIELD_H

#include "view/view.h"

/* Adds the sections field[], attribution[], trend[] and loads[] and the object receiver{}; in JSON the lists
 * are there even when they are empty. */
void pages_field_sections(struct doc *d, const struct view_ctx *c);
/* Adds a line to the overview for each page and vital whose p75 is poor. */
void pages_field_worst(const struct view_ctx *c, struct worst_list *l);
/* Adds the p75 of vitals of real users. */
void pages_field_figures(const struct view_ctx *c, struct figures *f);

#endif
