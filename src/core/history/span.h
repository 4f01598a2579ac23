/* span.h - in which steps a span of a history is asked for: fine where figures need it, few in all.
 *
 * Edges are moments in ascending order; step i is (edges[i], edges[i + 1]], by where intervals end, as in the
 * windows of goals. They are counted back from the end of the span, so that a window that ends there is whole
 * steps. Pure. */
#ifndef CORE_HISTORY_SPAN_H
#define CORE_HISTORY_SPAN_H

#include "base/base.h"

enum {
    HISTORY_POINTS = 240, /* as many as drawings have */
    HISTORY_EDGES_MAX = 8192
};

struct history_edges {
    sd_time *at; /* free it */
    size_t n;
};

/* Of a span that has few rows equal steps back from `to`: the shortest of 10 s, 30 s, 1 min, 5 min, 10 min,
 * 30 min, 1 h, ... that gives at most `most` of them; the first one may be shorter. So of a span up to a day,
 * that drawings of it are full. Of longer ones by age
 * (before `newest`) 5 min up to an hour, full hours up to 2 d, 6 h up to 14 d, and days beyond, where a store
 * has sums of whole blocks. from >= to: none. */
struct history_edges history_edges_even(sd_time from, sd_time to, sd_time newest, size_t most);
/* Steps of that length; as many as there is room for, which are then the last. */
struct history_edges history_edges_of(sd_time from, sd_time to, int64_t step_ns);
/* What goals look at: 10 s to 15 min, 1 min to 2 h; older as even ones. */
struct history_edges history_edges_goals(sd_time from, sd_time to, sd_time newest);
/* With the beginning of the window of each length that ends at `to`, so that it is exact. */
void history_edges_windows(struct history_edges *e, sd_time to, const int64_t *windows, size_t n);
/* With the beginnings of the months (UTC) in the span. */
void history_edges_months(struct history_edges *e);
/* The usual step that a span that long is shown in. */
int64_t history_step_for(int64_t length_ns, size_t most);

#endif
