/* deploys.h - deploys and restarts: what may be the cause of a change. */
#ifndef VIEW_OVERVIEW_DEPLOYS_H
#define VIEW_OVERVIEW_DEPLOYS_H

#include "view/view.h"

/* The newest deploy that leaves a tenth of the window, or of all data, on both sides; out->event NULL: there
 * is none. */
void deploys_dividing(const struct view_ctx *c, struct event_entry *out);
/* "deploy 1.5.0" */
const char *deploy_words(struct doc *d, const struct event_entry *e);
/* Those in the span, the newest first, if there are any. */
void deploys_section(struct doc *d, const struct view_ctx *c, struct span span);

#endif
