/* goals.h - KPIs and objectives as views. What they show is computed by core/goals/signals.h at the moment
 * view_ctx.goals_at. */
#ifndef VIEW_GOALS_GOALS_H
#define VIEW_GOALS_GOALS_H

#include "core/goals/burn.h"
#include "view/view.h"

extern const struct view kpis_view, slo_view, objective_view;

enum goal_status { GOAL_UNKNOWN, GOAL_MET, GOAL_MISSED };
const char *goal_status_name(enum goal_status s); /* "met" */
enum goal_status goal_status_of(const struct goal_kpi *k, double value);

/* "93 ms", "0.12 %": a value with its unit ("ns", "bytes_per_s", ...); NULL: it is unknown. The doc's. */
const char *goal_text(struct doc *d, double value, const char *unit);
/* The window of a figure: that of the command line, else its own. */
int64_t goal_window(const struct view_ctx *c, const struct goal_figure *f);
/* Where a figure leads. */
struct dive goal_dive(struct doc *d, const struct goal_figure *f, const char *instance);
/* Why there is nothing to show; NULL: there is something. */
const char *goals_missing(struct doc *d, const struct view_ctx *c);

/* Draws the burn of an objective beside the requests that prove it. */
void slo_draw(struct doc *d, const struct view_ctx *c, const struct goal_slo *o);

/* The goals of an endpoint or a machine; what an alert, a playbook or a goal is about. */
void goals_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);

void kpis_worst(const struct view_ctx *c, struct worst_list *l);
void slo_worst(const struct view_ctx *c, struct worst_list *l);

#endif
