#ifndef VIEW_SESSIONS_ACTIVITY_H
#define VIEW_SESSIONS_ACTIVITY_H

#include "view/view.h"

extern const struct view activity_view;

#endif
