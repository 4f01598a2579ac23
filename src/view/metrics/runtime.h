/* runtime.h - what programs run in: processor, memory, garbage collection, event loop, pools. */
#ifndef VIEW_METRICS_RUNTIME_H
#define VIEW_METRICS_RUNTIME_H

#include "view/view.h"

extern const struct view runtime_view;

#endif
