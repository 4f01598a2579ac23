/* bundles.c - builds of front ends: of each source the newest, and as many earlier ones as there is room for.
 */
#include "core/model/bundles.h"

#include "core/model/parts.h"

struct kept {
    const struct bundle_build *build;
    const struct sd_batch *batch;
    struct arena *arena;
    size_t bytes;
};

struct bundles {
    struct kept *items; /* by time */
    size_t n, cap;
    size_t left_out; /* bytes of the largest that had no room */
};

static void kept_remove(struct part *p, size_t i)
{
    struct bundles *all = p->state;
    model_uncount(p, all->items[i].bytes);
    batch_unref(all->items[i].batch);
    arena_free(all->items[i].arena);
    memmove(all->items + i, all->items + i + 1, (all->n - i - 1) * sizeof *all->items);
    all->n--;
}

static bool is_newest(const struct bundles *all, size_t i)
{
    for (size_t k = i + 1; k < all->n; k++)
        if (str_eq(all->items[k].build->origin, all->items[i].build->origin))
            return false;
    return true;
}

/* As many as there are sources. */
static size_t count_newest(const struct bundles *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        n += is_newest(all, i);
    return n;
}

/* Earlier builds first, the oldest of them; then the source that was silent for longest. */
static bool forget_one(struct part *p, size_t leave)
{
    struct bundles *all = p->state;
    if (all->n <= leave)
        return false;
    size_t i = 0;
    while (i < all->n && is_newest(all, i))
        i++;
    kept_remove(p, i < all->n ? i : 0);
    return true;
}

static bool bundles_less(struct part *p, size_t want)
{
    size_t held = p->bytes;
    while (p->bytes > want && forget_one(p, p->bytes > p->share ? 0 : 1))
        ;
    return p->bytes < held;
}

/* While it is measured a build comes more than once: the earlier ones are no builds of their own. Nor are two
 * of one moment. */
static void replace_unfinished(struct part *p, const struct sd_batch *b)
{
    struct bundles *all = p->state;
    for (size_t i = all->n; i-- > 0;) {
        const struct bundle_build *x = all->items[i].build;
        if (str_eq(x->origin, batch_origin(b)) && (x->head->measured == 0 || x->at == batch_time(b)))
            kept_remove(p, i);
    }
}

static void keep(struct part *p, struct kept x)
{
    struct bundles *all = p->state;
    all->items = model_grow(p, all->items, all->n, &all->cap, sizeof *all->items);
    size_t at = all->n++;
    for (; at > 0 && all->items[at - 1].build->at > x.build->at; at--)
        all->items[at] = all->items[at - 1];
    all->items[at] = x;
    model_count(p, x.bytes);
}

static void bundles_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    struct bundles *all = p->state;
    struct kept x = {.arena = arena_new()};
    (void)o;
    x.build = bundle_build_of(b, x.arena);
    x.bytes = batch_bytes(b) + arena_bytes(x.arena);
    if (!x.build || x.bytes > p->model->limits.max_bytes / 4 * 3) {
        all->left_out = x.build ? MAX(all->left_out, x.bytes) : all->left_out;
        arena_free(x.arena);
        return;
    }
    replace_unfinished(p, b);
    x.batch = batch_ref(b);
    keep(p, x);
    while (all->n > p->most && forget_one(p, 1))
        ;
    /* More than a build and the one before it only within its share; these as long as there is memory. */
    while (p->bytes > p->share && all->n > 2 * count_newest(all) && forget_one(p, 1))
        ;
}

static void bundles_clear(struct part *p)
{
    struct bundles *all = p->state;
    while (all->n)
        kept_remove(p, all->n - 1);
    model_resize(p, all->items, all->cap, 0, sizeof *all->items);
}

const struct domain bundles_domain = {
    .name = "bundles",
    .kinds = SD_KIND_BIT(SD_BUNDLE),
    .is_data = true,
    .state_size = sizeof(struct bundles),
    .apply = bundles_apply,
    .less = bundles_less,
    .clear = bundles_clear,
};

/* ---- asking ---- */

const struct bundle_build *model_bundle_at(const struct model *m, const char *origin, sd_time at)
{
    const struct bundles *all = m->parts[DOMAIN_bundles].state;
    for (size_t i = all->n; i-- > 0;)
        if (all->items[i].build->at <= at && (!origin || str_eq(all->items[i].build->origin, origin)))
            return all->items[i].build;
    return NULL;
}

const struct bundle_build *model_bundle(const struct model *m, const char *origin)
{
    return model_bundle_at(m, origin, INT64_MAX);
}

size_t model_bundles(const struct model *m, sd_time at, const struct bundle_build **out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins && n < max; i++) {
        const struct bundle_build *x = model_bundle_at(m, m->origins[i]->name, at);
        if (x)
            out[n++] = x;
    }
    return n;
}

size_t model_bundles_left_out(const struct model *m)
{
    return ((const struct bundles *)m->parts[DOMAIN_bundles].state)->left_out;
}
