#ifndef VIEW_SOURCES_SOURCES_H
#define VIEW_SOURCES_SOURCES_H

#include "view/view.h"

extern const struct view sources_view;

#endif
