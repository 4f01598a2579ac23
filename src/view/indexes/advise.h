/* advise.h (view) - index advice for a whole workload as a document: the view `advise`, and
 * what `slowdive advise` prints. */
#ifndef VIEW_INDEXES_ADVISE_H
#define VIEW_INDEXES_ADVISE_H

#include "view/view.h"

extern const struct view advise_view; /* about a "database": "shop@prod" */
extern const struct view_action *const advise_actions[];

/* The document of a source's reply to the job. NULL and a sentence when the search gave
 * nothing. */
struct doc *advise_reply(const struct sd_batch *reply, bool show_literals, struct sd_error *err);

/* The section `rewrites`, where there are any. */
void advise_add_rewrites(struct doc *d, const struct advice_entry *e);

/* The columns of it, for the manual; those of the indexes are the view's. */
extern const struct column advise_rewrite_columns[];
extern const size_t advise_n_rewrite_columns;

#endif
