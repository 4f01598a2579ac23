/* plan_keeper.c - who keeps the dead rows of a plan's server, by the sessions and slots of the model. */
#include "core/plans/row_keeper.h"
#include "view/plans/parts.h"

#include <stdlib.h>

enum { SESSIONS_MAX = 4096, SLOTS_MAX = 256 };

struct choice {
    const struct plan_entry *entry;
    struct plan_keeper *keeper;
    int64_t oldest; /* transactions */
};

static void consider(struct doc *d, struct choice *x, const struct sd_activity *a, sd_time now)
{
    struct strbuf b = {0};
    if (a->xmin_age <= x->oldest || !row_keeper_possible(a, x->entry->plan->database, now))
        return;
    x->oldest = a->xmin_age;
    row_keeper_words(a, &b);
    *x->keeper = (struct plan_keeper){.who = doc_text(d, strbuf_text(&b)), .since = a->xact_start};
    strbuf_free(&b);
}

/* The sessions of the model have only the slots that are far behind. */
static void consider_slots(struct doc *d, const struct view_ctx *c, struct choice *x, sd_time now)
{
    struct record_entry *all = mem_array(SLOTS_MAX, sizeof *all);
    size_t n = model_server_records(c->model, SD_REPLICATION, c->span, now, all, SLOTS_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct sd_replication *r = all[i].r;
        if (!str_eq(all[i].origin, x->entry->origin) || !str_eq(r->role, "slot") ||
            !str_eq(r->state, "inactive"))
            continue;
        const struct sd_activity slot = {.backend_type = "replication slot",
                                         .application = r->name,
                                         .state = "not in use",
                                         .xact_start = SD_UNKNOWN,
                                         .xmin_age = r->xmin_age};
        consider(d, x, &slot, now);
    }
    free(all);
}

void plan_find_keeper(struct doc *d, const struct view_ctx *c, const struct plan_entry *entry,
                      struct plan_source *src)
{
    sd_time now = span_is_all(c->span) ? INT64_MAX : c->now;
    struct session_sample *all = mem_array(SESSIONS_MAX, sizeof *all);
    struct plan_keeper *keeper = arena_alloc(d->arena, sizeof *keeper);
    struct choice x = {.entry = entry, .keeper = keeper};
    *keeper = (struct plan_keeper){.since = SD_UNKNOWN};
    size_t n = model_sessions(c->model, now, all, SESSIONS_MAX);
    src->facts.now = entry->at;
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(all[i].origin, entry->origin) || all[i].at < entry->at)
            continue;
        src->facts.keeper = keeper;
        src->facts.now = all[i].at;
        consider(d, &x, all[i].a, all[i].at);
    }
    consider_slots(d, c, &x, now);
    /* an idle server has no session to sample */
    struct span sampled = model_sampled(c->model, (struct span){entry->at, now});
    if (keeper->who || (sampled.to != SD_UNKNOWN && sampled.to > entry->at))
        src->facts.keeper = keeper;
    free(all);
}
