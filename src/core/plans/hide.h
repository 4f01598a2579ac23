/* hide.h - a plan's body without the constants in it. */
#ifndef CORE_PLANS_HIDE_H
#define CORE_PLANS_HIDE_H

#include "base/base.h"

/* Of EXPLAIN (FORMAT JSON) or any other text. Caller frees. */
char *plan_hide_literals(const char *body);

#endif
