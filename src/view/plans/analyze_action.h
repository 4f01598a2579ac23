#ifndef VIEW_PLANS_ANALYZE_ACTION_H
#define VIEW_PLANS_ANALYZE_ACTION_H

#include "view/action.h"

extern const struct view_action analyze_action; /* EXPLAIN ANALYZE: asks for values, then confirms */

#endif
