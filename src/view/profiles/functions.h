/* functions.h - the view of the functions of profiles. Main thread only. */
#ifndef VIEW_PROFILES_FUNCTIONS_H
#define VIEW_PROFILES_FUNCTIONS_H

#include "view/view.h"

extern const struct view functions_view;

#endif
