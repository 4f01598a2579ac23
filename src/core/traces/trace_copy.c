#include "core/traces/trace_copy.h"

#include <stdlib.h>

/* Texts that were copied, by their address, in a table that has room. */
struct copied {
    const char *from, *to;
};
struct copying {
    struct arena *arena;
    struct copied *table;
    size_t n, cap; /* cap: a power of two */
};

static struct copied *place_of(struct copied *table, size_t cap, const char *from)
{
    size_t at = (size_t)(((uintptr_t)from >> 3) * 0x9E3779B97F4A7C15u >> 20) & (cap - 1);
    while (table[at].from && table[at].from != from)
        at = (at + 1) & (cap - 1);
    return &table[at];
}

static void grow(struct copying *c)
{
    size_t cap = c->cap ? c->cap * 2 : 256;
    struct copied *table = mem_array(cap, sizeof *table);
    for (size_t i = 0; i < c->cap; i++)
        if (c->table[i].from)
            *place_of(table, cap, c->table[i].from) = c->table[i];
    free(c->table);
    c->table = table;
    c->cap = cap;
}

static const char *text(struct copying *c, const char *from)
{
    if (!from)
        return NULL;
    if (c->n * 2 >= c->cap)
        grow(c);
    struct copied *k = place_of(c->table, c->cap, from);
    if (!k->from) {
        *k = (struct copied){.from = from, .to = arena_strdup(c->arena, from)};
        c->n++;
    }
    return k->to;
}

const struct trace *trace_copy(struct arena *a, const struct trace *t)
{
    struct copying c = {.arena = a};
    struct trace *out = arena_copy(a, t, sizeof *t);
    struct trace_span *spans = arena_copy(a, t->spans, t->n * sizeof *spans);
    uint32_t n_attributes = 0, n_events = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        struct trace_span *s = &spans[i];
        s->id = arena_strdup(a, s->id); /* each has its own */
        s->parent = arena_strdup(a, s->parent);
        s->service = text(&c, s->service);
        s->name = text(&c, s->name);
        s->statement = text(&c, s->statement);
        n_attributes =
            s->n_attributes ? MAX(n_attributes, s->first_attribute + s->n_attributes) : n_attributes;
        n_events = s->n_events ? MAX(n_events, s->first_event + s->n_events) : n_events;
    }
    struct trace_attribute *attributes = arena_copy(a, t->attributes, n_attributes * sizeof *attributes);
    for (uint32_t i = 0; i < n_attributes; i++)
        attributes[i] = (struct trace_attribute){.key = text(&c, attributes[i].key),
                                                 .value = text(&c, attributes[i].value)};
    struct trace_event *events = arena_copy(a, t->events, n_events * sizeof *events);
    for (uint32_t i = 0; i < n_events; i++)
        events[i].text = text(&c, events[i].text);
    out->id = arena_strdup(a, t->id);
    out->spans = spans;
    out->attributes = attributes;
    out->events = events;
    free(c.table);
    return out;
}
