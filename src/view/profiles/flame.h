/* flame.h - the views of the call tree: flame graph, table, one function, growth. */
#ifndef VIEW_PROFILES_FLAME_H
#define VIEW_PROFILES_FLAME_H

#include "view/view.h"

extern const struct view flame_view, calls_view, function_view, growth_view;

#endif
