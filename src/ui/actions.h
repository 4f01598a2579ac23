/* actions.h - the actions of all views, as keys are bound to them. */
#ifndef UI_ACTIONS_H
#define UI_ACTIONS_H

#include "conf/action.h"
#include "view/action.h"

/* For config_new and keymap_new; made once. Main thread. */
const struct action_table *actions_all(void);
/* The view's action of that number; NULL: it is a general one. */
const struct view_action *actions_of_view(int action);

#endif
