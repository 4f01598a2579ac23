/* finish.h - what is the same for the docs of all views; view_build calls it. */
#ifndef VIEW_SHARED_FINISH_H
#define VIEW_SHARED_FINISH_H

#include "view/view.h"

void finish_doc(const struct view *v, const struct view_ctx *c, struct doc *d);

#endif
