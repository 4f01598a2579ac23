/* alert_copy.c - an engine of alerts once more, to go on by itself. */
#include "core/goals/alerting_internal.h"

#include <stdlib.h>
#include <string.h>

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
    for (size_t i = 0; i < x->n_sent; i++) {
        struct alert_sent *s = alert_add_sent(y);
        *s = x->sent[i];
        s->receiver = mem_strdup(s->receiver);
        s->error = mem_strdup(s->error);
    }
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
    struct sd_error ignored;
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
    for (size_t i = 0; i < from->n_silences; i++) {
        const struct alert_silence *x = &from->silences[i];
        struct alert_silence *y = alerting_add_silence(to, x->match, &ignored);
        if (!y)
            continue;
        y->id = mem_strdup(x->id);
        y->why = mem_strdup(x->why);
        y->from = x->from;
        y->until = x->until;
    }
    to->next_silence = from->next_silence;
    return to;
}
