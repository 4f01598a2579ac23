#ifndef VIEW_INDEXES_TABLES_H
#define VIEW_INDEXES_TABLES_H

#include "view/view.h"

extern const struct view tables_view;

#endif
