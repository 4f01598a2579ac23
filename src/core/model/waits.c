/* waits.c - what sampled sessions wait on, by groups of the server's wait events. */
#include "core/model/parts.h"

const char *wait_group_name(enum wait_group g)
{
    static const char *const names[] = {
#define WAIT_GROUP_NAME(UPPER, name, help) [WAIT_##UPPER] = (name),
        WAIT_GROUPS(WAIT_GROUP_NAME)
#undef WAIT_GROUP_NAME
    };
    return names[g];
}

enum wait_group wait_group_of(const char *type)
{
    static const struct {
        const char *type;
        enum wait_group group;
    } types[] = {
        {.type = "IO", .group = WAIT_IO},           {.type = "Lock", .group = WAIT_LOCK},
        {.type = "LWLock", .group = WAIT_INTERNAL}, {.type = "BufferPin", .group = WAIT_INTERNAL},
        {.type = "Buffer", .group = WAIT_INTERNAL}, {.type = "Client", .group = WAIT_CLIENT},
        {.type = "IPC", .group = WAIT_PROCESS},
    };
    if (!type || !*type)
        return WAIT_CPU;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (!strcmp(types[i].type, type))
            return types[i].group;
    return WAIT_OTHER;
}

struct sums {
    const struct query *query;
    const struct endpoint *endpoint;
    struct span span;
    struct wait_load *items;
    size_t n, cap;
};

static void sum_slot(void *ctx, const struct load_slot *s)
{
    struct sums *sum = ctx;
    if (!span_is_all(sum->span) && !span_has(sum->span, &s->slot))
        return;
    for (size_t i = 0; i < s->n; i++) {
        const struct load_entry *e = &s->entries[i];
        if (sum->query ? e->query != sum->query
                       : !e->route || (e->route != sum->endpoint->folded_name &&
                                       e->route != sum->endpoint->folded_route))
            continue;
        const char *type = name_text(e->wait_type), *event = name_text(e->wait_event);
        size_t k = 0;
        while (k < sum->n && (sum->items[k].wait_type != type || sum->items[k].wait_event != event))
            k++;
        if (k == sum->n) {
            sum->items = mem_grow(sum->items, sum->n, &sum->cap, sizeof *sum->items);
            sum->items[sum->n++] =
                (struct wait_load){.wait_type = type, .wait_event = event, .load = (double)NAN};
        }
        sum->items[k].seconds += (double)e->ns / (double)SD_S;
    }
}

static int by_seconds(const void *a, const void *b)
{
    const struct wait_load *p = a, *q = b;
    return (p->seconds < q->seconds) - (p->seconds > q->seconds);
}

size_t model_waits_of(const struct model *m, const struct query *q, const struct endpoint *e,
                      struct span span, struct wait_load *out, size_t max)
{
    struct sums sum = {.query = q, .endpoint = e, .span = span};
    sessions_each(m, span, sum_slot, &sum);
    if (sum.n)
        qsort(sum.items, sum.n, sizeof *sum.items, by_seconds);
    size_t n = MIN(sum.n, max);
    if (n)
        memcpy(out, sum.items, n * sizeof *out);
    free(sum.items);
    return n;
}
