/* call_boxes.h - a call tree as boxes: flame graphs and icicles. Main thread only. */
#ifndef VIEW_PROFILES_CALL_BOXES_H
#define VIEW_PROFILES_CALL_BOXES_H

#include "view/profiles/shown_profile.h"

/* A box for each node below the root of `p`, and one for what was cut below a node. `p` is finished, of one
 * type, and stays as long as the doc; it is `shown`'s or made of it. */
struct call_boxes;
struct call_boxes *call_boxes_new(const struct shown_profile *shown, const struct profile *p,
                                  const char *whole);
void call_boxes_free(void *boxes); /* NULL is fine */
/* As boxes by number, an icicle. */
struct boxes call_boxes_of(struct call_boxes *b);

#endif
