#include "app/agent_alerts.h"

#include "app/alert_run.h"
#include "base/clock.h"
#include "base/thread.h"
#include "base/units.h"
#include "core/goals/alert_inputs.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { STATES_MAX = 10000 };

struct agent_alerts {
    struct agent_alerts_options o;
    struct alert_inputs room;
    /* of the evaluation under way: the thread's while it runs */
    struct alerting *engine;
    struct alert_store store;
    struct alert_log log;
    struct alert_run run;
    int status;
    bool delivered;
    struct sd_error err;
    pthread_t thread;
    bool threaded;
    atomic_bool done;
    bool busy;
    char said[sizeof(struct sd_error)]; /* the sentence that was said last */
    struct arena *states_arena;
    struct agent_alert *states;
    size_t n_states;
};

struct agent_alerts *agent_alerts_new(const struct agent_alerts_options *o)
{
    struct agent_alerts *x = mem_alloc(sizeof *x);
    x->o = *o;
    return x;
}

static void say_once(struct agent_alerts *x, const char *text)
{
    if (*text && strcmp(x->said, text) != 0)
        complain("%s", text);
    snprintf(x->said, sizeof x->said, "%s", text);
}

/* ---- what became of it ---- */

static void say_notices(const struct agent_alerts *x)
{
    for (size_t i = 0; i < x->log.n_notices; i++) {
        const struct alert_notice *n = &x->log.notices[i];
        complain("%s: %s to %s: %s%s%s", n->incident ? n->incident : "heartbeat",
                 n->kind == DELIVERY_RESOLVED ? "resolved" : "firing", n->receiver, n->status,
                 n->error ? ": " : "", n->error ? n->error : "");
    }
}

static void publish_changes(struct agent_alerts *x, sd_time at)
{
    struct sd_batch *b = batch_new("alerts", at);
    struct arena *arena = arena_new();
    for (size_t i = 0; i < x->log.n_lines; i++) {
        const struct alert_line *l = &x->log.lines[i];
        bool fires = l->to == ALERT_FIRING;
        const struct sd_event e = {
            .severity = fires ? "bad" : "info",
            .title = arena_printf(arena, "alert %s", alert_state_name(l->to)),
            .text = arena_printf(arena, "%s%s%s%s: %s, before %s", l->alert, l->instance ? "{" : "",
                                 l->instance ? l->instance : "", l->instance ? "}" : "",
                                 alert_state_name(l->to), alert_state_name(l->from))};
        batch_add(b, SD_EVENT, &e);
    }
    if (batch_len(b) && x->o.changed)
        x->o.changed(x->o.changed_ctx, b);
    batch_unref(b);
    arena_free(arena);
}

/* What is asked of it between evaluations. */
static void keep_states(struct agent_alerts *x)
{
    size_t n = 0;
    arena_free(x->states_arena);
    x->states_arena = arena_new();
    x->states = arena_alloc(x->states_arena, STATES_MAX * sizeof *x->states);
    for (size_t g = 0; g < x->engine->n_groups; g++)
        for (size_t i = 0; i < x->engine->groups[g]->n && n < STATES_MAX; i++) {
            const struct alert_group *group = x->engine->groups[g];
            const struct alert_instance *a = group->items[i];
            if (!group->rule)
                continue;
            x->states[n++] = (struct agent_alert){.alert = arena_strdup(x->states_arena, group->alert),
                                                  .instance = arena_strdup(x->states_arena, a->name),
                                                  .severity = goal_severity_name(group->severity),
                                                  .firing = a->state == ALERT_FIRING};
        }
    x->n_states = n;
}

/* ---- one evaluation ---- */

static void *deliver(void *arg)
{
    struct agent_alerts *x = arg;
    x->delivered = alert_deliver(&x->run, &x->status, &x->err);
    atomic_store(&x->done, true);
    rt_wake(x->o.app->rt);
    return NULL;
}

static void let_go(struct agent_alerts *x)
{
    alerting_free(x->engine);
    x->engine = NULL;
    alert_log_free(&x->log);
    alert_store_close(&x->store);
    arena_free(x->run.arena);
    x->busy = false;
}

static void finish(struct agent_alerts *x)
{
    if (x->threaded)
        pthread_join(x->thread, NULL);
    say_once(x, x->delivered ? "" : x->err.text);
    say_notices(x);
    keep_states(x);
    let_go(x);
}

bool agent_alerts_busy(struct agent_alerts *x)
{
    if (x->busy && atomic_load(&x->done))
        finish(x);
    return x->busy;
}

bool agent_alerts_evaluate(struct agent_alerts *x, sd_time at)
{
    struct app *a = x->o.app;
    struct sd_error err = {""};
    alert_log_init(&x->log);
    x->busy = true;
    x->engine = alerting_new(&a->config->policy, x->o.every_ns);
    x->engine->changed = alert_log_change;
    x->engine->changed_ctx = &x->log;
    x->run = (struct alert_run){.sources = x->o.sources,
                                .n_sources = x->o.n_sources,
                                .store = &x->store,
                                .engine = x->engine,
                                .log = &x->log,
                                .arena = arena_new(),
                                .at = at,
                                .began = clock_mono()};
    signals_set_live(a->signals, app_is_live(a));
    if (!alert_store_open(&x->store, x->o.state, ALERT_EVALUATE, &err) ||
        !alert_store_read(&x->store, x->engine, &err) ||
        !alert_evaluate(x->engine, a->signals, at, &x->room, &err)) {
        say_once(x, err.text);
        let_go(x);
        return false;
    }
    publish_changes(x, at);
    atomic_store(&x->done, false);
    x->threaded = thread_start(&x->thread, (struct thread_kind){0}, deliver, x) == 0;
    if (!x->threaded)
        deliver(x);
    return true;
}

size_t agent_alerts_states(const struct agent_alerts *x, const struct agent_alert **out)
{
    *out = x->states;
    return x->n_states;
}

void agent_alerts_free(struct agent_alerts *x)
{
    if (!x)
        return;
    if (x->busy)
        finish(x);
    alert_inputs_free(&x->room);
    arena_free(x->states_arena);
    free(x);
}
