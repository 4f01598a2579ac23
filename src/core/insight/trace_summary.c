#include "core/insight/trace_summary.h"

#include <stdlib.h>
#include <string.h>

#include "core/hist.h"
#include "core/name_index.h"
#include "core/rewrite/rules.h"
#include "core/traces/trace_calls.h"
#include "core/traces/trace_statement.h"

/* Calls fn for the newest traces of the span. */
static void each_trace(const struct model *m, struct span span, size_t most,
                       void (*fn)(void *ctx, const struct trace_tree *t), void *ctx)
{
    struct trace_entry *e = mem_array(most + 1, sizeof *e);
    size_t n = model_traces(m, span, e, most);
    for (size_t i = 0; i < n; i++) {
        const struct trace *t = model_trace(m, e[i].id);
        struct trace_tree *tree = t ? trace_tree_new(t) : NULL;
        if (tree)
            fn(ctx, tree);
        trace_tree_free(tree);
    }
    free(e);
}

/* ---- who calls whom ---- */

enum { EDGES_MOST = 2000 };

struct edge {
    struct service_call call;
    struct hist *took;
};
struct edges {
    struct arena *arena;
    struct name_index names; /* "caller \x1f callee \x1f system" */
    struct edge *items;
    size_t cap;
};

static void add_call(struct edges *x, const char *caller, const char *callee, const char *system,
                     bool outside, const struct trace_span *s)
{
    char key[1024];
    int n = snprintf(key, sizeof key, "%.300s\x1f%.300s\x1f%.100s", caller ? caller : "", callee,
                     system ? system : "");
    size_t before = x->names.n;
    if (name_index_find(&x->names, key) == NAME_NONE && before >= EDGES_MOST)
        return;
    uint32_t k = name_index_of_bytes(&x->names, key, (size_t)n, x->arena);
    if (x->names.n > before) {
        x->items = mem_grow(x->items, k, &x->cap, sizeof *x->items);
        x->items[k] = (struct edge){.call = {.caller = arena_strdup(x->arena, caller),
                                             .callee = arena_strdup(x->arena, callee),
                                             .system = arena_strdup(x->arena, system),
                                             .outside = outside},
                                    .took = mem_alloc(sizeof(struct hist))};
        hist_clear(x->items[k].took);
    }
    struct edge *e = &x->items[k];
    e->call.calls++;
    e->call.errors += s->error;
    e->call.outside &= outside;
    if (!sd_known(s->duration))
        return;
    e->call.timed++;
    e->call.total_ns = add_sat(e->call.total_ns, s->duration);
    hist_record(e->took, s->duration);
}

/* "postgresql shop", "redis": the system and what is asked of it. */
static const char *database_name(const struct trace *t, const struct trace_span *s, const char *system,
                                 char buf[256])
{
    static const char *const NAMES[] = {"db.namespace", "db.name", NULL};
    const char *name = db_system_is_store(system) ? NULL : span_attribute(t, s, NAMES);
    snprintf(buf, 256, "%.100s%s%.150s", system, name ? " " : "", name ? name : "");
    return buf;
}

static void add_edges(void *ctx, const struct trace_tree *t)
{
    struct edges *x = ctx;
    char buf[256];
    for (uint32_t i = 0; i < t->n; i++) {
        const struct trace_span *s = node_span(t, i);
        uint32_t up = t->nodes[i].parent;
        const char *system = span_db_system(t->trace, s);
        if (system && !node_waits(t, i)) {
            bool inner = up != TREE_NONE && span_db_system(t->trace, node_span(t, up));
            if (!inner)
                add_call(x, s->service, database_name(t->trace, s, system, buf), system, true, s);
        } else if (node_calls_service(t, i) || s->kind == SPAN_PRODUCER) {
            const char *callee = node_callee(t, i);
            if (callee)
                add_call(x, s->service, callee, NULL, node_answer(t, i) == TREE_NONE, s);
        } else if (s->kind == SPAN_SERVER && up == TREE_NONE) {
            add_call(x, NULL, s->service, NULL, false, s);
        } else if (s->kind == SPAN_SERVER && node_span(t, up)->kind != SPAN_CLIENT &&
                   strcmp(node_span(t, up)->service, s->service) != 0) {
            add_call(x, node_span(t, up)->service, s->service, NULL, false, s);
        }
    }
}

static int most_time_first(const void *a, const void *b)
{
    const struct service_call *x = a, *y = b;
    if (x->total_ns != y->total_ns)
        return x->total_ns < y->total_ns ? 1 : -1;
    int order = strcmp(x->caller ? x->caller : "", y->caller ? y->caller : "");
    return order ? order : strcmp(x->callee, y->callee);
}

size_t service_calls(const struct model *m, struct span span, size_t most, struct arena *a,
                     struct service_call **out)
{
    struct edges x = {.arena = a};
    each_trace(m, span, most, add_edges, &x);
    size_t n = x.names.n;
    *out = arena_alloc(a, (n + 1) * sizeof **out);
    for (size_t i = 0; i < n; i++) {
        (*out)[i] = x.items[i].call;
        (*out)[i].p50_ns = hist_quantile(x.items[i].took, 0.5);
        (*out)[i].p99_ns = hist_quantile(x.items[i].took, 0.99);
        free(x.items[i].took);
    }
    free(x.items);
    name_index_free(&x.names);
    if (n)
        qsort(*out, n, sizeof **out, most_time_first);
    return n;
}

/* ---- advice ---- */

const char *trace_advice(struct arena *a, const struct trace_tree *t, const struct trace_finding *f)
{
    bool repeats = f->rule == TRACE_N_PLUS_ONE || f->rule == TRACE_REPEATED_N_PLUS_ONE;
    const char *sql = repeats && f->first != TREE_NONE ? node_span(t, f->first)->statement : NULL;
    struct rewrite_batch batch;
    if (!repeats)
        return arena_strdup(a, f->advice);
    if (sql && rewrite_batch(a, sql, &batch)) {
        if (batch.statement)
            return arena_printf(a, "Ask once for all rows: %s", batch.statement);
        return arena_printf(a, "Ask once for all rows: in the place of %s write %s", batch.before,
                            batch.after);
    }
    return "Ask once for all rows instead of once for each: a join, or a list of keys.";
}
