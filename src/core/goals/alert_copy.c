/* alert_copy.c - an engine of alerts once more, to go on by itself; and what a later one knows of before. */
#include "core/goals/alerting_internal.h"

#include "base/num.h"

#include <stdlib.h>
#include <string.h>

static void copy_sent(struct alert_incident *to, const struct alert_sent *from)
{
    struct alert_sent *s = alert_add_sent(to);
    *s = *from;
    s->receiver = mem_strdup(s->receiver);
    s->error = mem_strdup(s->error);
}

static void copy_silence(struct alerting *to, const struct alert_silence *x)
{
    struct sd_error ignored;
    struct alert_silence *y = alerting_add_silence(to, x->match, &ignored);
    if (!y)
        return;
    y->id = mem_strdup(x->id);
    y->why = mem_strdup(x->why);
    y->from = x->from;
    y->until = x->until;
}

static void copy_incident(struct alerting *to, const struct alert_incident *x)
{
    struct alert_incident *y = alerting_add_incident(to, x->key);
    char *key = y->key;
    *y = *x;
    y->key = key;
    y->alert = mem_strdup(x->alert);
    y->instance = mem_strdup(x->instance);
    y->acked_by = mem_strdup(x->acked_by);
    y->sent = NULL;
    y->n_sent = y->cap_sent = 0;
    for (size_t i = 0; i < x->n_sent; i++)
        copy_sent(y, &x->sent[i]);
    y->members = x->members ? mem_array(x->n_members + 1, sizeof *y->members) : NULL;
    for (size_t i = 0; i < x->n_members; i++) {
        y->members[i] = x->members[i];
        y->members[i].instance = mem_strdup(x->members[i].instance);
    }
    y->group = alerting_group(to, x->alert, x->slo, x->severity);
    y->one = NULL;
    if (!y->by_instance && !sd_known(y->closed_at))
        y->group->open = y;
}

/* The instance as it is in `from`, in its place. Its incident has the same number in both: *number is the
 * one of the instance before, since incidents stand in the order of their instances. */
static void copy_instance(struct alerting *to, struct alert_group *g, const struct alerting *from,
                          const struct alert_instance *x, size_t *number)
{
    struct alert_instance *y = alert_instance_of(g, x->name);
    const UT_hash_handle place = y->hh;
    char *name = y->name;
    *y = *x;
    y->hh = place;
    y->name = name;
    y->reason = mem_strdup(x->reason);
    y->unit = x->unit ? arena_strdup(to->arena, x->unit) : NULL;
    y->incident = NULL;
    y->seen = 0;
    g->firing += y->state == ALERT_FIRING;
    for (size_t i = 0; x->incident && i < from->n_incidents; i++) {
        size_t at = (*number + i) % from->n_incidents;
        if (from->incidents[at] != x->incident)
            continue;
        *number = at;
        y->incident = to->incidents[at];
        if (y->incident->by_instance && x->incident->one == x)
            y->incident->one = y;
        break;
    }
}

struct alerting *alerting_copy(const struct alerting *from)
{
    struct alerting *to = alerting_new(from->policy, from->every_ns);
    size_t number = 0;
    to->at = from->at;
    to->beat_at = from->beat_at;
    for (size_t i = 0; i < from->n_incidents; i++)
        copy_incident(to, from->incidents[i]);
    for (size_t i = 0; i < from->n_groups; i++) {
        const struct alert_group *g = from->groups[i];
        struct alert_group *h =
            i < to->n_rules ? to->groups[i] : alerting_group(to, g->alert, g->slo, g->severity);
        for (size_t k = 0; k < g->n; k++)
            copy_instance(to, h, from, g->items[k], &number);
    }
    for (size_t i = 0; i < from->n_silences; i++)
        copy_silence(to, &from->silences[i]);
    to->next_silence = from->next_silence;
    return to;
}

/* ---- what was known before ---- */

void alerting_unname(struct alerting *a, sd_time after)
{
    for (size_t i = 0; i < a->n_incidents; i++)
        if (!sd_known(after) || a->incidents[i]->opened_at > after)
            *a->incidents[i]->key = 0;
}

static bool was_open(const struct alert_incident *y, sd_time at)
{
    return y->opened_at <= at && (!sd_known(y->closed_at) || y->closed_at > at);
}

/* x as y was at that moment. */
static void recall_incident(struct alert_incident *x, const struct alert_incident *y, sd_time at)
{
    free(x->key);
    x->key = mem_strdup(y->key);
    x->opened_at = y->opened_at;
    if (sd_known(y->acked_at) && y->acked_at <= at) {
        free(x->acked_by);
        x->acked_by = mem_strdup(y->acked_by);
        x->acked_at = y->acked_at;
    }
    alert_sent_clear(x);
    for (size_t i = 0; i < y->n_sent; i++)
        if (sd_known(y->sent[i].at) && y->sent[i].at <= at)
            copy_sent(x, &y->sent[i]);
}

static void recall_instance(struct alert_instance *x, const struct alert_instance *y, sd_time at)
{
    if (y && y->state >= ALERT_FIRING && sd_known(y->fired_at) && y->fired_at <= at) {
        x->fired_at = y->fired_at;
        x->since = y->state == ALERT_FIRING ? MIN(y->since, y->fired_at) : y->fired_at;
    }
}

static void recall_group(struct alerting *a, struct alert_group *g, const struct alerting *later,
                         struct alert_group *h)
{
    for (size_t i = 0; g->open && i < later->n_incidents; i++)
        if (later->incidents[i]->group == h && was_open(later->incidents[i], a->at))
            recall_incident(g->open, later->incidents[i], a->at);
    for (size_t i = 0; i < g->n; i++) {
        struct alert_instance *x = g->items[i];
        if (x->state != ALERT_FIRING || !x->incident)
            continue;
        const struct alert_instance *y = alert_instance_find(h, x->name);
        recall_instance(x, y, a->at);
        if (x->incident->by_instance && y && y->incident && was_open(y->incident, a->at))
            recall_incident(x->incident, y->incident, a->at);
    }
}

/* How long an incident has fired by then, silences taken off. */
static void recall_clock(struct alerting *a, struct alert_incident *x)
{
    x->clock_at = a->at;
    x->clock_ns = alert_loud_ns(a, x, x->opened_at);
}

void alerting_recall(struct alerting *a, const struct alerting *later)
{
    for (size_t i = 0; i < later->n_silences; i++)
        copy_silence(a, &later->silences[i]);
    for (size_t i = 0; i < a->n_rules; i++) /* those of the rules stand first in both */
        recall_group(a, a->groups[i], later, later->groups[i]);
    for (size_t i = 0; i < a->n_incidents; i++)
        if (!sd_known(a->incidents[i]->closed_at))
            recall_clock(a, a->incidents[i]);
}
