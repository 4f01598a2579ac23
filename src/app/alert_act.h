/* alert_act.h - what a person does about alerts: on the state, under its lock, by the command line and in the
 * console. Nothing is sent: the next evaluation obeys. */
#ifndef APP_ALERT_ACT_H
#define APP_ALERT_ACT_H

#include "app/alert_store.h"

struct alert_act {
    struct alert_store store;
    struct alerting *engine; /* to be changed */
    sd_time at;              /* the present; of a state whose evaluations were of another time, such as of a
                              * recording, its last one */
};

/* folder as of alert_store_open; `how`: ALERT_ACT waits for an evaluation that is under way, ALERT_EVALUATE
 * does not. False and a sentence; end it also then. */
bool alert_act_begin(struct alert_act *x, const struct goal_policy *p, const char *folder,
                     enum alert_lock how, struct sd_error *err);
/* ok: what was changed is written. False and a sentence, that of before when it was not ok. */
bool alert_act_end(struct alert_act *x, bool ok, struct sd_error *err);

#endif
