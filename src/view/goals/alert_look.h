/* alert_look.h - alerts for the console: at the moment of its cursor, from the data it has, and from the
 * state that evaluations have written, where there is one. Nothing is written. */
#ifndef VIEW_GOALS_ALERT_LOOK_H
#define VIEW_GOALS_ALERT_LOOK_H

#include "core/goals/alert_log.h"
#include "view/view.h"

/* What evaluations have written: view_ctx.alerts_known. */
struct alerts_known {
    const struct alerting *state; /* of the console's policy; NULL: there is none */
    const char *folder;           /* where it is; NULL: nowhere */
    const char *trouble;          /* why it cannot be read; NULL */
    bool sure;                    /* it is of this data: of the present, or named by the user */
};

/* Is there a state of this data and policy? NULL: no. */
const struct alerting *alerts_state(const struct view_ctx *c);
/* The alerts at view_ctx.goals_at. `log` gets the changes on the way there; NULL ok. The caller frees it. */
struct alerting *alerts_look(const struct view_ctx *c, struct alert_log *log);

#endif
