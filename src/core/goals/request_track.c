#include "core/goals/request_track.h"

#include <stdlib.h>
#include <string.h>

#include "core/goals/event_track.h"

/* Packed durations: two bytes with the size of all, then numbers of seven bits a byte: how many buckets,
 * shortest and longest, and of each bucket its distance to the one before and its count. */
enum {
    PACKED_SIZE = 2,
    NUMBER_BYTES = 10,
    PACKED_MAX = PACKED_SIZE + 3 * NUMBER_BYTES + SD_HIST_BUCKETS * 7
};
enum { UNORDERED_MOST = 4096, MOVING_LEAST = 64 };

/* The sum over slots [lo, hi), which moves with the window. */
struct request_window {
    size_t lo, hi;
    struct request_sum sum;
    bool at_limit; /* a bucket has stopped: nothing can be taken out again */
    bool stale;    /* the slot with the shortest or the longest has left */
    struct hist h;
};

/* ---- packing ---- */

static uint8_t *put(uint8_t *p, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        *p++ = (uint8_t)(v | 0x80);
    *p++ = (uint8_t)v;
    return p;
}

static const uint8_t *get(const uint8_t *p, uint64_t *v)
{
    uint64_t x = *p & 0x7f;
    for (unsigned shift = 7; *p++ & 0x80; shift += 7)
        x |= (uint64_t)(*p & 0x7f) << shift;
    *v = x;
    return p;
}

static size_t packed_size(const uint8_t *packed)
{
    return packed ? (size_t)packed[0] | (size_t)packed[1] << 8 : 0;
}

/* NULL: nothing is in it. */
static uint8_t *pack(const struct hist *h)
{
    uint8_t buf[PACKED_MAX], *p = buf + PACKED_SIZE;
    uint32_t n = 0, last = 0;
    for (uint32_t i = h->lo; i < h->hi; i++)
        n += h->bucket[i] > 0;
    if (!n)
        return NULL;
    p = put(p, n);
    p = put(p, (uint64_t)h->min);
    p = put(p, (uint64_t)h->max);
    for (uint32_t i = h->lo; i < h->hi; i++)
        if (h->bucket[i]) {
            p = put(put(p, i - last), h->bucket[i]);
            last = i;
        }
    size_t size = (size_t)(p - buf);
    buf[0] = (uint8_t)size;
    buf[1] = (uint8_t)(size >> 8);
    return memcpy(mem_alloc(size), buf, size);
}

static const uint8_t *unpack_head(const uint8_t *p, uint64_t *n, int64_t *min, int64_t *max)
{
    uint64_t lowest, highest;
    p = get(get(get(p + PACKED_SIZE, n), &lowest), &highest);
    *min = (int64_t)lowest;
    *max = (int64_t)highest;
    return p;
}

/* False: a bucket has reached its limit. */
static bool unpack_add(struct hist *h, const uint8_t *p)
{
    uint64_t n, step, count, i = 0;
    int64_t min, max;
    bool exact = true;
    if (!p)
        return true;
    p = unpack_head(p, &n, &min, &max);
    h->min = MIN(h->min, min);
    h->max = MAX(h->max, max);
    for (uint64_t k = 0; k < n; k++) {
        p = get(get(p, &step), &count);
        i += step;
        h->bucket[i] = add_count_sat(h->bucket[i], (uint32_t)count);
        exact &= h->bucket[i] < UINT32_MAX;
        h->count += count;
        if (!k)
            h->lo = MIN(h->lo, (uint32_t)i);
    }
    h->hi = MAX(h->hi, (uint32_t)i + 1);
    return exact;
}

/* True: the shortest or the longest may be gone with it. */
static bool unpack_take(struct hist *h, const uint8_t *p)
{
    uint64_t n, step, count, i = 0;
    int64_t min, max;
    if (!p)
        return false;
    p = unpack_head(p, &n, &min, &max);
    for (uint64_t k = 0; k < n; k++) {
        p = get(get(p, &step), &count);
        i += step;
        h->bucket[i] -= (uint32_t)count;
        h->count -= count;
    }
    return min <= h->min || max >= h->max;
}

/* ---- what comes in ---- */

void request_track_free(struct request_track *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->slots[i].durations);
    free(t->slots);
    free(t->moving);
    *t = (struct request_track){0};
}

size_t request_track_bytes(const struct request_track *t)
{
    return t->cap * sizeof *t->slots + t->packed + (t->moving ? sizeof *t->moving : 0);
}

static int by_end(const void *a, const void *b)
{
    const struct request_slot *x = a, *y = b;
    return (x->end > y->end) - (x->end < y->end);
}

static void add_slot(struct request_track *t, struct request_slot *into, const struct request_slot *s,
                     struct hist *room)
{
    into->bytes = add_sat(into->bytes, s->bytes);
    into->count = add_count_sat(into->count, s->count);
    into->judged = add_count_sat(into->judged, s->judged);
    into->errors = add_count_sat(into->errors, s->errors);
    into->sized = add_count_sat(into->sized, s->sized);
    if (!s->durations)
        return;
    if (!into->durations) {
        into->durations = s->durations;
        return;
    }
    t->packed -= packed_size(into->durations) + packed_size(s->durations);
    unpack_add(room, into->durations);
    unpack_add(room, s->durations);
    free(into->durations);
    free(s->durations);
    into->durations = pack(room);
    t->packed += packed_size(into->durations);
    hist_clear(room);
}

static void order(struct request_track *t, struct hist *room)
{
    struct request_slot *s = t->slots;
    if (t->ordered == t->n)
        return;
    sd_time least = s[t->ordered].end;
    for (size_t i = t->ordered; i < t->n; i++)
        least = MIN(least, s[i].end);
    size_t from = t->ordered;
    while (from > 0 && s[from - 1].end >= least)
        from--;
    if (t->moving && t->moving->hi > from) {
        free(t->moving);
        t->moving = NULL;
    }
    qsort(s + from, t->n - from, sizeof *s, by_end);
    size_t n = from;
    for (size_t i = from; i < t->n; i++) {
        if (n > from && s[n - 1].end == s[i].end)
            add_slot(t, &s[n - 1], &s[i], room);
        else
            s[n++] = s[i];
    }
    t->n = t->ordered = n;
}

void request_track_add(struct request_track *t, const struct request_figures *f, bool durations,
                       struct hist *room)
{
    t->slots = mem_grow(t->slots, t->n, &t->cap, sizeof *t->slots);
    struct request_slot *s = &t->slots[t->n++];
    *s = f->slot;
    s->durations = NULL;
    if (durations && f->latency) {
        int64_t min = f->min_ns >= 0 ? f->min_ns : SD_UNKNOWN, max = f->max_ns >= 0 ? f->max_ns : SD_UNKNOWN;
        hist_merge_sparse(room, f->latency, SD_UNKNOWN, min, max);
        room->min = MIN(room->min, room->max);
        s->durations = pack(room);
        t->packed += packed_size(s->durations);
        hist_clear(room);
    }
    if (t->n - t->ordered >= UNORDERED_MOST)
        order(t, room);
}

void request_track_drop(struct request_track *t, sd_time until, struct hist *room)
{
    order(t, room);
    size_t n = moments_until(t->slots, t->n, sizeof *t->slots, until);
    if (!n)
        return;
    for (size_t i = 0; i < n; i++) {
        t->packed -= packed_size(t->slots[i].durations);
        free(t->slots[i].durations);
    }
    memmove(t->slots, t->slots + n, (t->n - n) * sizeof *t->slots);
    t->n -= n;
    t->ordered = t->n;
    free(t->moving);
    t->moving = NULL;
    if (t->cap > 16 && t->n < t->cap / 4) {
        t->cap = MAX(t->n * 2, 16);
        t->slots = mem_realloc(t->slots, t->cap * sizeof *t->slots);
    }
}

static int64_t step_of(sd_time end, int64_t step)
{
    int64_t k = (end - 1) / step;
    return k - ((end - 1) % step < 0);
}

void request_track_coarsen(struct request_track *t, sd_time until, int64_t step, struct hist *room)
{
    order(t, room);
    struct request_slot *s = t->slots;
    size_t old = moments_until(s, t->n, sizeof *s, until), n = 0;
    for (size_t i = 0; i < old; i++) {
        if (n && step_of(s[n - 1].end, step) == step_of(s[i].end, step)) {
            sd_time end = s[i].end;
            add_slot(t, &s[n - 1], &s[i], room);
            s[n - 1].end = end;
        } else {
            s[n++] = s[i];
        }
    }
    if (n == old)
        return;
    memmove(s + n, s + old, (t->n - old) * sizeof *s);
    t->n -= old - n;
    t->ordered = t->n;
    free(t->moving);
    t->moving = NULL;
}

/* ---- sums ---- */

static void sum_slot(struct request_sum *sum, const struct request_slot *s, int64_t sign)
{
    sum->count = add_sat(sum->count, sign * (int64_t)s->count);
    sum->judged = add_sat(sum->judged, sign * (int64_t)s->judged);
    sum->errors = add_sat(sum->errors, sign * (int64_t)s->errors);
    sum->sized = add_sat(sum->sized, sign * (int64_t)s->sized);
    sum->bytes = add_sat(sum->bytes, sign * s->bytes);
}

static void begin_window(struct request_window *w)
{
    *w = (struct request_window){.lo = 0};
    hist_clear(&w->h);
}

/* The window's sum for slots [lo, hi), from what it was of. */
static void move_window(struct request_track *t, size_t lo, size_t hi)
{
    struct request_window *w = t->moving;
    if (!w) {
        w = t->moving = mem_alloc(sizeof *w);
        begin_window(w);
    }
    bool back = lo < w->lo || hi < w->hi, apart = lo >= w->hi;
    if (back || apart || w->at_limit || num_is_edge(w->sum.bytes)) {
        begin_window(w);
        w->lo = w->hi = lo;
    }
    for (; w->hi < hi; w->hi++) {
        sum_slot(&w->sum, &t->slots[w->hi], 1);
        w->at_limit |= !unpack_add(&w->h, t->slots[w->hi].durations);
    }
    for (; w->lo < lo; w->lo++) {
        sum_slot(&w->sum, &t->slots[w->lo], -1);
        w->stale |= unpack_take(&w->h, t->slots[w->lo].durations);
    }
}

static void add_sum(struct request_sum *into, const struct request_sum *s)
{
    into->count = add_sat(into->count, s->count);
    into->judged = add_sat(into->judged, s->judged);
    into->errors = add_sat(into->errors, s->errors);
    into->sized = add_sat(into->sized, s->sized);
    into->bytes = add_sat(into->bytes, s->bytes);
}

static void find_extremes(const struct request_track *t, struct request_window *w)
{
    uint64_t n;
    int64_t min, max;
    w->h.min = INT64_MAX;
    w->h.max = INT64_MIN;
    for (size_t i = w->lo; i < w->hi; i++)
        if (t->slots[i].durations) {
            unpack_head(t->slots[i].durations, &n, &min, &max);
            w->h.min = MIN(w->h.min, min);
            w->h.max = MAX(w->h.max, max);
        }
    w->stale = false;
}

void request_track_sum(struct request_track *t, sd_time from, sd_time to, struct request_sum *sum,
                       struct hist *h, struct hist *room)
{
    order(t, room);
    size_t lo = moments_until(t->slots, t->n, sizeof *t->slots, from);
    size_t hi = moments_until(t->slots, t->n, sizeof *t->slots, to);
    if (lo >= hi)
        return;
    sum->last = MAX(sum->last, t->slots[hi - 1].end);
    if (hi - lo >= MOVING_LEAST) {
        move_window(t, lo, hi);
        add_sum(sum, &t->moving->sum);
        if (h && t->moving->stale)
            find_extremes(t, t->moving);
        if (h)
            hist_merge(h, &t->moving->h);
        return;
    }
    for (size_t i = lo; i < hi; i++) {
        sum_slot(sum, &t->slots[i], 1);
        if (h)
            unpack_add(h, t->slots[i].durations);
    }
}
