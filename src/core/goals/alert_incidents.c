/* alert_incidents.c - incidents: who is told of one, when, and what became of it. */
#include "core/goals/alerting_internal.h"

#include "base/clock.h"
#include "base/num.h"

#include <math.h>
#include <stdlib.h>

/* ---- incidents ---- */

void alert_incident_free(struct alert_incident *x)
{
    for (size_t i = 0; i < x->n_sent; i++) {
        free(x->sent[i].receiver);
        free(x->sent[i].error);
    }
    free(x->sent);
    for (size_t i = 0; i < x->n_members; i++)
        free(x->members[i].instance);
    free(x->members);
    free(x->key);
    free(x->alert);
    free(x->instance);
    free(x->acked_by);
    free(x);
}

struct alert_incident *alerting_add_incident(struct alerting *a, const char *key)
{
    struct alert_incident *x = mem_alloc(sizeof *x);
    *x = (struct alert_incident){.key = mem_strdup(key),
                                 .opened_at = SD_UNKNOWN,
                                 .closed_at = SD_UNKNOWN,
                                 .clock_at = SD_UNKNOWN,
                                 .acked_at = SD_UNKNOWN};
    a->incidents = mem_grow(a->incidents, a->n_incidents, &a->cap_incidents, sizeof(struct alert_incident *));
    a->incidents[a->n_incidents++] = x;
    return x;
}

struct alert_sent *alert_add_sent(struct alert_incident *x)
{
    x->sent = mem_grow(x->sent, x->n_sent, &x->cap_sent, sizeof *x->sent);
    x->sent[x->n_sent] = (struct alert_sent){.at = SD_UNKNOWN, .retry_at = SD_UNKNOWN};
    return &x->sent[x->n_sent++];
}

static struct alert_incident *open_incident(struct alerting *a, struct alert_group *g, const char *instance)
{
    char when[CLOCK_TEXT_MAX];
    bool by_instance = g->rule && g->rule->by_instance;
    clock_rfc3339(a->at, when);
    char *key = by_instance ? mem_printf("%s{%s}@%s", g->alert, instance ? instance : "", when)
                            : mem_printf("%s@%s", g->alert, when);
    struct alert_incident *x = alerting_add_incident(a, key);
    free(key);
    x->alert = mem_strdup(g->alert);
    x->instance = by_instance ? mem_strdup(instance) : NULL;
    x->by_instance = by_instance;
    x->slo = g->slo;
    x->severity = g->severity;
    x->opened_at = x->clock_at = a->at;
    x->group = g;
    return x;
}

/* The instances among which those of an incident are. */
static struct alert_instance **candidates(struct alert_incident *x, size_t *n)
{
    *n = x->by_instance ? x->one != NULL : x->group->n;
    return x->by_instance ? &x->one : x->group->items;
}

static void keep_members(struct alert_incident *x)
{
    size_t n, all = 0;
    struct alert_instance **items = candidates(x, &n);
    for (size_t i = 0; i < n; i++)
        all += items[i]->incident == x;
    x->members = mem_array(all + 1, sizeof *x->members);
    for (size_t i = 0; i < n; i++) {
        struct alert_instance *m = items[i];
        if (m->incident != x)
            continue;
        x->members[x->n_members++] = (struct alert_member){.instance = mem_strdup(m->name),
                                                           .value = m->last_value,
                                                           .fired_at = m->fired_at,
                                                           .resolved_at = m->resolved_at};
        if (m->state == ALERT_PENDING) /* what it begins is another incident */
            m->incident = NULL;
    }
}

/* What fires has an incident. */
static void follow_group(struct alerting *a, struct alert_group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        struct alert_instance *m = g->items[i];
        if (m->state != ALERT_FIRING || (m->incident && !sd_known(m->incident->closed_at)))
            continue;
        if (g->rule && g->rule->by_instance) {
            m->incident = open_incident(a, g, m->name);
            m->incident->one = m;
            continue;
        }
        if (!g->open)
            g->open = open_incident(a, g, NULL);
        m->incident = g->open;
    }
}

static bool still_fires(struct alert_incident *x)
{
    size_t n;
    struct alert_instance **items = candidates(x, &n);
    for (size_t i = 0; i < n; i++)
        if (items[i]->incident == x && items[i]->state == ALERT_FIRING)
            return true;
    return false;
}

static bool is_alertmanager(const struct alerting *a, const char *receiver)
{
    const struct goal_receiver *r = policy_receiver(a->policy, receiver);
    return r && r->type == GOAL_ALERTMANAGER;
}

/* When nothing fires of it any more. What Alertmanager was to be told of the fire is told no more. */
static void close_incident(struct alerting *a, struct alert_incident *x)
{
    x->closed_at = a->at;
    keep_members(x);
    if (x->group->open == x)
        x->group->open = NULL;
    for (size_t i = 0; i < x->n_sent; i++) {
        struct alert_sent *s = &x->sent[i];
        if (!is_alertmanager(a, s->receiver) || s->state == DELIVERY_IS_FAILED)
            continue;
        s->heard = s->heard || s->state == DELIVERY_IS_NOTED;
        s->state = s->heard ? DELIVERY_IS_SENT : DELIVERY_IS_FAILED;
    }
}

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
        bool manager = is_alertmanager(a, s->to);
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
        if (!told || (sd_known(s->at) && s->at >= a->at) || !is_alertmanager(a, s->receiver))
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
static bool has_heard(const struct alert_incident *x, const char *receiver, size_t *step)
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

static bool has_kind(const struct alert_incident *x, const char *receiver, enum delivery_kind kind)
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
        if (!has_heard(x, to, &step))
            continue;
        if (closed && !has_kind(x, to, DELIVERY_RESOLVED) &&
            (!under_way(x, to) || (r && r->type == GOAL_ALERTMANAGER)))
            add_due(x, step, to, DELIVERY_RESOLVED);
        else if (!closed && acked && r && r->type == GOAL_PAGERDUTY && !has_kind(x, to, DELIVERY_ACKNOWLEDGE))
            add_due(x, step, to, DELIVERY_ACKNOWLEDGE);
    }
}

/* What is asked for again must not come before its time, and not at the moment it failed. */
static bool is_due_now(const struct alerting *a, const struct alert_sent *s)
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

/* ---- deliveries ---- */

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
    struct alert_instance **items = candidates(x, &n_items);
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
    struct alert_instance **items = candidates(x, &n);
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

static void collect(struct alerting *a, struct alert_incident *x)
{
    const struct delivery_instance *instances = NULL;
    size_t n = 0;
    for (size_t i = 0; i < x->n_sent; i++) {
        struct alert_sent *s = &x->sent[i];
        if (!is_due_now(a, s))
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
        while (s->kind == DELIVERY_FIRING && !is_alertmanager(a, s->receiver) && given > 1 &&
               !instances[given - 1].firing)
            given--;
        add_delivery(a, x, i, instances, given);
    }
}

/* ---- the clock of the escalation ---- */

static bool all_silenced(const struct alerting *a, struct alert_incident *x)
{
    bool any = false;
    size_t n;
    struct alert_instance **items = candidates(x, &n);
    for (size_t i = 0; i < x->n_members; i++, any = true)
        if (!alert_silenced(a, x->group, x->members[i].instance, a->at, NULL))
            return false;
    for (size_t i = 0; !sd_known(x->closed_at) && i < n; i++) {
        if (items[i]->incident != x || items[i]->state != ALERT_FIRING)
            continue;
        any = true;
        if (!alert_silenced(a, x->group, items[i]->name, a->at, NULL))
            return false;
    }
    return any;
}

static void advance(struct alerting *a, struct alert_incident *x)
{
    size_t n, firing = 0;
    struct alert_instance **items = candidates(x, &n);
    const char **names = mem_array(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++)
        if (items[i]->incident == x && items[i]->state == ALERT_FIRING)
            names[firing++] = items[i]->name;
    x->clock_ns = add_sat(x->clock_ns, a->at - x->clock_at -
                                           alert_silenced_ns(a, x->group, names, firing, x->clock_at, a->at));
    x->clock_at = a->at;
    free(names);
}

static bool is_over(const struct alerting *a, const struct alert_incident *x)
{
    size_t step;
    if (!sd_known(x->closed_at) || a->at - x->closed_at < ALERT_SHOWN_NS)
        return false;
    for (size_t i = 0; i < x->n_sent; i++) {
        const struct alert_sent *s = &x->sent[i];
        if (s->state != DELIVERY_IS_SENT && s->state != DELIVERY_IS_FAILED)
            return false;
        if (has_heard(x, s->receiver, &step) && !has_kind(x, s->receiver, DELIVERY_RESOLVED))
            return false;
    }
    return true;
}

static void forget(struct alert_incident *x)
{
    size_t n;
    struct alert_instance **items = candidates(x, &n);
    for (size_t i = 0; i < n; i++)
        if (items[i]->incident == x)
            items[i]->incident = NULL;
    alert_incident_free(x);
}

static void step(struct alerting *a, struct alert_incident *x)
{
    if (!sd_known(x->closed_at) && !still_fires(x))
        close_incident(a, x);
    if (!sd_known(x->closed_at))
        advance(a, x);
    if (all_silenced(a, x))
        return;
    /* At the same moment again nothing new is sent: what is new waits for the next one. */
    if (!a->again) {
        if (!sd_known(x->closed_at))
            steps_due(a, x);
        news_due(a, x);
        tell_again(a, x);
    }
    collect(a, x);
}

void alert_incidents_step(struct alerting *a)
{
    size_t kept = 0;
    arena_free(a->scratch);
    a->scratch = arena_new();
    for (size_t i = 0; i < a->n_groups; i++)
        if (a->groups[i]->firing)
            follow_group(a, a->groups[i]);
    for (size_t i = 0; i < a->n_incidents; i++) {
        struct alert_incident *x = a->incidents[i];
        step(a, x);
        if (is_over(a, x))
            forget(x);
        else
            a->incidents[kept++] = x;
    }
    a->n_incidents = kept;
    alert_silences_prune(a);
}

size_t alerting_due(struct alerting *a, const struct delivery **out)
{
    *out = a->due;
    return a->n_due;
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
    if (next && !all_silenced(a, (struct alert_incident *)x))
        *at = add_sat(x->clock_at, MAX(0, next->after_ns - x->clock_ns));
    return next ? next->to : NULL;
}
