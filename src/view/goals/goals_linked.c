/* goals_linked.c - the objectives and KPIs that are about an endpoint or a machine, and what an alert is
 * about. */
#include <string.h>

#include "view/goals/goals.h"
#include "view/goals/playbook.h"
#include "view/shared/linked.h"

enum { NAMES_MAX = 64 };

/* Names of one kind, each once. */
struct names {
    const char *items[NAMES_MAX];
    size_t n;
};

static void names_add(struct names *x, const char *name)
{
    for (size_t i = 0; i < x->n; i++)
        if (str_eq(x->items[i], name))
            return;
    if (name && x->n < NAMES_MAX)
        x->items[x->n++] = name;
}

static bool of_http(const struct goal_figure *f)
{
    return str_starts(f->text ? f->text : "", "http.");
}

static bool matches(const struct goal_figure *f, const struct endpoint *e)
{
    return e && of_http(f) && goal_match_http(&f->match, endpoint_method(e), endpoint_route(e), NULL);
}

/* "fast/critical" is of the objective "fast". */
static bool is_of(const char *alert, const char *objective)
{
    size_t n = strlen(objective);
    return !strncmp(alert, objective, n) && (!alert[n] || alert[n] == '/');
}

/* What is looked for, and what fits it. */
struct looked {
    const struct view_ctx *c;
    const char *what, *name;
    const struct endpoint *endpoint; /* when it is one */
    struct names objectives, kpis, alerts, endpoints, playbooks;
};

static bool fits(const struct looked *x, const char *goal, const struct goal_figure *f, const char *playbook)
{
    if (x->endpoint)
        return matches(f, x->endpoint);
    if (str_eq(x->what, "host"))
        return str_starts(f->metric ? f->metric : "", "host.") || f->per == GOAL_PER_HOST;
    return is_of(x->name, goal) || (str_eq(x->what, "playbook") && str_eq(x->name, playbook));
}

static void add_endpoints(struct looked *x, const struct goal_figure *f)
{
    for (size_t i = 0; i < model_endpoints(x->c->model); i++) {
        const struct endpoint *e = model_endpoint(x->c->model, i);
        if (matches(f, e))
            names_add(&x->endpoints, endpoint_route(e));
    }
}

static void look(struct looked *x)
{
    const struct goal_policy *p = x->c->policy;
    for (size_t i = 0; i < p->n_slos; i++) {
        const struct goal_slo *o = &p->slos[i];
        if (!fits(x, o->name, &o->figure, o->playbook))
            continue;
        names_add(&x->objectives, o->name);
        names_add(&x->alerts, o->name);
        names_add(&x->playbooks, o->playbook);
        add_endpoints(x, &o->figure);
    }
    for (size_t i = 0; i < p->n_kpis; i++) {
        const struct goal_kpi *k = &p->kpis[i];
        if (!fits(x, k->name, &k->figure, k->playbook))
            continue;
        names_add(&x->kpis, k->name);
        if (k->has_alert)
            names_add(&x->alerts, k->name);
        names_add(&x->playbooks, k->playbook);
        add_endpoints(x, &k->figure);
    }
}

/* The list of a view, with those names alone. */
static void add_list(struct link_list *l, const char *label, const char *view, const struct names *of)
{
    linked_add(l, (struct linked){.label = label,
                                  .n = of->n,
                                  .view = view,
                                  .filter = of->n ? linked_filter(l, of->items, of->n) : NULL});
}

void goals_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    static const char *const KINDS[] = {"endpoint", "host", "alert", "playbook", "kpi", "objective", NULL};
    struct looked x = {.c = c, .what = what, .name = name};
    if (!c->policy || str_find(KINDS, what) < 0)
        return;
    bool endpoint = str_eq(what, "endpoint"), of_goal = !endpoint && !str_eq(what, "host");
    x.endpoint = endpoint ? model_find_endpoint(c->model, name) : NULL;
    if (endpoint && !x.endpoint)
        return;
    look(&x);
    for (size_t i = 0; i < x.objectives.n && !str_eq(what, "objective"); i++)
        linked_add(l, (struct linked){.label = "objective",
                                      .n = 1,
                                      .view = "objective",
                                      .arg = arena_strdup(l->arena, x.objectives.items[i])});
    if (!str_eq(what, "kpi"))
        add_list(l, "KPIs", "kpis", &x.kpis);
    if (!str_eq(what, "alert"))
        add_list(l, "alerts", "alerts", &x.alerts);
    for (size_t i = 0; i < x.playbooks.n && of_goal && !str_eq(what, "playbook"); i++)
        linked_add(l, (struct linked){.label = "what to do",
                                      .n = 1,
                                      .view = "playbook",
                                      .arg = arena_strdup(l->arena, x.playbooks.items[i])});
    if (of_goal)
        add_list(l, "endpoints it is about", "endpoints", &x.endpoints);
}
