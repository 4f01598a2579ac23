#include "core/goals/event_track.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum { UNORDERED_MOST = 4096 };

void event_track_free(struct event_track *t)
{
    free(t->slots);
    *t = (struct event_track){0};
}

static int by_time(const void *a, const void *b)
{
    const struct event_slot *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Slots [from, n) are counts: puts them in order and adds up those of one moment. */
static void put_in_order(struct event_track *t, size_t from)
{
    struct event_slot *s = t->slots;
    size_t n = from;
    qsort(s + from, t->n - from, sizeof *s, by_time);
    for (size_t i = from; i < t->n; i++) {
        if (n > from && s[n - 1].at == s[i].at) {
            s[n - 1].a = add_sat(s[n - 1].a, s[i].a);
            s[n - 1].b = add_sat(s[n - 1].b, s[i].b);
        } else {
            s[n++] = s[i];
        }
    }
    t->n = n;
}

/* The running totals before slot i. */
static struct event_slot before(const struct event_track *t, size_t i)
{
    return i ? t->slots[i - 1] : (struct event_slot){.a = t->before_a, .b = t->before_b};
}

static void order(struct event_track *t)
{
    struct event_slot *s = t->slots;
    if (t->ordered == t->n)
        return;
    sd_time least = s[t->ordered].at;
    for (size_t i = t->ordered; i < t->n; i++)
        least = MIN(least, s[i].at);
    size_t from = t->ordered;
    while (from > 0 && s[from - 1].at >= least)
        from--;
    for (size_t i = t->ordered; i-- > from;) { /* counts again, from the end on */
        struct event_slot b = before(t, i);
        s[i].a = add_sat(s[i].a, -b.a);
        s[i].b = add_sat(s[i].b, -b.b);
    }
    put_in_order(t, from);
    for (size_t i = from; i < t->n; i++) {
        struct event_slot b = before(t, i);
        s[i].a = add_sat(s[i].a, b.a);
        s[i].b = add_sat(s[i].b, b.b);
    }
    t->ordered = t->n;
}

void event_track_add(struct event_track *t, sd_time at, int64_t a, int64_t b)
{
    t->slots = mem_grow(t->slots, t->n, &t->cap, sizeof *t->slots);
    t->slots[t->n++] = (struct event_slot){.at = at, .a = a, .b = b};
    if (t->n - t->ordered >= UNORDERED_MOST)
        order(t);
}

static sd_time moment_of(const void *items, size_t i, size_t size)
{
    sd_time at;
    memcpy(&at, (const char *)items + i * size, sizeof at);
    return at;
}

/* Moments are mostly even, so the search begins where it would be then. */
size_t moments_until(const void *items, size_t n, size_t size, sd_time until)
{
    size_t lo = 0, hi = n, step = 1;
    if (!n || until < moment_of(items, 0, size))
        return 0;
    sd_time first = moment_of(items, 0, size), last = moment_of(items, n - 1, size);
    if (until >= last)
        return n;
    double share = ((double)until - (double)first) / ((double)last - (double)first);
    size_t guess = MIN((size_t)(share * (double)(n - 1)), n - 1);
    if (moment_of(items, guess, size) <= until) {
        for (lo = guess; lo + step < n && moment_of(items, lo + step, size) <= until; step *= 2)
            lo += step;
        hi = MIN(lo + step, n);
    } else {
        for (hi = guess; hi >= step && moment_of(items, hi - step, size) > until; step *= 2)
            hi -= step;
        lo = hi >= step ? hi - step : 0;
    }
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (moment_of(items, mid, size) <= until)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static size_t count_until(const struct event_track *t, sd_time until)
{
    return moments_until(t->slots, t->n, sizeof *t->slots, until);
}

struct event_sum event_track_sum(struct event_track *t, sd_time from, sd_time to)
{
    order(t);
    size_t begin = count_until(t, from), end = count_until(t, to);
    if (begin >= end)
        return (struct event_sum){.last = SD_UNKNOWN};
    const struct event_slot last = t->slots[end - 1], b = before(t, begin);
    return (struct event_sum){.a = add_sat(last.a, -b.a), .b = add_sat(last.b, -b.b), .last = last.at};
}

void event_track_drop(struct event_track *t, sd_time until)
{
    order(t);
    size_t n = count_until(t, until);
    if (!n)
        return;
    struct event_slot b = before(t, n);
    t->before_a = b.a;
    t->before_b = b.b;
    memmove(t->slots, t->slots + n, (t->n - n) * sizeof *t->slots);
    t->n -= n;
    t->ordered = t->n;
    if (t->cap > 64 && t->n < t->cap / 4) {
        t->cap = MAX(t->n * 2, 64);
        t->slots = mem_realloc(t->slots, t->cap * sizeof *t->slots);
    }
}

size_t event_track_bytes(const struct event_track *t)
{
    return t->cap * sizeof *t->slots;
}
