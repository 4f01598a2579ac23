/* alerting.c - the states of alerts, from evaluation to evaluation. */
#include "base/base.h"

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include "core/goals/alerting_internal.h"

#include "base/clock.h"

#include <math.h>
#include <stdlib.h>

/* ---- groups and instances ---- */

static struct alert_group *add_group(struct alerting *a, const char *alert, bool slo, enum goal_severity s)
{
    struct alert_group *g = mem_alloc(sizeof *g);
    *g = (struct alert_group){.alert = mem_strdup(alert), .slo = slo, .severity = s, .hidden_at = SD_UNKNOWN};
    a->groups = mem_grow(a->groups, a->n_groups, &a->cap_groups, sizeof(struct alert_group *));
    a->groups[a->n_groups++] = g;
    struct alert_group *same;
    HASH_FIND_STR(a->by_alert, alert, same);
    if (!same) /* a KPI may have the name of an SLO's alert */
        HASH_ADD_KEYPTR(hh, a->by_alert, g->alert, strlen(g->alert), g);
    return g;
}

struct alerting *alerting_new(const struct goal_policy *p, int64_t every_ns)
{
    struct alerting *a = mem_alloc(sizeof *a);
    *a = (struct alerting){.policy = p,
                           .arena = arena_new(),
                           .scratch = arena_new(),
                           .every_ns = every_ns,
                           .at = SD_UNKNOWN,
                           .beat_at = SD_UNKNOWN};
    a->n_rules = alert_rules(p, a->arena, &a->rules);
    for (size_t i = 0; i < a->n_rules; i++) {
        const struct alert_rule *r = &a->rules[i];
        struct alert_group *g = add_group(a, r->name, r->slo != NULL, r->severity);
        g->rule = r;
    }
    return a;
}

static void instance_free(struct alert_instance *x)
{
    free(x->name);
    free(x->reason);
    free(x);
}

static void group_free(struct alert_group *g)
{
    HASH_CLEAR(hh, g->by_name);
    for (size_t i = 0; i < g->n; i++)
        instance_free(g->items[i]);
    free(g->items);
    free(g->alert);
    free(g);
}

void alerting_free(struct alerting *a)
{
    if (!a)
        return;
    HASH_CLEAR(hh, a->by_alert);
    for (size_t i = 0; i < a->n_groups; i++)
        group_free(a->groups[i]);
    free(a->groups);
    for (size_t i = 0; i < a->n_incidents; i++)
        alert_incident_free(a->incidents[i]);
    free(a->incidents);
    for (size_t i = 0; i < a->n_silences; i++)
        alert_silence_free(&a->silences[i]);
    free(a->silences);
    free(a->due);
    free(a->due_of);
    arena_free(a->scratch);
    arena_free(a->arena);
    free(a);
}

struct alert_group *alerting_group(struct alerting *a, const char *alert, bool slo, enum goal_severity s)
{
    struct alert_group *g;
    HASH_FIND_STR(a->by_alert, alert, g);
    return g ? g : add_group(a, alert, slo, s);
}

static struct alert_instance *find(struct alert_group *g, const char *name)
{
    /* Evaluations ask for the same ones in the same order. */
    struct alert_instance *x = g->hint < g->n ? g->items[g->hint] : NULL;
    const char *key = name ? name : "";
    if (!x || strcmp(x->name ? x->name : "", key) != 0)
        HASH_FIND(hh, g->by_name, key, strlen(key), x);
    else
        g->hint++;
    return x;
}

struct alert_instance *alert_instance_find(struct alert_group *g, const char *name)
{
    struct alert_instance *x;
    const char *key = name ? name : "";
    HASH_FIND(hh, g->by_name, key, strlen(key), x);
    return x;
}

struct alert_instance *alert_instance_of(struct alert_group *g, const char *name)
{
    struct alert_instance *x = find(g, name);
    if (x)
        return x;
    x = mem_alloc(sizeof *x);
    *x = (struct alert_instance){
        .name = name && *name ? mem_strdup(name) : NULL,
        .since = SD_UNKNOWN,
        .fired_at = SD_UNKNOWN,
        .resolved_at = SD_UNKNOWN,
        .false_since = SD_UNKNOWN,
        .value_at = SD_UNKNOWN,
        .value = (double)NAN,
        .last_value = (double)NAN,
        .threshold = (double)NAN,
    };
    const char *key = x->name ? x->name : "";
    g->items = mem_grow(g->items, g->n, &g->cap, sizeof(struct alert_instance *));
    g->items[g->n++] = x;
    HASH_ADD_KEYPTR(hh, g->by_name, key, strlen(key), x);
    return x;
}

/* ---- states ---- */

static void leave_incident(struct alert_instance *x)
{
    if (x->incident && x->incident->one == x)
        x->incident->one = NULL;
    x->incident = NULL;
}

static void change(struct alerting *a, struct alert_group *g, struct alert_instance *x, enum alert_state to)
{
    enum alert_state from = x->state;
    x->state = to;
    g->firing += (to == ALERT_FIRING);
    g->firing -= (from == ALERT_FIRING);
    if (to == ALERT_FIRING) {
        x->fired_at = a->at;
        x->resolved_at = SD_UNKNOWN;
        x->false_since = SD_UNKNOWN;
    }
    if (to == ALERT_RESOLVED)
        x->resolved_at = a->at;
    /* What begins anew has nothing to do with an incident that is over. */
    bool anew = to == ALERT_PENDING || to == ALERT_FIRING;
    if (to == ALERT_INACTIVE || (anew && x->incident && sd_known(x->incident->closed_at)))
        leave_incident(x);
    if (!(from == ALERT_PENDING && to == ALERT_FIRING))
        x->since = a->at;
    if (a->changed)
        a->changed(a->changed_ctx, &(struct alert_change){a->at, g->alert, x->name, from, to, x->value});
}

/* The condition was found true or false. */
static void found(struct alerting *a, struct alert_group *g, struct alert_instance *x, bool holds)
{
    int64_t for_ns = g->rule ? g->rule->for_ns : 0, keep_ns = g->rule ? g->rule->keep_firing_ns : 0;
    switch (x->state) {
    case ALERT_INACTIVE:
    case ALERT_RESOLVED:
        if (holds)
            change(a, g, x, for_ns > 0 ? ALERT_PENDING : ALERT_FIRING);
        break;
    case ALERT_PENDING:
        if (!holds)
            change(a, g, x, ALERT_INACTIVE);
        else if (a->at - x->since >= for_ns)
            change(a, g, x, ALERT_FIRING);
        break;
    default: /* firing */
        if (holds) {
            x->false_since = SD_UNKNOWN;
            break;
        }
        if (!sd_known(x->false_since))
            x->false_since = a->at;
        if (a->at - x->false_since >= keep_ns)
            change(a, g, x, ALERT_RESOLVED);
    }
}

static void keep_reason(struct alert_instance *x, const char *reason)
{
    if (str_eq(x->reason, reason))
        return;
    free(x->reason);
    x->reason = mem_strdup(reason);
}

static void update(struct alerting *a, struct alert_group *g, struct alert_instance *x,
                   const struct alert_input *in, enum goal_missing missing)
{
    x->seen = a->evaluation;
    x->value = in->value;
    x->nodata = isnan(in->value);
    if (!x->nodata) {
        x->last_value = in->value;
        x->value_at = a->at;
    }
    if (in->unit)
        x->unit = in->unit;
    if (!isnan(in->threshold))
        x->threshold = in->threshold;
    if (in->window_ns)
        x->window_ns = in->window_ns;
    keep_reason(x, in->reason);
    if (!sd_known(x->since))
        x->since = a->at;
    if (x->state == ALERT_RESOLVED && a->at - x->resolved_at >= ALERT_SHOWN_NS)
        change(a, g, x, ALERT_INACTIVE);
    if (!x->nodata)
        found(a, g, x, in->holds);
    else if (missing != GOAL_KEEP)
        found(a, g, x, missing == GOAL_FIRE);
}

/* Those that the evaluation did not name have no data. The total that stood for a rule without any
 * instance is over once there are some. */
static void update_unseen(struct alerting *a, struct alert_group *g, bool named)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->n; i++) {
        struct alert_instance *x = g->items[i];
        const struct alert_input none = {.value = (double)NAN, .threshold = (double)NAN};
        if (x->seen != a->evaluation) {
            bool over = !g->rule || (!x->name && named);
            update(a, g, x, &none, over ? GOAL_OK : g->rule->missing);
            if (x->state == ALERT_INACTIVE) {
                HASH_DELETE(hh, g->by_name, x);
                instance_free(x);
                continue;
            }
        }
        g->items[kept++] = x;
    }
    g->n = kept;
}

bool alerting_begin(struct alerting *a, sd_time at, struct sd_error *err)
{
    char then[CLOCK_TEXT_MAX], now[CLOCK_TEXT_MAX];
    if (sd_known(a->at) && at < a->at)
        return fail(err,
                    "the last evaluation was of %s, which is after %s: the clock of alerts only goes forward",
                    clock_rfc3339(a->at, then), clock_rfc3339(at, now));
    a->again = sd_known(a->at) && at == a->at;
    a->at = at;
    a->evaluation++;
    a->n_due = 0;
    return true;
}

void alerting_rule(struct alerting *a, size_t rule, const struct alert_input *in, size_t n)
{
    struct alert_group *g = a->groups[rule];
    const struct alert_input nothing = {.value = (double)NAN, .threshold = (double)NAN};
    g->hint = 0;
    for (size_t i = 0; i < n; i++)
        update(a, g, alert_instance_of(g, in[i].instance), &in[i], g->rule->missing);
    if (!n && (!g->n || (g->n == 1 && !g->items[0]->name)))
        update(a, g, alert_instance_of(g, NULL), &nothing, g->rule->missing);
    if (g->n > n || !n)
        update_unseen(a, g, n > 0);
}

void alerting_end(struct alerting *a)
{
    /* What the policy has no more is false from now on. */
    for (size_t i = a->n_rules; i < a->n_groups; i++)
        update_unseen(a, a->groups[i], false);
    alert_incidents_step(a);
}

size_t alerting_firing(const struct alerting *a)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n_groups; i++)
        n += a->groups[i]->firing;
    return n;
}
