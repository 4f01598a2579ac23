/* policy_plans.c - what it is worth and by when: hops, costs, efforts, targets, roadmap, history. */
#include "conf/policy_reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/units.h"

/* ---- hops ---- */

static int64_t limit_of(struct policy_reader *r, const struct tree_node *map, const char *what)
{
    if (!policy_member(map, "max"))
        policy_mistake(r, map, "%s has no max, such as 50ms", what);
    return policy_duration(r, map, "max", 1, 0);
}

static void read_hop(struct policy_reader *r, const struct tree_node *n, struct name_index *names,
                     struct hop *h)
{
    static const char *const KEYS[] = {"name", "signal", "max", NULL};
    *h = (struct hop){.name = ""};
    if (!policy_map(r, n, KEYS, "a hop", "name and max"))
        return;
    h->name = policy_name(r, n, "a hop", names);
    h->signal = policy_text(r, n, "signal");
    if (policy_stopped(r))
        return;
    h->max_ns = limit_of(r, n, "a hop");
    if (h->signal && strcmp(h->signal, "db.latency") != 0 && strcmp(h->signal, "http.latency") != 0 &&
        !str_starts(h->signal, "metric:"))
        policy_wrong(r, policy_member(n, "signal"), "signal", "db.latency, http.latency or metric:NAME");
}

static void read_hop_list(struct policy_reader *r, const struct tree_node *list, struct hop_plan *p)
{
    enum { HOPS_MAX = 100 };
    struct name_index names = {0};
    size_t n = 0;
    if (list->kind != TREE_LIST || !list->child) {
        policy_wrong(r, list, "hops", "a list of hops");
        return;
    }
    if (!policy_list(r, list, "hops", "a list of hops", &n) || n > HOPS_MAX) {
        if (!policy_stopped(r))
            policy_mistake(r, list, "there are more than %d hops", HOPS_MAX);
        return;
    }
    struct hop *h = arena_alloc(r->arena, n * sizeof *h);
    for (const struct tree_node *c = list->child; c && !policy_stopped(r); c = c->next)
        read_hop(r, c, &names, &h[p->n++]);
    p->hops = h;
    name_index_free(&names);
}

/* Together the hops may take as much as the whole, or less. */
static void check_sum(struct policy_reader *r, const struct tree_node *n, const struct hop_plan *p)
{
    char sum[UNIT_TEXT_MAX], max[UNIT_TEXT_MAX];
    if (hop_plan_sum(p) <= p->max_ns)
        return;
    unit_format_int(UNIT_NS, hop_plan_sum(p), sum);
    unit_format_int(UNIT_NS, p->max_ns, max);
    policy_mistake(r, n, "the hops of \"%.60s\" may take %s together, more than its max of %s", p->name, sum,
                   max);
}

static void read_plan(struct policy_reader *r, const struct tree_node *n, struct name_index *names,
                      struct hop_plan *p)
{
    static const char *const KEYS[] = {"name", "match", "max", "hops", NULL};
    struct goal_match match = {.method = NULL};
    *p = (struct hop_plan){.name = ""};
    if (!policy_map(r, n, KEYS, "an item of hops", "name, match, max and hops"))
        return;
    const struct tree_node *hops = policy_member(n, "hops");
    p->name = policy_name(r, n, "an item of hops", names);
    if (policy_stopped(r))
        return;
    p->max_ns = limit_of(r, n, "an item of hops");
    policy_match(r, n, &match);
    p->route = match.route;
    p->method = match.method;
    p->host = match.host;
    if (policy_stopped(r))
        return;
    if (hops)
        read_hop_list(r, hops, p);
    else
        policy_mistake(r, n, "this item of hops lists no hops");
    if (!policy_stopped(r))
        check_sum(r, n, p);
}

void policy_read_hops(struct policy_reader *r, const struct tree_node *list)
{
    struct name_index names = {0};
    size_t n, i = 0;
    if (!policy_list(r, list, "hops", "a list", &n))
        return;
    struct hop_plan *p = arena_alloc(r->arena, (n + 1) * sizeof *p);
    for (const struct tree_node *c = list->child; c && !policy_stopped(r); c = c->next)
        read_plan(r, c, &names, &p[i++]);
    r->policy->hops.items = p;
    r->policy->hops.n = i;
    name_index_free(&names);
}

/* ---- costs, efforts ---- */

void policy_read_costs(struct policy_reader *r, const struct tree_node *n)
{
    static const char *const KEYS[] = {
        "currency", "month", "hour", "wait_hour", "revenue_month", "conversion_per_100ms", NULL};
    if (!policy_map(r, n, KEYS, "costs", "keys such as month: 10000"))
        return;
    struct goal_costs *c = &r->policy->costs;
    const char *currency = policy_text(r, n, "currency");
    *c = (struct goal_costs){.given = true,
                             .currency = currency ? currency : "USD",
                             .month = policy_number(r, n, "month", (double)NAN),
                             .hour = policy_number(r, n, "hour", (double)NAN),
                             .wait_hour = policy_number(r, n, "wait_hour", 0),
                             .revenue_month = policy_number(r, n, "revenue_month", (double)NAN),
                             .conversion_per_100ms = policy_share(r, n, "conversion_per_100ms", (double)NAN)};
}

void policy_read_efforts(struct policy_reader *r, const struct tree_node *map)
{
    enum { EFFORTS_MAX = 1000 };
    size_t n = 0;
    if (map->kind != TREE_MAP) {
        policy_wrong(r, map, "efforts", "techniques with hours, such as index: 2");
        return;
    }
    for (const struct tree_node *c = map->child; c; c = c->next)
        n++;
    if (n > EFFORTS_MAX)
        policy_mistake(r, map, "there are more than %d efforts", EFFORTS_MAX);
    struct goal_effort *e = arena_alloc(r->arena, (n + 1) * sizeof *e);
    n = 0;
    for (const struct tree_node *c = map->child; c && !policy_stopped(r); c = c->next) {
        double hours;
        if (c->kind != TREE_SCALAR || !num_parse_real(c->text, &hours) || hours < 0)
            policy_wrong(r, c, "an effort", "a number of hours");
        else if (policy_name_fits(r, c->key, "the name of an effort"))
            e[n++] = (struct goal_effort){.technique = arena_strdup(r->arena, c->key->text), .hours = hours};
    }
    r->policy->efforts = e;
    r->policy->n_efforts = n;
}

/* ---- months ---- */

/* "2026-12" */
static bool parse_month(const char *text, int *year, int *month)
{
    if (strlen(text) != 7 || text[4] != '-')
        return false;
    for (int i = 0; i < 7; i++)
        if (i != 4 && !isdigit((unsigned char)text[i]))
            return false;
    *year = atoi(text);
    *month = atoi(text + 5);
    return *year >= 1970 && *year < 2262 && *month >= 1 && *month <= 12;
}

static int by_month(const void *a, const void *b)
{
    const struct goal_month *x = a, *y = b;
    return (x->year - y->year) * 12 + x->month - y->month;
}

static void read_months(struct policy_reader *r, const struct tree_node *map, enum goal_signal s,
                        struct goal_target *t)
{
    enum { MONTHS_MAX = 1200 };
    size_t n = 0;
    if (map->kind != TREE_MAP) {
        policy_wrong(r, map, "months", "months with values, such as 2026-12: 130ms");
        return;
    }
    for (const struct tree_node *c = map->child; c; c = c->next)
        n++;
    if (n > MONTHS_MAX) {
        policy_mistake(r, map, "there are more than %d months", MONTHS_MAX);
        return;
    }
    struct goal_month *m = arena_alloc(r->arena, (n + 1) * sizeof *m);
    for (const struct tree_node *c = map->child; c && !policy_stopped(r); c = c->next) {
        struct goal_month *x = &m[t->n_months++];
        if (!parse_month(c->key->text, &x->year, &x->month))
            policy_wrong(r, c->key, "this month", "one such as 2026-12");
        else
            x->plan = policy_value(r, c, s, "the plan of a month");
    }
    if (t->n_months)
        qsort(m, t->n_months, sizeof *m, by_month);
    t->months = m;
}

/* ---- targets ---- */

static const struct goal_kpi *kpi_of(struct policy_reader *r, const struct tree_node *n)
{
    const struct goal_policy *p = r->policy;
    const struct tree_node *name = policy_member(n, "kpi");
    if (!name || name->kind != TREE_SCALAR) {
        policy_wrong(r, name ? name : n, "a target", "kpi: NAME");
        return NULL;
    }
    const struct goal_kpi *k = policy_kpi(p, name->text);
    if (k)
        return k;
    const char **names = arena_alloc(r->arena, (p->n_kpis + 1) * sizeof *names);
    for (size_t i = 0; i < p->n_kpis; i++)
        names[i] = p->kpis[i].name;
    const char *meant = tree_suggest(name->text, names, p->n_kpis);
    policy_mistake(r, name, "there is no KPI \"%.60s\"%s%s%s", name->text, meant ? "; did you mean \"" : "",
                   meant ? meant : "", meant ? "\"?" : "");
    return NULL;
}

static void read_target(struct policy_reader *r, const struct tree_node *n, struct name_index *seen,
                        struct goal_target *t)
{
    static const char *const KEYS[] = {"kpi", "baseline", "target", "months", NULL};
    *t = (struct goal_target){.kpi = ""};
    if (!policy_map(r, n, KEYS, "a target", "kpi, baseline, target and months"))
        return;
    const struct goal_kpi *k = kpi_of(r, n);
    if (!k)
        return;
    t->kpi = k->name;
    size_t before = seen->n;
    name_index_of(seen, k->name);
    if (seen->n == before)
        policy_mistake(r, n, "the KPI \"%.60s\" has a target before", k->name);
    const struct tree_node *baseline = policy_member(n, "baseline"), *target = policy_member(n, "target"),
                           *months = policy_member(n, "months");
    enum goal_signal s = k->figure.signal;
    t->baseline = baseline ? policy_value(r, baseline, s, "baseline") : (double)NAN;
    t->target = target ? policy_value(r, target, s, "target") : k->target;
    if (!target && !isfinite(k->target))
        policy_mistake(r, n, "neither this target nor its KPI says what is to be reached");
    if (months)
        read_months(r, months, s, t);
}

void policy_read_targets(struct policy_reader *r, const struct tree_node *list)
{
    enum { TARGETS_MAX = 1000 };
    struct name_index seen = {0};
    size_t n, i = 0;
    if (!policy_list(r, list, "targets", "a list", &n))
        return;
    if (n > TARGETS_MAX) {
        policy_mistake(r, list, "there are more than %d targets", TARGETS_MAX);
        return;
    }
    struct goal_target *t = arena_alloc(r->arena, (n + 1) * sizeof *t);
    for (const struct tree_node *c = list->child; c && !policy_stopped(r); c = c->next)
        read_target(r, c, &seen, &t[i++]);
    r->policy->targets = t;
    r->policy->n_targets = i;
    name_index_free(&seen);
}

/* ---- roadmap ---- */

static void read_milestone(struct policy_reader *r, const struct tree_node *n, struct name_index *names,
                           struct goal_milestone *m)
{
    static const char *const KEYS[] = {"month", "name", "items", "expect", NULL};
    const struct tree_node *month = policy_member(n, "month");
    *m = (struct goal_milestone){.name = ""};
    if (!policy_map(r, n, KEYS, "an item of roadmap", "month, name, items and expect"))
        return;
    m->name = policy_name(r, n, "an item of roadmap", names);
    m->items = policy_words(r, n, "items", &m->n_items);
    m->expect = policy_share(r, n, "expect", (double)NAN);
    if (!month)
        policy_mistake(r, n, "an item of roadmap has no month, such as 2026-12");
    else if (month->kind != TREE_SCALAR || !parse_month(month->text, &m->year, &m->month))
        policy_wrong(r, month, "month", "one such as 2026-12");
}

void policy_read_roadmap(struct policy_reader *r, const struct tree_node *list)
{
    struct name_index names = {0};
    size_t n, i = 0;
    if (!policy_list(r, list, "roadmap", "a list", &n))
        return;
    struct goal_milestone *m = arena_alloc(r->arena, (n + 1) * sizeof *m);
    for (const struct tree_node *c = list->child; c && !policy_stopped(r); c = c->next)
        read_milestone(r, c, &names, &m[i++]);
    r->policy->roadmap = m;
    r->policy->n_roadmap = i;
    name_index_free(&names);
}

/* ---- history ---- */

static int by_step(const void *a, const void *b)
{
    const struct goal_tier *x = a, *y = b;
    return (x->step_ns > y->step_ns) - (x->step_ns < y->step_ns);
}

/* Rows of a tier become rows of the next: its step must be made of whole ones, kept for longer. */
static void check_tiers(struct policy_reader *r, const struct tree_node *n, const struct goal_tier *t,
                        size_t count)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    for (size_t i = 1; i < count && !policy_stopped(r); i++) {
        unit_format_int(UNIT_NS, t[i - 1].step_ns, a);
        unit_format_int(UNIT_NS, t[i].step_ns, b);
        if (t[i].step_ns == t[i - 1].step_ns || t[i].step_ns % t[i - 1].step_ns)
            policy_mistake(r, n, "the tier of %s is no multiple of the one of %s", b, a);
        else if (t[i].keep_ns <= t[i - 1].keep_ns)
            policy_mistake(r, n, "the tier of %s is kept no longer than the finer one of %s", b, a);
    }
}

static void read_tiers(struct policy_reader *r, const struct tree_node *map, struct goal_history *h)
{
    enum { TIERS_MAX = 8 };
    struct goal_tier *t = arena_alloc(r->arena, TIERS_MAX * sizeof *t);
    size_t n = 0;
    if (map->kind != TREE_MAP || !map->child) {
        policy_wrong(r, map, "tiers", "steps with how long they are kept, such as 10s: 2d");
        return;
    }
    for (const struct tree_node *c = map->child; c && !policy_stopped(r); c = c->next) {
        if (n == TIERS_MAX) {
            policy_mistake(r, c->key, "there are more than %d tiers", TIERS_MAX);
        } else if (policy_duration_of(r, c->key, "the step of a tier", SD_S, &t[n].step_ns) &&
                   policy_duration_of(r, c, "how long a tier is kept", SD_S, &t[n].keep_ns)) {
            if (t[n].keep_ns < t[n].step_ns)
                policy_mistake(r, c, "a tier is kept for less than its step");
            n++;
        }
    }
    qsort(t, n, sizeof *t, by_step);
    check_tiers(r, map, t, n);
    h->tiers = t;
    h->n_tiers = n;
}

void policy_read_history(struct policy_reader *r, const struct tree_node *n)
{
    static const char *const KEYS[] = {"url", "tiers", "max_size", "cluster", NULL};
    static const char LOCAL[] = "history:";
    if (!policy_map(r, n, KEYS, "history", "keys such as url"))
        return;
    struct goal_history *h = &r->policy->history;
    const struct tree_node *url = policy_member(n, "url"), *tiers = policy_member(n, "tiers");
    h->url = policy_text(r, n, "url");
    h->cluster = policy_text(r, n, "cluster");
    h->max_size_bytes = policy_bytes(r, n, "max_size", h->max_size_bytes);
    if (tiers)
        read_tiers(r, tiers, h);
    if (!h->url || policy_stopped(r))
        return;
    if (str_starts(h->url, LOCAL) && h->url[strlen(LOCAL)])
        h->url = arena_printf(r->arena, "%s%s", LOCAL, policy_path(r, h->url + strlen(LOCAL)));
    else if (!str_starts(h->url, "clickhouse://") && !str_starts(h->url, "clickhouses://"))
        policy_wrong(r, url, "url", "history:PATH or clickhouse://USER@HOST:8123/DATABASE");
}
