/* model_links.c - which endpoint runs which query, from sampled sessions whose
 * statements carry a route tag. */
#include "core/model_internal.h"

#include "core/route.h"

/* "GET /orders/{id}" has a method; "/orders/{id}" and "orders/show" have none. */
static const char *route_part(const char *tag)
{
    const char *space = strchr(tag, ' ');
    if (!space || space == tag || space - tag > 16)
        return tag;
    for (const char *p = tag; p < space; p++)
        if (*p < 'A' || *p > 'Z')
            return tag;
    return space + 1;
}

static struct name *folded(struct model *m, const char *method, size_t method_len, const char *route)
{
    char text[ROUTE_MAX + 24], out[ROUTE_MAX];
    route_fold_tag(route, out);
    snprintf(text, sizeof text, "%.*s%s%s", (int)MIN(method_len, 16), method ? method : "",
             method_len ? " " : "", out);
    return model_name(m, text);
}

struct name *link_route(struct model *m, const char *tag)
{
    if (!tag || !*tag)
        return NULL;
    struct name *raw = model_name(m, tag);
    if (!raw)
        return NULL;
    if (!raw->folded) {
        const char *route = route_part(raw->text);
        struct name *f = folded(m, raw->text, route > raw->text ? (size_t)(route - raw->text) - 1 : 0, route);
        raw->folded = f;
    }
    return raw->folded;
}

struct name *link_endpoint_route(struct model *m, const char *method, const char *route)
{
    return folded(m, method, method ? strlen(method) : 0, route);
}

struct gather {
    struct span span;
    const struct endpoint *endpoint; /* links of this endpoint, */
    const struct query *query;       /* or of this query */
    void **found;                    /* queries or names, each with its sum */
    size_t n, cap;
};

static void gather_slot(void *ctx, const struct load_slot *s)
{
    struct gather *g = ctx;
    if (!span_is_all(g->span) && !span_has(g->span, &s->slot))
        return;
    for (size_t i = 0; i < s->n; i++) {
        const struct load_entry *e = &s->entries[i];
        if (!e->query || !e->route || e->ns <= 0)
            continue;
        int64_t *sum;
        void *what;
        if (g->endpoint) {
            if (e->route != g->endpoint->folded_name && e->route != g->endpoint->folded_route)
                continue;
            what = e->query;
            sum = &e->query->sum;
        } else {
            if (e->query != g->query)
                continue;
            what = e->route;
            sum = &e->route->sum;
        }
        if (!*sum) {
            g->found = mem_grow(g->found, g->n, &g->cap, sizeof *g->found);
            g->found[g->n++] = what;
        }
        *sum = add_known(*sum, e->ns);
    }
}

static int by_weight(const void *a, const void *b)
{
    const struct link *p = a, *q = b;
    return (p->weight < q->weight) - (p->weight > q->weight);
}

static size_t links(const struct model *m, struct gather *g, struct link *out, size_t max)
{
    activity_each(m, g->span, gather_slot, g);
    struct link *all = mem_array(g->n, sizeof *all);
    double total = 0;
    for (size_t i = 0; i < g->n; i++) {
        struct query *q = g->endpoint ? g->found[i] : NULL;
        struct name *route = q ? NULL : g->found[i];
        int64_t *sum = q ? &q->sum : &route->sum;
        all[i] = (struct link){
            .endpoint = q ? (struct endpoint *)(uintptr_t)g->endpoint : route->endpoint,
            .route = q ? g->endpoint->folded_name->text : route->text,
            .query = q ? q : (struct query *)(uintptr_t)g->query,
            .weight = (double)*sum / (double)SD_S,
            .evidence = "sampled activity",
        };
        total += all[i].weight;
        *sum = 0;
    }
    for (size_t i = 0; i < g->n; i++)
        all[i].share = all[i].weight / total;
    if (g->n)
        qsort(all, g->n, sizeof *all, by_weight);
    size_t n = MIN(g->n, max);
    if (n)
        memcpy(out, all, n * sizeof *out);
    free(all);
    free(g->found);
    return n;
}

size_t endpoint_links(const struct model *m, const struct endpoint *e, struct span span, struct link *out,
                      size_t max)
{
    if (!e->folded_name)
        return 0;
    return links(m, &(struct gather){.span = span, .endpoint = e}, out, max);
}

size_t query_links(const struct model *m, const struct query *q, struct span span, struct link *out,
                   size_t max)
{
    return links(m, &(struct gather){.span = span, .query = q}, out, max);
}
