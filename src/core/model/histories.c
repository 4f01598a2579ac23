/* histories.c - what histories have given and told of themselves: of each the newest. */
#include "core/model/histories.h"

#include "core/model/parts.h"

/* Batches are not copied: they do not change. */
struct told {
    const struct sd_batch *given, *newest; /* given NULL: no span was read */
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

static void count(struct part *p, struct told *t)
{
    model_uncount(p, t->bytes);
    t->bytes = batch_bytes(t->newest);
    if (t->given && t->given != t->newest)
        t->bytes += batch_bytes(t->given);
    model_count(p, t->bytes);
}

static struct told *told_by(struct histories *x, const char *origin)
{
    for (size_t i = 0; i < x->n; i++)
        if (str_eq(batch_origin(x->items[i].newest), origin))
            return &x->items[i];
    return NULL;
}

static struct told *added(struct part *p, struct histories *x, const struct sd_batch *b)
{
    if (x->n == x->cap) {
        size_t want = x->cap ? x->cap * 2 : 4;
        x->items = model_resize(p, x->items, x->cap, want, sizeof *x->items);
        x->cap = want;
    }
    x->items[x->n] = (struct told){.newest = batch_ref(b)};
    return &x->items[x->n++];
}

static void put(const struct sd_batch **place, const struct sd_batch *b)
{
    const struct sd_batch *before = *place;
    *place = batch_ref(b);
    batch_unref(before);
}

/* The answer of a job tells no machines: they stay. */
static void histories_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    struct histories *x = p->state;
    const struct sd_history *r = last_of(b);
    size_t i = 0;
    bool machines = batch_each(b, SD_HISTORY_HOST, &i) != NULL;
    (void)o;
    if ((!r && !machines) || batch_bytes(b) > p->share)
        return;
    struct told *t = told_by(x, batch_origin(b));
    if (!t && x->n >= p->most)
        return;
    if (!t)
        t = added(p, x, b);
    if (machines || !batch_answer(b))
        put(&t->newest, b);
    if (r && sd_known(r->from))
        put(&t->given, b);
    count(p, t);
}

static void release(struct part *p, struct told *t)
{
    model_uncount(p, t->bytes);
    batch_unref(t->given);
    batch_unref(t->newest);
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
        out[i] = (struct history_entry){.origin = batch_origin(x->items[i].newest),
                                        .given = last_of(x->items[i].given),
                                        .newest = last_of(x->items[i].newest)};
    return n;
}

size_t model_history_hosts(const struct model *m, const struct sd_history_host **out, size_t max)
{
    const struct histories *x = m->parts[DOMAIN_histories].state;
    const struct sd_history_host *r;
    size_t n = 0;
    for (size_t k = 0; k < x->n; k++)
        for (size_t i = 0; n < max && (r = batch_each(x->items[k].newest, SD_HISTORY_HOST, &i));)
            out[n++] = r;
    return n;
}

size_t model_history_batches(const struct model *m, const struct sd_batch **out, size_t max)
{
    const struct histories *x = m->parts[DOMAIN_histories].state;
    size_t n = MIN(x->n, max);
    for (size_t i = 0; i < n; i++)
        out[i] = x->items[i].newest;
    return n;
}
