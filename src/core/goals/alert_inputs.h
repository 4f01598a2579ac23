/* alert_inputs.h - one evaluation of all alerts: the figures of a store of signals at a moment, held against
 * the policy's limits and burn rates, given to the engine. Pure. */
#ifndef CORE_GOALS_ALERT_INPUTS_H
#define CORE_GOALS_ALERT_INPUTS_H

#include "core/goals/alerting.h"
#include "core/goals/signals.h"

/* The room that evaluations share; {0} to begin with. */
struct alert_inputs {
    struct signal_value *values;
    struct alert_input *inputs;
    size_t cap;
    size_t room; /* for further instances in this evaluation */
    struct strbuf reason;
};
void alert_inputs_free(struct alert_inputs *x);

/* False and a sentence: the moment is before that of the last evaluation. The store knows the figures of the
 * same policy. */
bool alert_evaluate(struct alerting *a, struct signals *s, sd_time at, struct alert_inputs *room,
                    struct sd_error *err);

#endif
