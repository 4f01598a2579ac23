/* worth.h - what is worth fixing, and what it costs: the views `bottlenecks`, `costs` and `roadmap`, and what
 * they share with the reports. */
#ifndef VIEW_GOALS_WORTH_H
#define VIEW_GOALS_WORTH_H

#include "core/insight/bottlenecks.h"
#include "core/insight/goal_progress.h"
#include "view/view.h"

extern const struct view bottlenecks_view, costs_view, roadmap_view;

#define WORTH_WINDOW    (300 * SD_S)        /* of figures of all data: the newest */
#define WORTH_BYTES     ((size_t)256 << 20) /* so that 1,000 endpoints have each second of it for themselves */
#define WORTH_ENDPOINTS 20000               /* what costs most may come last */

/* The moment that figures are of: the one that was asked for, the present while a source is live, else the
 * end of the data. */
sd_time worth_moment(const struct view_ctx *c);
/* The window of the figures: that of the view, or the last WORTH_WINDOW before its moment. */
struct span worth_window(const struct view_ctx *c);

/* All of all domains, in their order; bottlenecks_free. `d` owns nothing of it. */
void worth_find(const struct view_ctx *c, struct doc *d, struct span w, struct bottlenecks *out);
/* Adds those of caches, pages, builds and profiles (worth_more.c). */
void worth_more(const struct view_ctx *c, struct span w, struct bottlenecks *b);
/* What a statement could save by its newest plan: an index, another form, what a finding says
 * (query_estimate.c). ctx: a struct view_ctx. */
bool worth_estimate(void *ctx, struct arena *a, const struct query *q, struct bottleneck_saving *out);

/* "shop/77" or "GET /orders/:id: 12 s of waiting each second": what a bottleneck is, for people. */
const char *worth_money(struct doc *d, const struct goal_policy *p, double v); /* "1200 USD" */

/* The keys `kpi baseline target months[]` of a report about progress, a row each. */
struct table *worth_targets(struct doc *d, const struct view_ctx *c);
/* Months, names, items and what is expected: the section "roadmap". */
void worth_milestones(struct doc *d, const struct view_ctx *c);

#endif
