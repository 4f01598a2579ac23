#include "core/goals/alert_test.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/suggest.h"

static struct delivery_instance *made_up(const struct alert_rule *r, sd_time at, bool fires, struct arena *a)
{
    struct delivery_instance *i = arena_alloc(a, sizeof *i);
    *i = (struct delivery_instance){.value = r->threshold * (r->below ? .5 : 2),
                                    .firing = fires,
                                    .fired_at = at,
                                    .resolved_at = fires ? SD_UNKNOWN : at};
    return i;
}

static void add(struct alert_test *t, const struct goal_policy *p, const struct alert_rule *r, size_t step,
                const struct goal_receiver *to, bool fires, sd_time at, struct arena *a)
{
    char text[CLOCK_TEXT_MAX];
    const char *incident = arena_printf(a, "test/%s@%s", r->name, clock_rfc3339(at, text));
    t->after_ns[t->n] = r->escalation->steps[step].after_ns;
    t->deliveries[t->n++] = (struct delivery){
        .incident = incident,
        .key = arena_printf(a, "%s/%zu/%s/test%s", incident, step, to->name, fires ? "" : "-end"),
        .alert = r->name,
        .slo = r->slo != NULL,
        .severity = r->severity,
        .kind = DELIVERY_TEST,
        .step = step,
        .receiver = to,
        .unit = r->unit,
        .threshold = r->threshold,
        .below = r->below,
        .window_ns = r->window_ns,
        .at = at,
        .opened_at = at,
        .ends_at = fires ? at + ALERT_AHEAD_MIN : at,
        .reason = "a test of the way to the receivers; the figure is made up",
        .playbook = r->playbook ? policy_playbook(p, r->playbook) : NULL,
        .instances = made_up(r, at, fires, a),
        .n_instances = 1,
        .attempts = 1,
    };
}

static void add_steps(struct alert_test *t, const struct goal_policy *p, const struct alert_rule *r,
                      sd_time at, struct arena *a)
{
    for (size_t i = 0; i < r->escalation->n_steps; i++) {
        const struct goal_receiver *to = policy_receiver(p, r->escalation->steps[i].to);
        if (!to)
            continue;
        add(t, p, r, i, to, true, at, a);
        if (to->type == GOAL_PAGERDUTY)
            add(t, p, r, i, to, false, at, a);
    }
}

/* Is it the first of the rules that has its escalation? */
static bool is_first(const struct alert_rule *rules, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (rules[k].escalation == rules[i].escalation)
            return false;
    return true;
}

static bool unknown(const struct alert_rule *rules, size_t n, const char *alert, struct sd_error *err)
{
    struct suggest near = {.word = alert};
    for (size_t i = 0; i < n; i++)
        suggest_try(&near, rules[i].name);
    return near.best ? fail(err, "there is no alert %.60s; did you mean \"%.60s\"?", alert, near.best)
                     : fail(err, "there is no alert %.60s in the policy", alert);
}

bool alert_test_make(const struct goal_policy *p, const char *alert, sd_time at, struct arena *a,
                     struct alert_test *out, struct sd_error *err)
{
    struct alert_rule *rules;
    size_t n = alert_rules(p, a, &rules), most = 0, found = 0;
    *out = (struct alert_test){.n = 0};
    if (p->of_folder)
        return fail(err,
                    "the receivers of %.200s are never used, because it belongs to the folder and not to you",
                    p->file);
    for (size_t i = 0; i < n; i++)
        most += rules[i].escalation ? 2 * rules[i].escalation->n_steps : 0;
    out->deliveries = arena_alloc(a, (most + 1) * sizeof *out->deliveries);
    out->after_ns = arena_alloc(a, (most + 1) * sizeof *out->after_ns);
    for (size_t i = 0; i < n; i++) {
        bool meant = alert ? !strcmp(rules[i].name, alert) : rules[i].escalation && is_first(rules, i);
        found += meant;
        if (meant && rules[i].escalation)
            add_steps(out, p, &rules[i], at, a);
    }
    if (alert && !found)
        return unknown(rules, n, alert, err);
    return out->n ||
           fail(err, "no step of an escalation goes to a receiver of the policy; `receivers:` names them");
}
