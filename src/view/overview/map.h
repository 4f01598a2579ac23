/* map.h - the map: all views by place, with what each needs. */
#ifndef VIEW_OVERVIEW_MAP_H
#define VIEW_OVERVIEW_MAP_H

#include "view/view.h"

extern const struct view map_view;

#endif
