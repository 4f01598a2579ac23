#include "core/traces/service_calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

const char *callee_kind_name(enum callee_kind k)
{
    static const char *const names[CALLEE_KINDS] = {[CALLEE_SERVICE] = "service",
                                                    [CALLEE_DATABASE] = "database",
                                                    [CALLEE_CACHE] = "cache",
                                                    [CALLEE_EXTERNAL] = "external"};
    return (size_t)k < CALLEE_KINDS ? names[k] : NULL;
}

static struct service_call *pair_of(struct service_calls *c, const char *caller, const char *callee,
                                    enum callee_kind kind)
{
    for (size_t i = 0; i < c->n; i++) {
        struct service_call *p = &c->items[i];
        if (p->kind == kind && !strcmp(p->callee, callee) &&
            (caller ? p->caller && !strcmp(p->caller, caller) : !p->caller))
            return p;
    }
    if (c->n == SERVICE_CALLS_MOST)
        return NULL;
    c->items = mem_grow(c->items, c->n, &c->cap, sizeof *c->items);
    c->items[c->n] = (struct service_call){
        .caller = caller ? mem_strdup(caller) : NULL, .callee = mem_strdup(callee), .kind = kind};
    return &c->items[c->n++];
}

static void count_call(struct service_calls *c, const char *caller, const char *callee, enum callee_kind kind,
                       const struct trace_span *s)
{
    struct service_call *p = pair_of(c, caller, callee, kind);
    if (!p) {
        c->left_out++;
        return;
    }
    p->count++;
    p->errors += s->error;
    if (!sd_known(s->duration))
        return;
    p->total_ns = add_sat(p->total_ns, s->duration);
    p->durations = mem_grow(p->durations, p->n_durations, &p->cap_durations, sizeof *p->durations);
    p->durations[p->n_durations++] = s->duration;
}

static const struct trace_span *span_of(const struct trace_tree *t, uint32_t node)
{
    return &t->trace->spans[t->nodes[node].span];
}

static const char *service_of(const struct trace_span *s)
{
    return s->service && *s->service ? s->service : "(no name)";
}

/* Is a span of another service directly below it? */
static bool leads_on(const struct trace_tree *t, uint32_t node)
{
    const struct trace_span *s = span_of(t, node);
    uint32_t end = node + t->nodes[node].n_below + 1;
    for (uint32_t i = node + 1; i < end; i += t->nodes[i].n_below + 1)
        if (!str_eq(span_of(t, i)->service, s->service) || span_of(t, i)->kind == SPAN_SERVER ||
            span_of(t, i)->kind == SPAN_CONSUMER)
            return true;
    return false;
}

/* What a client's span calls that is not traced itself. NULL: it does not say. */
static const char *outside(const struct trace *t, const struct trace_span *s, enum callee_kind *kind)
{
    static const char *const peers[] = {"peer.service",         "server.address",
                                        "net.peer.name",        "http.host",
                                        "net.peer.ip",          "rpc.service",
                                        "messaging.system",     "peer.hostname",
                                        "network.peer.address", NULL};
    const char *system = span_db_system(t, s);
    *kind = !system ? CALLEE_EXTERNAL : db_system_is_store(system) ? CALLEE_CACHE : CALLEE_DATABASE;
    return system ? system : span_attribute(t, s, peers);
}

void service_calls_add(struct service_calls *c, const struct trace_tree *t)
{
    c->traces++;
    for (uint32_t i = 0; i < t->n; i++) {
        const struct trace_span *s = span_of(t, i);
        uint32_t up = t->nodes[i].parent;
        const struct trace_span *parent = up == TREE_NONE ? NULL : span_of(t, up);
        bool serves = s->kind == SPAN_SERVER || s->kind == SPAN_CONSUMER;
        bool calls = s->kind == SPAN_CLIENT || s->kind == SPAN_PRODUCER;
        bool within = parent && str_eq(parent->service, s->service);
        enum callee_kind kind;
        if (!within && (parent || serves))
            count_call(c, parent ? service_of(parent) : NULL, service_of(s), CALLEE_SERVICE, s);
        else if (within && serves && (parent->kind == SPAN_CLIENT || parent->kind == SPAN_PRODUCER))
            count_call(c, service_of(parent), service_of(s), CALLEE_SERVICE, s);
        const char *callee = calls && !leads_on(t, i) ? outside(t->trace, s, &kind) : NULL;
        if (callee)
            count_call(c, service_of(s), callee, kind, s);
    }
}

static int shortest_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int most_time_first(const void *a, const void *b)
{
    const struct service_call *x = a, *y = b;
    if (x->total_ns != y->total_ns)
        return x->total_ns > y->total_ns ? -1 : 1;
    int order = strcmp(x->caller ? x->caller : "", y->caller ? y->caller : "");
    return order ? order : strcmp(x->callee, y->callee);
}

void service_calls_finish(struct service_calls *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->items[i].n_durations)
            qsort(c->items[i].durations, c->items[i].n_durations, sizeof(int64_t), shortest_first);
    if (c->n)
        qsort(c->items, c->n, sizeof *c->items, most_time_first);
}

int64_t service_call_quantile(const struct service_call *c, double q)
{
    size_t rank = (size_t)ceil(q * (double)c->n_durations);
    return c->n_durations ? c->durations[rank ? MIN(rank, c->n_durations) - 1 : 0] : SD_UNKNOWN;
}

void service_calls_free(struct service_calls *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->items[i].caller);
        free(c->items[i].callee);
        free(c->items[i].durations);
    }
    free(c->items);
    *c = (struct service_calls){.n = 0};
}
