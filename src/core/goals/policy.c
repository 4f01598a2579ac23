/* policy.c - names of a policy's words, and what is looked up in it. */
#include "core/goals/policy.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name, *unit;
    bool quantile;
} SIGNALS[GOAL_SIGNAL_N] = {
#define SIGNAL_ROW(UPPER, name, unit, quantile) [GOAL_##UPPER] = {name, unit, quantile},
    GOAL_SIGNALS(SIGNAL_ROW)
#undef SIGNAL_ROW
        [GOAL_METRIC] = {"metric", "", false},
};

const char *goal_signal_name(enum goal_signal s)
{
    return SIGNALS[s].name;
}

const char *goal_signal_unit(enum goal_signal s)
{
    return SIGNALS[s].unit;
}

bool goal_signal_has_quantile(enum goal_signal s)
{
    return SIGNALS[s].quantile;
}

const char *goal_severity_name(enum goal_severity s)
{
    return s == GOAL_CRITICAL ? "critical" : "warning";
}

const char *goal_receiver_type_name(enum goal_receiver_type t)
{
    static const char *const NAMES[GOAL_RECEIVER_N] = {
#define RECEIVER_ROW(UPPER, name) [GOAL_##UPPER] = (name),
        GOAL_RECEIVERS(RECEIVER_ROW)
#undef RECEIVER_ROW
    };
    return NAMES[t];
}

/* ---- looking up ---- */

#define FIND(items, n, wanted)                                                                               \
    do {                                                                                                     \
        for (size_t i_ = 0; (wanted) && i_ < (n); i_++)                                                      \
            if (!strcmp((items)[i_].name, (wanted)))                                                         \
                return &(items)[i_];                                                                         \
        return NULL;                                                                                         \
    } while (0)

const struct goal_kpi *policy_kpi(const struct goal_policy *p, const char *name)
{
    FIND(p->kpis, p->n_kpis, name);
}

const struct goal_slo *policy_slo(const struct goal_policy *p, const char *name)
{
    FIND(p->slos, p->n_slos, name);
}

const struct goal_receiver *policy_receiver(const struct goal_policy *p, const char *name)
{
    FIND(p->receivers, p->n_receivers, name);
}

const struct goal_playbook *policy_playbook(const struct goal_policy *p, const char *name)
{
    FIND(p->playbooks, p->n_playbooks, name);
}

static const struct goal_escalation *escalation_named(const struct goal_policy *p, const char *name)
{
    FIND(p->escalations, p->n_escalations, name);
}

bool policy_has_escalation(const struct goal_policy *p, const char *name)
{
    return escalation_named(p, name) != NULL;
}

const struct goal_escalation *policy_escalation(const struct goal_policy *p, const char *name,
                                                enum goal_severity s)
{
    const struct goal_escalation *e = escalation_named(p, name);
    if (!e)
        e = escalation_named(p, goal_severity_name(s));
    return e ? e : escalation_named(p, "default");
}

double policy_effort(const struct goal_policy *p, const char *technique)
{
    for (size_t i = 0; technique && i < p->n_efforts; i++)
        if (!strcmp(p->efforts[i].technique, technique))
            return p->efforts[i].hours;
    return (double)NAN;
}

/* ---- matching ---- */

static bool fits(const char *pattern, const char *text)
{
    return !pattern || hop_match(pattern, text ? text : "");
}

/* What is not there is matched by stars alone: an empty text is too. */
static bool is_any(const char *pattern)
{
    return !pattern || (*pattern && strspn(pattern, "*") == strlen(pattern));
}

bool goal_match_http(const struct goal_match *m, const char *method, const char *route, const char *host)
{
    for (size_t i = 0; i < m->n_labels; i++)
        if (!is_any(m->labels[i].pattern))
            return false;
    return fits(m->method, method) && fits(m->route, route) && fits(m->host, host) && is_any(m->alert) &&
           is_any(m->instance) && is_any(m->severity);
}
