/* loads.h - the views of load tests. */
#ifndef VIEW_LOADS_LOADS_H
#define VIEW_LOADS_LOADS_H

#include "view/view.h"

extern const struct view loads_view, load_test_view;
extern const struct view_action *const load_actions[]; /* NULL-terminated */

#endif
