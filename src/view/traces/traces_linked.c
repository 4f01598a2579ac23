/* The traces of an endpoint, and those that run a query. */
#include "view/traces/traces.h"

#include <stdlib.h>
#include <string.h>

#include "view/traces/shown_trace.h"
#include "view/traces/trace_lookup.h"

static void of_endpoint(const struct view_ctx *c, const char *name, struct link_list *l)
{
    size_t n, known = 0;
    struct trace_entry *e = trace_entries(c->model, c->span, &n);
    for (size_t i = 0; i < n; i++)
        known += str_eq(e[i].endpoint, name);
    free(e);
    linked_add(l, (struct linked){
                      .label = "traces", .n = known, .view = "traces", .filter = linked_filter(l, &name, 1)});
}

enum { USES_MAX = 5000, ENDPOINTS_MAX = 64 };

/* Traces are found by the endpoints that run it: a list of traces shows these. */
static void of_query(const struct view_ctx *c, const char *name, struct link_list *l)
{
    const struct query *q = model_find_query(c->model, name);
    struct trace_use *uses = mem_array(USES_MAX, sizeof *uses);
    size_t n = q ? model_trace_uses(c->model, c->span, uses, USES_MAX) : 0, known = 0;
    const char *endpoints[ENDPOINTS_MAX];
    int64_t traces = 0;
    for (size_t i = 0; i < n; i++) {
        if (!trace_runs(uses[i].statement, q) || !uses[i].endpoint)
            continue;
        traces = add_sat(traces, uses[i].traces);
        if (known < ENDPOINTS_MAX)
            endpoints[known++] = uses[i].endpoint;
    }
    linked_add(l, (struct linked){.label = "traces that run it",
                                  .n = (size_t)traces,
                                  .view = "traces",
                                  .filter = known ? linked_filter(l, endpoints, known) : NULL});
    free(uses);
}

enum { STATEMENTS_MAX = 32 };

/* The queries of the database sources that its spans run; count, at most STATEMENTS_MAX. */
static size_t queries_of(const struct view_ctx *c, const struct trace *t, struct link_list *l,
                         const char **keys)
{
    const char *seen[STATEMENTS_MAX];
    size_t n = 0, n_seen = 0;
    for (uint32_t i = 0; i < t->n && n_seen < STATEMENTS_MAX; i++) {
        const char *s = t->spans[i].statement;
        bool known = !s || db_system_is_store(span_db_system(t, &t->spans[i]));
        for (size_t k = 0; k < n_seen && !known; k++)
            known = str_eq(seen[k], s);
        if (known)
            continue;
        seen[n_seen++] = s;
        const char *key = trace_query_key(c->model, s, l->arena);
        for (size_t k = 0; k < n && key; k++)
            key = strcmp(keys[k], key) != 0 ? key : NULL;
        if (key)
            keys[n++] = key;
    }
    return n;
}

static bool uses_store(const struct trace *t)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (db_system_is_store(span_db_system(t, &t->spans[i])))
            return true;
    return false;
}

static const char *endpoint_of(const struct view_ctx *c, const char *id, struct link_list *l)
{
    size_t n;
    const char *found = NULL;
    struct trace_entry *e = trace_entries(c->model, SPAN_ALL, &n);
    for (size_t i = 0; i < n && !found; i++)
        if (str_eq(e[i].id, id) && e[i].endpoint)
            found = arena_strdup(l->arena, e[i].endpoint);
    free(e);
    return found;
}

/* Where a trace leads: its endpoint, the queries it runs, the caches. */
static void of_trace(const struct view_ctx *c, const char *id, struct link_list *l)
{
    size_t several;
    const char *keys[STATEMENTS_MAX];
    const struct trace *t = trace_found(c->model, id, &several);
    const char *endpoint = t ? endpoint_of(c, t->id, l) : NULL;
    const char *route = endpoint ? strchr(endpoint, ' ') : NULL;
    if (!t)
        return;
    if (endpoint)
        linked_add(l, (struct linked){.label = "its endpoint", .n = 1, .view = "endpoint", .arg = endpoint});
    size_t n = queries_of(c, t, l, keys);
    route = route ? route + 1 : endpoint;
    if (n == 1)
        linked_add(l, (struct linked){.label = "its query", .n = 1, .view = "query", .arg = keys[0]});
    else
        linked_add(l, (struct linked){.label = "queries",
                                      .n = n,
                                      .view = "queries",
                                      .filter = route ? linked_filter(l, &route, 1) : NULL});
    if (uses_store(t) && model_has(c->model, KINDS_CACHE))
        linked_add(l, (struct linked){.label = "caches", .n = LINKED_UNCOUNTED, .view = "caches"});
}

void traces_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    if (!model_has(c->model, KINDS_TRACES))
        return;
    if (str_eq(what, "endpoint"))
        of_endpoint(c, name, l);
    else if (str_eq(what, "query"))
        of_query(c, name, l);
    else if (str_eq(what, "trace"))
        of_trace(c, name, l);
}
