/* layout.h - where the panes of a screen go. Pure; no drawing. */
#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

#include "core/doc.h"
#include "ui/grid.h"

/* A rectangle for each section of d (w == 0: not shown now), inside `area`, without
 * overlap but for the border that one above the other share. Sections stand in bands from top to bottom,
 * small drawings side by side where there is room for both, the whole in two columns on a wide screen. When
 * the height does not suffice, the focused section is shown and then as many as fit in order; what is left
 * over goes to the drawings. A section that stands aside has the whole area while it has the keys, and none
 * otherwise. */
void layout_panes(const struct doc *d, struct rect area, size_t focus, bool zoom, struct rect *out);

#endif
