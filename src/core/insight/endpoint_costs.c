/* endpoint_costs.c - what the servers cost a month, shared out among endpoints by the time they take. */
#include "core/insight/bottlenecks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

struct cost_row {
    int64_t count, timed, total_ns;
    double excess_ns;
};

static int dearest_first(const void *a, const void *b)
{
    const struct endpoint_cost *x = a, *y = b;
    if (x->share != y->share && (isfinite(x->share) || isfinite(y->share)))
        return !isfinite(y->share) || x->share > y->share ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void fill(struct endpoint_cost *c, const struct cost_row *r, const struct cost_row *all,
                 double seconds, const struct goal_costs *costs)
{
    bool by_time = all->total_ns > 0;
    c->count = r->count;
    c->share = by_time ? (double)r->total_ns / (double)all->total_ns : num_ratio(r->count, all->count);
    if (!costs)
        return;
    c->cost_per_month = costs->month * c->share;
    c->cost_per_million = r->count > 0
                              ? c->cost_per_month / ((double)r->count / seconds * BOTTLENECK_MONTH_S) * 1e6
                              : (double)NAN;
    bool known = by_time && r->timed > 0;
    c->saves_per_month = known ? costs->month * r->excess_ns / (double)all->total_ns : (double)NAN;
}

void endpoint_costs_find(const struct model *m, const struct goal_policy *p, sd_time from, sd_time to,
                         struct endpoint_costs *out)
{
    const double no = (double)NAN;
    size_t n = model_endpoints(m);
    struct cost_row *rows = mem_array(n + 1, sizeof *rows), all = {0};
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    *out = (struct endpoint_costs){.arena = arena_new(), .seconds = ((double)to - (double)from) / 1e9};
    out->items = mem_array(n + 1, sizeof *out->items);
    for (size_t i = 0; i < n && out->seconds > 0; i++) {
        const struct endpoint *e = model_endpoint(m, i);
        if (!endpoint_stats_ended(e, from, to, s))
            continue;
        struct cost_row *r = &rows[out->n];
        *r = (struct cost_row){
            .count = s->count, .timed = s->timed, .total_ns = s->timed > 0 ? s->total_ns : 0};
        r->excess_ns =
            bottleneck_excess(&s->latency, bottleneck_target(p, endpoint_method(e), endpoint_route(e))).ns;
        all.count = add_sat(all.count, r->count);
        all.timed = add_sat(all.timed, r->timed);
        all.total_ns = add_sat(all.total_ns, r->total_ns);
        out->items[out->n++] = (struct endpoint_cost){.method = arena_strdup(out->arena, endpoint_method(e)),
                                                      .route = arena_strdup(out->arena, endpoint_route(e)),
                                                      .name = arena_strdup(out->arena, endpoint_name(e)),
                                                      .cost_per_month = no,
                                                      .cost_per_million = no,
                                                      .saves_per_month = no};
    }
    for (size_t i = 0; i < out->n; i++)
        fill(&out->items[i], &rows[i], &all, out->seconds, p && p->costs.given ? &p->costs : NULL);
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, dearest_first);
    out->requests = all.count;
    out->by_time = all.total_ns > 0;
    free(rows);
    free(s);
}

void endpoint_costs_free(struct endpoint_costs *c)
{
    free(c->items);
    arena_free(c->arena);
    *c = (struct endpoint_costs){.arena = NULL};
}
