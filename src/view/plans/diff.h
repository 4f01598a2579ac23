/* diff.h (view) - two plans of one statement as a document: what came of it, the
 * tree of both with figures before and after, what changed by its effect. */
#ifndef VIEW_PLANS_DIFF_H
#define VIEW_PLANS_DIFF_H

#include "view/plans/plan.h"

/* About a "query". The newest plan at the cursor against an earlier one, or against the
 * plan in the file of view_ctx. */
extern const struct view diff_view;

/* "before it another plan, at 13:26:24: d, or the view diff, shows both": when an earlier plan of the query
 * has another shape. NULL: there is none, or the plans are too large to look each time the screen is drawn.
 */
const char *plan_diff_hint(struct doc *d, const struct view_ctx *c, const struct query *q);

/* `slowdive explain BEFORE AFTER`: two inputs as the user handed them over. Of an input
 * with several plans the slowest is taken, and a note says so. NULL and a sentence. */
struct plan_input {
    const char *text;
    size_t len;
    const char *name;
};
struct doc *plan_diff_explain(struct plan_input before, struct plan_input after, struct sd_error *err);

#endif
