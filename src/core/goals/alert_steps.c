/* alert_steps.c - who is told of an incident, when, and what became of it: the escalation. */
#include "core/goals/alerting_internal.h"

#include "base/num.h"

#include <stdlib.h>

/* ---- what is due ---- */

static struct alert_sent *sent_of(struct alert_incident *x, size_t step, const char *receiver,
                                  enum delivery_kind kind)
{
    for (size_t i = 0; i < x->n_sent; i++)
        if (x->sent[i].step == step && x->sent[i].kind == kind && !strcmp(x->sent[i].receiver, receiver))
            return &x->sent[i];
    return NULL;
}

static struct alert_sent *add_due(struct alert_incident *x, size_t step, const char *receiver,
                                  enum delivery_kind kind)
{
    struct alert_sent *s = alert_add_sent(x);
    s->step = step;
    s->receiver = mem_strdup(receiver);
    s->kind = kind;
    s->state = DELIVERY_IS_DUE;
    return s;
}

static const struct goal_escalation *escalation_of(const struct alert_incident *x)
{
    return x->group->rule ? x->group->rule->escalation : NULL;
}

/* The steps whose time has come; those of Alertmanager at once. */
static void steps_due(struct alerting *a, struct alert_incident *x)
{
    const struct goal_escalation *e = escalation_of(x);
    for (size_t i = 0; e && i < e->n_steps; i++) {
        const struct goal_step *s = &e->steps[i];
        bool manager = alert_to_manager(a, s->to);
        bool due = manager || (s->after_ns <= x->clock_ns && !sd_known(x->acked_at));
        if (due && !sent_of(x, i, s->to, DELIVERY_FIRING))
            add_due(x, i, s->to, DELIVERY_FIRING);
    }
}

/* Alertmanager is told at every evaluation, and for a while after the end. */
static void tell_again(struct alerting *a, struct alert_incident *x)
{
    bool open = !sd_known(x->closed_at);
    for (size_t i = 0; i < x->n_sent; i++) {
        struct alert_sent *s = &x->sent[i];
        bool told = s->state != DELIVERY_IS_DUE && s->state != DELIVERY_IS_NOTED;
        if (!told || (sd_known(s->at) && s->at >= a->at) || !alert_to_manager(a, s->receiver))
            continue;
        bool wanted = s->kind == DELIVERY_FIRING
                          ? open
                          : s->kind == DELIVERY_RESOLVED && a->at - x->closed_at <= ALERT_TOLD_NS;
        if (!wanted)
            continue;
        s->state = DELIVERY_IS_DUE;
        s->attempts = 0;
        s->retry_at = SD_UNKNOWN;
    }
}

/* Has that receiver got something of it, and is nothing under way? Its first step that got there. */
bool alert_has_heard(const struct alert_incident *x, const char *receiver, size_t *step)
{
    bool heard = false;
    for (size_t i = 0; i < x->n_sent; i++) {
        const struct alert_sent *s = &x->sent[i];
        if (s->kind != DELIVERY_FIRING || strcmp(s->receiver, receiver) != 0)
            continue;
        if (s->heard && (!heard || s->step < *step)) {
            heard = true;
            *step = s->step;
        }
    }
    return heard;
}

static bool under_way(const struct alert_incident *x, const char *receiver)
{
    for (size_t i = 0; i < x->n_sent; i++)
        if (x->sent[i].kind == DELIVERY_FIRING && x->sent[i].state <= DELIVERY_IS_RETRYING &&
            x->sent[i].state != DELIVERY_IS_SENT && !strcmp(x->sent[i].receiver, receiver))
            return true;
    return false;
}

bool alert_has_kind(const struct alert_incident *x, const char *receiver, enum delivery_kind kind)
{
    for (size_t i = 0; i < x->n_sent; i++)
        if (x->sent[i].kind == kind && !strcmp(x->sent[i].receiver, receiver))
            return true;
    return false;
}

/* Everybody who has heard of it hears of its end, and PagerDuty that somebody looks after it. */
static void news_due(struct alerting *a, struct alert_incident *x)
{
    bool closed = sd_known(x->closed_at), acked = sd_known(x->acked_at);
    size_t step = 0;
    for (size_t i = 0, n = x->n_sent; i < n && (closed || acked); i++) {
        const char *to = x->sent[i].receiver;
        const struct goal_receiver *r = policy_receiver(a->policy, to);
        if (!alert_has_heard(x, to, &step))
            continue;
        if (closed && !alert_has_kind(x, to, DELIVERY_RESOLVED) &&
            (!under_way(x, to) || (r && r->type == GOAL_ALERTMANAGER)))
            add_due(x, step, to, DELIVERY_RESOLVED);
        else if (!closed && acked && r && r->type == GOAL_PAGERDUTY &&
                 !alert_has_kind(x, to, DELIVERY_ACKNOWLEDGE))
            add_due(x, step, to, DELIVERY_ACKNOWLEDGE);
    }
}

/* What is asked for again must not come before its time, and not at the moment it failed. */
bool alert_is_due(const struct alerting *a, const struct alert_sent *s)
{
    switch (s->state) {
    case DELIVERY_IS_DUE:
    case DELIVERY_IS_NOTED:
        return true;
    case DELIVERY_IS_RETRYING:
        return a->at > s->at && (!sd_known(s->retry_at) || a->at >= s->retry_at);
    default:
        return false;
    }
}

void alert_steps(struct alerting *a, struct alert_incident *x)
{
    if (!sd_known(x->closed_at))
        steps_due(a, x);
    news_due(a, x);
    tell_again(a, x);
}

/* ---- answers ---- */

const struct alert_sent *alerting_answer(struct alerting *a, size_t i, const struct delivery_answer *r)
{
    struct alert_sent *s = &a->due_of[i].incident->sent[a->due_of[i].sent];
    free(s->error);
    s->error = *r->error ? mem_strdup(r->error) : NULL;
    s->retry_at = SD_UNKNOWN;
    if (r->status >= 200 && r->status < 300) {
        s->state = DELIVERY_IS_SENT;
        s->heard = true;
    } else if (r->status == DELIVERY_NOT_TRIED) {
        s->attempts--;
        s->state = DELIVERY_IS_RETRYING;
    } else if (r->status == 0 || r->status == 429 || r->status >= 500) {
        s->state = s->attempts < ALERT_ATTEMPTS ? DELIVERY_IS_RETRYING : DELIVERY_IS_FAILED;
        if (r->status == 429 && sd_known(r->retry_after_ns))
            s->retry_at = add_sat(s->at, r->retry_after_ns);
    } else {
        s->state = DELIVERY_IS_FAILED;
    }
    return s;
}

const char *alert_next_step(const struct alerting *a, const struct alert_incident *x, sd_time *at)
{
    const struct goal_escalation *e = x ? escalation_of(x) : NULL;
    const struct goal_step *next = NULL;
    *at = SD_UNKNOWN;
    if (!e || sd_known(x->closed_at) || sd_known(x->acked_at))
        return NULL;
    for (size_t i = 0; i < e->n_steps; i++) {
        const struct goal_step *s = &e->steps[i];
        if (!sent_of((struct alert_incident *)x, i, s->to, DELIVERY_FIRING) &&
            (!next || s->after_ns < next->after_ns))
            next = s;
    }
    if (next && !alert_all_silenced(a, (struct alert_incident *)x))
        *at = add_sat(x->clock_at, MAX(0, next->after_ns - x->clock_ns));
    return next ? next->to : NULL;
}
