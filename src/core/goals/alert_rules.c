/* alert_rules.c - what a policy alerts about, and the names of the engine's words. */
#include "core/goals/alerting.h"

#include <math.h>

const char *alert_state_name(enum alert_state s)
{
    static const char *const NAMES[] = {
#define STATE_ROW(UPPER, name) (name),
        ALERT_STATES(STATE_ROW)
#undef STATE_ROW
    };
    return NAMES[s];
}

const char *sent_state_name(enum sent_state s)
{
    static const char *const NAMES[] = {
#define STATE_ROW(UPPER, name) (name),
        SENT_STATES(STATE_ROW)
#undef STATE_ROW
    };
    return NAMES[s];
}

const char *delivery_kind_name(enum delivery_kind k)
{
    static const char *const NAMES[] = {
#define KIND_ROW(UPPER, name) (name),
        DELIVERY_KINDS(KIND_ROW)
#undef KIND_ROW
    };
    return NAMES[k];
}

static struct alert_rule of_kpi(const struct goal_policy *p, const struct goal_kpi *k)
{
    const struct goal_alert *a = &k->alert;
    return (struct alert_rule){
        .name = k->name,
        .kpi = k,
        .severity = a->severity,
        .unit = goal_signal_unit(k->figure.signal),
        .threshold = a->limit.value,
        .below = a->limit.below,
        .window_ns = k->figure.window_ns,
        .for_ns = a->for_ns,
        .keep_firing_ns = a->keep_firing_ns,
        .missing = a->missing,
        .by_instance = a->by_instance,
        .escalation = policy_escalation(p, a->escalation, a->severity),
        .playbook = k->playbook,
    };
}

/* One of a severity that some pair has. */
static bool of_slo(const struct goal_policy *p, const struct goal_slo *o, enum goal_severity s,
                   struct arena *a, struct alert_rule *out)
{
    for (size_t i = 0; i < o->n_pairs; i++) {
        if (o->pairs[i].severity != s)
            continue;
        *out = (struct alert_rule){
            .name = arena_printf(a, "%s/%s", o->name, goal_severity_name(s)),
            .slo = o,
            .severity = s,
            .unit = "burn",
            .threshold = o->pairs[i].factor,
            .window_ns = o->pairs[i].long_ns,
            .keep_firing_ns = ALERT_KEEP_NS,
            .missing = o->missing,
            .escalation = policy_escalation(p, o->escalation, s),
            .playbook = o->playbook,
        };
        return true;
    }
    return false;
}

size_t alert_rules(const struct goal_policy *p, struct arena *a, struct alert_rule **out)
{
    struct alert_rule *rules = arena_alloc(a, (p->n_kpis + 2 * p->n_slos + 1) * sizeof *rules);
    size_t n = 0;
    for (size_t i = 0; i < p->n_kpis; i++)
        if (p->kpis[i].has_alert)
            rules[n++] = of_kpi(p, &p->kpis[i]);
    for (size_t i = 0; i < p->n_slos; i++) {
        n += of_slo(p, &p->slos[i], GOAL_CRITICAL, a, &rules[n]);
        n += of_slo(p, &p->slos[i], GOAL_WARNING, a, &rules[n]);
    }
    *out = rules;
    return n;
}
