/* graph.h - what drawings over time share. */
#ifndef UI_SECTION_GRAPH_H
#define UI_SECTION_GRAPH_H

#include "ui/section/section.h"

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

/* ---- over_time.c: the columns of a drawing over time, and the cursor on one ---- */
struct over_time {
    sd_time from, to;
    size_t n;    /* points or columns of the data */
    int columns; /* that are told apart on the screen: no more than either has */
};
struct over_time over_time(sd_time from, sd_time to, size_t n, const struct pane *p);
/* The data of a column are those from *first to before *end. */
void over_time_data(const struct over_time *o, int column, size_t *first, size_t *end);
struct dive over_time_dive(const struct over_time *o, int column, struct dive to); /* with its span */
sd_time over_time_middle(const struct over_time *o, int column);
int over_time_column(const struct over_time *o, sd_time at);
/* Where a column of a plot of width w begins, and which column is at x. */
int over_time_x(const struct over_time *o, int column, int w);
int over_time_at(const struct over_time *o, int x, int w);
/* "14:03:20 to 14:03:25" */
void over_time_text(const struct over_time *o, int column, struct strbuf *out);
/* Remembers where the plot is, for the mouse and the steps of the cursor. */
void plot_place(struct pane *p, struct rect in, struct rect plot);
/* A mark in the line below the plot. */
void over_time_mark(struct draw d, struct rect plot, const struct over_time *o, int column);
/* What happened, at its moment: a dotted line where the plot is empty, and its name where there is room. */
void over_time_moments(struct draw d, struct rect plot, const struct over_time *o, const struct section *s);
/* ", restart": what happened in a column. */
void over_time_happened(const struct over_time *o, int column, const struct section *s, struct strbuf *out);

/* ---- stack.c: layers on each other; the plot's place is returned ---- */
struct rect stack_draw(struct draw d, const struct graph *g);

#endif
