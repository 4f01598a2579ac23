/* sessions.c - sampled sessions: whole lists for a while, sums for longer. */
#include "core/model/parts.h"

enum { ENTRIES_MAX = 400, PAST_ENTRIES_MAX = 4000 };
#define PERIOD_FALLBACK (100 * SD_MS)
#define PERIOD_MAX      (60 * SD_S)

static void release(struct model *m, void *item)
{
    struct load_slot *s = item;
    s->entries = model_resize(m, s->entries, s->cap, 0, sizeof *s->entries);
    s->n = s->cap = 0;
}

static bool same(const struct load_entry *a, const struct load_entry *b)
{
    return a->wait_type == b->wait_type && a->wait_event == b->wait_event && a->route == b->route &&
           a->query == b->query;
}

/* Beyond `most` entries the query and the route are given up, never the time. */
static void add_entry(struct model *m, struct load_slot *s, struct load_entry e, size_t most)
{
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < s->n; i++) {
            if (same(&s->entries[i], &e)) {
                s->entries[i].ns = add_known(s->entries[i].ns, e.ns);
                return;
            }
        }
        if (s->n < most)
            break;
        e.route = NULL;
        e.query = NULL;
        if (round == 1)
            e.wait_event = NULL;
    }
    if (s->n >= 2 * most) {
        s->entries[0].ns = add_known(s->entries[0].ns, e.ns);
        return;
    }
    if (s->n == s->cap) {
        size_t want = s->cap ? s->cap * 2 : 4;
        s->entries = model_resize(m, s->entries, s->cap, want, sizeof *s->entries);
        s->cap = want;
    }
    s->entries[s->n++] = e;
}

static void add_slot(struct model *m, struct load_slot *into, const struct load_slot *from, size_t most)
{
    into->sampled_ns = add_known(into->sampled_ns, from->sampled_ns);
    for (size_t i = 0; i < from->n; i++)
        add_entry(m, into, from->entries[i], most);
}

static void merge(struct model *m, void *into, void *from)
{
    add_slot(m, into, from, ENTRIES_MAX);
    release(m, from);
}

static const struct slots_ops ops = {.merge = merge, .release = release};

/* Background processes wait for work under the type Activity: they are not busy. */
static bool busy(const struct sd_activity *a)
{
    return a->state && str_starts(a->state, "active") && !str_eq(a->wait_type, "Activity");
}

static int64_t period_of(struct origin *o, const struct sd_metric *sampled, const struct sd_activity *first,
                         sd_time at)
{
    int64_t period = 0;
    if (first && first->period_ns > 0)
        period = first->period_ns;
    else if (sampled && str_eq(sampled->unit, "ns") && sampled->value > 0 &&
             sampled->value < (double)PERIOD_MAX)
        period = (int64_t)sampled->value;
    else if (o->period_ns > 0)
        return o->period_ns;
    else if (sd_known(o->sampled_at) && at > o->sampled_at && at - o->sampled_at < 2 * SD_S)
        return at - o->sampled_at;
    else
        return PERIOD_FALLBACK;
    return o->period_ns = MIN(period, PERIOD_MAX);
}

void activity_apply(struct model *m, struct origin *o, const struct sd_batch *b)
{
    const struct sd_metric *sampled = NULL, *metric;
    for (size_t i = 0; !sampled && (metric = batch_each(b, SD_METRIC, &i));)
        if (str_eq(metric->name, "activity.sampled"))
            sampled = metric;
    size_t i = 0, n = 0;
    const struct sd_activity *a = batch_each(b, SD_ACTIVITY, &i);
    if (!sampled && !a)
        return;
    sd_time at = batch_time(b);
    int64_t period = period_of(o, sampled, a, at);
    if (!sd_known(o->sampled_at) || at > o->sampled_at)
        o->sampled_at = at;

    struct load_slot *s = slots_at(m, &o->load, at);
    s->sampled_ns = add_known(s->sampled_ns, period);
    const void **records = mem_array(batch_len(b), sizeof *records);
    for (; a; a = batch_each(b, SD_ACTIVITY, &i)) {
        records[n++] = a;
        if (!busy(a))
            continue;
        struct load_entry e = {
            .wait_type = model_name(m, a->wait_type),
            .wait_event = model_name(m, a->wait_event),
            .route = link_route(m, a->route),
            .ns = a->period_ns > 0 ? MIN(a->period_ns, PERIOD_MAX) : period,
        };
        if (sd_known(a->query_id) && a->query_id != 0)
            e.query = query_seen(m, o, a->query_id, a->database, NULL, a->query, false);
        add_entry(m, s, e, ENTRIES_MAX);
    }
    history_add(m, &o->sessions, at, SD_ACTIVITY, records, n);
    free(records);
    while (o->sessions.bytes > m->limits.max_bytes / 8 && history_thin(m, &o->sessions))
        ;
    size_t most =
        MAX(MIN(m->limits.max_queries, m->limits.max_bytes / 4 / (sizeof(struct query) + 1024)), 16);
    if (m->n_queries > most)
        queries_evict(m, most - most / 8);
}

/* ---- keeping within bounds ---- */

void activity_drop(struct model *m, sd_time before)
{
    for (size_t k = 0; k < m->n_origins; k++) {
        struct origin *o = m->origins[k];
        history_drop(m, &o->sessions, before);
        size_t n = slots_from(&o->load, before);
        if (n && !o->past)
            o->past = model_take(m, sizeof *o->past);
        for (size_t i = 0; i < n; i++)
            add_slot(m, o->past, slots_item(&o->load, i), PAST_ENTRIES_MAX);
        slots_drop(m, &o->load, before, &ops);
    }
}

void activity_thin(struct model *m, sd_time before, int64_t width)
{
    for (size_t k = 0; k < m->n_origins; k++)
        slots_thin(m, &m->origins[k]->load, before, width, &ops);
}

bool activity_shorten(struct model *m)
{
    struct origin *most = NULL;
    for (size_t k = 0; k < m->n_origins; k++)
        if (m->origins[k]->sessions.n > 1 && (!most || m->origins[k]->sessions.bytes > most->sessions.bytes))
            most = m->origins[k];
    return most && history_thin(m, &most->sessions);
}

static void forget(struct load_slot *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->entries[i].query && s->entries[i].query->dead)
            s->entries[i].query = NULL;
}

void activity_forget_dead(struct model *m)
{
    for (size_t k = 0; k < m->n_origins; k++) {
        struct origin *o = m->origins[k];
        for (size_t i = 0; i < o->load.n; i++)
            forget(slots_item(&o->load, i));
        if (o->past)
            forget(o->past);
    }
}

void activity_free(struct model *m, struct origin *o)
{
    slots_free(m, &o->load, &ops);
    history_free(m, &o->sessions);
    if (o->past) {
        release(m, o->past);
        model_give(m, o->past, sizeof *o->past);
    }
}

/* ---- asking ---- */

static void each_of(const struct origin *o, struct span span,
                    void (*fn)(void *ctx, const struct load_slot *s), void *ctx)
{
    bool all = span_is_all(span);
    if (all && o->past)
        fn(ctx, o->past);
    for (size_t i = all ? 0 : slots_from(&o->load, span.from); i < o->load.n; i++) {
        const struct load_slot *s = slots_item(&o->load, i);
        if (!all && s->slot.at >= span.to)
            break;
        fn(ctx, s);
    }
}

void activity_each(const struct model *m, struct span span, void (*fn)(void *ctx, const struct load_slot *s),
                   void *ctx)
{
    for (size_t k = 0; k < m->n_origins; k++)
        each_of(m->origins[k], span, fn, ctx);
}

size_t model_sessions(const struct model *m, sd_time at, struct session_sample *out, size_t max)
{
    size_t n = 0;
    for (size_t k = 0; k < m->n_origins; k++) {
        const struct moment *now = history_at(&m->origins[k]->sessions, at);
        for (size_t i = 0; now && i < now->n && n < max; i++)
            out[n++] =
                (struct session_sample){.at = now->at, .a = now->records[i], .origin = m->origins[k]->name};
    }
    return n;
}

struct load_sum {
    struct wait_load *items;
    size_t n, cap, from; /* items before `from` belong to earlier origins */
    struct span span;
    bool by_route;
    int64_t sampled_ns;
};

static void sum_slot(void *ctx, const struct load_slot *s)
{
    struct load_sum *sum = ctx;
    if (!span_is_all(sum->span) && !span_has(sum->span, &s->slot))
        return;
    sum->sampled_ns = add_known(sum->sampled_ns, s->sampled_ns);
    for (size_t i = 0; i < s->n; i++) {
        const struct load_entry *e = &s->entries[i];
        struct wait_load w = {.seconds = (double)e->ns / (double)SD_S};
        if (sum->by_route) {
            w.route = name_text(e->route);
        } else {
            w.wait_type = name_text(e->wait_type);
            w.wait_event = name_text(e->wait_event);
        }
        size_t k = sum->from;
        while (k < sum->n && (sum->items[k].route != w.route || sum->items[k].wait_type != w.wait_type ||
                              sum->items[k].wait_event != w.wait_event))
            k++;
        if (k < sum->n) {
            sum->items[k].seconds += w.seconds;
        } else {
            sum->items = mem_grow(sum->items, sum->n, &sum->cap, sizeof *sum->items);
            sum->items[sum->n++] = w;
        }
    }
}

static int by_seconds(const void *a, const void *b)
{
    const struct wait_load *p = a, *q = b;
    return (p->seconds < q->seconds) - (p->seconds > q->seconds);
}

static size_t load_of(const struct model *m, struct span span, bool by_route, struct wait_load *out,
                      size_t max)
{
    struct load_sum sum = {.span = span, .by_route = by_route};
    for (size_t k = 0; k < m->n_origins; k++) {
        sum.from = sum.n;
        sum.sampled_ns = 0;
        each_of(m->origins[k], span, sum_slot, &sum);
        for (size_t i = sum.from; i < sum.n; i++)
            sum.items[i].load = sum.items[i].seconds * (double)SD_S / (double)MAX(sum.sampled_ns, 1);
    }
    /* Loads of several servers add up, each over the time it was sampled. */
    size_t kept = 0;
    for (size_t i = 0; i < sum.n; i++) {
        size_t k = 0;
        while (k < kept && (sum.items[k].route != sum.items[i].route ||
                            sum.items[k].wait_type != sum.items[i].wait_type ||
                            sum.items[k].wait_event != sum.items[i].wait_event))
            k++;
        if (k < kept) {
            sum.items[k].seconds += sum.items[i].seconds;
            sum.items[k].load += sum.items[i].load;
        } else {
            sum.items[kept++] = sum.items[i];
        }
    }
    if (kept)
        qsort(sum.items, kept, sizeof *sum.items, by_seconds);
    size_t n = MIN(kept, max);
    if (n)
        memcpy(out, sum.items, n * sizeof *out);
    free(sum.items);
    return n;
}

size_t model_wait_load(const struct model *m, struct span span, struct wait_load *out, size_t max)
{
    return load_of(m, span, false, out, max);
}

size_t model_route_load(const struct model *m, struct span span, struct wait_load *out, size_t max)
{
    return load_of(m, span, true, out, max);
}

struct series_sum {
    const struct steps *st;
    size_t n; /* steps */
    bool by_route;
    const struct wait_load *which;
    size_t n_which;
    double *slot;           /* n_which + 1: of one slot */
    double *busy, *sampled; /* (n_which + 1) rows of n; n */
};

/* Texts of one model are the same where their addresses are: they are names. */
static size_t layer_of(const struct series_sum *sum, const struct load_entry *e)
{
    size_t i = 0;
    if (sum->by_route) {
        while (i < sum->n_which && sum->which[i].route != name_text(e->route))
            i++;
        return i;
    }
    while (i < sum->n_which && (sum->which[i].wait_type != name_text(e->wait_type) ||
                                sum->which[i].wait_event != name_text(e->wait_event)))
        i++;
    return i;
}

static void sum_series(void *ctx, const struct load_slot *s)
{
    struct series_sum *sum = ctx;
    size_t lo, hi;
    memset(sum->slot, 0, (sum->n_which + 1) * sizeof *sum->slot);
    for (size_t i = 0; i < s->n; i++)
        sum->slot[layer_of(sum, &s->entries[i])] += (double)s->entries[i].ns;
    for (steps_of_slot(sum->st, &s->slot, &lo, &hi); lo < hi; lo++) {
        for (size_t i = 0; i <= sum->n_which; i++)
            sum->busy[i * sum->n + lo] += sum->slot[i];
        sum->sampled[lo] += (double)s->sampled_ns;
    }
}

void model_layer_series(const struct model *m, struct span span, size_t n, bool by_route,
                        const struct wait_load *which, size_t n_which, double *out)
{
    struct steps st = steps_of(m, span, n);
    size_t rows = n_which + 1;
    struct series_sum sum = {.st = &st, .n = n, .by_route = by_route, .which = which, .n_which = n_which};
    sum.slot = mem_array(rows, sizeof *sum.slot);
    sum.busy = mem_array((rows + 1) * n, sizeof *sum.busy);
    sum.sampled = sum.busy + rows * n;
    for (size_t k = 0; k < rows * n; k++)
        out[k] = (double)NAN;
    for (size_t o = 0; o < m->n_origins; o++) {
        memset(sum.busy, 0, (rows + 1) * n * sizeof *sum.busy);
        each_of(m->origins[o], st.span, sum_series, &sum);
        for (size_t k = 0; k < rows * n; k++)
            if (sum.sampled[k % n] > 0)
                out[k] = (isnan(out[k]) ? 0 : out[k]) + sum.busy[k] / sum.sampled[k % n];
    }
    free(sum.busy);
    free(sum.slot);
}

void model_load_series(const struct model *m, struct span span, size_t n, double *out)
{
    model_layer_series(m, span, n, false, NULL, 0, out);
}
