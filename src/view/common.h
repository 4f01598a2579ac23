/* common.h - what the views share: the envelope, notes, sentences for empty panes. */
#ifndef VIEW_COMMON_H
#define VIEW_COMMON_H

#include "view/view.h"

/* The span in true times: for SPAN_ALL from the first to the last data of the model
 * (both SD_UNKNOWN when there is none). */
struct span common_span(const struct view_ctx *c);
double common_seconds(struct span s); /* NAN when it has no length */

/* from, to, lines_total, lines_unparsed, unparsed_samples[], frames_lost. */
void common_envelope(struct doc *d, const struct view_ctx *c, struct span s);

/* "last 1 min, 1234 requests, 20 s old": window, count and freshness of a pane. `n`
 * SD_UNKNOWN: no count; `last` the newest data, SD_UNKNOWN: not said. */
const char *common_note(struct doc *d, const struct view_ctx *c, int64_t n, const char *what, sd_time last);

/* Why a pane that lives on `kinds` (1u << SD_HTTP) is empty, and what to do. */
const char *common_empty(struct doc *d, const struct view_ctx *c, uint32_t kinds);

/* SQL on one line, white space folded, literals hidden when they must be. */
const char *common_sql_line(struct doc *d, const struct view_ctx *c, const char *sql);

/* Points for a graph of the span: the screen's, but no finer than a second each. */
size_t common_points(const struct view_ctx *c, struct span s);

#endif
