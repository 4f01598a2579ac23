#include "core/goals/alert_log.h"

#include <stdlib.h>

void alert_log_init(struct alert_log *l)
{
    *l = (struct alert_log){.arena = arena_new()};
}

void alert_log_free(struct alert_log *l)
{
    free(l->notices);
    free(l->lines);
    arena_free(l->arena);
    *l = (struct alert_log){.arena = NULL};
}

void alert_log_notice(struct alert_log *l, const struct delivery *d, const struct alert_sent *sent,
                      const char *status)
{
    const char **instances = arena_alloc(l->arena, (d->n_instances + 1) * sizeof *instances);
    for (size_t i = 0; i < d->n_instances; i++)
        instances[i] = arena_strdup(l->arena, d->instances[i].instance);
    l->notices = mem_grow(l->notices, l->n_notices, &l->cap_notices, sizeof *l->notices);
    l->notices[l->n_notices++] = (struct alert_notice){
        .at = d->at,
        .incident = arena_strdup(l->arena, d->incident),
        .alert = arena_strdup(l->arena, d->alert),
        .receiver = arena_strdup(l->arena, d->receiver->name),
        .error = arena_strdup(l->arena, sent->error),
        .severity = d->severity,
        .kind = d->kind,
        .step = d->step,
        .type = d->receiver->type,
        .status = status ? status : sent_state_name(sent->state),
        .attempts = sent->attempts,
        .instances = instances,
        .n_instances = d->n_instances,
    };
}

void alert_log_change(void *ctx, const struct alert_change *c)
{
    struct alert_log *l = ctx;
    l->lines = mem_grow(l->lines, l->n_lines, &l->cap_lines, sizeof *l->lines);
    l->lines[l->n_lines++] = (struct alert_line){.at = c->at,
                                                 .alert = arena_strdup(l->arena, c->alert),
                                                 .instance = arena_strdup(l->arena, c->instance),
                                                 .from = c->from,
                                                 .to = c->to,
                                                 .value = c->value,
                                                 .unit = c->unit};
}
