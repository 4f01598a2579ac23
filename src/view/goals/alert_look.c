#include "view/goals/alert_look.h"

#include "base/num.h"
#include "core/goals/alert_inputs.h"

/* The time before the cursor is evaluated, this far back. */
#define LOOK_BACK_NS (3600 * SD_S)
#define EVERY_NS     (15 * SD_S)
/* With many alerts at fewer moments, so that drawing stays quick. */
enum { LOOKS = 40, LOOKS_OF_RULES = 2000, LOOKS_OF_INSTANCES = 100000 };

/* Has the policy none of the alerts that the state is about? */
static bool is_of_another(const struct alerting *state)
{
    bool any = false;
    for (size_t i = 0; i < state->n_groups; i++) {
        if (state->groups[i]->n && state->groups[i]->rule)
            return false;
        any = any || state->groups[i]->n;
    }
    return any;
}

const struct alerting *alerts_state(const struct view_ctx *c)
{
    const struct alerts_known *k = c->alerts_known;
    if (!k || !k->state || !c->signals || !sd_known(k->state->at) || is_of_another(k->state))
        return NULL;
    sd_time at = k->state->at;
    bool of_data = at >= signals_first(c->signals) && at <= signals_last(c->signals);
    return k->sure || of_data ? k->state : NULL;
}

static int64_t step_of(const struct alerting *a, int64_t whole)
{
    size_t instances = 0;
    for (size_t i = 0; i < a->n_groups; i++)
        instances += a->groups[i]->n;
    int64_t looks =
        MIN(LOOKS_OF_RULES / (int64_t)MAX(a->n_rules, 1), LOOKS_OF_INSTANCES / (int64_t)(instances + 1));
    return MAX(a->every_ns, whole / MAX(1, MIN(LOOKS, looks)));
}

/* A state that is later than the cursor cannot be gone on from: the data says what fired, and the state what
 * was known of it then. */
struct alerting *alerts_look(const struct view_ctx *c, struct alert_log *log)
{
    const struct alerting *state = alerts_state(c);
    bool later = state && state->at > c->goals_at;
    struct alerting *a = state && !later ? alerting_copy(state) : alerting_new(c->policy, EVERY_NS);
    struct alert_inputs room = {.cap = 0};
    struct sd_error err;
    sd_time first = signals_first(c->signals);
    sd_time from = sd_known(first) ? MAX(add_sat(c->goals_at, -LOOK_BACK_NS), first) : c->goals_at;
    if (sd_known(a->at))
        from = MAX(from, a->at);
    from = MIN(from, c->goals_at);
    int64_t step = step_of(a, c->goals_at - from);
    a->only_looks = state && !later;
    a->changed = log ? alert_log_change : NULL;
    a->changed_ctx = log;
    for (sd_time at = c->goals_at - (c->goals_at - from) / step * step; at <= c->goals_at; at += step)
        if (!alert_evaluate(a, c->signals, at, &room, &err))
            break;
    alert_inputs_free(&room);
    if (later)
        alerting_recall(a, state);
    return a;
}
