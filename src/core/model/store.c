/* store.c - counted memory, names, slots and histories. */
#include "core/model/parts.h"

/* ---- memory ---- */

void model_count(struct part *p, size_t bytes)
{
    p->bytes += bytes;
    *(p->apart ? &p->model->bytes_apart : &p->model->bytes) += bytes;
}

void model_uncount(struct part *p, size_t bytes)
{
    p->bytes -= bytes;
    *(p->apart ? &p->model->bytes_apart : &p->model->bytes) -= bytes;
}

void *model_take(struct part *p, size_t size)
{
    model_count(p, size + MODEL_OVERHEAD);
    return mem_alloc(size);
}

void model_give(struct part *p, void *held, size_t size)
{
    if (!held)
        return;
    model_uncount(p, size + MODEL_OVERHEAD);
    free(held);
}

void *model_resize(struct part *p, void *items, size_t old, size_t want, size_t size)
{
    model_count(p, want * size);
    model_uncount(p, old * size);
    if (want)
        return mem_realloc(items, want * size);
    free(items);
    return NULL;
}

void *model_grow(struct part *p, void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    size_t old = *cap;
    *cap = old ? old * 2 : 4;
    return model_resize(p, items, old, *cap, size);
}

char *model_strdup(struct part *p, const char *s, size_t max)
{
    if (!s)
        return NULL;
    size_t n = strnlen(s, max);
    char *copy = model_take(p, n + 1);
    memcpy(copy, s, n);
    return copy;
}

void model_strfree(struct part *p, char *s)
{
    if (s)
        model_give(p, s, strlen(s) + 1);
}

/* ---- names ---- */

enum { NAME_MAX_BYTES = 512 };

struct name *model_name(struct part *p, const char *s)
{
    if (!s)
        return NULL;
    struct model *m = p->model;
    size_t n = strnlen(s, NAME_MAX_BYTES);
    struct name *name;
    HASH_FIND(hh, m->names, s, n, name);
    if (name || p->name_bytes > p->share / 4)
        return name;
    name = model_take(p, sizeof *name + n + 1);
    name->paid_by = p;
    memcpy(name->text, s, n);
    HASH_ADD_KEYPTR(hh, m->names, name->text, n, name);
    p->name_bytes += sizeof *name + n + 1 + MODEL_OVERHEAD;
    return name;
}

void model_forget_names(struct model *m)
{
    struct name *n, *next;
    HASH_ITER(hh, m->names, n, next)
    {
        HASH_DEL(m->names, n);
        model_give(n->paid_by, n, sizeof *n + strlen(n->text) + 1);
    }
}

const char *name_text(const struct name *n)
{
    return n ? n->text : NULL;
}

/* ---- slots ---- */

static struct slot *slot_of(const struct slots *s, size_t i)
{
    return slots_item(s, i);
}

static sd_time slot_end(const struct slot *s)
{
    return s->at + s->width;
}

size_t slots_from(const struct slots *s, sd_time t)
{
    size_t lo = 0, hi = s->n;
    if (hi && slot_end(slot_of(s, hi - 1)) <= t)
        return hi; /* the common case: something new */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (slot_end(slot_of(s, mid)) > t)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

static void slots_fit(struct part *p, struct slots *s)
{
    if (s->cap <= s->n + s->n / 4 + 16)
        return;
    size_t want = s->n ? s->n + s->n / 8 + 4 : 0;
    s->items = model_resize(p, s->items, s->cap, want, s->size);
    s->cap = want;
}

static void *slots_insert(struct part *p, struct slots *s, size_t i, sd_time at, int64_t width)
{
    if (s->n == s->cap) {
        size_t want = s->cap ? s->cap + s->cap / 2 + 4 : 4;
        s->items = model_resize(p, s->items, s->cap, want, s->size);
        s->cap = want;
    }
    char *item = slots_item(s, i);
    memmove(item + s->size, item, (s->n - i) * s->size);
    memset(item, 0, s->size);
    s->n++;
    *(struct slot *)(void *)item = (struct slot){.at = at, .width = width};
    return item;
}

void *slots_at(struct part *p, struct slots *s, sd_time t)
{
    size_t i = slots_from(s, t);
    if (i < s->n && slot_of(s, i)->at <= t)
        return slots_item(s, i);
    sd_time at = slot_floor(t, p->model->limits.resolution_ns), end = at + p->model->limits.resolution_ns;
    /* Neighbours need not be aligned: the new slot takes what they leave. */
    if (i > 0)
        at = MAX(at, slot_end(slot_of(s, i - 1)));
    if (i < s->n)
        end = MIN(end, slot_of(s, i)->at);
    return slots_insert(p, s, i, at, end - at);
}

void slots_widen(struct slots *s, void *item, int64_t width)
{
    struct slot *k = item;
    size_t next = (size_t)((char *)item - s->items) / s->size + 1;
    if (next < s->n)
        width = MIN(width, slot_of(s, next)->at - k->at);
    k->width = MAX(k->width, width);
}

void *slots_append(struct part *p, struct slots *s, sd_time at, int64_t width)
{
    return slots_insert(p, s, s->n, at, width);
}

void slots_drop(struct part *p, struct slots *s, sd_time before, const struct slots_ops *ops)
{
    size_t n = slots_from(s, before);
    if (!n)
        return;
    for (size_t i = 0; i < n; i++)
        ops->release(p, slots_item(s, i));
    memmove(s->items, s->items + n * s->size, (s->n - n) * s->size);
    s->n -= n;
    slots_fit(p, s);
}

void slots_thin(struct part *p, struct slots *s, sd_time before, int64_t width, const struct slots_ops *ops)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct slot *from = slot_of(s, i), *into = kept ? slot_of(s, kept - 1) : NULL;
        if (into && slot_end(from) <= before &&
            slot_floor(into->at, width) == slot_floor(slot_end(from) - 1, width)) {
            sd_time end = slot_end(from);
            ops->merge(p, into, from);
            into->width = end - into->at;
            p->model->thinned_to = MAX(p->model->thinned_to, into->width);
            continue;
        }
        if (kept != i)
            memcpy(slots_item(s, kept), from, s->size);
        kept++;
    }
    s->n = kept;
    slots_fit(p, s);
}

static sd_time at_rank(const struct slots *s, size_t i)
{
    return s && i < s->n ? slot_of(s, i)->at : SD_UNKNOWN;
}

bool slots_less(struct part *p, const struct slots *largest, size_t want,
                void (*thin)(struct part *p, sd_time before, int64_t width),
                void (*drop)(struct part *p, sd_time before))
{
    size_t held = p->bytes, n = largest ? largest->n : 0;
    sd_time half = at_rank(largest, n / 2), oldest = at_rank(largest, 0), quarter = at_rank(largest, n / 4);
    int64_t age = 0;
    if (n >= 16 && __builtin_sub_overflow(half, at_rank(largest, n / 8), &age))
        age = INT64_MAX;
    for (int64_t width = 2 * p->model->limits.resolution_ns; p->bytes > want && width <= age / 8; width *= 2)
        thin(p, half, width);
    if (p->bytes > want && n)
        drop(p, MAX(quarter, oldest + 1));
    return p->bytes < held;
}

void slots_free(struct part *p, struct slots *s, const struct slots_ops *ops)
{
    for (size_t i = 0; i < s->n; i++)
        ops->release(p, slots_item(s, i));
    s->items = model_resize(p, s->items, s->cap, 0, s->size);
    s->n = s->cap = 0;
}

/* ---- steps ---- */

struct steps steps_of(const struct model *m, struct span span, size_t n)
{
    if (span_is_all(span))
        span = sd_known(m->first) ? (struct span){m->first, MAX(m->last, m->first + 1)} : (struct span){0, 1};
    if (span.to <= span.from)
        span.to = span.from == INT64_MAX ? INT64_MAX : span.from + 1;
    return (struct steps){
        .span = span, .n = n, .width = ((double)span.to - (double)span.from) / (double)MAX(n, 1)};
}

static sd_time step_edge(const struct steps *st, size_t i)
{
    double off = (double)i * st->width;
    int64_t t;
    if (off > 9.2e18 || __builtin_add_overflow(st->span.from, (int64_t)off, &t))
        return st->span.to;
    return t;
}

struct span steps_span(const struct steps *st, size_t i)
{
    sd_time from = step_edge(st, i);
    return (struct span){from, MAX(step_edge(st, i + 1), from + (from < INT64_MAX))};
}

/* Position in steps; doubles keep hostile times from overflowing. */
static double place(const struct steps *st, sd_time t)
{
    int64_t off;
    if (__builtin_sub_overflow(t, st->span.from, &off))
        return t > st->span.from ? 1e18 : -1e18;
    return (double)off / st->width;
}

static size_t step_bound(const struct steps *st, double x)
{
    return x <= 0 ? 0 : x >= (double)st->n ? st->n : (size_t)x;
}

void steps_of_slot(const struct steps *st, const struct slot *s, size_t *lo, size_t *hi)
{
    if ((double)s->width <= st->width * 1.0001) {
        double middle = place(st, s->at + s->width / 2);
        bool inside = middle >= 0 && middle < (double)st->n;
        *lo = inside ? (size_t)middle : 0;
        *hi = inside ? *lo + 1 : 0;
        return;
    }
    *lo = step_bound(st, ceil(place(st, s->at) - 0.5));
    *hi = step_bound(st, ceil(place(st, slot_end(s)) - 0.5));
}

void steps_touched(const struct steps *st, const struct slot *s, size_t *lo, size_t *hi)
{
    *lo = step_bound(st, floor(place(st, s->at)));
    *hi = step_bound(st, ceil(place(st, slot_end(s))));
}

double steps_share(const struct steps *st, const struct slot *s, size_t i)
{
    if (s->width <= 0)
        return 1;
    double a = place(st, s->at), b = place(st, slot_end(s));
    double lo = MAX(a, (double)i), hi = MIN(b, (double)i + 1);
    return hi > lo && b > a ? (hi - lo) / (b - a) : 0;
}

/* ---- history ---- */

static void moment_release(struct part *p, struct history *h, struct moment *k)
{
    h->bytes -= k->bytes;
    model_give(p, k->records, k->bytes);
}

void history_add(struct part *p, struct history *h, sd_time at, enum sd_kind kind, const void *const *records,
                 size_t n)
{
    history_add_upto(p, h, at, kind, records, n, p->share / 2);
}

bool history_add_upto(struct part *p, struct history *h, sd_time at, enum sd_kind kind,
                      const void *const *records, size_t n, size_t most)
{
    const struct sd_schema *sc = schema_of(kind);
    size_t bytes = n * sizeof(void *);
    for (size_t i = 0; i < n; i++)
        bytes += (schema_need(sc, records[i]) + 7) & ~(size_t)7;
    if (bytes > most)
        return false; /* hostile: a sample as large as the whole history is not stored */
    struct moment k = {.at = at, .n = n, .bytes = bytes, .records = model_take(p, bytes)};
    char *to = (char *)(k.records + n);
    for (size_t i = 0; i < n; i++) {
        k.records[i] = schema_copy(sc, records[i], to);
        to += (schema_need(sc, records[i]) + 7) & ~(size_t)7;
    }
    h->bytes += bytes;

    size_t i = h->n;
    while (i > 0 && h->items[i - 1].at > at)
        i--;
    if (i > 0 && h->items[i - 1].at == at) { /* the newest of one time wins */
        moment_release(p, h, &h->items[i - 1]);
        h->items[i - 1] = k;
        return true;
    }
    h->items = model_grow(p, h->items, h->n, &h->cap, sizeof *h->items);
    memmove(h->items + i + 1, h->items + i, (h->n - i) * sizeof *h->items);
    h->items[i] = k;
    h->n++;
    return true;
}

const struct moment *history_at(const struct history *h, sd_time at)
{
    size_t lo = 0, hi = h->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (h->items[mid].at <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? &h->items[lo - 1] : NULL;
}

static void history_fit(struct part *p, struct history *h)
{
    if (h->cap <= h->n + h->n / 4 + 16)
        return;
    size_t want = h->n ? h->n + h->n / 8 + 4 : 0;
    h->items = model_resize(p, h->items, h->cap, want, sizeof *h->items);
    h->cap = want;
}

void history_drop(struct part *p, struct history *h, sd_time before)
{
    const struct moment *keep = history_at(h, before);
    size_t n = keep ? (size_t)(keep - h->items) : 0;
    if (!n)
        return;
    for (size_t i = 0; i < n; i++)
        moment_release(p, h, &h->items[i]);
    memmove(h->items, h->items + n, (h->n - n) * sizeof *h->items);
    h->n -= n;
    history_fit(p, h);
}

bool history_thin(struct part *p, struct history *h)
{
    if (h->n < 2)
        return false;
    size_t half = (h->n + 1) / 2, kept = 0;
    for (size_t i = 0; i < h->n; i++) {
        if (i < half && i % 2 == 0 && i + 1 < h->n)
            moment_release(p, h, &h->items[i]);
        else
            h->items[kept++] = h->items[i];
    }
    h->n = kept;
    history_fit(p, h);
    return true;
}

void history_free(struct part *p, struct history *h)
{
    for (size_t i = 0; i < h->n; i++)
        moment_release(p, h, &h->items[i]);
    h->items = model_resize(p, h->items, h->cap, 0, sizeof *h->items);
    *h = (struct history){0};
}

struct history *history_largest(struct history *most, struct history *of, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!most || of[i].bytes > most->bytes)
            most = &of[i];
    return most;
}

/* Where growth is measured from; NULL: there is nothing earlier. */
static const struct moment *earlier(const struct history *h, struct span span, const struct moment *now)
{
    const struct moment *m = span_is_all(span) ? NULL : history_at(h, span.from);
    if (!m && h->n)
        m = &h->items[0];
    return m && m < now ? m : NULL;
}

typedef bool same_fn(enum sd_kind kind, const void *a, const void *b);

static const void *find_same(same_fn *is_same, enum sd_kind kind, const struct moment *m, const void *record)
{
    for (size_t i = 0; m && i < m->n; i++)
        if (is_same(kind, m->records[i], record))
            return m->records[i];
    return NULL;
}

/* The earliest moment of the span that has the record: what began meanwhile is not in the first. */
static const struct moment *first_with(same_fn *is_same, enum sd_kind kind, const struct moment *from,
                                       const struct moment *now, const void *record)
{
    for (const struct moment *m = from; m && m < now; m++)
        if (find_same(is_same, kind, m, record))
            return m;
    return NULL;
}

size_t history_records(const struct history *h, enum sd_kind kind, struct span span, sd_time at,
                       same_fn *is_same, const char *origin, struct record_entry *out, size_t max)
{
    const struct moment *now = history_at(h, at), *from = now ? earlier(h, span, now) : NULL;
    size_t n = 0;
    for (size_t i = 0; now && i < now->n && n < max; i++) {
        const struct moment *then = first_with(is_same, kind, from, now, now->records[i]);
        out[n++] = (struct record_entry){.r = now->records[i],
                                         .before = find_same(is_same, kind, then, now->records[i]),
                                         .at = now->at,
                                         .before_at = then ? then->at : SD_UNKNOWN,
                                         .origin = origin};
    }
    return n;
}
