/* flame.h - the view of the call tree as a flame graph. */
#ifndef VIEW_PROFILES_FLAME_H
#define VIEW_PROFILES_FLAME_H

#include "view/view.h"

extern const struct view flame_view, function_view;

#endif
