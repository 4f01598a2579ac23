/* graph.h - what drawings over time share. */
#ifndef UI_SECTION_GRAPH_H
#define UI_SECTION_GRAPH_H

#include "ui/widgets.h"

enum {
    GRAPH_LABEL = 8,
    GRAPH_BESIDE_FROM = 60
}; /* columns of the scale; names stand beside from this width */

/* The next figure of 1, 2, 5, 10, ... at or above: an axis that rarely moves. */
double graph_top(double v);
/* 0, `top` and when there is room half of it, left of the plot. */
void graph_scale(struct draw d, struct rect plot, enum unit unit, double top);
/* When it begins and ends, or, live, how long it is. */
void graph_time_axis(struct draw d, struct rect r, sd_time from, sd_time to);

/* ---- stack.c: layers on each other ---- */
void stack_draw(struct draw d, const struct section *s);

#endif
