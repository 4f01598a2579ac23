/* histories.c - what histories have given and told of themselves: of each the newest. */
#include "core/model/histories.h"

#include "core/model/parts.h"

/* Batches are not copied: they do not change. Each may be NULL, but not all. */
enum told_of { TOLD_GIVEN, TOLD_NEWEST, TOLD_MACHINES, TOLD_N };
struct told {
    const struct sd_batch *of[TOLD_N];
    size_t bytes;
};
struct histories {
    struct told *items;
    size_t n, cap;
};

static const struct sd_history *last_of(const struct sd_batch *b)
{
    const struct sd_history *r, *last = NULL;
    for (size_t i = 0; b && (r = batch_each(b, SD_HISTORY, &i));)
        last = r;
    return last;
}

static const char *origin_of(const struct told *t)
{
    for (size_t k = 0; k < TOLD_N; k++)
        if (t->of[k])
            return batch_origin(t->of[k]);
    return NULL;
}

static struct told *told_by(struct part *p, struct histories *x, const char *origin)
{
    for (size_t i = 0; i < x->n; i++)
        if (str_eq(origin_of(&x->items[i]), origin))
            return &x->items[i];
    if (x->n >= p->most)
        return NULL;
    x->items = model_grow(p, x->items, x->n, &x->cap, sizeof *x->items);
    x->items[x->n] = (struct told){.bytes = 0};
    return &x->items[x->n++];
}

/* One batch may be more than one of them: it is counted for each. */
static void put(struct part *p, struct told *t, enum told_of what, const struct sd_batch *b)
{
    const struct sd_batch *before = t->of[what];
    t->of[what] = batch_ref(b);
    model_count(p, batch_bytes(b));
    t->bytes += batch_bytes(b);
    if (before) {
        model_uncount(p, batch_bytes(before));
        t->bytes -= batch_bytes(before);
    }
    batch_unref(before);
}

/* The answer of a job tells of a span, not of the newest. */
static void histories_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    const struct sd_history *r = last_of(b);
    size_t i = 0;
    bool machines = batch_each(b, SD_HISTORY_HOST, &i) != NULL;
    (void)o;
    struct told *t =
        batch_bytes(b) <= p->share && (r || machines) ? told_by(p, p->state, batch_origin(b)) : NULL;
    if (!t)
        return;
    if (machines)
        put(p, t, TOLD_MACHINES, b);
    if (r && (!batch_answer(b) || !t->of[TOLD_NEWEST]))
        put(p, t, TOLD_NEWEST, b);
    if (r && sd_known(r->from))
        put(p, t, TOLD_GIVEN, b);
}

static void release(struct part *p, struct told *t)
{
    model_uncount(p, t->bytes);
    for (size_t k = 0; k < TOLD_N; k++)
        batch_unref(t->of[k]);
}

static void histories_clear(struct part *p)
{
    struct histories *x = p->state;
    for (size_t i = 0; i < x->n; i++)
        release(p, &x->items[i]);
    x->items = model_resize(p, x->items, x->cap, 0, sizeof *x->items);
    x->n = x->cap = 0;
}

static bool histories_less(struct part *p, size_t want)
{
    struct histories *x = p->state;
    size_t held = p->bytes;
    while (p->bytes > want && x->n > 1)
        release(p, &x->items[--x->n]);
    return p->bytes < held;
}

/* The batch is stamped with the beginning of what was given: nobody knows of data outside of it. */
static sd_time histories_until(const struct sd_batch *b)
{
    const struct sd_history *r = last_of(b);
    return r && sd_known(r->from) ? MAX(r->to, batch_time(b)) : batch_time(b);
}

const struct domain histories_domain = {
    .name = "histories",
    .kinds = SD_KIND_BIT(SD_HISTORY) | SD_KIND_BIT(SD_HISTORY_HOST),
    .is_data = true,
    .state_size = sizeof(struct histories),
    .apply = histories_apply,
    .until = histories_until,
    .less = histories_less,
    .clear = histories_clear,
};

size_t model_histories(const struct model *m, struct history_entry *out, size_t max)
{
    const struct histories *x = m->parts[DOMAIN_histories].state;
    size_t n = MIN(x->n, max);
    for (size_t i = 0; i < n; i++)
        out[i] = (struct history_entry){.origin = origin_of(&x->items[i]),
                                        .given = last_of(x->items[i].of[TOLD_GIVEN]),
                                        .newest = last_of(x->items[i].of[TOLD_NEWEST])};
    return n;
}

size_t model_history_hosts(const struct model *m, const struct sd_history_host **out, size_t max)
{
    const struct histories *x = m->parts[DOMAIN_histories].state;
    const struct sd_history_host *r;
    size_t n = 0;
    for (size_t k = 0; k < x->n; k++)
        for (size_t i = 0; n < max && x->items[k].of[TOLD_MACHINES] &&
                           (r = batch_each(x->items[k].of[TOLD_MACHINES], SD_HISTORY_HOST, &i));)
            out[n++] = r;
    return n;
}
