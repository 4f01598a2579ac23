#ifndef VIEW_INDEXES_INDEXES_H
#define VIEW_INDEXES_INDEXES_H

#include "view/view.h"

extern const struct view indexes_view;

#endif
