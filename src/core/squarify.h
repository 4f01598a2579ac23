/* squarify.h - rectangles whose areas are weights, as square as it goes: Bruls, Huizing, van Wijk,
 * "Squarified Treemaps", 2000. The goal is an aspect ratio of 1, there is no space between them.
 *
 * Pure; any thread. */
#ifndef CORE_SQUARIFY_H
#define CORE_SQUARIFY_H

#include <stddef.h>

struct square_rect {
    double x0, y0, x1, y1; /* y grows downward */
};

/* Fills `in` with n rectangles in the order of their weights, which are above 0, the heaviest first. Rows lie
 * along the shorter side, along the left one when the sides are equal. */
void squarify(const double *weights, size_t n, struct square_rect in, struct square_rect *out);

#endif
