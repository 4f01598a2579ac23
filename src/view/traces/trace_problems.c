#include "view/traces/trace_problems.h"

#include <stdlib.h>
#include <string.h>

#include "core/insight/trace_summary.h"
#include "view/traces/trace_lookup.h"

enum { PROBLEMS_MOST = 500 };

struct looked_at {
    const char *endpoint;
    int64_t traces;
};
struct gathering {
    struct looked_at *endpoints;
    size_t n_endpoints, cap_endpoints;
    struct trace_problem *items;
    size_t n, cap;
    struct arena *arena;
};

static struct trace_problem *problem_of(struct gathering *g, const char *endpoint, enum trace_rule rule,
                                        const char *about)
{
    for (size_t i = 0; i < g->n; i++) {
        struct trace_problem *p = &g->items[i];
        if (p->rule == rule && str_eq(p->about, about) &&
            (p->endpoint == endpoint || str_eq(p->endpoint, endpoint)))
            return p;
    }
    if (g->n == PROBLEMS_MOST)
        return NULL;
    g->items = mem_grow(g->items, g->n, &g->cap, sizeof *g->items);
    g->items[g->n] = (struct trace_problem){.endpoint = arena_strdup(g->arena, endpoint),
                                            .rule = rule,
                                            .about = arena_strdup(g->arena, about),
                                            .worst_ns = -1};
    return &g->items[g->n++];
}

static struct looked_at *endpoint_of(struct gathering *g, const char *endpoint)
{
    for (size_t i = 0; i < g->n_endpoints; i++)
        if (g->endpoints[i].endpoint == endpoint || str_eq(g->endpoints[i].endpoint, endpoint))
            return &g->endpoints[i];
    g->endpoints = mem_grow(g->endpoints, g->n_endpoints, &g->cap_endpoints, sizeof *g->endpoints);
    g->endpoints[g->n_endpoints] = (struct looked_at){.endpoint = endpoint};
    return &g->endpoints[g->n_endpoints++];
}

static const char *about_of(const struct trace_tree *k, const struct trace_finding *f)
{
    uint32_t node = f->first == TREE_NONE ? f->node : f->first;
    const struct trace_span *s = &k->trace->spans[k->nodes[node].span];
    const char *what = s->statement ? s->statement : s->name;
    return what ? what : "";
}

static void gather(struct gathering *g, const struct trace_entry *e, const struct trace *t)
{
    struct trace_tree *k = trace_tree_new(t);
    struct trace_finding *f;
    size_t n = trace_findings(k, &f);
    for (size_t i = 0; i < n; i++) {
        struct trace_problem *p = problem_of(g, e->endpoint, f[i].rule, about_of(k, &f[i]));
        if (!p)
            continue;
        p->traces++;
        p->cost_ns = add_sat(p->cost_ns, f[i].cost_ns);
        if (f[i].cost_ns <= p->worst_ns)
            continue;
        p->worst_ns = f[i].cost_ns;
        p->text = arena_strdup(g->arena, f[i].text);
        p->advice = trace_advice(g->arena, k, &f[i]);
        p->worst_trace = arena_strdup(g->arena, e->id);
    }
    trace_findings_free(f, n);
    trace_tree_free(k);
}

static int costliest_first(const void *a, const void *b)
{
    const struct trace_problem *x = a, *y = b;
    return x->cost_ns > y->cost_ns ? -1 : x->cost_ns < y->cost_ns ? 1 : strcmp(x->about, y->about);
}

struct trace_problems trace_problems(const struct view_ctx *c, const char *endpoint, size_t most,
                                     struct arena *a)
{
    const struct endpoint *of = endpoint ? model_find_endpoint(c->model, endpoint) : NULL;
    size_t n;
    struct trace_entry *e = trace_entries(c->model, c->span, &n);
    struct gathering g = {.arena = a};
    struct trace_problems out = {.in_all = 0};
    for (size_t i = 0; i < n; i++) {
        if (endpoint && !(of ? endpoint_is_called(of, e[i].endpoint) : str_eq(e[i].endpoint, endpoint)))
            continue;
        out.in_all++;
        const struct trace *t = out.traces < (int64_t)most ? model_trace(c->model, e[i].id) : NULL;
        if (!t)
            continue;
        out.traces++;
        out.failed += e[i].errors > 0;
        endpoint_of(&g, e[i].endpoint)->traces++;
        gather(&g, &e[i], t);
    }
    for (size_t i = 0; i < g.n; i++)
        g.items[i].of = endpoint_of(&g, g.items[i].endpoint)->traces;
    free(e);
    if (g.n)
        qsort(g.items, g.n, sizeof *g.items, costliest_first);
    out.items = g.n ? arena_copy(a, g.items, g.n * sizeof *g.items) : NULL;
    out.n = g.n;
    free(g.items);
    free(g.endpoints);
    return out;
}
