#ifndef VIEW_OVERVIEW_OVERVIEW_H
#define VIEW_OVERVIEW_OVERVIEW_H

#include "view/view.h"

extern const struct view overview_view;

#endif
