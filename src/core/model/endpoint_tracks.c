/* endpoint_tracks.c - slots of requests: figures added, histograms merged. */
#include "core/model/endpoint_tracks.h"

void endpoint_slot_release(struct part *p, void *item)
{
    struct endpoint_slot *s = item;
    if (s->n_buckets > 1)
        model_give(p, s->many, s->n_buckets * sizeof *s->many);
    wide_release(p, s->wide);
}

/* Where the bucket of `index` is or would stand, at `from` or behind it. Indices ascend, so it is at most as
 * much further on as its index is larger, and just there when none between is missing, as in the middle of
 * most histograms. */
static uint32_t place_of(const struct sd_bucket *b, uint32_t n, uint32_t from, uint32_t index)
{
    if (from == n || b[from].index >= index)
        return from;
    uint32_t lo = from + 1, hi = MIN(n, from + (index - b[from].index));
    if (hi < n && b[hi].index == index && b[hi - 1].index < index)
        return hi;
    while (lo < hi) {
        uint32_t middle = lo + (hi - lo) / 2;
        if (b[middle].index < index)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

/* Room for `total`, more than there are: those that are there stand at its beginning. */
static struct sd_bucket *grow(struct part *p, struct endpoint_slot *s, uint32_t total)
{
    if (total == 1) {
        s->n_buckets = 1;
        return &s->one;
    }
    if (s->n_buckets > 1) {
        s->many = model_resize(p, s->many, s->n_buckets, total, sizeof *s->many);
    } else {
        struct sd_bucket *many = model_take(p, total * sizeof *many);
        if (s->n_buckets)
            *many = s->one;
        s->many = many;
    }
    s->n_buckets = total;
    return s->many;
}

/* Adds sorted buckets to sorted buckets; grows only by the indices that are new. */
void endpoint_slot_buckets(struct part *p, struct endpoint_slot *s, const struct sd_bucket *more, uint32_t n)
{
    uint32_t fresh = 0, at = 0, have = s->n_buckets;
    struct sd_bucket *own = have == 1 ? &s->one : s->many;
    for (uint32_t i = 0; i < n; i++) {
        at = place_of(own, have, at, more[i].index);
        if (at < have && own[at].index == more[i].index)
            own[at].count = add_count_sat(own[at].count, more[i].count);
        else
            fresh++;
    }
    if (!fresh)
        return;
    uint32_t total = have + fresh;
    own = grow(p, s, total);
    /* From the end, so that nothing is overwritten before it is moved; before the first new one all stays. */
    for (uint32_t left = n; total > have;) {
        if (have && own[have - 1].index > more[left - 1].index)
            own[--total] = own[--have];
        else if (have && own[have - 1].index == more[left - 1].index)
            left--; /* added above */
        else
            own[--total] = more[--left];
    }
}

static int64_t least(int64_t a, int64_t b)
{
    return !sd_known(a) ? b : !sd_known(b) ? a : MIN(a, b);
}

static int64_t most(int64_t a, int64_t b)
{
    return MAX(a, b); /* SD_UNKNOWN is the smallest */
}

/* Only times and what is not told of all (queues, servers behind) may be unknown. */
void endpoint_slot_add(struct endpoint_slot *into, const struct endpoint_slot *from)
{
    into->count = add_sat(into->count, from->count);
    into->errors = add_sat(into->errors, from->errors);
    into->bytes = add_sat(into->bytes, from->bytes);
    for (int i = 0; i < 5; i++)
        into->status[i] = add_sat(into->status[i], from->status[i]);
    into->timed = add_sat(into->timed, from->timed);
    into->total_ns = add_sat(into->total_ns, from->total_ns);
    into->upgraded = add_sat(into->upgraded, from->upgraded);
    into->upgraded_ns = add_sat(into->upgraded_ns, from->upgraded_ns);
    into->queue_ns = add_known(into->queue_ns, from->queue_ns);
    into->upstream_ns = add_known(into->upstream_ns, from->upstream_ns);
    into->min_ns = least(into->min_ns, from->min_ns);
    into->max_ns = most(into->max_ns, from->max_ns);
    into->first = least(into->first, from->first);
    into->last = most(into->last, from->last);
}

sd_time endpoint_slot_ends(const struct endpoint_slot *s)
{
    int64_t width = s->ends_us < UINT32_MAX ? s->ends_us * SD_US : s->slot.width;
    return add_sat(s->slot.at, width);
}

/* At least. */
static void end_at(struct endpoint_slot *s, sd_time end)
{
    int64_t us = add_sat(end, -s->slot.at) / SD_US;
    if (us > s->ends_us)
        s->ends_us = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static void merge(struct part *p, void *into, void *from)
{
    struct endpoint_slot *s = from;
    end_at(into, endpoint_slot_ends(s));
    endpoint_slot_add(into, s);
    endpoint_slot_buckets(p, into, slot_buckets(s), s->n_buckets);
    if (s->wide)
        wide_merge(p, into, s->wide, false);
    endpoint_slot_release(p, s);
}

const struct slots_ops endpoint_slot_ops = {.merge = merge, .release = endpoint_slot_release};

void endpoint_slot_start(struct endpoint_slot *s)
{
    s->min_ns = s->max_ns = s->first = s->last = s->queue_ns = s->upstream_ns = SD_UNKNOWN;
}

struct track *track_new(struct part *p)
{
    struct track *t = model_take(p, sizeof *t);
    endpoint_slot_start(&t->all);
    t->slots.size = sizeof(struct endpoint_slot);
    return t;
}

static void add_figures(struct part *p, struct endpoint_slot *into, const struct endpoint_slot *f,
                        const struct sd_hist *h, bool same_moment)
{
    endpoint_slot_add(into, f);
    if (h)
        endpoint_slot_buckets(p, into, h->buckets, h->n);
    if (f->wide)
        wide_merge(p, into, f->wide, same_moment);
}

static void add_to_slot(struct part *p, struct track *t, sd_time at, int64_t width,
                        const struct endpoint_slot *f, const struct sd_hist *h)
{
    struct endpoint_slot *s = slots_at(p, &t->slots, at);
    if (!s->count && !s->n_buckets && !s->wide) {
        endpoint_slot_start(s);
        slots_widen(&t->slots, s, width);
    }
    add_figures(p, s, f, h, true);
    end_at(s, add_sat(at, MAX(width, 0)));
}

size_t track_add(struct part *p, struct track *t, sd_time at, int64_t width, const struct endpoint_slot *f,
                 const struct sd_hist *h)
{
    if (!p->model->limits.totals_only)
        add_to_slot(p, t, at, width, f, h);
    size_t before = p->bytes;
    add_figures(p, &t->all, f, h, false);
    return p->bytes - before;
}

void track_free(struct part *p, struct track *t)
{
    slots_free(p, &t->slots, &endpoint_slot_ops);
    endpoint_slot_release(p, &t->all);
    model_give(p, t, sizeof *t);
}
