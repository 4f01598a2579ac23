#ifndef VIEW_QUERIES_H
#define VIEW_QUERIES_H

#include "view/view.h"

extern const struct view queries_view;

#endif
