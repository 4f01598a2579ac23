/* sessions.c - sampled sessions: whole lists for a while, sums for longer. */
#include "core/model/parts.h"

enum { ENTRIES_MAX = 400, PAST_ENTRIES_MAX = 4000 };
#define PERIOD_FALLBACK (100 * SD_MS)
#define PERIOD_MAX      (60 * SD_S)

struct sessions {
    struct link_cache *links; /* found from the samples below */
};

/* Of one origin. */
struct samples {
    struct history lists;   /* of sessions, whole */
    struct slots load;      /* struct load_slot */
    struct load_slot *past; /* sum of the dropped ones, for SPAN_ALL */
    int64_t period_ns;      /* of sampling; 0 unknown */
    sd_time sampled_at;     /* newest moment; SD_UNKNOWN */
};

static struct samples *samples_of(const struct model *m, size_t origin)
{
    return m->origins[origin]->state[DOMAIN_sessions];
}

struct link_cache *sessions_links(const struct model *m)
{
    const struct sessions *x = m->parts[DOMAIN_sessions].state;
    return x->links;
}

static void release(struct part *p, void *item)
{
    struct load_slot *s = item;
    s->entries = model_resize(p, s->entries, s->cap, 0, sizeof *s->entries);
    s->n = s->cap = 0;
}

static bool same_load(const struct load_entry *a, const struct load_entry *b)
{
    return a->wait_type == b->wait_type && a->wait_event == b->wait_event && a->route == b->route &&
           a->query == b->query && a->worker == b->worker;
}

/* What an entry can hold. */
static int64_t more_ns(int64_t a, int64_t b)
{
    return MIN(add_known(a, b), INT64_MAX / 2);
}

/* Beyond `most` entries the query and the route are given up, never the time. */
static void add_entry(struct part *p, struct load_slot *s, struct load_entry e, size_t most)
{
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < s->n; i++) {
            if (same_load(&s->entries[i], &e)) {
                s->entries[i].ns = more_ns(s->entries[i].ns, e.ns);
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
        s->entries[0].ns = more_ns(s->entries[0].ns, e.ns);
        return;
    }
    s->entries = model_grow(p, s->entries, s->n, &s->cap, sizeof *s->entries);
    s->entries[s->n++] = e;
}

static void add_slot(struct part *p, struct load_slot *into, const struct load_slot *from, size_t most)
{
    into->sampled_ns = add_known(into->sampled_ns, from->sampled_ns);
    for (size_t i = 0; i < from->n; i++)
        add_entry(p, into, from->entries[i], most);
}

static void merge(struct part *p, void *into, void *from)
{
    add_slot(p, into, from, ENTRIES_MAX);
    release(p, from);
}

static const struct slots_ops ops = {.merge = merge, .release = release};

/* Background processes wait for work under the type Activity: they are not busy. */
static bool busy(const struct sd_activity *a)
{
    return a->state && str_starts(a->state, "active") && !str_eq(a->wait_type, "Activity");
}

/* A parallel query is one session: its processes share its time, so that all their waits show. How many
 * they are; 0: a worker whose leader is not known (before PostgreSQL 13), no session of its own. */
static size_t session_processes(const struct sd_batch *b, const struct sd_activity *a, bool parallel)
{
    bool worker = str_eq(a->backend_type, "parallel worker");
    int64_t leader = a->leader_pid > 0 ? a->leader_pid : a->pid;
    if (worker && a->leader_pid <= 0)
        return 0;
    if (!parallel)
        return 1;
    size_t n = 0;
    const struct sd_activity *each;
    for (size_t i = 0; (each = batch_each(b, SD_ACTIVITY, &i));)
        n += busy(each) && (each->pid == leader || each->leader_pid == leader);
    return MAX(n, 1);
}

static int64_t period_of(struct samples *o, const struct sd_metric *sampled, const struct sd_activity *first,
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

static void sessions_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    const struct sd_metric *sampled = NULL, *metric;
    for (size_t i = 0; !sampled && (metric = batch_each(b, SD_METRIC, &i));)
        if (str_eq(metric->name, "activity.sampled"))
            sampled = metric;
    size_t i = 0, n = 0;
    const struct sd_activity *a = batch_each(b, SD_ACTIVITY, &i);
    if (!sampled && !a)
        return;
    struct sessions *x = p->state;
    struct samples *of = origin_state(p, o);
    sd_time at = batch_time(b);
    int64_t period = period_of(of, sampled, a, at);
    if (!sd_known(of->sampled_at) || at > of->sampled_at)
        of->sampled_at = at;
    links_forget(x->links);

    struct load_slot *s = slots_at(p, &of->load, at);
    s->sampled_ns = add_known(s->sampled_ns, period);
    const void **records = mem_array(batch_len(b), sizeof *records);
    bool parallel = false;
    const struct sd_activity *each;
    for (size_t k = 0; !parallel && (each = batch_each(b, SD_ACTIVITY, &k));)
        parallel = each->leader_pid > 0;
    for (; a; a = batch_each(b, SD_ACTIVITY, &i)) {
        records[n++] = a;
        size_t processes = busy(a) ? session_processes(b, a, parallel) : 0;
        if (!processes)
            continue;
        struct load_entry e = {
            .wait_type = model_name(p, a->wait_type),
            .wait_event = model_name(p, a->wait_event),
            .route = link_route(p, a->route),
            .worker = a->leader_pid > 0 && a->leader_pid != a->pid, /* SD_UNKNOWN is negative */
            .ns = (a->period_ns > 0 ? MIN(a->period_ns, PERIOD_MAX) : period) / (int64_t)processes,
        };
        if (sd_known(a->query_id) && a->query_id != 0)
            e.query = query_seen(p->model, o, a->query_id, a->database, NULL, a->query, false);
        add_entry(p, s, e, ENTRIES_MAX);
    }
    history_add(p, &of->lists, at, SD_ACTIVITY, records, n);
    free(records);
    while (of->lists.bytes > p->share / 2 && history_thin(p, &of->lists))
        ;
    queries_bound(p->model);
}

/* ---- keeping within bounds ---- */

/* Sums of origins that were: the more origins, the fewer entries each. */
static size_t past_most(const struct part *p)
{
    size_t room = p->share / 16 / sizeof(struct load_entry) / MAX(p->model->n_origins, 1);
    return MIN((size_t)PAST_ENTRIES_MAX, MAX(room, 16));
}

static void sessions_drop(struct part *p, sd_time before)
{
    for (size_t k = 0; k < p->model->n_origins; k++) {
        struct samples *o = samples_of(p->model, k);
        if (!o)
            continue;
        history_drop(p, &o->lists, before);
        size_t n = slots_from(&o->load, before);
        if (n && !o->past)
            o->past = model_take(p, sizeof *o->past);
        for (size_t i = 0; i < n; i++)
            add_slot(p, o->past, slots_item(&o->load, i), past_most(p));
        slots_drop(p, &o->load, before, &ops);
    }
}

static void sessions_thin(struct part *p, sd_time before, int64_t width)
{
    for (size_t k = 0; k < p->model->n_origins; k++)
        if (samples_of(p->model, k))
            slots_thin(p, &samples_of(p->model, k)->load, before, width, &ops);
}

/* Fewer whole lists, where they take most. */
static bool lists_thin(struct part *p)
{
    struct samples *most = NULL;
    for (size_t k = 0; k < p->model->n_origins; k++) {
        struct samples *o = samples_of(p->model, k);
        if (o && o->lists.n > 1 && (!most || o->lists.bytes > most->lists.bytes))
            most = o;
    }
    return most && history_thin(p, &most->lists);
}

/* The sums of the past with fewer entries: the time stays, routes and queries go. */
static void past_less(struct part *p)
{
    for (size_t k = 0; k < p->model->n_origins; k++) {
        struct samples *o = samples_of(p->model, k);
        if (!o || !o->past || o->past->cap <= 64)
            continue;
        struct load_slot *less = model_take(p, sizeof *less);
        add_slot(p, less, o->past, 16);
        release(p, o->past);
        model_give(p, o->past, sizeof *o->past);
        o->past = less;
    }
}

static bool sessions_less(struct part *p, size_t want)
{
    struct sessions *x = p->state;
    size_t held = p->bytes;
    const struct slots *largest = NULL;
    links_forget(x->links);
    for (size_t k = 0; k < p->model->n_origins; k++)
        if (samples_of(p->model, k))
            largest = slots_larger(largest, &samples_of(p->model, k)->load);
    /* Whole lists are most of it: half of the older ones go before any load is dropped. */
    bool lists = p->bytes > want && lists_thin(p);
    if (p->bytes > want)
        slots_less(p, largest, want, sessions_thin, sessions_drop);
    if (!lists && p->bytes >= held)
        past_less(p);
    return p->bytes < held;
}

static void forget(struct load_slot *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->entries[i].query && s->entries[i].query->dead)
            s->entries[i].query = NULL;
}

void sessions_forget_dead(struct model *m)
{
    links_forget(sessions_links(m));
    for (size_t k = 0; k < m->n_origins; k++) {
        struct samples *o = samples_of(m, k);
        for (size_t i = 0; o && i < o->load.n; i++)
            forget(slots_item(&o->load, i));
        if (o && o->past)
            forget(o->past);
    }
}

static void sessions_start(struct part *p)
{
    struct sessions *x = p->state;
    x->links = links_new(p);
}

static void samples_start(void *state)
{
    struct samples *o = state;
    o->load.size = sizeof(struct load_slot);
    o->sampled_at = SD_UNKNOWN;
}

static void samples_free(struct part *p, void *state)
{
    struct samples *o = state;
    slots_free(p, &o->load, &ops);
    history_free(p, &o->lists);
    if (o->past) {
        release(p, o->past);
        model_give(p, o->past, sizeof *o->past);
    }
}

static void sessions_clear(struct part *p)
{
    struct sessions *x = p->state;
    links_free(x->links);
}

const struct domain sessions_domain = {
    .name = "sessions",
    .kinds = SD_KIND_BIT(SD_ACTIVITY) | SD_KIND_BIT(SD_METRIC),
    .is_data = true,
    .state_size = sizeof(struct sessions),
    .start = sessions_start,
    .origin_size = sizeof(struct samples),
    .origin_start = samples_start,
    .apply = sessions_apply,
    .drop = sessions_drop,
    .less = sessions_less,
    .origin_free = samples_free,
    .clear = sessions_clear,
};

/* ---- asking ---- */

static void each_of(const struct samples *o, struct span span,
                    void (*fn)(void *ctx, const struct load_slot *s), void *ctx)
{
    bool all = span_is_all(span);
    if (!o)
        return;
    if (all && o->past)
        fn(ctx, o->past);
    for (size_t i = all ? 0 : slots_from(&o->load, span.from); i < o->load.n; i++) {
        const struct load_slot *s = slots_item(&o->load, i);
        if (!all && s->slot.at >= span.to)
            break;
        fn(ctx, s);
    }
}

void sessions_each(const struct model *m, struct span span, void (*fn)(void *ctx, const struct load_slot *s),
                   void *ctx)
{
    for (size_t k = 0; k < m->n_origins; k++)
        each_of(samples_of(m, k), span, fn, ctx);
}

struct span model_sampled(const struct model *m, struct span span)
{
    struct span out = {SD_UNKNOWN, SD_UNKNOWN};
    for (size_t k = 0; k < m->n_origins; k++) {
        const struct samples *o = samples_of(m, k);
        for (size_t i = o ? slots_from(&o->load, span.from) : 0; o && i < o->load.n; i++) {
            const struct slot *s = slots_item(&o->load, i);
            if (s->at >= span.to)
                break;
            if (!span_has(span, s))
                continue;
            out.from = out.from == SD_UNKNOWN ? s->at : MIN(out.from, s->at);
            out.to = MAX(out.to, s->at + s->width);
        }
    }
    return out;
}

size_t model_sessions(const struct model *m, sd_time at, struct session_sample *out, size_t max)
{
    size_t n = 0;
    for (size_t k = 0; k < m->n_origins; k++) {
        const struct samples *o = samples_of(m, k);
        const struct moment *now = o ? history_at(&o->lists, at) : NULL;
        for (size_t i = 0; now && i < now->n && n < max; i++)
            out[n++] =
                (struct session_sample){.at = now->at, .a = now->records[i], .origin = m->origins[k]->name};
    }
    return n;
}

static bool moment_has(const struct moment *m, const struct sd_activity *a)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct sd_activity *b = m->records[i];
        if (b->pid == a->pid && b->backend_start == a->backend_start)
            return true;
    }
    return false;
}

static bool listed(const struct session_sample *list, size_t n, const struct sd_activity *a)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].a->pid == a->pid && list[i].a->backend_start == a->backend_start)
            return true;
    return false;
}

static size_t sessions_before(const struct samples *o, const char *origin, sd_time since,
                              const struct moment *now, struct session_sample *out, size_t max)
{
    size_t n = 0;
    for (const struct moment *m = now; m-- > o->lists.items && m->at >= since;)
        for (size_t i = 0; i < m->n && n < max; i++) {
            const struct sd_activity *a = m->records[i];
            if (a->pid > 0 && str_eq(a->backend_type, "client backend") && !moment_has(now, a) &&
                !listed(out, n, a))
                out[n++] = (struct session_sample){.at = m->at, .a = a, .origin = origin};
        }
    return n;
}

size_t model_sessions_before(const struct model *m, sd_time since, sd_time at, struct session_sample *out,
                             size_t max)
{
    size_t n = 0;
    for (size_t k = 0; k < m->n_origins; k++) {
        const struct samples *o = samples_of(m, k);
        const struct moment *now = o ? history_at(&o->lists, at) : NULL;
        if (now)
            n += sessions_before(o, m->origins[k]->name, since, now, out + n, max - n);
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
        each_of(samples_of(m, k), span, sum_slot, &sum);
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
        each_of(samples_of(m, o), st.span, sum_series, &sum);
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
