/* alerts.h - what fires, and who was told: the engine of alerts (core/goals/alerting.h) as a document. */
#ifndef VIEW_GOALS_ALERTS_H
#define VIEW_GOALS_ALERTS_H

#include "core/goals/alert_log.h"
#include "view/view.h"

/* What the view is made of: view_ctx.alerts. */
struct alerts_shown {
    const struct alerting *engine;
    const struct alert_log *log; /* of this run; NULL: the console's */
    bool simulated;              /* with a timeline */
    sd_time from, to;            /* of a simulation: its first and last evaluation */
};

extern const struct view alerts_view;
extern const struct view_action *const alert_actions[]; /* alert_actions.c */
#define ALERT_SILENCES "Silences"                       /* title of that section */

struct doc *alerts_doc(const struct alerts_shown *a);
/* "230 ms", "14.4x": a figure of an alert in its unit. */
char *alerts_figure(const char *unit, double value, char buf[UNIT_TEXT_MAX]);

#endif
