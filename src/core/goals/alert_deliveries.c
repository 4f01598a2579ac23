/* alert_deliveries.c - what is due as messages: all that a receiver is told of an incident. */
#include "core/goals/alerting_internal.h"

#include "base/num.h"

#include <math.h>
#include <stdlib.h>

static int by_firing(const void *p, const void *q)
{
    const struct delivery_instance *a = p, *b = q;
    if (a->firing != b->firing)
        return a->firing ? -1 : 1;
    return strcmp(a->instance ? a->instance : "", b->instance ? b->instance : "");
}

static const struct delivery_instance *instances_of(struct alerting *a, struct alert_incident *x, size_t *n)
{
    size_t n_items;
    struct alert_instance **items = alert_candidates(x, &n_items);
    size_t most = sd_known(x->closed_at) ? x->n_members : n_items;
    struct delivery_instance *out = arena_alloc(a->scratch, (most + 1) * sizeof *out);
    *n = 0;
    for (size_t i = 0; sd_known(x->closed_at) && i < x->n_members; i++) {
        const struct alert_member *m = &x->members[i];
        out[(*n)++] = (struct delivery_instance){.instance = m->instance,
                                                 .value = m->value,
                                                 .fired_at = m->fired_at,
                                                 .resolved_at = m->resolved_at};
    }
    for (size_t i = 0; !sd_known(x->closed_at) && i < n_items; i++) {
        const struct alert_instance *m = items[i];
        if (m->incident == x)
            out[(*n)++] = (struct delivery_instance){.instance = m->name,
                                                     .value = m->last_value,
                                                     .firing = m->state == ALERT_FIRING,
                                                     .fired_at = m->fired_at,
                                                     .resolved_at = m->resolved_at};
    }
    if (!*n) /* a total, so that there is something to say */
        out[(*n)++] = (struct delivery_instance){.instance = x->instance,
                                                 .value = (double)NAN,
                                                 .fired_at = x->opened_at,
                                                 .resolved_at = x->closed_at};
    qsort(out, *n, sizeof *out, by_firing);
    return out;
}

/* Of an alert the limit, unit and window as its worst instance has them. */
static void say_limits(struct alert_incident *x, struct delivery *d)
{
    size_t n;
    struct alert_instance **items = alert_candidates(x, &n);
    const struct alert_rule *r = x->group->rule;
    d->unit = r ? r->unit : "";
    d->threshold = r ? r->threshold : (double)NAN;
    d->below = r && r->below;
    d->window_ns = r ? r->window_ns : SD_UNKNOWN;
    for (size_t i = 0; i < n; i++) {
        const struct alert_instance *m = items[i];
        if (m->incident != x)
            continue;
        d->unit = m->unit ? m->unit : d->unit;
        d->threshold = isnan(m->threshold) ? d->threshold : m->threshold;
        d->window_ns = m->window_ns ? m->window_ns : d->window_ns;
        d->reason = m->reason;
        break;
    }
}

static void add_delivery(struct alerting *a, struct alert_incident *x, size_t i,
                         const struct delivery_instance *instances, size_t n)
{
    const struct alert_sent *s = &x->sent[i];
    const struct alert_rule *r = x->group->rule;
    struct delivery d = {
        .incident = x->key,
        .key = arena_printf(a->scratch, "%s/%zu/%s/%s", x->key, s->step, s->receiver,
                            delivery_kind_name(s->kind)),
        .alert = x->alert,
        .slo = x->slo,
        .severity = x->severity,
        .kind = s->kind,
        .step = s->step,
        .receiver = policy_receiver(a->policy, s->receiver),
        .acked_by = x->acked_by,
        .at = a->at,
        .opened_at = x->opened_at,
        .ends_at = sd_known(x->closed_at)
                       ? x->closed_at
                       : add_sat(a->at, MAX(ALERT_AHEAD_MIN, mul_sat(ALERT_AHEAD, a->every_ns))),
        .playbook = r ? policy_playbook(a->policy, r->playbook) : NULL,
        .instances = instances,
        .n_instances = n,
        .attempts = s->attempts,
    };
    say_limits(x, &d);
    if (a->n_due == a->cap_due) {
        a->cap_due = a->cap_due ? a->cap_due * 2 : 16;
        a->due = mem_realloc(a->due, a->cap_due * sizeof *a->due);
        a->due_of = mem_realloc(a->due_of, a->cap_due * sizeof *a->due_of);
    }
    a->due_of[a->n_due] = (struct alert_due){x, i};
    a->due[a->n_due++] = d;
}

static void give_up(struct alert_sent *s, const char *why)
{
    free(s->error);
    s->error = mem_strdup(why);
    s->state = DELIVERY_IS_FAILED;
}

void alert_deliveries(struct alerting *a, struct alert_incident *x)
{
    const struct delivery_instance *instances = NULL;
    size_t n = 0;
    for (size_t i = 0; i < x->n_sent; i++) {
        struct alert_sent *s = &x->sent[i];
        if (!alert_is_due(a, s))
            continue;
        if (!policy_receiver(a->policy, s->receiver) || s->attempts >= ALERT_ATTEMPTS) {
            give_up(s, s->attempts >= ALERT_ATTEMPTS ? "begun 10 times and never confirmed"
                                                     : "the policy has no such receiver any more");
            continue;
        }
        if (!instances)
            instances = instances_of(a, x, &n);
        s->state = DELIVERY_IS_NOTED;
        s->attempts++;
        s->at = a->at;
        size_t given = n;
        /* Only Alertmanager has alerts of their own for those that are over already. */
        while (s->kind == DELIVERY_FIRING && !alert_to_manager(a, s->receiver) && given > 1 &&
               !instances[given - 1].firing)
            given--;
        add_delivery(a, x, i, instances, given);
    }
}

size_t alerting_due(struct alerting *a, const struct delivery **out)
{
    *out = a->due;
    return a->n_due;
}
