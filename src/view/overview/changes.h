#ifndef VIEW_OVERVIEW_CHANGES_H
#define VIEW_OVERVIEW_CHANGES_H

#include "view/view.h"

extern const struct view changes_view;

#endif
