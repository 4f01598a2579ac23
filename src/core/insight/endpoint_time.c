#include "core/insight/endpoint_time.h"

#include <stdlib.h>

enum { LISTED = 4096, SPANS_MOST = 20000 }; /* of traces looked at; of one that is read for this */

/* The node that is the request: the root, or the first server's span of that endpoint below it. */
static uint32_t request_node(const struct trace_tree *t, const char *endpoint)
{
    char buf[256];
    for (uint32_t i = 0; i < t->n; i++) {
        const char *name = span_endpoint(t->trace, &t->trace->spans[t->nodes[i].span], buf);
        if (str_eq(name, endpoint))
            return i;
    }
    return t->root;
}

static void add_service(struct endpoint_time *out, const char *service, int64_t ns)
{
    size_t i = 0;
    while (i < out->n_services && !str_eq(out->services[i].service, service))
        i++;
    if (!service || i == TIME_SERVICES)
        return;
    if (i == out->n_services)
        out->services[out->n_services++] = (struct service_time){.service = service};
    out->services[i].ns += (double)ns;
}

static void add_trace(struct endpoint_time *out, const struct trace *trace, const char *endpoint)
{
    struct trace_tree *t = trace_tree_new(trace);
    int64_t parts[TRACE_PARTS_N];
    uint32_t node = t->n ? request_node(t, endpoint) : 0;
    if (t->n && trace->spans[t->nodes[node].span].duration > 0) {
        trace_parts(t, node, parts);
        out->traces++;
        out->total_ns += (double)trace->spans[t->nodes[node].span].duration;
        for (size_t i = 0; i < TRACE_PARTS_N; i++)
            out->parts[i] += (double)MAX(parts[i], 0);
        for (uint32_t i = node; i <= node + t->nodes[node].n_below; i++)
            if (t->nodes[i].on_critical_path && trace_part_of(t, i, i) == PART_OWN)
                add_service(out, trace->spans[t->nodes[i].span].service, t->nodes[i].critical_self_ns);
    }
    trace_tree_free(t);
}

void endpoint_time_of(const struct model *m, const struct endpoint *e, struct span span,
                      struct endpoint_time *out)
{
    struct trace_entry *list = mem_array(LISTED, sizeof *list);
    size_t n = model_traces(m, span, list, LISTED);
    *out = (struct endpoint_time){0};
    for (size_t i = 0; i < n && out->traces < TIME_TRACES; i++) {
        if (list[i].spans > SPANS_MOST || !endpoint_is_called(e, list[i].endpoint))
            continue;
        const struct trace *t = model_trace(m, list[i].id);
        if (t)
            add_trace(out, t, list[i].endpoint);
    }
    for (size_t i = 0; i < TRACE_PARTS_N && out->traces; i++)
        out->parts[i] /= (double)out->traces;
    for (size_t i = 0; i < out->n_services; i++)
        out->services[i].ns /= (double)out->traces;
    out->total_ns = out->traces ? out->total_ns / (double)out->traces : 0;
    free(list);
}
