/* figures.h - figures in sentences about plans, and the maximum saving of a change. */
#ifndef CORE_PLANS_FIGURES_H
#define CORE_PLANS_FIGURES_H

#include "core/doc.h"
#include "core/plans/tree.h"

/* Formatted as everywhere ("1.2 ms"), in the arena. */
const char *figure_count(struct arena *a, double v);
const char *figure_bytes(struct arena *a, double v);
const char *figure_time(struct arena *a, double ns);
const char *figure_share(struct arena *a, double share); /* nearly all is ">99.9 %" */

/* The severity of a measure by its lower limits; a limit of NAN is never reached. */
enum severity severity_of(double measure, double info, double warn, double bad);

/* At most: time, the share of the plan's time (without times: of its cost), planner's cost.
 * NAN where unknown. */
struct saving {
    double ns, share, cost;
};
struct saving saving_time(const struct plan *p, double ns);

#endif
