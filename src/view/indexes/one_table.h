#ifndef VIEW_INDEXES_ONE_TABLE_H
#define VIEW_INDEXES_ONE_TABLE_H

#include "view/view.h"

extern const struct view table_view;

#endif
