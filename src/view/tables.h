#ifndef VIEW_TABLES_H
#define VIEW_TABLES_H

#include "view/view.h"

extern const struct view tables_view;

#endif
