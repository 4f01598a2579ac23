/* profiles.c - profiles, each whole as it came, the oldest given up first. */
#include "core/model/parts.h"

struct profiles {
    struct profile_entry *items; /* as they came */
    size_t n, cap;
};

static void profile_remove(struct part *p, size_t i)
{
    struct profiles *x = p->state;
    model_uncount(p, batch_bytes(x->items[i].batch));
    batch_unref(x->items[i].batch);
    memmove(x->items + i, x->items + i + 1, (x->n - i - 1) * sizeof *x->items);
    x->n--;
}

/* The one to give up: the oldest that is not the newest of its source; when there is none, the oldest of
 * all. */
static size_t least(const struct profiles *x)
{
    for (size_t i = 0; i + 1 < x->n; i++)
        for (size_t k = i + 1; k < x->n; k++)
            if (str_eq(x->items[i].origin, x->items[k].origin))
                return i;
    return 0;
}

static bool profiles_less(struct part *p, size_t want)
{
    struct profiles *x = p->state;
    size_t held = p->bytes;
    while (p->bytes > want && (x->n > 1 || (x->n && p->bytes > p->share)))
        profile_remove(p, least(x));
    return p->bytes < held;
}

/* Profiles are not copied: a batch does not change. */
static void profiles_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    struct profiles *x = p->state;
    size_t first = 0;
    const struct sd_profile *whole = batch_each(b, SD_PROFILE, &first);
    (void)o;
    if (!whole || batch_bytes(b) > p->model->limits.max_bytes / 2)
        return;
    if (x->n == x->cap) {
        size_t want = x->cap ? x->cap * 2 : 4;
        x->items = model_resize(p, x->items, x->cap, want, sizeof *x->items);
        x->cap = want;
    }
    x->items[x->n++] = (struct profile_entry){
        .at = batch_time(b), .origin = batch_origin(b), .whole = whole, .batch = batch_ref(b)};
    model_count(p, batch_bytes(b));
    if (x->n > p->most)
        profile_remove(p, least(x));
}

/* What is older than the kept time, but never the newest of a source: it is still what is known of it. */
static void profiles_drop(struct part *p, sd_time before)
{
    struct profiles *x = p->state;
    for (size_t i = x->n; i-- > 0;) {
        bool newer = false;
        for (size_t k = i + 1; k < x->n && !newer; k++)
            newer = str_eq(x->items[i].origin, x->items[k].origin) && x->items[k].at <= before;
        if (newer && x->items[i].at < before)
            profile_remove(p, i);
    }
}

static void profiles_clear(struct part *p)
{
    struct profiles *x = p->state;
    while (x->n)
        profile_remove(p, x->n - 1);
    model_resize(p, x->items, x->cap, 0, sizeof *x->items);
}

const struct domain profiles_domain = {
    .name = "profiles",
    .kinds = SD_KIND_BIT(SD_PROFILE),
    .is_data = true,
    .state_size = sizeof(struct profiles),
    .apply = profiles_apply,
    .drop = profiles_drop,
    .less = profiles_less,
    .clear = profiles_clear,
};

/* ---- asking ---- */

size_t model_profiles(const struct model *m, sd_time now, struct profile_entry *out, size_t max)
{
    const struct profiles *x = m->parts[DOMAIN_profiles].state;
    size_t n = 0;
    for (size_t i = 0; i < x->n; i++) {
        size_t k = 0;
        if (x->items[i].at > now)
            continue;
        while (k < n && !str_eq(out[k].origin, x->items[i].origin))
            k++;
        if (k == n && n == max)
            continue;
        n += k == n;
        out[k] = x->items[i];
    }
    return n;
}
