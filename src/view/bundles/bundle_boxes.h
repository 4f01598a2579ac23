/* bundle_boxes.h - a build as boxes in boxes, by number: asset, package, folder, module. */
#ifndef VIEW_BUNDLES_BUNDLE_BOXES_H
#define VIEW_BUNDLES_BUNDLE_BOXES_H

#include "view/bundles/shown_build.h"

enum bundle_colour { COLOUR_PACKAGE, COLOUR_TYPE, COLOUR_CHANGE, COLOURS };

/* Weights are minified bytes; with `change` how much each module has grown or shrunk, of those that did.
 * `levels`: 0 all; 2: packages are the innermost. They refer to `x`. */
struct bundle_boxes *bundle_boxes_new(const struct shown_build *x, enum bundle_colour colour, bool change,
                                      int levels);
void bundle_boxes_free(struct bundle_boxes *b); /* NULL is fine */
struct boxes bundle_boxes_of(struct bundle_boxes *b);
/* How many modules have no bytes, and so no box. */
size_t bundle_boxes_without(const struct bundle_boxes *b);

#endif
