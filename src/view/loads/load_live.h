/* load_live.h - a load test that is ready or runs, from what it said interval by interval. */
#ifndef VIEW_LOADS_LOAD_LIVE_H
#define VIEW_LOADS_LOAD_LIVE_H

#include "core/model/loads.h"
#include "view/view.h"

/* The phase of a test that waits to be started. */
#define LOAD_READY "ready"

/* Its document has come: it has ended, and may be run again. */
bool load_is_over(const struct model *m, sd_time now, const struct record_entry *test);
/* What it does now, in a line; in the doc. `test` is of model_loads. */
const char *load_live_line(struct doc *d, const struct view_ctx *c, const struct record_entry *test);
void load_live_sections(struct doc *d, const struct view_ctx *c, const struct record_entry *test);
/* The levels of a search so far, as a table; nothing when there are none. */
void load_levels_section(struct doc *d, const struct view_ctx *c, const struct record_entry *test);

#endif
