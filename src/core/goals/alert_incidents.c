/* alert_incidents.c - incidents: when one opens and closes, its instances, and the clock of its escalation.
 */
#include "core/goals/alerting_internal.h"

#include "base/clock.h"
#include "base/num.h"
#include "core/labels.h"

#include <math.h>
#include <stdlib.h>

/* ---- incidents ---- */

void alert_sent_clear(struct alert_incident *x)
{
    for (size_t i = 0; i < x->n_sent; i++) {
        free(x->sent[i].receiver);
        free(x->sent[i].error);
    }
    x->n_sent = 0;
}

void alert_incident_free(struct alert_incident *x)
{
    alert_sent_clear(x);
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

/* The name of an instance as its incident's key has it, which is sent: without the names of people. Where
 * these are left out a number keeps the keys of one moment apart. Caller frees. */
static char *key_name(const struct alerting *a, struct alert_group *g, const char *instance)
{
    char *name = labels_hide_people(instance ? instance : "");
    if (!instance || !strcmp(name, instance))
        return name;
    if (g->hidden_at != a->at) {
        g->hidden_at = a->at;
        g->hidden = 0;
        for (size_t i = 0; i < a->n_incidents; i++) /* before the state was read, at the same moment */
            g->hidden += a->incidents[i]->group == g && a->incidents[i]->opened_at == a->at;
    }
    if (g->hidden++ == 0)
        return name;
    char *numbered = mem_printf("%s~%zu", name, g->hidden);
    free(name);
    return numbered;
}

static struct alert_incident *open_incident(struct alerting *a, struct alert_group *g, const char *instance)
{
    char when[CLOCK_TEXT_MAX];
    bool by_instance = g->rule && g->rule->by_instance;
    clock_rfc3339(a->at, when);
    char *name = by_instance ? key_name(a, g, instance) : NULL;
    char *key =
        by_instance ? mem_printf("%s{%s}@%s", g->alert, name, when) : mem_printf("%s@%s", g->alert, when);
    struct alert_incident *x = alerting_add_incident(a, key);
    free(key);
    free(name);
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
struct alert_instance **alert_candidates(struct alert_incident *x, size_t *n)
{
    *n = x->by_instance ? x->one != NULL : x->group->n;
    return x->by_instance ? &x->one : x->group->items;
}

static void keep_members(struct alert_incident *x)
{
    size_t n, all = 0;
    struct alert_instance **items = alert_candidates(x, &n);
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
    struct alert_instance **items = alert_candidates(x, &n);
    for (size_t i = 0; i < n; i++)
        if (items[i]->incident == x && items[i]->state == ALERT_FIRING)
            return true;
    return false;
}

bool alert_to_manager(const struct alerting *a, const char *receiver)
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
        if (!alert_to_manager(a, s->receiver) || s->state == DELIVERY_IS_FAILED)
            continue;
        s->heard = s->heard || s->state == DELIVERY_IS_NOTED;
        s->state = s->heard ? DELIVERY_IS_SENT : DELIVERY_IS_FAILED;
    }
}

/* ---- the clock of the escalation ---- */

bool alert_all_silenced(const struct alerting *a, struct alert_incident *x)
{
    bool any = false;
    size_t n;
    struct alert_instance **items = alert_candidates(x, &n);
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

int64_t alert_loud_ns(const struct alerting *a, struct alert_incident *x, sd_time since)
{
    size_t n, firing = 0;
    struct alert_instance **items = alert_candidates(x, &n);
    const char **names = mem_array(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++)
        if (items[i]->incident == x && items[i]->state == ALERT_FIRING)
            names[firing++] = items[i]->name;
    int64_t silenced = alert_silenced_ns(a, x->group, names, firing, since, a->at);
    free(names);
    return a->at - since - silenced;
}

static void advance(struct alerting *a, struct alert_incident *x)
{
    x->clock_ns = add_sat(x->clock_ns, alert_loud_ns(a, x, x->clock_at));
    x->clock_at = a->at;
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
        if (alert_has_heard(x, s->receiver, &step) && !alert_has_kind(x, s->receiver, DELIVERY_RESOLVED))
            return false;
    }
    return true;
}

static void forget(struct alert_incident *x)
{
    size_t n;
    struct alert_instance **items = alert_candidates(x, &n);
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
    if (a->only_looks || alert_all_silenced(a, x))
        return;
    /* At the same moment again nothing new is sent: what is new waits for the next one. */
    if (!a->again)
        alert_steps(a, x);
    alert_deliveries(a, x);
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
