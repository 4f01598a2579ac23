/* db_families.h - histograms of metrics that hold durations of statements, by the names of who writes them.
 * Pure. */
#ifndef CORE_GOALS_DB_FAMILIES_H
#define CORE_GOALS_DB_FAMILIES_H

#include "base/base.h"

/* ns of the unit of its bounds; 0: it holds none. The name is without "_bucket"; a dot in it counts as
 * an underscore, and another name before it and an underscore do not matter. */
double db_family_unit(const char *name, size_t len);

#endif
