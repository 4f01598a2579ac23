/* page_parts.h - the parts of the view page, each of one report. */
#ifndef VIEW_PAGES_PAGE_PARTS_H
#define VIEW_PAGES_PAGE_PARTS_H

#include "view/pages/page_list.h"
#include "view/shared/linked.h"

void page_largest_paint(struct doc *d, const struct sd_page_report *r);
void page_blocking(struct doc *d, const struct sd_page_report *r);
void page_opportunities(struct doc *d, const struct sd_page_report *r);
void page_third_parties(struct doc *d, const struct sd_page_report *r);
void page_shifts(struct doc *d, const struct sd_page_report *r);
void page_long_tasks(struct doc *d, const struct sd_page_report *r);
void page_waterfall(struct doc *d, const struct view_ctx *c, const struct sd_page_report *r);

/* The endpoint of the model that answers a URL of the page's own host; NULL. */
const char *page_endpoint_of(const struct model *m, const struct sd_page_report *r, const char *url);
/* The build of the model that holds the file of a URL; its name is the build's path. False: there is none. */
bool page_in_bundle(const struct model *m, const char *url);
void page_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);

#endif
